"""Histograms of oriented gradients on a fixed grid, in TensorFlow, for aligned faces."""

import math

import tensorflow as tf

BINS = 8
"""Directions of the gradient, over the full circle."""


def oriented_grid(images, cells):
    """Describes each cell of a grid over the face by the directions of the gradient in it.

    Each pixel's gradient (central differences) votes with its length for the two nearest of ``BINS`` directions; a
    cell is the mean of its pixels' votes, and the whole descriptor is divided by its length.

    Args:
        images: (B, H, W, 1) of any numeric dtype, H and W multiples of ``cells``.
        cells: edge of the grid.

    Returns:
        (B, cells * cells * BINS) float32 of length 1, or 0 for an image of one color.

    Reference: Dalal and Triggs, Histograms of oriented gradients for human detection, CVPR 2005.
    """
    gray = tf.pad(tf.cast(images[..., 0], tf.float32), [[0, 0], [1, 1], [1, 1]], "SYMMETRIC")
    dx = (gray[:, 1:-1, 2:] - gray[:, 1:-1, :-2]) / 2  # (B, H, W)
    dy = (gray[:, 2:, 1:-1] - gray[:, :-2, 1:-1]) / 2
    angles = tf.math.floormod(tf.atan2(dy, dx) * (BINS / (2 * math.pi)), BINS)
    # How far each direction is from the pixel's, around the circle; only the nearest two get a share.
    apart = tf.abs(angles[..., None] - tf.range(BINS, dtype=tf.float32))
    shares = tf.nn.relu(1 - tf.minimum(apart, BINS - apart))
    votes = shares * tf.sqrt(dx**2 + dy**2)[..., None]  # (B, H, W, BINS)
    height, width = images.shape[1] // cells, images.shape[2] // cells
    means = tf.nn.avg_pool2d(votes, (height, width), (height, width), "VALID")
    return tf.math.l2_normalize(tf.reshape(means, [-1, cells * cells * BINS]), axis=1)
