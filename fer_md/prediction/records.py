"""Predictions as JSON lines or CSV: one row for each face of each frame."""

import contextlib
import csv
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from fer_md.errors import FerMdError
from fer_md.evaluation.prior import Prior, prior_text
from fer_md.files import atomic_file, check_new, check_writable, path_cell
from fer_md.media.sources import Frame
from fer_md.prediction.results import (
    BOX_COLUMNS,
    POINT68_COLUMNS,
    POINT_COLUMNS,
    QUALITY_COLUMNS,
    FacePrediction,
    as_columns,
)

Faces = Sequence[FacePrediction]

FORMATS = (".jsonl", ".csv")
"""Suffixes of the files that predictions are written to."""

_STATED = ("source", "frame", "time", "face", "track")
_COLUMNS = (*_STATED, *BOX_COLUMNS, *QUALITY_COLUMNS, "label", "prior", "prior_share")


def check_file(path: Path | str, overwrite: bool) -> None:
    """Raises `FerMdError` unless ``path`` ends in one of `FORMATS`, can be written, and is new or may be replaced."""
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise FerMdError(f"{path}: the name must end in {' or '.join(FORMATS)}, or in .parquet for a folder")
    if path.is_dir():
        raise FerMdError(f"{path}: is a folder; name a file")
    check_new(path, overwrite)
    check_writable(path.parent)


@contextlib.contextmanager
def open_records(
    path: Path | str | None,
    expressions: Sequence[str],
    prior: Prior | None = None,
    prior_share: float | None = None,
    landmarks68: bool = False,
) -> Iterator[Callable[[Frame, Faces], None]]:
    """Opens a file for predictions, which appears whole or not at all, in place of one that was there.

    Args:
        path: file whose name ends in one of `FORMATS`; None for JSON lines on stdout.
        expressions: names of the probabilities, in the order of their columns.
        prior, prior_share: that the probabilities are under, as the predictor has them; None for the network's own.
        landmarks68: whether the faces have 68 landmarks, which are then written too.

    Yields:
        function of a frame and its faces that writes a row for each face.

    Raises:
        FerMdError: the name ends in something else, or nothing can be written there.
    """
    used = used_prior(prior, prior_share)
    if path is None:
        yield lambda frame, faces: _write_json(sys.stdout, frame, faces, used)
        return
    check_file(path, overwrite=True)
    with (
        atomic_file(path) as partial,
        open(partial, "w", newline="", encoding="utf-8", errors="backslashreplace") as stream,
    ):
        if Path(path).suffix.lower() == ".jsonl":
            yield lambda frame, faces: _write_json(stream, frame, faces, used)
        else:
            points = (*POINT_COLUMNS, *(POINT68_COLUMNS if landmarks68 else ()))
            table = csv.DictWriter(stream, (*_COLUMNS, *expressions, *points), lineterminator="\n")
            table.writeheader()
            yield lambda frame, faces: table.writerows(_columns(frame, faces, used))


def used_prior(prior: Prior | None, prior_share: float | None) -> dict[str, Any]:
    """The fields of a row that say which prior the probabilities are under; None for the network's own."""
    return {"prior": prior_text(prior) if prior else None, "prior_share": prior_share if prior else None}


def face_rows(frame: Frame, faces: Faces, used: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yields a dict of JSON values for each face; pixels to 1/100, probabilities and seconds to 1e-6.

    Args:
        frame: where the faces are.
        faces: in their order.
        used: of `used_prior`.
    """
    for number, face in enumerate(faces):
        values = face.as_dict()
        points68 = _rounded_points(values["landmarks68"])
        yield {
            "source": frame.medium.source,
            "frame": frame.index,
            "time": _rounded(frame.time, 6),
            "face": number,
            "track": values["track"],
            "box": [round(value, 2) for value in values["box"]],
            "score": _rounded(values["score"], 4),
            "sharpness": _rounded(values["sharpness"], 4),
            "roll": _rounded(values["roll"], 1),
            "doubts": values["doubts"],
            "landmarks": _rounded_points(values["landmarks"]),
            **({} if points68 is None else {"landmarks68": points68}),
            "label": values["label"],
            **used,
            "probabilities": {name: round(value, 6) for name, value in values["probabilities"].items()},
        }


def _rounded(value, digits):
    return None if value is None else round(value, digits) + 0.0  # no -0.0


def _rounded_points(points):
    return None if points is None else [[round(value, 2) for value in point] for point in points]


def _write_json(stream, frame, faces, used):
    for row in face_rows(frame, faces, used):
        stream.write(json.dumps(row, allow_nan=False) + "\n")


def _columns(frame, faces, used):
    """The rows of the table: nested values as columns, None as an empty field."""
    for row in face_rows(frame, faces, used):
        stated = {name: row[name] for name in _STATED}
        yield stated | {"source": path_cell(row["source"]), **as_columns(row), **used}
