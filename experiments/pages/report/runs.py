"""How each run learned: accuracy and loss by epoch, and its confusion matrices."""

import html
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from fer_md.evaluation.confusion_picture import draw_confusion
from fer_md.runs.metrics_log import log_rows
from pages.report.page import pair
from pages.report.plots import curves_plot, matrix_plot
from pages.report.sources import Sources


def runs_section(sources: Sources) -> str:
    """Curves of every run, then its confusion matrices."""
    parts = []
    for run in dict.fromkeys(sources.runs):
        parts.append(f"<h3>{html.escape(str(run))}</h3>{pair(*_curves(run))}")
        parts.append(pair(*(_matrix(path) for path in sorted(run.glob("eval/*/confusion_matrix.csv")))))
    return "".join(parts)


def _curves(run: Path) -> Iterator[str]:
    log = pd.DataFrame(log_rows(run))
    several = log["data"].nunique() > 1
    for name in ("accuracy", "loss"):
        curves = {
            (f"{data}, {split}" if several else split): (group["epoch"], group[name])
            for (data, split), group in log.groupby(["data", "split"], sort=False)
        }
        yield curves_plot(curves, "epoch", name, f"{name} by epoch, {run}")


def _matrix(path: Path) -> str:
    counts = pd.read_csv(path, index_col=0)
    title = f"{path.parent.name}: {100 * np.trace(counts.to_numpy()) / counts.to_numpy().sum():.2f} %"
    return matrix_plot(draw_confusion, counts.to_numpy(), list(counts.columns), title)
