"""Fig. 6: landmarks by the same component, and by others."""

import html
from collections.abc import Iterator

from pages.report.page import commands, html_of, pair, paragraph, picture
from pages.report.plots import curves_plot
from pages.report.sources import Sources
from pages.rows import Landmarks
from pages.sections.landmarks import ERRORS, landmarks_blocks


def landmarks_section(sources: Sources) -> str:
    """The curves and figures of experiments/landmarks.py; "" without its file."""
    found = sources.result("figure6")
    if not found:
        return ""
    faces = sources.results / "figure6-faces.png"
    drawn = (
        picture(faces.read_bytes(), "drawn test faces with the points that the methods find") if faces.exists() else ""
    )
    return (
        paragraph(ERRORS) + drawn + pair(*_curves(found)) + html_of(landmarks_blocks(found)) + commands([found.command])
    )


def _curves(found: Landmarks) -> Iterator[str]:
    """The cumulative error distributions on the test people of each data set, by what the error is divided by."""
    places = found.places
    for data, normalisers in found.curves.items():
        for normaliser, methods in normalisers.items():
            curves = {method: (places, shares) for method, shares in methods.items()}
            text = f"cumulative error of landmarks, {data}, by {normaliser}"
            plot = curves_plot(curves, f"mean error / {normaliser}", "share of faces", text, places[-1])
            yield f"<h3>{html.escape(data)}</h3>{plot}"
