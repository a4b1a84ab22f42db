"""Whether measured figures agree with committed ones, as far as two trainings with the same settings do."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fer_md.errors import FerMdError
from fer_md.evaluation.measure import ConfusionFigures
from fer_md.runs.results import Result
from pages.result_files import read_named
from pages.rows import Landmarks, Matrices, Methods, Stages

ERRORS = 3
"""Standard errors that a figure may lie away from the committed one."""
TRAINING_STD = 0.015
"""Deviation of an accuracy from training to training where it was not measured, and the least that counts where it was:
the largest of three seeds of docs/results/loss-ablation.json is 0.0151. The same seed in another precision or on
another processor is another one."""
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
        missing: the command that measures the file, if there is none.
    """

    compared: int = 0
    outside: tuple = ()
    reason: str = ""
    missing: str = ""


def check_results(measured: Path | str, committed: Path | str) -> dict[str, Outcome]:
    """Compares every committed result file with the measured one of the same name.

    Args:
        measured: folder of results of ``make reproduce``.
        committed: folder with committed ones.

    Returns:
        dict from a file's name to its ``Outcome``.

    Raises:
        FerMdError: there is no committed file, or a file is not JSON, or not of its kind.
    """
    paths = sorted(path for path in Path(committed).glob("*.json") if path.stem in KINDS)
    if not paths:
        beside = Path(committed).parent.glob("*/*.json")
        known = sorted({path.parent.name for path in beside if path.stem in KINDS})
        there = f"; beside it there are those of {', '.join(known)}" if known else ""
        raise FerMdError(f"{committed}: no figures are committed there{there}")
    return {path.name: _check(Path(measured) / path.name, path) for path in paths}


def _check(path, committed):
    found = read_named(path.parent, path.stem)
    if not found:
        target = "report" if path.stem == "stages" else f"reproduce-{path.stem.removesuffix('-wild')}"
        command = f"make {target}" + (" with facial_expressions in DATA_ROOT" if path.stem == "table4-wild" else "")
        return Outcome(reason=f"not measured; {command} does", missing=command)
    return _compare(path, found, read_named(committed.parent, path.stem))


def _compare(path, found, committed):
    kind = KINDS[path.stem]
    for name, value in (settings := kind.settings(committed)).items():
        if kind.settings(found).get(name) != value:
            other, value = _differing(kind.settings(found).get(name), settings[name])
            return Outcome(reason=f"{name} is {_short(other)}, committed with {_short(value)}")
    own, outside = kind.figures(found, committed), []
    for name, figure in (expected := kind.figures(committed, found)).items():
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


def _run_settings(found: Stages | Matrices) -> dict[str, Any]:
    """The settings of the runs that decide the result, by run and name; the split, and the data it is of."""
    result = {"split": found.split, "manifest": getattr(found, "manifest_sha256", None)}
    for index, settings in enumerate(found.settings):
        for name, value in settings.items():
            if name not in FREE:
                result |= _parts(f"settings {index} {name}", value)
    return result


def _fields(*names):
    def settings(found: Result) -> dict[str, Any]:
        result = {}
        for name in names:
            result |= _parts(name, getattr(found, name))
        return result

    return settings


def _by_interval(row: ConfusionFigures, name: str) -> Figure:
    """A figure with its 95 % interval, which is 2 x 1.96 standard errors wide."""
    low, high = getattr(row, f"{name}_interval")
    return Figure(getattr(row, name), ERRORS * math.hypot((high - low) / 3.92, TRAINING_STD))


def _rows(found: Stages | Matrices, _: Any) -> dict[str, Figure]:
    """Accuracy and macro recall of each row."""
    return {
        f"{row.data}, {getattr(row, 'stage', 'fine-tuned')}, {row.network}: {name.replace('_', ' ')}": _by_interval(
            row, name
        )
        for row in found.rows
        for name in ("accuracy", "macro_recall")
    }


def _of_sample(value: float, count: int, training: float = TRAINING_STD) -> Figure:
    """A mean of ``count`` values in [0, 1], such as a share: their variance is at most value (1 - value)."""
    return Figure(value, ERRORS * math.hypot(math.sqrt(value * (1 - value) / count), training))


def _methods(found: Methods, other: Methods) -> dict[str, Figure]:
    """Accuracies are means over seeds; the two files may have different seeds.

    A deviation from few seeds is uncertain. So the rows of a method, with its own loss and with MD loss, share the root
    mean square of theirs, which counts as at least ``TRAINING_STD``.
    """
    trainings = math.sqrt(1 / len(found.seeds) + 1 / len(other.seeds))
    figures = {}
    for row in found.rows:
        squares = [(each.accuracy_std or 0) ** 2 for each in found.rows if each.method == row.method]
        deviation = max(math.sqrt(sum(squares) / len(squares)), TRAINING_STD)
        name = f"{row.method}, {row.loss} loss: accuracy"
        figures[name] = _of_sample(row.accuracy, found.images["test"], deviation * trainings)
    return figures


def _landmarks(found: Landmarks, _: Any) -> dict[str, Figure]:
    """The area under each curve, which is a mean over the faces, and the share that fails.

    The faces count as independent. Frames of one person are not, so that for other people the error of testing is
    larger; but both runs are tested on the same faces.
    """
    return {
        f"{data}, {method}, {normaliser}: {name}": _of_sample(getattr(error, name), found.faces[data]["test"])
        for data, methods in found.errors.items()
        for method, normalisers in methods.items()
        for normaliser, error in normalisers.items()
        for name in ("auc", "failures")
    }


@dataclasses.dataclass(frozen=True)
class Kind:
    """How a kind of file is compared, by name.

    Attributes:
        settings: of a result; they must be equal.
        figures: of a result and another one: the figures of the first, and how far those of the other may lie from
            them.
    """

    settings: Callable[[Any], dict[str, Any]]
    figures: Callable[[Any, Any], dict[str, Figure]]


_METHODS = Kind(
    _fields("manifest_sha256", "split", "images", "left_out", "epochs", "recipe", "rates", "metric_loss", "network"),
    _methods,
)
_ROWS = Kind(_run_settings, _rows)
KINDS = {
    "stages": _ROWS,
    "table1": _ROWS,
    "table2": _ROWS,
    "table3": _ROWS,
    "table4": _METHODS,
    "table4-wild": _METHODS,
    "figure6": Kind(
        _fields("data", "faces", "epochs", "network", "image_size", "seeds", "recipe", "faces_sha256"), _landmarks
    ),
}
"""The files that are compared."""
