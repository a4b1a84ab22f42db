"""A network in LiteRT, a runtime of a few megabytes that answers on a CPU several times as fast as TensorFlow."""

import hashlib
import threading
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from fer_md.environment import quiet_stderr
from fer_md.errors import FerMdError

_MAKING = threading.Lock()
"""Only one thread at a time may redirect stderr."""


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
    with _MAKING, quiet_stderr():
        interpreter.allocate_tensors()


def read_network(path: Path, sha256: str) -> bytes:
    """The content of a file in the package, for `LiteNetwork`.

    Args:
        path: ``.tflite`` file.
        sha256: of its content.

    Raises:
        FerMdError: the file cannot be read, or has other content.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FerMdError(f"{path}: cannot be read ({error.strerror}); install the package again") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise FerMdError(f"{path}: damaged, not the file that was made; install the package again")
    return content


def load_network(path: Path, sha256: str) -> LiteNetwork:
    """The network of a file in the package; see `read_network`."""
    return LiteNetwork(read_network(path, sha256))
