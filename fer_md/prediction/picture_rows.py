"""What one worker does of a large prediction: from a few pictures and videos to their rows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from fer_md.errors import FerMdError
from fer_md.media.sources import Medium, read_media
from fer_md.prediction.predictor import Predictor
from fer_md.prediction.records import face_rows, used_prior
from fer_md.prediction.results import as_columns
from fer_md.prediction.tracks import chosen_tracks

Row = dict[str, Any]
"""JSON values of a face, as ``fer-md predict`` writes them, with ``error``. A picture or video without a face has one
row, whose ``face`` is None; so has what was wrong with one."""

_NOTHING = ("frame", "time", "face", "track", "box", "score", "sharpness", "roll", "doubts", "landmarks", "label")


class PictureRows:
    """Predicts pictures and videos in one process.

    Args:
        make: function that makes the predictor; it is called here, where the rows are made.
        every, track, smoothing: see `fer_md.prediction.predict_media.predict_media`.

    Raises:
        FerMdError: ``smoothing`` is not a finite number of at least 0.
    """

    def __init__(self, make: Callable[[], Predictor], every: int = 1, track: bool = False, smoothing: float = 0.0):
        self._follow = chosen_tracks(track, smoothing)
        self._predictor = make()
        self.used = used_prior(self._predictor.prior, self._predictor.prior_share)
        self._every = every

    @property
    def expressions(self) -> tuple[str, ...]:
        """Names of the expressions, in the order of the probabilities."""
        return self._predictor.expressions

    def __call__(self, media: Sequence[Medium]) -> list[Row]:
        """The rows of pictures and videos with different sources, in their order; no error is raised for one."""
        used = self.used
        rows: dict[str, list[Row]] = {medium.source: [] for medium in media}
        errors: dict[str, FerMdError] = {}

        def frames():
            for medium in media:
                try:
                    yield from read_media([medium], self._every)
                except FerMdError as error:
                    errors[medium.source] = error

        for frame, faces in self._follow(self._predictor.stream(frames())):
            rows[frame.medium.source] += [row | {"error": None} for row in face_rows(frame, faces, used)]
        for source, found in rows.items():
            if source in errors:
                found.append(empty_row(source, used, str(errors[source])))
            elif not found:
                found.append(empty_row(source, used, None))
        return [row for found in rows.values() for row in found]

    def map(self, batches: Iterable[Sequence[Medium]]) -> Iterator[list[Row]]:
        """The rows of each batch in turn."""
        return map(self, batches)


def empty_row(source: str, used: Row, error: str | None) -> Row:
    """The row of a picture or video without a face.

    Args:
        source: of the medium.
        used: of `fer_md.prediction.records.used_prior`.
        error: what was wrong with it; None where it was looked at.
    """
    return {"source": source} | dict.fromkeys(_NOTHING) | used | {"probabilities": None, "error": error}


def flat(row: Row) -> Row:
    """A row of a table, with a column for each number; None where there is none."""
    stated = {name: row[name] for name in ("source", "frame", "time", "face", "track", "prior", "prior_share", "error")}
    if row["face"] is None:
        return stated
    return stated | as_columns(row)
