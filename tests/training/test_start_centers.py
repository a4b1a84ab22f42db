"""The centers that a training with MD loss starts from."""

import numpy as np
import pytest

from fer_md.evaluation.predict import embeddings_function
from fer_md.losses import CenterLoss
from fer_md.models import TINY, build_component
from fer_md.training import centers as centers_module
from fer_md.training.centers import start_centers
from fer_md.training.presets import Recipe
from fer_md.training.strategy import make_strategy
from fer_md.training.task import Learner, Task
from fer_md.training.trainer import Trainer
from random_faces import random_split


@pytest.fixture(scope="module")
def model():
    return build_component(TINY)


def start(model, split, seed=0):
    layer = CenterLoss(TINY.num_classes, TINY.fc_units, centers_initializer="zeros")
    tasks = [Task("a", split), Task("b", split, metric_loss=layer)]
    start_centers(Trainer(Learner(lambda: model, tasks), Recipe(epochs=1), 40, make_strategy("one")), seed)
    return np.array(layer.centers)


def test_centers_are_the_means_of_a_few_images_of_every_class(model, monkeypatch):
    """Of 40 images 36 are anger, two disgust, one neutral, and one has no label; at most three of a class are used."""
    monkeypatch.setattr(centers_module, "FOR_CENTERS", 3)
    split = random_split(40)
    split.labels[:] = 0
    split.labels[[7, 20, 31, 39]] = [1, 1, 6, -1]
    centers, embeddings = start(model, split), embeddings_function(model)(split.images)
    np.testing.assert_allclose(centers[1], embeddings[[7, 20]].mean(0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(centers[6], embeddings[31], rtol=1e-4, atol=1e-6)
    assert np.any(centers[0] != 0) and not np.any(centers[2:6])
    assert np.abs(centers[0] - embeddings[split.labels == 0].mean(0)).max() > 1e-5, "not all of a frequent class"
    np.testing.assert_array_equal(start(model, split), centers)
    assert np.any(start(model, split, seed=1)[0] != centers[0])
