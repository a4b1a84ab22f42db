"""Faces with what the network says of them, and the mistakes it makes with most confidence."""

import html

from pages.report.answers import SPLIT, answers
from pages.report.page import paragraph
from pages.report.sources import Sources

EACH, WORST = 2, 14


def predictions_section(sources: Sources) -> str:
    """Sheets for every data set: of the fused network where there is one, else of the data set's own run."""
    parts = []
    for run, directory in zip(sources.runs, sources.data, strict=True):
        found = answers(sources.finetuned or run, directory)
        network = "both components, fused" if sources.finetuned else f"network of {run}"
        parts.append(f"<h3>{html.escape(found.data)}, {html.escape(network)}</h3>")
        text = (
            f"The first {EACH} faces of each expression in {SPLIT}: the label, then the prediction and its probability."
        )
        parts.append(paragraph(text) + found.sheet(found.first(EACH)))
        if len(worst := found.confident_mistakes(WORST)):
            text = f"The mistakes with the highest confidence on {SPLIT}. Sometimes it is the label that is wrong."
            parts.append(paragraph(text) + found.sheet(worst))
    return "".join(parts)
