"""Networks that are measured side by side: the bundled ones, as users get them, and a peer's."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from fer_md import console
from fer_md.evaluation.copies import views
from fer_md.evaluation.peer import load_peer
from fer_md.evaluation.predict import in_batches
from fer_md.files import file_sha256
from fer_md.pretrained.description import read_description
from fer_md.pretrained.lite import load_lite
from fer_md.pretrained.networks import FOLDERS, NETWORKS

Answers = Callable[[np.ndarray], np.ndarray]
"""From (N, 48, 48) uint8 faces to (N, 7) probabilities, in the order of ``fer_md.expressions.EXPRESSIONS``."""


def answerers(
    networks: Iterable[str], peer: str | None, averaging: Sequence[str] = ("none",)
) -> tuple[dict[tuple[str, str], Answers], dict[str, str]]:
    """The networks to measure.

    Args:
        networks: of the package, in LiteRT, as ``fer-md predict`` runs them.
        peer: see ``load_peer``; None for none.
        averaging: copies of a face over which the package's networks average, each of
            ``fer_md.evaluation.copies.AVERAGING``.

    Returns:
        the functions by network and averaging, and the SHA-256 of all files.

    Raises:
        FerMdError: the package has no network of that name.
    """
    found: dict[tuple[str, str], Answers] = {}
    for name in networks:
        network = load_lite(console.one_of("networks", name, NETWORKS))
        found |= {(name, copies): _averaged(network, copies) for copies in averaging}
    sha256 = {name: read_description(folder)["litert"]["sha256"] for name, folder in FOLDERS.items()}
    if peer:
        found["fer", "none"], sha256["fer"] = load_peer(peer), file_sha256(peer)
    return found, sha256


def _averaged(network, averaging):
    return lambda images: np.mean([in_batches(network, copy, 64) for copy in views(images, averaging)], axis=0)
