"""How fast a training step could be that does nothing but its convolutions and matrix products, each at its best."""

import time
from collections.abc import Callable

import keras
import tensorflow as tf

Multiplication = Callable[[], tf.Tensor]


def seconds_at_best(model: keras.Model, batch_size: int, rounds: int) -> float:
    """Seconds of the sum of all convolutions and products of a step, each timed alone.

    Args:
        model: its Conv2D and Dense layers count, forward and for both gradients, in their own precision.
        batch_size: images a step.
        rounds: the fastest of so many calls of each counts.
    """
    total = 0.0
    for number, layer in enumerate(layer for layer in model.layers if hasattr(layer, "kernel")):
        for multiplication in multiplications(layer, batch_size, learns_below=number > 0):
            total += fastest(tf.function(multiplication), rounds)
    return total


def multiplications(layer: keras.layers.Layer, batch_size: int, learns_below: bool) -> list[Multiplication]:
    """What a Conv2D or Dense layer multiplies in a step: forward, for its kernel, and for its input.

    Args:
        learns_below: whether a layer below needs the gradient for the input.
    """

    def noise(shape):
        return tf.cast(tf.random.stateless_normal(shape, (0, 0)), layer.compute_dtype)

    x, kernel = noise((batch_size, *layer.input.shape[1:])), noise(layer.kernel.shape)
    upstream = noise((batch_size, *layer.output.shape[1:]))
    if isinstance(layer, keras.layers.Dense):
        found = [
            lambda: tf.matmul(x, kernel),
            lambda: tf.matmul(x, upstream, transpose_a=True),
            lambda: tf.matmul(upstream, kernel, transpose_b=True),
        ]
    else:
        steps = {"strides": [1, *layer.strides, 1], "padding": layer.padding.upper()}
        found = [
            lambda: tf.raw_ops.Conv2D(input=x, filter=kernel, **steps),
            lambda: tf.raw_ops.Conv2DBackpropFilter(input=x, filter_sizes=kernel.shape, out_backprop=upstream, **steps),
            lambda: tf.raw_ops.Conv2DBackpropInput(input_sizes=x.shape, filter=kernel, out_backprop=upstream, **steps),
        ]
    return found if learns_below else found[:2]


def fastest(call: Multiplication, rounds: int) -> float:
    """Seconds of the fastest of some calls."""
    call()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        call().numpy()
        times.append(time.perf_counter() - started)
    return min(times)
