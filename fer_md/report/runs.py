"""How each run learned: accuracy and loss by epoch, and its confusion matrices."""

import html

from fer_md.evaluation.figures import encode_figure, open_figure
from fer_md.report.page import pair, plot
from fer_md.report.sources import log_rows


def runs_section(sources):
    """Curves of every run, then its confusion matrices."""
    headed = [(f"<h3>{html.escape(str(run))}</h3>", run) for run in sources.runs]
    curves = [heading + plot(_curves(run), f"learning curves, {run}") for heading, run in headed]
    files = [path for run in sources.runs for path in sorted(run.glob("eval/*/confusion_matrix.png"))]
    return "".join(curves) + pair(*(plot(path.read_bytes(), f"confusion matrix, {path.parent}") for path in files))


def _curves(run):
    rows = log_rows(run)
    figure = open_figure(8, 3.2)
    for axes, name in zip(figure.subplots(1, 2), ("accuracy", "loss"), strict=True):
        for split in ("Training", "validation"):
            points = [(row["epoch"], row[name]) for row in rows if row["split"] == split]
            axes.plot(*zip(*points, strict=True), label=split)
        axes.set(xlabel="epoch", ylabel=name)
        axes.grid(alpha=0.3)
        axes.legend()
    return encode_figure(figure)
