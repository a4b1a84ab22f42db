"""What came out: the main figures in large, then every evaluation."""

from collections.abc import Iterator

from pages.blocks import table
from pages.cells import VIEWS, interval, percent
from pages.paper_tables import FUSED
from pages.report.page import html_of, tiles
from pages.report.sources import Sources, evaluations
from pages.rows import Landmarks, Methods, Stages


def summary_section(sources: Sources) -> str:
    """The method's figures in large, then a row for each evaluation of each run."""
    rows = (
        {
            "run": run,
            "split": found.split,
            "views": VIEWS[found.averaging],
            "accuracy %": percent(found.accuracy),
            "95 % interval": interval(found),
            "without leaked %": percent(found.accuracy_without_leaked),
            "macro recall %": percent(found.macro_recall),
        }
        for run in dict.fromkeys(sources.runs)
        for found in evaluations(run)
    )
    figures = [
        *_stages(sources.result("stages")),
        *_methods(sources.result("table4")),
        *_landmarks(sources.result("figure6")),
    ]
    return (tiles(figures) if figures else "") + html_of([table(rows)])


def _stages(found: Stages | None) -> Iterator[tuple[str, str]]:
    """Each component on its own data set, and both fused."""
    rows = found.rows if found else []
    data = list(dict.fromkeys(row.data for row in rows))
    for row in rows:
        number = data.index(row.data) + 1
        if row.stage == "pre-trained" and row.network == f"component {number}":
            paper = f"; paper {row.paper:.2f}" if row.paper else ""
            yield f"{percent(row.accuracy, 1)} %", f"component {number} on {row.data}, accuracy{paper}"
        if row.stage == "joint" and row.network == "fused, equal weights":
            yield f"{percent(row.macro_recall, 1)} %", f"the same on {row.data} after joint training"
        if row.stage == "fine-tuned" and row.network == "fused, equal weights":
            paper = f"; paper {FUSED} on its own" if row.paper else ""
            yield f"{percent(row.macro_recall, 1)} %", f"both fused on {row.data}, macro recall{paper}"


def _methods(found: Methods | None) -> Iterator[tuple[str, str]]:
    """Our component under MD loss, and what MD loss changes; nothing of narrow networks."""
    if found and found.network == "default":
        own, md = (row for row in found.rows if row.method.startswith("Our"))
        yield f"{percent(md.accuracy, 1)} %", "our component in Tab. 4's short budget, accuracy"
        yield f"{100 * (md.accuracy - own.accuracy):+.1f} points", "of these by MD loss"


def _landmarks(found: Landmarks | None) -> Iterator[tuple[str, str]]:
    """The first method of Fig. 6, the method's own, on the test people of its first data set."""
    if found:
        data, methods = next(iter(found.errors.items()))
        method, errors = next(iter(methods.items()))
        normaliser, error = next(iter(errors.items()))
        yield f"{percent(error.mean, 1)} %", f"landmarks, {method}, {data}: mean error / {normaliser}"
