"""Illumination taken out by isotropic smoothing (Heusch, Cardinaux and Marcel, 2005)."""

import keras
import numpy as np
import tensorflow as tf

from fer_md.layers.stretch import stretch

SMOOTHNESS = 7.0
"""Weight of the smoothness of the light against its closeness to the image, as in the published code."""

MARGIN = 3
"""Rows and columns that the image is mirrored by, so that its border does not count as dark."""

CLIPPED = 0.004
"""Share of the pixels that is cut off at either end of the gray levels."""


@keras.saving.register_keras_serializable(package="fer_md")
class IsotropicSmoothing(keras.layers.Layer):
    """``R = x / L``: the image divided by its light L, which minimises ``sum (L - x)^2 + 7 sum |grad L|^2``.

    The minimum solves ``(1 + 7 Delta) L = x`` with the five-point Laplacian, zero outside the border. Its
    eigenvectors are sines along both axes, so L takes four small matrix products. 0.4 % of the pixels are cut off at
    either end of R, then R is stretched to [0, 1].

    Input: (B, H, H, 1) gray levels of any numeric dtype. Output: (B, H, H, 1) in the layer's compute dtype.

    Reference:
        G. Heusch, F. Cardinaux, S. Marcel, Lighting normalization algorithms for face verification, IDIAP-Com 05-03,
        2005; parameters of the code of Kim et al. (bokyeong1015/HierCommCNNs at 3c54b36).
    """

    def __init__(self, **kwargs):
        super().__init__(**{"autocast": False, **kwargs})

    def call(self, x):
        size = x.shape[1] + 2 * MARGIN
        gray = stretch(tf.cast(x, tf.float32))[..., 0]
        gray = tf.pad(gray, [[0, 0], [MARGIN, MARGIN], [MARGIN, MARGIN]], "SYMMETRIC") + 1e-3
        sines, squares = sine_basis(size)
        factors = 1 / (1 + SMOOTHNESS * (squares[:, None] + squares))
        light = sines @ (factors * (sines @ gray @ sines)) @ sines  # the basis is symmetric and its own inverse
        reflected = (gray / light)[:, MARGIN:-MARGIN, MARGIN:-MARGIN, None]
        return tf.cast(stretch(reflected, CLIPPED), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape


def sine_basis(size):
    """Eigenvectors (size, size) and eigenvalues (size,) of the second difference with zeros outside, float32."""
    numbers = np.arange(1, size + 1)
    sines = np.sqrt(2 / (size + 1)) * np.sin(np.pi * np.outer(numbers, numbers) / (size + 1))
    return sines.astype(np.float32), (2 - 2 * np.cos(np.pi * numbers / (size + 1))).astype(np.float32)
