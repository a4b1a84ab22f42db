"""The training batches of one data set or several, divided among a strategy's replicas."""

import functools
import math
from collections.abc import Iterable

import tensorflow as tf

from fer_md.errors import FerMdError
from fer_md.training.presets import Recipe
from fer_md.training.trainer import Trainer


def training_stream(trainer: Trainer, seed: int, step: int, total: int) -> Iterable:
    """The batches of steps ``step`` to ``total - 1``, as ``Trainer.train_step`` takes them.

    Args:
        trainer: ``Trainer``; its recipe's batch size is shared evenly among the tasks.
        seed: of the order and of the augmentation; each data set gets its own from it.
        step, total: range of steps.

    Returns:
        iterable of tuples of (images, targets), one pair a task.

    Raises:
        FerMdError: see ``check_batch``.
    """
    strategy, recipe = trainer.strategy, trainer.recipe
    check_batch(recipe, len(trainer.tasks), strategy)
    replicas, size = strategy.num_replicas_in_sync, recipe.batch_size // len(trainer.tasks)
    finish = math.ceil((recipe.epochs - recipe.finish.epochs) * trainer.steps_per_epoch)

    def batches(shard, shards):
        parts = []
        for index, task in enumerate(trainer.tasks):
            phases = (
                (task.batches, recipe.augmentation, step, min(total, finish)),
                (task.finish_batches or task.batches, recipe.finish.augmentation, max(step, finish), total),
            )
            made = [
                make(task.training, augmentation, size, seed + 7919 * index, first, last, shard, shards)
                for make, augmentation, first, last in phases
                if first < last
            ]
            parts.append(functools.reduce(tf.data.Dataset.concatenate, made))
        return parts

    def for_worker(context):
        workers = context.num_input_pipelines
        own = batches(context.input_pipeline_id, workers)
        if replicas > workers:
            own = [part.unbatch().batch(size // replicas) for part in own]
        return tf.data.Dataset.zip(tuple(own))

    if replicas == 1:
        return tf.data.Dataset.zip(tuple(batches(0, 1)))
    return strategy.distribute_datasets_from_function(for_worker)


def check_batch(recipe: Recipe, data_sets: int, strategy: tf.distribute.Strategy) -> None:
    """``FerMdError`` unless the batch divides evenly among the data sets and the strategy's replicas."""
    replicas = strategy.num_replicas_in_sync
    if recipe.batch_size % (data_sets * replicas):
        raise FerMdError(
            f"the batch of {recipe.batch_size} cannot be divided evenly among {data_sets} x {replicas} "
            "(data sets x replicas or workers); take another number of them"
        )
