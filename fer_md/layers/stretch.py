"""Gray levels brought to [0, 1], image by image."""

import keras
import tensorflow as tf


def stretch(images, clipped=0.0):
    """Brings each image's gray levels to [0, 1]; an image of one gray level becomes zeros.

    Args:
        images: (B, H, W, 1) float.
        clipped: share of the pixels, in [0, 0.5), that is cut off at either end before.

    Returns:
        tensor of the same shape and dtype.
    """
    values = tf.reshape(images, [-1, images.shape[1] * images.shape[2]])
    kept = 1 + int(clipped * values.shape[1])
    high = tf.math.top_k(values, kept).values[:, -1][:, None, None, None]
    low = -tf.math.top_k(-values, kept).values[:, -1][:, None, None, None]
    return tf.math.divide_no_nan(tf.clip_by_value(images, low, high) - low, high - low)


@keras.saving.register_keras_serializable(package="fer_md")
class Stretch(keras.layers.Layer):
    """Each image's darkest gray level becomes 0 and its lightest 1; see ``stretch``.

    Input: (B, H, W, 1) of any numeric dtype. Output: the same shape, in the layer's compute dtype.
    """

    def __init__(self, **kwargs):
        super().__init__(**{"autocast": False, **kwargs})

    def call(self, x):
        return tf.cast(stretch(tf.cast(x, tf.float32)), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape
