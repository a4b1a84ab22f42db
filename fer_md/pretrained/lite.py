"""The bundled networks, in LiteRT: without TensorFlow and Keras."""

import functools
from collections.abc import Callable

import numpy as np

from fer_md.errors import FerMdError
from fer_md.evaluation.prior import apply_shift
from fer_md.files import read_packaged
from fer_md.litert.inside import InnerTensors
from fer_md.litert.network import LiteNetwork
from fer_md.litert.spread import spread
from fer_md.pretrained.description import FOLDER, read_description
from fer_md.pretrained.networks import check_name, shift_of


def load_lite(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """A bundled network, as a function from faces (B, 48, 48) uint8 to probabilities (B, 7) float64.

    Its weights have 8 bits. On the faces of the validation split, a probability of ``"fer2013"`` differs by at most
    ``largest_difference`` from that of ``load_pretrained``; ``description.json`` beside the network has it, under
    ``litert``.

    Args:
        name: see ``load_pretrained``.

    Raises:
        ValueError: unknown ``name``.
        FerMdError: a file is missing or damaged.
    """
    shift, network = shift_of(name), spread(LiteNetwork(_content()))
    return (lambda faces: apply_shift(network(faces), shift)) if shift.any() else network


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
    check_name(name)

    @functools.cache
    def network():
        return InnerTensors(_content(), _EMBEDDINGS)

    return lambda faces: network()(faces[..., None])


_EMBEDDINGS = "/fc2"
"""Part of the name of the tensors that hold the embeddings."""


def _content():
    description = read_description()
    if "litert" not in description:
        raise FerMdError(f"{FOLDER / 'description.json'}: damaged, lacks litert; install the package again")
    return read_packaged(FOLDER / "network.tflite", description["litert"]["sha256"])
