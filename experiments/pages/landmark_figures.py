"""Errors of landmarks as the rows and curves of Fig. 6."""

from pathlib import Path
from typing import Any

import numpy as np

from fer_md.evaluation.landmark_error import cumulative_error
from pages.curve_picture import Panel, save_curves
from pages.rows import Gain, LandmarkError

PLACES = np.linspace(0, 0.2, 81)
"""Errors at which the curves are given."""


def landmark_errors(summaries: dict[str, dict[str, dict[str, Any]]]) -> dict[str, dict[str, LandmarkError]]:
    """What ``summarize_methods`` gives, as ``LandmarkError`` by method and normaliser."""
    return {
        method: {
            name: LandmarkError(**{**error, "minus_first": error.get("minus_first") and Gain(**error["minus_first"])})
            for name, error in errors.items()
        }
        for method, errors in summaries.items()
    }


def cumulative_curves(errors: dict[str, dict[str, np.ndarray]]) -> dict[str, dict[str, list[float]]]:
    """Shares of the faces with at most the errors of `PLACES`.

    Args:
        errors: (N,) by method and normaliser.

    Returns:
        as many shares with four digits, by normaliser and method.
    """
    curves: dict[str, dict[str, list[float]]] = {}
    for method, by_normaliser in errors.items():
        for name, values in by_normaliser.items():
            curves.setdefault(name, {})[method] = np.round(cumulative_error(values, PLACES), 4).tolist()
    return curves


def draw_landmark_curves(path: Path | str, data: str, curves: dict[str, dict[str, list[float]]]) -> None:
    """Draws the curves of one data set as a PNG, one panel a normaliser."""
    panels = (
        Panel(
            {method: (PLACES, y) for method, y in found.items()},
            f"mean error / {normaliser}",
            "share of faces",
            f"68 landmarks, test people of {data}",
            PLACES[-1],
        )
        for normaliser, found in curves.items()
    )
    save_curves(path, *panels)
