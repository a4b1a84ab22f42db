"""The files in docs/results that pages and checks read: one dataclass a kind of file, one a kind of row.

Scripts make them and `fer_md.runs.results` writes and reads them. Shares are in [0, 1]; ``paper`` is in per cent, as
printed. A field that may be None is missing in files of older versions, or where there is nothing to say.
"""

import dataclasses
from typing import Any

from fer_md.evaluation.measure import ConfusionFigures, Figures
from fer_md.runs.results import Environment, Result

Settings = dict[str, Any]
"""Of one run, as in its ``config.json``."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunConfig:
    """``config.json`` of a run."""

    settings: Settings
    command: str
    environment: Environment


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunTime:
    """``time.json`` of a run.

    Attributes:
        seconds: by the clock.
        images_per_second: while training.
        not_training: share of the time that waited for batches, validated or saved.
        epochs: that were trained.
    """

    seconds: float
    images_per_second: float
    not_training: float | None = None
    epochs: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class StageRow(Figures):
    """One network, or several fused, on one data set, at one stage of the method.

    Attributes:
        stage: "pre-trained", "alone", "fine-tuned" or "joint".
        network: "component 1", "fused, equal weights" and so on.
        paper: the paper's figure in this place.
        paper_measures: which of our figures that is, "accuracy" or "macro_recall".
        score_weights: of the components; None for one component, and for equal weights.
    """

    data: str
    stage: str
    network: str
    paper: float | None = None
    paper_measures: str
    score_weights: list[float] | None = None
    expressions: list[str]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stages(Result):
    """What experiments/compare_stages.py measures.

    Attributes:
        validation: split on which the score weights were fitted.
        protocol: hash of what is held out of all data sets.
        models: SHA-256 of the networks' files.
        settings, seconds, epochs: of the runs, the components' first, the fine-tuning's last; between them what else
            the components went on with, if anything.
    """

    split: str
    validation: str | None = None
    averaging: str
    protocol: str
    models: dict[str, str]
    settings: list[Settings]
    seconds: list[float]
    epochs: list[float | None] | None = None
    rows: list[StageRow]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ForgettingRow(ConfusionFigures):
    """One component on the data set that it learned first, at one stage or after a correction."""

    data: str
    network: str
    state: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Forgetting(Result):
    """What experiments/diagnose_forgetting.py measures.

    Attributes:
        validation: split on which the biases were fitted.
        statistics_faces: Training faces of each data set that the batch-norm statistics were estimated on.
        protocol: hash of what is held out of all data sets.
        models: SHA-256 of the networks' files.
        settings: of the runs, the components' first, the fine-tuning's last.
        rows: of each component in turn: ``BEFORE``, ``AFTER``, and corrections of the latter.
    """

    split: str
    validation: str
    statistics_faces: list[int]
    protocol: str
    models: dict[str, str]
    settings: list[Settings]
    rows: list[ForgettingRow]


BEFORE, AFTER = "before the exchange", "after it"
"""States of a component in ``Forgetting``; the further ones are corrections of the second."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MatrixRow(ConfusionFigures):
    """The confusion matrix of a fused network on one data set, or on all together ("whole")."""

    data: str
    network: str
    expressions: list[str]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Matrices(Result):
    """What experiments/confusion_table.py measures: Tab. 1, 2 or 3."""

    table: int
    split: str
    data: list[str]
    manifest_sha256: list[str]
    settings: list[Settings]
    models: dict[str, str]
    rows: list[MatrixRow]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SeedTest:
    """McNemar's test of two trainings with one seed, see ``mcnemar``."""

    seed: int
    only_first: int
    only_second: int
    p: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gain:
    """A difference with its 95 % interval; ``mcnemar`` has a test for each seed, where the methods were tested."""

    difference: float
    low: float
    high: float
    mcnemar: list[SeedTest] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Member:
    """One network of a committee: its weight, and its figures alone.

    Attributes:
        commonest: share of the test images that get the commonest answer.
    """

    name: str
    weight: float
    accuracy: float
    macro_recall: float
    commonest: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class MethodTraining:
    """A method trained with one seed; ``members`` and ``exponents`` of a committee only."""

    seed: int
    accuracy: float
    macro_recall: float
    commonest: float
    recall: dict[str, float | None] | None = None
    members: list[Member] | None = None
    exponents: dict[str, float] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class MethodRow:
    """A method under one loss, over its seeds.

    Attributes:
        method: as in Tab. 4.
        loss: "own" or "MD".
        accuracy, macro_recall: means over the seeds; ``..._std`` deviations, None for one seed.
        md_minus_own: what MD loss brings; of a row under MD loss.
        ours_minus_this: what our component under MD loss is ahead; of all other rows.
    """

    method: str
    loss: str
    paper: float | None = None
    accuracy: float
    macro_recall: float
    accuracy_std: float | None = None
    macro_recall_std: float | None = None
    md_minus_own: Gain | None = None
    ours_minus_this: Gain | None = None
    single: list[MethodTraining]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Methods(Result):
    """What experiments/compare_methods.py measures: Tab. 4.

    Attributes:
        images: "training" and "test" with their numbers.
        left_out: Training images identical to held-out ones.
        people: persons in Training, 0 where the data name none.
        rate_trials: accuracy on PublicTest of each network by learning rate, as text; None where one rate was given.
        seconds: of all trainings.
    """

    data: str
    manifest_sha256: str
    split: str
    images: dict[str, int]
    left_out: int
    people: int
    pairs_of_persons: str
    epochs: int
    network: str
    recipe: dict[str, Any]
    rates: list[float]
    rate_trials: dict[str, dict[str, float | None]]
    metric_loss: dict[str, Any]
    precision: str
    seconds: float
    seeds: list[int]
    rows: list[MethodRow]


@dataclasses.dataclass(frozen=True, kw_only=True)
class LandmarkError:
    """Errors of one method, see ``summarize_errors``; ``minus_first`` is the mean minus that of the first method."""

    mean: float
    median: float
    auc: float
    failures: float
    minus_first: Gain | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Landmarks(Result):
    """What experiments/landmarks.py measures: Fig. 6.

    Attributes:
        seeds: with which everything was trained.
        data: names of the data sets.
        faces: of each data set "training" and "test" with their numbers.
        faces_sha256: of each data set the hashes of both, as the last seed has them.
        image_size: edge of the crops that the networks see.
        epochs: of each stage.
        failure_above: error above which a face counts as failed.
        errors: of all seeds together, by data set, method, and what the error is divided by.
        single: mean error and failures by the eyes of each seed, by data set and method.
        places: errors at which the curves are given.
        curves: shares of the faces with at most these errors, by data set, what the error is divided by, and method.
        seconds: of each training.
    """

    seeds: list[int]
    data: list[str]
    faces: dict[str, dict[str, int]]
    network: str
    image_size: int
    epochs: dict[str, int]
    recipe: dict[str, Any]
    faces_sha256: dict[str, list[str]]
    failure_above: float
    errors: dict[str, dict[str, dict[str, LandmarkError]]]
    single: dict[str, dict[str, list[dict[str, float]]]]
    places: list[float]
    curves: dict[str, dict[str, dict[str, list[float]]]]
    seconds: dict[str, float]
