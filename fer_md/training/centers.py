"""Where the centers of a metric loss start."""

import numpy as np

from fer_md.evaluation.predict import embeddings_function
from fer_md.losses.center import ClassCenters
from fer_md.training.trainer import Trainer

FOR_CENTERS = 512
"""At most so many Training images of a class give the mean from which its center starts."""


def start_centers(trainer: Trainer, seed: int) -> None:
    """Sets the centers to the class means of the embeddings of up to ``FOR_CENTERS`` training images a class.

    Where data sets share centers, so many of each data set count.
    """
    for layer in trainer.own_losses():
        if not isinstance(layer, ClassCenters):
            continue
        labels, embeddings = [], []
        for index, task in enumerate(trainer.tasks):
            if trainer.metric_losses[index] is layer:
                rows = _some_of_each_class(task.training.labels, seed)
                labels.append(trainer.metric_labels(index, task.training.labels[rows]))
                forward = embeddings_function(trainer.network(index))
                embeddings.append(forward(task.training.images[rows]))
        layer.set_to_class_means(np.concatenate(labels), np.concatenate(embeddings))


def _some_of_each_class(labels, seed):
    order = np.random.default_rng(seed).permutation(len(labels))
    shuffled = labels[order]
    return np.concatenate([order[shuffled == label][:FOR_CENTERS] for label in np.unique(shuffled)])
