"""What a path to pictures of one's own is: a folder, a zip or a table, or a data set that is known by its layout."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

from fer_md.readers.file_tree import FileTree
from fer_md.readers.layout import Layout
from fer_md.readers.picture_table import TABLES
from fer_md.readers.recognise import recognise


@dataclasses.dataclass(frozen=True)
class OwnSource:
    """An open source of pictures.

    Attributes:
        tree: its files; of a table those of the table's folder.
        table: name of the table in the tree, where the path is one.
        layout: of a data set that is known; None for other pictures.
    """

    tree: FileTree
    table: str | None
    layout: Layout | None


@contextlib.contextmanager
def open_own_source(path: Path | str, columns: bool = False) -> Iterator[OwnSource]:
    """Opens pictures of one's own.

    Args:
        path: a folder, a zip, or a table.
        columns: whether columns are asked for by name, which only a table has: no data set is recognised then.

    Raises:
        FerMdError: the path cannot be read, or holds several data sets (`recognise`).
    """
    path, layout = Path(path), None
    suffix = path.suffix.lower()
    if not columns and suffix != ".parquet":
        with FileTree(path) as tree:
            layout = recognise(tree)
    table = path.name if path.is_file() and suffix in TABLES and not layout else None
    with FileTree(path.parent if table else path) as tree:
        yield OwnSource(tree, table, layout)
