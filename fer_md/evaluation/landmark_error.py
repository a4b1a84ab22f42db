"""How far landmarks are from the truth: errors by face, their cumulative curve, area and failures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fer_md.evaluation.significance import bootstrap_mean

LIMIT = 0.08
"""Errors above this count as failures (Sagonas et al., 300 faces in-the-wild challenge, IVC 2016)."""


def inter_ocular(landmarks: np.ndarray) -> np.ndarray:
    """Distance (N,) of the outer eye corners of (N, 68, 2) landmarks."""
    return np.linalg.norm(landmarks[:, 36] - landmarks[:, 45], axis=-1)


def face_size(landmarks: np.ndarray) -> np.ndarray:
    """Mean edge (N,) of the box around (N, 68, 2) landmarks."""
    return np.ptp(landmarks, axis=1).mean(-1)


def point_errors(found: np.ndarray, truth: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Mean distance (N,) of the points (N, P, 2) from the truth, as a share of ``size`` (N,)."""
    return np.linalg.norm(found - truth, axis=-1).mean(-1) / size


def errors_by_normaliser(found: np.ndarray, truth: np.ndarray) -> dict[str, np.ndarray]:
    """dict of (N,) `point_errors` as shares of the ``inter-ocular`` distance and of the ``face size``."""
    sizes = {"inter-ocular": inter_ocular(truth), "face size": face_size(truth)}
    return {name: point_errors(found, truth, size) for name, size in sizes.items()}


def cumulative_error(errors: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Share of the faces whose error is at most each of ``places``."""
    return np.searchsorted(np.sort(errors), places, side="right") / len(errors)


def summarize_errors(errors: np.ndarray) -> dict[str, float]:
    """Sums up the errors of N faces.

    Args:
        errors: (N,) of `point_errors`.

    Returns:
        dict: ``mean``, ``median``, ``auc`` (area under the cumulative curve up to `LIMIT` as a share of the best,
        which is the mean of max(0, 1 - error / `LIMIT`)) and ``failures`` (the share above `LIMIT`).
    """
    return {
        "mean": float(np.mean(errors)),
        "median": float(np.median(errors)),
        "auc": float(np.maximum(0, 1 - errors / LIMIT).mean()),
        "failures": float(np.mean(errors > LIMIT)),
    }


def describe_errors(error: Mapping[str, float]) -> str:
    """What `summarize_errors` gives, on a line."""
    return (
        f"error {100 * error['mean']:6.2f} %  median {100 * error['median']:6.2f} %  "
        f"AUC {error['auc']:.3f}  failures {100 * error['failures']:5.1f} %"
    )


def summarize_methods(
    errors: dict[str, dict[str, np.ndarray]], people: Sequence[str]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Sums up several methods on the same N faces, and how far each is from the first.

    Args:
        errors: dict of methods, each a dict of normalisers with (N,) errors, see `errors_by_normaliser`.
        people: N names, of whom the faces are; faces of one person are resampled together.

    Returns:
        dict of methods, each a dict of normalisers with `summarize_errors`, and for all methods but the first
        ``minus_first``: the mean error minus the first's with its 95 % interval, see
        `fer_md.evaluation.significance.bootstrap_mean`.
    """
    first, *others = errors
    results: dict[str, dict[str, dict[str, Any]]] = {
        method: {name: summarize_errors(values) for name, values in found.items()} for method, found in errors.items()
    }
    for method in others:
        for name, values in errors[method].items():
            results[method][name]["minus_first"] = bootstrap_mean(values - errors[first][name], people)
    return results
