"""The method's stages on every data set, beside the paper, and what is forgotten on the way."""

import html

from fer_md.evaluation.figures import encode_figure, open_figure
from fer_md.evaluation.result_tables import stages_table
from fer_md.report.page import plot, table
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
        curves = plot(_forgetting(log_rows(sources.finetuned)), "validation accuracy by epoch of fine-tuning")
        text += f"<h3>What fine-tuning on the other data set does to the first</h3>{curves}"
    return text


def _forgetting(rows):
    """Validation accuracy and macro recall of every network on every data set, by epoch."""
    figure = open_figure(8, 3.2)
    curves = {}
    for row in rows:
        if row["split"] == "validation":
            curves.setdefault((row["network"], row["data"]), []).append(row)
    for axes, name in zip(figure.subplots(1, 2), ("accuracy", "macro_recall"), strict=True):
        for (network, data), found in curves.items():
            points = [(row["epoch"], row[name]) for row in found]
            axes.plot(*zip(*points, strict=True), marker="o", label=f"{network} on {data}")
        axes.set(xlabel="epoch of fine-tuning", ylabel=name.replace("_", " "))
        axes.grid(alpha=0.3)
    axes.legend(fontsize=7)
    return encode_figure(figure)
