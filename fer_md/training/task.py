"""What a network is trained for: one label space of one data set, with its losses."""

import dataclasses
from collections.abc import Callable

from fer_md.data.pipeline import training_batches
from fer_md.training.objective import CLASSES, Objective


@dataclasses.dataclass(frozen=True)
class Task:
    """One data set's part in the loss ``L = 1/N sum_i weight_i (L_S,i + loss_weight_i L_M,i)`` (Eqs. 2 and 10).

    Attributes:
        name: of the data set, for the logs.
        head: output of the network that scores its label space, or gives what the objective asks for.
        weight: lambda_i of Eq. 10.
        metric_loss: function without arguments that makes a ``fer_md.losses`` layer over the features. None for
            softmax alone.
        loss_weight: factor of the metric loss, at least 0.
        features: output of the network that the metric loss works on.
        batches: how the data set's batches are drawn: ``fer_md.data.pipeline.training_batches``, or another function
            with its arguments.
        finish_batches: the same in the recipe's ``Finish``; None for ``batches``.
        objective: what the head's output is compared with, and how; softmax over classes by default.
    """

    name: str = "data"
    head: str = "logits"
    weight: float = 1.0
    metric_loss: Callable | None = None
    loss_weight: float = 1.0
    features: str = "embeddings"
    batches: Callable = training_batches
    finish_batches: Callable | None = None
    objective: Objective = CLASSES
