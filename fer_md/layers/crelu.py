"""Concatenated ReLU (Shang et al., ICML 2016), with its max-pooling moved to where it is cheap."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


@tf.function(autograph=False)  # TensorFlow keeps the graph of a custom gradient for good: this one, not a network's
@tf.custom_gradient
def pooled_crelu(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """``maxpool(crelu(x))`` over squares of 2 x 2, with a gradient in one pass over the memory.

    It is computed as ``relu(concat(maxpool(x), maxpool(-x)))``: ReLU is monotone, so it commutes with the maximum, and
    the concatenation then moves a quarter of the memory. TensorFlow's own gradient of the two poolings takes several
    passes; this one is compiled into one loop. Only the gradient is compiled, so a served network needs no compiler.

    Args:
        x: (B, H, W, C) float, H and W even.

    Returns:
        (B, H / 2, W / 2, 2 C), dtype of ``x``.
    """
    pooled = [tf.nn.max_pool2d(half, 2, 2, "VALID") for half in (x, -x)]
    outputs = tf.nn.relu(tf.concat(pooled, axis=-1))
    return outputs, lambda upstream: _pooled_crelu_gradient(x, upstream)


@tf.function(jit_compile=True, autograph=False)
def _pooled_crelu_gradient(x, upstream):
    """A square's gradient goes to its first highest and its first lowest value, where these pass the ReLU."""
    height, width, channels = x.shape[1:]
    squares = tf.reshape(x, [-1, height // 2, 2, width // 2, 2, channels])
    corners = [squares[:, :, i, :, j] for i in (0, 1) for j in (0, 1)]
    highest = tf.maximum(tf.maximum(corners[0], corners[1]), tf.maximum(corners[2], corners[3]))
    lowest = tf.minimum(tf.minimum(corners[0], corners[1]), tf.minimum(corners[2], corners[3]))
    zero = tf.zeros((), x.dtype)
    up = tf.where(highest > 0, upstream[..., :channels], zero)
    down = tf.where(lowest < 0, upstream[..., channels:], zero)
    gradients = []
    for corner in corners:
        is_highest, is_lowest = corner == highest, corner == lowest
        gradients.append(tf.where(is_highest, up, zero) - tf.where(is_lowest, down, zero))
        up, down = tf.where(is_highest, zero, up), tf.where(is_lowest, zero, down)
    rows = [tf.stack(gradients[:2], axis=3), tf.stack(gradients[2:], axis=3)]  # (B, H/2, W/2, 2, C) each
    return tf.reshape(tf.stack(rows, axis=2), tf.shape(x))


@keras.saving.register_keras_serializable(package="fer_md")
class CReLU(keras.layers.Layer):
    """``relu(concat(x, -x))`` along the channels, optionally max-pooled: the channels double.

    Equal to ``tf.nn.crelu``. With ``pool_size`` it equals ``maxpool(crelu(x))``; see ``pooled_crelu``.

    Args:
        pool_size: 2 for max-pooling over squares of 2 x 2, or None.

    Input: (B, H, W, C) float. Output: (B, H // pool_size, W // pool_size, 2 C), dtype of the input.

    Raises:
        ValueError: ``pool_size`` is neither 2 nor None, or it is 2 and the input's height or width is unknown.
    """

    def __init__(self, pool_size: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        if pool_size not in (None, 2):
            raise ValueError(f"pool_size must be None or 2, not {pool_size}")
        self.pool_size = pool_size

    def build(self, input_shape: tuple[Any, ...]) -> None:
        if self.pool_size and None in input_shape[1:3]:
            raise ValueError(f"CReLU with pooling needs to know height and width; input size {input_shape}")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        if not self.pool_size:
            return tf.nn.crelu(x)
        height, width = x.shape[1:3]
        if height % 2 or width % 2:
            x = x[:, : height - height % 2, : width - width % 2]  # an odd last row or column is in no square
        return pooled_crelu(x)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        batch, height, width, channels = input_shape
        size = self.pool_size or 1
        return (batch, height and height // size, width and width // size, 2 * channels)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "pool_size": self.pool_size}
