"""lambda of MD loss (the paper's Eq. 7): how much farther away the impostors should be."""

import math
import numbers

import tensorflow as tf


def adaptive_margin(centers: tf.Tensor) -> tf.Tensor:
    """``lambda = sum_{i != j} cos(c_i, c_j)`` (Eq. 7): large while the centers point the same way.

    Computed as ``||sum_i u_i||^2 - K`` with the unit vectors u_i, at the cost of K x D. A center of norm zero
    has no direction and counts as orthogonal to all others.

    Args:
        centers: (K, D) float.

    Returns:
        float scalar in [-K, K (K - 1)]; carries no gradient.
    """
    centers = tf.stop_gradient(tf.convert_to_tensor(centers))
    if centers.dtype not in (tf.float32, tf.float64):
        centers = tf.cast(centers, tf.float32)
    return margin_of_units(*sum_of_units(centers))


def sum_of_units(centers: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The sum (D,) of (K, D) centers, each brought to length 1, and the number of those that have a direction."""
    norms = tf.norm(centers, axis=1)
    units = tf.matmul(tf.math.reciprocal_no_nan(norms)[None], centers)  # (1, D), without a copy of the centers
    return units[0], tf.reduce_sum(tf.cast(norms > 0, centers.dtype))


def margin_of_units(units: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """Eq. 7 from what ``sum_of_units`` returns for all centers."""
    return tf.reduce_sum(tf.square(units)) - count


def mean_margin(centers: tf.Tensor) -> tf.Tensor:
    """``lambda = 1/(K (K - 1)) sum_{i != j} (1 + cos(c_i, c_j))``: Eq. 7 as a mean, and never below 0.

    The sum of Eq. 7 grows as K^2, so that behind a ReLU it outweighs every distance. The terms with 1 are those of
    island loss (Cai et al. 2018), which Eq. 7 follows.

    Args:
        centers: (K, D) float with K of at least 2.

    Returns:
        float scalar in [0, 2]; carries no gradient.
    """
    return mean_of(adaptive_margin(centers), centers.shape[0])


def mean_of(total: tf.Tensor, num_classes: int) -> tf.Tensor:
    """``mean_margin`` from ``adaptive_margin``."""
    return 1 + total / (num_classes * (num_classes - 1))


MARGINS = {"adaptive": adaptive_margin, "mean": mean_margin}


def margin_of(centers: tf.Tensor, margin: float | str) -> tf.Tensor:
    """lambda as a scalar in the centers' dtype; ValueError for neither a name in ``MARGINS`` nor a finite number."""
    check_margin(margin)
    return MARGINS[margin](centers) if isinstance(margin, str) else tf.cast(margin, centers.dtype)


def check_margin(margin: float | str) -> None:
    """ValueError for a ``margin`` that is neither a name in ``MARGINS`` nor a finite number."""
    if margin not in MARGINS and not (isinstance(margin, numbers.Real) and math.isfinite(margin)):
        raise ValueError(f"margin must be 'adaptive', 'mean' or a number, not {margin!r}")
