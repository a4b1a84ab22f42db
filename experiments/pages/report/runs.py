"""How each run learned: accuracy and loss by epoch, and its confusion matrices."""

import html

import numpy as np

from fer_md.evaluation.confusion_picture import draw_confusion
from fer_md.runs.metrics_log import log_rows
from pages.report.page import pair
from pages.report.plots import curves_plot, matrix_plot


def runs_section(sources):
    """Curves of every run, then its confusion matrices."""
    parts = []
    for run in sources.runs:
        parts.append(f"<h3>{html.escape(str(run))}</h3>{pair(*_curves(run))}")
        parts.append(pair(*(_matrix(path) for path in sorted(run.glob("eval/*/confusion_matrix.csv")))))
    return "".join(parts)


def _curves(run):
    rows = log_rows(run)
    for name in ("accuracy", "loss"):
        curves = {}
        for split in ("Training", "validation"):
            points = [(row["epoch"], row[name]) for row in rows if row["split"] == split]
            curves[split] = tuple(zip(*points, strict=True))
        yield curves_plot(curves, "epoch", name, f"{name} by epoch, {run}")


def _matrix(path):
    names = path.read_text().splitlines()[0].split(",")[1:]
    counts = np.loadtxt(path, int, delimiter=",", skiprows=1, usecols=range(1, len(names) + 1))
    title = f"{path.parent.name}: {100 * np.trace(counts) / counts.sum():.2f} %"
    return matrix_plot(draw_confusion, counts, names, title)
