"""Fig. 6: landmarks by the same component, and by others."""

import html

from pages.report.page import commands, pair, table
from pages.report.plots import curves_plot
from pages.result_tables import landmarks_table, landmarks_text


def landmarks_section(sources):
    """The curves and figures of experiments/landmarks.py; "" without its file."""
    found = sources.result("figure6")
    if not found:
        return ""
    text = html.escape(landmarks_text(found))
    return f"<p>{text}</p>{pair(*_curves(found))}{table(*landmarks_table(found))}{commands([found['command']])}"


def _curves(found):
    """The cumulative error distributions on the test people of each data set, by what the error is divided by."""
    places = found["curves"]["places"]
    for data in found["errors"]:
        for normaliser, methods in found["curves"][data].items():
            curves = {method: (places, shares) for method, shares in methods.items()}
            text = f"cumulative error of landmarks, {data}, by {normaliser}"
            plot = curves_plot(curves, f"mean error / {normaliser}", "share of faces", text, places[-1])
            yield f"<h3>{html.escape(data)}</h3>{plot}"
