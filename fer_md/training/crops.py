"""Square crops of faces for a network that finds landmarks, and the way back into the image."""

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike

from fer_md.data.records import Split
from fer_md.faces.cascade_training import mirror
from fer_md.faces.face_frame import box_of, jitter_boxes, reduce_images
from fer_md.faces.shape_model import inverse, transform
from fer_md.progress import Progress
from fer_md.readers.annotated import AnnotatedFaces

SIDE = 1.4
"""Side of a crop as a share of its box's mean edge: room for landmarks that a misplaced box leaves out."""



@dataclasses.dataclass(frozen=True)
class Placement:
    """How training crops are misplaced: standard deviations.

    Attributes:
        shift: of the center in x and in y, as a share of the box's mean edge.
        spread: of the logarithm of the size.
        turn: of the rotation, in degrees.
    """

    shift: float = 0.06
    spread: float = 0.08
    turn: float = 6.0


def crop_frames(boxes: ArrayLike, size: int, angles: ArrayLike = 0.0) -> tuple[np.ndarray, np.ndarray]:
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


def from_shares(shares: np.ndarray, boxes: ArrayLike, size: int) -> np.ndarray:
    """What a network answers, (N, 68, 2) shares of a crop's edge, as (N, 68, 2) float64 pixels of the images."""
    return transform(crop_frames(boxes, size), (np.asarray(shares, np.float64) + 0.5) * size - 0.5)


def training_crops(
    faces: AnnotatedFaces, starts: int, size: int, seed: int, placement: Placement | None = None
) -> Split:
    """Crops from boxes misplaced as by a detector, each also turned a little, and every other one in a mirror.

    Args:
        faces: `fer_md.readers.annotated.AnnotatedFaces`.
        starts: boxes drawn for each face, as for the alignment cascade (`fer_md.faces.face_frame.jitter_boxes`).
        size: side of the crops in pixels.
        seed: of the boxes and angles.
        placement: how far the boxes are off; None for the default.

    Returns:
        `fer_md.data.records.Split` of starts * N crops without labels; the landmarks are in pixels of the crop.
    """
    placement = placement or Placement()
    rng, count = np.random.default_rng(seed), len(faces.images)
    mirrored = [mirror(*pair) for pair in zip(faces.images, faces.landmarks, strict=True)]
    sides = (faces.images, faces.landmarks), tuple(zip(*mirrored, strict=True))
    crops, points = [], []
    with Progress("cropping faces", starts * count, "crops") as progress:
        for start in range(starts):
            images, landmarks = sides[start % 2]
            landmarks = np.asarray(landmarks)
            boxes = jitter_boxes(box_of(landmarks), rng, placement.shift, placement.spread)
            angles = np.radians(placement.turn) * rng.standard_normal(count)
            crops.append(cut_crops(images, boxes, size, angles))
            points.append(transform(inverse(crop_frames(boxes, size, angles)), landmarks))
            progress.advance(count)
    return Split(
        images=np.concatenate(crops),
        labels=np.full(starts * count, -1, np.int32),
        keys=[f"{index}/{start}" for start in range(starts) for index in range(count)],
        votes=None,
        landmarks=np.concatenate(points).astype(np.float32),
        subjects=list(faces.people) * starts,
    )
