"""A large ``fer-md predict``: from any number of pictures to a folder of results that a second start completes."""

import collections
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from fer_md.errors import FerMdError
from fer_md.media.sources import Medium, count_media, find_media, unfold
from fer_md.prediction.parts import Parts, printable
from fer_md.prediction.picture_rows import Row
from fer_md.progress import Progress

BATCH = 32
"""Pictures that a worker is given at a time; a video is given alone."""

BATCH_BYTES = 2**24
"""Bytes of pictures out of tables beyond which no further one joins a batch."""

PART_ROWS, PART_SECONDS = 10_000, 60.0
"""A part is written as soon as it has so many rows, or its first is so old."""


class Workers(Protocol):
    """What makes the rows: `fer_md.prediction.picture_rows.PictureRows`, or several in other processes."""

    @property
    def expressions(self) -> tuple[str, ...]:
        """Names of the expressions, in the order of the probabilities."""
        ...

    def map(self, batches: Iterable[Sequence[Medium]]) -> Iterator[list[Row]]:
        """The rows of each batch, in any order of the batches. Few batches are taken ahead."""
        ...


def predict_parts(
    workers: Workers,
    paths: Iterable[Path | str],
    parts: Parts,
    on_problem: Callable[[FerMdError], object] | None = None,
) -> collections.Counter[str]:
    """Predicts all faces in pictures, folders, videos and tables that have no row yet.

    In memory are a few batches for each worker, the rows of a part, and the sources of all pictures. Ctrl-C ends it as
    if there were no more pictures: what is done is kept.

    Args:
        workers: make the rows.
        paths: see `fer_md.media.sources.find_media`.
        parts: where the rows go. A source that is in it, or came before, is passed over.
        on_problem: function called with an error for each path that is missing, each table that cannot be read, and
            each row with an error. None raises the first two instead.

    Returns:
        the numbers of ``faces``, of pictures, videos and frames ``without`` a face, of rows with ``errors``, and of
        sources done ``before``; after Ctrl-C also ``interrupted``, 1.

    Raises:
        FerMdError: a path is a camera; or, without ``on_problem``, missing.
    """
    media = find_media(paths, on_problem)
    if cameras := [medium.source for medium in media if medium.kind == "camera"]:
        raise FerMdError(f"{cameras[0]}: has no end, and the results are written in parts; name a .jsonl or .csv file")
    counts = collections.Counter(before=len(parts.done))
    with _Writer(parts) as writer, Progress("predicting", count_media(media), "files", len(parts.done)) as progress:
        try:
            for rows in workers.map(_batches(_missing(media, parts.done, on_problem))):
                writer.add(rows)
                errors = [row["error"] for row in rows if row["error"] is not None]
                counts.update(
                    faces=sum(row["face"] is not None for row in rows),
                    without=sum(row["face"] is None and row["error"] is None for row in rows),
                    errors=len(errors),
                )
                if on_problem is not None:
                    for error in errors:
                        on_problem(FerMdError(error))
                progress.advance(len({row["source"] for row in rows}))
        except KeyboardInterrupt:
            counts["interrupted"] = 1
    return counts


class _Writer:
    """Gathers rows into parts. What it has at the end is written, whatever ended it."""

    def __init__(self, parts):
        self._parts, self._rows, self._since = parts, [], 0.0

    def add(self, rows):
        self._since = self._since if self._rows else time.monotonic()
        self._rows += rows
        if len(self._rows) >= PART_ROWS or time.monotonic() - self._since >= PART_SECONDS:
            self._write()

    def _write(self):
        self._parts.write(self._rows)
        self._rows = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._rows:
            self._write()


def _missing(media, done, on_problem):
    seen = set(done)
    for medium in unfold(media, on_problem):
        if (source := printable(medium.source)) not in seen:
            seen.add(source)
            yield medium


def _batches(media):
    batch, size = [], 0
    for medium in media:
        if medium.kind == "video":
            yield [medium]
            continue
        batch.append(medium)
        size += len(medium.content or b"")
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
