"""Chooses the component's widths and recipe: short trainings with one seed, and the speed of each.

python experiments/search_network.py --data=runs/data/fer2013 --run_dir=runs/search --output=FILE.json

Measured on PublicTest; the test split is not read. The speeds are taken when all are trained, in turns, so that a slow
moment of the machine hits all of them. Candidates that are done are not trained again. The last one is the default in
float32: what bfloat16 costs.
"""

import dataclasses
import sys
import time
from pathlib import Path
from typing import Any

from fer_md import console
from fer_md.data.records import Split, load_split, read_info
from fer_md.files import read_json, write_json
from fer_md.models import NARROW, WIDE, ComponentConfig, build_component, config_for
from fer_md.runs.metrics_log import log_rows
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import folder_name, open_run, plain_settings
from fer_md.training.precision import set_precision
from fer_md.training.presets import PRESETS, Recipe
from fer_md.training.soft_targets import with_votes
from fer_md.training.strategy import make_strategy
from fer_md.training.stream import training_stream
from fer_md.training.task import Learner, Task
from fer_md.training.train import train_to_end
from fer_md.training.trainer import Trainer


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str = console.flag("Prepared folder, made by data_prep/*.py.")
    run_dir: str = console.flag("Folder of the candidates' runs.")
    output: str | None = console.new_file("JSON file for the results.", None)
    epochs: int = console.flag("Epochs of each training.", 3, least=1)
    candidates: tuple[str, ...] = console.flag("Names to train; all by default.", ())
    seed: int = console.flag("Seed of weights, order, augmentation and dropout.", 0, least=0)


def widths(config):
    return {"filters": config.filters, "inception": config.inception}


@dataclasses.dataclass(frozen=True)
class Changes:
    """What is other than ``ComponentConfig()`` and preset ``quick``, and the share of FER+'s votes in the target."""

    network: dict = dataclasses.field(default_factory=dict)
    recipe: dict = dataclasses.field(default_factory=dict)
    votes: float = 0.0


ROUNDS, STEPS = 3, 5
"""Of the measurement of speeds: turns that each candidate takes, and steps in a turn."""

CANDIDATES = {
    "default": Changes(),
    "wide": Changes(widths(WIDE)),
    "narrow": Changes(widths(NARROW)),
    "three quarters of wide": Changes({"filters": (24, 24, 96, 144, 192), "inception": (24, 36, 48, 6, 12, 12)}),
    "wide conv2": Changes({"filters": (16, 32, 64, 96, 128)}),
    "wide inception": Changes({"inception": WIDE.inception}),
    "inception for stages 3 to 5": Changes({"inception_stages": True}),
    "dropout 0.5": Changes({"dropout": 0.5}),
    "dropout 0.65": Changes({"dropout": 0.65}),
    "batch 256": Changes(recipe={"batch_size": 256, "rate": 0.1, "average": 0.998}),
    "votes": Changes(votes=0.3),
    "default float32": Changes(),
}


def main(settings: Settings) -> None:
    names = list(settings.candidates or CANDIDATES)
    for name in names:
        console.one_of("candidates", name, CANDIDATES)
    training, held_out = load_split(settings.data, "Training"), load_split(settings.data, "PublicTest")
    rows = {name: train_candidate(settings, name, training, held_out) for name in names}
    speeds = measure_speeds(settings, names, training)
    for name, row in rows.items():
        row["images_per_second"] = speeds[name]
        print(f"{name:30}{100 * row['accuracy']:7.2f} %{speeds[name]:8.0f} images/s", flush=True)
    if settings.output:
        write_result(
            settings.output,
            {
                "seed": settings.seed,
                "split": "PublicTest",
                "epochs": settings.epochs,
                "manifest_sha256": read_info(settings.data)["manifest_sha256"],
                "candidates": list(rows.values()),
            },
        )


def train_candidate(settings: Settings, name: str, training: Split, held_out: Split) -> dict[str, Any]:
    """Trains one candidate, or reads what it gave."""
    run_dir, precision = folder_of(settings, name), set_precision_of(settings, name)
    config, recipe = network_and_recipe(settings, name)
    decisive = {
        "manifest_sha256": read_info(settings.data)["manifest_sha256"],
        "network": plain_settings(config),
        "recipe": plain_settings(recipe),
        "votes": CANDIDATES[name].votes,
        "precision": precision,
        "seed": settings.seed,
    }
    result = run_dir / "result.json"
    if result.exists():
        open_run(run_dir, decisive)  # an error if it is another's
        return read_json(result)
    learner = make_learner(settings, name, training, held_out)
    model = train_to_end(learner, recipe, run_dir, decisive, settings.seed)
    last = [row for row in log_rows(run_dir) if row["split"] == "validation"][-1]
    write_json(
        result,
        {
            "name": name,
            "changes": dataclasses.asdict(CANDIDATES[name]),
            "weights": model.count_params(),
            "precision": precision,
            **{key: last[key] for key in ("accuracy", "macro_recall", "loss")},
        },
    )
    (run_dir / "checkpoint.npz").unlink()
    return read_json(result)


def folder_of(settings: Settings, name: str) -> Path:
    return Path(settings.run_dir) / folder_name(name)


def set_precision_of(settings: Settings, name: str) -> str:
    """Sets and returns the precision of a candidate; one that was begun keeps its own."""
    return set_precision("float32" if name.endswith("float32") else "auto", folder_of(settings, name))


def network_and_recipe(settings: Settings, name: str) -> tuple[ComponentConfig, Recipe]:
    candidate = CANDIDATES[name]
    config = dataclasses.replace(ComponentConfig(), **candidate.network)
    config = config_for(config, read_info(settings.data), settings.data)
    return config, dataclasses.replace(PRESETS["quick"], epochs=settings.epochs, **candidate.recipe)


def make_learner(settings: Settings, name: str, training: Split, held_out: Split) -> Learner:
    config, _ = network_and_recipe(settings, name)
    task, votes = Task("data", training, held_out), CANDIDATES[name].votes
    return Learner(lambda: build_component(config, settings.seed), [with_votes(task, votes) if votes else task])


def measure_speeds(settings: Settings, names: list[str], training: Split) -> dict[str, float]:
    """Images per second of each candidate's training step, the best of `ROUNDS`."""
    trainers = {name: make_trainer(settings, name, training) for name in names}
    best = dict.fromkeys(names, 0.0)
    for number in range(ROUNDS + 1):
        for name, trainer in trainers.items():
            batch = next(iter(training_stream(trainer, settings.seed, 0, 1)))
            size, started = trainer.recipe.batch_size, time.perf_counter()
            for step in range(STEPS):
                trainer.train_step(batch, step).numpy()
            if number:  # the first round compiles
                best[name] = max(best[name], STEPS * size / (time.perf_counter() - started))
    return best


def make_trainer(settings: Settings, name: str, training: Split) -> Trainer:
    """The bare step, to be timed."""
    set_precision_of(settings, name)
    learner, (_, recipe) = make_learner(settings, name, training, training), network_and_recipe(settings, name)
    return Trainer(learner, recipe, len(training.labels), make_strategy("one"))


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
