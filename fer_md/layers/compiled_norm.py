"""Batch normalisation in training, compiled into loops: for numbers of channels at which the fused kernel is slow."""

from collections.abc import Callable

import tensorflow as tf


@tf.function(autograph=False)  # TensorFlow keeps the graph of a custom gradient for good: this one, not a network's
@tf.custom_gradient
def normalize_compiled(
    x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: float
) -> tuple[tuple[tf.Tensor, tf.Tensor, tf.Tensor], Callable[..., tuple[tf.Tensor, tf.Tensor, tf.Tensor, None]]]:
    """``gamma (x - mean) / sqrt(variance + epsilon) + beta`` by the batch's own mean and variance.

    Equal to TensorFlow's fused kernel, with its gradients for ``x``, ``gamma`` and ``beta``. oneDNN's version of that
    kernel works on blocks of 16 channels. With bfloat16 and other numbers of channels it takes three to eight times as
    long as these loops.

    Args:
        x: (B, H, W, C) float, B H W at least 1.
        gamma, beta: (C,) float32.
        epsilon: added to the variance.

    Returns:
        the normalised batch, as ``x``; its mean (C,) float32; its unbiased variance (C,) float32. The last two carry
        no gradient.

    Source: Ioffe and Szegedy, Batch normalization, ICML 2015, Algorithm 1 and the gradients after it.
    """
    y, mean, variance, scale = _forward(x, gamma, beta, epsilon)
    return (y, mean, variance), lambda upstream, *_: (*_gradients(x, upstream, gamma, mean, scale), None)


@tf.function(jit_compile=True, autograph=False)
def _forward(x, gamma, beta, epsilon):
    values, count = tf.cast(x, tf.float32), _count(x)
    mean = tf.reduce_sum(values, [0, 1, 2]) / count
    variance = tf.reduce_sum(tf.square(values - mean), [0, 1, 2]) / count
    scale = tf.math.rsqrt(variance + epsilon)
    y = (values - mean) * (gamma * scale) + beta
    return tf.cast(y, x.dtype), mean, variance * (count / tf.maximum(count - 1, 1)), scale


@tf.function(jit_compile=True, autograph=False)
def _gradients(x, upstream, gamma, mean, scale):
    upstream, count = tf.cast(upstream, tf.float32), _count(x)
    normal = (tf.cast(x, tf.float32) - mean) * scale
    for_gamma, for_beta = tf.reduce_sum(upstream * normal, [0, 1, 2]), tf.reduce_sum(upstream, [0, 1, 2])
    for_x = gamma * scale * (upstream - for_beta / count - normal * (for_gamma / count))
    return tf.cast(for_x, x.dtype), for_gamma, for_beta


def _count(x):
    """Values a channel has, as float32."""
    return tf.cast(tf.size(x) // x.shape[-1], tf.float32)
