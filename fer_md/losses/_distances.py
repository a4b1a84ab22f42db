"""Squared distances between embeddings and class centers, in memory of B K + K D numbers and at most 17 B D.

The 17 B D numbers are the differences to a sample's own center and to up to 16 impostor centers. With few classes,
such as seven, these are all the other centers.
"""

import tensorflow as tf

GATHER_UP_TO = 16
"""Up to so many impostors a sample the differences are taken one by one: exact, at (P + 1) B D numbers."""


def own_distances(labels: tf.Tensor, embeddings: tf.Tensor, centers: tf.Tensor) -> tf.Tensor:
    """``||x_i - c_{y_i}||^2``: (B,), (B, D) and (K, D) to (B,)."""
    return tf.reduce_sum(tf.square(embeddings - tf.gather(centers, labels)), axis=1)


def distances_to_all(points: tf.Tensor, centers: tf.Tensor) -> tf.Tensor:
    """``||x_i - c_j||^2``: (B, D) and (K, D) to (B, K), by one matrix product and no copy of the centers.

    Seen from the mean center o: ``||x - o||^2 + ||c - o||^2 - 2 (x - o) . (c - o)``. From the origin, the
    product of large coordinates would lose the digits of a small distance.
    """
    classes = tf.shape(centers)[0]
    mean = tf.matmul(tf.fill([1, classes], tf.cast(1 / classes, centers.dtype)), centers)  # (1, D)
    offsets = points - mean
    products = tf.matmul(offsets, centers, transpose_b=True) - tf.matmul(offsets, mean, transpose_b=True)
    squares = tf.reduce_sum(tf.math.squared_difference(centers, mean), 1)
    return tf.maximum(tf.reduce_sum(tf.square(offsets), 1)[:, None] + squares - 2 * products, 0)


def nearest_impostors(labels: tf.Tensor, centers: tf.Tensor, nearest: int) -> tf.Tensor:
    """The ``nearest`` other centers closest to each sample's own center: (B,) and (K, D) to (B, nearest) int32."""
    separations = distances_to_all(tf.gather(centers, labels), centers)
    own = tf.one_hot(labels, tf.shape(centers)[0], on_value=True, off_value=False)
    separations = tf.where(own, tf.constant(float("inf"), separations.dtype), separations)
    return tf.math.top_k(-separations, nearest, sorted=False).indices


def impostor_distances(labels: tf.Tensor, embeddings: tf.Tensor, centers: tf.Tensor, nearest: int) -> tf.Tensor:
    """``||x_i - c_j||^2`` to the P = ``nearest`` impostor centers of each sample: (B, P).

    Up to P = 16 by the differences, (B, P, D); above it by the products with all centers, (B, K).
    """
    indices = nearest_impostors(labels, tf.stop_gradient(centers), nearest)
    if nearest <= GATHER_UP_TO:
        return tf.reduce_sum(tf.square(embeddings[:, None] - tf.gather(centers, indices)), axis=2)
    return tf.gather(distances_to_all(embeddings, centers), indices, batch_dims=1)
