"""Files of a bundled network: how they are written, compressed, and loaded."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fer_md.errors import FerMdError
from fer_md.files import atomic_file, file_sha256
from fer_md.litert.convert import convert, probabilities
from fer_md.models import ComponentConfig, build_component, build_fused
from fer_md.models.int8_weights import to_int8
from fer_md.models.seeding import kept_random_state
from fer_md.pretrained.description import FOLDER, read_description, write_description
from fer_md.pretrained.weights_file import NETWORK, read_weights, write_weights

INT8_FROM = 2**16
"""Matrices with at least this many entries become int8: those of the fully connected layers hold nearly all weights."""


def save_pretrained(
    folder: Path | str, components: Sequence[tuple[keras.Model, ComponentConfig]], description: dict[str, Any]
) -> None:
    """Writes the components' compressed weights and a description of them. Each file appears whole or not at all.

    Args:
        folder: gets ``weights.npz`` and ``description.json``.
        components: networks made by ``build_component``, each with its configuration.
        description: JSON values, with ``expressions``, ``score_weights``, ``temperature`` and ``prior``, the share of
            each expression that the answers hold. The networks' widths are added, and the hash of ``weights.npz``: as
            ``weights_sha256``, by which results name these weights, and as ``npz_sha256``, which `save_litert` renews.
    """
    folder = Path(folder)
    arrays: dict[str, Any] = {}
    for number, (model, _) in enumerate(components, 1):
        for variable in model.weights:
            if "float" in variable.dtype:
                coded = compress(keras.ops.convert_to_numpy(variable))
                arrays |= {f"component{number}/{variable.path}:{part}": array for part, array in coded.items()}
    sha256 = write_weights(folder, arrays)
    write_description(
        folder,
        {
            **description,
            "networks": [dataclasses.asdict(config) for _, config in components],
            "weights_sha256": sha256,
            "npz_sha256": sha256,
        },
    )


LITERT_MOST = 0.05
"""Largest difference between a probability that LiteRT and that Keras give to a face."""


def save_litert(folder: Path | str, faces: np.ndarray) -> None:
    """Writes ``network.tflite``, the network that `load_fused` loads, with weights of 8 bits, for LiteRT.

    The description gets ``litert``: the file's hash, the hash of the weights that it was made from, and the largest
    difference between a probability of both. ``weights.npz`` is written again, without the matrices that the new file
    holds too.

    Args:
        folder: what ``save_pretrained`` wrote.
        faces: (N, S, S) uint8, on which both are compared.

    Raises:
        FerMdError: they differ by more than ``LITERT_MOST``, or a file is missing or damaged.
    """
    folder, description = Path(folder), read_description(folder)
    arrays = read_weights(folder, description)
    content, difference = convert(load_fused(folder), probabilities, faces[..., None], LITERT_MOST, "int8")
    with atomic_file(folder / NETWORK) as partial:
        partial.write_bytes(content)
    litert = {
        "sha256": file_sha256(folder / NETWORK),
        "weights_sha256": description["weights_sha256"],
        "largest_difference": difference,
    }
    sha256 = write_weights(folder, arrays, content)
    write_description(folder, {**description, "litert": litert, "npz_sha256": sha256})


def load_components(folder: Path | str = FOLDER) -> list[keras.Model]:
    """The shipped components, for example to train them further. All random states stay as they are.

    Args:
        folder: what ``save_pretrained`` wrote; by default the folder of the package.

    Returns:
        networks with the outputs of ``build_component``.

    Raises:
        FerMdError: a file is missing or damaged.
    """
    folder, description = Path(folder), read_description(folder)
    arrays = read_weights(folder, description)
    components = []
    for number, widths in enumerate(description["networks"], 1):
        with kept_random_state():
            model = build_component(config_from_json(widths), name=f"component{number}")
        for variable in model.weights:
            if "float" in variable.dtype:
                name = f"component{number}/{variable.path}:"
                coded = {key.removeprefix(name): value for key, value in arrays.items() if key.startswith(name)}
                if "values" not in coded or coded["values"].shape != tuple(variable.shape):
                    raise FerMdError(f"{folder}: holds no weights {name[:-1]} of shape {tuple(variable.shape)}")
                variable.assign(decompress(coded))
        components.append(model)
    return components


def config_from_json(widths: dict[str, Any]) -> ComponentConfig:
    """The configuration from its JSON values, in which tuples are lists."""
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in widths.items()}
    return ComponentConfig(**values)


def load_fused(folder: Path | str) -> keras.Model:
    """What ``save_pretrained`` wrote, as ``fer_md.pretrained.load.load_pretrained`` returns it.

    Raises:
        FerMdError: a file is missing or damaged.
    """
    description = read_description(folder)
    components, temperature = load_components(folder), description["temperature"]
    weights = description["score_weights"]
    fused = build_fused(components, weights) if len(components) > 1 else components[0]
    calibrate = keras.layers.Rescaling(1 / temperature, dtype="float32", name="temperature")
    return keras.Model(fused.input, {"logits": calibrate(fused.output["logits"])}, name="pretrained")


def compress(array: np.ndarray) -> dict[str, np.ndarray]:
    """Codes an array of weights in a quarter to a half of its bytes.

    A matrix of at least ``INT8_FROM`` entries becomes int8. Each of its columns has a scale, ``max |w| / 127``, and an
    entry is off by at most half of it. Other arrays become float16: an entry is off by 1/2048 of itself or by 3e-8,
    whichever is more. Arrays with an entry above 65,504 stay float32.

    Args:
        array: float32, finite.

    Returns:
        ``values`` int8 and ``scale`` (columns,) float32; or only ``values``, float16 or float32.
    """
    array = np.asarray(array, np.float32)
    if array.ndim == 2 and array.size >= INT8_FROM:
        values, steps = to_int8(array, axis=1)
        return {"values": values, "scale": steps[0]}
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    return {"values": half if np.isfinite(half).all() else array}


def decompress(coded: dict[str, np.ndarray]) -> np.ndarray:
    """The float32 array that ``compress`` coded."""
    return coded["values"].astype(np.float32) * coded.get("scale", np.float32(1))
