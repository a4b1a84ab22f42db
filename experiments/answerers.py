"""Networks that are measured side by side: the bundled ones, as users get them, and a peer's."""

from collections.abc import Callable, Iterable

import numpy as np

from fer_md import console
from fer_md.evaluation.peer import load_peer
from fer_md.evaluation.predict import in_batches
from fer_md.files import file_sha256
from fer_md.pretrained.description import read_description
from fer_md.pretrained.lite import load_lite
from fer_md.pretrained.networks import NETWORKS

Answers = Callable[[np.ndarray], np.ndarray]
"""From (N, 48, 48) uint8 faces to (N, 7) probabilities, in the order of ``fer_md.expressions.EXPRESSIONS``."""

PEER = "fer"
"""What the peer is called beside the networks of the package."""


def answerers(networks: Iterable[str], peer: str | None = None) -> tuple[dict[str, Answers], dict[str, str]]:
    """The networks to measure.

    Args:
        networks: of the package, in LiteRT, as ``fer-md predict`` runs them.
        peer: see ``load_peer``; None for none.

    Returns:
        the functions by network, and the SHA-256 of all files.

    Raises:
        FerMdError: the package has no network of that name.
    """
    found = {name: _batched(load_lite(console.one_of("networks", name, NETWORKS))) for name in networks}
    sha256 = {"fer_md": read_description()["litert"]["sha256"]}
    if peer:
        found[PEER], sha256[PEER] = load_peer(peer), file_sha256(peer)
    return found, sha256


def _batched(network):
    return lambda images: in_batches(network, images, 64)
