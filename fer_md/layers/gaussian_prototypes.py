"""A classifier with one Gaussian a class, in place of a linear one."""

from typing import Any

import keras
import tensorflow as tf

from fer_md.arguments import check_whole


@keras.saving.register_keras_serializable(package="fer_md")
class GaussianPrototypes(keras.layers.Layer):
    """Logits ``-||x - c_j||^2 / (2 s^2)``: softmax of them is the posterior of Gaussians with equal shares.

    The centers c_j and log s are learned. At first s is 1 and the centers are as small as the columns of a linear
    classifier's kernel, so that the two start alike. It computes in float32, as the squares of long vectors are large.

    Args:
        num_classes: K, at least 2.

    Input: (B, D) float. Output: (B, K) float32, at most 0 but for rounding.

    Raises:
        ValueError: ``num_classes`` out of range.

    Reference:
        Wan et al., Rethinking feature distribution for loss functions in image classification, CVPR 2018, Eq. 4, with
        one variance and without a margin.
    """

    def __init__(self, num_classes: int, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        check_whole("num_classes", num_classes, 2)
        self.num_classes = num_classes

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        shape = (self.num_classes, input_shape[-1])
        self.centers = self.add_weight(name="centers", shape=shape, initializer="glorot_uniform")
        self.log_scale = self.add_weight(name="log_scale", shape=(), initializer="zeros")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        centers = tf.convert_to_tensor(self.centers)
        squares = tf.reduce_sum(tf.square(x), 1, keepdims=True) + tf.reduce_sum(tf.square(centers), 1)  # (B, K)
        distances = squares - 2 * tf.matmul(x, centers, transpose_b=True)
        return -0.5 * tf.exp(-2 * tf.convert_to_tensor(self.log_scale)) * distances

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], self.num_classes)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_classes": self.num_classes}
