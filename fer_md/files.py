"""Outputs that appear whole or not at all: written beside their place, then renamed into it."""

import contextlib
import errno
import hashlib
import json
import lzma
import math
import os
import shutil
import struct
import tempfile
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fer_md.errors import FerMdError

FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""No space left: on the disk, of the user's share, or under a limit of the size."""

DAMAGED_ZIP = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, KeyError, ValueError),
    *(NotImplementedError, RuntimeError, MemoryError, OverflowError, IndexError, struct.error, tokenize.TokenError),
)
"""What reading a damaged zip, or an .npz, can end in; bz2 says it with an ``OSError`` that names no file."""


@contextlib.contextmanager
def atomic_file(path: Path | str) -> Iterator[Path]:
    """Yields a temporary path beside ``path``; renames it into place on success, removes it on failure.

    A process that is killed leaves a hidden folder ``.NAME.partial-...`` behind, which nothing reads.

    Args:
        path: the file to write; its folder is created.

    Yields:
        path of the temporary file, with the same suffix.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(**_hidden(path)) as folder:
        partial = Path(folder) / f"partial{path.suffix}"
        try:
            yield partial
            _sync(partial)
            os.replace(partial, path)
            _sync_folder(path.parent)
        except OSError as error:
            _name(error, partial, path)
            raise


def _hidden(path):
    """Where a temporary folder for ``path`` is: beside it, with the start of its name, as one has at most 255 bytes."""
    name = os.fsencode(path.name)[:200].decode(errors="ignore")
    return {"prefix": f".{name}.partial-", "dir": path.parent}


def _sync(path):
    """Brings what was written to disk: a file, or a folder with all that is in it."""
    if path.is_dir():
        for inner in path.iterdir():
            _sync(inner)
        _sync_folder(path)
        return
    with open(path, "rb") as written:
        os.fsync(written.fileno())


def _sync_folder(folder):
    """Brings a rename to disk, where the system lets a folder be synced."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def walk(folder: Path | str, on_error: Callable[[OSError], object]) -> Iterator[Path]:
    """Yields what is in a folder, and in all folders below it however deep; ``os.walk`` calls itself for each level.

    Names that start with a dot are left out.

    Args:
        folder: where to begin.
        on_error: function called with the error of each folder that cannot be read.

    Yields:
        path of all but the folders themselves, sorted by name, those of a folder before those of the folders in it. A
        link to a folder is not followed, and comes as a file does; so do pipes and devices.
    """
    waiting = [Path(folder)]
    while waiting:
        parent = waiting.pop()
        try:
            paths = [parent / name for name in sorted(os.listdir(parent)) if not name.startswith(".")]
        except OSError as error:
            on_error(error)
            continue
        folders = {path for path in paths if os.path.isdir(path) and not os.path.islink(path)}
        yield from (path for path in paths if path not in folders)
        waiting += sorted(folders, reverse=True)


def unreadable(error: OSError) -> FerMdError:
    """An error in one line that names the file or folder that could not be read."""
    return FerMdError(f"{error.filename}: cannot be read ({error.strerror})")


def check_new(path: Path | str, overwrite: bool) -> None:
    """Raises FerMdError for a file that is there, unless it may be replaced: asked before long work."""
    path = Path(path)
    if path.exists() and not path.is_dir() and not overwrite:
        raise FerMdError(f"{path}: is there already; add --overwrite to replace it, or name another file")


def check_writable(folder: Path | str) -> None:
    """Raises FerMdError unless files can be written in ``folder``, there or to be created: asked before long work.

    It is tried out, with a file that nobody sees, in the folder or in the nearest one above it that is there.
    """
    folder = Path(folder)
    nearest = next(place for place in (folder, *folder.absolute().parents) if os.path.exists(place))
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        raise FerMdError(
            f"{folder}: cannot be written ({nearest}: {error.strerror}); name another or change its rights"
        ) from None


def _name(error, partial, path):
    """Lets the error of a write say which file it was; the one being written goes by a temporary name."""
    if error.errno in FULL_DISK or str(error.filename) == str(partial) or (error.errno and error.filename is None):
        error.filename = str(path)


@contextlib.contextmanager
def atomic_directory(path: Path | str, overwrite: bool = False) -> Iterator[Path]:
    """Yields a temporary folder beside ``path``; renames it into place on success, removes it on failure.

    A folder that is replaced is moved aside first. A process that is killed between the two renames leaves it in a
    hidden folder ``.NAME.partial-...``, beside the new one; nothing is lost.

    Args:
        path: the folder to make.
        overwrite: replace a folder that is there already.

    Yields:
        path of the empty temporary folder.

    Raises:
        FerMdError: ``path`` exists and ``overwrite`` is false; or the old folder was moved aside and can be moved no
            more, and the message says where it is.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not overwrite:
        raise FerMdError(f"{path}: exists already; allow it to be overwritten, or name another folder")
    folder = Path(tempfile.mkdtemp(**_hidden(path)))
    partial, replaced = folder / "partial", folder / "replaced"
    try:
        partial.mkdir()
        yield partial
        _sync(partial)
        if path.exists():
            os.replace(path, replaced)
        os.replace(partial, path)
        _sync_folder(path.parent)
    except OSError as error:
        _name(error, partial, path)
        raise
    finally:
        if replaced.exists() and not path.exists():  # the new folder did not come into its place
            _move_back(replaced, path)
        shutil.rmtree(folder)


def _move_back(replaced, path):
    try:
        os.replace(replaced, path)
    except OSError as error:
        raise FerMdError(
            f"{path}: can be neither replaced nor moved back into its place ({error.strerror}); it is in {replaced}"
        ) from None


@contextlib.contextmanager
def working_directory(folder: Path | str) -> Iterator[None]:
    """``os.chdir`` for as long as the context lasts."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def path_cell(path: str) -> str:
    """A path as the cell of a CSV that no spreadsheet takes for a formula: ``=a.png`` becomes ``./=a.png``."""
    return f"./{path}" if path.startswith(("=", "+", "-", "@", "\t", "\r")) else path


def write_json(path: Path | str, value: Any) -> None:
    """Writes ``value`` as indented JSON, atomically; NaN and infinity are refused with ``ValueError``."""
    text = json.dumps(value, indent=2, allow_nan=False) + "\n"
    with atomic_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def read_json(path: Path | str) -> Any:
    """Reads a JSON file.

    Raises:
        FerMdError: the file is missing or is not JSON; the message names it.
    """
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise FerMdError(f"{path}: no such file") from None
    return parse_json(content, path)


def parse_json(content: str | bytes, where: Path | str) -> Any:
    """What a JSON text holds.

    Args:
        content: the text, or its bytes in UTF-8.
        where: file, and line in it, that an error names first.

    Raises:
        FerMdError: it is not JSON, is nested too deeply, or has NaN, infinity, or a number that is too large.
    """
    try:
        text = content.decode("utf-8") if isinstance(content, bytes) else content
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise FerMdError(f"{where}: not valid JSON ({error})") from None


def _refuse(constant):
    raise ValueError(f"{constant} is no number")


def _finite(text):
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number


def read_packaged(path: Path, sha256: str) -> bytes:
    """The content of a file in the package.

    Args:
        path: the file.
        sha256: of its content.

    Raises:
        FerMdError: the file cannot be read, or has other content.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FerMdError(f"{path}: cannot be read ({error.strerror}); install the package again") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise FerMdError(f"{path}: damaged, not the file that was made; install the package again")
    return content


def file_sha256(path: Path | str) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
