"""A run's folder: what was asked for, what came of it, and the trained model."""

import contextlib
import dataclasses
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras

from fer_md.errors import FerMdError, first_line
from fer_md.files import read_json, write_json
from fer_md.runs.done import check_done
from fer_md.runs.lock import folder_lock
from fer_md.runs.provenance import command_line, environment


def folder_name(name: str) -> str:
    """The name of a study's row as that of its run's folder: dashes for all but letters, digits, ``_`` and dots."""
    return re.sub(r"[^\w.]+", "-", name.replace("'", ""))


def open_run(run_dir: Path | str, settings: Mapping[str, Any]) -> Path:
    """Creates a run's folder, or opens it to resume.

    Args:
        run_dir: the folder.
        settings: dict of JSON values that decide the result (recipe, network, data, seed, precision).

    Returns:
        ``pathlib.Path`` of the folder.

    Raises:
        FerMdError: the folder holds a run with other settings; the message names the first that differs. Or it holds
            what a run has learned, but no config.json that says with which settings.
    """
    run_dir = Path(run_dir)
    path = run_dir / "config.json"
    if not path.exists():
        for learned in (run_dir / "DONE", run_dir / "checkpoint.npz", *sorted(run_dir.glob("*.keras"))):
            if learned.exists():
                raise FerMdError(f"{run_dir}: holds {learned.name}, but no config.json any more; name another folder")
        write_json(path, {"settings": settings, "command": command_line(), "environment": environment()})
        return run_dir
    stored = read_settings(run_dir)
    for name, value in settings.items():
        if stored.get(name) != value:
            where, found, asked = _difference(name, stored.get(name), value)
            raise FerMdError(f"{path}: holds a run with {where}={found!r}, not {asked!r}; name another folder")
    return run_dir


@contextlib.contextmanager
def held_run(run_dir: Path | str, settings: Mapping[str, Any]) -> Iterator[Path]:
    """A run's folder, opened as by ``open_run`` and held for as long as the context lasts.

    It is held first: of two processes that begin the same run, with other settings each, one alone states its own.

    Raises:
        FerMdError: another process works in the folder; see also ``open_run``.
    """
    Path(run_dir).mkdir(parents=True, exist_ok=True)
    with folder_lock(run_dir):
        yield open_run(run_dir, settings)


def _difference(name, found, asked):
    """The first place in which two unequal values differ: its name, and the values there."""
    if isinstance(found, dict) and isinstance(asked, dict):
        for key in asked | found:
            if found.get(key) != asked.get(key):
                return _difference(f"{name}.{key}", found.get(key), asked.get(key))
    return name, found, asked


def plain_settings(config: Any) -> dict[str, Any]:
    """A dataclass as JSON values: tuples become lists, so that a stored one compares equal, and None is left out."""
    values = {name: value for name, value in dataclasses.asdict(config).items() if value is not None}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def read_settings(run_dir: Path | str) -> dict[str, Any]:
    """The settings of a run.

    Raises:
        FerMdError: ``run_dir`` is not a run, or its config.json was damaged or changed.
    """
    return _read_config(run_dir)["settings"]


def _read_config(run_dir):
    path = Path(run_dir) / "config.json"
    if not path.is_file():
        raise FerMdError(f"{run_dir}: not a run directory (no config.json); make one with fer-md train")
    check_done(path)
    config = read_json(path)
    if not isinstance(config, dict) or not isinstance(config.get("settings"), dict):
        raise FerMdError(f"{path}: must be an object with the object 'settings'; name another run")
    return config


def settings_hash(run_dir: Path | str) -> str:
    """SHA-256 of a run's settings, in hexadecimal, by which its checkpoint knows them; errors as ``read_settings``."""
    return hashlib.sha256(json.dumps(read_settings(run_dir), sort_keys=True).encode()).hexdigest()


def network_file(run_dir: Path | str, network: str = "model") -> Path:
    """The file of a trained network of a finished run.

    Args:
        run_dir: the folder.
        network: ``"model"`` of a pre-training, ``"component1"`` and so on of a fine-tuning, the name of a data set of a
            joint training.

    Raises:
        FerMdError: no run, an unfinished one, no such network, or a model file that is damaged or another run's.
    """
    networks = network_names(read_settings(run_dir))
    if network not in networks:
        raise FerMdError(f"{run_dir}: no network {network!r}; there is {', '.join(networks)}")
    path = Path(run_dir) / f"{network}.keras"
    if not path.is_file():
        raise FerMdError(f"{run_dir}: the run is not finished (no {path.name}); start it again to resume it")
    check_done(path)
    return path


def load_model(run_dir: Path | str, network: str = "model") -> keras.Model:
    """A trained ``keras.Model`` of a finished run; arguments and errors are those of ``network_file``."""
    path = network_file(run_dir, network)
    try:
        return keras.saving.load_model(path)
    except Exception as error:
        raise FerMdError(
            f"{path}: cannot be loaded ({first_line(error)}); it was trained at commit {_trained_at(run_dir)} "
            "(config.json): train it again, or check that commit out"
        ) from error


def check_settings(flag: str, run_dir: Path | str, required: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a run that a flag names, which must have those required.

    Raises:
        FerMdError: another setting; see also ``read_settings``.
    """
    stored = read_settings(run_dir)
    for name, value in required.items():
        if stored.get(name) != value:
            raise FerMdError(f"--{flag}={run_dir}: learned with {name}={stored.get(name)!r}, not {value!r}")
    return stored


def _trained_at(run_dir):
    return (_read_config(run_dir).get("environment") or {}).get("commit", "unknown")


def network_names(settings: Mapping[str, Any]) -> list[str]:
    """The networks that a run with these settings trains."""
    return settings.get("networks", ["model"])
