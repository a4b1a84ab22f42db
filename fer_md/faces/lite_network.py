"""A small convolutional network in TensorFlow Lite, which runs it several times as fast on a CPU as TensorFlow."""

import threading
import warnings

import keras
import numpy as np
import tensorflow as tf

from fer_md.environment import quiet_stderr

_MAKING = threading.Lock()


class LiteNetwork:
    """A network with one input and several outputs, whose values are put beside each other.

    It runs on one core, takes inputs of any number and size, and is not traced anew for each size. Each thread that
    calls it gets its own interpreter. TensorFlow 2.20 and 2.21 contain the interpreter, but announce that it will move
    to another package.

    Args:
        model: a network that is built.
        shape: of an input, (H, W, C); None for a side that varies.
    """

    def __init__(self, model: keras.Model, shape: tuple[int | None, int | None, int]):
        weights = [
            [tf.constant(weight.numpy()) for weight in group]  # the converter would leave variables empty
            for group in (model.trainable_variables, model.non_trainable_variables)
        ]

        def call(inputs):
            return tf.concat(model.stateless_call(*weights, inputs)[0], -1)

        signature = tf.TensorSpec((None, *shape), tf.float32)
        function = tf.function(call, input_signature=[signature]).get_concrete_function()
        self._local = threading.local()
        with quiet_stderr():  # the first interpreter of a process says which kernels it found
            self._content = tf.lite.TFLiteConverter.from_concrete_functions([function], model).convert()
            self._interpreter().allocate_tensors()

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """The outputs for (N, H, W, C) float32 inputs, concatenated along their last axis."""
        interpreter = self._interpreter()
        source, target = (
            details()[0]["index"] for details in (interpreter.get_input_details, interpreter.get_output_details)
        )
        if self._local.shape != inputs.shape:
            interpreter.resize_tensor_input(source, inputs.shape)
            interpreter.allocate_tensors()
            self._local.shape = inputs.shape
        interpreter.set_tensor(source, inputs)
        interpreter.invoke()
        return interpreter.get_tensor(target)

    def _interpreter(self):
        if not hasattr(self._local, "interpreter"):
            with _MAKING, warnings.catch_warnings():  # the filter belongs to the whole process
                warnings.simplefilter("ignore", UserWarning)  # that it will move
                self._local.interpreter = tf.lite.Interpreter(model_content=self._content, num_threads=1)
            self._local.shape = None
        return self._local.interpreter
