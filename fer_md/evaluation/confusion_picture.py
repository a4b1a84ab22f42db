"""A confusion matrix as a picture."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from fer_md.evaluation.figures import open_figure, save_figure


def save_confusion_picture(path: Path | str, confusion: np.ndarray, expressions: Sequence[str], title: str) -> None:
    """Draws per cent of each true class, with counts, as a PNG.

    Args:
        path: the PNG file.
        confusion: (K, K) counts, rows the truth.
        expressions: K names.
        title: above the matrix.
    """
    figure = open_figure(7, 6.2)
    draw_confusion(figure.add_subplot(), confusion, expressions, title)
    save_figure(path, figure)


def draw_confusion(axes: Axes, confusion: np.ndarray, expressions: Sequence[str], title: str) -> None:
    """Draws the matrix of ``save_confusion_picture`` into matplotlib axes."""
    percent = 100 * confusion / np.maximum(confusion.sum(1, keepdims=True), 1)
    texts = [[f"{p:.1f}\n{c}" for p, c in zip(*rows, strict=True)] for rows in zip(percent, confusion, strict=True)]
    draw_percent(axes, percent, expressions, title, texts)


def draw_percent(
    axes: Axes,
    percent: np.ndarray,
    expressions: Sequence[str],
    title: str,
    texts: list[list[str]] | None = None,
) -> None:
    """Draws a (K, K) matrix in per cent, rows the truth, with a text in each cell, by default the number."""
    axes.imshow(percent, cmap="Blues", vmin=0, vmax=100)
    places = range(len(expressions))
    axes.set_xticks(places, expressions, rotation=35, ha="right")
    axes.set_yticks(places, expressions)
    axes.set(xlabel="predicted", ylabel="true", title=title)
    for row in places:
        for column in places:
            text = texts[row][column] if texts else f"{percent[row, column]:.1f}"
            color = "white" if percent[row, column] > 55 else "black"
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=color)
