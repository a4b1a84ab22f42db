"""A training that is interrupted, beside one that is not."""

import numpy as np
import pytest

from fer_md.training import train as train_module
from fer_md.training.train import train_network
from fer_md.training.trainer import Trainer


def assert_interrupted_ends_with_the_same_bits(make_learner, recipe, folder, monkeypatch):
    """Trains what ``make_learner()`` returns to its end, and again with a failure after three steps."""
    trainers = []
    monkeypatch.setattr(train_module, "Trainer", lambda *parts: trainers.append(Trainer(*parts)) or trainers[-1])

    def run(name, **options):
        assert train_network(make_learner(), recipe, folder / name, {}, seed=5, **options)
        return trainers[-1].state()

    whole, step = run("whole"), Trainer.train_step
    with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError):
        patched.setattr(Trainer, "train_step", lambda self, b, s: 1 / 0 if s >= 3 else step(self, b, s))
        run("part", checkpoint_seconds=0)
    for name, value in run("part").items():
        np.testing.assert_array_equal(whole[name], value, err_msg=name)
