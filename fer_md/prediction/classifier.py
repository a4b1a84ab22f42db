"""A trained network that says what faces express: the package's own, a run's, or an exported one.

Those of the package and exported ``.tflite`` files run in LiteRT. TensorFlow is imported for the others alone.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from fer_md.environment import check_tensorflow
from fer_md.errors import FerMdError, first_line
from fer_md.evaluation.prior import learned_prior
from fer_md.litert.attached import read_metadata
from fer_md.litert.network import LiteNetwork
from fer_md.litert.spread import spread
from fer_md.pretrained.lite import lite_embeddings, load_lite
from fer_md.pretrained.networks import NETWORKS, PHOTOGRAPHS, describe

_BATCH = 256

MOST_SIDE = 1024
"""Most pixels on a side of a network's faces; what a file or a server states beyond is taken for damage."""


class Classifier:
    """Gives the probabilities of expressions for faces that are already cut out.

    Pickled, it is what `load_classifier` was asked for, and is loaded again. One that was made otherwise is pickled if
    ``forward`` can be.

    Args:
        forward: function from (B, S, S) uint8 gray faces to (B, K) probabilities.
        expressions: K names in label order.
        image_size: S, the side of a face in pixels.
        networks: names of the networks that answer, for information.
        prior: (K,) shares of the expressions that the answers hold (`fer_md.evaluation.prior`); None where they are not
            known.
        embed: function from (B, S, S) uint8 gray faces to (B, D) embeddings; None where the network gives none.
    """

    def __init__(
        self,
        forward: Callable[[np.ndarray], np.ndarray],
        expressions: Sequence[str],
        image_size: int,
        networks: Sequence[str],
        prior: np.ndarray | None = None,
        embed: Callable[[np.ndarray], np.ndarray] | None = None,
    ):
        self._forward, self._embed = forward, embed
        self.expressions, self.image_size, self.networks = tuple(expressions), image_size, tuple(networks)
        self.prior = prior
        self._asked: tuple[Path | str | None, str | None, bool] | None = None

    def __reduce__(self):
        if self._asked is not None:
            return load_classifier, self._asked
        return Classifier, (self._forward, self.expressions, self.image_size, self.networks, self.prior, self._embed)

    def classify(self, faces: np.ndarray) -> np.ndarray:
        """Probabilities (N, K) float64 of (N, S, S) uint8 faces; at most 256 go through the network at once."""
        return np.concatenate([np.zeros((0, len(self.expressions))), *_in_batches(self._forward, faces)])

    def embed(self, faces: np.ndarray) -> np.ndarray:
        """Embeddings (N, D) float32 of (N, S, S) uint8 faces, N >= 1: the features that the logits are computed from.

        Those of several networks are beside each other.

        Raises:
            FerMdError: the network gives none.
        """
        if self._embed is None:
            raise FerMdError(f"{', '.join(self.networks)}: gives no embeddings; networks of the package and runs do")
        return np.concatenate(_in_batches(self._embed, faces), dtype=np.float32)


def _in_batches(function, faces):
    return [function(faces[start : start + _BATCH]) for start in range(0, len(faces), _BATCH)]


def load_classifier(path: Path | str | None = None, data: str | None = None, trust: bool = False) -> Classifier:
    """Loads a bundled network, or what a training or an export has written.

    Args:
        path: a name of ``fer_md.pretrained.networks.NETWORKS`` for a network of the package, None for
            ``"photographs"``; the folder of a finished run, whose networks are fused where there are several (Sec.
            3.2.2); the ``.keras`` file of a ``fer_md.ExpressionClassifier``; a ``.tflite`` file of ``fer-md export``;
            or a SavedModel of it, given as the folder of a version or as the one above it. Of several versions the
            highest is taken.
        data: name of one of the run's data sets, or a prepared folder: the answer is in its expressions, and of a joint
            training with its statistics and prior. It is needed only where the run's data sets differ in their
            expressions.
        trust: load a SavedModel even if it could do more than compute, such as read or write files. It is a program:
            TensorFlow runs what is in it.

    Raises:
        FerMdError: ``path`` is none of these, the run is unfinished or damaged, ``data`` is missing, unknown, or given
            for a network that has no choice, a SavedModel could do more than compute, or TensorFlow is needed and
            cannot be used.
    """
    classifier = _load(path, data, trust)
    classifier._asked = path, data, trust
    return classifier


def _load(path, data, trust):
    if path is None or str(path) in NETWORKS:
        if data is not None:
            raise FerMdError(f"data={data} is for run directories; the network of the package has one label space")
        return _from_package(PHOTOGRAPHS if path is None else str(path))
    path = Path(path)
    if path.suffix == ".tflite":
        _check_one_space(path, data, "a file of LiteRT")
        return _from_litert(path)
    if path.suffix == ".keras":
        _check_one_space(path, data, "an ExpressionClassifier")
        check_tensorflow()
        from fer_md.prediction.keras_classifiers import from_keras_file

        return from_keras_file(path)
    if (path / "config.json").is_file():
        check_tensorflow()
        from fer_md.prediction.keras_classifiers import from_run

        return from_run(path, data)
    versions = sorted((int(p.name), p) for p in path.glob("*") if re.fullmatch(r"\d+", p.name))
    folder = path if (path / "saved_model.pb").is_file() or not versions else versions[-1][1]
    if not (folder / "saved_model.pb").is_file():
        raise FerMdError(
            f"{path}: neither a run directory (config.json) nor a SavedModel (saved_model.pb) nor a .keras or .tflite "
            f"file, as fer-md train and fer-md export make them, nor one of the package's: {', '.join(NETWORKS)}"
        )
    _check_one_space(path, data, "a SavedModel")
    check_tensorflow()
    from fer_md.prediction.keras_classifiers import from_saved_model

    return from_saved_model(folder, trust)


def _check_one_space(path, data, kind):
    if data is not None:
        raise FerMdError(f"{path}: data={data} is for run directories; {kind} has one label space")


def _from_package(name):
    description = describe(name)
    expressions, size = description["expressions"], description["networks"][0]["image_size"]
    prior = learned_prior(description, expressions)
    return Classifier(load_lite(name), expressions, size, [name], prior, lite_embeddings(name))


def _from_litert(path):
    """A file of ``fer_md.serving.litert_file``."""
    metadata = read_metadata(path)
    try:
        expressions, size, prior = metadata["expressions"], metadata["input"]["shape"][1], metadata["prior"]
        if not (is_side(size) and are_names(expressions)):
            raise ValueError("what it states is no side, or no names")
        if prior is not None:
            prior = np.array([prior[name] for name in expressions], np.float64)
            if prior.ndim != 1 or not (np.isfinite(prior) & (prior >= 0)).all():
                raise ValueError("its prior has other shares than numbers of at least 0")
        network = LiteNetwork(path.read_bytes())
        if network.example_shape != (size, size, 1):
            raise ValueError("its network takes other faces")
        if network(np.zeros((1, size, size, 1), np.uint8)).shape != (1, len(expressions)):
            raise ValueError("its network has another number of answers")
    except (KeyError, TypeError, IndexError, ValueError, RuntimeError) as error:
        raise FerMdError(
            f"{path}: damaged, or no file of fer-md export --format=litert ({first_line(error)})"
        ) from None
    return Classifier(spread(network), expressions, size, [path.name], prior)


def is_side(size: object) -> bool:
    """Whether ``size`` can be the side of a network's faces: a whole number from 1 to `MOST_SIDE`."""
    return isinstance(size, int) and 1 <= size <= MOST_SIDE


def are_names(expressions: object) -> bool:
    """Whether ``expressions`` is a list of different names, at least one."""
    if not isinstance(expressions, list) or not all(isinstance(name, str) for name in expressions):
        return False
    return 0 < len(expressions) == len(set(expressions))
