"""Where to train: one device, replicas on one machine, or several worker processes."""

import contextlib
import functools
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

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
        FerMdError: ``TF_CONFIG`` cannot be read, or its port is in use.
    """
    if name == "one":
        return tf.distribute.get_strategy()
    if name == "multiworker":
        try:
            return tf.distribute.MultiWorkerMirroredStrategy()
        except ValueError as error:
            raise FerMdError(f"the environment variable TF_CONFIG: {error}") from None
        except tf.errors.UnknownError as error:
            raise FerMdError(
                f"the address of this worker in TF_CONFIG cannot be served ({error.message}): is its port in use?"
            ) from None
    if name != "mirrored":
        raise ValueError(f"strategy must be 'one', 'mirrored' or 'multiworker', not {name!r}")
    if tf.config.list_physical_devices("GPU"):
        return tf.distribute.MirroredStrategy()
    cpu = tf.config.list_physical_devices("CPU")[0]
    if tf.config.get_logical_device_configuration(cpu) is None:
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * replicas)
    return _mirrored_cpus(replicas)


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes the files of a training: one of several workers does."""
    resolver = strategy.cluster_resolver
    return resolver is None or not resolver.task_id


def check_alike(strategy: tf.distribute.Strategy, text: str, what: str) -> None:
    """Holds the workers of a training to one text each; all of them must call it. Alone, there is nothing to compare.

    Args:
        strategy: where to train.
        text: what this worker works with.
        what: the text describes, for the error.

    Raises:
        FerMdError: the texts differ; it is raised by each worker.
    """
    if strategy.cluster_resolver is None:
        return

    @tf.function
    def total(number):
        return strategy.reduce("sum", strategy.run(tf.identity, (number,)), axis=None)

    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:3], "big")
    # n sum(x^2) = (sum x)^2 only where all x are equal (Cauchy-Schwarz): each worker comes to the same verdict.
    count, first, second = (int(total(tf.constant(power, tf.int64))) for power in (1, number, number**2))
    if count * second != first**2:
        raise FerMdError(f"the workers differ in {what}; start all of them with the same flags, files and code")


@contextlib.contextmanager
def workers_that_answer(run_dir: Path | str) -> Iterator[None]:
    """Says in one line which worker of a training has died, where TensorFlow fills a page.

    Args:
        run_dir: folder of the run, for the error.

    Raises:
        FerMdError: one worker waited for another in vain, for at most some ten seconds.
    """
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError) as error:
        number = re.search(r"aborted by.*?/task:(\d+)", error.message, re.DOTALL)
        raise FerMdError(
            f"{run_dir}: {f'worker {number[1]}' if number else 'a worker'} has died or cannot be reached; start all "
            "workers again to go on from the checkpoint"
        ) from error


@functools.cache
def _mirrored_cpus(replicas):
    """One a process: two strategies on the same devices number their exchanges alike and mix them up."""
    return tf.distribute.MirroredStrategy([f"CPU:{i}" for i in range(replicas)])
