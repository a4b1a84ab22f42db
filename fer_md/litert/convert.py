"""A Keras network as a file of LiteRT, checked against the network before anybody gets it."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from fer_md.environment import quiet_stderr
from fer_md.errors import FerMdError
from fer_md.litert.network import LiteNetwork


def convert(
    model: keras.Model,
    answer: Callable[[Any], tf.Tensor],
    examples: np.ndarray,
    most: float,
    quantize: str = "none",
    shape: tuple[int | None, ...] | None = None,
) -> tuple[bytes, float]:
    """Converts a network and compares what both answer.

    Args:
        model: a network that is built.
        answer: function from the model's output to the one tensor that is wanted of it.
        examples: (N, ...) inputs, of the dtype that the converted network is to take.
        most: the largest difference that a number of the answers may have.
        quantize: see `convert_function`.
        shape: of an input, with None for a side that varies; None for that of an example.

    Returns:
        (content, difference): of a ``.tflite`` file, for `LiteNetwork`, and the largest that was found.

    Raises:
        FerMdError: an answer is not finite or differs by more than ``most``.
    """
    module = tf.Module()
    module.tracked = [variable.value for variable in model.variables]  # the converter drops the values of others

    @tf.function(input_signature=[tf.TensorSpec((None, *(shape or examples.shape[1:])), examples.dtype)])
    def call(inputs):
        return answer(model(inputs, training=False))

    content = convert_function(call.get_concrete_function(), module, quantize)
    return content, check_difference(
        model.name, LiteNetwork(content), lambda batch: call(batch).numpy(), examples, most
    )


def convert_function(function: Any, module: tf.Module, quantize: str = "none") -> bytes:
    """The content of a ``.tflite`` file.

    Args:
        function: a concrete function of TensorFlow, whose names of inputs and outputs stay.
        module: tracks the function's variables; the converter drops the values of others.
        quantize: ``"none"``; ``"float16"``, weights with 16 bits, half of the size; or ``"int8"``, with 8 bits and a
            scale for each output of a layer, a quarter of the size. Biases and activations stay float32.
    """
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], module)
    converter.optimizations = [] if quantize == "none" else [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16] if quantize == "float16" else []
    with quiet_stderr():
        return converter.convert()


def beside(outputs: Sequence[tf.Tensor]) -> tf.Tensor:
    """Several outputs as one: their values beside each other, along the last axis."""
    return tf.concat(outputs, -1)


def probabilities(outputs: dict[str, tf.Tensor]) -> tf.Tensor:
    """The softmax of the output ``logits``."""
    return tf.nn.softmax(outputs["logits"])


def check_difference(
    name: str,
    network: Callable[[np.ndarray], np.ndarray],
    other: Callable[[np.ndarray], np.ndarray],
    examples: np.ndarray,
    most: float,
    batch_size: int = 64,
) -> float:
    """The largest difference between the numbers that two networks answer to (N, ...) examples.

    Raises:
        FerMdError: it is not finite, or above ``most``; the message begins with ``name``.
    """
    batches = [examples[start : start + batch_size] for start in range(0, len(examples), batch_size)]
    difference = float(np.max([np.abs(network(batch) - other(batch)).max() for batch in batches]))
    if not difference <= most:  # nor is NaN
        raise FerMdError(f"{name}: LiteRT answers differently, by up to {difference:g}; at most {most:g} may be")
    return difference
