"""Dropout whose masks are a function of a seed and a saved counter, so that a resumed run repeats them."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="fer_md")
class Dropout(keras.layers.Layer):
    """Sets a share ``rate`` of the inputs to zero in training and divides the rest by ``1 - rate``.

    The mask of a call depends on ``seed``, on a counter of the training calls (a weight of the layer,
    hence part of every checkpoint) and on the replica. Keras's own layer keeps its random state
    outside of the weights, and gives all replicas the same mask.

    Args:
        rate: share dropped, in [0, 1). The paper's "dropout with a probability of 0.65" leaves open
            whether 0.65 is dropped or kept.
        seed: int.

    Raises:
        ValueError: ``rate`` out of range.
    """

    def __init__(self, rate, seed=0, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"rate must be in [0, 1), not {rate}")
        self.rate = rate
        self.seed = seed

    def build(self, input_shape):
        self.calls = self.add_weight(
            name="calls", shape=(), dtype="int32", initializer="zeros", trainable=False,
            autocast=False, aggregation="only_first_replica",
        )  # fmt: skip

    def call(self, x, training=False):
        if not training or self.rate == 0:
            return x
        replicas = tf.distribute.get_replica_context()
        replica = replicas.replica_id_in_sync_group if replicas is not None else 0
        calls = tf.convert_to_tensor(self.calls)
        key = tf.stack([tf.constant(self.seed, tf.int32) + 7919 * replica, calls])
        kept = tf.random.stateless_uniform(tf.shape(x), key) >= self.rate
        self.calls.assign(calls + 1)
        return tf.where(kept, x / tf.cast(1 - self.rate, x.dtype), tf.zeros((), x.dtype))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
