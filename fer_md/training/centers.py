"""Where the centers of a metric loss start."""

import numpy as np

from fer_md.evaluation.predict import embeddings_function
from fer_md.losses.center import ClassCenters
from fer_md.training.trainer import Trainer

FOR_CENTERS = 512
"""At most so many Training images of a class give the mean from which its center starts."""


def start_centers(trainer: Trainer, seed: int) -> None:
    """Sets the centers to the class means of the embeddings of up to ``FOR_CENTERS`` training images a class."""
    forward = embeddings_function(trainer.model)
    for task, layer in zip(trainer.tasks, trainer.metric_losses, strict=True):
        if not isinstance(layer, ClassCenters):
            continue
        order = np.random.default_rng(seed).permutation(len(task.training.labels))
        labels = task.training.labels[order]
        rows = np.concatenate([order[labels == label][:FOR_CENTERS] for label in np.unique(labels)])
        layer.set_to_class_means(task.training.labels[rows], forward(task.training.images[rows]))
