"""The report: one self-contained HTML page, one file a section."""

from pages.report.sources import Sources
from pages.report.write import write_report

__all__ = ["Sources", "write_report"]
