"""Outputs that appear whole or not at all: written beside their place, then renamed into it."""

import contextlib
import errno
import functools
import glob
import hashlib
import json
import os
import platform
import re
import shutil
import tempfile
from pathlib import Path

from fer_md.errors import FerMdError

FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""No space left: on the disk, of the user's share, or under a limit of the size."""

_HOST = re.sub(r"[^0-9A-Za-z]", "", platform.node())
"""In temporary names: the processes of another machine or container that shares a folder cannot be asked for."""


@contextlib.contextmanager
def atomic_file(path):
    """Yields a temporary path beside ``path``; renames it into place on success, removes it on failure.

    What killed processes of this machine left behind in the folder is removed first.

    Args:
        path: the file to write; its folder is created.

    Yields:
        ``pathlib.Path`` of the temporary file, in the same folder and with the same suffix.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_left_files(path.parent)
    partial = _beside(path, path.stem, "partial", path.suffix)
    try:
        yield partial
        with open(partial, "rb") as written:
            os.fsync(written.fileno())
        os.replace(partial, path)
    except OSError as error:
        _name(error, partial, path)
        raise
    finally:
        partial.unlink(missing_ok=True)


def check_writable(folder):
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


def _beside(path, name, kind, suffix=""):
    """The hidden place beside ``path`` that belongs to this process; ``_remove_left...`` below read such names."""
    return path.with_name(f".{name}.{kind}-{_HOST}-{os.getpid()}{suffix}")


def _name(error, partial, path):
    """Lets the error of a write say which file it was; the one being written goes by a temporary name."""
    if error.errno in FULL_DISK or str(error.filename) == str(partial):
        error.filename = str(path)


@contextlib.contextmanager
def atomic_directory(path, overwrite=False):
    """Yields a temporary folder beside ``path``; renames it into place on success, removes it on failure.

    What a killed process of this machine left behind of the same folder is removed first, or put back where it is the
    only one.

    Args:
        path: the folder to make.
        overwrite: replace a folder that is there already.

    Yields:
        ``pathlib.Path`` of the empty temporary folder.

    Raises:
        FerMdError: ``path`` exists and ``overwrite`` is false.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(path)
    if path.exists() and not overwrite:
        raise FerMdError(f"{path}: exists already; pass --overwrite to replace it, or name another folder")
    partial = _beside(path, path.name, "partial")
    partial.mkdir()
    try:
        yield partial
        replaced = _beside(path, path.name, "replaced")
        if path.exists():
            os.replace(path, replaced)
        os.replace(partial, path)
        shutil.rmtree(replaced, ignore_errors=True)
    except OSError as error:
        _name(error, partial, path)
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@functools.cache
def _remove_left_files(folder):
    """Once a process and folder, which may be one of many pictures. This process's own are still being written."""
    for leftover in folder.glob(".*.partial-*"):
        match = re.fullmatch(rf"\..+\.partial-{_HOST}-(\d+)(\.[^.]+)?", leftover.name)
        own = match and int(match[1]) == os.getpid()
        if match and leftover.is_file() and not own and not _is_running_elsewhere(int(match[1])):
            with contextlib.suppress(OSError):
                leftover.unlink()


def _remove_leftovers(path):
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*-*"):
        match = re.fullmatch(rf"(partial|replaced)-{_HOST}-(\d+)", leftover.name[len(path.name) + 2 :])
        if match and not _is_running_elsewhere(int(match[2])):
            if match[1] == "replaced" and not path.exists():
                os.replace(leftover, path)  # killed between the two renames: the old folder is the only one
            else:
                shutil.rmtree(leftover, ignore_errors=True)


def _is_running_elsewhere(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid != os.getpid()


def write_json(path, value):
    """Writes ``value`` as indented JSON, atomically; NaN and infinity are refused with ``ValueError``."""
    text = json.dumps(value, indent=2, allow_nan=False) + "\n"
    with atomic_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def read_json(path):
    """Reads a JSON file.

    Raises:
        FerMdError: the file is missing or is not JSON; the message names it.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FerMdError(f"{path}: no such file") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise FerMdError(f"{path}: not valid JSON ({error})") from None


def file_sha256(path):
    """SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
