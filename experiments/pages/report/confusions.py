"""Tab. 1 to 3: the fused network's confusion matrices beside the paper's."""

import numpy as np

from fer_md.evaluation.confusion_picture import draw_confusion, draw_percent
from pages.paper_tables import CONFUSIONS, NOT_NORMALISED
from pages.report.page import commands, html_of, pair, paragraph
from pages.report.plots import matrix_plot
from pages.report.sources import Sources
from pages.rows import Matrices
from pages.sections.matrices import NEEDS, matrices_blocks, needs_data


def confusions_section(sources: Sources) -> str:
    """Every table that was measured with its pictures; for one that needs data, how to make it."""
    measured = {number: sources.result(f"table{number}") for number in CONFUSIONS}
    if not any(measured.values()):
        return ""
    parts = [paragraph(NOT_NORMALISED)]
    for number, found in measured.items():
        parts.append(f"<h3>Tab. {number}: {CONFUSIONS[number].data}</h3>")
        if found:
            parts.append(html_of(matrices_blocks(found)) + _pictures(number, found))
        elif number in NEEDS:
            text, command = needs_data(number)
            parts.append(paragraph(text, "note") + commands([command]))
    return "".join(parts)


def _pictures(number: int, found: Matrices) -> str:
    """One matrix a row of the file, then the paper's."""
    shown = []
    for row in found.rows:
        title = f"{row.data}, {row.network}: {100 * row.accuracy:.1f} %"
        shown.append(matrix_plot(draw_confusion, np.array(row.confusion), row.expressions, title))
    paper = CONFUSIONS[number]
    title = f"the paper's Tab. {number}, as printed"
    shown.append(matrix_plot(draw_percent, np.array(paper.cells), paper.expressions, title))
    return pair(*shown)
