"""One worker of a small training on several: python tests/worker_training.py RUN_DIR"""

import sys

from fer_md import console
from fer_md.training.strategy import make_strategy
from random_faces import random_split


def main():
    strategy = make_strategy("multiworker")
    from fer_md.models import TINY, build_component
    from fer_md.training.presets import Recipe
    from fer_md.training.task import Learner, Task
    from fer_md.training.train import train_network

    split = random_split(40)
    learner = Learner(lambda: build_component(TINY, seed=1), [Task("noise", split, split)])
    recipe = Recipe(epochs=40, batch_size=8, rate=0.005)
    model = train_network(learner, recipe, sys.argv[1], {}, strategy=strategy, checkpoint_seconds=0)
    return console.ended(sys.argv[1], model is not None)


if __name__ == "__main__":
    sys.exit(console.guard(main))
