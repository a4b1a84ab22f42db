"""Result files with invented figures, complete in every field; a test names those that it is about."""

from typing import Any

from fer_md.expressions import EXPRESSIONS
from fer_md.files import write_json
from fer_md.runs.results import Environment
from fer_md.typed_json import to_json
from pages.rows import (
    Gain,
    LandmarkError,
    Landmarks,
    Matrices,
    MatrixRow,
    MethodRow,
    Methods,
    MethodTraining,
    RunConfig,
    SeedTest,
    StageRow,
    Stages,
)
from pages.study_rows import DrawnDomain, DrawnFaces

MACHINE = Environment(
    date="2026-11-25",
    python="3.11",
    tensorflow="2.21",
    keras="3.15",
    fer_md="0.1",
    commit="unknown",
    processor="P",
    cpus=2,
)
GAIN = Gain(
    difference=0.1,
    low=0.05,
    high=0.15,
    mcnemar=[SeedTest(seed=seed, only_first=4, only_second=1, p=p) for seed, p in enumerate((1e-5, 0.25))],
)


def save(path, record):
    """Writes a record as it is, with its own command and environment."""
    write_json(path, to_json(record))
    return path


def of_matrix(**changes: Any) -> dict[str, Any]:
    """Fields of ``ConfusionFigures``."""
    return {
        "images": 15,
        "accuracy": 0.78,
        "accuracy_interval": (0.75, 0.81),
        "macro_recall": 0.77,
        "macro_recall_interval": (0.74, 0.80),
        "macro_f1": 0.76,
        "recall": dict.fromkeys(EXPRESSIONS, 0.77),
        "one_vs_rest_accuracy": dict.fromkeys(EXPRESSIONS, 0.9),
        "confusion": [[2] * 7] * 7,
        **changes,
    }


def of_network(**changes: Any) -> dict[str, Any]:
    """Fields of ``Figures``."""
    more = {"expected_calibration_error": 0.0123, "negative_log_likelihood": 1.0, "leaked": 9}
    return of_matrix(**{**more, "accuracy_without_leaked": 0.69, **changes})


def of_evaluation(**changes: Any) -> dict[str, Any]:
    """Fields of ``Evaluation``."""
    more = {"command": "python <evaluate>", "environment": MACHINE, "data": "fer2013", "split": "PublicTest"}
    return of_network(**{**more, "averaging": "none", "seed": 0, "manifest_sha256": "a", "models": {}, **changes})


def run_config(settings: dict[str, Any]) -> RunConfig:
    return RunConfig(settings=settings, command="python <train>", environment=MACHINE)


def stage_row(**changes: Any) -> StageRow:
    more = {"data": "first", "stage": "pre-trained", "network": "component 1", "paper_measures": "accuracy"}
    return StageRow(**of_network(**{**more, "expressions": list(EXPRESSIONS), **changes}))


def stages(rows: list[StageRow], **changes: Any) -> Stages:
    fields = {
        "command": "python <s>",
        "environment": MACHINE,
        "split": "PrivateTest",
        "averaging": "none",
        "protocol": "a",
        "models": {},
        "settings": [{}, {}, {"replay": 0.0}],
        "seconds": [60.0, 60.0, 30.0],
        "rows": rows,
    }
    return Stages(**{**fields, **changes})


def matrix_row(**changes: Any) -> MatrixRow:
    return MatrixRow(**of_matrix(**{"data": "lab", "network": "fused", "expressions": list(EXPRESSIONS), **changes}))


def matrices(rows: list[MatrixRow], **changes: Any) -> Matrices:
    fields = {
        "command": "python t",
        "environment": MACHINE,
        "table": 1,
        "split": "PrivateTest",
        "data": ["lab"],
        "manifest_sha256": ["a"],
        "settings": [{"seed": 0, "recipe": {"epochs": 4}, "precision": "float32"}],
        "models": {},
        "rows": rows,
    }
    return Matrices(**{**fields, **changes})


def method_training(**changes: Any) -> MethodTraining:
    return MethodTraining(**{"seed": 0, "accuracy": 0.5, "macro_recall": 0.4, "commonest": 0.3, **changes})


def method_row(**changes: Any) -> MethodRow:
    fields = {"method": "Kim", "loss": "MD", "accuracy": 0.5, "accuracy_std": 0.01, "macro_recall": 0.4}
    return MethodRow(**{**fields, "macro_recall_std": 0.01, "single": [method_training()] * 2, **changes})


def methods(rows: list[MethodRow], **changes: Any) -> Methods:
    fields = {
        "command": "python <methods>",
        "environment": MACHINE,
        "data": "fer2013",
        "manifest_sha256": "a",
        "split": "PrivateTest",
        "images": {"training": 3000, "test": 3589},
        "left_out": 0,
        "people": 0,
        "pairs_of_persons": "none",
        "epochs": 8,
        "network": "default",
        "recipe": {"batch_size": 32},
        "rates": [0.01],
        "rate_trials": {},
        "metric_loss": {},
        "precision": "float32",
        "seconds": 60.0,
        "seeds": [0, 1],
        "rows": rows,
    }
    return Methods(**{**fields, **changes})


def landmark_error(**changes: Any) -> LandmarkError:
    return LandmarkError(**{"mean": 0.05, "median": 0.04, "auc": 0.4, "failures": 0.1, **changes})


def landmarks(errors: dict[str, Any], **changes: Any) -> Landmarks:
    """Of one data set or several, with 40 faces to learn and 20 to test each."""
    fields = {
        "command": "python <landmarks>",
        "environment": MACHINE,
        "seeds": [0],
        "data": list(errors),
        "faces": {name: {"training": 40, "test": 20} for name in errors},
        "network": "tiny",
        "image_size": 48,
        "epochs": {"HyperFace": 9},
        "recipe": {},
        "faces_sha256": {},
        "failure_above": 0.08,
        "errors": errors,
        "single": {name: {method: [{"mean": 0.08, "failures": 0.3}] for method in own} for name, own in errors.items()},
        "places": [0, 0.1, 0.2],
        "curves": {name: {"inter-ocular": {"HyperFace": [0, 0.5, 1]}} for name in errors},
        "seconds": {"hyperface": 40.0, "cascade": 5.0},
    }
    return Landmarks(**{**fields, **changes})


def drawn_faces() -> DrawnFaces:
    domain = DrawnDomain(
        count=600,
        manifest_sha256="a",
        linear={"accuracy": 0.3},
        network={"accuracy": 0.7, "accuracy_interval": [0.65, 0.75]},
        faces_per_cpu_second=999.6,
    )
    domains = {"lab": domain, "wild": domain}
    return DrawnFaces(command="python <draw>", environment=MACHINE, split="PrivateTest", seed=0, domains=domains)
