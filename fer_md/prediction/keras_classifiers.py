"""Classifiers that run in TensorFlow: the networks of a run, an `ExpressionClassifier`, and an exported SavedModel.

They refuse forks.
"""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from fer_md.data.records import read_info
from fer_md.environment import check_process
from fer_md.errors import FerMdError, first_line
from fer_md.evaluation.components import check_expressions, find_networks, fused_prior, load_scorer
from fer_md.evaluation.predict import embeddings_function, logits_function
from fer_md.evaluation.softmax import softmax
from fer_md.models import build_fused
from fer_md.models.float32 import in_float32
from fer_md.prediction.classifier import Classifier
from fer_md.prediction.saved_model_trust import check_saved_model
from fer_md.pretrained.expression_classifier import ExpressionClassifier
from fer_md.runs.run_directory import read_settings


def from_run(path: Path, data: str | None) -> Classifier:
    """The networks of a finished run; see `load_classifier`."""
    check_process()
    info = _label_space(path, data)
    networks = find_networks([path], data=info["name"])
    loaded, heads = zip(*(load_scorer(path, name, info) for _, name in networks), strict=True)
    models = [in_float32(model) for model in loaded]
    embedders = [embeddings_function(model) for model in models]
    model, head = models[0], heads[0]
    if len(models) > 1:
        model, head = build_fused(models, heads=list(heads)), "logits"
    forward = logits_function(model, head)
    names, prior = [name for _, name in networks], fused_prior(networks, info["expressions"])

    def embed(faces):
        check_process()
        return np.concatenate([embedder(faces) for embedder in embedders], axis=1)

    return Classifier(_classify(forward), info["expressions"], model.input_shape[1], names, prior, embed)


def from_expression_classifier(classifier: ExpressionClassifier) -> Classifier:
    """A network that was made or fine-tuned in Keras, with its labels."""
    check_process()
    classify = _classify(logits_function(classifier.network))
    return Classifier(classify, classifier.labels, classifier.network.input_shape[1], [classifier.name])


def _classify(forward):
    def classify(faces):
        check_process()
        return softmax(forward(faces))

    return classify


def from_keras_file(path: Path) -> Classifier:
    """A saved `ExpressionClassifier`; see `load_classifier`."""
    try:
        found = keras.saving.load_model(path)
    except Exception as error:
        raise FerMdError(f"{path}: cannot be loaded ({first_line(error)})") from error
    if not isinstance(found, ExpressionClassifier):
        raise FerMdError(f"{path}: holds no fer_md.ExpressionClassifier; of a run, name the folder")
    return from_expression_classifier(found)


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


def from_saved_model(folder: Path, trust: bool) -> Classifier:
    """A version of an export; see `load_classifier`."""
    check_process()
    if not trust:
        check_saved_model(
            folder, "if you trust where it comes from, allow it with --trust, or load_classifier(..., trust=True)"
        )
    try:
        loaded = tf.saved_model.load(str(folder))
        signature = loaded.signatures["faces"]
        size = signature.structured_input_signature[1]["faces"].shape[1]
        answer = signature(faces=tf.zeros((1, size, size, 1), tf.uint8))
        names = [name.decode() for name in answer["expressions"].numpy()[0]]
    except Exception as error:
        raise FerMdError(f"{folder}: not a SavedModel of fer-md export, or damaged ({first_line(error)})") from error

    def forward(faces, served=loaded):  # holds what the signature belongs to
        check_process()
        return served.signatures["faces"](faces=tf.constant(faces[..., None]))["probabilities"].numpy()

    return Classifier(forward, names, size, [folder.name])
