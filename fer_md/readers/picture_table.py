"""A table of pictures and labels: CSV or Parquet, with columns by their usual names."""

import collections
import io
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from fer_md.data.given_split import split_of_name
from fer_md.errors import FerMdError, first_line
from fer_md.media.tables import PATHS
from fer_md.readers.csv_files import read_rows
from fer_md.readers.file_tree import FileTree
from fer_md.readers.labelled import Contents, Labelled

TABLES = (".csv", ".parquet")
"""Suffixes of the files that may be tables."""

COLUMNS = {
    "picture": PATHS,
    "label": "expression emotion label class category target",
    "person": "person person_id subject subject_id identity actor participant",
    "split": "split usage subset partition",
}
"""What a column may be called, the first that is there counts; case does not, and a space or a dot is as ``_``."""


def find_table(tree: FileTree) -> str | None:
    """The table among the files: with a column of pictures and one of labels. None where there is none.

    Raises:
        FerMdError: there are several, or a file that could be one cannot be read.
    """
    found = []
    for name in tree.names:
        if PurePosixPath(name).suffix.lower() in TABLES:
            header = next(_rows(tree, name), (1, []))[1]
            if all(_column(header, kind) is not None for kind in ("picture", "label")):
                found.append(name)
    if len(found) > 1:
        raise FerMdError(f"{tree.source}: holds several tables of pictures: {', '.join(found)}; name one of them")
    return found[0] if found else None


def read_picture_table(tree: FileTree, table: str, person: str | None = None, group_by: Sequence[str] = ()) -> Contents:
    """Reads the labels, and the people and splits where the table has them.

    A path is one from the table's folder, or from the root; or it and the name of one file alone end alike. Rows that
    say the same count once.

    Args:
        tree: holds the table and the pictures.
        table: its name there.
        person: column of the people; None for one of ``COLUMNS``, if there is any.
        group_by: columns whose cells each picture comes with.

    Returns:
        the layout. A picture that is missing, has no label or has two, is unused.

    Raises:
        FerMdError: a column is missing, a split is unknown, or the table cannot be read; or none of its pictures is
            there.
    """
    rows, where = _rows(tree, table), tree.where(table)
    _, header = next(rows, (1, []))
    places = {kind: _column(header, kind) for kind in COLUMNS}
    if person is not None:
        places["person"] = _place(header, person, where, "person")
    group_places = [_place(header, name, where, "group_by") for name in group_by]
    for kind in ("picture", "label"):
        if places[kind] is None:
            raise FerMdError(f"{where}: has no column of the {kind}: one of {COLUMNS[kind]}; found {', '.join(header)}")
    for place in (*places.values(), *group_places):
        if place is not None and [_plain(name) for name in header].count(_plain(header[place])) > 1:
            raise FerMdError(f"{where}: has several columns {header[place]!r}; rename all but one")
    said: dict[str, dict[tuple[str, ...], int]] = collections.defaultdict(dict)
    find, unused = _Finder(tree, table), []
    for line, values in rows:
        cells = {kind: "" if place is None else values[place].strip() for kind, place in places.items()}
        split = _split(cells["split"], f"{where}: line {line}")
        file = find(cells["picture"])
        if file is None:
            unused.append((cells["picture"], f"{table}: line {line}: no such file, or more than one"))
        else:
            own = (values[place].strip() for place in group_places)
            said[file].setdefault((cells["label"], cells["person"], split, *own), line)
    if not said:
        first = f"; the first is {unused[0][0]}" if unused else ""
        raise FerMdError(
            f"{where}: none of its {len(unused)} pictures is in the folder of the table or below it{first}"
        )
    pictures = []
    for file, told in said.items():
        if reason := _against(told):
            unused.append((file, f"{table}: {reason}"))
        else:
            label, whom, part, *groups = next(iter(told))
            pictures.append(Labelled(file, label, whom, part, tuple(groups)))
    columns = [f"{header[place]!r} ({kind})" for kind, place in places.items() if place is not None]
    return Contents(f"the table {table}, columns {', '.join(columns)}", pictures, unused)


def _against(told):
    if len(told) > 1:
        rows = "; ".join(f"line {line} says {', '.join(filter(None, cells))}" for cells, line in told.items())
        return f"rows differ: {rows}"
    [((label, *_), line)] = told.items()
    return "" if label else f"line {line}: no label"


def _split(cell, where):
    if not cell:
        return ""
    if (split := split_of_name(cell)) is None:
        raise FerMdError(f"{where}: a split must be train, val or test; found {cell[:40]!r}")
    return split


def _place(header, wanted, where, what):
    """The place of a column that was asked for by name."""
    if (place := _named(header, wanted)) is None:
        raise FerMdError(f"{where}: {what}={wanted}: no such column; found {', '.join(header)}")
    return place


def _named(header: Sequence[str], wanted: str) -> int | None:
    names = [_plain(name) for name in header]
    return names.index(_plain(wanted)) if _plain(wanted) in names else None


def _column(header, kind):
    return next((place for name in COLUMNS[kind].split() if (place := _named(header, name)) is not None), None)


def _plain(name):
    return name.strip().lower().replace(" ", "_").replace(".", "_").replace("-", "_")


class _Finder:
    """From a path as a table has it to the name of the file in the tree, or None."""

    def __init__(self, tree, table):
        self._names, self._folder = frozenset(tree.names), PurePosixPath(table).parent
        self._by_name = collections.defaultdict(list)
        for name in tree.names:
            self._by_name[name.rpartition("/")[2]].append(name)

    def __call__(self, path):
        path = path.replace("\\", "/").removeprefix("./")
        for name in (str(self._folder / path), path):
            if name in self._names:
                return name
        alike = [
            name
            for name in self._by_name[path.rpartition("/")[2]]
            if f"/{path}".endswith(f"/{name}") or f"/{name}".endswith(f"/{path}")
        ]
        return alike[0] if len(alike) == 1 else None


def _rows(tree: FileTree, table: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table with their lines, the header first."""
    if PurePosixPath(table).suffix.lower() == ".csv":
        with tree.text(table) as stream:
            yield from read_rows(stream, tree.where(table))
        return
    frame = _parquet(tree, table)
    yield 1, [str(name) for name in frame.columns]
    for line, row in enumerate(frame.where(frame.notna(), "").itertuples(index=False), 2):
        yield line, [str(value) for value in row]


def _parquet(tree, table):
    import pandas as pd

    try:
        frame = pd.read_parquet(io.BytesIO(tree.read(table)), dtype_backend="numpy_nullable")
        return frame.astype(object)  # texts are decoded here, not later
    except ImportError:
        raise FerMdError(f"{tree.where(table)}: reading Parquet needs pyarrow: pip install pyarrow") from None
    except Exception as error:  # of pyarrow, whose kinds are its own
        raise FerMdError(f"{tree.where(table)}: not Parquet ({first_line(error)}); write it again, or as CSV") from None
