"""Faces drawn into their pictures: box, landmarks, label, and a bar for each probability."""

from collections.abc import Sequence

import cv2
import numpy as np

from fer_md.errors import FerMdError
from fer_md.media.contact_sheet import contact_sheet
from fer_md.prediction.results import FacePrediction

SMALLEST = 480
"""Longer side in pixels below which a picture is enlarged, so that what is written in it can be read."""

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_INK, _BAR, _BEST, _POINT = (255, 255, 255), (120, 170, 230), (255, 190, 60), (80, 255, 120)
_POINT68 = (90, 220, 255)


def annotate(image: np.ndarray, faces: Sequence[FacePrediction]) -> np.ndarray:
    """Draws faces into a copy of their picture.

    Args:
        image: (H, W, 3) uint8 RGB.
        faces: what was found in it.

    Returns:
        (H * f, W * f, 3) uint8 RGB. f is 1 except for pictures below `SMALLEST` pixels, and depends on the size alone.
    """
    factor = max(1, -(-SMALLEST // max(image.shape[:2])))
    canvas = np.ascontiguousarray(image.repeat(factor, 0).repeat(factor, 1))
    unit = max(0.4, min(canvas.shape[:2]) / 1000)  # size of the letters, whose height is 22 pixels at 1
    thickness = max(1, round(2 * unit))
    for face in faces:
        x, y, width, height = (round(value * factor) for value in face.box)
        cv2.rectangle(canvas, (x, y), (x + width - 1, y + height - 1), _BEST, thickness)
        _draw_points(canvas, face.landmarks68, factor, thickness, _POINT68)
        _draw_points(canvas, face.landmarks, factor, thickness + 1, _POINT)
        _draw_bars(canvas, (x, y, width), face, unit)
    return canvas


def _draw_points(canvas, points, factor, radius, color):
    for point in () if points is None else np.clip(points, -1e4, 1e5):
        cv2.circle(canvas, [round(float(value) * factor) for value in point], radius, color, -1, cv2.LINE_AA)


def _draw_bars(canvas, place, face, unit):
    """Draws the panel of probabilities: right of the box, left of it, or wherever there is room."""
    x, y, width = place
    row, names = round(30 * unit), face.probabilities
    panel_width = min(round(330 * unit), canvas.shape[1])
    panel_height = min(row * (len(names) + 1), canvas.shape[0])
    left = x + width + 4 if x + width + 4 + panel_width <= canvas.shape[1] else x - 4 - panel_width
    left = int(np.clip(left, 0, canvas.shape[1] - panel_width))
    top = int(np.clip(y, 0, canvas.shape[0] - panel_height))
    panel = canvas[top : top + panel_height, left : left + panel_width]
    shaded = np.ascontiguousarray(panel // 3)
    best = names[face.label]
    number = "" if face.track is None else f"{face.track}: "
    _write(shaded, f"{number}{face.label} {100 * best:.0f} %", (0, row), unit, _BEST)
    for index, (name, probability) in enumerate(names.items()):
        low, high = row * (index + 1), row * (index + 2)
        start = round(160 * unit)
        end = start + round((panel_width - start - 4) * probability)
        color = _BEST if name == face.label else _BAR
        cv2.rectangle(shaded, (start, low + row // 5), (end, high - row // 5), color, -1)
        _write(shaded, name, (low, high), 0.85 * unit, _INK)
    panel[:] = shaded


def _write(panel, text, rows, size, color):
    baseline = rows[1] - round(0.3 * (rows[1] - rows[0]))
    cv2.putText(panel, text, (4, baseline), _FONT, size, color, max(1, round(1.5 * size)), cv2.LINE_AA)


def annotated_sheet(
    images: Sequence[np.ndarray],
    faces: Sequence[Sequence[FacePrediction]],
    captions: Sequence[str] | None = None,
    columns: int = 4,
    side: int = 480,
) -> np.ndarray:
    """Annotated pictures of any sizes on one sheet.

    Args:
        images: N pictures, (H, W, 3) uint8 RGB.
        faces: what was found in each of them.
        captions: N texts, drawn below the pictures, or None.
        columns: pictures in a row.
        side: edge in pixels of the square that each picture is fitted into.

    Returns:
        uint8 RGB sheet.

    Raises:
        FerMdError: there are no pictures, or ``faces`` or ``captions`` has another number of entries.
    """
    if len(faces) != len(images):
        raise FerMdError(f"a sheet needs one list of faces for each picture; got {len(faces)} for {len(images)}")
    cells = [_fit(annotate(image, found), side) for image, found in zip(images, faces, strict=True)]
    return contact_sheet(cells, captions, columns, scale=1)


def _fit(image, side):
    """Scales a picture into the middle of a white square."""
    scale = side / max(image.shape[:2])
    size = [max(1, round(length * scale)) for length in image.shape[1::-1]]
    cell = np.full((side, side, 3), 255, np.uint8)
    left, top = ((side - length) // 2 for length in size)
    cell[top : top + size[1], left : left + size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cell
