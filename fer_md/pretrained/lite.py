"""The bundled networks, in LiteRT: without TensorFlow and Keras."""

import functools
from collections.abc import Callable

import numpy as np

from fer_md.errors import FerMdError
from fer_md.evaluation.prior import apply_shift
from fer_md.litert.inside import InnerTensors
from fer_md.litert.network import LiteNetwork, read_network
from fer_md.litert.spread import spread
from fer_md.litert.workers import Workers
from fer_md.pretrained.description import read_description
from fer_md.pretrained.networks import folders_of, photographs_shift


def load_lite(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """A bundled network, as a function from faces (B, 48, 48) uint8 to probabilities (B, 7) float64.

    Its weights have 8 bits. A probability differs by at most ``largest_difference`` from that of ``load_pretrained`` on
    the faces of the validation split; ``description.json`` beside the network has the figure, under ``litert``.

    Args:
        name: see ``load_pretrained``.

    Raises:
        ValueError: unknown ``name``.
        FerMdError: a file is missing or damaged.
    """
    networks = [_load(folder) for folder in folders_of(name)]
    if len(networks) == 1:
        return networks[0]
    workers, shift = Workers(len(networks)), photographs_shift()

    def fused(faces):
        answers = list(workers.map(lambda network: network(faces), networks))  # at once, on a core each
        return apply_shift(np.mean(answers, axis=0), shift)

    return fused


def _load(folder):
    """A bundled network, on as many cores as a batch is worth."""
    return spread(LiteNetwork(_content(folder)))


def lite_embeddings(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """A bundled network, as a function from faces (B, 48, 48) uint8 to its embeddings (B, D) float32.

    They are the features from which the components' logits are computed, beside each other. The network is loaded again
    at the first call, and is about five times as slow as that of `load_lite`.

    Args:
        name: see ``load_pretrained``.

    Raises:
        ValueError: unknown ``name``.
        FerMdError: a file is missing or damaged, at the first call.
    """
    folders = folders_of(name)

    @functools.cache
    def networks():
        return [InnerTensors(_content(folder), _EMBEDDINGS) for folder in folders]

    return lambda faces: np.concatenate([network(faces[..., None]) for network in networks()], axis=1)


_EMBEDDINGS = "/fc2"
"""Part of the name of the tensors that hold the embeddings."""


def _content(folder):
    description = read_description(folder)
    if "litert" not in description:
        raise FerMdError(f"{folder / 'description.json'}: damaged, lacks litert; install the package again")
    return read_network(folder / "network.tflite", description["litert"]["sha256"])
