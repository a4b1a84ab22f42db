"""Drawings of a size that can be read on a phone: one panel a picture."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from fer_md.evaluation.figures import encode_figure, open_figure
from pages.report.page import plot


def curves_plot(
    curves: Mapping[str, tuple[Any, Any]], x_label: str, y_label: str, text: str, x_limit: float | None = None
) -> str:
    """Lines over one another.

    Args:
        curves: dict from a name to (x, y), two sequences.
        x_label, y_label: of the axes.
        text: what the picture shows, for those who do not see it.
        x_limit: right end of an x axis from 0 for a y axis from 0 to 1; None to fit the values.

    Returns:
        HTML.
    """
    figure = open_figure(4.8, 3.4 + 0.1 * len(curves), dpi=150)
    axes = figure.add_subplot()
    for name, (x, y) in curves.items():
        axes.plot(x, y, label=name, marker="" if len(x) > 20 else ".")
    axes.set(xlabel=x_label, ylabel=y_label)
    if x_limit:
        axes.set(xlim=(0, x_limit), ylim=(0, 1.02))
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=2, fontsize=7)
    return plot(encode_figure(figure), text)


def matrix_plot(draw: Callable[..., None], cells: np.ndarray, expressions: Sequence[str], title: str) -> str:
    """A confusion matrix as HTML; ``draw`` is one of ``fer_md.evaluation.confusion_picture``."""
    figure = open_figure(4.9, 4.5, dpi=150)
    axes = figure.add_subplot()
    draw(axes, cells, expressions, title)
    axes.title.set_fontsize(10)
    return plot(encode_figure(figure), f"confusion matrix: {title}")
