"""Center loss and the rule by which its centers follow their samples (the paper's Eqs. 1 to 5)."""

import tensorflow as tf

from fer_md.losses.distances import as_floats, own_distances
from fer_md.losses.reduction import reduce


def center_loss(embeddings, labels, centers, reduction="mean"):
    """``L_C = 1/2 sum_i ||x_i - c_{y_i}||^2`` (Eq. 1), by default divided by the number of samples.

    The paper prints the sum; Wen et al.'s own code takes the mean, which does not tie the weight of the loss
    to the batch size.

    Args:
        embeddings: (B, D) of any float dtype; computed in float32 at least.
        labels: (B,) integers in [0, K); a negative one marks a sample without a label, which does not count.
        centers: (K, D) float.
        reduction: ``"mean"``, ``"sum"`` (as printed) or ``"none"``.

    Returns:
        float scalar, at least 0; (B,) for ``"none"``.

    Raises:
        ValueError: unknown ``reduction``.
        tf.errors.InvalidArgumentError: a label of K or more (on a CPU).

    Reference:
        Wen et al., A discriminative feature learning approach for deep face recognition, ECCV 2016, Eq. 2.
    """
    embeddings, labels, centers, weights = as_floats(embeddings, labels, centers)
    return reduce(0.5 * own_distances(embeddings, labels, centers), weights, reduction)


def center_update(embeddings, labels, centers):
    """``Delta c_j = sum_i [y_i = j] (c_j - x_i) / (1 + sum_i [y_i = j])``, to be used as ``c <- c - alpha Delta c``.

    Eq. 4 prints ``x_i - c_{y_i}``, which with line 7 of Algorithm 1 drives each center away from its samples;
    this is the sign of Wen et al. (2016, Eq. 4). A class that is absent from the batch does not move.

    Args:
        embeddings: (B, D) of any float dtype.
        labels: (B,) integers in [0, K), negative for no label.
        centers: (K, D) float.

    Returns:
        (K, D) in the centers' dtype, float32 at least; carries no gradient.
    """
    labels, rows = center_update_rows(embeddings, labels, centers)
    return tf.scatter_nd(labels[:, None], rows, tf.cast(tf.shape(centers), tf.int32))


def center_update_rows(embeddings, labels, centers):
    """The rows of ``center_update`` that are not zero: costs B x D, whatever the number of classes.

    Args: as ``center_update``.

    Returns:
        (B,) int32 classes and (B, D) rows. A class's row stands at its first sample; at its others the row
        is zero, so that adding up duplicates is exact in any order.
    """
    embeddings, labels, centers, weights = as_floats(embeddings, labels, centers)
    embeddings, centers = tf.stop_gradient(embeddings), tf.stop_gradient(centers)
    same = tf.cast(labels[:, None] == labels, centers.dtype) * weights  # (B, B)
    first = tf.cast(tf.argmax(same, axis=1, output_type=tf.int32) == tf.range(tf.shape(labels)[0]), centers.dtype)
    shares = (first * weights / (1 + tf.reduce_sum(same, axis=1)))[:, None] * same
    return labels, tf.matmul(shares, tf.gather(centers, labels) - embeddings)
