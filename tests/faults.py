"""Operations on files that fail: opening, writing, closing, syncing, renaming, making a folder."""

import builtins
import contextlib
import io
import itertools
import os
from collections.abc import Callable, Iterator
from unittest import mock


class FailingFile:
    """A file open for writing whose writes, and whose end, are operations that may fail; half of a write is done."""

    def __init__(self, file, operate):
        self._file, self._operate = file, operate

    def __getattr__(self, name):
        return getattr(self._file, name)

    def write(self, data):
        try:
            self._operate("write")
        except BaseException:
            self._file.write(data[: len(data) // 2])
            raise
        return self._file.write(data)

    def close(self):
        if not self._file.closed:
            self._file.close()
            self._operate("close")

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()


@contextlib.contextmanager
def failing(number: int, error: Callable[[], BaseException], lasting: bool) -> Iterator[list[str]]:
    """Lets the ``number``-th operation on files fail, counted from 1, and with ``lasting`` all after it.

    Yields:
        the names of the operations so far.
    """
    seen: list[str] = []

    def operate(name):
        seen.append(name)
        if len(seen) == number or (lasting and len(seen) > number):
            raise error()

    def opens(file, mode="r", *arguments, **named):
        writes = set(mode) & set("wax+")
        if writes:
            operate("open")
        found = kept_open(file, mode, *arguments, **named)
        return FailingFile(found, operate) if writes else found

    def patched(module, name):
        own = getattr(module, name)

        def call(*arguments, **named):
            operate(name)
            return own(*arguments, **named)

        return mock.patch.object(module, name, call)

    kept_open = builtins.open
    with contextlib.ExitStack() as stack:
        for module in (builtins, io):
            stack.enter_context(mock.patch.object(module, "open", opens))
        for name in ("fsync", "replace", "mkdir"):
            stack.enter_context(patched(os, name))
        yield seen


def every_fault(
    prepare: Callable[[], object], action: Callable[[], object], error: Callable[[], BaseException]
) -> Iterator[tuple[str, BaseException | None]]:
    """Does ``action`` with its first operation on files failing, then with its second, and so on to the last; then
    again with all that follow failing too. ``prepare`` goes before each.

    Yields:
        (the operation that failed, what was raised or None), while the state is as the action left it.
    """
    for lasting in (False, True):
        for number in itertools.count(1):
            prepare()
            raised = None
            with failing(number, error, lasting) as seen:
                try:
                    action()
                except Exception as found:
                    raised = found
            if len(seen) < number:
                break
            yield f"{seen[number - 1]}, the {number}. operation{' and all after it' * lasting}", raised
