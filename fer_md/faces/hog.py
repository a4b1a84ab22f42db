"""Histograms of oriented gradients around points, for many faces and points at once."""

from collections.abc import Sequence

import cv2
import numpy as np

BINS = 8
"""Directions of the gradient, over the full circle."""

_FLOOR = 1e-2
"""Added to a descriptor's length, in gray levels per pixel, so that flat regions stay near zero."""


def hog_at(images: Sequence[np.ndarray] | np.ndarray, points: np.ndarray, cell: int, cells: int = 2) -> np.ndarray:
    """Describes the surroundings of each point by the directions of the gradient there.

    A descriptor covers ``cells`` x ``cells`` square cells around the point. Each pixel's gradient (central
    differences) votes with its length for the two nearest of `BINS` directions. A cell is the mean of its pixels'
    votes, interpolated between whole pixels. The descriptor is divided by its Euclidean length.

    Args:
        images: (N, H, W) uint8.
        points: (N, P, 2) pixel coordinates x, y; cells are moved inside the image.
        cell: side of a cell in pixels, odd.
        cells: cells along a side of the descriptor.

    Returns:
        (N, P * cells * cells * BINS) float32; the descriptor of each point has a length below 1.

    Reference: Dalal and Triggs, Histograms of oriented gradients for human detection, CVPR 2005.
    """
    offsets = (np.arange(cells) - (cells - 1) / 2) * cell
    grid = np.stack(np.meshgrid(offsets, offsets), -1).reshape(-1, 2)  # (cells^2, 2) x, y
    centers = np.asarray(points, np.float32)[:, :, None] + grid.astype(np.float32)
    descriptors = np.empty((*centers.shape[:3], BINS), np.float32)
    for image, center, descriptor in zip(images, centers, descriptors, strict=True):
        means = cv2.blur(gradient_votes(image), (cell, cell), borderType=cv2.BORDER_REPLICATE)
        _sample(means, center.reshape(-1, 2), descriptor.reshape(-1, BINS))
    descriptors = descriptors.reshape(*centers.shape[:2], cells * cells * BINS)
    descriptors /= np.linalg.norm(descriptors, axis=-1, keepdims=True) + _FLOOR
    return descriptors.reshape(len(images), centers.shape[1] * cells * cells * BINS)


def gradient_votes(image: np.ndarray) -> np.ndarray:
    """The length of each pixel's gradient, shared between the two nearest directions.

    Args:
        image: (H, W) uint8.

    Returns:
        (H, W, BINS) float32; direction k is the angle 2 pi k / BINS from x towards y.
    """
    dx = cv2.Sobel(image, cv2.CV_32F, 1, 0, ksize=1, scale=0.5, borderType=cv2.BORDER_REPLICATE)
    dy = cv2.Sobel(image, cv2.CV_32F, 0, 1, ksize=1, scale=0.5, borderType=cv2.BORDER_REPLICATE)
    length, angle = cv2.cartToPolar(dx, dy)
    angle *= BINS / (2 * np.pi)
    lower = angle.astype(np.intp)
    upper_share = (angle - lower) * length
    votes = np.zeros((image.size, BINS), np.float32)
    rows = np.arange(image.size)
    votes[rows, lower.ravel() % BINS] = (length - upper_share).ravel()
    votes[rows, (lower.ravel() + 1) % BINS] += upper_share.ravel()
    return votes.reshape(*image.shape, BINS)


def _sample(maps, points, out):
    """Bilinear values of (H, W, C) maps at (M, 2) points, clipped to the image, into (M, C) ``out``."""
    height, width, _ = maps.shape
    x, y = np.clip(points, 0, (width - 1.001, height - 1.001)).T
    left, top = x.astype(np.intp), y.astype(np.intp)
    right_share, low_share = (x - left)[:, None], (y - top)[:, None]
    flat, corner = maps.reshape(-1, maps.shape[2]), top * width + left
    upper = flat[corner] * (1 - right_share) + flat[corner + 1] * right_share
    lower = flat[corner + width] * (1 - right_share) + flat[corner + width + 1] * right_share
    out[:] = upper * (1 - low_share) + lower * low_share
