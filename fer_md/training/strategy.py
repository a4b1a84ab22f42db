"""Where to train: one device, replicas on one machine, or several worker processes."""

import functools

import tensorflow as tf

from fer_md.errors import FerMdError


def make_strategy(name: str, replicas: int = 2) -> tf.distribute.Strategy:
    """Creates the ``tf.distribute.Strategy``; call it before any tensor is made.

    Args:
        name: ``"one"`` device; ``"mirrored"`` on all GPUs, or on ``replicas`` logical CPUs where there is none;
            ``"multiworker"`` as the environment variable ``TF_CONFIG`` says.
        replicas: number of logical CPUs.

    Raises:
        ValueError: unknown name.
        FerMdError: ``TF_CONFIG`` cannot be read.
    """
    if name == "one":
        return tf.distribute.get_strategy()
    if name == "multiworker":
        try:
            return tf.distribute.MultiWorkerMirroredStrategy()
        except ValueError as error:
            raise FerMdError(f"the environment variable TF_CONFIG: {error}") from None
    if name != "mirrored":
        raise ValueError(f"strategy must be 'one', 'mirrored' or 'multiworker', not {name!r}")
    if tf.config.list_physical_devices("GPU"):
        return tf.distribute.MirroredStrategy()
    cpu = tf.config.list_physical_devices("CPU")[0]
    if tf.config.get_logical_device_configuration(cpu) is None:
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * replicas)
    return _mirrored_cpus(replicas)


@functools.cache
def _mirrored_cpus(replicas):
    """One a process: two strategies on the same devices number their exchanges alike and mix them up."""
    return tf.distribute.MirroredStrategy([f"CPU:{i}" for i in range(replicas)])
