"""The report: one self-contained HTML page, one file a section."""

from fer_md.report.sources import Sources
from fer_md.report.write import write_report

__all__ = ["Sources", "write_report"]
