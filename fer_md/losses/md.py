"""MD loss (the paper's Eqs. 6 to 9), in a reading that trains and as printed."""

import numbers
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from fer_md.arguments import check_whole
from fer_md.losses._distances import GATHER_UP_TO, distances_to_chosen, impostor_scores, own_distances
from fer_md.losses._samples import as_floats, reduce
from fer_md.losses.center import ClassCenters
from fer_md.losses.impostor_search import ImpostorSearch, rows_of
from fer_md.losses.margin import check_margin, margin_of, mean_of

VARIANCES = ("normalized", "sum")
HINGES = {"relu": tf.nn.relu, "softplus": tf.nn.softplus, None: tf.identity}
SMALLEST_VARIANCE = 1e-6


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
    return variance_of(own_distances(labels, embeddings, centers), weights, variance)


def variance_of(own: tf.Tensor, weights: tf.Tensor, variance: str = "normalized") -> tf.Tensor:
    """phi from the (B,) squared distances to the own centers and (B,) weights of 0 or 1."""
    total = tf.reduce_sum(weights * own)
    phi = 2 * total / tf.maximum(tf.reduce_sum(weights) - 1, 1) if variance == "normalized" else total / 2
    return tf.maximum(phi, SMALLEST_VARIANCE)


def md_loss(
    labels: tf.Tensor,
    embeddings: tf.Tensor,
    centers: tf.Tensor,
    nearest: int | None = None,
    margin: float | str = "mean",
    hinge: str | None = "softplus",
    phi: tf.Tensor | None = None,
    reduction: str = "mean",
) -> tf.Tensor:
    """Multi-dataset loss: the own center against the impostor centers.

    The reading that trains (Magnet loss with one persistent center a class)::

        l_i = h(||x_i - c_{y_i}||^2 / phi + lambda + log sum_{j in A_i} exp(-||x_i - c_j||^2 / phi))

    where A_i holds the P classes other than y_i whose centers are nearest to c_{y_i}, and h is the hinge. With
    softplus, ``h(z) = log(1 + exp(z))``, all impostors and no margin, it is the cross-entropy of the classes'
    probabilities under Gaussians about the centers: a softmax over ``-||x_i - c_j||^2 / phi``.

    With phi held fixed the loss is linear in x but for the choice among the impostors, and pushes samples of a class
    alike. Through phi, which the samples' distances to their own centers make up, it draws each to its center.

    Args:
        labels: (B,) integers in [0, K); a negative one marks a sample without a label, which does not count.
        embeddings: (B, D) of any float dtype; computed in float32 at least. A sample whose embedding is not finite
            does not count either.
        centers: (K, D) float, K at least 2.
        nearest: P in [1, K - 1]; None for all K - 1.
        margin: lambda: ``"mean"`` (see ``mean_margin``), ``"adaptive"`` (Eq. 7), or a finite number.
        hinge: ``"softplus"``; ``"relu"``, which cuts negative losses to 0, as Magnet loss does; or None, with which
            lambda trains nothing.
        phi: float scalar, such as the ``feature_variance`` of a larger batch; a gradient flows through it.
            None for the normalized variance of this batch, with its gradient.
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
    check_hinge(hinge)
    labels, embeddings, centers, weights = as_floats(labels, embeddings, centers)
    nearest, margin = check_nearest(nearest, centers.shape[0]), margin_of(centers, margin)
    own = own_distances(labels, embeddings, centers)
    phi = variance_of(own, weights) if phi is None else phi
    impostors = impostor_scores(labels, embeddings, centers, nearest, phi)
    return reduce(HINGES[hinge](own / phi + margin + tf.reduce_logsumexp(impostors, axis=1)), weights, reduction)


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


def check_variance(variance: str) -> None:
    """ValueError for an unknown ``variance``."""
    if variance not in VARIANCES:
        raise ValueError(f"variance must be one of {', '.join(VARIANCES)}, not {variance!r}")


def check_hinge(hinge: str | None) -> None:
    """ValueError for an unknown ``hinge``."""
    if hinge not in HINGES:
        raise ValueError(f"hinge must be 'relu', 'softplus' or None, not {hinge!r}")


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
        >>> loss = MDLoss(num_classes=7, embedding_dim=64)
        >>> model = fer_md.MetricLossModel(network, loss, loss_weight=0.1)
        >>> model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
        >>> model.fit(x, y, validation_data=(x2, y2))

    The defaults are the form ``"pulling"`` of ``fer_md.losses.MD_FORMS``, which names others. The loss does not depend
    on the scale of embeddings and centers, so its gradient grows as they shrink: where nothing normalises the
    embeddings, a large weight beside softmax can draw them together until it drowns softmax. Watch the softmax loss.

    Args:
        num_classes: K, at least 2.
        embedding_dim: D.
        nearest: P of Eq. 9, which leaves it open. None for all K - 1.
        margin, hinge: see ``fer_md.losses.md_loss``.
        variance: see ``fer_md.losses.feature_variance``.
        variance_gradient: let the gradient flow through phi, which draws samples to their centers.
        as_printed: train with ``fer_md.losses.md_loss_as_printed``, and move the centers away from their samples, as
            the paper prints it. It fixes ``hinge``, ``variance`` and ``variance_gradient``.
        alpha: step of the centers in [0, 1]. A rare class has few samples in a batch; with a large step its center
            jumps from one to the next.
        search_parts: n, for thousands of classes: a training step looks for the nearest impostors, and for the sums of
            Eq. 7, in an n-th of the classes only, and remembers what the other parts gave (``ImpostorSearch``). For
            ``nearest`` up to 16 and centers that are not learned. 1 looks through all in each step, and is exact.
        learned, centers_initializer: see ``ClassCenters``, which also says what a call takes and returns.

    Raises:
        ValueError: an argument out of range or an unknown choice; embeddings or labels that ``ClassCenters`` refuses.

    Reference: Yang, Li, Cao 2020, Sec. 3.2.2.
    """

    def __init__(
        self,
        num_classes: int,
        embedding_dim: int,
        nearest: int | None = None,
        margin: float | str = "mean",
        hinge: str | None = "softplus",
        variance: str = "normalized",
        variance_gradient: bool = True,
        as_printed: bool = False,
        alpha: float = 0.05,
        search_parts: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, embedding_dim, alpha=alpha, **kwargs)
        self.nearest = check_nearest(nearest, num_classes)
        check_margin(margin)
        check_hinge(hinge)
        check_variance(variance)
        if as_printed and (hinge != "softplus" or variance != "normalized" or not variance_gradient):
            raise ValueError(
                "hinge, variance and variance_gradient must keep their defaults with as_printed, which fixes them;"
                f" not {hinge!r}, {variance!r} and {variance_gradient!r}"
            )
        check_whole("search_parts", search_parts, 1)
        if search_parts > num_classes:
            raise ValueError(f"search_parts must be at most num_classes = {num_classes}, not {search_parts}")
        if search_parts > 1 and (self.nearest > GATHER_UP_TO or as_printed or self.learned):
            rule = f"needs nearest of at most {GATHER_UP_TO}, and neither as_printed nor learned"
            raise ValueError(f"search_parts = {search_parts} {rule}")
        self.search_parts = search_parts
        self.margin, self.hinge, self.as_printed = margin, hinge, as_printed
        self.variance, self.variance_gradient = variance, variance_gradient
        self.center_step = alpha if as_printed else -alpha

    def build(self, labels_shape: tuple | None = None, embeddings_shape: tuple | None = None) -> None:
        super().build(labels_shape, embeddings_shape)
        if self.search_parts > 1:
            sizes = self.num_classes, self.embedding_dim, self.nearest, self.search_parts
            self.search = ImpostorSearch(*sizes, name="search")
            self.search.build()

    def sample_losses(
        self, labels: tf.Tensor, embeddings: tf.Tensor, everything: tuple[tf.Tensor, tf.Tensor], training: bool
    ) -> tf.Tensor:
        if training and self.search_parts > 1:
            return self._losses_of_search(labels, embeddings, everything)
        centers = self.present_centers()
        if self.as_printed:
            phi = tf.stop_gradient(feature_variance(*everything, centers, "sum"))
            return md_loss_as_printed(labels, embeddings, centers, self.nearest, self.margin, phi, "none")
        phi = feature_variance(*everything, centers, self.variance)
        if not self.variance_gradient:
            phi = tf.stop_gradient(phi)
        return md_loss(labels, embeddings, centers, self.nearest, self.margin, self.hinge, phi, "none")

    def _losses_of_search(self, labels, embeddings, everything):
        """``md_loss`` from no more centers than the batch needs."""
        variable, (all_labels, all_embeddings) = self.centers.value, everything
        all_classes, classes = tf.maximum(all_labels, 0), tf.maximum(labels, 0)
        self.search(all_classes, variable)
        margin = self.search.margin()
        if self.margin == "mean":
            margin = mean_of(margin, self.num_classes)
        elif self.margin != "adaptive":
            margin = self.margin
        own = tf.reduce_sum(tf.square(all_embeddings - rows_of(variable, all_classes)), 1)
        phi = variance_of(own, tf.cast(all_labels >= 0, own.dtype), self.variance)
        if not self.variance_gradient:
            phi = tf.stop_gradient(phi)
        own = tf.reduce_sum(tf.square(embeddings - rows_of(variable, classes)), 1)
        chosen = rows_of(variable, self.search.impostors_of(classes))
        impostors = tf.reduce_logsumexp(-distances_to_chosen(embeddings, chosen) / phi, axis=1)
        losses = HINGES[self.hinge](own / phi + margin + impostors)
        return losses * tf.cast(labels >= 0, losses.dtype)

    def set_to_class_means(self, labels: np.ndarray, embeddings: np.ndarray) -> None:
        super().set_to_class_means(labels, embeddings)
        if self.search_parts > 1:
            self.search.forget()

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "nearest": self.nearest,
            "margin": self.margin,
            "hinge": self.hinge,
            "variance": self.variance,
            "variance_gradient": self.variance_gradient,
            "as_printed": self.as_printed,
            "search_parts": self.search_parts,
        }
