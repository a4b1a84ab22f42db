"""Probabilities of a model for many faces, optionally averaged over mirrored and cropped copies."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from fer_md.data.records import Split
from fer_md.evaluation.copies import AVERAGING, views
from fer_md.evaluation.metrics import accuracy_and_macro_recall, negative_log_likelihood
from fer_md.evaluation.softmax import softmax
from fer_md.progress import Progress

Forward = Callable[[np.ndarray], np.ndarray]
"""From (B, H, W) uint8 images to what a network says of them, (B, ...)."""


def logits_function(model: keras.Model, head: str = "logits") -> Forward:
    """A compiled function from (B, H, W) uint8 images to the (B, ...) output of a head, in inference mode."""

    @tf.function(input_signature=[tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)])
    def forward(images):
        return model(images, training=False)[head]

    return lambda images: forward(images[..., None]).numpy()


def in_batches(forward: Forward, images: np.ndarray, batch_size: int = 512) -> np.ndarray:
    """What a function like that of ``logits_function`` answers to (N, H, W) images, ``batch_size`` of them at once."""
    return np.concatenate([forward(images[start : start + batch_size]) for start in range(0, len(images), batch_size)])


def embeddings_function(model: keras.Model) -> Forward:
    """A function from (N, H, W) uint8 images to their (N, D) float32 embeddings, in inference mode."""
    forward = logits_function(model, "embeddings")
    return lambda images: in_batches(forward, images).astype(np.float32)


def validate(forward: Forward, split: Split, batch_size: int = 512) -> dict[str, float]:
    """Loss, accuracy and macro recall of a network on the labelled images of a split.

    Args:
        forward: see ``logits_function``.
        split: ``Split``; images with a negative label do not count.
        batch_size: images in memory of the model at once.

    Returns:
        dict of floats: ``loss`` (mean cross-entropy), ``accuracy``, ``macro_recall`` over the classes that occur.
    """
    labelled = split.labels >= 0
    images, labels = split.images[labelled], split.labels[labelled]
    probabilities = softmax(in_batches(forward, images, batch_size))
    accuracy, macro_recall = accuracy_and_macro_recall(labels, probabilities.argmax(1), probabilities.shape[1])
    return {
        "loss": negative_log_likelihood(labels, probabilities),
        "accuracy": accuracy,
        "macro_recall": macro_recall,
    }


def predict_probabilities(
    model: keras.Model,
    images: np.ndarray,
    averaging: str = "none",
    batch_size: int = 256,
    head: str = "logits",
) -> np.ndarray:
    """Class probabilities, in the order of the images.

    Args:
        model: ``keras.Model`` with the outputs of ``build_component``.
        images: (N, H, W) uint8.
        averaging: ``"none"``; ``"flip"``: mean over the face and its mirror image; ``"tencrop"``: mean over the
            centre and the four corners, and their mirror images.
        batch_size: images in memory of the model at once.
        head: output of the model that scores the label space.

    Returns:
        (N, K) float64.

    Raises:
        ValueError: unknown ``averaging``.
    """
    if averaging not in AVERAGING:
        raise ValueError(f"averaging must be one of {', '.join(AVERAGING)}, not {averaging!r}")
    forward = logits_function(model, head)
    parts = []
    with Progress("predicting", len(images), "images") as progress:
        for start in range(0, len(images), batch_size):
            batch = images[start : start + batch_size]
            parts.append(np.mean([softmax(forward(view)) for view in views(batch, averaging)], axis=0))
            progress.advance(len(batch))
    return np.concatenate(parts)
