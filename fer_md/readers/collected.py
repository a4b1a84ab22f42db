"""Photographs that somebody has collected: ``subject/expression/*.jpg`` (or .png)."""

from fer_md.data.subject_split import split_by_subject
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS, LABEL_OF_NAME
from fer_md.readers.photographs import Listing, Photograph, image_reader

LAYOUT = "subject/expression/*.jpg (or .png)"


def list_collected(tree, seed=0):
    """Lists the photographs, split by subject.

    Args:
        tree: `fer_md.readers.file_tree.FileTree`. Folders above the subjects' do not matter. The expression's folder
            has one of the names in `fer_md.expressions.LABEL_OF_NAME`, in upper or lower case.
        seed: int, of `fer_md.data.subject_split.split_by_subject`.

    Returns:
        `Listing` with keys ``collected/<subject>/<expression>/<file name>``; files that lie elsewhere are unused.

    Raises:
        FerMdError: another layout, an unknown expression, a subject in two places, fewer than three subjects.
    """
    found, unused = [], []
    for name in tree.names:
        *_, subject, expression, _ = ("", "", *name.split("/"))
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
    """Two folders of one name could be two people, or one whose images must stay together: the user has to say."""
    places = {}
    for name in names:
        folder = name.rsplit("/", 2)[0]
        subject = folder.rpartition("/")[2]
        if places.setdefault(subject, folder) != folder:
            raise FerMdError(
                f"{tree.source}: the subject {subject!r} is in {places[subject]} and in {folder};"
                " give each person one folder"
            )
