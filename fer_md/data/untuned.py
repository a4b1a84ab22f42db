"""Data sets of TensorFlow whose numbers are given, so that there is nothing to tune."""

import tensorflow as tf


def untuned(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """The same elements without autotuning, whose thread may take seconds to stop at the end, on a busy core."""
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
