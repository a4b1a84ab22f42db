"""Crops of faces that a network learns landmarks from, and of what is no face."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from fer_md.data.records import Split
from fer_md.faces.cascade_training import mirror
from fer_md.faces.crops import crop_frames, cut_crops
from fer_md.faces.face_frame import box_of, jitter_boxes
from fer_md.faces.regions import NEGATIVE, iou
from fer_md.faces.shape_model import inverse, transform
from fer_md.progress import Progress
from fer_md.readers.annotated import AnnotatedFaces


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


_SIDES = (0.15, 0.6)
"""Least and greatest side of a box without a face, as a share of the picture's shorter side."""

_TRIES = 200


def empty_boxes(shape: tuple[int, ...], faces: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draws square boxes that are no face, anywhere in a picture and of all sizes.

    Args:
        shape: of the picture, (H, W, ...).
        faces: (M, 4) boxes x, y, width, height of its faces, M >= 0.
        count: boxes that are wanted.
        rng: ``numpy.random.Generator``.

    Returns:
        (K, 4), K at most ``count``: each overlaps every face by less than `fer_md.faces.regions.NEGATIVE`. There are
        fewer where faces fill the picture.
    """
    height, width = shape[:2]
    sides = min(height, width) * np.exp(rng.uniform(np.log(_SIDES[0]), np.log(_SIDES[1]), _TRIES))
    corners = rng.uniform(0, 1, (_TRIES, 2)) * (np.array((width, height)) - sides[:, None])
    boxes = np.column_stack([corners, sides, sides])
    return boxes[iou(boxes, faces).max(1, initial=0) < NEGATIVE][:count]


def crops_without_faces(
    images: Sequence[np.ndarray], faces: Sequence[np.ndarray], count: int, size: int, seed: int
) -> np.ndarray:
    """Crops of what is no face, as many from each picture, as far as it has them.

    Args:
        images: grayscale pictures (H, W) uint8.
        faces: for each picture the boxes (M, 4) of all its faces.
        count: crops that are wanted.
        size: side of the crops in pixels.
        seed: of the boxes.

    Returns:
        (K, size, size) uint8, K at most ``count``.
    """
    rng, most = np.random.default_rng(seed), -(-count // len(images))
    found = [empty_boxes(image.shape, own, most, rng) for image, own in zip(images, faces, strict=True)]
    sources = [image for image, boxes in zip(images, found, strict=True) for _ in boxes]
    chosen = np.sort(rng.permutation(len(sources))[:count])
    return cut_crops([sources[row] for row in chosen], np.concatenate(found)[chosen], size)
