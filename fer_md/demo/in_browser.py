"""What the page needs to find faces and name their expressions by itself."""

import dataclasses
from pathlib import Path
from typing import Any

from fer_md.demo.runtime import PROGRAM, SCRIPT, SHA256
from fer_md.faces import judge, yunet
from fer_md.files import read_json
from fer_md.pretrained.description import FOLDER
from fer_md.pretrained.networks import describe, shift_of


@dataclasses.dataclass(frozen=True)
class InBrowser:
    """Files for the page, and a description of them.

    Attributes:
        about: JSON values. ``runtime`` (``script``, ``program``), ``find``, ``confirm`` and ``classify`` have the
            ``url`` and ``bytes`` of each file; ``expressions``, ``size`` and ``shift`` say how to classify faces.
            Or ``reason``: why the page cannot look at pictures itself.
        files: where each URL's file is.
    """

    about: dict[str, Any]
    files: dict[str, Path]


def not_in_browser(reason: str) -> InBrowser:
    """Nothing, and why."""
    return InBrowser({"reason": reason}, {})


def in_browser(name: str, runtime: Path) -> InBrowser:
    """The detector that `fer_md.Predictor` uses by default, and a network of the package.

    Args:
        name: of the network, see `fer_md.pretrained.load.load_pretrained`.
        runtime: folder that `fer_md.demo.runtime.find_runtime` gave.

    Raises:
        ValueError: unknown ``name``.
        FerMdError: a description is missing or damaged.
    """
    description = describe(name)
    files: dict[str, Path] = {}

    def add(path, sha256):
        url = f"files/{sha256}{path.suffix}"
        files[url] = path
        return {"url": url, "bytes": path.stat().st_size}

    def detector(folder, part):
        return add(folder / f"{part}.tflite", read_json(folder / "sha256.json")[part])

    return InBrowser(
        {
            "runtime": {
                "script": add(runtime / SCRIPT, SHA256[SCRIPT]),
                "program": add(runtime / PROGRAM, SHA256[PROGRAM]),
            },
            "find": detector(yunet.NETWORK, "find"),
            "confirm": detector(judge.NETWORKS, "confirm"),
            "classify": add(FOLDER / "network.tflite", description["litert"]["sha256"]),
            "expressions": description["expressions"],
            "size": description["networks"][0]["image_size"],
            "shift": shift_of(name).tolist(),
        },
        files,
    )
