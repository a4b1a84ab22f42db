"""One process trains in a run's folder at a time."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from fer_md.errors import FerMdError


@contextlib.contextmanager
def run_lock(run_dir: Path | str) -> Iterator[None]:
    """Holds a run's folder, by its hidden file ``.lock``; the system gives it back when the process ends, however.

    Args:
        run_dir: the folder, which must be there.

    Raises:
        FerMdError: another process trains in it.
    """
    with open(Path(run_dir) / ".lock", "w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FerMdError(
                f"{run_dir}: another process is training in it; wait for its end, or name another folder"
            ) from None
        yield
