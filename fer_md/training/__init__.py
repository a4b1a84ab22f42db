"""How networks are trained.

Four terms explain the package:

- `Task`: one data set to learn, with its losses (``task.py``). Its `Objective` says what the network's output is
  compared with (``objective.py``).
- `Learner`: a network and its tasks (``task.py``).
- `Recipe`: every number of a training (``presets.py``).
- ``train_network`` trains one learner by a recipe, ``train_networks`` several that take turns (``train.py``).

Behind them, ``loop.py`` runs the epochs, ``stream.py`` makes the batches, and a `Trainer` takes the steps
(``trainer.py``). ``exchange.py`` and ``adapt.py`` make the learners of the paper's later stages.
"""
