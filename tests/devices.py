"""The devices that operations with a gradient of their own are tested on."""

import tensorflow as tf

DEVICES = ("CPU:0", *(f"GPU:{number}" for number in range(len(tf.config.list_physical_devices("GPU")))))
"""The CPU, and each GPU that is there."""
