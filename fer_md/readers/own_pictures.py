"""Pictures of one's own: what a folder, a zip or a table holds is found by looking."""

import collections
import dataclasses
from collections.abc import Sequence

from fer_md.data.given_split import complete_split
from fer_md.data.subject_split import SHARES, split_by_subject
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS, expression_of_name
from fer_md.readers.class_folders import FOLDER, read_class_folders
from fer_md.readers.file_tree import FileTree
from fer_md.readers.labelled import Contents, Labelled
from fer_md.readers.person_names import people_of_names
from fer_md.readers.photographs import Listing, Photograph, image_reader
from fer_md.readers.picture_table import find_table, read_picture_table

OWN_SHARES = {"Training": 0.7, "PublicTest": 0.15, "PrivateTest": 0.15}
"""Of a split by this reader: few pictures leave little to choose on, and most are to learn from."""

FEWEST = 5
"""Pictures of a class."""

_UNKNOWN = "; a person may be in training and in the test, and the figures too good"


@dataclasses.dataclass(frozen=True)
class Found:
    """What was found, and how it was understood.

    Attributes:
        listing: of the pictures, in whose expressions those of ``fer_md.expressions.EXPRESSIONS`` come first.
        remarks: sentences that tell it.
    """

    listing: Listing
    remarks: list[str]


def list_own_pictures(
    tree: FileTree, name: str, table: str | None = None, person: str | None = None, seed: int = 0
) -> Found:
    """Finds pictures with labels: by a table, or else by the folders they are in.

    Names of classes that are names of expressions become these (`fer_md.expressions.expression_of_name`); others stay,
    in lower case. Splits that are given are kept, and completed by ``complete_split``. Otherwise people are divided by
    ``OWN_SHARES``, or pictures, where neither a column nor folders nor the names of the files tell people.

    Args:
        tree: a folder or zip with the pictures.
        name: of the data set.
        table: name of a table in the tree; None to look for one, and for class folders where there is none.
        person: column of the table that names the people; None to find one.
        seed: of the split.

    Raises:
        FerMdError: the layout is none that is known (`read_class_folders`, `read_picture_table`);
            there is one class, or one with fewer than ``FEWEST`` pictures, or none to learn from; or some pictures have
            a split and others not.
    """
    contents, remarks = label_own_pictures(tree, table, person)
    labels = [picture.label for picture in contents.pictures]
    expressions = (*EXPRESSIONS, *sorted({*labels} - {*EXPRESSIONS}))
    expressions = tuple(name for name in expressions if name in labels)
    _check_classes(tree, labels)
    splits, divided = divide_own_pictures(tree, contents.pictures, seed)
    photographs = [
        Photograph(
            f"{name}/{picture.file}",
            expressions.index(picture.label),
            picture.person,
            split,
            picture.file,
            image_reader(tree, picture.file),
        )
        for picture, split in zip(contents.pictures, splits, strict=True)
    ]
    remarks += [divided, *_absent(labels, splits)]
    return Found(Listing(name, expressions, photographs, contents.unused), remarks)


def label_own_pictures(
    tree: FileTree, table: str | None = None, person: str | None = None, group_by: Sequence[str] = ()
) -> tuple[Contents, list[str]]:
    """What `list_own_pictures` finds, before it is divided.

    Args:
        tree, table, person: see there.
        group_by: columns of the table that each picture comes with; without a table ``FOLDER`` alone, see
            `read_class_folders`.

    Returns:
        (contents, remarks): the pictures, labelled with names of classes, each with its person, "" where unknown; and
        sentences on the layout, the classes and the people.

    Raises:
        FerMdError: see `read_class_folders` and `read_picture_table`; or columns are asked for, and there is no table.
    """
    table = table or find_table(tree)
    asked = {"person": person, "group_by": next((name for name in group_by if name != FOLDER), None)}
    for name, column in asked.items():
        if column is not None and table is None:
            raise FerMdError(f"{tree.source}: {name}={column} names the column of a table, and there is no table")
    grouped = bool(group_by)
    layout = read_picture_table(tree, table, person, group_by) if table else read_class_folders(tree, grouped)
    classes = _classes(layout.pictures)
    labels = [classes[picture.label] for picture in layout.pictures]
    people, told = _people(layout.pictures, labels)
    pictures = [
        dataclasses.replace(picture, label=label, person=whom)
        for picture, label, whom in zip(layout.pictures, labels, people, strict=True)
    ]
    remarks = [f"layout: {layout.text}", *_class_remarks(classes), told]
    return Contents(layout.text, pictures, layout.unused), remarks


def _classes(pictures: Sequence[Labelled]) -> dict[str, str]:
    """The class of every label, as it is written."""
    return {
        label: expression_of_name(label) or label.strip().lower()
        for label in sorted({picture.label for picture in pictures})
    }


def _check_classes(tree, labels):
    counts = collections.Counter(labels)
    if len(counts) < 2:
        raise FerMdError(f"{tree.source}: all pictures are of one class, {', '.join(counts)}; it takes two or more")
    rarest = min(counts, key=lambda label: (counts[label], label))
    if counts[rarest] < FEWEST:
        raise FerMdError(
            f"{tree.source}: {rarest} has {counts[rarest]} pictures, and a class takes {FEWEST} or more; add some, or "
            "leave it out"
        )


def _class_remarks(classes):
    labels = {label.strip().lower(): name for label, name in classes.items()}
    known = [f"{label} = {name}" if label != name else name for label, name in labels.items() if name in EXPRESSIONS]
    own = [label for label, name in labels.items() if name not in EXPRESSIONS]
    yield f"expressions: {', '.join(known) or 'none by a name that is known'}"
    if own:
        yield f"classes of their own: {', '.join(own)}"


def _people(pictures, labels):
    """The person of each picture, "" where unknown, and where that comes from."""
    people = [picture.person for picture in pictures]
    if any(people):
        unknown = people.count("")
        rest = f"; {unknown} pictures name nobody" if unknown else ""
        return people, f"people: {len({*people} - {''})}, as they are named{rest}"
    found = people_of_names([picture.file for picture in pictures], labels)
    if found:
        return found, f"people: {len(set(found))}, by the names of the files, such as {max(found, key=found.count)}"
    return people, ("people: nothing names them; folders person/class, or a table with the column person, would tell")


def divide_own_pictures(tree: FileTree, pictures: Sequence[Labelled], seed: int) -> tuple[list[str], str]:
    """The split of each picture that `label_own_pictures` found, and a sentence on how it came about.

    Raises:
        FerMdError: some pictures have a split and others none.
    """
    people, labels = [picture.person for picture in pictures], [picture.label for picture in pictures]
    units = [picture.person or picture.file for picture in pictures]
    given = [picture.split for picture in pictures]
    if any(given):
        if not all(given):
            raise FerMdError(f"{tree.source}: some pictures have a split and others none; give one to each, or to none")
        splits = complete_split(list(zip(given, units, labels, strict=True)), seed)
        missing = "" if set(given) == set(SHARES) else "; a seventh of the training part chooses the network"
        return splits, f"split: as given{missing}{_in_several(units, splits) if any(people) else _UNKNOWN}"
    what = "people"
    if len({*people} - {""}) < len(OWN_SHARES):
        units, what = [picture.file for picture in pictures], "pictures"
        few = f", since {len({*people} - {''})} people are too few to divide: the figures are too good"
        what += few if any(people) else _UNKNOWN
    chosen = split_by_subject(zip(units, labels, strict=True), seed, OWN_SHARES)
    return [chosen[unit] for unit in units], f"split: 70 % to learn, 15 % to choose, 15 % to test, by {what}"


def _in_several(units, splits):
    counts = collections.Counter(unit for unit, _ in set(zip(units, splits, strict=True)))
    several = sorted(unit for unit, count in counts.items() if count > 1)
    if not several:
        return ""
    return f"; {len(several)} people, such as {several[0]}, are in more than one: the figures are too good"


def _absent(labels, splits):
    """A class that cannot be learned is an error, one that cannot be measured a remark."""
    found = set(zip(splits, labels, strict=True))
    for split, what in (("Training", "learned"), ("PublicTest", "chosen by"), ("PrivateTest", "tested")):
        if missing := sorted({*labels} - {label for part, label in found if part == split}):
            if split == "Training":
                raise FerMdError(f"{', '.join(missing)}: no picture is left to learn from; add some, of more people")
            yield f"not {what}: {', '.join(missing)}, of too few people"
