"""A network of LiteRT on as many cores as a batch is worth."""

from collections.abc import Callable

import numpy as np

from fer_md.environment import threads
from fer_md.litert.network import LiteNetwork
from fer_md.litert.workers import Workers

FACES_A_CORE = 8
"""Up to so many faces one core answers alone."""


def spread(network: LiteNetwork) -> Callable[[np.ndarray], np.ndarray]:
    """A function from faces (B, S, S) uint8 to the network's answer to them, (B, K) float64."""
    cores = threads()
    workers = Workers(max(1, cores - 1))

    def answer(faces):
        own, *others = np.array_split(faces[..., None], np.clip(-(-len(faces) // FACES_A_CORE), 1, cores))
        answers = workers.map(network, others)
        return np.concatenate([network(own), *answers], dtype=np.float64)

    return answer
