"""One worker of tests/test_multiworker.py: a few steps on its share of the batches, then its state as .npz."""

import sys

import numpy as np

import fer_md  # noqa: F401
from fer_md.training.strategy import make_strategy

strategy = make_strategy(sys.argv[1])

from fer_md.models import TINY, build_component  # noqa: E402
from fer_md.training.presets import Recipe  # noqa: E402
from fer_md.training.stream import training_stream  # noqa: E402
from fer_md.training.task import Learner, Task, make_metric_loss  # noqa: E402
from fer_md.training.trainer import Trainer  # noqa: E402
from random_faces import random_split  # noqa: E402

STEPS = 10
"""Few and small: a pre-activation that rounding takes across zero sets even two equal runs apart in the end."""

recipe = Recipe(epochs=3, batch_size=8, rate=0.005, weight_decay=0.05, average=0.9)
split = random_split(40)
loss = make_metric_loss("md", 7, TINY.fc_units, seed=4, nearest=3, hinge=None)
task = Task("noise", split, metric_loss=loss)
trainer = Trainer(Learner(lambda: build_component(TINY, seed=1), [task]), recipe, 40, strategy)
batches = iter(training_stream(trainer, 3, 0, STEPS))
losses = [trainer.train_step(next(batches), step).numpy() for step in range(STEPS)]
np.savez(sys.argv[2], losses=losses, **trainer.state())
