"""The report's section on the method: its stages on every data set, beside the paper."""

import html

import numpy as np

from fer_md.evaluation.confusion_picture import draw_confusion
from fer_md.evaluation.figures import encode_figure, open_figure
from fer_md.evaluation.page import picture, table
from fer_md.files import read_json

DIFFERENCES = (
    "The paper's figures are from other data: its D1 is FER2013 with 1,400 faces that are not published, its D2 is "
    "SFEW, which may not be passed on, and 79.7 is the unweighted mean of Tab. 1's diagonal, hence compared with the "
    "macro recall; the others with the accuracy."
)


def stages_section(path, log_rows):
    """HTML of the table that ``experiments/compare_stages.py`` wrote.

    Args:
        path: its JSON file.
        log_rows: rows of the fine-tuning's ``metrics.jsonl``, for the curves of what is learned and forgotten.

    Raises:
        FerMdError: the file is not there or is not JSON.
    """
    measured = read_json(path)
    head = ["data", "stage", "network", "accuracy", "95 % interval", "macro recall", "paper", "difference"]
    rows = []
    for row in measured["rows"]:
        low, high = row["accuracy_interval"]
        difference = f"{100 * row[row['paper_measures']] - row['paper']:+.2f}" if row["paper"] else ""
        rows.append([row["data"], row["stage"], row["network"], f"{100 * row['accuracy']:.2f} %",
                     f"{100 * low:.1f} to {100 * high:.1f}", f"{100 * row['macro_recall']:.2f} %",
                     row["paper"] or "", difference])  # fmt: skip
    shown = ("fine-tuned", "fused, equal weights")
    fused = [row for row in measured["rows"] if (row["stage"], row["network"]) == shown]
    return (
        f"<h2>The method: two components, exchanged and fused</h2><p>Measured on {measured['split']}. {DIFFERENCES}</p>"
        f"{table(head, rows)}"
        "<h3>What fine-tuning on the other data set does to the first</h3>"
        f"{picture(_forgetting(log_rows), 'validation accuracy by epoch of fine-tuning')}"
        f"{picture(_confusions(fused), 'confusion matrices of the fused network')}"
        f"<pre>{html.escape(measured['command'])}</pre>"
    )


def _forgetting(log_rows):
    """Validation accuracy and macro recall of every network on every data set, by epoch."""
    figure = open_figure(8, 3.2)
    curves = {}
    for row in log_rows:
        if row["split"] == "validation":
            curves.setdefault((row["network"], row["data"]), []).append(row)
    for axes, name in zip(figure.subplots(1, 2), ("accuracy", "macro_recall"), strict=True):
        for (network, data), rows in curves.items():
            points = [(row["epoch"], row[name]) for row in rows]
            axes.plot(*zip(*points, strict=True), marker="o", label=f"{network} on {data}")
        axes.set(xlabel="epoch of fine-tuning", ylabel=name.replace("_", " "))
        axes.grid(alpha=0.3)
    axes.legend(fontsize=7)
    return encode_figure(figure)


def _confusions(rows):
    """One matrix a data set."""
    figure = open_figure(7 * len(rows), 6.2, dpi=90)
    for axes, row in zip(np.atleast_1d(figure.subplots(1, len(rows))), rows, strict=True):
        title = f"{row['data']}, fused: {100 * row['accuracy']:.1f} %"
        draw_confusion(axes, np.array(row["confusion"]), row["expressions"], title)
    return encode_figure(figure)
