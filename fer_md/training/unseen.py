"""What networks say of training faces that they have not learned, so that it is no echo of the labels."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer_md.data.records import Split
from fer_md.errors import FerMdError
from fer_md.evaluation.predict import predict_probabilities
from fer_md.runs.run_directory import load_model, read_settings


def fold_of(images: np.ndarray, folds: int) -> np.ndarray:
    """The fold of each image, from a hash of its pixels: identical images share one, whatever the order.

    Args:
        images: (N, H, W) uint8.
        folds: their number.

    Returns:
        (N,) int64 in [0, folds).
    """
    digests = (hashlib.sha256(np.ascontiguousarray(image)).digest() for image in images)
    return np.array([int.from_bytes(digest[:8], "big") % folds for digest in digests])


def parse_fold(text: str) -> tuple[int, int]:
    """``"2/3"`` as the fold's index from 0, and their number: (1, 3).

    Raises:
        FerMdError: it names no fold.
    """
    number, _, folds = text.partition("/")
    if not (number.isdecimal() and folds.isdecimal() and 1 <= int(number) <= int(folds) and int(folds) > 1):
        raise FerMdError(f"fold must be such as 2/3, the second of three, not {text!r}")
    return int(number) - 1, int(folds)


def without_fold(split: Split, text: str) -> Split:
    """The split without one of its folds, named as in ``parse_fold``."""
    fold, folds = parse_fold(text)
    return split.select(fold_of(split.images, folds) != fold)


def unseen_probabilities(runs: Sequence[Path | str], split: Split, manifest: str) -> np.ndarray:
    """What the networks say of each face: the mean of those that did not learn it.

    Args:
        runs: finished runs of experiments/pretrain.py with ``--fold``, each fold left out by one at least.
        split: the faces.
        manifest: SHA-256 of the data set's manifest, which the runs must have had.

    Returns:
        (N, K) float64, rows adding up to 1.

    Raises:
        FerMdError: a run has another data set or no fold, or a fold is missing.
    """
    total, count = 0.0, np.zeros(len(split.labels), int)
    for run in runs:
        settings = read_settings(run)
        if settings.get("manifest_sha256") != manifest:
            raise FerMdError(f"{run}: learned another data set; train it with the same --data and --fold=1/{len(runs)}")
        if not settings.get("fold"):
            raise FerMdError(f"{run}: has learned all faces; train it with --fold=1/{len(runs)}")
        fold, folds = parse_fold(settings["fold"])
        unseen = fold_of(split.images, folds) == fold
        mean = predict_probabilities(load_model(run), split.images[unseen], "flip")
        total = total + np.zeros((len(unseen), mean.shape[1]))
        total[unseen] += mean
        count += unseen
    if not count.all():
        raise FerMdError(
            f"{', '.join(map(str, runs))}: {(count == 0).sum()} faces were learned by all; a fold is missing"
        )
    return total / count[:, None]
