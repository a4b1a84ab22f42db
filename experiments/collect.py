"""Collects the results of finished, evaluated runs for the record: what was run, where, how long, every measured split.

python experiments/collect.py --runs=runs/quick/seed0 --output=docs/results

Writes OUTPUT/<data>-<recipe>-<seed>/ with config.json, time.json, curve.csv (loss and accuracy after each epoch) and a
file for each evaluation, replacing what is there, and prints a table of them.
"""

import dataclasses
import sys
from pathlib import Path

import pandas as pd

from fer_md import console
from fer_md.errors import FerMdError
from fer_md.evaluation.components import model_hashes
from fer_md.evaluation.measure import Evaluation
from fer_md.files import atomic_directory, write_json
from fer_md.runs.metrics_log import log_rows
from fer_md.runs.results import read_result
from fer_md.runs.run_directory import read_settings
from fer_md.typed_json import to_json
from pages.blocks import markdown, table
from pages.cells import interval, percent
from pages.result_files import read_run_config, read_run_time


@dataclasses.dataclass(frozen=True)
class Settings:
    runs: tuple[str, ...] = console.flag("Run folders, for example runs/quick/seed0, separated by commas.")
    output: str = console.flag("Folder that gets a folder for each run.", "docs/results")
    splits: tuple[str, ...] = console.flag("Splits that must have been evaluated.", ("PublicTest", "PrivateTest"))


def main(settings: Settings) -> None:
    rows = []
    for run in map(Path, settings.runs):
        run = run.resolve()
        evaluations = read_evaluations(run, settings.splits)
        folder = Path(settings.output) / collected_name(run)
        with atomic_directory(folder, overwrite=True) as partial:
            files = {"config": read_run_config(run), "time": read_run_time(run), **evaluations}
            for name, content in files.items():
                write_json(partial / f"{name}.json", to_json(content))
            curve(run).to_csv(partial / "curve.csv", index=False, float_format="%.4f")
        rows += [table_row(folder.name, name, found) for name, found in evaluations.items()]
    print(markdown([table(rows)]), end="")


def collected_name(run):
    """``runs/quick/seed0`` of data fer2013 -> ``fer2013-quick-seed0``; elsewhere the last two parts of the path."""
    data = read_settings(run)["data"]
    after = max((number for number, part in enumerate(run.parts, 1) if part == "runs"), default=-2)
    return "-".join([*([data] if isinstance(data, str) else data), *run.parts[after:]])


def read_evaluations(run: Path, splits: tuple[str, ...]) -> dict[str, Evaluation]:
    """The figures of every evaluation of a run, by name.

    Args:
        run: folder of a run.
        splits: names of splits that must be among them.

    Returns:
        dict from the evaluation's name to its figures.

    Raises:
        FerMdError: no run, an unfinished one, one that lacks an evaluation, or an evaluation of another model file.
    """
    read_settings(run)
    if not (run / "DONE").is_file():
        raise FerMdError(f"{run}: the run is not finished (no DONE); start it again to resume it")
    evaluations = {path.parent.name: read_result(Evaluation, path) for path in sorted(run.glob("eval/*/metrics.json"))}
    for split in splits:
        if split not in {found.split for found in evaluations.values()}:
            raise FerMdError(f"{run}: no evaluation of {split}; make one with experiments/evaluate.py --split={split}")
    hashes = model_hashes([(run, path.stem) for path in run.glob("*.keras")])
    for name, found in evaluations.items():
        for model, sha256 in found.models.items():
            if hashes.get(model, sha256) != sha256:
                raise FerMdError(f"{run}/eval/{name}: measured another {model} than is there now; evaluate it again")
    return evaluations


def curve(run: Path) -> pd.DataFrame:
    """A run's loss and accuracy after each epoch: on what is held out, and the means over what was learned meanwhile.

    Args:
        run: folder of a run.

    Returns:
        ``pandas.DataFrame`` with the columns epoch, network, split, data, loss, accuracy and macro_recall, which is
        empty (NaN) for what is learned from.
    """
    rows = pd.DataFrame(log_rows(run))
    held_out, training = (rows[rows["split"] == split].copy() for split in ("validation", "Training"))
    places, figures = ["network", "split", "data"], ["loss", "accuracy"]
    training["steps"] = training.groupby(places)["step"].diff().fillna(training["step"])
    ends = held_out.drop_duplicates("step").sort_values("step")[["step", "epoch"]]
    training = pd.merge_asof(
        training.drop(columns="epoch"),
        ends.rename(columns={"step": "end"}),
        left_on="step",
        right_on="end",
        direction="forward",
    )
    training[figures] = training[figures].mul(training["steps"], axis=0)
    sums = training.groupby(["epoch", *places])[[*figures, "steps"]].sum()
    means = sums[figures].div(sums["steps"], axis=0).reset_index()
    together = pd.concat([means, held_out]).sort_values("epoch", kind="stable")
    return together[["epoch", *places, *figures, "macro_recall"]]


def table_row(run, name, found):
    """One row of the printed table."""
    return {
        "run": run,
        "evaluation": name,
        "accuracy %": percent(found.accuracy),
        "95 % interval": interval(found),
        "without leaked": f"{percent(found.accuracy_without_leaked)} ({found.leaked} left out)",
        "macro recall %": percent(found.macro_recall),
        "FER+ majority %": percent(found.ferplus_accuracy),
    }


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
