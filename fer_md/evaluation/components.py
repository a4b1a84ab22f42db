"""The networks of one run or several, and what each says of a data set's faces."""

from pathlib import Path

import numpy as np

from fer_md.data.manifest import file_sha256
from fer_md.errors import FerMdError
from fer_md.evaluation.predict import predict_probabilities
from fer_md.training.run_directory import load_model, network_names, read_settings


def find_networks(run_dirs, network=None):
    """(folder, name) of the networks of finished runs.

    Args:
        run_dirs: folders.
        network: take only the one of this name; None for all.

    Raises:
        FerMdError: a folder is no run, or no run has that network.
    """
    found = [(Path(run), name) for run in run_dirs for name in network_names(read_settings(run))]
    chosen = [(run, name) for run, name in found if network in (None, name)]
    if not chosen:
        names = ", ".join(sorted({name for _, name in found}))
        raise FerMdError(f"{', '.join(map(str, run_dirs))}: no network {network!r}; there is {names}")
    return chosen


def scores(run_dir, network, info, images, averaging):
    """Probabilities of one network in the label space of a data set, (N, K) float64.

    Args:
        run_dir, network: see ``find_networks``.
        info: content of the data set's ``dataset.json``.
        images: (N, H, W) uint8.
        averaging: see ``predict_probabilities``.

    Raises:
        FerMdError: the network has no head for the data set's label space.
    """
    settings, model = read_settings(run_dir), load_model(run_dir, network)
    head = find_head(settings, network, model, info)
    if head is None:
        raise FerMdError(
            f"{run_dir}: {network} has no head for {info['name']} ({', '.join(info['expressions'])}); "
            "fine-tune it on that data set, or evaluate it on another"
        )
    return predict_probabilities(model, images, averaging, head=head)


def find_head(settings, network, model, info):
    """The output that scores the data set's expressions, or None."""
    spaces = settings["expressions"]
    if settings.get("stage") == "finetune":  # one list a data set; component i learned set i first
        spaces = spaces[int(network.removeprefix("component")) - 1]
    if spaces == info["expressions"]:
        return "logits"
    own = f"logits_{info['name']}"
    return own if own in model.output else None


def model_hashes(networks):
    """dict from the networks' files to their SHA-256."""
    return {f"{run.name}/{name}.keras": file_sha256(run / f"{name}.keras") for run, name in networks}


def stack_scores(networks, info, images, averaging="none"):
    """(networks, N, K) probabilities."""
    return np.stack([scores(run, name, info, images, averaging) for run, name in networks])
