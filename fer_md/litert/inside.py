"""What a network in LiteRT computes on its way to its answer."""

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from fer_md.litert.network import LiteNetwork


class InnerTensors(LiteNetwork):
    """A network that gives what some of its inner tensors hold, in place of its answer; about five times as slow.

    Called with inputs (N, ...), it returns (N, D): the tensors' values beside each other.

    Args:
        content: see `LiteNetwork`.
        name: part of the names of the tensors that are wanted, which are of shape (N, ...).

    Raises:
        ValueError: ``content`` is no network, or no tensor has such a name.
    """

    def __init__(self, content: bytes, name: str):
        self._name = name
        super().__init__(content)
        if not self._wanted(self._interpreter()):
            raise ValueError(f"no tensor of this network is named {name}")

    def __reduce__(self):
        return InnerTensors, (self._content, self._name)

    def _make(self):
        # The delegates, which are fast, compute several tensors as one and keep none of those within.
        plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        return Interpreter(
            model_content=self._content,
            num_threads=1,
            experimental_op_resolver_type=plain,
            experimental_preserve_all_tensors=True,
        )

    def _answer(self, interpreter):
        return np.concatenate([interpreter.get_tensor(index) for index in self._wanted(interpreter)], axis=1)

    def _wanted(self, interpreter):
        """Indices of the tensors; weights, of a fixed shape, may have such a name too."""
        return [
            found["index"]
            for found in interpreter.get_tensor_details()
            if self._name in found["name"] and list(found["shape_signature"][:1]) == [-1]
        ]
