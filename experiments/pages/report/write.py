"""The page itself: its sections in their order."""

from pathlib import Path

from fer_md.files import atomic_file
from fer_md.runs.run_directory import read_settings
from pages.report.confusions import confusions_section
from pages.report.data_cards import data_section
from pages.report.drawn_faces import drawn_section
from pages.report.environment import environment_section
from pages.report.landmarks import landmarks_section
from pages.report.lead import lead
from pages.report.methods import methods_section
from pages.report.page import frame
from pages.report.photographs import photographs_section
from pages.report.predictions import predictions_section
from pages.report.runs import runs_section
from pages.report.sources import Sources
from pages.report.stages import stages_section
from pages.report.summary import summary_section

TITLE = "fer_md: which expression does a face show?"
SECTIONS = (
    ("Faces and mistakes", predictions_section),
    ("Photographs", photographs_section),
    ("Summary", summary_section),
    ("The method, stage by stage", stages_section),
    ("Tables 1 to 3: confusion matrices", confusions_section),
    ("Table 4: other methods", methods_section),
    ("Figure 6: landmarks", landmarks_section),
    ("Learning curves", runs_section),
    ("Data sets", data_section),
    ("Drawn faces", drawn_section),
    ("Environment, commands, time", environment_section),
)
"""Headings, and functions from ``Sources`` to HTML; an empty answer leaves the section out."""


def write_report(sources: Sources, output: Path | str) -> Path:
    """Writes ``output/index.html``: no script, no other file needed.

    Args:
        sources: what it is about.
        output: folder in which ``index.html`` is written, in place of an earlier one.

    Returns:
        the page.

    Raises:
        FerMdError: a folder is not a run or not a prepared data set, or a file is not there or not of its kind.
    """
    for run in sources.runs:
        read_settings(run)  # an error if it is none
    found = [(heading, section(sources)) for heading, section in SECTIONS]
    page = frame(TITLE, lead(sources), [(heading, text) for heading, text in found if text])
    path = Path(output) / "index.html"
    with atomic_file(path) as partial:
        partial.write_text(page, encoding="utf-8")
    return path
