"""What came out, first."""

from fer_md.data.records import read_info
from fer_md.report.page import table
from fer_md.report.sources import evaluations

SYNTHETIC = (
    '<p class="note">Synthetic: these faces were drawn by the project; the figures say nothing about people.</p>'
)


def summary_section(sources):
    """A row for each evaluation of each run."""
    rows = []
    for run in sources.runs:
        for found in evaluations(run):
            low, high = found["accuracy_interval"]
            cells = [run, found["split"], found["averaging"], f"{100 * found['accuracy']:.2f} %",
                     f"{100 * low:.1f} to {100 * high:.1f}", f"{100 * found['accuracy_without_leaked']:.2f} %",
                     f"{100 * found['macro_recall']:.2f} %"]  # fmt: skip
            rows.append(cells)
    head = ["run", "split", "averaging", "accuracy", "95 % interval", "without leaked", "macro recall"]
    drawn = any(read_info(data)["name"].startswith("synthetic") for data in sources.data)
    return f"{SYNTHETIC if drawn else ''}{table(head, rows)}"
