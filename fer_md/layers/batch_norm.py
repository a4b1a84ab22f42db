"""Batch normalisation that is one fused operation on the CPU, with statistics of the global batch."""

from typing import Any

import keras
import tensorflow as tf

from fer_md.layers.compiled_norm import normalize_compiled

_BLOCK = 16
"""Channels that the fused kernel works on at a time on a CPU; it is slow where a block is not full."""


@keras.saving.register_keras_serializable(package="fer_md")
class BatchNorm(keras.layers.Layer):
    """Batch normalisation over all axes but the last (Ioffe and Szegedy, 2015).

    ``y = gamma (x - mean) / sqrt(var + epsilon) + beta``. On the CPU, Keras 3 builds this from single operations, which
    take half of a training step. This layer calls TensorFlow's fused kernel instead, or, where that is slow, loops of
    its own (see ``normalize_compiled``). With a GPU it is the fused kernel always.

    Statistics and parameters are float32, whatever the dtype of the input. Where several replicas train together, mean
    and variance are those of the global batch, so that the number of replicas does not change the result. The moving
    variance is the unbiased one, as in the fused kernel. A layer that is not trainable normalises by its moving
    statistics and leaves them as they are, as Keras's own does.

    Args:
        momentum: share of the old value that the moving statistics keep at each step, in [0, 1).
        epsilon: added to the variance; at least 1e-5 (on a GPU the fused kernel needs more than 1.001e-5).

    Input and output: (B, H, W, C) or (B, D) float.

    Raises:
        ValueError: ``momentum`` or ``epsilon`` out of range.
    """

    def __init__(self, momentum: float = 0.9, epsilon: float = 1e-3, **kwargs: Any):
        super().__init__(**kwargs)
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must be in [0, 1), not {momentum}")
        if epsilon < 1e-5:
            raise ValueError(f"epsilon must be at least 1e-5, not {epsilon}")
        self.momentum = momentum
        self.epsilon = epsilon

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        def weight(name, initial, trainable):
            return self.add_weight(
                name=name,
                shape=(input_shape[-1],),
                initializer=initial,
                trainable=trainable,
                dtype="float32",
                autocast=False,
                aggregation="mean",
            )

        self.gamma = weight("gamma", "ones", True)
        self.beta = weight("beta", "zeros", True)
        self.moving_mean = weight("moving_mean", "zeros", False)
        self.moving_variance = weight("moving_variance", "ones", False)

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        if x.shape.rank == 2:  # the fused kernel takes maps alone
            return self._normalize(x[:, None, None], training)[:, 0, 0]
        return self._normalize(x, training)

    def _normalize(self, x, training):
        gamma, beta = tf.convert_to_tensor(self.gamma), tf.convert_to_tensor(self.beta)
        if not (training and self.trainable):
            mean, variance = tf.convert_to_tensor(self.moving_mean), tf.convert_to_tensor(self.moving_variance)
            return self._fused(x, gamma, beta, mean, variance, training=False)[0]
        replicas = tf.distribute.get_replica_context()
        if replicas is not None and replicas.num_replicas_in_sync > 1:
            y, mean, variance = self._normalize_global(x, gamma, beta, replicas)
        elif x.shape[-1] % _BLOCK and not tf.config.get_visible_devices("GPU"):
            y, mean, variance = normalize_compiled(x, gamma, beta, self.epsilon)
        else:
            y, mean, variance = self._fused(x, gamma, beta, gamma[:0], gamma[:0], training=True)
        self.moving_mean.assign(self.momentum * self.moving_mean + (1 - self.momentum) * mean)
        self.moving_variance.assign(self.momentum * self.moving_variance + (1 - self.momentum) * variance)
        return y

    def _fused(self, x, gamma, beta, mean, variance, training):
        return tf.raw_ops.FusedBatchNormV3(
            x=x, scale=gamma, offset=beta, mean=mean, variance=variance, epsilon=self.epsilon, is_training=training
        )[:3]

    def _normalize_global(self, x, gamma, beta, replicas):
        """The same, from sums over all replicas; ``all_reduce`` carries the gradient across them."""
        values = tf.cast(x, tf.float32)
        count = tf.cast(tf.size(values) // tf.shape(values)[-1], tf.float32)
        sums = tf.reduce_sum(values, [0, 1, 2])
        count, sums = replicas.all_reduce("sum", [count, sums])
        mean = sums / count
        # Two rounds: the mean first, since E[x^2] - E[x]^2 loses digits in float32.
        variance = replicas.all_reduce("sum", tf.reduce_sum(tf.square(values - mean), [0, 1, 2])) / count
        y = tf.nn.batch_normalization(values, mean, variance, beta, gamma, self.epsilon)
        return tf.cast(y, x.dtype), mean, variance * count / tf.maximum(count - 1, 1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum, "epsilon": self.epsilon}
