"""One function trains a network, and one trains several that take turns."""

import contextlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from fer_md.errors import FerMdError
from fer_md.runs.provenance import environment
from fer_md.runs.run_directory import held_run, open_run
from fer_md.training.centers import start_centers
from fer_md.training.loop import train
from fer_md.training.presets import Recipe
from fer_md.training.strategy import check_alike, is_chief, workers_that_answer
from fer_md.training.stream import batch_sizes
from fer_md.training.task import Learner
from fer_md.training.trainer import Trainer


def train_network(
    learner: Learner, recipe: Recipe, run_dir: Path | str, settings: Mapping[str, Any], seed: int = 0, **options: Any
) -> keras.Model | None:
    """Trains one network; see ``train_networks``, whose ``options`` it takes.

    Returns:
        the trained network as ``model.keras`` holds it, or None if the run was told to stop.
    """
    models = train_networks([learner], recipe, run_dir, settings, seed, **options)
    return models and models[0]


def train_to_end(
    learner: Learner, recipe: Recipe, run_dir: Path | str, settings: Mapping[str, Any], seed: int = 0
) -> keras.Model:
    """Trains one network where nothing goes on without it; see ``train_networks``.

    Returns:
        the trained network as ``model.keras`` holds it.

    Raises:
        FerMdError: the run was told to stop; or an error of ``train_networks``.
    """
    model = train_network(learner, recipe, run_dir, settings, seed)
    if model is None:
        raise FerMdError(f"{run_dir}: stopped; start it again to go on")
    return model


def train_networks(
    learners: Sequence[Learner],
    recipe: Recipe,
    run_dir: Path | str,
    settings: Mapping[str, Any],
    seed: int = 0,
    strategy: tf.distribute.Strategy | None = None,
    checkpoint_seconds: float = 120.0,
    measure_start: bool = False,
    patience: int | None = None,
) -> list[keras.Model] | None:
    """Trains networks that take turns, from the last checkpoint if the run was begun.

    An epoch sees as many faces as the largest training split has. Centers start at class means. What Keras holds of
    earlier trainings in this process is released first.

    Args:
        learners: the networks, with different names and equally many tasks.
        recipe: every number of the training.
        run_dir: folder of the run; see ``fer_md.training.loop.train`` for what it gets.
        settings: JSON values that decide the result, for ``config.json``; a run that was begun must have the same.
        seed: of the order of the examples, of the augmentation, and of the images from which centers start.
        strategy: where to train; this process alone by default.
        checkpoint_seconds, measure_start, patience: see ``fer_md.training.loop.train``.

    Returns:
        the trained networks, or None if the run was told to stop. They hold the averaged weights, finished
        (``Learner.finish``) where the run leaves them as they are (``Trainer.answers``), also where it was complete
        before.

    Raises:
        FerMdError: the folder holds a run with other settings, another process trains in it, its checkpoint is
            damaged, the batch cannot be divided among tasks and replicas, workers differ in data, settings or code, or
            one of them has died.
        NotFiniteError: the loss or a weight is not finite; the checkpoint before it is kept.
    """
    strategy = strategy or tf.distribute.get_strategy()
    batch_sizes(recipe, learners[0].tasks, strategy)
    found = environment()
    code = {name: found[name] for name in ("fer_md", "commit")}
    check_alike(strategy, json.dumps([settings, code], sort_keys=True), "data, settings or code")
    with contextlib.ExitStack() as held:
        run_dir = held.enter_context(held_run(run_dir, settings)) if is_chief(strategy) else open_run(run_dir, settings)
        _release_earlier()
        examples = max(len(task.training.labels) for learner in learners for task in learner.tasks)
        trainers = [Trainer(learner, recipe, examples, strategy) for learner in learners]
        for trainer in trainers:
            start_centers(trainer, seed)
        with workers_that_answer(run_dir):
            complete = train(trainers, run_dir, seed, checkpoint_seconds, measure_start, patience)
    if not complete:
        return None
    return [trainer.model for trainer in trainers]


def _release_earlier():
    """Releases the graphs of earlier trainings; the precision stays."""
    policy = keras.config.dtype_policy()
    keras.backend.clear_session()
    keras.config.set_dtype_policy(policy)
