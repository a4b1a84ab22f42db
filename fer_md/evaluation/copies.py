"""Mirrored and cropped copies of faces, over which answers are averaged."""

import cv2
import numpy as np

AVERAGING = ("none", "flip", "tencrop")
CROP = 44
"""Edge of ten-crop's crops of a 48x48 face, which are resized back to 48x48."""


def views(images: np.ndarray, averaging: str) -> list[np.ndarray]:
    """The copies of (B, H, W) images that are averaged: one, two or ten arrays of the same shape."""
    if averaging == "none":
        return [images]
    if averaging == "flip":
        return [images, np.ascontiguousarray(images[:, :, ::-1])]
    size = images.shape[1]
    rest = size - size * CROP // 48
    places = [(rest // 2, rest // 2), (0, 0), (0, rest), (rest, 0), (rest, rest)]
    crops = [images[:, top : top + size - rest, left : left + size - rest] for top, left in places]
    crops = [np.stack([cv2.resize(image, (size, size)) for image in crop]) for crop in crops]
    return [copy for crop in crops for copy in views(crop, "flip")]
