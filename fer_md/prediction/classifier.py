"""A trained network that says what faces express: the package's own, a run's, or an exported SavedModel."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from fer_md.data.records import read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.components import check_expressions, find_networks, fused_prior, load_scorer
from fer_md.evaluation.predict import logits_function, softmax
from fer_md.evaluation.prior import learned_prior
from fer_md.models import build_fused
from fer_md.pretrained import NETWORKS, PHOTOGRAPHS, describe, load_pretrained
from fer_md.runs.run_directory import read_settings

_BATCH = 256


class Classifier:
    """Gives the probabilities of expressions for faces that are already cut out.

    Args:
        forward: function from (B, S, S) uint8 gray faces to (B, K) probabilities.
        expressions: K names in label order.
        image_size: S, the side of a face in pixels.
        networks: names of the networks that answer, for information.
        prior: (K,) shares of the expressions that the answers hold (`fer_md.evaluation.prior`); None where they are not
            known.
    """

    def __init__(
        self,
        forward: Callable[[np.ndarray], np.ndarray],
        expressions: Sequence[str],
        image_size: int,
        networks: Sequence[str],
        prior: np.ndarray | None = None,
    ):
        self._forward = forward
        self.expressions, self.image_size, self.networks = tuple(expressions), image_size, tuple(networks)
        self.prior = prior

    def classify(self, faces: np.ndarray) -> np.ndarray:
        """Probabilities (N, K) float64 of (N, S, S) uint8 faces; at most 256 go through the network at once."""
        parts = [self._forward(faces[start : start + _BATCH]) for start in range(0, len(faces), _BATCH)]
        return np.concatenate([np.zeros((0, len(self.expressions))), *parts])


def load_classifier(path: Path | str | None = None, data: str | None = None) -> Classifier:
    """Loads the network that ships with the package, or what a training or an export has written.

    Args:
        path: a name of ``fer_md.pretrained.NETWORKS`` for a network of the package, None for ``"photographs"``; the
            folder of a finished run, whose networks are fused where there are several (Sec. 3.2.2); or a SavedModel of
            `fer_md.serving.export`, given as the folder of a version or as the one above it. Of several versions the
            highest is taken.
        data: name of one of the run's data sets, or a prepared folder: the answer is in its expressions, and of a joint
            training with its statistics and prior. It is needed only where the run's data sets differ in their
            expressions.

    Raises:
        FerMdError: ``path`` is none of these, the run is unfinished or damaged, or ``data`` is missing, unknown, or
            given for a network that has no choice.
    """
    if path is None or str(path) in NETWORKS:
        if data is not None:
            raise FerMdError(f"data={data} is for run directories; the network of the package has one label space")
        return _from_package(PHOTOGRAPHS if path is None else str(path))
    path = Path(path)
    if (path / "config.json").is_file():
        return _from_run(path, data)
    versions = sorted((int(p.name), p) for p in path.glob("*") if re.fullmatch(r"\d+", p.name))
    folder = path if (path / "saved_model.pb").is_file() or not versions else versions[-1][1]
    if not (folder / "saved_model.pb").is_file():
        raise FerMdError(
            f"{path}: neither a run directory (config.json) nor a SavedModel (saved_model.pb); "
            "experiments/pretrain.py and export.py make them"
        )
    if data is not None:
        raise FerMdError(f"{path}: data={data} is for run directories; a SavedModel has one label space")
    return _from_saved_model(folder)


def _from_package(name):
    model, description = load_pretrained(name), describe(name)
    forward, expressions = logits_function(model), description["expressions"]
    prior = learned_prior(description, expressions)
    return Classifier(lambda faces: softmax(forward(faces)), expressions, model.input_shape[1], [name], prior)


def _from_run(path, data):
    info = _label_space(path, data)
    networks = find_networks([path], data=info["name"])
    models, heads = zip(*(load_scorer(path, name, info) for _, name in networks), strict=True)
    model, head = models[0], heads[0]
    if len(models) > 1:
        model, head = build_fused(list(models), heads=list(heads)), "logits"
    forward = logits_function(model, head)
    names, prior = [name for _, name in networks], fused_prior(networks, info["expressions"])
    return Classifier(lambda faces: softmax(forward(faces)), info["expressions"], model.input_shape[1], names, prior)


def _label_space(path, data):
    """A dict with ``name`` and ``expressions`` of the data set in whose label space a run is to answer."""
    settings = read_settings(path)
    check_expressions(path, settings)
    spaces, names = settings["expressions"], settings["data"]
    spaces = {names: spaces} if isinstance(names, str) else dict(zip(names, spaces, strict=True))
    if data is not None and data not in spaces:
        return read_info(data)
    if data is None and len({tuple(space) for space in spaces.values()}) > 1:
        raise FerMdError(f"{path}: learned several label spaces; data must name one of {', '.join(spaces)}")
    name = next(iter(spaces)) if data is None else data
    return {"name": name, "expressions": spaces[name]}


def _from_saved_model(folder):
    try:
        loaded = tf.saved_model.load(str(folder))
        signature = loaded.signatures["faces"]
        size = signature.structured_input_signature[1]["faces"].shape[1]
        answer = signature(faces=tf.zeros((1, size, size, 1), tf.uint8))
        names = [name.decode() for name in answer["expressions"].numpy()[0]]
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FerMdError(f"{folder}: not a SavedModel of experiments/export.py, or damaged ({reason})") from error

    def forward(faces, served=loaded):  # holds what the signature belongs to
        return served.signatures["faces"](faces=tf.constant(faces[..., None]))["probabilities"].numpy()

    return Classifier(forward, names, size, [folder.name])
