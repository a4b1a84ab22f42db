"""Many small images on one sheet, each with its caption."""

from collections.abc import Sequence

import cv2
import numpy as np

from fer_md.errors import FerMdError

_GAP, _CAPTION_HEIGHT, _PAPER, _INK = 4, 14, 255, 0


def contact_sheet(
    images: Sequence[np.ndarray], captions: Sequence[str] | None = None, columns: int = 7, scale: int = 2
) -> np.ndarray:
    """Lays images out in rows.

    Args:
        images: non-empty sequence of uint8 arrays of one shape, (H, W) gray or (H, W, 3) colour.
        captions: a str for each image, drawn below it, or None.
        columns: images in a row.
        scale: enlargement, an int of 1 or more.

    Returns:
        uint8 sheet, (rows, columns) of cells, gray or colour as the images are.

    Raises:
        FerMdError: no images, images of several shapes, or not one caption for each image.
    """
    images = [np.asarray(image) for image in images]
    if len({image.shape for image in images}) != 1:
        raise FerMdError(f"a contact sheet needs images of one shape, got {sorted({i.shape for i in images})}")
    if captions is not None and len(captions) != len(images):
        raise FerMdError(f"a contact sheet needs one caption for each image, got {len(captions)} for {len(images)}")
    height, width = (side * scale for side in images[0].shape[:2])
    cell = height + _GAP + (_CAPTION_HEIGHT if captions else 0), width + _GAP
    rows = -(-len(images) // columns)
    sheet = np.full((rows * cell[0] + _GAP, columns * cell[1] + _GAP, *images[0].shape[2:]), _PAPER, np.uint8)
    for index, image in enumerate(images):
        top, left = _GAP + index // columns * cell[0], _GAP + index % columns * cell[1]
        sheet[top : top + height, left : left + width] = image.repeat(scale, 0).repeat(scale, 1)
        if captions:
            _write(sheet[top + height : top + height + _CAPTION_HEIGHT, left : left + width], captions[index])
    return sheet


def _write(area, text):
    """Draws ``text`` into ``area``, a view of the sheet, smaller where it would not fit."""
    font = cv2.FONT_HERSHEY_SIMPLEX
    (length, _), _ = cv2.getTextSize(text, font, 0.4, 1)
    size = 0.4 * min(1.0, area.shape[1] / max(length, 1))
    ink = (_INK,) * (area.shape[2] if area.ndim == 3 else 1)
    canvas = np.ascontiguousarray(area)
    cv2.putText(canvas, text, (0, _CAPTION_HEIGHT - 4), font, size, ink, 1, cv2.LINE_AA)
    area[:] = canvas
