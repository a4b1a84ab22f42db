"""Tab. 4: the other methods, each with its own loss and with MD loss."""

import html

from pages.report.page import commands, html_of
from pages.report.sources import Sources
from pages.sections.methods import methods_blocks


def methods_section(sources: Sources) -> str:
    """The comparisons that experiments/compare_methods.py measured; "" without their files."""
    tables = filter(None, map(sources.result, ("table4", "table4-wild")))
    return "".join(
        f"<h3>{html.escape(found.data)}</h3>{html_of(methods_blocks(found))}{commands([found.command])}"
        for found in tables
    )
