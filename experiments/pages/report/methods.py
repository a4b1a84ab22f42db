"""Tab. 4: the other methods, each with its own loss and with MD loss."""

import html

from pages.report.page import commands, table
from pages.result_tables import methods_table, methods_text


def methods_section(sources):
    """The comparisons that experiments/compare_methods.py measured; "" without their files."""
    tables = filter(None, map(sources.result, ("table4", "table4-wild")))
    return "".join(
        f"<h3>{html.escape(found['data'])}</h3><p>{html.escape(methods_text(found))}</p>"
        f"{table(*methods_table(found))}{commands([found['command']])}"
        for found in tables
    )
