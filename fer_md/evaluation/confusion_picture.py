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
    texts = texts or [[f"{value:.1f}" for value in row] for row in percent]
    draw_cells(axes, percent, expressions, expressions, texts)
    axes.set(xlabel="predicted", ylabel="true", title=title)


def draw_cells(
    axes: Axes, percent: np.ndarray, rows: Sequence[str], columns: Sequence[str], texts: Sequence[Sequence[str]]
) -> None:
    """Draws an (R, C) matrix in per cent as shades of blue, with a name at each row and column and a text in each
    cell."""
    axes.imshow(percent, cmap="Blues", vmin=0, vmax=100)
    axes.set_xticks(range(len(columns)), columns, rotation=35, ha="right")
    axes.set_yticks(range(len(rows)), rows)
    for row, values in enumerate(percent):
        for column, value in enumerate(values):
            color = "white" if value > 55 else "black"
            axes.text(column, row, texts[row][column], ha="center", va="center", fontsize=8, color=color)
