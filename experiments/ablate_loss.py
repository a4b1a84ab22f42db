"""Whether a loss beside softmax helps: trainings that differ in the loss, with enough seeds to tell.

    python experiments/ablate_loss.py --study=screen --data=runs/data/fer2013 --probe=runs/data/facial_expressions \
        --run_dir=runs/loss --output=docs/results/loss-screen.json

- ``screen``: all rows on a tenth of Training, three seeds; another seed has another tenth.
- ``confirm``: two rows on all of Training, twelve seeds. Stops after six where the second row is no better.
- ``low_data``: two rows on a tenth, forty seeds. None of them has served in the screen.

The last two name the rows with --rows=FIRST,SECOND. Rows with the same seed share faces, order, augmentation and first
weights; some have a recipe of their own. The screen chooses on PublicTest; the other two are measured on PrivateTest.
What is done is not trained again, and the table is written after each seed.
"""

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fer_md import console
from fer_md.data.records import Split, load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.distances import class_distances
from fer_md.evaluation.linear_probe import linear_probe_classes
from fer_md.evaluation.metrics import (
    accuracy_and_macro_recall,
    expected_calibration_error,
    negative_log_likelihood,
)
from fer_md.evaluation.nearest_neighbors import nearest_neighbor_classes
from fer_md.evaluation.predict import embeddings_function, predict_probabilities
from fer_md.evaluation.sign_flips import PairedDifference, sign_flip_test
from fer_md.files import read_json, write_json
from fer_md.losses import MD_FORMS
from fer_md.models import NETWORKS, ComponentConfig, build_component, config_for
from fer_md.models.heads import prototype_component
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import folder_name, load_model, open_run, plain_settings
from fer_md.training.precision import precision_of_runs, set_precision
from fer_md.training.presets import PRESETS, Recipe
from fer_md.training.task import Learner, Task, make_metric_loss
from fer_md.training.train import train_to_end
from fer_md.typed_json import from_json, to_json
from pages.result_files import read_run_time
from pages.study_rows import LossRow, LossStudy, LossTraining


@dataclasses.dataclass(frozen=True)
class Study:
    """How much is trained.

    Attributes:
        parts: of Training, of which a training gets one.
        average: of the recipe; it fits the number of steps.
        seeds: by default.
        split: that is measured.
        pairs: two rows are compared.
        look: ends after so many pairs where the second row is no better.
    """

    parts: int
    average: float
    seeds: Sequence[int]
    split: str = "PrivateTest"
    pairs: bool = True
    look: int | None = None


STUDIES = {
    "screen": Study(parts=10, average=0.99, seeds=range(3), split="PublicTest", pairs=False),
    "confirm": Study(parts=1, average=0.999, seeds=range(12), look=6),
    "low_data": Study(parts=10, average=0.99, seeds=range(3, 43)),
}


@dataclasses.dataclass(frozen=True)
class Settings:
    study: str = console.flag("What is compared; see above.", choices=list(STUDIES))
    data: str = console.flag("Prepared folder, made by data_prep/*.py.")
    probe: str = console.flag("Prepared folder of another data set, for a linear classifier of its embeddings.")
    run_dir: str = console.flag("Folder of the runs of all studies.")
    output: str | None = console.new_file("JSON file for the table.", None)
    rows: tuple[str, ...] = console.flag("Names of the rows; the study screen trains all by default.", ())
    seeds: tuple[int, ...] = console.flag("Seeds, instead of the study's.", ())
    epochs: int = console.flag("Epochs of each training.", 36, least=1)
    network: str = console.flag("tiny is for a trial.", "default", choices=["default", "tiny"])


@dataclasses.dataclass(frozen=True)
class Row:
    """One way to train; ``network`` and ``recipe`` are what is other than the study's."""

    kind: str = "none"
    loss_weight: float = 0.0
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    prototypes: bool = False
    network: dict[str, Any] = dataclasses.field(default_factory=dict)
    recipe: dict[str, Any] = dataclasses.field(default_factory=dict)


ALL_IMPOSTORS = {"nearest": None, "margin": 0.0, "hinge": None, "variance_gradient": False, "alpha": 0.05}
BOTTLENECK = {"embedding": 256}

ROWS = {
    "softmax": Row(),
    "softmax without smoothing": Row(recipe={"label_smoothing": 0.0}),
    "softmax dropout 0.5": Row(network={"dropout": 0.5}),
    "softmax decay 0.001": Row(recipe={"weight_decay": 1e-3}),
    "softmax bottleneck 256": Row(network=BOTTLENECK),
    "Gaussian prototypes": Row(prototypes=True),
    "center 0.003": Row("center", 0.003),
    "center 0.01": Row("center", 0.01),
    "MD nearest 0.1": Row("md", 0.1, MD_FORMS["nearest"]),
    **{f"MD all impostors {weight:g}": Row("md", weight, ALL_IMPOSTORS) for weight in (0.5, 1.0)},
    **{f"MD pulling {weight:g}": Row("md", weight, MD_FORMS["pulling"]) for weight in (0.2, 0.5, 1.0)},
    **{
        f"MD pulling {weight:g} bottleneck 256": Row("md", weight, MD_FORMS["pulling"], network=BOTTLENECK)
        for weight in (0.5, 2.0, 5.0)
    },
}
"""A number is the factor of the loss beside softmax, where nothing else is said."""


@dataclasses.dataclass(frozen=True)
class Faces:
    """What a study learns from and is measured on: of the data set, and of that of the linear probe."""

    training: Split
    held_out: Split
    probe_training: Split
    probe_held_out: Split


def main(settings: Settings) -> None:
    names, study = rows_of(settings), STUDIES[settings.study]
    splits = ("Training", study.split)
    faces = Faces(*(load_split(data, split) for data in (settings.data, settings.probe) for split in splits))
    found: dict[str, list[LossTraining]] = {name: [] for name in names}
    for done, seed in enumerate(settings.seeds or study.seeds, 1):
        for name in names:
            found[name].append(run_row(settings, name, seed, faces))
            print(f"{name:30} seed {seed}  {describe(found[name][-1])}", flush=True)
        if settings.output:
            write_result(settings.output, table(settings, found, part_of(settings, faces.training, seed)))
        if done == study.look and paired(*found.values(), "accuracy").mean <= 0:
            print(f"stopped after {done} pairs: {names[1]} is no better than {names[0]}")
            return


def rows_of(settings: Settings) -> Sequence[str]:
    """The names of the rows.

    Raises:
        FerMdError: an unknown one, or other than two where two are compared.
    """
    for name in settings.rows:
        console.one_of("rows", name, ROWS)
    if STUDIES[settings.study].pairs and len(settings.rows) != 2:
        found = "; ".join(settings.rows) or "none"
        raise FerMdError(f"--rows must name the two rows that {settings.study} compares, not {found}")
    return settings.rows or list(ROWS)


def part_of(settings: Settings, training: Split, seed: int) -> Split:
    """The faces that a training learns from: drawn by its seed."""
    count = len(training.labels)
    drawn = np.random.default_rng(seed).permutation(count)[: round(count / STUDIES[settings.study].parts)]
    return training.select(np.isin(np.arange(count), drawn))


def network_of(settings: Settings, row: Row) -> ComponentConfig:
    config = dataclasses.replace(NETWORKS[settings.network], **row.network)
    return config_for(config, read_info(settings.data), settings.data)


def recipe_of(settings: Settings, row: Row) -> Recipe:
    common = {"epochs": settings.epochs, "average": STUDIES[settings.study].average}
    return dataclasses.replace(PRESETS["quick"], **common, **row.recipe)


def folder_of(settings: Settings, name: str, seed: int) -> Path:
    return Path(settings.run_dir) / settings.study / f"{folder_name(name)}-{seed}"


def run_row(settings: Settings, name: str, seed: int, faces: Faces) -> LossTraining:
    """Trains one row with one seed, or reads what it gave.

    Raises:
        FerMdError: told to stop, or the folder holds a run with other settings.
    """
    row, folder = ROWS[name], folder_of(settings, name, seed)
    config, recipe, result = network_of(settings, row), recipe_of(settings, row), folder / "result.json"
    decisive = {
        "manifest_sha256": read_info(settings.data)["manifest_sha256"],
        "probe_manifest_sha256": read_info(settings.probe)["manifest_sha256"],
        "parts": STUDIES[settings.study].parts,
        "recipe": plain_settings(recipe),
        "network": plain_settings(config),
        "row": dataclasses.asdict(row),
        "seed": seed,
        "precision": set_precision("auto", folder),
    }
    open_run(folder, decisive)
    if not result.exists():
        part = part_of(settings, faces.training, seed)
        layer = make_metric_loss(row.kind, config.num_classes, config.embedding_dim, seed, **row.options)
        task = Task("data", part, metric_loss=layer, loss_weight=row.loss_weight)
        learner = Learner(lambda: build(row, config, seed), [task])
        train_to_end(learner, recipe, folder, decisive, seed)
        seconds = read_run_time(folder).seconds
        figures = measure(load_model(folder), dataclasses.replace(faces, training=part))
        write_json(result, to_json(LossTraining(seed=seed, seconds=seconds, **figures)))
        (folder / "checkpoint.npz").unlink()
    return from_json(LossTraining, read_json(result), str(result))


def build(row, config, seed):
    component = build_component(config, seed)
    return prototype_component(component) if row.prototypes else component


def measure(model: Any, faces: Faces) -> dict[str, float]:
    """The figures of ``LossTraining`` but the seed and the seconds; ``faces.training`` is what it has learned from."""
    labels, embed = faces.held_out.labels, embeddings_function(model)
    probabilities, embeddings = predict_probabilities(model, faces.held_out.images), embed(faces.held_out.images)
    nearest = nearest_neighbor_classes(embeddings, embed(faces.training.images), faces.training.labels)
    probe = linear_probe_classes(
        embed(faces.probe_held_out.images), embed(faces.probe_training.images), faces.probe_training.labels
    )
    accuracy, macro_recall = scores(labels, probabilities.argmax(1))
    probe_accuracy, probe_macro_recall = scores(faces.probe_held_out.labels, probe)
    return {
        "accuracy": accuracy,
        "macro_recall": macro_recall,
        "loss": negative_log_likelihood(labels, probabilities),
        "calibration_error": expected_calibration_error(labels, probabilities),
        "knn_accuracy": scores(labels, nearest)[0],
        "probe_accuracy": probe_accuracy,
        "probe_macro_recall": probe_macro_recall,
        **class_distances(embeddings, labels),
    }


def scores(labels: np.ndarray, classes: np.ndarray) -> tuple[float, float]:
    """Accuracy and macro recall."""
    return accuracy_and_macro_recall(labels, classes, int(max(labels.max(), classes.max())) + 1)


def describe(found: LossTraining) -> str:
    return (
        f"accuracy {100 * found.accuracy:.2f} %  macro recall {100 * found.macro_recall:.2f} %  "
        f"kNN {100 * found.knn_accuracy:.2f} %  probe {100 * found.probe_macro_recall:.2f} %  "
        f"intra / inter {found.ratio:.2f}  {found.seconds:.0f} s"
    )


def paired(first: Sequence[LossTraining], second: Sequence[LossTraining], figure: str) -> PairedDifference:
    """Second row minus the first in a figure, over the seeds."""
    return sign_flip_test([getattr(b, figure) - getattr(a, figure) for a, b in zip(first, second, strict=True)])


COMPARED = (
    "accuracy",
    "macro_recall",
    "knn_accuracy",
    "probe_accuracy",
    "probe_macro_recall",
    "loss",
    "calibration_error",
    "ratio",
)


def table(settings: Settings, found: dict[str, list[LossTraining]], part: Split) -> LossStudy:
    """The file of a study as far as it has gone."""
    study, trainings = STUDIES[settings.study], list(found.values())
    runs = [folder_of(settings, name, each.seed) for name in found for each in found[name]]
    return LossStudy(
        split=study.split,
        faces=len(part.labels),
        epochs=settings.epochs,
        network=settings.network,
        precision=precision_of_runs(runs),
        manifest_sha256=read_info(settings.data)["manifest_sha256"],
        probe_manifest_sha256=read_info(settings.probe)["manifest_sha256"],
        rows=[LossRow(name=name, settings=dataclasses.asdict(ROWS[name]), single=found[name]) for name in found],
        seeds_planned=len(settings.seeds or study.seeds) if study.pairs else None,
        differences={figure: paired(*trainings, figure) for figure in COMPARED}
        if study.pairs and len(trainings[0]) > 1
        else None,
    )


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
