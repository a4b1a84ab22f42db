"""Faces and their points on the way into a shape model's frame, and misplaced points to start a search from."""

from collections.abc import Sequence

import cv2
import numpy as np

from fer_md.faces.hog import hog_at
from fer_md.faces.shape_model import ShapeModel, Similarity, fit_similarity, inverse, transform

_SHRINK = 1.5
"""Faces that are larger than in the frame by this factor are first reduced by averaging, against aliasing."""

FOREHEAD = 0.3
"""Height of the forehead as a share of the landmarks' height; MTCNN's boxes reach up by 0.33 of it (median of 200)."""


def box_of(landmarks: np.ndarray) -> np.ndarray:
    """Boxes (..., 4) x, y, width, height around points (..., P, 2)."""
    low, high = landmarks.min(-2), landmarks.max(-2)
    return np.concatenate([low, high - low], -1)


def face_box(landmarks: np.ndarray) -> np.ndarray:
    """Boxes (..., 4) of faces with their foreheads: the landmarks' own box, raised by `FOREHEAD` of its height."""
    box = box_of(landmarks)
    raised = FOREHEAD * box[..., 3]
    return np.stack([box[..., 0], box[..., 1] - raised, box[..., 2], box[..., 3] + raised], -1)


def landmarks_box(boxes: np.ndarray) -> np.ndarray:
    """Boxes (..., 4) around the landmarks of faces whose boxes a detector gave; undoes `face_box`."""
    boxes = np.asarray(boxes, np.float64)
    height = boxes[..., 3] / (1 + FOREHEAD)
    return np.stack([boxes[..., 0], boxes[..., 1] + boxes[..., 3] - height, boxes[..., 2], height], -1)


def jitter_boxes(boxes: np.ndarray, rng: np.random.Generator, shift: float = 0.06, spread: float = 0.08) -> np.ndarray:
    """Misplaces boxes at random, as a detector would.

    Args:
        boxes: (N, 4) x, y, width, height.
        rng: ``numpy.random.Generator``.
        shift: standard deviation of the center in x and in y, as a share of the mean edge.
        spread: standard deviation of the logarithm of the size.

    Returns:
        (N, 4).
    """
    sizes = boxes[:, 2:] * np.exp(spread * rng.standard_normal((len(boxes), 1)))
    centers = boxes[:, :2] + boxes[:, 2:] / 2
    centers = centers + shift * boxes[:, 2:].mean(1, keepdims=True) * rng.standard_normal((len(boxes), 2))
    return np.concatenate([centers - sizes / 2, sizes], 1)


def reduce_images(
    images: Sequence[np.ndarray], boxes: np.ndarray, face: float
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Cuts out and reduces the faces that are much larger than they will be in the frame.

    Args:
        images: N images (H, W) uint8.
        boxes: (N, 4) x, y, width, height of the faces.
        face: edge of a face in the frame, in pixels.

    Returns:
        (images, factors, corners): N images, (N, 1, 2) and (N, 1, 2). A point p of the new image is
        ``p * factor + corner`` in the old one.
    """
    reduced, factors, corners = [], np.ones((len(images), 1, 2)), np.zeros((len(images), 1, 2))
    for index, (image, box) in enumerate(zip(images, np.asarray(boxes, np.float64), strict=True)):
        factor = box[2:].mean() / face
        limits = np.array(image.shape[::-1])
        low = np.clip(np.floor(box[:2] - box[2:]), 0, limits - 1).astype(int)
        high = np.clip(np.ceil(box[:2] + 2 * box[2:]), low + 1, limits).astype(int)
        if factor > _SHRINK:
            image = image[low[1] : high[1], low[0] : high[0]]
            size = np.maximum(np.rint((high - low) / factor), 1).astype(int)
            image = cv2.resize(image, [int(side) for side in size], interpolation=cv2.INTER_AREA)
            factors[index] = (high - low) / size
            corners[index] = low + (factors[index] - 1) / 2  # whole coordinates are the centers of pixels
        reduced.append(image)
    return reduced, factors, corners


def describe(
    images: Sequence[np.ndarray], shapes: np.ndarray, model: ShapeModel, cell: int
) -> tuple[np.ndarray, np.ndarray, Similarity]:
    """Describes the surroundings of the current points: the input of one level of the cascade.

    Args:
        images: N images (H, W) uint8.
        shapes: (N, 68, 2) current points.
        model: gives the frame.
        cell: side of the descriptor's cells in pixels of the frame.

    Returns:
        (features, normalised, similarity): (N, D + 1) float32 with a last column of ones; the shapes in the frame,
        (N, 68, 2); and the similarity that leads back to the images.
    """
    normalised, similarity = model.normalise(shapes)
    frames = np.empty((len(images), model.frame, model.frame), np.uint8)
    for image, frame, scale, shift in zip(images, frames, *similarity, strict=True):
        matrix = np.array([[scale.real, -scale.imag, shift.real], [scale.imag, scale.real, shift.imag]])
        cv2.warpAffine(image, matrix, frame.shape, frame, cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, cv2.BORDER_REPLICATE)
    features = hog_at(frames, normalised, cell)
    return np.column_stack([features, np.ones(len(features), np.float32)]), normalised, similarity


def steps_left(
    model: ShapeModel, landmarks: np.ndarray, shapes: np.ndarray, similarity: Similarity | None = None
) -> np.ndarray:
    """The steps from ``shapes`` to ``landmarks``, both (N, 68, 2) in the images, in the model's coordinates.

    Args:
        model: gives the coordinates.
        landmarks: where the steps end.
        shapes: where they begin.
        similarity: from the frame in which the steps are measured; None for that of ``landmarks``.

    Returns:
        (N, 4 + K).
    """
    back = inverse(fit_similarity(model.mean, landmarks) if similarity is None else similarity)
    return model.coefficients(transform(back, landmarks) - transform(back, shapes))


def perturb(
    model: ShapeModel, landmarks: np.ndarray, mean: np.ndarray, covariance: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draws a start for each face: the model's nearest shape to the true one, minus a step drawn from a Gaussian.

    Args:
        model: gives the coordinates of the steps.
        landmarks: (N, 68, 2) true points.
        mean: (4 + K,) of the steps.
        covariance: (4 + K, 4 + K) of the steps.
        rng: ``numpy.random.Generator``.

    Returns:
        (N, 68, 2).
    """
    normalised, similarity = model.normalise(landmarks)
    steps = rng.multivariate_normal(mean, covariance, len(landmarks), method="eigh")
    return transform(similarity, model.project(normalised) - model.offsets(steps))
