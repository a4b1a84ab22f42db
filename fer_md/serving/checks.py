"""What an exported file must hold before it appears: the network's own answers."""

from collections.abc import Callable

import numpy as np

from fer_md.drawn.synthetic import draw_face
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS
from fer_md.serving.served_network import ServedNetwork

QUANTIZE = ("none", "float16", "int8")
"""How weights are stored: in float32; in float16; those of matrices and convolutions in int8, with a scale for each
output."""

MOST = {"none": 1e-4, "float16": 1e-2, "int8": 5e-2}
"""Largest difference that a probability may have from the Keras model's."""


def example_faces(size: int) -> np.ndarray:
    """(42, size, size, 1) uint8: drawn faces of all expressions, half of them posed and half in the wild."""
    faces = [
        draw_face(number, f"person {number}", expression, domain, size).image
        for number in range(3)
        for expression in EXPRESSIONS
        for domain in ("lab", "wild")
    ]
    return np.stack(faces)[..., None]


def check_answers(answer: Callable[[np.ndarray], np.ndarray], network: ServedNetwork, quantize: str = "none") -> None:
    """Compares what an exported file and the Keras model answer to batches of many faces, of one and of none.

    Args:
        answer: function of the exported file, from (B, S, S, 1) uint8 to (B, K).
        network: what was exported.
        quantize: one of `QUANTIZE`.

    Raises:
        FerMdError: a probability differs by more than `MOST` allows, or is not finite.
    """
    faces = example_faces(network.size)
    expected, most = network.probabilities(network.outputs(faces)).numpy(), MOST[quantize]
    for count in (len(faces), 1, 0):
        found = answer(faces[:count])
        difference = np.abs(found - expected[:count]).max(initial=0)
        if found.shape != expected[:count].shape or not difference <= most:  # nor is NaN
            raise FerMdError(
                f"the exported network answers otherwise than the Keras model, by up to {difference:g} for a batch of "
                f"{count} faces; at most {most:g} may be"
            )
