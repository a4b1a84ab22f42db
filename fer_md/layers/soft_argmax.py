"""Where maps are high, as places that can be learned (integral regression; Sun et al., ECCV 2018)."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf


@keras.saving.register_keras_serializable(package="fer_md")
class SoftArgmax(keras.layers.Layer):
    """The mean place of each map under its softmax: ``y_p = sum_c softmax(x_p)_c place_c`` over the map's cells c.

    Input: (B, H, W, P) float, H and W known. Output: (B, P, 2) in the layer's dtype, x and y of the P maps, measured
    from their middle as shares of their edges, so that 0.5 is the right or lower border.

    Raises:
        ValueError: the input's height or width is unknown.

    Reference: Sun, Xiao, Wei, Liang and Wei, Integral human pose regression, ECCV 2018, Eq. 2.
    """

    def build(self, input_shape: tuple[Any, ...]) -> None:
        if None in input_shape[1:3]:
            raise ValueError(f"SoftArgmax needs to know height and width; input size {input_shape}")
        height, width = input_shape[1:3]
        y, x = np.mgrid[:height, :width]
        places = np.stack([(x + 0.5) / width, (y + 0.5) / height], -1) - 0.5
        self._places = places.reshape(height * width, 2)

    def call(self, maps: tf.Tensor) -> tf.Tensor:
        cells, count = self._places.shape[0], maps.shape[3]
        shares = tf.nn.softmax(tf.reshape(maps, (-1, cells, count)), axis=1)  # (B, H W, P)
        return tf.einsum("bcp,cd->bpd", shares, tf.constant(self._places, shares.dtype))

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        return input_shape[0], input_shape[3], 2
