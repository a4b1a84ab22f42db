"""Photographs that somebody has collected, as ``subject/expression/*.jpg`` (or .png), or in folders of splits."""

from fer_md.data.given_split import complete_split, split_of_name
from fer_md.data.subject_split import split_by_subject
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS, LABEL_OF_NAME
from fer_md.readers.file_tree import FileTree
from fer_md.readers.photographs import Listing, Photograph, image_reader

LAYOUT = "subject/expression/*.jpg (or .png)"

_ADVICE = (
    "folders called train, val or test are splits: put train beside val, test or both, and the folders of expressions"
    " into each; rename what is a person"
)


def list_collected(tree: FileTree, seed: int = 0) -> Listing:
    """Lists the photographs, split by subject, or by the folders of splits that they are in.

    Args:
        tree: files as in `LAYOUT`; there may be further folders above the subjects. The folder of an expression has one
            of the names in `fer_md.expressions.LABEL_OF_NAME`, in upper or lower case. If all are in folders that
            `fer_md.data.given_split.split_of_name` knows, those are the splits, completed by ``complete_split``. In
            them the folders of subjects may be missing; the subject is then unknown, "".
        seed: of the split, see `fer_md.data.subject_split.split_by_subject`.

    Returns:
        a listing with keys ``collected/<subject>/<expression>/<file name>``, with the folder of the split for an
        unknown subject. Files in other places are unused.

    Raises:
        FerMdError: the layout is another; an expression is unknown; a subject is in two places; there are fewer than
            three subjects; or folders of splits are beside others, inside each other, or lack ``train`` or all others.
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
    if any(_splits_above(name) for name, _, _ in found):
        splits = _by_folder(tree, found, seed)
    else:
        people = split_by_subject(((subject, label) for _, subject, label in found), seed)
        splits = [people[subject] for _, subject, _ in found]
    _check_places(tree, [name for name, _, _ in found])
    photographs = [
        Photograph(
            f"collected/{'/'.join(name.split('/')[-3:])}",
            label,
            "" if split_of_name(subject) else subject,
            split,
            name,
            image_reader(tree, name),
        )
        for (name, subject, label), split in zip(found, splits, strict=True)
    ]
    return Listing("collected", EXPRESSIONS, photographs, unused)


def _splits_above(name):
    """The places, among the folders above that of the expression, of those that are splits."""
    return [place for place, folder in enumerate(name.split("/")[:-2]) if split_of_name(folder)]


def _by_folder(tree, found, seed):
    """The split of each of ``found``, (name, subject, label), by the folder it is in."""
    examples, parents = [], {}
    for name, subject, label in found:
        folders, places = name.split("/"), _splits_above(name)
        if len(places) != 1:
            raise FerMdError(f"{tree.where(name)}: is in {len(places)} folders of splits, not in one; {_ADVICE}")
        [place] = places
        parents["/".join(folders[:place])] = name
        person = name if place == len(folders) - 3 else subject  # unknown people are divided by image
        examples.append((split_of_name(folders[place]) or "", person, label))
    if len(parents) > 1:
        raise FerMdError(
            f"{tree.source}: the splits of {' and '.join(parents.values())} are not side by side; {_ADVICE}"
        )
    try:
        return complete_split(examples, seed)
    except FerMdError as error:
        raise FerMdError(f"{tree.source}: {error}; {_ADVICE}") from None


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
