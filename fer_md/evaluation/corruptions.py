"""Faces made worse on purpose, by how much a camera, a file or a detector might: eight kinds, five strengths each."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

STRENGTHS = 5
GRAY = 127.0
"""Fills what an occlusion hides, and what a shift or a rotation brings in from outside."""


def corrupt(images: np.ndarray, kind: str, strength: int, seed: int = 0) -> np.ndarray:
    """Faces with one kind of corruption.

    Args:
        images: (N, H, W) uint8.
        kind: one of ``CORRUPTIONS``.
        strength: 1 to ``STRENGTHS``; what it means is in ``CORRUPTIONS``.
        seed: of what is drawn for each image (noise, place, direction). The i-th image gets the same with any N.

    Returns:
        (N, H, W) uint8.

    Raises:
        ValueError: unknown ``kind``, or ``strength`` out of range.
    """
    if kind not in CORRUPTIONS or not 1 <= strength <= STRENGTHS:
        raise ValueError(f"no corruption {kind!r} of strength {strength}; there is {', '.join(CORRUPTIONS)}, 1 to 5")
    change, amounts = CORRUPTIONS[kind]
    changed = [
        change(image.astype(np.float32), amounts[strength - 1], np.random.default_rng((seed, index)))
        for index, image in enumerate(images)
    ]
    return np.clip(np.rint(changed), 0, 255).astype(np.uint8).reshape(np.shape(images))


def _blur(image, sigma, rng):
    return cv2.GaussianBlur(image, (0, 0), sigma)


def _noise(image, deviation, rng):
    return image + rng.normal(0, deviation, image.shape)


def _jpeg(image, quality, rng):
    _, code = cv2.imencode(".jpg", image.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_GRAYSCALE), np.float32)


def _brightness(image, levels, rng):
    return image + rng.choice([-levels, levels])


def _contrast(image, factor, rng):
    return (image - image.mean()) * factor + image.mean()


def _occlusion(image, side, rng):
    height, width = (round(side * length) for length in image.shape)
    top, left = (rng.integers(0, full - part + 1) for full, part in zip(image.shape, (height, width), strict=True))
    image[top : top + height, left : left + width] = GRAY
    return image


def _shift(image, pixels, rng):
    angle = rng.uniform(0, 2 * np.pi)
    return _moved(image, np.array([[1, 0, pixels * np.cos(angle)], [0, 1, pixels * np.sin(angle)]]))


def _rotation(image, degrees, rng):
    center = tuple((length - 1) / 2 for length in reversed(image.shape))
    return _moved(image, cv2.getRotationMatrix2D(center, rng.choice([-degrees, degrees]), 1.0))


def _moved(image, matrix):
    return cv2.warpAffine(image, matrix, image.shape[::-1], borderValue=GRAY)


CORRUPTIONS: dict[str, tuple[Callable[..., np.ndarray], Sequence[float]]] = {
    "blur": (_blur, (0.5, 1.0, 1.5, 2.0, 3.0)),
    "noise": (_noise, (5, 10, 20, 30, 45)),
    "jpeg": (_jpeg, (60, 40, 25, 15, 8)),
    "brightness": (_brightness, (20, 40, 60, 80, 100)),
    "contrast": (_contrast, (0.7, 0.5, 0.35, 0.25, 0.15)),
    "occlusion": (_occlusion, (0.2, 0.3, 0.4, 0.5, 0.6)),
    "shift": (_shift, (2, 4, 6, 8, 10)),
    "rotation": (_rotation, (5, 10, 20, 30, 45)),
}
"""By name, the change and its five amounts: Gaussian blur of so many pixels; Gaussian noise of so many gray levels;
JPEG of this quality; so many gray levels lighter or darker; contrast times this; a gray rectangle of this share of both
sides; moved so many pixels in any direction; turned so many degrees either way. For faces of 48 pixels."""
