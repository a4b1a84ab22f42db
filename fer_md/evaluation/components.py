"""The networks of one run or several, and what each says of a data set's faces."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fer_md.errors import FerMdError
from fer_md.evaluation.predict import predict_probabilities
from fer_md.evaluation.prior import learned_prior
from fer_md.files import file_sha256
from fer_md.runs.run_directory import load_model, network_names, read_settings


def find_networks(
    run_dirs: Iterable[Path | str], network: str | None = None, data: str | None = None
) -> list[tuple[Path, str]]:
    """(folder, name) of the networks of finished runs.

    Args:
        run_dirs: folders.
        network: take only the one of this name; None for all. Of a joint training the networks differ only in the data
            set whose statistics and prior they have: one of them answers.
        data: name of the data set to answer for; None, or one that it did not learn, for the leading one.

    Raises:
        FerMdError: a folder is no run, or no run has that network.
    """
    runs = [(Path(run), read_settings(run)) for run in run_dirs]
    if network is None:
        return [(run, name) for run, settings in runs for name in _answering(settings, data)]
    found = [(run, name) for run, settings in runs for name in network_names(settings)]
    chosen = [(run, name) for run, name in found if name == network]
    if not chosen:
        names = ", ".join(sorted({name for _, name in found}))
        raise FerMdError(f"{', '.join(map(str, run_dirs))}: no network {network!r}; there is {names}")
    return chosen


def _answering(settings, data):
    """The networks of a run that answer together for a data set."""
    names = network_names(settings)
    if settings.get("stage") != "joint":
        return names
    return [data] if data in names else names[:1]


def load_scorer(run_dir: Path | str, network: str, info: dict[str, Any]) -> tuple[keras.Model, str]:
    """A network, and its output that scores the expressions of a data set.

    Args:
        run_dir, network: see ``find_networks``.
        info: dict with the data set's ``name``, ``expressions`` and, where they are known, ``image_size`` and
            ``manifest_sha256``, as in its ``dataset.json``.

    Returns:
        ``keras.Model`` and the output's name.

    Raises:
        FerMdError: the network has no head for the data set's label space.
    """
    model = load_model(run_dir, network)
    head = find_head(run_dir, network, model, info)
    if head is None:
        raise FerMdError(
            f"{run_dir}: {network} has no head for {info['name']} ({', '.join(info['expressions'])}); "
            "fine-tune it on that data set, or evaluate it on another"
        )
    return model, head


def check_expressions(run_dir: Path | str, settings: dict[str, Any]) -> None:
    """``FerMdError`` for a run that learned something else, such as landmarks, or was a comparison."""
    if not {"data", "expressions"} <= settings.keys():
        raise FerMdError(f"{run_dir}: learned no expressions; name a run of fer-md train or finetune")


def check_image_size(run_dir: Path | str, model: keras.Model, info: dict[str, Any]) -> None:
    """``FerMdError`` where a data set is known to have images of another size than a run's network takes."""
    size = model.input_shape[1]
    if info.get("image_size", size) != size:
        raise FerMdError(
            f"{run_dir}: takes images of {size} pixels, {info['name']} has {info['image_size']}; "
            f"prepare it with image_size={size}"
        )


def find_head(run_dir: Path | str, network: str, model: keras.Model, info: dict[str, Any]) -> str | None:
    """The output of a network that scores the expressions of a data set, or None; see ``load_scorer``.

    Raises:
        FerMdError: the run learned no expressions, or images of another size, or a data set of that name with other
            content, whose split may be another.
    """
    settings = read_settings(run_dir)
    check_expressions(run_dir, settings)
    check_image_size(run_dir, model, info)
    names, spaces, hashes = (settings[key] for key in ("data", "expressions", "manifest_sha256"))
    if network == "model":
        first = 0
        if isinstance(names, str):
            names, spaces, hashes = [names], [spaces], [hashes]
    elif network in names:  # of a joint training, with that data set's statistics and prior
        first = names.index(network)
    else:  # component i learned data set i first
        first = int(network.removeprefix("component")) - 1
    if info["name"] in names:
        known = names.index(info["name"])
        if info.get("manifest_sha256", hashes[known]) != hashes[known]:
            raise FerMdError(
                f"{run_dir}: learned from another {info['name']} than this one: its images or its split changed"
            )
        if spaces[known] == info["expressions"] != spaces[first]:
            head = f"logits_{info['name']}"
            return head if head in model.output else None
    return "logits" if spaces[first] == info["expressions"] else None


def model_hashes(networks: Iterable[tuple[Path | str, str]]) -> dict[str, str]:
    """dict from the networks' files, as ``quick/seed0/model.keras``, to their SHA-256."""
    files = [Path(run).resolve() / f"{name}.keras" for run, name in networks]
    return {"/".join(file.parts[-3:]): file_sha256(file) for file in files}


def fused_prior(
    networks: Iterable[tuple[Path | str, str]], expressions: Sequence[str], weights: Sequence[float] | None = None
) -> np.ndarray | None:
    """The prior that the fused answers of networks hold: the weighted mean of theirs.

    Args:
        networks: see ``find_networks``.
        expressions: K names in the order of the answers.
        weights: of their scores; None for equal weights.

    Returns:
        (K,) float64; None where that of a network is not known.
    """
    priors = [learned_prior(read_settings(run), expressions, name) for run, name in networks]
    known = [prior for prior in priors if prior is not None]
    return np.average(known, axis=0, weights=weights) if len(known) == len(priors) else None


def stack_scores(scorers: Iterable[tuple[keras.Model, str]], images: np.ndarray, averaging: str = "none") -> np.ndarray:
    """What each network says of some faces.

    Args:
        scorers: (model, head) pairs, see ``load_scorer``.
        images: (N, H, W) uint8.
        averaging: see ``predict_probabilities``.

    Returns:
        (networks, N, K) float64 probabilities.
    """
    return np.stack([predict_probabilities(model, images, averaging, head=head) for model, head in scorers])
