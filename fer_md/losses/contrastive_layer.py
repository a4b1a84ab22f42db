"""Contrastive loss as a Keras layer over a batch of pairs."""

import numbers

import keras
import tensorflow as tf

from fer_md.losses.contrastive import contrastive_loss
from fer_md.losses.reduction import check_loss_weight


@keras.saving.register_keras_serializable(package="fer_md")
class ContrastiveLoss(keras.layers.Layer):
    """Contrastive loss of neighbouring rows, as ``fer_md.data.pairs.pair_batches`` makes them: alike, not alike, ...

    Rows 0 and 1 are the first pair, which is alike; rows 2 and 3 the second, which is not; and so on. The place tells
    how the pairs were drawn, so one batch carries expression labels for softmax and pairs of persons for this loss.
    The embeddings are brought to unit length first, so that the margin means the same whatever their width.

    Args:
        margin: distance in (0, 2] from which a pair that is not alike costs nothing.
        loss_weight: factor of the loss beside softmax, at least 0. What the call returns is not weighted.

    Input: embeddings (B, D) of any float dtype with B a multiple of 4; labels (B,), not looked at.
    Output: float32 scalar. Under replicas the mean of it over the replicas is the loss of the global batch.

    Raises:
        ValueError: ``margin`` or ``loss_weight`` out of range, or embeddings of another rank.
        tf.errors.InvalidArgumentError: another number of rows, for example a batch divided among too many replicas.
    """

    def __init__(self, margin=1.0, loss_weight=1.0, **kwargs):
        super().__init__(**{"autocast": False, **kwargs})
        if not (isinstance(margin, numbers.Real) and 0 < margin <= 2):
            raise ValueError(f"margin must be in (0, 2], the distances of unit vectors, not {margin!r}")
        check_loss_weight(loss_weight)
        self.margin, self.loss_weight = margin, loss_weight

    def build(self, embeddings_shape, labels_shape=None):
        """There are no weights; only embeddings of another rank to refuse."""
        if len(embeddings_shape) != 2:
            raise ValueError(f"embeddings must be (B, D), not {tuple(embeddings_shape)}")

    def call(self, embeddings, labels, training=False):
        tf.debugging.assert_equal(tf.shape(embeddings)[0] % 4, 0, "rows must come in fours: two pairs a turn")
        unit = tf.math.l2_normalize(tf.cast(embeddings, tf.float32), axis=1)
        pairs = tf.reshape(unit, [-1, 2, unit.shape[-1]])
        alike = tf.range(tf.shape(pairs)[0]) % 2 == 0
        return contrastive_loss(pairs[:, 0], pairs[:, 1], alike, self.margin)

    def compute_output_spec(self, embeddings, labels, training=False):
        return keras.KerasTensor((), dtype="float32")

    def get_config(self):
        return {**super().get_config(), "margin": self.margin, "loss_weight": self.loss_weight}
