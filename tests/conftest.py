"""Quiet TensorFlow, two logical CPUs for the replica tests, and a small prepared split."""

import fer_md  # noqa: F401  isort: skip  (first, so that TensorFlow is quiet)
import pytest
import tensorflow as tf

from random_faces import random_split

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)


@pytest.fixture
def split():
    return random_split(40)
