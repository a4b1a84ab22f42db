"""What a layout tells of each picture, in the words of the files."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Labelled:
    """One picture with its label.

    Attributes:
        file: its name in the tree.
        label: as it is written there.
        person: "" where unknown.
        split: one of ``fer_md.data.subject_split.SHARES``; "" where the layout names none.
        groups: what the columns that were asked for say, "" where nothing.
    """

    file: str
    label: str
    person: str = ""
    split: str = ""
    groups: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Contents:
    """What was found.

    Attributes:
        text: the layout in a few words.
        pictures: in the order of the files or rows.
        unused: the pictures that are left out, each with the reason.
    """

    text: str
    pictures: list[Labelled]
    unused: list[tuple[str, str]]
