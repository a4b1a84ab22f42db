"""Quiet TensorFlow, two logical CPUs for the replica tests, and a small prepared split."""

from fer_md import console  # noqa: F401  isort: skip  (first: it quietens TensorFlow)

import numpy as np
import pytest
import tensorflow as tf

from fer_md.data.records import Split

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)


def random_split(count, seed=0, size=48):
    """Faces of noise: enough for what does not depend on their content."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, size, size), np.uint8)
    labels = rng.integers(0, 7, count).astype(np.int32)
    names = [str(i) for i in range(count)]
    return Split(images=images, labels=labels, keys=names, subjects=[""] * count, votes=None, landmarks=None)


@pytest.fixture
def split():
    return random_split(40)
