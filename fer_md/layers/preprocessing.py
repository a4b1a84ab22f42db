"""Layers that prepare a face for a network: standardisation, stretching, equalisation and isotropic smoothing."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf


class _ImageLayer(keras.layers.Layer):
    """Keeps the shape of the images, and receives them in their own dtype, to compute with them in float32."""

    def __init__(self, **kwargs: Any):
        super().__init__(**{"autocast": False, **kwargs})

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape


@keras.saving.register_keras_serializable(package="fer_md")
class Standardize(_ImageLayer):
    """Zero mean and unit variance for each image: ``(x - mean) / sqrt(var + epsilon)``.

    This removes brightness and contrast, which carry no expression. A constant image becomes all zeros.

    Args:
        epsilon: added to the variance, in squared gray levels.

    Input: (B, H, W, C) of any numeric dtype, gray levels in [0, 255].
    Output: the same shape, in the layer's compute dtype.
    """

    def __init__(self, epsilon: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, x: tf.Tensor) -> tf.Tensor:
        x = tf.cast(x, tf.float32)
        mean, variance = tf.nn.moments(x, [1, 2, 3], keepdims=True)
        return tf.cast((x - mean) * tf.math.rsqrt(variance + self.epsilon), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}


def stretch(images: tf.Tensor, clipped: float = 0.0) -> tf.Tensor:
    """Brings each image's gray levels to [0, 1]; an image of one gray level becomes zeros.

    Args:
        images: (B, H, W, 1) float.
        clipped: share of the pixels, in [0, 0.5), that is first clipped at either end of the gray levels.

    Returns:
        tensor of the same shape and dtype.
    """
    values = tf.reshape(images, [-1, images.shape[1] * images.shape[2]])
    kept = 1 + int(clipped * values.shape[1])
    high = tf.math.top_k(values, kept).values[:, -1][:, None, None, None]
    low = -tf.math.top_k(-values, kept).values[:, -1][:, None, None, None]
    return tf.math.divide_no_nan(tf.clip_by_value(images, low, high) - low, high - low)


@keras.saving.register_keras_serializable(package="fer_md")
class Stretch(_ImageLayer):
    """Makes each image's darkest gray level 0 and its lightest 1; see ``stretch``.

    Input: (B, H, W, 1) of any numeric dtype. Output: the same shape, in the layer's compute dtype.
    """

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return tf.cast(stretch(tf.cast(x, tf.float32)), self.compute_dtype)


LEVELS = 256
"""Number of gray levels."""


@keras.saving.register_keras_serializable(package="fer_md")
class Equalize(_ImageLayer):
    """Replaces each gray level by the share of the image's pixels that are darker, stretched to [0, 1].

    The darkest level of an image becomes 0 and the lightest 1; an image of one gray level becomes zeros.

    Input: (B, H, W, 1) gray levels in [0, 255] of any numeric dtype, rounded to whole numbers.
    Output: (B, H, W, 1) in the layer's compute dtype. It carries no gradient.
    """

    def call(self, x: tf.Tensor) -> tf.Tensor:
        pixels = x.shape[1] * x.shape[2]
        levels = tf.cast(tf.clip_by_value(tf.round(tf.cast(x, tf.float32)), 0, LEVELS - 1), tf.int32)
        levels = tf.reshape(levels, [-1, pixels])
        counts = tf.math.bincount(levels, minlength=LEVELS, maxlength=LEVELS, axis=-1)  # (B, LEVELS)
        darker = tf.cast(tf.gather(tf.cumsum(counts, axis=1, exclusive=True), levels, batch_dims=1), tf.float32)
        shares = tf.math.divide_no_nan(darker, tf.reduce_max(darker, axis=1, keepdims=True))
        return tf.cast(tf.reshape(shares, tf.shape(x)), self.compute_dtype)


SMOOTHNESS = 7.0
"""How much the smoothness of the light counts, compared with its closeness to the image; as in the published code."""

MARGIN = 3
"""Rows and columns by which the image is extended, mirrored, so that its border does not count as dark."""

CLIPPED = 0.004
"""Share of the pixels that is clipped at either end of the gray levels."""


@keras.saving.register_keras_serializable(package="fer_md")
class IsotropicSmoothing(_ImageLayer):
    """``R = x / L``: the image divided by its light L, which minimises ``sum (L - x)^2 + 7 sum |grad L|^2``.

    The minimum solves ``(1 + 7 Delta) L = x`` with the five-point Laplacian, zero outside the border. Its
    eigenvectors are sines along both axes, so L takes four small matrix products. R is clipped at 0.4 % of the pixels
    at either end, then stretched to [0, 1].

    Input: (B, H, H, 1) gray levels of any numeric dtype. Output: (B, H, H, 1) in the layer's compute dtype.

    Reference:
        G. Heusch, F. Cardinaux, S. Marcel, Lighting normalization algorithms for face verification, IDIAP-Com 05-03,
        2005; parameters of the code of Kim et al. (bokyeong1015/HierCommCNNs at 3c54b36).
    """

    def call(self, x: tf.Tensor) -> tf.Tensor:
        size = x.shape[1] + 2 * MARGIN
        gray = stretch(tf.cast(x, tf.float32))[..., 0]
        gray = tf.pad(gray, [[0, 0], [MARGIN, MARGIN], [MARGIN, MARGIN]], "SYMMETRIC") + 1e-3
        sines, squares = sine_basis(size)
        factors = 1 / (1 + SMOOTHNESS * (squares[:, None] + squares))
        light = sines @ (factors * (sines @ gray @ sines)) @ sines  # the basis is symmetric and its own inverse
        reflected = (gray / light)[:, MARGIN:-MARGIN, MARGIN:-MARGIN, None]
        return tf.cast(stretch(reflected, CLIPPED), self.compute_dtype)


def sine_basis(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvectors (size, size) and eigenvalues (size,) of the second difference with zeros outside, float32."""
    numbers = np.arange(1, size + 1)
    sines = np.sqrt(2 / (size + 1)) * np.sin(np.pi * np.outer(numbers, numbers) / (size + 1))
    return sines.astype(np.float32), (2 - 2 * np.cos(np.pi * numbers / (size + 1))).astype(np.float32)
