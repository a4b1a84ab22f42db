"""The trained networks that ship with the package, by their names."""

from typing import Any

import keras
import numpy as np

from fer_md.models import build_fused
from fer_md.pretrained.store import FOLDER, load_fused, read_description

FOLDERS = {"fer2013": FOLDER, "joint": FOLDER / "joint"}
"""The networks that have files: trained on FER2013 alone, and on FER2013 and press photographs together."""

PHOTOGRAPHS = "photographs"
"""The network for faces from elsewhere, which fuses the others; ``fer-md predict`` and ``Predictor`` use it."""

NETWORKS = (*FOLDERS, PHOTOGRAPHS)
"""All names."""

UNIFORM_SHARE = 0.75
"""How much of FER2013's prior gives way to one that has all expressions equally often in ``"photographs"``; chosen for
its macro recall on the PublicTest splits of both data sets. docs/MODEL_CARD.md has the curve back to that prior."""


def load_pretrained(name: str = "fer2013") -> keras.Model:
    """A trained network that ships with the package: its components, with their scores fused (Sec. 3.2.2).

    Args:
        name: ``"fer2013"``, trained on FER2013 alone, the best on its test faces; ``"joint"``, trained on FER2013 and
            press photographs together; or ``"photographs"``, both fused, for faces from elsewhere. It leans less
            towards the expressions that are frequent in FER2013, and finds more of the rare ones.

    Returns:
        ``keras.Model`` from faces (B, 48, 48, 1), gray levels in [0, 255] of any numeric dtype, to a dict with
        ``logits`` (B, 7) float32. Their softmax gives probabilities, in the order of
        ``fer_md.expressions.EXPRESSIONS``. Those of ``"fer2013"`` and ``"joint"`` are calibrated on FER2013's
        validation split. docs/MODEL_CARD.md says what the networks were trained on and how good they are.

    Raises:
        ValueError: unknown ``name``.
        FerMdError: a file is missing or damaged.
    """
    check_name(name)
    if name in FOLDERS:
        return load_fused(FOLDERS[name])
    fused = build_fused([load_fused(folder) for folder in FOLDERS.values()])
    shift = -UNIFORM_SHARE * np.log(_learned(_parts().values()))
    shifted = keras.layers.Rescaling(1.0, offset=shift.tolist(), dtype="float32", name="prior")
    return keras.Model(fused.input, {"logits": shifted(fused.output["logits"])}, name="pretrained")


def describe(name: str = "fer2013") -> dict[str, Any]:
    """What a shipped network is: ``expressions``, ``prior``, ``data``, the settings of its ``runs``, and ``weights``, a
    dict from its files to their SHA-256.

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
        "expressions": first["expressions"],
        "prior": dict(zip(first["expressions"], (prior / prior.sum()).tolist(), strict=True)),
        "runs": [run for found in parts.values() for run in found["runs"]],
        "weights": {f"{part}/weights.npz": found["weights_sha256"] for part, found in parts.items()},
    }


def check_name(name: str) -> None:
    """ValueError for a name of no network."""
    if name not in NETWORKS:
        raise ValueError(f"name must be one of {', '.join(NETWORKS)}, not {name!r}")


def _parts():
    """The descriptions of the networks that ``"photographs"`` fuses, by their names."""
    return {part: read_description(folder) for part, folder in FOLDERS.items()}


def _learned(descriptions):
    """The prior that the fused networks hold, (K,)."""
    return np.mean([list(found["prior"].values()) for found in descriptions], axis=0)
