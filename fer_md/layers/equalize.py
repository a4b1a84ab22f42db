"""Histogram equalisation inside the graph."""

import keras
import tensorflow as tf

LEVELS = 256


@keras.saving.register_keras_serializable(package="fer_md")
class Equalize(keras.layers.Layer):
    """Replaces each gray level by the share of the image's pixels that are darker, stretched to [0, 1].

    The darkest level of an image becomes 0 and the lightest 1; an image of one gray level becomes zeros.

    Input: (B, H, W, 1) gray levels in [0, 255] of any numeric dtype, rounded to whole numbers.
    Output: (B, H, W, 1) in the layer's compute dtype. It carries no gradient.
    """

    def __init__(self, **kwargs):
        super().__init__(**{"autocast": False, **kwargs})

    def call(self, x):
        pixels = x.shape[1] * x.shape[2]
        levels = tf.cast(tf.clip_by_value(tf.round(tf.cast(x, tf.float32)), 0, LEVELS - 1), tf.int32)
        levels = tf.reshape(levels, [-1, pixels])
        counts = tf.math.bincount(levels, minlength=LEVELS, maxlength=LEVELS, axis=-1)  # (B, LEVELS)
        darker = tf.cast(tf.gather(tf.cumsum(counts, axis=1, exclusive=True), levels, batch_dims=1), tf.float32)
        shares = tf.math.divide_no_nan(darker, tf.reduce_max(darker, axis=1, keepdims=True))
        return tf.cast(tf.reshape(shares, tf.shape(x)), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape
