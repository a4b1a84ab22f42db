"""The training batches of one data set or several, divided among a strategy's replicas."""

import functools
import math
from collections.abc import Iterable, Sequence

import tensorflow as tf

from fer_md.errors import FerMdError
from fer_md.training.presets import Recipe
from fer_md.training.task import Task
from fer_md.training.trainer import Trainer


def training_stream(trainer: Trainer, seed: int, step: int, total: int) -> Iterable:
    """The batches of steps ``step`` to ``total - 1``, as ``Trainer.train_step`` takes them.

    Args:
        trainer: ``Trainer``; the tasks' shares divide its recipe's batch.
        seed: of the order and of the augmentation; each data set gets its own from it.
        step, total: range of steps.

    Returns:
        iterable of tuples of (images, targets), one pair a task.

    Raises:
        FerMdError: see ``check_batch``.
    """
    strategy, recipe = trainer.strategy, trainer.recipe
    replicas, sizes = strategy.num_replicas_in_sync, batch_sizes(recipe, trainer.tasks, strategy)
    finish = math.ceil((recipe.epochs - recipe.finish.epochs) * trainer.steps_per_epoch)

    def batches(shard, shards):
        parts = []
        for index, task in enumerate(trainer.tasks):
            phases = (
                (task.batches, recipe.augmentation, step, min(total, finish)),
                (task.finish_batches or task.batches, recipe.finish.augmentation, max(step, finish), total),
            )
            made = [
                make(task.training, augmentation, sizes[index], seed + 7919 * index, first, last, shard, shards)
                for make, augmentation, first, last in phases
                if first < last
            ]
            parts.append(functools.reduce(tf.data.Dataset.concatenate, made))
        return parts

    def for_worker(context):
        workers = context.num_input_pipelines
        own = batches(context.input_pipeline_id, workers)
        if replicas > workers:
            own = [part.unbatch().batch(size // replicas) for part, size in zip(own, sizes, strict=True)]
        return tf.data.Dataset.zip(tuple(own))

    if replicas == 1:
        return tf.data.Dataset.zip(tuple(batches(0, 1)))
    return strategy.distribute_datasets_from_function(for_worker)


def batch_sizes(recipe: Recipe, tasks: Sequence[Task], strategy: tf.distribute.Strategy) -> list[int]:
    """How many faces of each task a global batch holds.

    Raises:
        FerMdError: the batch cannot be divided so among the tasks and the strategy's replicas.
    """
    replicas, total = strategy.num_replicas_in_sync, sum(task.share for task in tasks)
    sizes = [recipe.batch_size * task.share / total for task in tasks]
    if any(size % replicas for size in sizes):
        shares = [f"{task.share:g}" for task in tasks]
        how = "evenly" if len(set(shares)) == 1 else " : ".join(shares)
        raise FerMdError(
            f"the batch of {recipe.batch_size} cannot be divided {how} among {len(tasks)} x {replicas} (data sets x "
            "replicas or workers); take another number of them, or other shares"
        )
    return [int(size) for size in sizes]
