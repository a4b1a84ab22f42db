"""The description that lies beside the weights of a trained network that ships."""

from pathlib import Path
from typing import Any

from fer_md.errors import FerMdError
from fer_md.files import read_json

FOLDER = Path(__file__).parent
"""The folder of the network ``"fer2013"``: ``weights.npz``, ``network.tflite``, the same for LiteRT, and
``description.json``, which describes them."""


def read_description(folder: Path | str = FOLDER) -> dict[str, Any]:
    """Describes a shipped network: what ``save_pretrained`` was given, ``networks``, ``weights_sha256``, and
    ``litert``, which ``save_litert`` adds.

    Raises:
        FerMdError: the description is missing or damaged.
    """
    path = Path(folder) / "description.json"
    description = read_json(path)
    missing = {"expressions", "score_weights", "temperature", "prior", "networks", "weights_sha256"} - set(description)
    if missing:
        raise FerMdError(f"{path}: damaged, lacks {', '.join(sorted(missing))}; install the package again")
    return description
