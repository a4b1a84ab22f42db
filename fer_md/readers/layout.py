"""The layout in which a data set is handed out, as one object: how to know it, how to read it, what it holds."""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping

from fer_md.data.given_split import complete_split
from fer_md.data.subject_split import split_by_subject
from fer_md.errors import FerMdError
from fer_md.faces.detection import Box
from fer_md.readers.file_tree import FileTree
from fer_md.readers.photographs import Listing, Photograph, image_reader


@dataclasses.dataclass(frozen=True)
class Layout:
    """A data set in the layout in which people hold it.

    Attributes:
        name: one word, such as ``"rafdb"``.
        title: its name in full, with the paper.
        files: where its pictures and labels are.
        expressions: names of its labels, in order.
        splits: which it comes with, and what becomes of them.
        people: what is known of them.
        faces: whether they are cut out or aligned, and their size.
        request: where to ask for it, and the terms.
        marks: regular expressions, each of which some path in the tree matches in part. The path begins with the name
            of the folder or file that is the tree. Upper and lower case count as equal.
        list: lists the photographs of a tree under a seed of the split. It raises `FerMdError` for bad files.
        cropped: whether each picture is a face of 48x48 as the networks take them, so that none has to be found.
    """

    name: str
    title: str
    files: str
    expressions: tuple[str, ...]
    splits: str
    people: str
    faces: str
    request: str
    marks: tuple[str, ...]
    list: Callable[[FileTree, int], Listing]
    cropped: bool = False

    def matches(self, paths: str) -> bool:
        """Whether this is the layout of a tree with these paths, one a line."""
        return all(re.search(mark, paths, re.IGNORECASE | re.MULTILINE) for mark in self.marks)

    def describe(self) -> str:
        """Several lines: what the data set holds."""
        facts = {
            "files": self.files,
            "labels": ", ".join(self.expressions),
            "splits": self.splits,
            "people": self.people,
            "faces": self.faces,
            "from": self.request,
        }
        return "\n".join([self.title, *(f"  {name:<8}{fact}" for name, fact in facts.items())])


@dataclasses.dataclass(frozen=True)
class Picture:
    """A labelled face of a data set.

    Attributes:
        name: its file in the tree.
        key: what tells it apart in its data set, wherever that lies.
        expression: name of its label.
        split: the split that it comes in, named as in `fer_md.data.subject_split.SHARES`; "" where there is none.
        person: whom it shows; "" where unknown.
        group: what else has to stay in one split where the person is unknown, such as the photograph that two faces
            are in; "" for nothing.
        box: of the face (x, y, width, height, in pixels), where the file is a photograph with more around it.
        votes: those of `fer_md.data.face.Face`.
    """

    name: str
    key: str
    expression: str
    split: str = ""
    person: str = ""
    group: str = ""
    box: Box | None = None
    votes: tuple[int, ...] = ()


@dataclasses.dataclass(frozen=True)
class Unused:
    """A file or folder that is left out, with the reason."""

    name: str
    reason: str


Find = Callable[[FileTree], Iterator[Picture | Unused]]
"""Finds the pictures of a tree, or raises `FerMdError` that names the file, the line and the rule."""


def lister(name: str, expressions: tuple[str, ...], find: Find) -> Callable[[FileTree, int], Listing]:
    """Makes the ``list`` of a `Layout` of what finds its pictures.

    Where the pictures come in splits, these are kept and completed (`fer_md.data.given_split.complete_split`);
    otherwise they are divided by person, or by group where the person is unknown, or by picture.

    Args:
        name, expressions: those of the layout.
        find: finds the pictures.
    """

    def list_photographs(tree: FileTree, seed: int = 0) -> Listing:
        items = list(find(tree))
        pictures = [item for item in items if isinstance(item, Picture)]
        if not pictures:
            raise FerMdError(f"{tree.source}: no labelled picture of {name}; docs/DATA.md shows its layout")
        labels = [expressions.index(picture.expression) for picture in pictures]
        try:
            splits = _split(pictures, labels, seed)
        except FerMdError as error:
            raise FerMdError(f"{tree.source}: {error}") from None
        photographs = [
            Photograph(
                f"{name}/{picture.key}",
                label,
                picture.person,
                split,
                picture.name,
                image_reader(tree, picture.name, picture.box),
                picture.votes,
            )
            for picture, label, split in zip(pictures, labels, splits, strict=True)
        ]
        return Listing(name, expressions, photographs, [(i.name, i.reason) for i in items if isinstance(i, Unused)])

    return list_photographs


def _split(pictures, labels, seed):
    together = [picture.person or picture.group or picture.key for picture in pictures]
    if any(picture.split for picture in pictures):
        given = [picture.split for picture in pictures]
        return complete_split(list(zip(given, together, labels, strict=True)), seed)
    splits = split_by_subject(zip(together, labels, strict=True), seed)
    return [splits[unit] for unit in together]


def matching(tree: FileTree, pattern: str) -> Iterator[tuple[str, re.Match]]:
    """The files of a tree whose path, or its end, matches a regular expression.

    Args:
        tree: the files.
        pattern: of the path from any folder on. Upper and lower case count as equal.

    Yields:
        (name, match): the file's name in the tree, and the match. Its group ``root`` is the path up to the folder,
        ``""`` or one that ends in ``/``.
    """
    compiled = re.compile(rf"(?P<root>(?:.*/)?){pattern}", re.IGNORECASE)
    for name in tree.names:
        if match := compiled.fullmatch(name):
            yield name, match


def decoded(table: Mapping[str, str], code: str, where: str) -> str:
    """The expression that a code stands for; `FerMdError` for a code that is not in the table."""
    if code not in table:
        raise FerMdError(f"{where}: the expression must be one of {', '.join(table)}; found {code[:20]!r}")
    return table[code]
