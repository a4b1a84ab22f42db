"""What a network is trained for: the data and losses of each task, and the network that learns them."""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from fer_md.data.pipeline import training_batches
from fer_md.data.records import Split
from fer_md.data.sampling import by_class, class_shares, class_slots
from fer_md.errors import FerMdError
from fer_md.losses import MD_FORMS, CenterLoss, MDLoss
from fer_md.training.objective import CLASSES, Objective

LOSS_WEIGHTS = {"md": 0.1, "center": 0.003, "none": 0.0}
"""Of the losses beside softmax, for a training from scratch; docs/RESULTS.md has the ablation."""


@dataclasses.dataclass(frozen=True)
class Task:
    """One data set's part in the loss ``L = 1/N sum_i weight_i (L_S,i + loss_weight_i L_M,i)`` (Eqs. 2 and 10).

    Attributes:
        name: of the data set, for the logs.
        training: the faces to learn from; labels as the head counts them, -1 for no label.
        validation: the faces to measure the network on after each epoch; never the test split. None for no measure.
        head: output of the network that scores the label space, or gives what the objective asks for.
        weight: lambda_i of Eq. 10.
        share: of each batch, in proportion to the other tasks' shares.
        metric_loss: unbuilt layer of ``fer_md.losses`` over the features; None for softmax alone. Tasks may have the
            same one: its loss is then that of all their samples together, with the same centers.
        metric_classes: the class of the metric loss for each class of the head, -1 for none; None where they are the
            same.
        loss_weight: factor of the metric loss, at least 0.
        features: output of the network that the metric loss works on.
        batches: how the batches are drawn: ``fer_md.data.pipeline.training_batches``, or another function with its
            arguments.
        finish_batches: the same in the recipe's ``Finish``; None for ``batches``.
        objective: what the head's output is compared with, and how; softmax over classes by default.
        drawn_shares: (K,) shares of the classes among the faces of the batches, for logit adjustment: softmax works on
            the head's output plus their logarithm, so that the output itself holds no prior (Menon et al., 2021, Eq.
            10). Where the network is measured or saved for this data set, the logarithm of the shares among all its
            Training faces is added. None for no adjustment.
    """

    name: str
    training: Split
    validation: Split | None = None
    head: str = "logits"
    weight: float = 1.0
    share: float = 1.0
    metric_loss: keras.layers.Layer | None = None
    metric_classes: Sequence[int] | None = None
    loss_weight: float = 1.0
    features: str = "embeddings"
    batches: Callable = training_batches
    finish_batches: Callable | None = None
    objective: Objective = CLASSES
    drawn_shares: np.ndarray | None = None

    def prior(self, classes: int) -> np.ndarray | None:
        """The shares of the classes among the Training faces, (K,); None without logit adjustment."""
        labels = self.training.labels
        return None if self.drawn_shares is None else class_shares(np.bincount(labels[labels >= 0]), classes)


@dataclasses.dataclass(frozen=True)
class Learner:
    """A network that is to be trained.

    Attributes:
        build: function without arguments that returns the ``keras.Model`` as its training begins, with a dict of
            outputs: ``embeddings`` and the heads of the tasks. It is called in the scope of the strategy. It may return
            a list, one network for each task, which share weights (``with_own_statistics``).
        tasks: what it learns, one a data set.
        name: of its file, ``NAME.keras``, and of its lines in the log.
        watched: dict from the name of a data set that it does not learn to the head that scores it and the ``Split``
            to measure after each epoch: what the network forgets.
        finish: function of a trained network that the run leaves and of its name; it may change the weights before they
            are saved, and returns JSON values for ``finish.json``. None for nothing.
    """

    build: Callable[[], keras.Model | list[keras.Model]]
    tasks: Sequence[Task]
    name: str = "model"
    watched: Mapping[str, tuple[str, Split]] = dataclasses.field(default_factory=dict)
    finish: Callable[[keras.Model, str], dict[str, Any]] | None = None

    def measured(self) -> dict[str, tuple[str, Split]]:
        """The head and the ``Split`` of every data set that the network is measured on."""
        learned = {task.name: (task.head, task.validation) for task in self.tasks if task.validation is not None}
        return {**self.watched, **learned}


def balanced(task: Task, power: float, classes: int, logit_adjustment: bool = True) -> Task:
    """The task with its classes drawn by a power of their frequency.

    Args:
        task: with labels as targets.
        power: see ``fer_md.data.sampling.by_class``; 1 for the classes as they occur.
        classes: K.
        logit_adjustment: for the shares that are drawn, see ``Task.drawn_shares``.
    """
    labels = task.training.labels
    batches = functools.partial(task.batches, draw=by_class(labels, power)) if power != 1 else task.batches
    shares = class_shares(class_slots(labels, power), classes) if logit_adjustment else None
    return dataclasses.replace(task, batches=batches, drawn_shares=shares)


def loss_settings(kind: str, loss_weight: float | None = None, form: str | None = None) -> dict[str, Any]:
    """The loss beside softmax as the settings of a run have it: its ``kind``, ``loss_weight`` and ``options``.

    Args:
        kind: ``"md"``, ``"center"`` or ``"none"``.
        loss_weight: its factor; None for that of ``LOSS_WEIGHTS``.
        form: of MD loss, a name of ``MD_FORMS``; None for ``"nearest"``.

    Raises:
        FerMdError: a factor of no loss, or a form of another loss than MD loss.
    """
    if kind == "none" and loss_weight is not None:
        raise FerMdError(f"loss_weight={loss_weight:g} needs a loss beside softmax, but loss is none")
    if kind != "md" and form is not None:
        raise FerMdError(f"loss_form={form} needs loss=md, but loss is {kind}")
    weight = LOSS_WEIGHTS[kind] if loss_weight is None else loss_weight
    return {"kind": kind, "loss_weight": weight, "options": MD_FORMS[form or "nearest"] if kind == "md" else {}}


def make_metric_loss(
    kind: str, num_classes: int, embedding_dim: int, seed: int = 0, **options: Any
) -> MDLoss | CenterLoss | None:
    """The loss beside softmax, by its name.

    Args:
        kind: ``"md"``, ``"center"`` or ``"none"``.
        num_classes, embedding_dim: K and D.
        seed: of the initial centers, which last where a class has no training image (see ``start_centers``).
        options: further arguments of ``MDLoss`` or ``CenterLoss``.

    Returns:
        unbuilt layer, or None for softmax alone.

    Raises:
        ValueError: an unknown kind, or an option out of range.
    """
    if kind == "none":
        return None
    if kind not in LOSS_WEIGHTS:
        raise ValueError(f"kind must be 'md', 'center' or 'none', not {kind!r}")
    centers = keras.initializers.GlorotUniform(seed)
    return (MDLoss if kind == "md" else CenterLoss)(num_classes, embedding_dim, centers_initializer=centers, **options)
