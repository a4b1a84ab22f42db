"""The bridging layer of Zhang et al. (ICCV 2015): which cluster of similar faces a face belongs to."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

BINS = 8
"""Directions of the gradient, over the full circle."""


def oriented_grid(images: tf.Tensor, cells: int) -> tf.Tensor:
    """Describes each cell of a grid over the face by the directions of its gradients.

    Each pixel's gradient (central differences) votes with its length for the two nearest of ``BINS`` directions. A cell
    is the mean of its pixels' votes. The whole descriptor is divided by its length.

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


ROUNDS = 25
"""Rounds of k-means for each set of clusters."""


@keras.saving.register_keras_serializable(package="fer_md")
class Correspondence(keras.layers.Layer):
    """Gives a face's cluster, and its cluster within that one, as one-hot codes: input of Zhang et al.'s bridging
    layer.

    The faces of all data sets are clustered together, by their histograms of gradients. Faces that look alike thus
    share a code, although different things are labelled on them. Before ``adapt`` all faces get the same code.

    Args:
        clusters: k, at least 2; each of the k clusters is divided into k clusters again.
        cells: edge of the grid of histograms.

    Input: (B, H, W, 1) gray levels of any numeric dtype.
    Output: (B, k + k^2), with a 1 among the first k entries and another among the rest.

    Raises:
        ValueError: ``clusters`` out of range.
    """

    def __init__(self, clusters: int = 4, cells: int = 6, **kwargs: Any):
        super().__init__(autocast=False, **kwargs)
        if clusters < 2:
            raise ValueError(f"clusters must be at least 2, not {clusters}")
        self.clusters, self.cells = clusters, cells

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        def weight(name, *shape):
            shape = (*shape, self.cells**2 * BINS)
            return self.add_weight(
                name=name, shape=shape, initializer="zeros", trainable=False, dtype="float32", autocast=False
            )

        self.coarse = weight("coarse", self.clusters)
        self.fine = weight("fine", self.clusters, self.clusters)

    def adapt(self, images: np.ndarray, seed: int = 0) -> None:
        """Finds the clusters.

        Args:
            images: (N, H, W) uint8, training faces of all data sets. 4,096 of them, drawn at random, are used.
            seed: of the draw, and of the clusters' first centers.
        """
        rng = np.random.default_rng(seed)
        rows = rng.permutation(len(images))[:4096]
        points = oriented_grid(tf.constant(np.asarray(images)[rows][..., None]), self.cells).numpy()
        centers, owners = k_means(points, self.clusters, rng)
        inner = [k_means(points[owners == k], self.clusters, rng)[0] for k in range(self.clusters)]
        self.coarse.assign(centers)
        self.fine.assign(np.stack(inner))

    def call(self, x: tf.Tensor) -> tf.Tensor:
        points = oriented_grid(x, self.cells)  # (B, F)
        owners = tf.argmin(_distances(points[:, None], tf.convert_to_tensor(self.coarse)), axis=1)
        inner = tf.gather(tf.convert_to_tensor(self.fine), owners)  # (B, k, F)
        places = self.clusters * owners + tf.argmin(_distances(points[:, None], inner), axis=1)
        codes = [tf.one_hot(owners, self.clusters), tf.one_hot(places, self.clusters**2)]
        return tf.cast(tf.concat(codes, axis=1), self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], self.clusters + self.clusters**2)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "clusters": self.clusters, "cells": self.cells}


def _distances(points, centers):
    return tf.reduce_sum(tf.math.squared_difference(points, centers), axis=-1)


def k_means(points: np.ndarray, clusters: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Lloyd's k-means, which starts from random points. A cluster that loses its last point keeps its center.

    Args:
        points: (N, F) float. Fewer points than ``clusters`` are repeated.
        clusters: k.
        rng: draws the starts.

    Returns:
        (centers, owners): (k, F), zeros where there is no point at all; and (N,) int, the clusters of the points.
    """
    if not len(points):
        return np.zeros((clusters, points.shape[1])), np.zeros(0, int)
    centers = np.array(points[np.resize(rng.permutation(len(points)), clusters)])
    for _ in range(ROUNDS):
        owners = ((points[:, None] - centers) ** 2).sum(-1).argmin(1)
        for k in np.unique(owners):
            centers[k] = points[owners == k].mean(0)
    return centers, owners
