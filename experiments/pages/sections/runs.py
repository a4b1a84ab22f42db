"""Single networks: one row for each evaluation of each collected run."""

from pathlib import Path

from fer_md.evaluation.measure import Evaluation
from fer_md.runs.results import read_result
from pages.blocks import Table, table
from pages.cells import MISSING, VIEWS, interval, percent
from pages.result_files import read_run_config, read_run_time


def runs_table(folders: list[Path]) -> Table:
    """The table.

    Args:
        folders: that experiments/collect.py made.
    """
    return table(row for folder in folders for row in _rows(folder))


def _rows(folder):
    config, time = read_run_config(folder), read_run_time(folder)
    for path in sorted(folder.glob("P*Test*.json"), reverse=True):
        found = read_result(Evaluation, path)
        yield {
            "run": f"[{folder.name}](results/{folder.name}/{path.name})",
            "epochs": f"{config.settings['recipe']['epochs']:g}",
            "minutes": f"{time.seconds / 60:.1f}",
            "split": found.split,
            "views": VIEWS[found.averaging],
            "accuracy %": percent(found.accuracy),
            "95 % interval": interval(found),
            "without leaked %": percent(found.accuracy_without_leaked),
            "macro recall %": percent(found.macro_recall),
            "FER+ majority %": percent(found.ferplus_accuracy) if found.ferplus_images else MISSING,
        }
