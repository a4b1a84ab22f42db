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
    if nearest == centers.shape[0] - 1:  # all others: nothing to look for
        return (labels[:, None] + tf.range(1, nearest + 1)) % centers.shape[0]
    separations = distances_to_all(tf.gather(centers, labels), centers)
    own = tf.one_hot(labels, tf.shape(centers)[0], on_value=True, off_value=False)
    separations = tf.where(own, tf.constant(float("inf"), separations.dtype), separations)
    return tf.math.top_k(-separations, nearest, sorted=False).indices


def impostor_scores(
    labels: tf.Tensor, embeddings: tf.Tensor, centers: tf.Tensor, nearest: int, phi: tf.Tensor
) -> tf.Tensor:
    """``-||x_i - c_j||^2 / phi`` of the P = ``nearest`` impostor centers of each sample: (B, P), or (B, K).

    Up to P = 16 by the differences, (B, P, D); above it by the products with all centers, (B, K). Where all other
    centers are impostors, the own one stays in its place with minus infinity: none is looked for, and none gathered.
    """
    if GATHER_UP_TO < nearest == centers.shape[0] - 1:
        own = tf.one_hot(labels, centers.shape[0], on_value=True, off_value=False)
        scores = -distances_to_all(embeddings, centers) / phi
        return tf.where(own, tf.constant(-float("inf"), scores.dtype), scores)
    indices = nearest_impostors(labels, tf.stop_gradient(centers), nearest)
    if nearest <= GATHER_UP_TO:
        return -distances_to_chosen(embeddings, tf.gather(centers, indices)) / phi
    return -tf.gather(distances_to_all(embeddings, centers), indices, batch_dims=1) / phi


def distances_to_chosen(points: tf.Tensor, chosen: tf.Tensor) -> tf.Tensor:
    """``||x_i - c_ij||^2``: (B, D) and (B, P, D), centers of its own for each point, to (B, P)."""
    return tf.reduce_sum(tf.square(points[:, None] - chosen), axis=2)
