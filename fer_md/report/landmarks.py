"""Fig. 6: landmarks by the same component, and by others."""

import html

from fer_md.evaluation.result_tables import landmarks_table, landmarks_text
from fer_md.report.page import commands, plot, table


def landmarks_section(sources):
    """The curves and figures of experiments/landmarks.py; "" without its file."""
    found = sources.result("figure6")
    if not found:
        return ""
    path = sources.results / "figure6.png"
    curves = plot(path.read_bytes(), "cumulative error distribution of landmarks") if path.exists() else ""
    text = html.escape(landmarks_text(found))
    return f"<p>{text}</p>{curves}{table(*landmarks_table(found))}{commands([found['command']])}"
