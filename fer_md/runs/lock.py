"""One process works in a folder at a time."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from fer_md.errors import FerMdError


@contextlib.contextmanager
def folder_lock(folder: Path | str) -> Iterator[None]:
    """Holds a folder, by its hidden file ``.lock``; the system gives it back when the process ends, however.

    Args:
        folder: which must be there.

    Raises:
        FerMdError: another process works in it.
    """
    with open(Path(folder) / ".lock", "w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FerMdError(
                f"{folder}: another process is working in it; wait for its end, or name another folder"
            ) from None
        yield
