"""Whether measured figures agree with committed ones, as far as two trainings with the same settings do."""

import dataclasses
import math
from pathlib import Path

from fer_md.files import read_json

ERRORS = 3
"""Standard errors that a figure may lie away from the committed one."""
TRAINING_STD = 0.015
"""Deviation of an accuracy from training to training where it was not measured: the largest of three seeds of
docs/results/loss-ablation.json is 0.0151. The same seed in another precision or on another processor is another one."""
FREE = ("precision", "strategy", "components", "networks", "replicas", "start")
"""Settings in which two comparable runs may differ; components and what a run starts from are named
by the hash of their weights."""


@dataclasses.dataclass(frozen=True)
class Figure:
    """A committed figure and how far from it a measured one may lie, both as shares."""

    value: float
    tolerance: float


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of comparing one file.

    Attributes:
        compared: number of figures.
        outside: lines that name file, figure, expected, found and tolerance.
        reason: why the file was not compared, or "".
        missing: make's target that measures the file, if there is none.
    """

    compared: int = 0
    outside: tuple = ()
    reason: str = ""
    missing: str = ""


def check_results(measured, committed):
    """Compares every committed result file with the measured one of the same name.

    Args:
        measured: folder of results of ``make reproduce``.
        committed: folder with committed ones.

    Returns:
        dict from a file's name to its ``Outcome``.

    Raises:
        FerMdError: a file is not JSON.
    """
    outcomes = {}
    for path in sorted(Path(committed).glob("*.json")):
        own = Path(measured) / path.name
        if path.stem not in KINDS:
            continue
        target = "report" if path.stem == "stages" else f"reproduce-{path.stem.removesuffix('-wild')}"
        outcomes[path.name] = (
            _compare(own, read_json(own), read_json(path))
            if own.exists()
            else Outcome(reason=f"not measured; make {target} does", missing=target)
        )
    return outcomes


def _compare(path, found, committed):
    same, figures = KINDS[path.stem]
    for name, value in same(committed).items():
        if same(found).get(name) != value:
            other, value = _differing(same(found).get(name), value)
            return Outcome(reason=f"{name} is {_short(other)}, committed with {_short(value)}")
    own, outside = figures(found), []
    for name, figure in (expected := figures(committed)).items():
        value = own[name].value if name in own else math.nan
        if not abs(value - figure.value) <= figure.tolerance:
            outside.append(
                f"{path}: {name}: expected {100 * figure.value:.2f} %, found {100 * value:.2f} %, "
                f"tolerance {100 * figure.tolerance:.2f} points"
            )
    return Outcome(len(expected), tuple(outside))


def _differing(found, committed):
    """Two values, of dicts only the parts that differ."""
    if not isinstance(found, dict) or not isinstance(committed, dict):
        return found, committed
    names = [name for name in {**committed, **found} if found.get(name) != committed.get(name)]
    return tuple({name: each[name] for name in names if name in each} for each in (found, committed))


def _short(value):
    text = str(value)
    return text if len(text) < 60 else f"{text[:57]}..."


def _parts(name, value):
    """A setting by its name, or each part of one that is a dict."""
    return {f"{name} {part}": each for part, each in value.items()} if isinstance(value, dict) else {name: value}


def _settings(found):
    """The settings of the runs that decide the result, by run and name."""
    result = {}
    for index, settings in enumerate(found["settings"]):
        for name, value in settings.items():
            if name not in FREE:
                result |= _parts(f"settings {index} {name}", value)
    return result


def _same_runs(found):
    return {"split": found["split"], "manifest": found.get("manifest_sha256"), **_settings(found)}


def _same_fields(*names):
    def same(found):
        result = {}
        for name in names:
            result |= _parts(name, found.get(name))
        return result

    return same


def _by_interval(row, name):
    """A figure with its 95 % interval, which is 2 x 1.96 standard errors wide."""
    low, high = row[f"{name}_interval"]
    return Figure(row[name], ERRORS * math.hypot((high - low) / 3.92, TRAINING_STD))


def _rows(found):
    """Accuracy and macro recall of each row."""
    return {
        f"{row['data']}, {row.get('stage', 'fine-tuned')}, {row['network']}: {name.replace('_', ' ')}": _by_interval(
            row, name
        )
        for row in found["rows"]
        for name in ("accuracy", "macro_recall")
    }


def _of_sample(value, count, training=TRAINING_STD):
    """A mean of ``count`` values in [0, 1], such as a share: their variance is at most value (1 - value)."""
    return Figure(value, ERRORS * math.hypot(math.sqrt(value * (1 - value) / count), training))


def _methods(found):
    figures, images, seeds = {}, found["images"]["test"], len(found["seeds"])
    for row in found["rows"]:
        training = max(row["accuracy_std"] or 0, TRAINING_STD) / math.sqrt(seeds)
        figures[f"{row['method']}, {row['loss']} loss: accuracy"] = _of_sample(row["accuracy"], images, training)
    return figures


def _landmarks(found):
    """The area under each curve, which is a mean over the faces, and the share that fails.

    The faces count as independent. Frames of one person are not, so that for other people the error of testing is
    larger; but both runs are tested on the same faces.
    """
    return {
        f"{data}, {method}, {normaliser}: {name}": _of_sample(figures[name], found["faces"][data]["test"])
        for data, methods in found["errors"].items()
        for method, normalisers in methods.items()
        for normaliser, figures in normalisers.items()
        for name in ("auc", "failures")
    }


_METHODS = (
    _same_fields(
        "manifest_sha256", "split", "images", "left_out", "epochs", "recipe", "rates", "metric_loss", "network", "seeds"
    ),
    _methods,
)
KINDS = {
    "stages": (_same_runs, _rows),
    "table1": (_same_runs, _rows),
    "table2": (_same_runs, _rows),
    "table3": (_same_runs, _rows),
    "table4": _METHODS,
    "table4-wild": _METHODS,
    "figure6": (_same_fields("data", "faces", "epochs", "network", "seed", "recipe", "faces_sha256"), _landmarks),
}
"""For each kind of file: what must be equal for two to be comparable, and its figures."""
