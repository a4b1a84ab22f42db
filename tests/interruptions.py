"""A training that is interrupted, beside one that is not."""

import numpy as np
import pytest

from fer_md.training import train as train_module
from fer_md.training.train import train_networks
from fer_md.training.trainer import Trainer


def assert_interrupted_ends_with_the_same_bits(make_learners, recipe, folder, monkeypatch, after=3):
    """Trains what ``make_learners()`` returns, a list, to its end; and again, the last one failing ``after`` steps."""
    trainers = []
    monkeypatch.setattr(train_module, "Trainer", lambda *parts: trainers.append(Trainer(*parts)) or trainers[-1])

    def run(name, **options):
        trainers.clear()
        assert train_networks(make_learners(), recipe, folder / name, {}, seed=5, **options)
        return [trainer.state() for trainer in trainers]

    whole, step = run("whole"), Trainer.train_step

    def failing(trainer, batch, number):
        if number >= after and trainer is trainers[-1]:
            raise ZeroDivisionError
        return step(trainer, batch, number)

    with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError):
        patched.setattr(Trainer, "train_step", failing)
        run("part", checkpoint_seconds=0)
    for one, two in zip(whole, run("part"), strict=True):
        assert one.keys() == two.keys()
        for name, value in two.items():
            np.testing.assert_array_equal(one[name], value, err_msg=name)
