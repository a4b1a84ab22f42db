"""What networks say of training faces that they have not learned, so that it is no echo of the labels (cross-fitting).

Training is divided into folds. For each fold a network learns all others, and then says what it sees in this one.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fer_md.data.records import Split
from fer_md.errors import FerMdError
from fer_md.evaluation.predict import predict_probabilities
from fer_md.runs.run_directory import check_settings, load_model


def fold_of(images: np.ndarray, folds: int) -> np.ndarray:
    """The fold of each image, from a hash of its pixels: pixel-identical images share one, whatever the order.

    Copies that were moved, mirrored or saved again may fall into different folds.

    Args:
        images: (N, H, W) uint8.
        folds: their number.

    Returns:
        (N,) int64 in [0, folds).
    """
    digests = (hashlib.sha256(image.tobytes()).digest() for image in images)
    return np.array([int.from_bytes(digest[:8], "big") % folds for digest in digests])


def parse_fold(text: str) -> tuple[int, int]:
    """``"2/3"``, the second of three folds, as its index from 0 and their number: (1, 3).

    Raises:
        FerMdError: it names no fold.
    """
    number, _, folds = text.partition("/")
    if not (number.isdecimal() and folds.isdecimal() and 1 <= int(number) <= int(folds) and int(folds) > 1):
        raise FerMdError(f"fold must be such as 2/3, the second of three, not {text!r}")
    return int(number) - 1, int(folds)


def without_fold(split: Split, text: str) -> Split:
    """The split without one of its folds, named as in ``parse_fold``.

    Raises:
        FerMdError: it names no fold, or the fold or the rest would be empty.
    """
    fold, folds = parse_fold(text)
    kept = fold_of(split.images, folds) != fold
    if kept.all() or not kept.any():
        raise FerMdError(f"fold {text} has {sum(~kept)} of {len(kept)} faces; take fewer folds")
    return split.select(kept)


def unseen_probabilities(
    runs: Sequence[Path | str], split: Split, info: Mapping[str, Any], protocol: str | None
) -> np.ndarray:
    """What the networks say of each face: the one that did not learn it, of the face and its mirror image.

    Args:
        runs: finished runs of experiments/pretrain.py with ``--fold``, one for each fold.
        split: the faces.
        info: of their data set, as ``read_info`` returns it; the runs must have learned this one.
        protocol: hash of the protocol that the runs must have had, or None.

    Returns:
        (N, K) float64, rows adding up to 1.

    Raises:
        FerMdError: a run has another data set or protocol, or has learned its own fold in another way; the folds are
            not each left out by one run; see also ``load_model``.
    """
    required = {name: info[name] for name in ("manifest_sha256", "expressions")} | {"protocol": protocol}
    left_out = {}
    for run in runs:
        stored = check_settings("unseen_by", run, required)
        if not stored.get("fold") or stored.get("start") or stored.get("unseen_by"):
            raise FerMdError(f"--unseen_by={run}: train it with --fold, and without --start and --unseen_by")
        left_out[parse_fold(stored["fold"])] = run
    folds = len(runs)
    if set(left_out) != {(fold, folds) for fold in range(folds)}:
        wanted = ", ".join(f"{fold + 1}/{folds}" for fold in range(folds))
        found = ", ".join(f"{fold + 1}/{number}" for fold, number in left_out)
        raise FerMdError(f"--unseen_by: {folds} runs must have left out the folds {wanted}, not {found}")
    own = fold_of(split.images, folds)
    said = np.zeros((len(own), len(info["expressions"])))
    for (fold, _), run in left_out.items():
        if (own == fold).any():
            said[own == fold] = predict_probabilities(load_model(run), split.images[own == fold], "flip")
    return said
