"""Boxes of faces that the user knows already: read from a file, they take the place of a detector."""

import csv
import math
import os
from collections.abc import Callable
from pathlib import Path

from fer_md.errors import FerMdError
from fer_md.faces.detection import Box, clip_box
from fer_md.files import parse_json
from fer_md.media.sources import Frame
from fer_md.prediction.records import FORMATS

_SIDES = ("x", "y", "width", "height")


class OwnBoxes:
    """Boxes of a file, looked up by picture or by video and frame.

    The file is a CSV with the columns ``source``, ``x``, ``y``, ``width``, ``height``, or it holds JSON lines with
    ``source`` and ``box``. Rows of videos have ``frame`` too. ``fer-md predict`` writes such files.

    Args:
        path: the file, .csv or .jsonl. In it, ``source`` is any path that leads to the picture or video.
        on_problem: function called with an error for each box that has no pixel in its picture, and for each picture
            without a box.

    Raises:
        FerMdError: the file or one of its rows cannot be read; the message names the line.
    """

    def __init__(self, path: Path | str, on_problem: Callable[[FerMdError], object]):
        self.path, self._on_problem = Path(path), on_problem
        self._boxes: dict[tuple[str, int | None], list[Box]] = {}
        for line, row in _rows(self.path):
            source, frame, box = _parse(row, f"{path}: line {line}")
            self._boxes.setdefault((os.path.abspath(source), frame), []).append(box)

    def of(self, frame: Frame) -> list[Box]:
        """The boxes of a frame, clipped to it; there may be none."""
        source = frame.medium.source
        boxes = self._boxes.get((os.path.abspath(source), frame.index), [])
        if not boxes and frame.index is None:
            self._on_problem(FerMdError(f"{source}: {self.path} has no box for it"))
        clipped = [clip_box(box, frame.image.shape) for box in boxes]
        for box, rest in zip(boxes, clipped, strict=True):
            if rest is None:
                height, width = frame.image.shape[:2]
                self._on_problem(FerMdError(f"{source}: box {list(box)} has no pixel in the {width}x{height} picture"))
        return [box for box in clipped if box]


def _rows(path):
    """Yields (number of the line, dict) of a CSV or JSON-lines file."""
    if path.suffix.lower() not in FORMATS:
        raise FerMdError(f"{path}: the name of a file of boxes must end in {' or '.join(FORMATS)}")
    try:
        with open(path, newline="", encoding="utf-8-sig") as stream:
            if path.suffix.lower() == ".csv":
                table = csv.DictReader(stream)
                if lacking := {"source", *_SIDES} - set(table.fieldnames or ()):
                    raise FerMdError(
                        f"{path}: has no column {', '.join(sorted(lacking))}; columns are separated by commas"
                    )
                yield from ((table.line_num, row) for row in table)
            else:
                yield from (
                    (number, parse_json(line, f"{path}: line {number}"))
                    for number, line in enumerate(stream, 1)
                    if line.strip()
                )
    except OSError as error:
        raise FerMdError(f"{path}: cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise FerMdError(f"{path}: neither CSV nor JSON lines as its name says ({error})") from None


def _parse(row, place):
    """(source, frame or None, box) of a row."""
    try:
        box = tuple(float(value) for value in (row["box"] if "box" in row else [row[name] for name in _SIDES]))
        frame = None if row.get("frame") in (None, "") else int(row["frame"])
        sound = len(box) == 4 and all(map(math.isfinite, box)) and isinstance(row["source"], str)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        sound = False
    if not sound:
        raise FerMdError(f"{place}: must have source, finite x, y, width, height (or box), and for videos frame")
    return row["source"], frame, box
