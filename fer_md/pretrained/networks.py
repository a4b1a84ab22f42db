"""The bundled networks, by their names: one pair of components, whose answers hold one prior or another."""

from typing import Any

import numpy as np

from fer_md.pretrained.description import read_description

PHOTOGRAPHS = "photographs"
"""The network for faces from elsewhere; ``fer-md predict`` and ``Predictor`` use it."""

NETWORKS = ("fer2013", PHOTOGRAPHS)
"""All names. Both have the same components."""

UNIFORM_SHARE = 0.75
"""How much of FER2013's prior gives way to one that has all expressions equally often in ``"photographs"``; chosen with
earlier networks, for macro recall on the PublicTest splits of both data sets. With the present ones it gains 2.7 points
on FER2013's and loses 3.4 on the other, which has few rare faces. docs/MODEL_CARD.md has the curve back to it."""

LICENSE = (
    "Apache-2.0. FER2013's images come from a web search and nobody can license them; the press photographs are for "
    "research only. If in doubt, treat weights trained on them as research-only."
)
"""Of the weights."""


def check_name(name: str) -> None:
    """ValueError for a name of no network."""
    if name not in NETWORKS:
        raise ValueError(f"name must be one of {', '.join(NETWORKS)}, not {name!r}")


def describe(name: str = "fer2013") -> dict[str, Any]:
    """What a bundled network is: ``expressions``, ``prior``, ``data``, the widths of its ``networks``, the settings of
    its ``runs``, and ``weights``, a dict from its files to their SHA-256.

    Raises:
        ValueError, FerMdError: see ``load_pretrained``.
    """
    check_name(name)
    found = read_description()
    if name == PHOTOGRAPHS:
        prior = _learned(found) ** (1 - UNIFORM_SHARE)
        found["prior"] = dict(zip(found["expressions"], (prior / prior.sum()).tolist(), strict=True))
    return {**found, "weights": {"weights.npz": found["weights_sha256"]}}


def shift_of(name: str) -> np.ndarray:
    """(K,) what a bundled network adds to the logarithm of its components' fused probabilities; 0 for ``"fer2013"``.

    Raises:
        ValueError, FerMdError: see ``load_pretrained``.
    """
    check_name(name)
    learned = _learned(read_description())
    return -UNIFORM_SHARE * np.log(learned) if name == PHOTOGRAPHS else np.zeros_like(learned)


def _learned(description):
    """The prior that the components hold, (K,)."""
    return np.array(list(description["prior"].values()))
