"""The files of the studies and of the benchmarks, as `pages.rows` has those of the paper's tables.

Scripts of experiments/ make them; those of benchmarks/ write dicts, which are checked when they are read.
"""

import dataclasses
from typing import Any

from fer_md.runs.results import Result


@dataclasses.dataclass(frozen=True, kw_only=True)
class LossTraining:
    """One short training of the ablation; the distances are those of ``class_distances``."""

    seed: int
    accuracy: float
    macro_recall: float
    loss: float
    intra: float
    inter: float
    ratio: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class LossRow:
    """One form of the loss: means over its seeds, deviations (None for one seed), and each training."""

    name: str
    seeds: list[int]
    accuracy: float
    macro_recall: float
    loss: float
    intra: float
    inter: float
    ratio: float
    accuracy_std: float | None = None
    macro_recall_std: float | None = None
    loss_std: float | None = None
    intra_std: float | None = None
    inter_std: float | None = None
    ratio_std: float | None = None
    single: list[LossTraining]


@dataclasses.dataclass(frozen=True, kw_only=True)
class LossAblation(Result):
    """What experiments/ablate_loss.py measures; ``nearest`` is P of the default MD loss."""

    split: str
    epochs: int
    network: str
    nearest: int
    manifest_sha256: str
    rows: list[LossRow]


@dataclasses.dataclass(frozen=True, kw_only=True)
class JointPoint:
    """Means and deviations (None for one seed) over the seeds, under a share of the second data set's prior.

    Attributes:
        single: accuracy and macro recall of each seed.
    """

    share: float
    accuracy: float
    macro_recall: float
    accuracy_std: float | None = None
    macro_recall_std: float | None = None
    single: list[tuple[float, float]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class JointRow:
    """One way to learn two data sets: one of its networks, or these fused, on one data set."""

    row: str
    network: str
    data: str
    seeds: list[int]
    points: list[JointPoint]


@dataclasses.dataclass(frozen=True, kw_only=True)
class JointStudy(Result):
    """What experiments/compare_joint.py measures.

    Attributes:
        first_epochs, epochs: of the two stages, on the larger data set; the other one has equally many faces.
        data, manifest_sha256: of the two data sets.
    """

    split: str
    network: str
    first_epochs: int
    epochs: int
    data: list[str]
    manifest_sha256: list[str]
    rows: list[JointRow]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Candidate:
    """A network and recipe that was tried; ``changes`` from the default, ``weights`` their number."""

    name: str
    changes: dict[str, Any]
    weights: int
    precision: str | None = None
    accuracy: float
    macro_recall: float
    loss: float
    images_per_second: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class NetworkSearch(Result):
    """What experiments/search_network.py measures."""

    seed: int
    split: str
    epochs: int
    manifest_sha256: str
    candidates: list[Candidate]


@dataclasses.dataclass(frozen=True, kw_only=True)
class LossCost:
    """Milliseconds of a training step, and of the loss alone, for a number of classes."""

    classes: int
    milliseconds_a_step: dict[str, float]
    md_over_softmax: float
    milliseconds_forward_and_gradient: dict[str, float]


@dataclasses.dataclass(frozen=True, kw_only=True)
class LossCosts(Result):
    """What benchmarks/md_loss.py measures."""

    batch_size: int
    embedding_dim: int
    nearest: int
    precision: str
    rows: list[LossCost]


@dataclasses.dataclass(frozen=True, kw_only=True)
class StepSpeed(Result):
    """What benchmarks/training_step.py measures; ``fastest`` names our variant that the ratios are of."""

    network: dict[str, Any] | None = None
    images_per_second: dict[str, float]
    fastest: str | None = None
    ratios: dict[str, float]
    batch_size: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class PredictionSpeed(Result):
    """What benchmarks/predict.py measures.

    Attributes:
        measured: by name of the program; of each its faces, and times "end to end" and of the "classifier" by the
            number of pictures at once, or why it "does not run here".
    """

    pictures: int
    kind: str
    batch: int
    measured: dict[str, dict[str, Any]]
    ratios: dict[str, float]


@dataclasses.dataclass(frozen=True, kw_only=True)
class DrawnDomain:
    """A domain of drawn faces: what a linear classifier and the network make of it; both have an "accuracy"."""

    count: int
    manifest_sha256: str
    linear: dict[str, float]
    network: dict[str, Any]
    faces_per_cpu_second: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class DrawnFaces(Result):
    """What benchmarks/drawn_faces.py measures, by domain."""

    split: str
    seed: int
    domains: dict[str, DrawnDomain]
