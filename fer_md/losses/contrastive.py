"""Contrastive loss (Hadsell, Chopra and LeCun, CVPR 2006) over pairs of embeddings."""

import numbers
from typing import Any

import keras
import tensorflow as tf

from fer_md.losses._samples import reduce

SMALLEST_SQUARE = 1e-12
"""Squared distances count as at least this: the root's slope at zero is infinite."""


def contrastive_loss(
    alike: tf.Tensor, first: tf.Tensor, second: tf.Tensor, margin: float = 1.0, reduction: str = "mean"
) -> tf.Tensor:
    """``1/2 d^2`` for a pair that is alike and ``1/2 {margin - d}_+^2`` for one that is not, with ``d = ||x - x'||``.

    Args:
        alike: (P,) bool, whether both members show the same expression (or the same person).
        first, second: (P, D) of any float dtype, the members of the pairs; computed in float32 at least.
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


@keras.saving.register_keras_serializable(package="fer_md")
class ContrastiveLoss(keras.layers.Layer):
    """Contrastive loss of neighbouring rows, as ``fer_md.data.pairs.pair_batches`` makes them: alike, not alike, ...

    Rows 0 and 1 are the first pair, which is alike; rows 2 and 3 the second, which is not; and so on. The place tells
    how the pairs were drawn, so one batch carries expression labels for softmax and pairs of persons for this loss.
    The embeddings are brought to unit length first, so that the margin means the same whatever their width.

    Args:
        margin: distance in (0, 2] from which a pair that is not alike costs nothing.

    Call arguments:
        labels: (B,), not looked at.
        embeddings: (B, D) of any float dtype with B a multiple of 4.
        training: not looked at.

    Returns:
        float32 scalar. Under replicas, the mean over the replicas is the loss of the global batch.

    Raises:
        ValueError: ``margin`` out of range, or embeddings of another rank.
        tf.errors.InvalidArgumentError: another number of rows, for example a batch divided among too many replicas.
    """

    def __init__(self, margin: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**{"autocast": False, **kwargs})
        if not (isinstance(margin, numbers.Real) and 0 < margin <= 2):
            raise ValueError(f"margin must be in (0, 2], the distances of unit vectors, not {margin!r}")
        self.margin: float = margin

    def build(self, labels_shape: tuple | None, embeddings_shape: tuple) -> None:
        """There are no weights; only embeddings of another rank to refuse."""
        if len(embeddings_shape) != 2:
            raise ValueError(f"embeddings must be (B, D), not {tuple(embeddings_shape)}")

    def call(self, labels: tf.Tensor, embeddings: tf.Tensor, training: bool = False) -> tf.Tensor:
        tf.debugging.assert_equal(tf.shape(embeddings)[0] % 4, 0, "rows must come in fours: two pairs a turn")
        unit = tf.math.l2_normalize(tf.cast(embeddings, tf.float32), axis=1)
        pairs = tf.reshape(unit, [-1, 2, unit.shape[-1]])
        alike = tf.range(tf.shape(pairs)[0]) % 2 == 0
        return contrastive_loss(alike, pairs[:, 0], pairs[:, 1], self.margin)

    def compute_output_spec(
        self, labels: keras.KerasTensor, embeddings: keras.KerasTensor, training: bool = False
    ) -> keras.KerasTensor:
        return keras.KerasTensor((), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "margin": self.margin}
