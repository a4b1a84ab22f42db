"""Tells which data set a folder or file holds, by its layout."""

from fer_md.errors import FerMdError
from fer_md.readers.affectnet import AFFECTNET
from fer_md.readers.ckplus import CKPLUS
from fer_md.readers.expw import EXPW
from fer_md.readers.facial_expressions import FACIAL_EXPRESSIONS
from fer_md.readers.fer2013 import FER2013
from fer_md.readers.fer2013_folders import FER2013_FOLDERS
from fer_md.readers.ferplus import FERPLUS
from fer_md.readers.file_tree import FileTree
from fer_md.readers.jaffe import JAFFE
from fer_md.readers.kdef import KDEF
from fer_md.readers.layout import Layout
from fer_md.readers.mmi import MMI
from fer_md.readers.oulu_casia import OULU_CASIA
from fer_md.readers.rafdb import RAFDB, RAFDB_COMPOUND
from fer_md.readers.sfew import SFEW
from fer_md.readers.tfeid import TFEID

LAYOUTS = (
    FER2013,
    FER2013_FOLDERS,
    FERPLUS,
    RAFDB,
    RAFDB_COMPOUND,
    AFFECTNET,
    EXPW,
    SFEW,
    FACIAL_EXPRESSIONS,
    CKPLUS,
    MMI,
    OULU_CASIA,
    JAFFE,
    KDEF,
    TFEID,
)
"""Every data set that is known by its layout."""


def recognise(tree: FileTree) -> Layout | None:
    """The layout of a tree, or None where it is none of `LAYOUTS`. No file is opened.

    Raises:
        FerMdError: it is that of several data sets.

    Examples:
        >>> with FileTree("RAF-DB") as tree:
        ...     layout = recognise(tree)
        ...     listing = layout.list(tree, 0)
    """
    place = tree.source.resolve().name
    paths = "\n".join(f"{place}/{name}" for name in tree.names)
    found = [layout for layout in LAYOUTS if layout.matches(paths)]
    if len(found) > 1:
        names = ", ".join(layout.name for layout in found)
        raise FerMdError(f"{tree.source}: holds several data sets, {names}; name the folder of one")
    return found[0] if found else None
