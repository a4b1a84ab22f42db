"""A network in LiteRT, a runtime of a few megabytes that answers on a CPU several times as fast as TensorFlow."""

import threading
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from fer_md.environment import quiet_stderr
from fer_md.files import read_packaged


class LiteNetwork:
    """A network with one input and one output, of any number of examples. TensorFlow is not imported.

    It runs on one core. Each thread that calls it gets its own interpreter, and so does a process that it is sent to.

    Args:
        content: what `fer_md.litert.convert.convert` returned.

    Raises:
        ValueError: ``content`` is no such network.
    """

    def __init__(self, content: bytes):
        self._content = content
        self._local = threading.local()
        self._interpreter()

    def __reduce__(self):
        return LiteNetwork, (self._content,)

    @property
    def example_shape(self) -> tuple[int, ...]:
        """The shape of an example; -1 where a side varies."""
        return tuple(self._interpreter().get_input_details()[0]["shape_signature"][1:].tolist())

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """The output for inputs (N, ...) of the network's shape and dtype."""
        if not len(inputs):  # the runtime refuses an empty batch
            return self(np.zeros((1, *inputs.shape[1:]), inputs.dtype))[:0]
        interpreter = self._interpreter()
        source = interpreter.get_input_details()[0]["index"]
        if self._local.shape != inputs.shape:
            interpreter.resize_tensor_input(source, inputs.shape)
            _allocate(interpreter, first=self._local.shape is None)
            self._local.shape = inputs.shape
        interpreter.set_tensor(source, inputs)
        interpreter.invoke()
        return self._answer(interpreter)

    def _interpreter(self):
        if not hasattr(self._local, "interpreter"):
            self._local.interpreter, self._local.shape = self._make(), None
        return self._local.interpreter

    def _make(self):
        return Interpreter(model_content=self._content, num_threads=1)

    def _answer(self, interpreter):
        """What it gives once the network has run."""
        return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def _allocate(interpreter, first):
    """Prepares an interpreter for the size of its input. The first of a process says which kernels it found."""
    if not first:
        interpreter.allocate_tensors()
        return
    with quiet_stderr():
        interpreter.allocate_tensors()


def load_network(path: Path, sha256: str) -> LiteNetwork:
    """The network of a file in the package; see `fer_md.files.read_packaged`."""
    return LiteNetwork(read_packaged(path, sha256))
