"""Square crops of faces for a network that finds landmarks, and the way back into the image."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike

from fer_md.faces.face_frame import reduce_images
from fer_md.faces.shape_model import Similarity, transform

SIDE = 1.4
"""Side of a crop as a share of its box's mean edge: room for landmarks that a misplaced box leaves out."""


def crop_frames(boxes: ArrayLike, size: int, angles: ArrayLike = 0.0) -> Similarity:
    """The similarities that lead from crops to images.

    Args:
        boxes: (N, 4) x, y, width, height of the boxes around the landmarks, roughly.
        size: side of the crops in pixels.
        angles: rotation of the crop in the image in radians, (N,) or one number.

    Returns:
        (scale, shift), two complex arrays (N,): see `fer_md.faces.shape_model.transform`.
    """
    boxes = np.asarray(boxes, np.float64)
    centers = boxes[:, :2] + boxes[:, 2:] / 2
    scale = SIDE * boxes[:, 2:].mean(1) / size * np.exp(1j * np.asarray(angles))
    middle = (size - 1) / 2  # whole coordinates are the centers of pixels
    return scale, centers[:, 0] + 1j * centers[:, 1] - scale * middle * (1 + 1j)


def cut_crops(images: Sequence[np.ndarray], boxes: np.ndarray, size: int, angles: ArrayLike = 0.0) -> np.ndarray:
    """Cuts the faces out; pixels from outside an image repeat its edge.

    Args:
        images: list of N grayscale images (H, W) uint8, of any sizes.
        boxes, size, angles: see `crop_frames`.

    Returns:
        (N, size, size) uint8.
    """
    reduced, factors, corners = reduce_images(images, boxes, size / SIDE)
    crops = np.empty((len(images), size, size), np.uint8)
    for index, (scale, shift) in enumerate(zip(*crop_frames(boxes, size, angles), strict=True)):
        matrix = np.array([[scale.real, -scale.imag, shift.real], [scale.imag, scale.real, shift.imag]])
        matrix[:, 2] -= corners[index, 0]
        matrix /= factors[index].T
        cv2.warpAffine(
            reduced[index],
            matrix,
            (size, size),
            crops[index],
            cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            cv2.BORDER_REPLICATE,
        )
    return crops


def as_shares(points: np.ndarray, size: int) -> np.ndarray:
    """Points (..., 2) of a crop in pixels, from its middle as shares of its edge: 0.5 is the right or lower border."""
    return (points + 0.5) / size - 0.5


def from_shares(shares: np.ndarray, boxes: ArrayLike, size: int, angles: ArrayLike = 0.0) -> np.ndarray:
    """What a network answers, (N, P, 2) shares of a crop's edge, as (N, P, 2) float64 pixels of the images.

    Args:
        shares: of crops that `cut_crops` cut.
        boxes, size, angles: as they were cut.
    """
    return transform(crop_frames(boxes, size, angles), (np.asarray(shares, np.float64) + 0.5) * size - 0.5)
