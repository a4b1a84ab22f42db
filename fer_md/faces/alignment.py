"""A face cut out of an image: by its eyes, which makes it level and of one size, or by its box.

Faces are framed as in FER2013. `EYE_DISTANCE` and `EYE_HEIGHT` are the medians over 1,246 of its first 1,500 images:
those in which MTCNN finds the eyes with a score above 0.95.
"""

from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np

from fer_md.errors import FerMdError
from fer_md.faces.detection import Box

EYE_DISTANCE = 0.37
"""Distance between the eyes in an aligned face, as a share of its side."""

EYE_HEIGHT = 0.385
"""Distance of the eyes from the upper edge of an aligned face, as a share of its side."""


MIN_EYE_DISTANCE = 0.15
"""Share of the box's longer side below which the eyes do not give a face's size: the face is seen from the side."""

CUT_BY = ("eyes", "box")
"""What a face is cut out by."""


class Located(Protocol):
    """A face that was found in a picture."""

    @property
    def box(self) -> Box: ...

    @property
    def landmarks(self) -> np.ndarray | None: ...


def cut_face(image: np.ndarray, face: Located, align: str = "eyes", size: int = 48) -> np.ndarray:
    """Cuts a face out of a picture as the networks see it in training.

    Args:
        image: (H, W, 3) RGB or (H, W) gray, uint8.
        face: where it is: a `Detection`, a face that `fer_md.Predictor` found, or anything with ``box`` and
            ``landmarks`` in pixels.
        align: one of `CUT_BY`.
        size: side of the result in pixels.

    Returns:
        (size, size) uint8, gray. Outside the image its edge is repeated.

    Raises:
        FerMdError: ``align`` is none of these, the image has another shape, or the box is not finite or empty.
    """
    if not isinstance(image, np.ndarray) or image.ndim not in (2, 3):
        raise FerMdError(
            f"image must be an array, (H, W, 3) or (H, W); got {getattr(image, 'shape', type(image).__name__)}"
        )
    crop = chosen_crop(face, align)
    if face.landmarks is not None and crop == "eyes":
        return align_eyes(image, face.landmarks, size)
    if face.landmarks is None and tuple(face.box) == whole_box(image):
        return fit_face(image, size)
    return crop_box(image, face.box, size)


def whole_box(image: np.ndarray) -> Box:
    """The box that is the whole picture."""
    height, width = image.shape[:2]
    return 0.0, 0.0, float(width), float(height)


def check_alignment(align: str) -> None:
    """`FerMdError` for what is none of `CUT_BY`."""
    if align not in CUT_BY:
        raise FerMdError(f"align must be one of {', '.join(CUT_BY)}; got {align!r}")


def chosen_crop(face: Located, align: str) -> str:
    """``"eyes"`` or ``"box"``: by what a face is cut out. The box is used where it is asked for, and where the eyes are
    unknown or too close to each other."""
    check_alignment(align)
    return "eyes" if align == "eyes" and face.landmarks is not None and _eyes_apart(face) else "box"


def _eyes_apart(face):
    left, right = np.asarray(face.landmarks, np.float64)[:2]
    return np.hypot(*(right - left)) >= max(1, MIN_EYE_DISTANCE * max(face.box[2:]))


def align_eyes(image: np.ndarray, landmarks: np.ndarray, size: int = 48, enlarge: float = 1.0) -> np.ndarray:
    """Turns, scales and shifts an image so that the eyes are level, central and `EYE_DISTANCE` apart.

    Args:
        image: (H, W) gray or (H, W, 3) RGB, uint8.
        landmarks: (P, 2) pixel coordinates x, y, P >= 2. The first is the eye on the left of the image, the second the
            one on the right.
        size: side of the result in pixels.
        enlarge: the square about the same middle has so many times the side; the eyes are closer by as much.

    Returns:
        (size, size) uint8, gray. Outside the image its edge is repeated.

    Raises:
        FerMdError: the image has another shape, a landmark is not finite, or the eyes are less than a pixel apart.
    """
    eyes = np.asarray(landmarks, np.float64)[:2]
    across = eyes[1] - eyes[0]
    distance = np.hypot(*across)
    if not (np.isfinite(eyes).all() and distance >= 1):
        raise FerMdError(f"the eyes must be at least a pixel apart; found {eyes.tolist()}")
    side = distance / EYE_DISTANCE
    down = np.array((-across[1], across[0])) / distance
    center = eyes.mean(0) + (0.5 - EYE_HEIGHT) * side * down
    return _cut_square(image, center, side * enlarge, across / distance, size)


def crop_box(image: np.ndarray, box: Sequence[float], size: int = 48, enlarge: float = 1.0) -> np.ndarray:
    """Cuts out the square about the middle of a box.

    Args:
        image: (H, W) gray or (H, W, 3) RGB, uint8.
        box: x, y, width, height in pixels; it may reach outside the image.
        size: side of the result in pixels.
        enlarge: side of the square as a multiple of the box's longer side. With 1, MTCNN's boxes, which are higher
            than wide, give the framing of FER2013.

    Returns:
        (size, size) uint8, gray. Outside the image its edge is repeated.

    Raises:
        FerMdError: the image has another shape, or the box is not finite or empty.
    """
    x, y, width, height = (float(value) for value in box)
    if not (np.isfinite((x, y, width, height)).all() and min(width, height) > 0 and enlarge > 0):
        raise FerMdError(f"box and enlarge must be finite and above 0; found {(x, y, width, height)}, {enlarge}")
    center = np.array((x + width / 2, y + height / 2)) - 0.5  # from edges to pixel centers
    return _cut_square(image, center, max(width, height) * enlarge, np.array((1.0, 0.0)), size)


def fit_face(image: np.ndarray, size: int = 48) -> np.ndarray:
    """Makes a picture that is a face already, such as a crop by a detector's box, as the networks see one.

    It keeps its shape: it is scaled to fit, and its mirror image fills the rest of the square.

    Args:
        image: (H, W) gray or (H, W, 3) RGB, uint8.
        size: side of the result in pixels.

    Returns:
        (size, size) uint8, gray.

    Raises:
        FerMdError: the image has another shape.
    """
    gray = _gray(image)
    scale = size / max(gray.shape)
    width, height = (max(1, round(length * scale)) for length in gray.shape[::-1])
    fitted = cv2.resize(gray, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = (size - width) // 2, (size - height) // 2
    return cv2.copyMakeBorder(fitted, top, size - height - top, left, size - width - left, cv2.BORDER_REFLECT_101)


def crop_center(image: np.ndarray, size: int = 48) -> np.ndarray:
    """Cuts out the largest square in the middle of an image; arguments and result are those of `crop_box`."""
    height, width = image.shape[:2]
    side = min(height, width)
    return crop_box(image, ((width - side) / 2, (height - side) / 2, side, side), size)


def _cut_square(image, center, side, across, size):
    """Samples a turned square of an image.

    Args:
        center: (2,) x, y of the square's middle, in pixels.
        side: its side in pixels.
        across: (2,) unit vector along its upper edge.

    Returns:
        (size, size) uint8, gray.
    """
    window, corner = _window(_gray(image), center, 0.75 * side + 2)  # its half diagonal is 0.71 sides
    shrink = np.ones(2)
    if size < side:  # bilinear sampling alone would skip pixels
        shrunk = [max(1, round(length * size / side)) for length in window.shape[::-1]]
        shrink = np.array(shrunk) / window.shape[::-1]
        window = cv2.resize(window, shrunk, interpolation=cv2.INTER_AREA)
    linear = np.stack([across, (-across[1], across[0])], axis=1) * side / size
    offset = center - corner - linear @ np.full(2, (size - 1) / 2)
    matrix = np.column_stack([linear * shrink[:, None], (offset + 0.5) * shrink - 0.5])
    return cv2.warpAffine(
        window, matrix, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )


def _gray(image):
    if image.dtype != np.uint8 or not image.size or image.ndim not in (2, 3) or image.shape[2:] not in ((), (3,)):
        raise FerMdError(f"an image must be (H, W) or (H, W, 3) uint8; found {image.shape} {image.dtype}")
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def _window(image, center, radius):
    """The part of an image within ``radius`` of ``center``, at least one pixel, and its corner (2,) x, y."""
    last = np.array(image.shape[::-1]) - 1
    low = np.clip(np.floor(center - radius), 0, last).astype(int)
    high = np.clip(np.ceil(center + radius), 0, last).astype(int)
    return image[low[1] : high[1] + 1, low[0] : high[0] + 1], low
