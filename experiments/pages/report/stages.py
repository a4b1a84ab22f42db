"""The method's stages on every data set, beside the paper, and what is forgotten on the way."""

import html
import itertools

import numpy as np

from fer_md.evaluation.confusion_picture import draw_confusion
from fer_md.runs.metrics_log import log_rows
from pages.report.page import pair, table
from pages.report.plots import curves_plot, matrix_plot
from pages.result_tables import MISTAKES, mistakes_table, stages_table

DIFFERENCES = (
    "The paper's figures are from other data: its D1 is FER2013 with 1,400 faces that are not published, its D2 is "
    "SFEW, which may not be passed on, and 79.7 is the unweighted mean of Tab. 1's diagonal, hence compared with the "
    "macro recall; the others with the accuracy."
)


def stages_section(sources):
    """The table and confusion matrices of experiments/compare_stages.py, and the curves of the fine-tuning; "" without
    its file."""
    measured = sources.result("stages")
    if not measured:
        return ""
    text = f"<p>Measured on {html.escape(measured['split'])}. {DIFFERENCES}</p>{table(*stages_table(measured))}"
    text += f"<p>{MISTAKES}</p>{table(*mistakes_table(measured))}{''.join(_matrices(measured['rows']))}"
    if sources.finetuned:
        curves = pair(*_forgetting(log_rows(sources.finetuned)))
        text += f"<h3>What fine-tuning on the other data set does to the first</h3>{curves}"
    return text


def _matrices(rows):
    """The confusion matrix of every row, folded away by data set and stage."""
    for names, group in itertools.groupby(rows, lambda row: f"{row['data']}, {row['stage']}"):
        plots = [
            matrix_plot(
                draw_confusion,
                np.array(row["confusion"]),
                row["expressions"],
                f"{names}, {row['network']}: {100 * row['accuracy']:.1f} %",
            )
            for row in group
        ]
        yield f"<details><summary>Confusion matrices: {html.escape(names)}</summary>{pair(*plots)}</details>"


def _forgetting(rows):
    """Validation accuracy and macro recall of every network on its own and on its new data set, by epoch."""
    for figure in ("accuracy", "macro_recall"):
        curves = {}
        for row in rows:
            if row["split"] == "validation":
                x, y = curves.setdefault(f"{row['network']} on {row['data']}", ([], []))
                x.append(row["epoch"])
                y.append(row[figure])
        name = figure.replace("_", " ")
        yield curves_plot(curves, "epoch of fine-tuning", name, f"validation {name} by epoch of fine-tuning")
