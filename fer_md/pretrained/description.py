"""The description that lies beside the weights of a bundled network."""

import hashlib
import json
from pathlib import Path
from typing import Any

from fer_md.errors import FerMdError
from fer_md.files import read_json, write_json

FOLDER = Path(__file__).parent
"""The folder of the bundled networks: ``network.tflite``, for LiteRT; ``weights.npz``, what Keras needs besides;
and ``description.json``, which describes them."""

_OWN = "sha256"
"""The field that holds the hash of all others, so that no value can be another unnoticed."""


def write_description(folder: Path | str, description: dict[str, Any]) -> None:
    """Writes ``description.json``: JSON values, and their hash."""
    stated = {name: value for name, value in description.items() if name != _OWN}
    write_json(Path(folder) / "description.json", {**stated, _OWN: _sha256(stated)})


def read_description(folder: Path | str = FOLDER) -> dict[str, Any]:
    """Describes a shipped network: what ``save_pretrained`` was given, ``networks``, ``weights_sha256``,
    ``npz_sha256``, and ``litert``, which ``save_litert`` adds.

    Raises:
        FerMdError: the description is missing or damaged, or a value is not the one that was written.
    """
    path = Path(folder) / "description.json"
    description = read_json(path)
    if not isinstance(description, dict) or description.pop(_OWN, None) != _sha256(description):
        raise FerMdError(f"{path}: damaged, its values have not the SHA-256 that it states; install the package again")
    return description


def _sha256(values):
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
