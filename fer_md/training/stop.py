"""Noticing that a run is told to stop, in one process or in several that wait for one another."""

import signal
from collections.abc import Callable

import tensorflow as tf


class StopAsked:
    """``asked`` is true once SIGTERM or SIGINT came; the loop then writes a checkpoint and ends."""

    def __init__(self):
        self.asked = False

    def __enter__(self):
        self._old = {number: signal.signal(number, self._note) for number in (signal.SIGTERM, signal.SIGINT)}
        return self

    def _note(self, *_):
        self.asked = True

    def __exit__(self, *_):
        for number, handler in self._old.items():
            signal.signal(number, handler)


def asked_of_any(strategy: tf.distribute.Strategy) -> Callable[[bool], bool]:
    """A function from this worker's ``asked`` to whether any worker is told to stop.

    Workers exchange gradients in every step, so one that ended alone would leave the others waiting. All of them must
    call the function after the same steps.
    """
    if strategy.cluster_resolver is None:
        return bool

    @tf.function
    def count(asked):
        return strategy.reduce("sum", strategy.run(tf.identity, (asked,)), axis=None)

    return lambda asked: bool(count(tf.constant(float(asked))) > 0)
