"""The files of a folder or of a zip file. They are read by name, and nothing is unpacked to disk."""

import io
import os
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any, TextIO

from fer_md.errors import FerMdError
from fer_md.files import DAMAGED_ZIP, unreadable, walk
from fer_md.media.limits import MAX_BYTES
from fer_md.media.pictures import read_bytes


class FileTree:
    """A folder or a zip file.

    Args:
        source: path of either.

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
        self._archive, self._members = None, {}
        if self.source.is_dir():
            names = _names_of_folder(self.source)
        else:
            self._archive = _open_zip(self.source)
            members = (
                (_checked_name(member, self.source), member)
                for member in self._archive.infolist()
                if not member.is_dir()
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
            return read_bytes(self.source / name, max_bytes)
        member = self._members[name]
        if member.file_size > max_bytes:
            raise FerMdError(f"{self.where(name)}: the file is larger than {max_bytes} bytes")
        try:
            return self._archive.read(member)
        except (*DAMAGED_ZIP, OSError) as error:
            raise FerMdError(f"{self.where(name)}: damaged in the zip ({error}); fetch it again") from None

    def text(self, name: str) -> TextIO:
        """A file as a stream of UTF-8 text, for `fer_md.readers.csv_files.read_rows`."""
        return io.TextIOWrapper(io.BytesIO(self.read(name)), encoding="utf-8-sig", newline="")

    def path(self, name: str) -> Path:
        """The path of a file on disk, for libraries that cannot read from memory.

        Raises:
            FerMdError: the files are in a zip.
        """
        if self._archive is not None:
            raise FerMdError(f"{self.where(name)}: videos are not read out of a zip; unpack {self.source} first")
        return self.source / name

    def where(self, name: str) -> str:
        """What an error calls a file: the source, and the name in it."""
        return f"{self.source}: {name}"

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
