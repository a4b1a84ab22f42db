"""The figures of the bundled networks: for their model card, and in short for docs/RESULTS.md."""

import re
from pathlib import Path

from fer_md.evaluation.measure import Evaluation
from fer_md.evaluation.quality import PARTS
from fer_md.pretrained.networks import PHOTOGRAPHS
from fer_md.runs.results import read_result
from pages.blocks import Block, Commands, Table, Text, table
from pages.cells import VIEWS, interval, percent
from pages.paper_tables import CONFUSIONS
from pages.result_files import read_run_time
from pages.sections.prior import READING, prior_table

OWN = "fer2013"
"""The data set whose prior it expects, and whose rows come first."""

TRAINED = ("*-folds-?", "*-long-unseen0", "*-bundled-component?")
"""Folders, beside that of the figures, of the runs whose networks ship, and of those that they need."""

AVERAGED = (
    "Views are copies of a face whose predictions are averaged (test-time augmentation). `fer-md predict`, `Predictor` "
    "and `load_pretrained` take one view, the face itself. `fer-md predict --mirror` and `Predictor(mirror=True)` take "
    "two: the face and its mirror image. Ten crops are the middle and the corners of the face, and their mirror images."
)
QUALITY = "Sharpness is the variance of the Laplacian, contrast the standard deviation of the gray levels."
ABOUT_IT = (
    "The figures above are those of `fer2013`. These are those of `photographs`, which leans less towards the "
    "expressions that are frequent in FER2013; `fer-md predict` and `Predictor` use it:"
)
COMMANDS = (
    "On the same machine, a command with `--pretrained` reproduces its figures: counts, accuracies and recalls "
    "exactly, calibration error and log likelihood to 7 digits. The files are in `docs/results/pretrained`."
)


def read_evaluations(folder: Path) -> list[Evaluation]:
    """What ``experiments/evaluate.py --output`` wrote into ``docs/results/pretrained``, the own data set's first."""
    found = {path.parent.name: read_result(Evaluation, path) for path in folder.glob("*/metrics.json")}
    return [found[name] for name in sorted(found, key=lambda name: (found[name].data == OWN, name), reverse=True)]


def accuracies_blocks(found: list[Evaluation]) -> list[Block]:
    """One row a data set, split and way to average; what averaging means."""
    return [accuracies_table(found), Text(AVERAGED)]


def card_blocks(folder: Path) -> list[Block]:
    """All that was measured of the bundled networks; nothing where nothing was."""
    found, others = read_evaluations(folder), read_evaluations(folder / PHOTOGRAPHS)
    if not found:
        return []
    exact = [read_result(Evaluation, path) for path in sorted(folder.glob("float32/*/metrics.json"), reverse=True)]
    blocks = [*accuracies_blocks(found), *_compression(found, exact), *_training(folder.parent), *_prior(found)]
    for row in found:
        if (row.split, row.averaging) == ("PrivateTest", "none"):
            blocks += [*_confusion(row), *_quality(row)]
    if others:
        blocks += [Text(ABOUT_IT), accuracies_table(others), *_prior(others)]
    commands = tuple(_without_output(row.command) for row in (*found, *exact, *others))
    where = found[0].environment
    machine = f"{where.date}, {where.processor}, {where.cpus} cores, TensorFlow {where.tensorflow}."
    return [*blocks, Text(COMMANDS), Commands(commands), Text(machine)]


def _without_output(command):
    """The command as a reader gives it, who shall not write over the committed files."""
    return re.sub(r" --output=\S+", "", command)


def accuracies_table(found: list[Evaluation]) -> Table:
    """One row an evaluation."""
    return table(
        {
            "data, split": f"{row.data} {row.split}",
            "views": VIEWS[row.averaging],
            "images": row.images,
            "accuracy %": percent(row.accuracy),
            "95 % interval": interval(row),
            "without leaked %": percent(row.accuracy_without_leaked),
            "macro recall %": percent(row.macro_recall),
            "FER+ majority %": percent(row.ferplus_accuracy),
            "calibration error (ECE, 15 bins)": f"{row.expected_calibration_error:.3f}",
        }
        for row in found
    )


def _compression(found, exact):
    """Sentences that compare with the networks before their compression."""
    lines = []
    for row in exact:
        for other in found:
            if (row.data, row.split, row.averaging) == (other.data, other.split, other.averaging):
                change = 100 * (other.accuracy - row.accuracy)
                lines.append(
                    f"Before compression, the accuracy on {_what(row)} was {percent(row.accuracy)} %; compression "
                    f"changed it by {change:+.2f} points."
                )
    return [Text(" ".join(lines))] if lines else []


def _training(folder):
    """How long the networks took to train, each and together."""
    paths = [path for runs in TRAINED for path in sorted(folder.glob(f"{runs}/time.json"))]
    times = {path.parent.name: read_run_time(path.parent) for path in paths}
    if not times:
        return []
    total = sum(found.seconds for found in times.values())
    rows = (
        {
            "training": name,
            "minutes": f"{found.seconds / 60:.1f}",
            "images/s": f"{found.images_per_second:.0f}",
            "not spent on training %": percent(found.not_training, 1),
        }
        for name, found in times.items()
    )
    text = (
        f"Training took {total / 60:.1f} minutes of one core in all. The last column is the share of that time spent "
        "on waiting for batches, validation and saving."
    )
    return [Text(text), table(rows)]


def _prior(found):
    curves = [row for row in found if row.prior_curve]
    return [Text(READING), prior_table(curves)] if curves else []


def _confusion(row):
    """Shares of each true expression by what was predicted, beside the paper's diagonal for the same data."""
    paper = CONFUSIONS[1].diagonal if row.data == OWN else {}
    rows = []
    for name, counts in zip(row.recall, row.confusion, strict=True):
        shares = (percent(count / max(sum(counts), 1), 1) for count in counts)
        cells = {"true \\ predicted, %": name, **dict(zip(row.recall, shares, strict=True)), "images": sum(counts)}
        rows.append(cells | ({"paper's Tab. 1, diagonal": f"{paper[name]:.1f}"} if paper else {}))
    return [Text(f"Confusion matrix on {_what(row)}:"), table(rows)]


def _what(row):
    return f"{row.data} {row.split} (views: {VIEWS[row.averaging]})"


def _quality(row):
    rows = (
        {"by": name, **{part: percent(values[part]) for part in PARTS}}
        for name, values in (row.accuracy_by_quality or {}).items()
    )
    return [Text(f"Accuracy in % by the quality of the picture, on {_what(row)}. {QUALITY}"), table(rows)]
