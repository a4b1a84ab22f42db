"""Quiet TensorFlow, two logical CPUs for the replica tests, and a small prepared split."""

import fer_md  # noqa: F401  isort: skip  (first, so that TensorFlow is quiet)
import pytest
import tensorflow as tf
from tensorflow.python.framework import ops

from random_faces import random_split

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)


@pytest.fixture
def split():
    return random_split(40)


@pytest.fixture(scope="module", autouse=True)
def forget_custom_gradients():
    """Frees the graphs that a module traced: TensorFlow keeps the function of every ``tf.custom_gradient`` in a graph,
    and with it the graph, in a registry of the process; a worker came to 7 GB."""
    gradients = ops.gradient_registry._registry
    known = set(gradients)
    yield
    for name in set(gradients) - known:
        if name.startswith("CustomGradient"):
            del gradients[name]
