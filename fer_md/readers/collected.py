"""Photographs that somebody has collected, as ``subject/expression/*.jpg`` (or .png)."""

from fer_md.data.subject_split import split_by_subject
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS, LABEL_OF_NAME
from fer_md.readers.file_tree import FileTree
from fer_md.readers.photographs import Listing, Photograph, image_reader

LAYOUT = "subject/expression/*.jpg (or .png)"


def list_collected(tree: FileTree, seed: int = 0) -> Listing:
    """Lists the photographs, split by subject.

    Args:
        tree: files as in `LAYOUT`; there may be further folders above the subjects. The folder of an expression has one
            of the names in `fer_md.expressions.LABEL_OF_NAME`, in upper or lower case.
        seed: of the split, see `fer_md.data.subject_split.split_by_subject`.

    Returns:
        a listing with keys ``collected/<subject>/<expression>/<file name>``. Files in other places are unused.

    Raises:
        FerMdError: the layout is another; an expression is unknown; a subject is in two places; or there are fewer than
            three subjects.
    """
    found, unused = [], []
    for name in tree.names:
        subject, expression = ["", "", *name.split("/")][-3:-1]
        if not subject:
            unused.append((name, "not in subject/expression/"))
        elif expression.lower() not in LABEL_OF_NAME:
            raise FerMdError(
                f"{tree.where(name)}: unknown expression {expression!r}; the names known are"
                f" {', '.join(LABEL_OF_NAME)}; the layout is {LAYOUT}"
            )
        else:
            found.append((name, subject, LABEL_OF_NAME[expression.lower()]))
    if not found:
        raise FerMdError(f"{tree.source}: no photographs; the layout is {LAYOUT}")
    _check_places(tree, [name for name, _, _ in found])
    splits = split_by_subject(((subject, label) for _, subject, label in found), seed)
    photographs = [
        Photograph(
            f"collected/{'/'.join(name.split('/')[-3:])}",
            label,
            subject,
            splits[subject],
            name,
            image_reader(tree, name),
        )
        for name, subject, label in found
    ]
    return Listing("collected", EXPRESSIONS, photographs, unused)


def _check_places(tree, names):
    """Two folders of one name could be two people, or one person whose images must stay together; the user must say."""
    places: dict[str, str] = {}
    for name in names:
        folder = name.rsplit("/", 2)[0]
        subject = folder.rpartition("/")[2]
        if places.setdefault(subject, folder) != folder:
            raise FerMdError(
                f"{tree.source}: the subject {subject!r} is in {places[subject]} and in {folder};"
                " give each person one folder"
            )
