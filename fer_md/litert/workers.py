"""A pool of threads that survives a fork, and the way to another process."""

import concurrent.futures
import os
from collections.abc import Callable, Iterable
from typing import Any


class Workers:
    """Threads that share work. A forked process has none of them and makes its own; a plain pool would wait forever.

    Args:
        count: of the threads, at least 1.
    """

    def __init__(self, count: int):
        self._count, self._process = count, 0
        self._pool: concurrent.futures.ThreadPoolExecutor

    def __reduce__(self):
        return Workers, (self._count,)

    def map(self, function: Callable[..., Any], *arguments: Iterable[Any]) -> Iterable[Any]:
        """What ``function`` returns for each of the arguments, in their order; work begins at once."""
        if self._process != os.getpid():
            self._pool = concurrent.futures.ThreadPoolExecutor(self._count)
            self._process = os.getpid()
        return self._pool.map(function, *arguments)
