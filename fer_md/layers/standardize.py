"""The network's own preprocessing, kept inside the graph so that training, evaluation and export agree."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="fer_md")
class Standardize(keras.layers.Layer):
    """Zero mean and unit variance for each image: ``(x - mean) / sqrt(var + epsilon)``.

    It takes out brightness and contrast, which carry no expression. A constant image becomes all zeros.

    Args:
        epsilon: added to the variance, in squared gray levels.

    Input: (B, H, W, C) of any numeric dtype, gray levels in [0, 255].
    Output: the same shape, computed in float32, in the layer's compute dtype.
    """

    def __init__(self, epsilon=1.0, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.epsilon = epsilon

    def call(self, x):
        x = tf.cast(x, tf.float32)
        mean, variance = tf.nn.moments(x, [1, 2, 3], keepdims=True)
        return tf.cast((x - mean) * tf.math.rsqrt(variance + self.epsilon), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}
