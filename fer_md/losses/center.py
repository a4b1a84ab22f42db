"""Center loss and the class centers that follow their samples (the paper's Eqs. 1 to 5)."""

import numbers
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from fer_md.arguments import check_whole
from fer_md.losses._distances import own_distances
from fer_md.losses._replicas import global_batch, global_mean
from fer_md.losses._samples import as_floats, check_samples, mask_samples, reduce


def center_loss(labels: tf.Tensor, embeddings: tf.Tensor, centers: tf.Tensor, reduction: str = "mean") -> tf.Tensor:
    """``L_C = 1/2 sum_i ||x_i - c_{y_i}||^2`` (Eq. 1), by default divided by the number of samples.

    The paper prints the sum; Wen et al.'s own code takes the mean, which does not tie the weight of the loss
    to the batch size.

    Args:
        labels: (B,) integers in [0, K); a negative one marks a sample without a label, which does not count.
        embeddings: (B, D) of any float dtype; computed in float32 at least. A sample whose embedding is not finite
            does not count either.
        centers: (K, D) float.
        reduction: ``"mean"``, ``"sum"`` (as printed) or ``"none"``.

    Returns:
        float scalar, at least 0; (B,) for ``"none"``.

    Raises:
        ValueError: unknown ``reduction``.
        tf.errors.InvalidArgumentError: a label of K or more; under XLA, it counts as no label.

    Reference:
        Wen et al., A discriminative feature learning approach for deep face recognition, ECCV 2016, Eq. 2.
    """
    labels, embeddings, centers, weights = as_floats(labels, embeddings, centers)
    return reduce(0.5 * own_distances(labels, embeddings, centers), weights, reduction)


def center_update(labels: tf.Tensor, embeddings: tf.Tensor, centers: tf.Tensor) -> tf.Tensor:
    """``Delta c_j = sum_i [y_i = j] (c_j - x_i) / (1 + sum_i [y_i = j])``, to be used as ``c <- c - alpha Delta c``.

    Eq. 4 prints ``x_i - c_{y_i}``, which with line 7 of Algorithm 1 drives each center away from its samples;
    this is the sign of Wen et al. (2016, Eq. 4). A class that is absent from the batch does not move. Samples without
    a label, or with an embedding that is not finite, move nothing.

    Args:
        labels: (B,) integers in [0, K), negative for no label.
        embeddings: (B, D) of any float dtype.
        centers: (K, D) float.

    Returns:
        (K, D) in the centers' dtype, float32 at least; carries no gradient.

    Raises:
        tf.errors.InvalidArgumentError: a label of K or more; under XLA, it counts as no label.
    """
    labels, embeddings, centers, weights = as_floats(labels, embeddings, centers)
    rows = _rows_to_add(labels, tf.gather(centers, labels) - embeddings, weights)
    return tf.scatter_nd(labels[:, None], rows, tf.cast(tf.shape(centers), tf.int32))


def _rows_to_add(labels, differences, weights):
    """The rows of ``center_update`` that are not zero: costs B x D, whatever the number of classes.

    Args:
        labels: (B,) int32 in [0, K).
        differences: (B, D), the own centers less the embeddings.
        weights: (B,) of 0 or 1.

    Returns:
        (B, D) without a gradient. A class has its row at its first sample and zeros at its others, so that adding up
        duplicates is exact in any order.
    """
    same = tf.cast(labels[:, None] == labels, weights.dtype) * weights  # (B, B)
    first = tf.cast(tf.argmax(same, axis=1, output_type=tf.int32) == tf.range(tf.shape(labels)[0]), weights.dtype)
    shares = (first * weights / (1 + tf.reduce_sum(same, axis=1)))[:, None] * same
    return tf.matmul(shares, tf.stop_gradient(differences))


class ClassCenters(keras.layers.Layer):
    """Base of ``CenterLoss`` and ``MDLoss``: keeps one center a class and returns the loss of a batch.

    In training each call first takes the loss at the present centers, then moves the centers of the classes in the
    batch: ``c <- c - alpha Delta c`` (Algorithm 1, line 7). Several replicas take all their sums over the global
    batch, so that they equal one device. The centers are float32 under any policy. A sample whose embedding is not
    finite counts as one without a label.

    Centers that are moved by this rule are no trainable weights. With ``learned=True`` they are; an optimizer
    with weight decay must then leave them out: ``optimizer.exclude_from_weight_decay(var_names=["centers"])``.

    Args:
        num_classes: K, at least 2.
        embedding_dim: D.
        alpha: step of the centers in [0, 1] (Wen et al.: 0.5).
        learned: the optimizer moves the centers along the loss's gradient, in place of the rule.
        centers_initializer: Keras initializer; see also ``set_to_class_means``.

    Call arguments:
        labels: (B,) or (B, 1) integers in [0, K), negative for no label.
        embeddings: (B, D) of any float dtype.
        sample_weight: (B,) or (B, 1) factors of the samples' losses, or None for all 1. A sample of weight 0 counts
            as little as one without a label; the centers of all others move alike, whatever their weight.
        training: whether to move the centers.

    Returns:
        float32 scalar, the sum of the weighted losses divided by the number of samples that count. Under replicas,
        the mean over the replicas is the loss of the global batch.

    Raises:
        ValueError: an argument out of range; embeddings of another rank or width; labels of another shape (one-hot)
            or of a dtype that is not an integer (probabilities).
        tf.errors.InvalidArgumentError: a label of K or more; under XLA, it counts as no label.
    """

    def __init__(
        self,
        num_classes: int,
        embedding_dim: int,
        alpha: float = 0.5,
        learned: bool = False,
        centers_initializer: str | keras.initializers.Initializer = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"autocast": False, **kwargs})
        check_whole("num_classes", num_classes, 2)
        check_whole("embedding_dim", embedding_dim, 1)
        if not (isinstance(alpha, numbers.Real) and 0 <= alpha <= 1):
            raise ValueError(f"alpha must be in [0, 1], not {alpha!r}")
        self.num_classes: int = num_classes
        self.embedding_dim: int = embedding_dim
        self.alpha: float = alpha
        self.learned: bool = learned
        self.centers_initializer: keras.initializers.Initializer = keras.initializers.get(centers_initializer)
        self.center_step: float = -alpha

    def build(self, labels_shape: tuple | None = None, embeddings_shape: tuple | None = None) -> None:
        self.centers = self.add_weight(
            name="centers",
            shape=(self.num_classes, self.embedding_dim),
            initializer=self.centers_initializer,
            trainable=self.learned,
            dtype="float32",
            autocast=False,
            aggregation="sum" if self.learned else "only_first_replica",
        )

    def call(
        self,
        labels: tf.Tensor,
        embeddings: tf.Tensor,
        sample_weight: tf.Tensor | None = None,
        training: bool = False,
    ) -> tf.Tensor:
        labels, embeddings = tf.convert_to_tensor(labels), tf.convert_to_tensor(embeddings)
        check_samples(labels, embeddings, self.embedding_dim)
        embeddings = tf.ensure_shape(tf.cast(embeddings, tf.float32), [None, self.embedding_dim])
        labels = tf.reshape(tf.cast(labels, tf.int64), [tf.shape(embeddings)[0]])
        if sample_weight is not None:
            sample_weight = tf.reshape(tf.cast(sample_weight, tf.float32), tf.shape(labels))
            labels = tf.where(sample_weight == 0, tf.constant(-1, tf.int64), labels)
        labels, embeddings = mask_samples(labels, embeddings, self.num_classes)
        everything = global_batch(labels, embeddings)
        count = tf.reduce_sum(tf.cast(everything[0] >= 0, tf.float32))
        losses = self.sample_losses(labels, embeddings, everything, training)
        losses = losses if sample_weight is None else sample_weight * losses
        loss = global_mean(tf.reduce_sum(losses), count)
        if training and not self.learned:
            with tf.control_dependencies([loss]):
                self._move_centers(*everything)
        return loss

    def present_centers(self) -> tf.Tensor:
        """(K, D) float32, with a gradient only if they are learned."""
        centers = tf.convert_to_tensor(self.centers)
        # A reshape has a dense gradient; a gather's is not, and replicas would exchange it in no fixed order.
        return tf.reshape(centers, tf.shape(centers)) if self.learned else tf.stop_gradient(centers)

    def sample_losses(
        self, labels: tf.Tensor, embeddings: tf.Tensor, everything: tuple[tf.Tensor, tf.Tensor], training: bool
    ) -> tf.Tensor:
        """(B,) losses of this replica's samples; ``everything``: labels and embeddings of all replicas."""
        raise NotImplementedError

    def _move_centers(self, labels, embeddings):
        """Every replica makes the same change to its own copy: only the rows of the batch, not K x D."""
        classes, handle = tf.maximum(labels, 0), self.centers.value.handle
        own = tf.raw_ops.ResourceGather(resource=handle, indices=classes, dtype=tf.float32)
        rows = _rows_to_add(classes, own - embeddings, tf.cast(labels >= 0, tf.float32))
        tf.raw_ops.ResourceScatterAdd(resource=handle, indices=classes, updates=self.center_step * rows)

    def set_to_class_means(self, labels: np.ndarray, embeddings: np.ndarray) -> None:
        """Sets each center to the mean of its samples; a class without samples keeps its center.

        Args:
            labels: (N,) integers in [0, K), negative for no label.
            embeddings: (N, D) array; rows that are not finite do not count.
        """
        if not self.built:
            self.build()
        labels, embeddings, centers = np.asarray(labels), np.asarray(embeddings, np.float64), np.array(self.centers)
        counts = (labels >= 0) & np.isfinite(embeddings).all(axis=1)
        for label in np.unique(labels[counts]):
            centers[label] = embeddings[counts & (labels == label)].mean(0)
        self.centers.assign(centers)

    def compute_output_spec(
        self,
        labels: keras.KerasTensor,
        embeddings: keras.KerasTensor,
        sample_weight: keras.KerasTensor | None = None,
        training: bool = False,
    ) -> keras.KerasTensor:
        check_samples(labels, embeddings, self.embedding_dim)
        return keras.KerasTensor((), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "embedding_dim": self.embedding_dim,
            "alpha": self.alpha,
            "learned": self.learned,
            "centers_initializer": keras.initializers.serialize(self.centers_initializer),
        }


@keras.saving.register_keras_serializable(package="fer_md")
class CenterLoss(ClassCenters):
    """Center loss (Eq. 1, mean over the batch) with centers of its own; see ``ClassCenters`` for the arguments.

    Examples:
        >>> loss = CenterLoss(num_classes=7, embedding_dim=64)
        >>> model = fer_md.MetricLossModel(network, loss, loss_weight=0.003)

    Reference: Wen et al., ECCV 2016.
    """

    def sample_losses(
        self, labels: tf.Tensor, embeddings: tf.Tensor, everything: tuple[tf.Tensor, tf.Tensor], training: bool
    ) -> tf.Tensor:
        return center_loss(labels, embeddings, self.present_centers(), reduction="none")
