"""Tables of pictures: Parquet files with the paths of pictures, or with their bytes."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_md.errors import FerMdError, first_line

if TYPE_CHECKING:
    import pyarrow.parquet

PATHS = "path file filename file_name filepath file_path image image_path image_name img img_path picture photo"
"""What a column of paths may be called, the first that is there counts; case does not."""

BYTES = "content bytes image_bytes data image img picture photo jpg jpeg png"
"""The same of a column of bytes, or of pairs of ``bytes`` and ``path`` as Hugging Face's data sets have them."""

_ROWS = 16
"""Rows that are in memory at a time."""


def count_rows(table: Path | str) -> int:
    """The number of rows that a table states; `FerMdError` where it cannot be read."""
    with _opened(table) as file:
        return file.metadata.num_rows


def read_rows(table: Path | str) -> Iterator[tuple[str, bytes | None]]:
    """Reads a table of pictures row by row.

    Args:
        table: a Parquet file with a column of `PATHS` or of `BYTES`. A path is one from the table's folder.

    Yields:
        (source, content) of each picture: its path and None, or ``TABLE#ROW``, from row 0, and its bytes: none where
        the row has no picture.

    Raises:
        FerMdError: the table cannot be read, or has no such column.
    """
    with _opened(table) as file:
        number, (paths, contents) = 0, _columns(file.schema_arrow, table)
        columns = [name for name in (paths, contents) if name]
        for batch in _batches(file, columns, table):
            for row in batch.select(columns).to_pylist():
                yield _picture(row.get(paths), row.get(contents), Path(table), number)
                number += 1


def _picture(path, content, table, number):
    if isinstance(content, dict):
        path, content = content.get("path") or path, content["bytes"]
    if path and content is None:
        return str(table.parent / path), None
    return f"{table}#{number}", content or b""


def _opened(table):
    try:
        import pyarrow.parquet
    except ImportError:
        raise FerMdError(f"{table}: reading Parquet needs pyarrow: pip install pyarrow") from None
    try:
        return pyarrow.parquet.ParquetFile(table, buffer_size=2**20)
    except Exception as error:  # of pyarrow, whose kinds are its own
        raise _unreadable(table, error) from None


def _batches(file: "pyarrow.parquet.ParquetFile", columns: list[str], table: Path | str) -> Iterator[Any]:
    try:
        yield from file.iter_batches(_ROWS, columns=columns, use_threads=False)
    except Exception as error:
        raise _unreadable(table, error) from None


def _unreadable(table, error):
    return FerMdError(f"{table}: not Parquet, or damaged ({first_line(error)}); write it again")


def _columns(schema, table):
    """Names of the columns of paths and of bytes; None for one that is not there."""
    paths = _named(schema, PATHS, lambda kind: str(kind) in ("string", "large_string"))
    contents = _named(schema, BYTES, _holds_bytes)
    if paths is None and contents is None:
        raise FerMdError(
            f"{table}: has no column of pictures: of paths, one of {PATHS}, or of bytes, one of {BYTES}; found "
            f"{', '.join(f'{field.name} ({field.type})' for field in schema)}"
        )
    return paths, contents


def _holds_bytes(kind):
    if str(kind).startswith("struct<"):
        return any(field.name == "bytes" and _holds_bytes(field.type) for field in kind)
    return str(kind) in ("binary", "large_binary")


def _named(schema, names, suits):
    found = {field.name.lower(): field.name for field in reversed(list(schema)) if suits(field.type)}
    return next((found[name] for name in names.split() if name in found), None)
