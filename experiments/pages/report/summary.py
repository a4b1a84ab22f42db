"""What came out, first."""

import html

from fer_md.data.records import read_info
from pages.paper_tables import FUSED
from pages.report.page import table, tiles
from pages.report.sources import evaluations
from pages.result_tables import interval, percent


def summary_section(sources):
    """The method's figures in large, then a row for each evaluation of each run."""
    rows = []
    for run in sources.runs:
        for found in evaluations(run):
            rows.append(
                [
                    run,
                    found["split"],
                    found["averaging"],
                    percent(found["accuracy"]),
                    interval(found),
                    percent(found["accuracy_without_leaked"]),
                    percent(found["macro_recall"]),
                ]
            )
    head = ["run", "split", "averaging", "accuracy %", "95 % interval", "without leaked %", "macro recall %"]
    figures = [
        *_stages(sources.result("stages")),
        *_methods(sources.result("table4")),
        *_landmarks(sources.result("figure6")),
    ]
    return f"{_drawn(sources)}{tiles(figures) if figures else ''}{table(head, rows)}"


def _drawn(sources):
    """Which of the data sets are drawn; "" where none is."""
    names = [name for name in (read_info(data)["name"] for data in sources.data) if name.startswith("synthetic")]
    if not names:
        return ""
    names = html.escape(" and ".join(dict.fromkeys(names)))
    return (
        f'<p class="note">Synthetic: the faces of {names} were drawn by the project; figures on them say nothing '
        "about people.</p>"
    )


def _stages(found):
    """Each component on its own data set, and both fused."""
    rows = found["rows"] if found else []
    data = list(dict.fromkeys(row["data"] for row in rows))
    for row in rows:
        number, name = data.index(row["data"]) + 1, f"on {row['data']}"
        if row["stage"] == "pre-trained" and row["network"] == f"component {number}":
            paper = f"; paper {row['paper']:.2f}" if row["paper"] else ""
            yield f"{percent(row['accuracy'], 1)} %", f"component {number} {name}, accuracy{paper}"
        if row["stage"] == "fine-tuned" and row["network"] == "fused, equal weights":
            paper = f"; paper {FUSED} on its own" if row["paper"] else ""
            yield f"{percent(row['macro_recall'], 1)} %", f"both fused {name}, macro recall{paper}"


def _methods(found):
    """Our component under MD loss, and what MD loss changes; nothing of a trial with tiny networks."""
    if found and found["network"] != "tiny":
        own, md = (row for row in found["rows"] if row["method"].startswith("Our"))
        yield f"{percent(md['accuracy'], 1)} %", "our component in Tab. 4's short budget, accuracy"
        yield f"{100 * (md['accuracy'] - own['accuracy']):+.1f} points", "of these by MD loss"


def _landmarks(found):
    """The first method of Fig. 6, the method's own, on the test people of its first data set."""
    if found:
        data, methods = next(iter(found["errors"].items()))
        method, errors = next(iter(methods.items()))
        normaliser, figures = next(iter(errors.items()))
        yield f"{percent(figures['mean'], 1)} %", f"landmarks, {method}, {data}: mean error / {normaliser}"
