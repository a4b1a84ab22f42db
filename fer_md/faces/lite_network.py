"""A small convolutional network run by TensorFlow Lite, several times faster on a CPU than by TensorFlow itself."""

import threading
import warnings

import tensorflow as tf

from fer_md.environment import quiet_stderr

_MAKING = threading.Lock()


class LiteNetwork:
    """A network of one input and several outputs, which are put beside each other.

    One core, inputs of any number and size, no tracing per size; each thread that calls it gets an interpreter of its
    own. TensorFlow 2.20 and 2.21 carry the interpreter, marked as moving to a package of its own.

    Args:
        model: ``keras.Model`` that is built.
        shape: of an input, (H, W, C); None where it varies.
    """

    def __init__(self, model, shape):
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

    def __call__(self, inputs):
        """(N, H, W, C) float32 to the outputs, concatenated along their last axis."""
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
