"""Local response normalisation (Krizhevsky et al., 2012), which networks used before there was batch normalisation."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="fer_md")
class ResponseNorm(keras.layers.Layer):
    """``y_c = x_c / (2 + 1e-4 sum_{|d| <= 2} x_{c + d}^2)^0.75`` over neighbouring channels c.

    Radius, bias, scale and power are those of Krizhevsky et al. The layer computes in float32, since TensorFlow has no
    kernel for bfloat16 on a CPU.

    Input and output: (B, H, W, C) float.

    Reference:
        A. Krizhevsky, I. Sutskever, G. Hinton, ImageNet classification with deep convolutional neural networks,
        NeurIPS 2012, Sec. 3.3.
    """

    def call(self, x: tf.Tensor) -> tf.Tensor:
        y = tf.nn.local_response_normalization(tf.cast(x, tf.float32), depth_radius=2, bias=2.0, alpha=1e-4, beta=0.75)
        return tf.cast(y, x.dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape
