"""The method's stages on every data set, beside the paper, and what is forgotten on the way."""

import html

from fer_md.evaluation.result_tables import stages_table
from fer_md.report.page import pair, table
from fer_md.report.plots import curves_plot
from fer_md.report.sources import log_rows

DIFFERENCES = (
    "The paper's figures are from other data: its D1 is FER2013 with 1,400 faces that are not published, its D2 is "
    "SFEW, which may not be passed on, and 79.7 is the unweighted mean of Tab. 1's diagonal, hence compared with the "
    "macro recall; the others with the accuracy."
)


def stages_section(sources):
    """The table that experiments/compare_stages.py wrote, and the curves of the fine-tuning; "" without them."""
    measured = sources.result("stages")
    if not measured:
        return ""
    text = f"<p>Measured on {html.escape(measured['split'])}. {DIFFERENCES}</p>{table(*stages_table(measured))}"
    if sources.finetuned:
        curves = pair(*_forgetting(log_rows(sources.finetuned)))
        text += f"<h3>What fine-tuning on the other data set does to the first</h3>{curves}"
    return text


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
