"""The bundled networks, by their names."""

from pathlib import Path
from typing import Any

import numpy as np

from fer_md.pretrained.description import FOLDER, read_description

FOLDERS = {"fer2013": FOLDER, "joint": FOLDER / "joint"}
"""The networks that have files: trained on FER2013 alone, and on FER2013 and press photographs together."""

PHOTOGRAPHS = "photographs"
"""The network for faces from elsewhere, which fuses the others; ``fer-md predict`` and ``Predictor`` use it."""

NETWORKS = (*FOLDERS, PHOTOGRAPHS)
"""All names."""

UNIFORM_SHARE = 0.75
"""How much of FER2013's prior gives way to one that has all expressions equally often in ``"photographs"``; chosen for
its macro recall on the PublicTest splits of both data sets. docs/MODEL_CARD.md has the curve back to that prior."""

LICENSE = (
    "Apache-2.0. FER2013's images come from a web search and nobody can license them; "
    "if in doubt, treat weights trained on them as research-only."
)
"""Of the weights."""


def check_name(name: str) -> None:
    """ValueError for a name of no network."""
    if name not in NETWORKS:
        raise ValueError(f"name must be one of {', '.join(NETWORKS)}, not {name!r}")


def folders_of(name: str) -> list[Path]:
    """The folders of the networks that a name stands for: one, or those that ``"photographs"`` fuses.

    Raises:
        ValueError: unknown ``name``.
    """
    check_name(name)
    return [FOLDERS[name]] if name in FOLDERS else list(FOLDERS.values())


def describe(name: str = "fer2013") -> dict[str, Any]:
    """What a shipped network is: ``expressions``, ``prior``, ``data``, the widths of its
    ``networks``, the settings of its ``runs``, and ``weights``, a dict from its files to their SHA-256.

    Raises:
        ValueError, FerMdError: see ``load_pretrained``.
    """
    check_name(name)
    if name in FOLDERS:
        found = read_description(FOLDERS[name])
        return {**found, "weights": {"weights.npz": found["weights_sha256"]}}
    parts = _parts()
    prior = _learned(parts.values()) ** (1 - UNIFORM_SHARE)
    first = parts["fer2013"]
    return {
        "data": first["data"],
        "networks": [widths for found in parts.values() for widths in found["networks"]],
        "expressions": first["expressions"],
        "prior": dict(zip(first["expressions"], (prior / prior.sum()).tolist(), strict=True)),
        "runs": [run for found in parts.values() for run in found["runs"]],
        "weights": {f"{part}/weights.npz": found["weights_sha256"] for part, found in parts.items()},
    }


def photographs_shift() -> np.ndarray:
    """(K,) what ``"photographs"`` adds to the logarithm of the mean probabilities of the networks that it fuses."""
    return -UNIFORM_SHARE * np.log(_learned(_parts().values()))


def _parts():
    """The descriptions of the networks that ``"photographs"`` fuses, by their names."""
    return {part: read_description(folder) for part, folder in FOLDERS.items()}


def _learned(descriptions):
    """The prior that the fused networks hold, (K,)."""
    return np.mean([list(found["prior"].values()) for found in descriptions], axis=0)
