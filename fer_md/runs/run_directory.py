"""A run's folder: what was asked for, what came of it, and the trained model."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from fer_md.errors import FerMdError
from fer_md.files import read_json, write_json
from fer_md.runs.provenance import command_line, environment


def open_run(run_dir: Path | str, settings: Mapping[str, Any]) -> Path:
    """Creates a run's folder, or opens it to resume.

    Args:
        run_dir: the folder.
        settings: dict of JSON values that decide the result (recipe, network, data, seed, precision).

    Returns:
        ``pathlib.Path`` of the folder.

    Raises:
        FerMdError: the folder holds a run with other settings; the message names the first that differs.
    """
    run_dir = Path(run_dir)
    path = run_dir / "config.json"
    if not path.exists():
        write_json(path, {"settings": settings, "command": command_line(), "environment": environment()})
        return run_dir
    stored = read_json(path)["settings"]
    for name in settings:
        if stored.get(name) != settings[name]:
            raise FerMdError(
                f"{path}: holds a run with {name}={stored.get(name)!r}, not {settings[name]!r}; name another folder"
            )
    return run_dir


def plain_settings(config: Any) -> dict[str, Any]:
    """A dataclass as JSON values: tuples become lists, so that a stored one compares equal, and None is left out."""
    values = {name: value for name, value in dataclasses.asdict(config).items() if value is not None}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def read_settings(run_dir: Path | str) -> dict[str, Any]:
    """The settings of a run.

    Raises:
        FerMdError: ``run_dir`` is not a run.
    """
    path = Path(run_dir) / "config.json"
    if not path.is_file():
        raise FerMdError(f"{run_dir}: not a run directory (no config.json); make one with experiments/pretrain.py")
    return read_json(path)["settings"]


def load_model(run_dir: Path | str, network: str = "model") -> keras.Model:
    """A trained ``keras.Model`` of a finished run.

    Args:
        run_dir: the folder.
        network: ``"model"`` of a pre-training, ``"component1"`` and so on of a fine-tuning.

    Raises:
        FerMdError: no run, an unfinished one, no such network, or a damaged model file.
    """
    networks = network_names(read_settings(run_dir))
    if network not in networks:
        raise FerMdError(f"{run_dir}: no network {network!r}; there is {', '.join(networks)}")
    path = Path(run_dir) / f"{network}.keras"
    if not path.is_file():
        raise FerMdError(f"{run_dir}: the run is not finished (no {path.name}); start it again to resume it")
    try:
        return keras.saving.load_model(path)
    except Exception as error:
        reason = str(error).strip().split("\n")[0] or type(error).__name__  # Keras adds a page of configuration
        raise FerMdError(
            f"{path}: cannot be loaded ({reason}); it was trained at commit {_trained_at(run_dir)} (config.json): "
            "train it again, or check that commit out"
        ) from error


def load_start(run_dir: Path | str, required: Mapping[str, Any]) -> keras.Model:
    """The network of a finished pre-training, to start another training from.

    Args:
        run_dir: the folder.
        required: settings that the run must have.

    Raises:
        FerMdError: another setting; see also ``load_model``.
    """
    stored = read_settings(run_dir)
    for name, value in required.items():
        if stored.get(name) != value:
            raise FerMdError(f"--start={run_dir}: learned with {name}={stored.get(name)!r}, not {value!r}")
    return load_model(run_dir)


def _trained_at(run_dir):
    return read_json(Path(run_dir) / "config.json").get("environment", {}).get("commit", "unknown")


def network_names(settings: Mapping[str, Any]) -> list[str]:
    """The networks that a run with these settings trains."""
    return settings.get("networks", ["model"])
