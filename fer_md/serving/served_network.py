"""A trained network with all that every exported file holds: its answers, and a description of them."""

import functools
import json
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import fer_md


class ServedNetwork(tf.Module):
    """A network as a function from faces to probabilities.

    Args:
        model: a network with the outputs of ``build_component``.
        expressions: K names, in label order.
        shift: (K,) what is added to the logits, see `fer_md.evaluation.prior`; None for nothing.
        prior: (K,) shares of the expressions that the network's own answers hold; None where they are not known.
        about: JSON values that the files' metadata begins with: where the network comes from, and its licence.
    """

    def __init__(
        self,
        model: keras.Model,
        expressions: Sequence[str],
        shift: np.ndarray | None = None,
        prior: np.ndarray | None = None,
        about: dict[str, Any] | None = None,
    ):
        super().__init__()
        self.outputs = functools.partial(model, training=False)  # tracked itself, it would be saved a second time
        self.tracked = [variable.value for variable in model.variables]  # converters drop the values of others
        self.size = model.input_shape[1]
        self.expressions = tuple(expressions)
        self.shift = np.zeros(len(expressions), np.float32) if shift is None else np.asarray(shift, np.float32)
        self.prior = None if prior is None else prior * np.exp(self.shift)
        self.about = dict(about or {})
        spec = tf.TensorSpec((None, self.size, self.size, 1), tf.uint8, "faces")
        self.from_faces = tf.function(self._from_faces, input_signature=[spec])

    def probabilities(self, outputs: dict[str, tf.Tensor]) -> tf.Tensor:
        """(B, K) float32 of what the model gives for a batch."""
        return tf.nn.softmax(outputs["logits"] + self.shift)

    def _from_faces(self, faces):
        """A dict with ``probabilities``, for faces (B, S, S, 1) uint8; B may be 0."""
        count = tf.shape(faces)[0]
        missing = tf.cast(tf.equal(count, 0), tf.int32)  # TensorFlow's kernels refuse an empty batch: a face joins it
        padded = tf.reshape(
            tf.pad(tf.cast(faces, tf.float32), [[0, missing], [0, 0], [0, 0], [0, 0]]), (-1, self.size, self.size, 1)
        )
        return {"probabilities": self.probabilities(self.outputs(padded))[:count]}

    def metadata(self, quantize: str = "none") -> dict[str, Any]:
        """The JSON values that a file holds beside the network; ``quantize`` is how its weights are stored."""
        prior = None if self.prior is None else (self.prior / self.prior.sum()).tolist()
        return {
            **self.about,
            "fer_md": fer_md.__version__,
            "expressions": list(self.expressions),
            "input": {
                "name": "faces",
                "shape": [None, self.size, self.size, 1],
                "dtype": "uint8",
                "content": "gray levels of faces, cut out by fer_md.cut_face; standardised inside the network",
            },
            "output": {
                "name": "probabilities",
                "shape": [None, len(self.expressions)],
                "dtype": "float32",
                "content": "probability of each of the expressions, in their order",
            },
            "prior": None if prior is None else dict(zip(self.expressions, prior, strict=True)),
            "quantize": quantize,
        }

    def texts(self, quantize: str = "none") -> dict[str, str]:
        """The metadata as files: ``metadata.json``, and ``labels.txt`` with an expression in each line."""
        metadata = json.dumps(self.metadata(quantize), indent=2, allow_nan=False) + "\n"
        return {"metadata.json": metadata, "labels.txt": "\n".join(self.expressions) + "\n"}
