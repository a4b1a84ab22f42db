"""Contrastive loss (Hadsell, Chopra and LeCun, CVPR 2006) over pairs of embeddings."""

import tensorflow as tf

from fer_md.losses.reduction import reduce

SMALLEST_SQUARE = 1e-12
"""Squared distances count as at least this: the root's slope at zero is infinite."""


def contrastive_loss(first, second, alike, margin=1.0, reduction="mean"):
    """``1/2 d^2`` for a pair that is alike and ``1/2 {margin - d}_+^2`` for one that is not, with ``d = ||x - x'||``.

    Args:
        first, second: (P, D) of any float dtype, the members of the pairs; computed in float32 at least.
        alike: (P,) bool, whether both members show the same expression (or the same person).
        margin: distance above which a pair that is not alike costs nothing, greater than 0.
        reduction: ``"mean"`` over the pairs, ``"sum"`` or ``"none"``.

    Returns:
        float scalar, at least 0; (P,) for ``"none"``.

    Raises:
        ValueError: unknown ``reduction``, or ``margin`` out of range.

    Reference:
        R. Hadsell, S. Chopra, Y. LeCun, Dimensionality reduction by learning an invariant mapping, CVPR 2006, Eq. 4.
    """
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, not {margin}")
    first = tf.convert_to_tensor(first)
    precision = tf.float64 if first.dtype == tf.float64 else tf.float32
    squares = tf.reduce_sum(tf.math.squared_difference(tf.cast(first, precision), tf.cast(second, precision)), axis=1)
    missing = tf.nn.relu(margin - tf.sqrt(tf.maximum(squares, SMALLEST_SQUARE)))
    losses = 0.5 * tf.where(alike, squares, tf.square(missing))
    return reduce(losses, tf.ones_like(losses), reduction)
