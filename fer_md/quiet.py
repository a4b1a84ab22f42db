"""Silence for libraries that write to the process's stderr themselves."""

import contextlib
import os


@contextlib.contextmanager
def quiet_stderr():
    """Sends what is written on the file descriptor of stderr to nowhere while the context lasts."""
    kept, sink = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(sink)
