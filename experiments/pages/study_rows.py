"""The files of the studies and of the benchmarks, as `pages.rows` has those of the paper's tables.

Scripts of experiments/ make them; those of benchmarks/ write dicts, which are checked when they are read.
"""

import dataclasses
from typing import Any

from fer_md.evaluation.measure import ConfusionFigures
from fer_md.evaluation.sign_flips import PairedDifference
from fer_md.runs.results import Result
from pages.rows import Gain


@dataclasses.dataclass(frozen=True, kw_only=True)
class LossTraining:
    """One training of a study of the loss.

    Attributes:
        accuracy, macro_recall, loss, calibration_error: on the held-out split; the loss is the mean cross-entropy.
        knn_accuracy: of the classes that the nearest training faces tell.
        probe_accuracy, probe_macro_recall: of a linear classifier of another data set's embeddings.
        intra, inter, ratio: of ``class_distances`` on the held-out split.
        seconds: of the training.
    """

    seed: int
    accuracy: float
    macro_recall: float
    loss: float
    calibration_error: float | None = None
    knn_accuracy: float | None = None
    probe_accuracy: float | None = None
    probe_macro_recall: float | None = None
    intra: float
    inter: float
    ratio: float
    seconds: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class LossRow:
    """One way to train; ``settings`` says which, and None stands in a file of an older version."""

    name: str
    settings: dict[str, Any] | None = None
    single: list[LossTraining]


@dataclasses.dataclass(frozen=True, kw_only=True)
class LossStudy(Result):
    """What experiments/ablate_loss.py measures.

    Attributes:
        split: that the figures are of.
        faces: of each training.
        probe_manifest_sha256: of the data set of the linear probe.
        seeds_planned: None where the study compares no pairs.
        differences: by figure, of the second row minus the first, over the seeds; None as before.
    """

    split: str
    faces: int
    epochs: int
    network: str
    precision: str | None = None
    manifest_sha256: str
    probe_manifest_sha256: str | None = None
    rows: list[LossRow]
    seeds_planned: int | None = None
    differences: dict[str, PairedDifference] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class JointPoint:
    """Means and deviations (None for one seed) over the seeds, under a share of the second data set's prior.

    Attributes:
        single: accuracy and macro recall of each seed.
        weights: of the components, where they were fitted on the validation split; mean over the seeds.
    """

    share: float
    accuracy: float
    macro_recall: float
    accuracy_std: float | None = None
    macro_recall_std: float | None = None
    single: list[tuple[float, float]]
    weights: list[float] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class JointRow:
    """One way to learn two data sets: one of its networks, or these fused, on one data set.

    Attributes:
        best: share of the second data set's prior with the highest mean accuracy on the validation split.
    """

    row: str
    network: str
    data: str
    seeds: list[int]
    best: float | None = None
    points: list[JointPoint]


@dataclasses.dataclass(frozen=True, kw_only=True)
class JointStudy(Result):
    """What experiments/compare_joint.py measures.

    Attributes:
        first_epochs, epochs: of the two stages, on the larger data set; the other one has equally many faces.
        classes: for each data set the number of faces of each expression in the split.
        data, manifest_sha256: of the two data sets.
        validation: the split that chose shares of the prior and weights; None where nothing was chosen.
        precision: of the runs' layers. Older files have none.
    """

    split: str
    validation: str | None = None
    network: str
    precision: str | None = None
    first_epochs: int
    epochs: int
    classes: list[dict[str, int]]
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
class Racer:
    """A training by its preset and the ``changes`` of it, with one entry a seed in its lists.

    Attributes:
        accuracies, macro_recalls: at its end.
        seconds, multiply_adds: of the whole training.
        epochs_to, seconds_to: the first epoch at which an accuracy was reached; None where it never was.
    """

    preset: str
    changes: dict[str, Any]
    network: str
    votes: float
    epochs: float
    batch_size: int
    accuracies: list[float]
    macro_recalls: list[float]
    images_per_second: float
    seconds: float
    multiply_adds: float
    epochs_to: dict[str, list[float | None]]
    seconds_to: dict[str, list[float | None]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TimeToAccuracy(Result):
    """What benchmarks/time_to_accuracy.py measures; ``bars`` are the accuracies."""

    seeds: list[int]
    split: str
    manifest_sha256: str
    precision: str
    bars: list[float]
    racers: dict[str, Racer]


@dataclasses.dataclass(frozen=True, kw_only=True)
class LossCost:
    """Milliseconds of a training step, and of the loss alone, for a number of classes; and why another does not run."""

    classes: int
    milliseconds_a_step: dict[str, float]
    md_over_softmax: float
    milliseconds_forward_and_gradient: dict[str, float]
    does_not_run_here: dict[str, str] | None = None


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
    """What benchmarks/training_step.py measures.

    Attributes:
        fastest: our variant that the ratios are of.
        shares_of_limit: of our variants, by name: what they reach of a step that is convolutions and products alone.
            Older files have none.
        does_not_run_here: why, by variant.
    """

    network: dict[str, Any] | None = None
    images_per_second: dict[str, float]
    does_not_run_here: dict[str, str] | None = None
    fastest: str | None = None
    ratios: dict[str, float]
    shares_of_limit: dict[str, float] | None = None
    batch_size: int


@dataclasses.dataclass(frozen=True)
class SpeedGoal:
    """A goal, the number that was wanted, the one that was found, and whether it is met."""

    goal: str
    wanted: float
    found: float
    met: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class CameraRate:
    """Frames of a camera that one view of the page answers a second, with so many faces in each."""

    view: str
    faces: int
    frames_a_second: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class CameraPage(Result):
    """What benchmarks/camera_page.py measures; ``browser`` is its name and version."""

    browser: str
    seconds_to_load: float
    rates: list[CameraRate]


@dataclasses.dataclass(frozen=True, kw_only=True)
class LoadRow:
    """What so many clients at a time wait for a server on the same machine, over one transport.

    Attributes:
        transport: "grpc" or "http".
        median_milliseconds: of a request.
        milliseconds_of_99_percent: within which 99 % of the requests were answered.
    """

    transport: str
    clients: int
    answered: int
    failed: int
    answers_a_second: float
    median_milliseconds: float
    milliseconds_of_99_percent: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServingLoad(Result):
    """What benchmarks/serving_load.py measures; each number of clients asks for ``seconds``."""

    seconds: float
    rows: list[LoadRow]


@dataclasses.dataclass(frozen=True, kw_only=True)
class EngineRate:
    """One command of ``fer-md predict``.

    Attributes:
        engine: what runs it, and the number of workers.
        seconds_to_start: of the command with one picture.
        seconds: of the command with all pictures.
        pictures_a_second: of the others, in the difference of the two.
    """

    engine: str
    seconds_to_start: float
    seconds: float
    pictures_a_second: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class RayWorkers(Result):
    """What benchmarks/ray_workers.py measures; ``load_before`` is the load of other programs in the minute before."""

    pictures: int
    load_before: float
    rates: list[EngineRate]


@dataclasses.dataclass(frozen=True, kw_only=True)
class PredictionSpeed(Result):
    """What benchmarks/predict.py measures.

    Attributes:
        measured: by name of the program: why it "does not run here", or what was measured of its faces, its "first
            answer" in seconds, times "end to end" and of the "classifier" by the number of pictures at once, times a
            frame of the "video", and "megabytes".
    """

    pictures: int
    kind: str
    batch: int
    measured: dict[str, dict[str, Any]]
    ratios: dict[str, float]
    goals: list[SpeedGoal] | None = None


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


@dataclasses.dataclass(frozen=True)
class RobustnessRow:
    """Accuracy and macro recall of a network on faces with one corruption; as they are: "none", strength 0."""

    network: str
    corruption: str
    strength: int
    accuracy: float
    macro_recall: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Robustness(Result):
    """What experiments/robustness.py measures.

    Attributes:
        images: that were corrupted.
        models: SHA-256 of the networks' files.
        seed: of the corruptions.
    """

    data: str
    split: str
    images: int
    manifest_sha256: str
    models: dict[str, str]
    seed: int
    rows: list[RobustnessRow]


@dataclasses.dataclass(frozen=True, kw_only=True)
class CropRow:
    """A network on photographs whose faces were cut out by one rule.

    Attributes:
        rule: one of experiments/compare_crops.py.
        faces, people: that were measured.
        tilted, accuracy_tilted: heads whose eyes are not level, and the accuracy on them.
        gain: in accuracy, over the rule by which the training faces were cut out; None for that rule.
    """

    network: str
    split: str
    rule: str
    faces: int
    people: int
    accuracy: float
    macro_recall: float
    tilted: int
    accuracy_tilted: float | None
    gain: Gain | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Crops(Result):
    """What experiments/compare_crops.py measures.

    Attributes:
        models: SHA-256 of the networks' files.
    """

    data: str
    models: dict[str, str]
    rows: list[CropRow]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SmoothingRow:
    """Answers for clips, averaged over ``smoothing`` seconds.

    Attributes:
        changes: of the label, a second.
        accuracy: of all frames with a face.
        accuracy_after_change: of those just after the expression changed.
    """

    smoothing: float
    changes: float
    accuracy: float
    accuracy_after_change: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Smoothing(Result):
    """What experiments/smoothing.py measures.

    Attributes:
        clips: their number.
        seconds: of a clip, in whose middle the expression changes.
        after: seconds that count as just after it.
        faceless: share of the frames in which no face was found.
        tracks: mean number of faces that a clip was said to have.
        seed: of the clips.
    """

    data: str
    split: str
    clips: int
    seconds: int
    after: float
    faceless: float
    tracks: float
    seed: int
    rows: list[SmoothingRow]


@dataclasses.dataclass(frozen=True, kw_only=True)
class CrossColumn:
    """A data set on which networks are tested.

    Attributes:
        manifest_sha256: of the data set.
        faces: that were tested.
        left_out: faces of the split that were not.
    """

    data: str
    manifest_sha256: str
    faces: int
    left_out: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class CrossCell(ConfusionFigures):
    """The figures of a network on a data set."""

    data: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class CrossRow:
    """A network on all data sets, with the names of those that it has learned from."""

    network: str
    trained_on: list[str]
    cells: list[CrossCell]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cross(Result):
    """What experiments/cross_datasets.py measures; the expressions are those in common."""

    split: str
    expressions: list[str]
    columns: list[CrossColumn]
    rows: list[CrossRow]


@dataclasses.dataclass(frozen=True, kw_only=True)
class DoubtRow:
    """Answers about the faces of photographs that were changed in one way.

    Attributes:
        found: photographs in which a face is found.
        doubted: those with at least one doubt.
        doubts: those with each doubt, by its name.
        accuracy_doubted, accuracy_others: share of right answers; None where there are none.
    """

    change: str
    found: int
    doubted: int
    doubts: dict[str, int]
    accuracy_doubted: float | None
    accuracy_others: float | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class ThresholdRow:
    """What the detector finds above a threshold.

    Attributes:
        false_alarms: faces in pictures without one.
        narrow: false alarms that are not wider than `Doubts.narrow`.
        found, found_small: share of the photographs in which a face is found, as they are and a fifth of the size.
    """

    threshold: float
    false_alarms: int
    narrow: int
    found: float
    found_small: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Doubts(Result):
    """What experiments/doubtful_faces.py measures.

    Attributes:
        photographs: that were drawn from the split.
        face: median width of their faces in pixels.
        seed: of the choice of photographs.
        scenes: names of the pictures without a face.
        tiles: number of the tiles that they were cut into.
        tile: longest side of a tile in pixels.
        narrow: width in pixels up to which a false alarm is narrow.
    """

    data: str
    split: str
    photographs: int
    face: float
    seed: int
    scenes: list[str]
    tiles: int
    tile: int
    narrow: int
    doubts: list[DoubtRow]
    thresholds: list[ThresholdRow]


@dataclasses.dataclass(frozen=True, kw_only=True)
class KilledStage:
    """What came of the kills of a stage.

    Attributes:
        seconds: that it took without one.
        kills: processes that were killed.
        ended: processes that came to their end before their moment.
        broken: kills after which a result was neither missing nor whole.
        equal: whether the results were in the end those of no kill, bit by bit.
    """

    stage: str
    seconds: float
    kills: int
    ended: int
    broken: int
    equal: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kills(Result):
    """What benchmarks/kills.py measures; ``seed`` is of the moments."""

    kills: int
    seed: int
    stages: list[KilledStage]


@dataclasses.dataclass(frozen=True, kw_only=True)
class FuzzedReader:
    """How many inputs a reader was given, and the error that was found, if any was."""

    reader: str
    inputs: int
    finding: str | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fuzz(Result):
    """What benchmarks/fuzz.py measures; ``minutes`` is for all readers together."""

    minutes: float
    readers: list[FuzzedReader]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Growth:
    """Memory while something was repeated.

    Attributes:
        megabytes: held after each tenth.
        grown: by the largest of them since the first.
    """

    part: str
    repeats: int
    megabytes: list[float]
    grown: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Soak(Result):
    """What benchmarks/soak.py measures."""

    parts: list[Growth]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AuditSplit:
    """What a test split of FER2013 shares with Training.

    Attributes:
        faces: of the split.
        identical: to a training face, pixel by pixel.
        twins: that correlate with a training face, see `fer_md.data.twins`; nearly all identical ones are among them.
        moved_or_mirrored: of the twins, without the identical ones.
        twins_with_other_label: whose training face has another label.
        ceiling: accuracy of the label that FER+'s votes make most probable; None without votes.
    """

    split: str
    faces: int
    identical: int
    twins: int
    moved_or_mirrored: int
    twins_with_other_label: int
    ceiling: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class AuditRow:
    """Accuracy of a network on a split: of all faces, without those that are in Training, and of those alone."""

    split: str
    network: str
    averaging: str
    accuracy: float
    macro_recall: float
    without_identical: float | None
    without_twins: float | None
    twins: float | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Audit(Result):
    """What experiments/audit_fer2013.py measures.

    Attributes:
        models: SHA-256 of the networks' files.
        correlation: from which a face is a twin.
    """

    manifest_sha256: str
    models: dict[str, str]
    correlation: float
    splits: list[AuditSplit]
    rows: list[AuditRow]
