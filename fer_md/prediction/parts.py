"""Rows in a folder of files, each of which is there whole or not at all: what is missing can be added later."""

import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fer_md.errors import FerMdError, first_line
from fer_md.files import atomic_file, parse_json, read_json, write_json
from fer_md.prediction.picture_rows import Row, flat
from fer_md.prediction.results import BOX_COLUMNS, POINT_COLUMNS
from fer_md.runs.lock import folder_lock

FORMATS = (".parquet", ".jsonl")
"""Suffixes of the folders, and of the parts in them."""

SETTINGS = "_settings.json"
"""The file that says what the rows were made with; readers of Parquet pass over a name that begins so."""

_NAME = re.compile(r"part-(\d{5,})")


class Parts:
    """A folder of rows, which one process at a time adds to while its context lasts.

    The rows of a source with an error are removed when the folder is opened, so that it is tried again.

    Args:
        folder: its name ends in one of `FORMATS`. Folders that are missing are made.
        settings: JSON values of all that the rows depend on.
        expressions: names of the expressions, in the order of the columns.
        overwrite: remove the parts that are there.

    Attributes:
        done: the sources that have rows, none of them with an error.

    Raises:
        FerMdError: the folder holds something else, or rows that were made with other settings; a part is damaged;
            or another process works in the folder.
    """

    def __init__(
        self, folder: Path | str, settings: dict[str, Any], expressions: Sequence[str], overwrite: bool = False
    ):
        self.folder, self.expressions = Path(folder), tuple(expressions)
        self._settings, self._overwrite = settings, overwrite
        self._suffix = self.folder.suffix.lower()
        self._lock = contextlib.ExitStack()
        self.done: frozenset[str] = frozenset()

    def __enter__(self) -> "Parts":
        check_folder(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as held:
            held.enter_context(folder_lock(self.folder))
            self._open()
            self._lock = held.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.close()

    def _open(self):
        stated = self.folder / SETTINGS
        if self._overwrite:
            for part in self._parts().values():
                part.unlink()
        elif stated.exists() and (found := read_json(stated)) != self._settings:
            raise FerMdError(
                f"{self.folder}: its rows were made with {_difference(found, self._settings)}; name another, or add "
                "--overwrite to begin anew"
            )
        write_json(stated, self._settings)
        parts = self._parts()
        self._next = max(parts, default=-1) + 1
        self.done = frozenset(source for part in parts.values() for source in self._sound(part))

    def write(self, rows: Sequence[Row]) -> None:
        """Adds a part with these rows."""
        rows = [row | {"source": printable(row["source"])} for row in rows]
        with atomic_file(self.folder / f"part-{self._next:05}{self._suffix}") as partial:
            if self._suffix == ".parquet":
                _write_parquet(partial, rows, self.expressions)
            else:
                partial.write_text("".join(json.dumps(row, allow_nan=False) + "\n" for row in rows), encoding="utf-8")
        self._next += 1

    def _sound(self, part):
        """The sources of a part, without those that have an error: their rows are removed from it."""
        with _damage(part):
            sources, errors = _columns(part)
            if not all(isinstance(source, str) for source in sources):
                raise TypeError("a source is no text")
            failed = {source for source, error in zip(sources, errors, strict=True) if error is not None}
            if failed == set(sources):
                part.unlink()
            elif failed:
                kept = [source not in failed for source in sources]
                with atomic_file(part) as partial:
                    _copy_rows(part, partial, kept)
        return set(sources) - failed

    def _parts(self):
        """The parts by their numbers."""
        found = ((_NAME.fullmatch(path.stem), path) for path in sorted(self.folder.glob(f"*{self._suffix}")))
        return {int(name[1]): path for name, path in found if name}


def check_folder(folder: Path | str) -> None:
    """Raises `FerMdError` unless ``folder`` is a name for parts, and new, empty, or a folder of parts.

    Hidden files do not count: a start that failed leaves its lock.
    """
    folder = Path(folder)
    if folder.suffix.lower() not in FORMATS:
        raise FerMdError(f"{folder}: the name of a folder of results must end in {' or '.join(FORMATS)}")
    if folder.exists() and not folder.is_dir():
        raise FerMdError(f"{folder}: is a file, and the results are a folder; name another")
    files = [path for path in folder.iterdir() if not path.name.startswith(".")] if folder.is_dir() else []
    if files and not (folder / SETTINGS).exists():
        raise FerMdError(f"{folder}: holds other files than results; name another")


def _difference(found, settings):
    names = [name for name in settings | found if found.get(name) != settings.get(name)]
    return " and ".join(f"{name}={found.get(name)}, not {settings.get(name)}" for name in names)


def printable(source: str) -> str:
    """A path as text, with what is not UTF-8 in it escaped."""
    return source.encode("utf-8", "backslashreplace").decode()


@contextlib.contextmanager
def _damage(part: Path) -> Iterator[None]:
    """Names the part in whatever error its content leads to; those of the disk pass."""
    try:
        yield
    except (FerMdError, ValueError, KeyError, TypeError, NotImplementedError, OSError) as error:
        if isinstance(error, OSError) and error.errno:  # pyarrow's have none
            raise
        raise FerMdError(
            f"{part}: damaged ({first_line(error)}); remove it, and its pictures are looked at again"
        ) from None


def _columns(part: Path) -> tuple[list[str], list[str | None]]:
    """Source and error of each row of a part."""
    if part.suffix.lower() == ".jsonl":
        rows = [parse_json(line, part) for line in _lines(part)]
        return [row["source"] for row in rows], [row["error"] for row in rows]
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(part, columns=["source", "error"])
    return table["source"].to_pylist(), table["error"].to_pylist()


def _copy_rows(part: Path, destination: Path, kept: Sequence[bool]) -> None:
    """Writes those rows of a part that are ``kept``."""
    if part.suffix.lower() == ".jsonl":
        lines = [line for line, keep in zip(_lines(part), kept, strict=True) if keep]
        destination.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        return
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.parquet.read_table(part).filter(pyarrow.array(kept)), destination)


def _lines(part: Path) -> list[str]:
    return part.read_text(encoding="utf-8").splitlines()


def _write_parquet(path, rows, expressions):
    import pyarrow
    import pyarrow.parquet

    columns = [flat(row) for row in rows]
    numbers = (*BOX_COLUMNS, "score", "sharpness", "roll", *expressions, *POINT_COLUMNS)
    kinds = dict.fromkeys(("frame", "face", "track"), pyarrow.int64())
    kinds |= dict.fromkeys(("time", *numbers, "prior_share"), pyarrow.float64())
    names = ("source", "frame", "time", "face", "track", *BOX_COLUMNS, "score", "sharpness", "roll", "doubts", "label")
    names += ("prior", "prior_share", *expressions, *POINT_COLUMNS, "error")
    schema = pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in names])
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(columns, schema), path)
