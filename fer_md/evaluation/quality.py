"""How good a picture of a face is, and how well a network does on the better and the worse ones."""

import cv2
import numpy as np

PARTS = ("lowest third", "middle third", "highest third")


def sharpness(images: np.ndarray) -> np.ndarray:
    """Variance of the Laplacian of (N, H, W) uint8 images, (N,) float64; low where a face is blurred."""
    return np.array([cv2.Laplacian(image, cv2.CV_64F).var() for image in images])


def contrast(images: np.ndarray) -> np.ndarray:
    """Standard deviation of the gray levels of (N, H, W) uint8 images, (N,) float64."""
    return np.asarray(images).reshape(len(images), -1).std(1)


def accuracy_by_quality(images: np.ndarray, correct: np.ndarray) -> dict[str, dict[str, float]]:
    """Share of right answers in the thirds of a split, by sharpness and by contrast.

    Args:
        images: (N, H, W) uint8, N >= 3.
        correct: (N,) bool.

    Returns:
        dict from ``"sharpness"`` and ``"contrast"`` to a dict from ``PARTS`` to the accuracy; ties keep their order.
    """
    found = {}
    for name, quality in (("sharpness", sharpness), ("contrast", contrast)):
        order = np.argsort(quality(images), kind="stable")
        thirds = np.array_split(np.asarray(correct)[order], 3)
        found[name] = {part: float(third.mean()) for part, third in zip(PARTS, thirds, strict=True)}
    return found
