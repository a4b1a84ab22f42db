"""Figures that are opened, saved and encoded in one way, without a window."""

import io
from pathlib import Path

from matplotlib.figure import Figure

from fer_md.files import atomic_file


def open_figure(width: float, height: float, dpi: int = 110) -> Figure:
    """An empty ``matplotlib.figure.Figure`` of ``width`` x ``height`` inches whose parts keep clear of one another."""
    return Figure(figsize=(width, height), dpi=dpi, layout="constrained")


def save_figure(path: Path | str, figure: Figure) -> None:
    """Writes a figure as a PNG, whole or not at all."""
    with atomic_file(path) as partial:
        figure.savefig(partial, format="png")


def encode_figure(figure: Figure) -> bytes:
    """A figure to PNG bytes."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()
