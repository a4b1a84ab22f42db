"""The files of a folder or of a zip file, or a single table. They are read by name; nothing is unpacked to disk."""

import contextlib
import io
import os
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any, TextIO

from fer_md.errors import FerMdError
from fer_md.files import DAMAGED_ZIP, unreadable, walk
from fer_md.media.limits import MAX_BYTES
from fer_md.media.pictures import read_bytes

TABLES = (".csv", ".csv.gz", ".csv.xz", ".tar.gz", ".tgz")
"""Ends of the names of files that are trees of one file."""

MAX_TEXT = 2 << 30
"""Largest text file, in bytes, that is read out of a zip."""


class FileTree:
    """A folder, a zip file, or a single file that is a table.

    Args:
        source: path of any of them; the name of a table ends as one of `TABLES`.

    Attributes:
        source: that path.
        names: the paths of all files relative to the root, with ``/``, sorted. Hidden files and those that macOS adds
            to a zip are left out.

    Raises:
        FerMdError: there is no such file or folder; the file is no zip; a name in the zip leads out of it; or a name in
            the folder is not UTF-8.

    Examples:
        >>> with FileTree("faces.zip") as tree:
        ...     data = tree.read(tree.names[0])
    """

    def __init__(self, source: Path | str):
        self.source = Path(source)
        self._archive, self._members, self._root = None, {}, self.source
        if self.source.is_dir():
            names = _names_of_folder(self.source)
        elif self.source.is_file() and self.source.name.lower().endswith(TABLES):
            names, self._root = [checked_text(self.source.name, self.source.parent)], self.source.parent
        else:
            self._archive = _open_zip(self.source)
            members = (
                (_checked_name(member, self.source), member)
                for member in self._archive.infolist()
                if not member.filename.endswith("/")
            )
            names = self._members = {name: member for name, member in members if not _is_hidden(name)}
        self.names = tuple(sorted(names))

    def read(self, name: str, max_bytes: int = MAX_BYTES) -> bytes:
        """Reads a file.

        Args:
            name: one of ``names``.
            max_bytes: size of the largest file that is read, once unpacked.

        Raises:
            FerMdError: the file is too large, damaged, or cannot be read.
        """
        if self._archive is None:
            return read_bytes(self._root / name, max_bytes)
        with self._unpacking(name, max_bytes) as member:
            return self._archive.read(member)

    def text(self, name: str) -> TextIO:
        """A file as a stream of UTF-8 text, for `fer_md.readers.csv_files.read_rows`."""
        if self._archive is None:
            try:
                binary = open(self._root / name, "rb")  # noqa: SIM115  (closed with the text)
            except OSError as error:
                raise unreadable(error) from None
        else:
            with self._unpacking(name, MAX_TEXT) as member:
                binary = self._archive.open(member)
        return io.TextIOWrapper(binary, encoding="utf-8-sig", newline="")

    @contextlib.contextmanager
    def _unpacking(self, name, max_bytes):
        """The member of the zip; turns what is wrong with it into `FerMdError`."""
        member = self._members[name]
        if member.file_size > max_bytes:
            raise FerMdError(f"{self.where(name)}: the file is larger than {max_bytes} bytes")
        try:
            yield member
        except (*DAMAGED_ZIP, OSError) as error:
            raise FerMdError(f"{self.where(name)}: damaged in the zip ({error}); fetch it again") from None

    def path(self, name: str) -> Path:
        """The path of a file on disk, for libraries that cannot read from memory.

        Raises:
            FerMdError: the files are in a zip.
        """
        if self._archive is not None:
            raise FerMdError(
                f"{self.where(name)}: a file of this kind is not read out of a zip; unpack {self.source} first"
            )
        return self._root / name

    def where(self, name: str) -> str:
        """What an error calls a file: the source, and the name in it."""
        if self._root != self.source:
            return str(self.source)
        return name if self.source == Path(".") else f"{self.source}: {name}"

    def __enter__(self) -> "FileTree":
        return self

    def __exit__(self, *exc_info: Any) -> None:
        if self._archive is not None:
            self._archive.close()


def _names_of_folder(folder):
    def fail(error):
        raise unreadable(error) from None

    for path in walk(folder, fail):
        name = path.relative_to(folder).as_posix()
        if not _is_hidden(name) and os.path.isfile(path):  # a pipe or a device would never end
            yield checked_text(name, folder)


def checked_text(name: str, folder: Path) -> str:
    """The name of a file in a folder; `FerMdError` where it is not UTF-8, since no table could hold it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raise FerMdError(f"{folder}: the name {name!r} is not UTF-8; rename it") from None
    return name


def _open_zip(path):
    if path.exists() and not path.is_file():  # a pipe or a device would never end
        raise FerMdError(f"{path}: neither a folder nor a file")
    try:
        return zipfile.ZipFile(path)
    except (FileNotFoundError, PermissionError) as error:
        raise FerMdError(f"{path}: cannot be read ({error.strerror})") from None
    except DAMAGED_ZIP as error:
        raise FerMdError(f"{path}: neither a folder nor a whole zip file ({error})") from None


def _checked_name(member, source):
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if not path.parts or path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        raise FerMdError(f"{source}: the name {member.filename!r} leads out of the zip")
    return path.as_posix()


def _is_hidden(name):
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))
