"""CSV files of unknown origin, plain or compressed, which are read row by row in bounded memory."""

import contextlib
import csv
import gzip
import io
import itertools
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from fer_md.errors import FerMdError
from fer_md.files import DAMAGED_ZIP

MAX_UNPACKED = 2 << 30
"""Largest CSV, in bytes, that is read out of an archive."""

MAX_LINE = 1 << 20
"""Longest line, in characters."""

MAX_HEADER = 1 << 20
"""Most bytes that a tar file's header may ask to be read at once."""

MAX_MEMBERS = 100
"""How many files of a tar file are looked at."""

DAMAGED = (
    *(EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, tarfile.TarError, struct.error),
    NotImplementedError,
)
"""What reading a damaged compressed file can end in."""


@contextlib.contextmanager
def open_csv(path: Path) -> Iterator[TextIO]:
    """Opens a CSV as text. ``.gz`` and ``.xz`` are unpacked on the way; ``.zip`` must hold exactly one CSV. The name's
    case does not count.

    Of a ``.tar.gz``, the first CSV is read.

    Nothing is unpacked to disk, so the names inside an archive do not matter.

    Args:
        path: the file.

    Yields:
        a text stream.

    Raises:
        FerMdError: the file cannot be opened; or an archive holds no CSV, several of them, or one that is too large.
    """
    name, suffix = path.name.lower(), path.suffix.lower()
    try:
        if suffix == ".zip":
            with _open_zip(path) as archive, _open_member(archive, path) as binary:
                yield _text(binary)
        elif name.endswith((".tar.gz", ".tgz")):
            with _Pieces(path) as unpacked, tarfile.open(fileobj=unpacked, mode="r:") as tar:
                yield _text(tar.extractfile(_first_csv(tar, path)))
        else:
            openers: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".xz": lzma.open}
            with openers.get(suffix, open)(path, "rb") as binary:
                yield _text(binary)
    except (*DAMAGED, OSError, RecursionError) as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise FerMdError(f"{path}: cannot be read ({error.strerror})") from None
        kind = "zip" if suffix == ".zip" else "tar.gz"
        raise FerMdError(f"{path}: not a whole {kind} file ({error}); fetch it again") from None


def _text(binary):
    return io.TextIOWrapper(binary, encoding="utf-8-sig", newline="")


def _open_zip(path):
    try:
        return zipfile.ZipFile(path)
    except DAMAGED_ZIP as error:
        raise FerMdError(f"{path}: not a whole zip file ({error}); fetch it again") from None


def _open_member(archive, path):
    member = _only_csv(archive, path)
    try:
        return archive.open(member)
    except (NotImplementedError, RuntimeError) as error:  # packed by a method that Python does not know, or a password
        raise FerMdError(f"{path}: {member.filename} cannot be unpacked ({error}); unpack it first") from None


def _only_csv(archive, path):
    members = [
        member
        for member in archive.infolist()
        if member.filename.lower().endswith(".csv") and not member.filename.startswith("__MACOSX/")
    ]
    if len(members) != 1:
        raise FerMdError(f"{path}: must hold one CSV file; found {len(members)}")
    if members[0].file_size > MAX_UNPACKED:
        raise FerMdError(f"{path}: {members[0].filename} is larger than {MAX_UNPACKED} bytes")
    return members[0]


def _first_csv(archive, path):
    """The first CSV of a tar file, reached without unpacking more than `MAX_UNPACKED`."""
    unpacked = 0
    for member in itertools.islice(archive, MAX_MEMBERS):
        unpacked += member.size
        if unpacked > MAX_UNPACKED:
            raise FerMdError(f"{path}: {member.name} ends behind {MAX_UNPACKED} bytes")
        if member.isfile() and member.name.lower().endswith(".csv"):
            return member
    raise FerMdError(f"{path}: holds no CSV file")


class _Pieces(gzip.GzipFile):
    """An unpacked file of which nobody reads much at once: a header of a tar could ask for all memory."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= MAX_HEADER:
            raise tarfile.ReadError(f"a header asks for {size} bytes")
        return super().read(size)


def read_rows(stream: TextIO, name: Path | str) -> Iterator[tuple[int, list[str]]]:
    """Reads the rows of a CSV, without blank lines.

    Args:
        stream: text stream, for example of `open_csv`.
        name: what an error calls the file.

    Yields:
        (line, values): the number of the row's last line, counted from 1, and the cells.

    Raises:
        FerMdError: a compressed file is truncated or damaged; a line is too long; bytes are not UTF-8; or a row has
            another length than the first one.
    """
    reader = csv.reader(_lines(stream, name))
    columns = None
    try:
        for values in reader:
            if not values:
                continue
            columns = columns or len(values)
            if len(values) != columns:
                raise FerMdError(f"{name}: line {reader.line_num}: {columns} columns expected, found {len(values)}")
            yield reader.line_num, values
    except csv.Error as error:
        raise FerMdError(f"{name}: line {reader.line_num}: not CSV ({error})") from None


def read_words(stream: TextIO, name: Path | str, columns: int) -> Iterator[tuple[int, list[str]]]:
    """Reads a table whose columns are divided by blanks, without blank lines and in bounded memory.

    Args:
        stream, name: those of `read_rows`.
        columns: how many words each line must have.

    Yields:
        (line, words): the number of the line, counted from 1, and its words.

    Raises:
        FerMdError: that of `read_rows`.
    """
    for line, text in enumerate(_lines(stream, name), 1):
        words = text.split()
        if words and len(words) != columns:
            raise FerMdError(f"{name}: line {line}: {columns} columns expected, found {len(words)}")
        if words:
            yield line, words


def _lines(stream, name):
    """Yields the lines; an error says after which."""
    number = 0
    try:
        while line := stream.readline(MAX_LINE):
            if len(line) == MAX_LINE:
                raise FerMdError(f"{name}: a line is longer than {MAX_LINE} characters")
            number += 1
            yield line
    except UnicodeDecodeError:
        raise FerMdError(f"{name}: after line {number}: not UTF-8 text") from None
    except DAMAGED as error:
        raise FerMdError(f"{name}: after line {number}: truncated or damaged ({error}); fetch it again") from None


def columns_of(rows: Iterator[tuple[int, list[str]]], name: Path | str, wanted: Sequence[str]) -> list[int]:
    """Takes the header row from `read_rows` and finds columns in it, whatever their order, their case and spaces.

    Args:
        rows: what `read_rows` gives, at its start.
        name: what an error calls the file.
        wanted: names in lower case.

    Returns:
        the index of each column that is wanted.

    Raises:
        FerMdError: the file is empty, or a column is missing.
    """
    line, header = next(rows, (0, None))
    if header is None:
        raise FerMdError(f"{name}: the file is empty")
    names = [column.strip().lower() for column in header]
    missing = [column for column in wanted if column not in names]
    if missing:
        found = ", ".join(header)[:200]
        raise FerMdError(f"{name}: line {line}: the column {missing[0]} is missing; found {found}")
    return [names.index(column) for column in wanted]
