"""Pictures in folders of their classes, also inside folders of splits, or above or below folders of people."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from fer_md.data.given_split import split_of_name
from fer_md.errors import FerMdError
from fer_md.expressions import expression_of_name
from fer_md.media.sources import PICTURES
from fer_md.readers.file_tree import FileTree
from fer_md.readers.labelled import Contents, Labelled

FOLDER = "folder"
"""What asks for the groups of folders, as a column's name asks for those of a table."""

LAYOUTS = "class/*.jpg, person/class/*.jpg, or either of them inside train, val and test"
"""What ``read_class_folders`` takes."""


def read_class_folders(tree: FileTree, grouped: bool = False) -> Contents:
    """Reads the labels, splits and people from the folders that the pictures are in.

    Folders that all pictures share are skipped. What is left is a folder of the class, or one of the person and one of
    the class, in either order; the one above may be a split, see `fer_md.data.given_split.split_of_name`. Of two
    folders the classes are those of which more are names of expressions, or else those that are fewer.

    Args:
        tree: holds the pictures.
        grouped: the first folder that not all pictures share names the group of what is in it.

    Raises:
        FerMdError: there are no pictures, or their folders are none of these.
    """
    names = [name for name in tree.names if PurePosixPath(name).suffix.lower() in PICTURES]
    if not names:
        raise FerMdError(f"{tree.source}: no pictures; the layout is {LAYOUTS}")
    folders = _below_the_shared([name.split("/")[:-1] for name in names])
    groups = [tuple(path[:1]) if grouped else () for path in folders]
    if grouped:
        folders = [path[1:] for path in folders]
    splits = [split_of_name(path[0]) if path else None for path in folders]
    given = all(splits)
    if any(splits) and not given:
        where = tree.where(names[splits.index(None)])
        raise FerMdError(f"{where}: is not in a folder of a split, as others are; put train, val and test side by side")
    if given:
        folders = [path[1:] for path in folders]
    depth = {len(path) for path in folders}
    if len(depth) > 1 or not depth <= {1, 2}:
        wrong = min(zip(folders, names, strict=True), key=lambda each: (len(each[0]) in (1, 2), each))[1]
        if len(depth) > 1 and depth <= {1, 2}:
            wrong = names[[len(path) for path in folders].index(2)]
        layout = f"a folder of the group, and in it {LAYOUTS}" if grouped else LAYOUTS
        raise FerMdError(f"{tree.where(wrong)}: is in other folders than expected; the layout is {layout}")
    place = _class_place(folders)
    pictures = [
        Labelled(name, path[place], path[1 - place] if len(path) == 2 else "", split or "", group)
        for name, path, split, group in zip(names, folders, splits, groups, strict=True)
    ]
    kinds = ("class",) if depth == {1} else ("class", "person") if place == 0 else ("person", "class")
    return Contents(f"{'/'.join((*['group'] * grouped, *['split'] * given, *kinds))}/picture", pictures, [])


def _below_the_shared(folders: Sequence[list[str]]) -> list[list[str]]:
    """The folders without those above that all of them share, but with one at least; a split is kept beside others."""
    shared = 0
    shortest = min(map(len, folders))
    while shared < shortest - 1 and len({path[shared] for path in folders}) == 1:
        shared += 1
    return [path[shared:] for path in folders]


def _class_place(folders):
    """Which of the one or two folders names the class."""
    if len(folders[0]) == 1:
        return 0
    levels = [{path[place] for path in folders} for place in (0, 1)]
    known = [sum(expression_of_name(name) is not None for name in level) for level in levels]
    if known[0] != known[1]:
        return int(known[1] > known[0])
    return int(len(levels[1]) < len(levels[0]))
