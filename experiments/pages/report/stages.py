"""The method's stages on every data set, beside the paper, and what is forgotten on the way."""

import html
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from fer_md.evaluation.confusion_picture import draw_confusion
from fer_md.runs.metrics_log import log_rows
from pages.report.page import html_of, pair, paragraph
from pages.report.plots import curves_plot, matrix_plot
from pages.report.sources import Sources
from pages.rows import StageRow
from pages.sections.stages import READING, stages_blocks


def stages_section(sources: Sources) -> str:
    """The table and confusion matrices of experiments/compare_stages.py, and the curves of the fine-tuning; "" without
    its file."""
    measured = sources.result("stages")
    if not measured:
        return ""
    text = paragraph(READING) + html_of(stages_blocks(measured)) + "".join(_matrices(measured.rows))
    if sources.finetuned:
        curves = pair(*_forgetting(log_rows(sources.finetuned)))
        text += f"<h3>What fine-tuning on the other data set does to the first</h3>{curves}"
    return text


def _matrices(rows: list[StageRow]) -> Iterator[str]:
    """The confusion matrix of every row, folded away by data set and stage."""
    for names, group in itertools.groupby(rows, lambda row: f"{row.data}, {row.stage}"):
        plots = [
            matrix_plot(
                draw_confusion,
                np.array(row.confusion),
                row.expressions,
                f"{names}, {row.network}: {100 * row.accuracy:.1f} %",
            )
            for row in group
        ]
        yield f"<details><summary>Confusion matrices: {html.escape(names)}</summary>{pair(*plots)}</details>"


def _forgetting(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Validation accuracy and macro recall of every network on its own and on its new data set, by epoch."""
    log = pd.DataFrame(rows)
    log = log[log["split"] == "validation"]
    for figure in ("accuracy", "macro_recall"):
        curves = {
            f"{network} on {data}": (group["epoch"], group[figure])
            for (network, data), group in log.groupby(["network", "data"], sort=False)
        }
        name = figure.replace("_", " ")
        yield curves_plot(curves, "epoch of fine-tuning", name, f"validation {name} by epoch of fine-tuning")
