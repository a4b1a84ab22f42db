"""Dropout whose masks depend on a seed, a saved counter and the place in the global batch, and on nothing else."""

import math
from typing import Any

import keras
import tensorflow as tf

_GROUP = 4
"""How many numbers one step of the Philox counter gives."""


def uniform_rows(rows: int | tf.Tensor, width: int, first_row: int | tf.Tensor, key: tf.Tensor) -> tf.Tensor:
    """Uniform numbers in [0, 1): rows of an endless matrix that belongs to ``key``, from ``first_row`` on.

    Philox turns (key, counter) into numbers without any state. A part of the matrix can thus be drawn alone, at the
    cost of that part: row ``i`` starts at the counter ``i * ceil(width / 4)``.

    Args:
        rows: how many rows; an int or an int32 scalar.
        width: numbers in a row.
        first_row: number of the first row; an int or an int32 scalar.
        key: (2,) int32.

    Returns:
        (rows, width) float32.

    Reference: J. Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011.
    """
    groups = -(-width // _GROUP)
    drawn = tf.raw_ops.StatelessRandomUniformV2(
        shape=tf.stack([rows, _GROUP * groups]),
        key=tf.reshape(tf.bitcast(key, tf.uint64), [1]),
        counter=tf.cast(tf.stack([tf.cast(first_row, tf.int64) * groups, 0]), tf.uint64),
        alg=tf.random.Algorithm.PHILOX.value,
    )
    return drawn[:, :width]


@keras.saving.register_keras_serializable(package="fer_md")
class Dropout(keras.layers.Layer):
    """Sets a share ``rate`` of the inputs to zero in training and divides the rest by ``1 - rate``.

    The mask depends on ``seed``, on a counter of the training calls and on the row of the global batch. The counter is
    a weight of the layer, hence part of every checkpoint: a resumed training drops what an uninterrupted one does.
    Replica r has the r-th equal part of the rows, so that replicas together drop what one device would. Keras's own
    layer keeps its random state outside of the weights, and gives the same mask to all replicas.

    Args:
        rate: share that is dropped, in [0, 1). The paper's "dropout with a probability of 0.65" leaves open whether
            0.65 is dropped or kept.
        seed: of the masks.

    Raises:
        ValueError: ``rate`` out of range.
    """

    def __init__(self, rate: float, seed: int = 0, **kwargs: Any):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"rate must be in [0, 1), not {rate}")
        self.rate = rate
        self.seed = seed

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.calls = self.add_weight(
            name="calls",
            shape=(),
            dtype="int32",
            initializer="zeros",
            trainable=False,
            autocast=False,
            aggregation="only_first_replica",
        )

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training or self.rate == 0:
            return x
        replicas = tf.distribute.get_replica_context()
        replica = replicas.replica_id_in_sync_group if replicas is not None else 0
        calls, rows = tf.convert_to_tensor(self.calls), tf.shape(x)[0]
        key = tf.stack([tf.constant(self.seed, tf.int32), calls])
        numbers = uniform_rows(rows, math.prod(x.shape[1:]), replica * rows, key)
        kept = tf.reshape(numbers >= self.rate, tf.shape(x))
        self.calls.assign(calls + 1)
        return tf.where(kept, x / tf.cast(1 - self.rate, x.dtype), tf.zeros((), x.dtype))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
