"""The training batches of one data set or several, divided among a strategy's replicas."""

import tensorflow as tf


def training_stream(trainer, splits, seed, step, total):
    """The batches of steps ``step`` to ``total - 1``, as ``Trainer.train_step`` takes them.

    Args:
        trainer: ``Trainer``; its recipe's batch size is shared evenly among the data sets.
        splits: one ``Split`` a task; labels as the task's head counts them, -1 for no label.
        seed: of the order and of the augmentation; each data set gets its own from it.
        step, total: range of steps.

    Returns:
        iterable of tuples of (images, targets), one pair a task.

    Raises:
        ValueError: the batch size is not a multiple of the number of data sets times that of the replicas.
    """
    strategy, recipe = trainer.strategy, trainer.recipe
    replicas, size = strategy.num_replicas_in_sync, recipe.batch_size // len(splits)
    if recipe.batch_size % (len(splits) * replicas):
        raise ValueError(
            f"batch_size must be a multiple of {len(splits)} data sets x {replicas} replicas, not {recipe.batch_size}"
        )

    def batches(shard, shards):
        return [
            task.batches(split, recipe.augmentation, size, seed + 7919 * index, step, total, shard, shards)
            for index, (task, split) in enumerate(zip(trainer.tasks, splits, strict=True))
        ]

    def for_worker(context):
        workers = context.num_input_pipelines
        own = batches(context.input_pipeline_id, workers)
        if replicas > workers:
            own = [part.unbatch().batch(size // replicas) for part in own]
        return tf.data.Dataset.zip(tuple(own))

    if replicas == 1:
        return tf.data.Dataset.zip(tuple(batches(0, 1)))
    return strategy.distribute_datasets_from_function(for_worker)
