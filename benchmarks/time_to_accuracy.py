"""How soon preset ``fast`` knows what preset ``quick`` learns: seconds to an accuracy, and what each idea gives.

python benchmarks/time_to_accuracy.py --data=runs/data/fer2013 --run_dir=runs/time --output=FILE.json

Each row of ``RACERS`` is trained with each seed and measured on PublicTest after each epoch; the test split is not
read. The speeds are taken when all are trained, in turns, so that a slow moment of the machine hits all of them.
Seconds are images over that speed, without validation. Run again, it goes on where it was stopped. Two hours
on one core.
"""

import dataclasses
import functools
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fer_md import console
from fer_md.data.records import Split, load_split, read_info
from fer_md.models import NETWORKS, ComponentConfig, build_component, config_for
from fer_md.runs.metrics_log import log_rows
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import folder_name, plain_settings
from fer_md.training.precision import precision_of_runs, set_precision
from fer_md.training.presets import PRESETS, Recipe
from fer_md.training.soft_targets import with_votes
from fer_md.training.strategy import make_strategy
from fer_md.training.stream import training_stream
from fer_md.training.task import Learner, Task
from fer_md.training.train import train_to_end
from fer_md.training.trainer import Trainer


@dataclasses.dataclass(frozen=True)
class Racer:
    """A training: its preset, and what is other than that says.

    Attributes:
        single: train it with the first seed alone: it shows what an idea gives.
    """

    preset: str
    recipe: dict[str, Any] = dataclasses.field(default_factory=dict)
    network: str = "default"
    votes: float = 0.0
    single: bool = False


RACERS = {
    "quick": Racer("quick"),
    "fast with votes": Racer("fast", votes=0.4),
    "fast": Racer("fast", single=True),
    "fast with votes and without Muon": Racer("fast", {"muon": 0.0}, votes=0.4, single=True),
    "quick in the time of fast": Racer("quick", {"epochs": 13}, single=True),
    "fast with votes in the time of quick": Racer("fast", {"epochs": 11}, "deep", 0.4, single=True),
}

BARS = (0.60, 0.65, 0.68)
"""Accuracies on PublicTest."""

ROUNDS, STEPS = 4, 20
"""Of the measurement of speeds: turns that each racer takes, of which the first compiles, and steps in a turn."""

PASSES = 3
"""Multiply-adds of a training step over those of a forward pass: forward, and both gradients. Muon's are left out."""


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str = console.flag("Prepared folder of FER2013 with FER+'s votes, made by data_prep/fer2013.py.")
    run_dir: str = console.flag("Folder of the runs, one folder a racer and seed.")
    output: str = console.new_file("JSON file for the results, for example docs/results/time-to-accuracy.json.")
    racers: tuple[str, ...] = console.flag(f"Of {', '.join(RACERS)}; all by default.", ())
    seeds: tuple[int, ...] = console.flag("Seeds of weights, order, augmentation and dropout.", (0, 1, 2))


def main(settings: Settings) -> None:
    names = [console.one_of("racers", name, RACERS) for name in settings.racers or RACERS]
    training, held_out = load_split(settings.data, "Training"), load_split(settings.data, "PublicTest")
    rows = {name: [] for name in names}
    for name in names:
        for seed in seeds_of(settings, name):
            rows[name].append(train(settings, name, seed, training, held_out))
    speeds = measure_speeds(settings, names, training)
    folders = [folder_of(settings, name, seed) for name in names for seed in seeds_of(settings, name)]
    found = {name: summary(settings, name, rows[name], speeds[name], len(training.labels)) for name in names}
    for name, row in found.items():
        accuracies = " ".join(f"{100 * accuracy:.2f}" for accuracy in row["accuracies"])
        print(f"{name:34}{accuracies} %{row['seconds'] / 60:7.1f} min", flush=True)
    write_result(
        settings.output,
        {
            "seeds": list(settings.seeds),
            "split": "PublicTest",
            "manifest_sha256": read_info(settings.data)["manifest_sha256"],
            "precision": precision_of_runs(folders),
            "bars": list(BARS),
            "racers": found,
        },
    )


def seeds_of(settings: Settings, name: str) -> tuple[int, ...]:
    return settings.seeds[:1] if RACERS[name].single else settings.seeds


def folder_of(settings: Settings, name: str, seed: int) -> Path:
    return Path(settings.run_dir) / f"{folder_name(name)}-seed{seed}"


def parts(settings: Settings, name: str) -> tuple[ComponentConfig, Recipe]:
    """A racer's network and recipe."""
    racer = RACERS[name]
    config = config_for(NETWORKS[racer.network], read_info(settings.data), settings.data)
    return config, dataclasses.replace(PRESETS[racer.preset], **racer.recipe)


def make_learner(settings: Settings, name: str, seed: int, training: Split, held_out: Split) -> Learner:
    config, _ = parts(settings, name)
    task, votes = Task("data", training, held_out), RACERS[name].votes
    return Learner(functools.partial(build_component, config, seed), [with_votes(task, votes) if votes else task])


def train(settings: Settings, name: str, seed: int, training: Split, held_out: Split) -> list[dict]:
    """Trains a racer, where that is not done, and returns what its log says of PublicTest after each epoch."""
    config, recipe = parts(settings, name)
    folder = folder_of(settings, name, seed)
    decisive = {
        "manifest_sha256": read_info(settings.data)["manifest_sha256"],
        "network": plain_settings(config),
        "recipe": plain_settings(recipe),
        "votes": RACERS[name].votes,
        "precision": set_precision("auto", folder),
        "seed": seed,
    }
    train_to_end(make_learner(settings, name, seed, training, held_out), recipe, folder, decisive, seed)
    return [row for row in log_rows(folder) if row["split"] == "validation"]


def summary(settings: Settings, name: str, logs: list[list[dict]], speed: float, examples: int) -> dict[str, Any]:
    """What a racer reached, and when: epochs, seconds and multiply-adds to each of ``BARS``, by seed."""
    config, recipe = parts(settings, name)
    images, work = recipe.epochs * examples, PASSES * multiply_adds(build_component(config))
    first = {
        f"{bar:.2f}": [next((row["epoch"] for row in log if row["accuracy"] >= bar), None) for log in logs]
        for bar in BARS
    }
    return {
        "preset": RACERS[name].preset,
        "changes": RACERS[name].recipe,
        "network": RACERS[name].network,
        "votes": RACERS[name].votes,
        "epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "accuracies": [log[-1]["accuracy"] for log in logs],
        "macro_recalls": [log[-1]["macro_recall"] for log in logs],
        "images_per_second": speed,
        "seconds": images / speed,
        "multiply_adds": images * work,
        "epochs_to": first,
        "seconds_to": {bar: [epoch and epoch * examples / speed for epoch in epochs] for bar, epochs in first.items()},
    }


def multiply_adds(model: keras.Model) -> float:
    """Of one image's forward pass, in its convolutions and Dense layers."""
    layers = [layer for layer in model.layers if hasattr(layer, "kernel")]
    return float(sum(np.prod(layer.kernel.shape) * np.prod(layer.output.shape[1:-1]) for layer in layers))


def measure_speeds(settings: Settings, names: list[str], training: Split) -> dict[str, float]:
    """Images per second of each racer's training step, the median over the rounds."""
    trainers, rates = {}, {name: [] for name in names}
    for name in names:
        set_precision("auto", folder_of(settings, name, settings.seeds[0]))
        _, recipe = parts(settings, name)
        learner = make_learner(settings, name, settings.seeds[0], training, training)
        trainers[name] = Trainer(learner, recipe, len(training.labels), make_strategy("one"))
    for number in range(ROUNDS):
        for name, trainer in trainers.items():
            batches = iter(training_stream(trainer, settings.seeds[0], 0, STEPS + 1))
            trainer.train_step(next(batches), 0).numpy()
            started = time.perf_counter()
            for step, batch in enumerate(batches, 1):
                trainer.train_step(batch, step).numpy()
            if number:
                rates[name].append(STEPS * trainer.recipe.batch_size / (time.perf_counter() - started))
    return {name: float(np.median(found)) for name, found in rates.items()}


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
