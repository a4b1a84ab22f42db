"""The trained network that ships with the package: how it is written, and how it is loaded."""

import dataclasses
import hashlib
import io
from pathlib import Path

import keras
import numpy as np

from fer_md.errors import FerMdError
from fer_md.files import atomic_file, file_sha256, read_json, write_json
from fer_md.models import ComponentConfig, build_component, build_fused
from fer_md.models.seeding import kept_random_state
from fer_md.pretrained.compress import compress, decompress

FOLDER = Path(__file__).parent
"""Where those of the installed package are: ``weights.npz`` and ``description.json``, which says what they are."""


def save_pretrained(folder, components, description):
    """Writes the components' compressed weights and their description, each file whole or not at all.

    Args:
        folder: gets ``weights.npz`` and ``description.json``.
        components: list of (``keras.Model``, ``ComponentConfig``), networks as ``build_component`` makes them.
        description: dict of JSON values with ``expressions``, ``score_weights`` and ``temperature``; the networks'
            widths and the hash of the weights are added.
    """
    folder, arrays = Path(folder), {}
    for number, (model, _) in enumerate(components, 1):
        for variable in model.weights:
            if "float" in variable.dtype:
                coded = compress(keras.ops.convert_to_numpy(variable))
                arrays |= {f"component{number}/{variable.path}:{part}": array for part, array in coded.items()}
    with atomic_file(folder / "weights.npz") as partial, open(partial, "wb") as stream:
        np.savez_compressed(stream, **arrays)
    write_json(
        folder / "description.json",
        {
            **description,
            "networks": [dataclasses.asdict(config) for _, config in components],
            "weights_sha256": file_sha256(folder / "weights.npz"),
        },
    )


def read_description(folder=FOLDER):
    """What the shipped network is: a dict with what ``save_pretrained`` got, ``networks`` and ``weights_sha256``.

    Raises:
        FerMdError: it is missing or damaged.
    """
    path = Path(folder) / "description.json"
    description = read_json(path)
    missing = {"expressions", "score_weights", "temperature", "networks", "weights_sha256"} - set(description)
    if missing:
        raise FerMdError(f"{path}: damaged, lacks {', '.join(sorted(missing))}; install the package again")
    return description


def load_components(folder=FOLDER):
    """The shipped components, for example to go on training with. Leaves all random states as they are.

    Args:
        folder: what ``save_pretrained`` wrote; that of the package by default.

    Returns:
        list of ``keras.Model`` with the outputs of ``build_component``.

    Raises:
        FerMdError: a file is missing or damaged.
    """
    folder, description = Path(folder), read_description(folder)
    arrays = _read_arrays(folder / "weights.npz", description["weights_sha256"])
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


def config_from_json(widths):
    """``ComponentConfig`` of its JSON values, in which tuples are lists."""
    return ComponentConfig(
        **{name: tuple(value) if isinstance(value, list) else value for name, value in widths.items()}
    )


def load_pretrained(folder=FOLDER):
    """The trained network that ships with the package: its components' scores, fused (Sec. 3.2.2).

    Args:
        folder: what ``save_pretrained`` wrote; that of the package by default.

    Returns:
        ``keras.Model`` from faces (B, 48, 48, 1), gray levels in [0, 255] of any numeric dtype, to a dict with
        ``logits`` (B, 7) float32; their softmax are probabilities, calibrated on the validation split, in the order
        of ``fer_md.expressions.EXPRESSIONS``. ``docs/MODEL_CARD.md`` says what it learned from and how good it is.

    Raises:
        FerMdError: a file is missing or damaged.
    """
    description = read_description(folder)
    components, temperature = load_components(folder), description["temperature"]
    weights = description["score_weights"]
    fused = build_fused(components, weights) if len(components) > 1 else components[0]
    calibrate = keras.layers.Rescaling(1 / temperature, dtype="float32", name="temperature")
    return keras.Model(fused.input, {"logits": calibrate(fused.output["logits"])}, name="pretrained")


def _read_arrays(path, sha256):
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FerMdError(f"{path}: cannot be read ({error.strerror}); install the package again") from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise FerMdError(
            f"{path}: damaged, not the file that {path.with_name('description.json')} describes; "
            "install the package again"
        )
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        return dict(stored)
