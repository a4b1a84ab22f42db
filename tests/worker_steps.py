"""One worker of tests/test_multiworker.py: a few steps on its share of the batches, then its state as .npz."""

from fer_md import console  # noqa: F401  isort: skip  (first: it quietens TensorFlow)

import dataclasses
import sys

import numpy as np

from fer_md.training.strategy import make_strategy

strategy = make_strategy(sys.argv[1])

from random_faces import random_split  # noqa: E402

from fer_md.models import TINY, build_component  # noqa: E402
from fer_md.training.loop import training_stream  # noqa: E402
from fer_md.training.presets import Recipe  # noqa: E402
from fer_md.training.trainer import Trainer  # noqa: E402

recipe = Recipe(epochs=3, batch_size=8, rate=0.05, average=0.9)
config = dataclasses.replace(TINY, dropout=0.0)
split = random_split(40)
trainer = Trainer(lambda: build_component(config, seed=1), recipe, 40, strategy)
batches = iter(training_stream(trainer, split, 3, 0, 10))
losses = [float(trainer.train_step(next(batches), step)[0]) for step in range(10)]
np.savez(sys.argv[2], losses=losses, **trainer.state())
