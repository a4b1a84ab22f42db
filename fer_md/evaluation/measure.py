"""All figures of one evaluation, and the folder they are written to."""

import csv
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fer_md.data.manifest import read_manifest
from fer_md.data.records import Split, read_info
from fer_md.evaluation.confusion_picture import save_confusion_picture
from fer_md.evaluation.metrics import (
    bootstrap_interval,
    confusion_matrix,
    expected_calibration_error,
    ferplus_labels,
    negative_log_likelihood,
    summarize,
)
from fer_md.evaluation.prior import apply_shift
from fer_md.evaluation.quality import accuracy_by_quality
from fer_md.files import atomic_directory
from fer_md.runs.results import Result, write_result

PRIOR_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Shares of a named prior at which its curve is measured."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ConfusionFigures:
    """What follows from a confusion matrix; shares are in [0, 1].

    Attributes:
        images: that were counted.
        accuracy, macro_recall, macro_f1: see ``summarize``.
        accuracy_interval, macro_recall_interval: 95 % intervals, see ``bootstrap_interval``.
        recall, one_vs_rest_accuracy: of each expression; None for one that is absent.
        confusion: (K, K) counts, rows true, in the order of ``recall``.
    """

    images: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    macro_recall: float
    macro_recall_interval: tuple[float, float]
    macro_f1: float
    recall: dict[str, float | None]
    one_vs_rest_accuracy: dict[str, float | None]
    confusion: list[list[int]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figures(ConfusionFigures):
    """All figures of one network on one split.

    Attributes:
        expected_calibration_error, negative_log_likelihood: see `fer_md.evaluation.metrics`.
        leaked: number of the images that are also in Training.
        accuracy_without_leaked: of the other images; None where all are.
        accuracy_by_quality: see ``accuracy_by_quality``; None for fewer than three images.
        ferplus_images: with one expression that most of the FER+ taggers named; None without votes.
        ferplus_accuracy: on these, by what the taggers named.
    """

    expected_calibration_error: float
    negative_log_likelihood: float
    leaked: int
    accuracy_without_leaked: float | None = None
    accuracy_by_quality: dict[str, dict[str, float]] | None = None
    ferplus_images: int | None = None
    ferplus_accuracy: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class PriorPoint(ConfusionFigures):
    """The figures under a share of a named prior, see `fer_md.evaluation.prior`."""

    share: float
    negative_log_likelihood: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class PriorCurve:
    """How the figures change as more and more of a network's prior gives way to another.

    Attributes:
        named: the other prior, as text.
        shift: what all of the other prior adds to the logits.
        points: one for each of ``PRIOR_SHARES``.
    """

    named: str
    shift: dict[str, float]
    points: list[PriorPoint]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Evaluation(Figures, Result):
    """One ``metrics.json``: the figures of one network, or of several fused, on one split.

    Attributes:
        data: name of the data set.
        split: name of the split.
        averaging: one of `fer_md.evaluation.copies.AVERAGING`.
        seed: of the first run.
        manifest_sha256: of the data set.
        models: SHA-256 of the networks' files.
        score_weights: of fused networks.
        validation: split on which the score weights were fitted; None for equal ones.
        prior_curve: the figures under another prior; None where none was named.
    """

    data: str
    split: str
    averaging: str
    seed: int
    manifest_sha256: str
    models: dict[str, str]
    score_weights: list[float] | None = None
    validation: str | None = None
    prior_curve: PriorCurve | None = None


def measure(split: Split, probabilities: np.ndarray, expressions: Sequence[str], leaked: np.ndarray) -> Figures:
    """The figures of a split's labelled images.

    Args:
        split: its labels in the order of ``expressions``; negative ones do not count.
        probabilities: (N, K), a row an image of the split.
        expressions: K names.
        leaked: (N,) bool, see ``leaked_rows``.
    """
    labelled = split.labels >= 0
    labels, probabilities, leaked = split.labels[labelled], probabilities[labelled], leaked[labelled]
    correct = probabilities.argmax(1) == labels
    counts = confusion_matrix(labels, probabilities.argmax(1), len(expressions))
    majority = np.full(len(labels), -1) if split.votes is None else ferplus_labels(split.votes[labelled])
    agreed = majority >= 0
    return Figures(
        **vars(confusion_figures(counts, expressions)),
        expected_calibration_error=expected_calibration_error(labels, probabilities),
        negative_log_likelihood=negative_log_likelihood(labels, probabilities),
        leaked=int(leaked.sum()),
        accuracy_without_leaked=mean_or_none(correct[~leaked]),
        accuracy_by_quality=accuracy_by_quality(split.images[labelled], correct) if len(labels) >= 3 else None,
        ferplus_images=None if split.votes is None else int(agreed.sum()),
        ferplus_accuracy=mean_or_none((probabilities.argmax(1) == majority)[agreed]),
    )


def confusion_figures(confusion: np.ndarray, expressions: Sequence[str]) -> ConfusionFigures:
    """The figures that follow from a (K, K) confusion matrix of counts, rows true, of K expressions."""
    figures = summarize(confusion)
    return ConfusionFigures(
        images=int(np.sum(confusion)),
        accuracy=float(figures["accuracy"]),
        accuracy_interval=bootstrap_interval(confusion, "accuracy"),
        macro_recall=float(figures["macro_recall"]),
        macro_recall_interval=bootstrap_interval(confusion, "macro_recall"),
        macro_f1=float(figures["macro_f1"]),
        recall=by_expression(figures["recall"], expressions),
        one_vs_rest_accuracy=by_expression(figures["one_vs_rest_accuracy"], expressions),
        confusion=np.asarray(confusion).tolist(),
    )


def prior_curve(
    split: Split, probabilities: np.ndarray, expressions: Sequence[str], named: str, shift: np.ndarray
) -> PriorCurve:
    """The figures of a split's labelled images under shares of a prior.

    Args:
        split, probabilities, expressions: see ``measure``.
        named: the prior, as text.
        shift: (K,) what all of it adds to the logits, see ``prior_shift``.
    """
    labelled = split.labels >= 0
    labels, probabilities = split.labels[labelled], probabilities[labelled]
    points = []
    for share in PRIOR_SHARES:
        found = apply_shift(probabilities, share * shift)
        counts = confusion_matrix(labels, found.argmax(1), len(expressions))
        points.append(
            PriorPoint(
                **vars(confusion_figures(counts, expressions)),
                share=share,
                negative_log_likelihood=negative_log_likelihood(labels, found),
            )
        )
    return PriorCurve(named=named, shift=dict(zip(expressions, shift.tolist(), strict=True)), points=points)


def mean_or_none(values: np.ndarray) -> float | None:
    """The mean of (N,) values as a float, None where there are none."""
    return float(np.mean(values)) if len(values) else None


def by_expression(values: np.ndarray, expressions: Sequence[str]) -> dict[str, float | None]:
    """The (K,) figures of the expressions as a dict of JSON values; None for NaN, an expression that is absent."""
    named = zip(expressions, values, strict=True)
    return {expression: None if np.isnan(value) else float(value) for expression, value in named}


def leaked_rows(directory: Path | str, split: Split, name: str, settings: list[dict[str, Any]]) -> np.ndarray:
    """Which images of a split the networks may have learned from.

    Args:
        directory: prepared data set.
        split: ``Split``.
        name: of the split.
        settings: of the networks' runs. One that did not learn from this data set does not count, nor does one with a
            protocol, which left out of Training what any split holds out.

    Returns:
        (N,) bool: pixel-identical to a Training image of the same data set, whatever others hold; nothing where no run
        counts.
    """
    data = read_info(directory)["name"]
    known = [own for own in settings if data in np.atleast_1d(own["data"])]
    if all(own.get("protocol") for own in known):
        return np.zeros(len(split.keys), bool)
    if name == "Training":
        return np.zeros(len(split.keys), bool)
    return identical_rows(directory, split)


def identical_rows(directory: Path | str, split: Split) -> np.ndarray:
    """Which images of a split are pixel-identical to a Training image of the same prepared data set, (N,) bool."""
    rows = {row.key: row for row in read_manifest(f"{directory}/manifest.csv")}
    training = {row.sha256 for row in rows.values() if row.split == "Training"}
    return np.array([rows[key].sha256 in training for key in split.keys])


def write_evaluation(folder: Path | str, evaluation: Evaluation, title: str) -> None:
    """Writes ``metrics.json``, ``confusion_matrix.csv`` and ``.png``, all or none, in place of earlier ones."""
    names, confusion = list(evaluation.recall), np.array(evaluation.confusion)
    with atomic_directory(folder, overwrite=True) as partial:
        write_result(partial / "metrics.json", evaluation)
        with open(partial / "confusion_matrix.csv", "w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(["true\\predicted", *names])
            writer.writerows([name, *row] for name, row in zip(names, confusion, strict=True))
        save_confusion_picture(partial / "confusion_matrix.png", confusion, names, title)
