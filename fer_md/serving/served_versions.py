"""The versions of an exported network that a server answers with."""

import functools
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from fer_md.errors import FerMdError
from fer_md.prediction.saved_model_trust import check_saved_model
from fer_md.serving.batcher import Batcher, Tensors
from fer_md.serving.refused import Refused
from fer_md.serving.warmup import read_warmup


class ServedVersion:
    """One version of a network.

    Args:
        folder: of the version.
        max_batch_size, wait: see `Batcher`.

    Raises:
        FerMdError: it is no SavedModel, or could do more than compute.
    """

    def __init__(self, folder: Path, max_batch_size: int, wait: float):
        self.number = int(folder.name)
        try:
            check_saved_model(folder, "if you trust where it comes from, use TensorFlow Serving")
            saved = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
            self.signatures = dict(saved.meta_graphs[0].signature_def)
            self._model = tf.saved_model.load(str(folder))
        except FerMdError:
            raise
        except Exception as error:  # of TensorFlow, whose kinds are many: files are missing, or still being copied
            reason = str(error).strip().partition("\n")[0]
            raise FerMdError(f"{folder}: cannot be loaded ({reason}); copy it anew, or export it again") from None
        self._max_batch_size = max_batch_size
        self._batchers = {
            name: Batcher(functools.partial(_run, self._model, name), max_batch_size, wait)
            for name in self._model.signatures
        }
        for request in read_warmup(folder):
            self.predict(request.model_spec.signature_name, {k: tf.make_ndarray(v) for k, v in request.inputs.items()})

    def specs(self, signature: str) -> dict[str, tf.TensorSpec]:
        """The inputs of a signature.

        Raises:
            Refused: there is no such signature.
        """
        if signature not in self._batchers:
            raise Refused("FAILED_PRECONDITION", f'Serving signature key "{signature}" not found.')
        return self._model.signatures[signature].structured_input_signature[1]

    def predict(self, signature: str, inputs: Tensors) -> Tensors:
        """The outputs for inputs, in the answer to a batch with those of other requests.

        Raises:
            Refused: the inputs are not those of the signature.
        """
        specs = self.specs(signature)
        if set(inputs) != set(specs):
            raise Refused("INVALID_ARGUMENT", f"inputs must be {', '.join(specs)}; got {', '.join(inputs) or 'none'}")
        for name, spec in specs.items():
            value = inputs[name]
            if tf.as_dtype(value.dtype) != spec.dtype or not spec.shape.is_compatible_with(value.shape):
                wanted, found = f"{spec.shape} {spec.dtype.name}", f"{value.shape} {tf.as_dtype(value.dtype).name}"
                raise Refused("INVALID_ARGUMENT", f"{name} must be {wanted}; got {found}")
        if len({len(value) for value in inputs.values()}) > 1:
            raise Refused("INVALID_ARGUMENT", "inputs must have as many rows as each other")
        rows, most = len(next(iter(inputs.values()))), self._max_batch_size
        parts = [
            self._batchers[signature]({name: value[start : start + most] for name, value in inputs.items()})
            for start in range(0, max(rows, 1), most)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _run(model, signature, inputs):
    outputs = model.signatures[signature](**{name: tf.constant(value) for name, value in inputs.items()})
    return {name: value.numpy() for name, value in outputs.items()}


class ServedVersions:
    """All versions below a folder, each by its number and some by a label too.

    Args:
        name: of the model, which requests state.
        base: folder whose numbered folders are the versions.
        labels: number of a version by its label, such as ``{"stable": 1, "canary": 2}``.
        max_batch_size, wait: see `Batcher`.

    Raises:
        FerMdError: there is no version, none of the number of a label, or one that cannot be loaded.
    """

    def __init__(
        self, name: str, base: Path | str, labels: Mapping[str, int], max_batch_size: int = 32, wait: float = 0.002
    ):
        self.name, self.base, self.labels = name, Path(base), dict(labels)
        self._batching = max_batch_size, wait
        self.loaded: dict[int, ServedVersion] = {}
        self.refresh()
        for label, number in self.labels.items():
            if number not in self.loaded:
                raise FerMdError(f"{self.base}: has no version {number}, which the label {label} names")

    def refresh(self) -> None:
        """Loads the versions that have appeared, and lets go of those that are gone. Requests go on meanwhile."""
        folders = {int(path.name): path for path in self.base.glob("*") if re.fullmatch(r"[1-9]\d*", path.name)}
        if not folders:
            raise FerMdError(f"{self.base}: has no version, such as {self.base / '1'}; fer-md export makes one")
        loaded, problems = {}, []
        for number, folder in sorted(folders.items()):
            try:
                loaded[number] = self.loaded.get(number) or ServedVersion(folder, *self._batching)
            except FerMdError as error:
                problems.append(error)
        self.loaded = loaded or self.loaded
        if problems:
            raise problems[0]

    def version(self, name: str, number: int | None = None, label: str | None = None) -> ServedVersion:
        """The version that a request asks for; without number and label the highest.

        Raises:
            Refused: there is no such model, version or label.
        """
        loaded = self.loaded
        if label:
            if label not in self.labels:
                raise Refused("INVALID_ARGUMENT", f"Unrecognized servable version label: {label}")
            number = self.labels[label]
        if name != self.name or (number is not None and number not in loaded):
            asked = f"Latest({name})" if number is None else f"Specific({name}, {number})"
            raise Refused("NOT_FOUND", f"Servable not found for request: {asked}")
        return loaded[max(loaded) if number is None else number]
