"""MD loss (the paper's Eqs. 6 to 9), in a reading that trains and in the printed one."""

import math
import numbers

import tensorflow as tf

from fer_md.losses.distances import as_floats, impostor_distances, own_distances
from fer_md.losses.reduction import reduce

FORMS = ("corrected", "literal")
VARIANCES = ("normalized", "sum")
SMALLEST_VARIANCE = 1e-6


def adaptive_margin(centers):
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
    norms = tf.norm(centers, axis=1)
    sum_of_units = tf.matmul(tf.math.reciprocal_no_nan(norms)[None], centers)  # (1, D), without a copy of the centers
    return tf.reduce_sum(tf.square(sum_of_units)) - tf.reduce_sum(tf.cast(norms > 0, centers.dtype))


def feature_variance(embeddings, labels, centers, variance="normalized"):
    """phi, the spread of the features about their own centers (Eq. 8).

    Args:
        embeddings: (B, D) of any float dtype.
        labels: (B,) integers in [0, K), negative for no label.
        centers: (K, D) float.
        variance: ``"normalized"``: ``2 / (B - 1) sum_i ||x_i - c_{y_i}||^2``, Magnet loss's ``2 sigma^2``;
            ``"sum"``: ``1/2 sum_i ||x_i - c_{y_i}||^2`` as printed, which grows with the batch.

    Returns:
        float scalar, at least 1e-6. B counts the labelled samples; a batch of one divides by 1.

    Raises:
        ValueError: unknown ``variance``.
    """
    check_variance(variance)
    embeddings, labels, centers, weights = as_floats(embeddings, labels, centers)
    total = tf.reduce_sum(weights * own_distances(embeddings, labels, centers))
    phi = 2 * total / tf.maximum(tf.reduce_sum(weights) - 1, 1) if variance == "normalized" else total / 2
    return tf.maximum(phi, SMALLEST_VARIANCE)


def md_loss(
    embeddings,
    labels,
    centers,
    nearest=1,
    margin="adaptive",
    variance=None,
    hinge=None,
    form="corrected",
    variance_gradient=False,
    reduction="mean",
    phi=None,
):
    """Multi-dataset loss: the own center against the nearest impostor centers.

    ``form="corrected"``, the reading that trains (Magnet loss with one persistent center a class)::

        l_i = {||x_i - c_{y_i}||^2 / phi + lambda + log sum_{j in A_i} exp(-||x_i - c_j||^2 / phi)}_+

    where A_i holds the P classes other than y_i whose centers are nearest to c_{y_i}. ``form="literal"`` is Eq. 9
    as printed, whose P summands are all the own distance and whose first sign is turned around::

        l_i = -2 ||x_i - c_{y_i}||^2 / phi + lambda + log P

    It pushes samples away from their center without bound; ``docs/ERRATA.md`` shows what it does.

    Args:
        embeddings: (B, D) of any float dtype; computed in float32 at least.
        labels: (B,) integers in [0, K); a negative one marks a sample without a label, which does not count.
        centers: (K, D) float, K at least 2.
        nearest: P in [1, K - 1]; None for all K - 1.
        margin: lambda: ``"adaptive"`` (Eq. 7), or a finite number.
        variance: see ``feature_variance``; None for ``"normalized"``, or ``"sum"`` in the literal form.
        hinge: cut negative losses to 0, as Magnet loss does; without it lambda trains nothing. None for True,
            or False in the literal form.
        form: ``"corrected"`` or ``"literal"``.
        variance_gradient: let the gradient flow through phi.
        reduction: ``"mean"``, ``"sum"`` (as printed) or ``"none"``.
        phi: the variance, where it is that of a larger batch than this one; None to compute it.

    Returns:
        float scalar; (B,) for ``"none"``.

    Raises:
        ValueError: an unknown choice, fewer than two centers, or ``nearest`` out of range.
        tf.errors.InvalidArgumentError: a label of K or more (on a CPU).

    Reference:
        Yang, Li, Cao 2020, Eqs. 6 to 9; Rippel et al., Metric learning with adaptive density discrimination,
        ICLR 2016, Eq. 4.
    """
    literal, variance = is_literal(form), choose_variance(variance, form)
    check_margin(margin)
    embeddings, labels, centers, weights = as_floats(embeddings, labels, centers)
    nearest = check_nearest(nearest, centers.shape[0])
    if phi is None:
        phi = feature_variance(embeddings, tf.where(weights > 0, labels, -1), centers, variance)
    if not variance_gradient:
        phi = tf.stop_gradient(phi)
    margin = adaptive_margin(centers) if margin == "adaptive" else tf.cast(margin, centers.dtype)
    own = own_distances(embeddings, labels, centers) / phi
    if literal:
        losses = -2 * own + margin + tf.math.log(tf.cast(nearest, own.dtype))
    else:
        impostors = impostor_distances(embeddings, labels, centers, nearest) / phi
        losses = own + margin + tf.reduce_logsumexp(-impostors, axis=1)
    if hinge if hinge is not None else not literal:
        losses = tf.nn.relu(losses)
    return reduce(losses, weights, reduction)


def is_literal(form):
    """Whether ``form`` is the printed one; ValueError if it is neither."""
    if form not in FORMS:
        raise ValueError(f"form must be one of {', '.join(FORMS)}, not {form!r}")
    return form == "literal"


def choose_variance(variance, form):
    """``variance``, for None the one that belongs to the form of the loss; ValueError if it is unknown."""
    if variance is None:
        return "sum" if is_literal(form) else "normalized"
    check_variance(variance)
    return variance


def check_variance(variance):
    """ValueError for an unknown ``variance``."""
    if variance not in VARIANCES:
        raise ValueError(f"variance must be one of {', '.join(VARIANCES)}, not {variance!r}")


def check_margin(margin):
    """ValueError for a ``margin`` that is neither ``"adaptive"`` nor a finite number."""
    if margin != "adaptive" and not (isinstance(margin, numbers.Real) and math.isfinite(margin)):
        raise ValueError(f"margin must be 'adaptive' or a number, not {margin!r}")


def check_nearest(nearest, num_classes):
    """``nearest`` as a number in [1, K - 1], all K - 1 for None; ValueError if there is no such number."""
    if num_classes < 2:
        raise ValueError(f"MD loss needs at least 2 classes, not {num_classes}")
    if nearest is None:
        return num_classes - 1
    if not (isinstance(nearest, numbers.Integral) and 1 <= nearest <= num_classes - 1):
        rule = f"a whole number in [1, num_classes - 1 = {num_classes - 1}]"
        raise ValueError(f"nearest must be {rule}, not {nearest!r}; None stands for all")
    return nearest
