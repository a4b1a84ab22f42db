"""Tab. 4: the other methods, each with its own loss and with MD loss."""

import html

from fer_md.evaluation.result_tables import methods_table, methods_text
from fer_md.report.page import commands, table


def methods_section(sources):
    """The comparison that experiments/compare_methods.py measured; "" without its file."""
    found = sources.result("table4")
    if not found:
        return ""
    return f"<p>{html.escape(methods_text(found))}</p>{table(*methods_table(found))}{commands([found['command']])}"
