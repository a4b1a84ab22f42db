"""Progress on the console, with the time that is left, for all that takes more than a few seconds."""

import sys
import time
from typing import Any

LOG_SECONDS = 15.0
"""Least time between two lines where the output is no terminal."""


def format_seconds(seconds: float) -> str:
    """``75 -> '1:15'``, ``4000 -> '1:06:40'``."""
    minutes, seconds = divmod(int(round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


class Progress:
    """A line that says how far a loop is and how long it will still take.

    It is written to stderr. On a terminal it is redrawn in place. Elsewhere, such as in a log file, a new line is
    printed at most every `LOG_SECONDS`. Nothing is printed in the first two seconds.

    Args:
        label: what is being done, for example ``"reading fer2013.csv"``.
        total: number of units, or None where it is not known.
        unit: what is counted, for example ``"images"``.
        done: number of units that an earlier, interrupted run has done.

    Examples:
        >>> with Progress("drawing faces", 1000, "faces") as progress:
        ...     for face in faces:
        ...         progress.advance()
    """

    def __init__(self, label: str, total: int | None = None, unit: str = "", done: int = 0):
        self.label, self.total, self.unit = label, total, unit
        self.done = self._first = done
        self._stream = sys.stderr
        self._seconds = 0.2 if self._stream.isatty() else LOG_SECONDS
        self._start = time.monotonic()
        self._next = self._start + 2.0
        self._shown = False

    def advance(self, count: int = 1, note: str = "") -> None:
        """Counts ``count`` more units; ``note`` is shown at the end of the line."""
        self.done += count
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._seconds
            self._show(now, note)

    def _show(self, now, note):
        elapsed = now - self._start
        rate = (self.done - self._first) / max(elapsed, 1e-9)
        parts = [f"{self.label}: {self.done}" + (f"/{self.total}" if self.total else "") + f" {self.unit}".rstrip()]
        parts.append(f"{rate:.0f}/s" if rate >= 10 else f"{rate:.2f}/s")
        if self.total and rate > 0:
            parts.append(f"{format_seconds((self.total - self.done) / rate)} left")
        if note:
            parts.append(note)
        line = "  ".join(parts)
        self._stream.write(f"\r\033[K{line}" if self._stream.isatty() else f"{line}\n")
        self._stream.flush()
        self._shown = True

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *exc_info: Any) -> None:
        if self._shown and self._stream.isatty():
            self._stream.write("\r\033[K")
            self._stream.flush()
