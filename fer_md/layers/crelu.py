"""Concatenated ReLU (Shang et al., ICML 2016), with its max-pooling moved to where it is cheap."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="fer_md")
class CReLU(keras.layers.Layer):
    """``relu(concat(x, -x))`` along the channels, optionally max-pooled: the channels double.

    Equal to ``tf.nn.crelu``. With ``pool_size`` it equals ``maxpool(crelu(x))``, computed as
    ``relu(concat(maxpool(x), maxpool(-x)))``: ReLU is monotone, so it commutes with the maximum,
    and the concatenation then moves a quarter of the memory (for ``pool_size=2``).

    With ``affine`` each of the doubled channels has a learned scale and shift before the ReLU,
    as in PVANet (Hong et al., 2016, Fig. 1); a scale may be negative, so pooling then comes last.

    Args:
        pool_size: edge and stride of the square max-pooling, or None.
        affine: learn a scale and a shift for each output channel.

    Input: (B, H, W, C) float. Output: (B, H // pool_size, W // pool_size, 2 C), dtype of the input.

    Raises:
        ValueError: ``pool_size`` is less than 2.
    """

    def __init__(self, pool_size=None, affine=False, **kwargs):
        super().__init__(**kwargs)
        if pool_size is not None and pool_size < 2:
            raise ValueError(f"pool_size must be None or at least 2, not {pool_size}")
        self.pool_size = pool_size
        self.affine = affine

    def build(self, input_shape):
        if self.affine:
            shape = (2 * input_shape[-1],)
            self.scale = self.add_weight(name="scale", shape=shape, initializer="ones")
            self.shift = self.add_weight(name="shift", shape=shape, initializer="zeros")

    def call(self, x):
        if not self.affine:
            return tf.nn.relu(tf.concat([self._pool(x), self._pool(-x)], axis=-1))
        return self._pool(tf.nn.relu(tf.concat([x, -x], axis=-1) * self.scale + self.shift))

    def _pool(self, x):
        return x if self.pool_size is None else tf.nn.max_pool2d(x, self.pool_size, self.pool_size, "VALID")

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        size = self.pool_size or 1
        return (batch, height and height // size, width and width // size, 2 * channels)

    def get_config(self):
        return {**super().get_config(), "pool_size": self.pool_size, "affine": self.affine}
