"""MD loss (the paper's Eqs. 6 to 9), in a reading that trains and as printed."""

import math
import numbers
from typing import Any

import keras
import tensorflow as tf

from fer_md.losses._distances import impostor_distances, own_distances
from fer_md.losses._samples import as_floats, reduce
from fer_md.losses.center import ClassCenters

VARIANCES = ("normalized", "sum")
SMALLEST_VARIANCE = 1e-6


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
    norms = tf.norm(centers, axis=1)
    sum_of_units = tf.matmul(tf.math.reciprocal_no_nan(norms)[None], centers)  # (1, D), without a copy of the centers
    return tf.reduce_sum(tf.square(sum_of_units)) - tf.reduce_sum(tf.cast(norms > 0, centers.dtype))


def feature_variance(
    labels: tf.Tensor, embeddings: tf.Tensor, centers: tf.Tensor, variance: str = "normalized"
) -> tf.Tensor:
    """phi, the spread of the features about their own centers (Eq. 8).

    Args:
        labels: (B,) integers in [0, K), negative for no label.
        embeddings: (B, D) of any float dtype.
        centers: (K, D) float.
        variance: ``"normalized"``: ``2 / (B - 1) sum_i ||x_i - c_{y_i}||^2``, Magnet loss's ``2 sigma^2``;
            ``"sum"``: ``1/2 sum_i ||x_i - c_{y_i}||^2`` as printed, which grows with the batch.

    Returns:
        float scalar, at least 1e-6; carries the gradient. B counts the labelled samples with a finite embedding; a
        batch of one divides by 1.

    Raises:
        ValueError: unknown ``variance``.
        tf.errors.InvalidArgumentError: a label of K or more; under XLA, it counts as no label.
    """
    check_variance(variance)
    labels, embeddings, centers, weights = as_floats(labels, embeddings, centers)
    total = tf.reduce_sum(weights * own_distances(labels, embeddings, centers))
    phi = 2 * total / tf.maximum(tf.reduce_sum(weights) - 1, 1) if variance == "normalized" else total / 2
    return tf.maximum(phi, SMALLEST_VARIANCE)


def md_loss(
    labels: tf.Tensor,
    embeddings: tf.Tensor,
    centers: tf.Tensor,
    nearest: int | None = 1,
    margin: float | str = "adaptive",
    hinge: bool = True,
    phi: tf.Tensor | None = None,
    reduction: str = "mean",
) -> tf.Tensor:
    """Multi-dataset loss: the own center against the nearest impostor centers.

    The reading that trains (Magnet loss with one persistent center a class)::

        l_i = {||x_i - c_{y_i}||^2 / phi + lambda + log sum_{j in A_i} exp(-||x_i - c_j||^2 / phi)}_+

    where A_i holds the P classes other than y_i whose centers are nearest to c_{y_i}.

    Args:
        labels: (B,) integers in [0, K); a negative one marks a sample without a label, which does not count.
        embeddings: (B, D) of any float dtype; computed in float32 at least. A sample whose embedding is not finite
            does not count either.
        centers: (K, D) float, K at least 2.
        nearest: P in [1, K - 1]; None for all K - 1.
        margin: lambda: ``"adaptive"`` (Eq. 7), or a finite number.
        hinge: cut negative losses to 0, as Magnet loss does; without it lambda trains nothing.
        phi: float scalar, such as the ``feature_variance`` of a larger batch; a gradient flows through it.
            None for the normalized variance of this batch, without a gradient.
        reduction: ``"mean"``, ``"sum"`` (as printed) or ``"none"``.

    Returns:
        float scalar; (B,) for ``"none"``.

    Raises:
        ValueError: an unknown choice, fewer than two centers, or ``nearest`` out of range.
        tf.errors.InvalidArgumentError: a label of K or more; under XLA, it counts as no label.

    Reference:
        Yang, Li, Cao 2020, Eqs. 6 to 9; Rippel et al., Metric learning with adaptive density discrimination,
        ICLR 2016, Eq. 4.
    """
    if phi is None:
        phi = tf.stop_gradient(feature_variance(labels, embeddings, centers))
    labels, embeddings, centers, weights = as_floats(labels, embeddings, centers)
    nearest, margin = check_nearest(nearest, centers.shape[0]), margin_of(centers, margin)
    own = own_distances(labels, embeddings, centers) / phi
    impostors = impostor_distances(labels, embeddings, centers, nearest) / phi
    losses = own + margin + tf.reduce_logsumexp(-impostors, axis=1)
    return reduce(tf.nn.relu(losses) if hinge else losses, weights, reduction)


def md_loss_as_printed(
    labels: tf.Tensor,
    embeddings: tf.Tensor,
    centers: tf.Tensor,
    nearest: int | None = 1,
    margin: float | str = "adaptive",
    phi: tf.Tensor | None = None,
    reduction: str = "mean",
) -> tf.Tensor:
    """Eq. 9 literally: all P summands are the own distance, and the first sign is turned around.

    ``l_i = -2 ||x_i - c_{y_i}||^2 / phi + lambda + log P`` pushes samples away from their center without bound;
    ``docs/ERRATA.md`` shows what it does. ``md_loss`` is the reading that trains.

    Args:
        labels, embeddings, centers, nearest, margin, reduction: see ``md_loss``.
        phi: see ``md_loss``; None for the sum of Eq. 8, without a gradient.

    Returns:
        float scalar; (B,) for ``"none"``.

    Raises:
        ValueError, tf.errors.InvalidArgumentError: see ``md_loss``.

    Reference: Yang, Li, Cao 2020, Eqs. 6 to 9.
    """
    if phi is None:
        phi = tf.stop_gradient(feature_variance(labels, embeddings, centers, "sum"))
    labels, embeddings, centers, weights = as_floats(labels, embeddings, centers)
    nearest, margin = check_nearest(nearest, centers.shape[0]), margin_of(centers, margin)
    own = own_distances(labels, embeddings, centers) / phi
    return reduce(-2 * own + margin + tf.math.log(tf.cast(nearest, own.dtype)), weights, reduction)


def margin_of(centers: tf.Tensor, margin: float | str) -> tf.Tensor:
    """lambda as a scalar in the centers' dtype; ValueError for neither ``"adaptive"`` nor a finite number."""
    check_margin(margin)
    return adaptive_margin(centers) if margin == "adaptive" else tf.cast(margin, centers.dtype)


def check_variance(variance: str) -> None:
    """ValueError for an unknown ``variance``."""
    if variance not in VARIANCES:
        raise ValueError(f"variance must be one of {', '.join(VARIANCES)}, not {variance!r}")


def check_margin(margin: float | str) -> None:
    """ValueError for a ``margin`` that is neither ``"adaptive"`` nor a finite number."""
    if margin != "adaptive" and not (isinstance(margin, numbers.Real) and math.isfinite(margin)):
        raise ValueError(f"margin must be 'adaptive' or a number, not {margin!r}")


def check_nearest(nearest: int | None, num_classes: int) -> int:
    """``nearest`` as a number in [1, K - 1], all K - 1 for None; ValueError if there is no such number."""
    if num_classes < 2:
        raise ValueError(f"MD loss needs at least 2 classes, not {num_classes}")
    if nearest is None:
        return num_classes - 1
    if not (isinstance(nearest, numbers.Integral) and 1 <= nearest <= num_classes - 1):
        rule = f"a whole number in [1, num_classes - 1 = {num_classes - 1}]"
        raise ValueError(f"nearest must be {rule}, not {nearest!r}; None means all")
    return int(nearest)


@keras.saving.register_keras_serializable(package="fer_md")
class MDLoss(ClassCenters):
    """MD loss (Eqs. 6 to 9, mean over the batch) with centers of its own, moved as in Algorithm 1, line 7.

    Examples:
        >>> loss = MDLoss(num_classes=7, embedding_dim=64, nearest=3)
        >>> model = fer_md.MetricLossModel(network, loss, loss_weight=0.1)
        >>> model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
        >>> model.fit(x, y, validation_data=(x2, y2))

    Behind a ReLU the loss holds a lambda of up to K (K - 1) that trains nothing. Watch the softmax loss and the
    accuracy to see how training goes.

    Args:
        num_classes: K, at least 2.
        embedding_dim: D.
        nearest: P of Eq. 9, which leaves it open; others made no difference beyond chance in docs/RESULTS.md. None for
            all K - 1.
        margin, hinge: see ``fer_md.losses.md_loss``.
        variance: see ``fer_md.losses.feature_variance``.
        variance_gradient: let the gradient flow through phi.
        as_printed: train with ``fer_md.losses.md_loss_as_printed``, and move the centers away from their samples, as
            the paper prints it. It fixes ``hinge``, ``variance`` and ``variance_gradient``.
        alpha, learned, centers_initializer: see ``ClassCenters``, which also says what a call takes and returns.

    Raises:
        ValueError: an argument out of range or an unknown choice; embeddings or labels that ``ClassCenters`` refuses.

    Reference: Yang, Li, Cao 2020, Sec. 3.2.2.
    """

    def __init__(
        self,
        num_classes: int,
        embedding_dim: int,
        nearest: int | None = 1,
        margin: float | str = "adaptive",
        hinge: bool = True,
        variance: str = "normalized",
        variance_gradient: bool = False,
        as_printed: bool = False,
        alpha: float = 0.5,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, embedding_dim, alpha=alpha, **kwargs)
        self.nearest = check_nearest(nearest, num_classes)
        check_margin(margin)
        check_variance(variance)
        if as_printed and (not hinge or variance != "normalized" or variance_gradient):
            raise ValueError(
                "hinge, variance and variance_gradient must keep their defaults with as_printed, which fixes them;"
                f" not {hinge!r}, {variance!r} and {variance_gradient!r}"
            )
        self.margin, self.hinge, self.as_printed = margin, hinge, as_printed
        self.variance, self.variance_gradient = variance, variance_gradient
        self.center_step = alpha if as_printed else -alpha

    def sample_losses(
        self,
        labels: tf.Tensor,
        embeddings: tf.Tensor,
        centers: tf.Tensor,
        everything: tuple[tf.Tensor, tf.Tensor],
    ) -> tf.Tensor:
        variance = "sum" if self.as_printed else self.variance
        phi = feature_variance(*everything, centers, variance)
        if not self.variance_gradient:
            phi = tf.stop_gradient(phi)
        if self.as_printed:
            return md_loss_as_printed(labels, embeddings, centers, self.nearest, self.margin, phi, "none")
        return md_loss(labels, embeddings, centers, self.nearest, self.margin, self.hinge, phi, "none")

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "nearest": self.nearest,
            "margin": self.margin,
            "hinge": self.hinge,
            "variance": self.variance,
            "variance_gradient": self.variance_gradient,
            "as_printed": self.as_printed,
        }
