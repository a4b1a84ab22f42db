"""The description that lies beside the weights of a trained network that ships."""

from pathlib import Path
from typing import Any

from fer_md.errors import FerMdError
from fer_md.files import read_json

FOLDER = Path(__file__).parent
"""The folder of the network ``"fer2013"``: ``network.tflite``, for LiteRT; ``weights.npz``, what Keras needs besides;
and ``description.json``, which describes them."""


def read_description(folder: Path | str = FOLDER) -> dict[str, Any]:
    """Describes a shipped network: what ``save_pretrained`` was given, ``networks``, ``weights_sha256``,
    ``npz_sha256``, and ``litert``, which ``save_litert`` adds.

    Raises:
        FerMdError: the description is missing or damaged, or a value is outside its range.
    """
    path = Path(folder) / "description.json"
    description = read_json(path)
    if not isinstance(description, dict):
        raise FerMdError(f"{path}: damaged, not an object; install the package again")
    missing = {
        *("expressions", "score_weights", "temperature", "prior"),
        *("networks", "weights_sha256", "npz_sha256"),
    } - set(description)
    if missing:
        raise FerMdError(f"{path}: damaged, lacks {', '.join(sorted(missing))}; install the package again")
    temperature, expressions = description["temperature"], description["expressions"]
    if temperature is not None and not (isinstance(temperature, int | float) and 0.01 <= temperature <= 100):
        raise FerMdError(f"{path}: damaged, temperature must be 0.01 to 100, not {temperature!r}; install it again")
    widths = [network["num_classes"] for network in description["networks"]]
    if any(width != len(set(expressions)) for width in widths):
        raise FerMdError(f"{path}: damaged, {len(set(expressions))} names for {widths[0]} outputs; install it again")
    return description
