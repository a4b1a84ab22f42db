"""From a trained network to one for other classes: a new head on the trunk as it is, then all of it, then calibration.

The trunk's output for every face is computed once, and the head is fitted to it by a convex problem, at once and not in
epochs. Only then is all of the network trained (Kumar et al., Fine-tuning can distort pretrained features and
underperform out-of-distribution, ICLR 2022). Of both, that which says more of the validation split is left.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from fer_md.data.records import Split
from fer_md.evaluation.calibration import apply_temperature, fit_temperature
from fer_md.evaluation.linear_probe import fit_logistic
from fer_md.evaluation.metrics import negative_log_likelihood
from fer_md.evaluation.predict import embeddings_function, in_batches, logits_function
from fer_md.evaluation.softmax import softmax
from fer_md.models import ComponentConfig, add_head, build_component
from fer_md.training.soft_targets import with_teacher
from fer_md.training.task import Learner, Task

BALANCE = 0.5
"""Power of the class frequency by which faces count: a class that is four times as frequent counts twice as much."""

PENALTIES = (0.1, 1.0, 10.0)
"""Of the head's weights; the validation split chooses."""


KEPT = 0.5
"""Share of the target that the network as it was gives, where it has the same classes."""


def with_classes(
    model: keras.Model, config: ComponentConfig, known: Sequence[str], classes: Sequence[str], seed: int = 0
) -> keras.Model:
    """A copy of a network whose head is for other classes. Those that it knows keep their scores; others score 0.

    Args:
        model: made by ``build_component`` for ``config``.
        config: its configuration.
        known: the classes of its head.
        classes: those of the copy's.
        seed: of the copy's dropout.
    """
    copy = build_component(dataclasses.replace(config, num_classes=len(classes)), seed)
    for layer in copy.layers:
        if layer.name != "logits":
            layer.set_weights(model.get_layer(layer.name).get_weights())
    kernel, bias = model.get_layer("logits").get_weights()
    columns = [list(known).index(name) if name in known else -1 for name in classes]
    kernel, bias = np.pad(kernel, ((0, 0), (0, 1))), np.pad(bias, (0, 1))  # the last column is that of a new class
    copy.get_layer("logits").set_weights([kernel[:, columns], bias[columns]])
    return copy


def fit_head(model: keras.Model, training: Split, validation: Split) -> float:
    """Fits the head to the trunk's output for the training faces and their mirror images; the trunk stays as it is.

    What is added to the head's weights is penalised, so that few faces change little of what it knows.

    Args:
        model: network made by ``build_component``; its head is changed.
        training: faces to fit to; a class counts by the power ``BALANCE`` of its number.
        validation: chooses among ``PENALTIES``.

    Returns:
        the penalty chosen.
    """
    embed, layer = embeddings_function(model), model.get_layer("logits")
    kernel, bias = layer.get_weights()
    features = embed(np.concatenate([training.images, training.images[:, :, ::-1]]))
    labels, held_out = np.tile(training.labels, 2), embed(validation.images)
    mean, spread = features.mean(0), np.sqrt(features.var(0).mean() + 1e-12)  # one scale: a feature that hardly moves
    outcomes = []  # would else get a weight on which all that follows breaks
    for penalty in PENALTIES:
        weights = fit_logistic((features - mean) / spread, labels, penalty, BALANCE, features @ kernel + bias)
        added = weights[:-1] / spread
        fitted = [kernel + added, bias + weights[-1] - mean @ added]
        scores = softmax(held_out @ fitted[0] + fitted[1])
        outcomes.append((negative_log_likelihood(validation.labels, scores), penalty, fitted))
    _, penalty, fitted = min(outcomes, key=lambda outcome: outcome[0])
    layer.set_weights(fitted)
    return penalty


def calibrated(
    validation: Mapping[str, Split], start: Sequence[np.ndarray] | None = None
) -> Callable[[keras.Model, str], dict[str, Any]]:
    """What finishes a training (``Learner.finish``): the network that it began with is put back where that was better.

    Both are calibrated by a temperature on the validation split, which becomes part of the head (Guo et al., 2017). The
    better has the lower log loss then.

    Args:
        validation: for each network, by its name, a split to calibrate on; never the test split.
        start: weights of the network as its training began; None to keep what was trained.
    """

    def finish(model, network):
        forward, split, outcomes = logits_function(model), validation[network], {}
        weights = {"trained": model.get_weights()} | ({} if start is None else {"head": list(start)})
        for name, values in weights.items():
            model.set_weights(values)
            said = softmax(in_batches(forward, split.images))
            temperature = fit_temperature(said, split.labels)
            loss = negative_log_likelihood(split.labels, apply_temperature(said, temperature))
            outcomes[name] = {"loss": loss, "temperature": temperature}
        kept = min(outcomes, key=lambda name: outcomes[name]["loss"])
        model.set_weights(weights[kept])
        layer = model.get_layer("logits")
        layer.set_weights([values / outcomes[kept]["temperature"] for values in layer.get_weights()])
        return {"kept": kept, "validation": outcomes}

    return finish


def keeping(model: keras.Model, before: keras.Model, task: Task, name: str, same: bool) -> Learner:
    """The learner of a task that is held to what the network said before, of the same faces.

    Where the classes are the same, that is part of the target. Otherwise the network gets its former head again, as the
    output ``logits_NAME``, which goes on learning to say what it said. No face is needed that it learned from.

    Args:
        model: the network as its training begins, with a head for the task; weights are shared with it.
        before: made by ``build_component``, what ``model`` was made from.
        task: with labels as targets, and a validation split.
        name: of the data that it knew.
        same: whether the heads have the same classes.

    Returns:
        a learner that is finished as by ``calibrated``; ``finish.json`` also has ``agreement``, the share of the
        validation faces for which the most probable class of the former head is what it was.

    Reference: Li and Hoiem, Learning without forgetting, ECCV 2016.
    """
    validation, head = task.validation, "logits" if same else f"logits_{name}"
    assert validation is not None
    said = in_batches(logits_function(before), validation.images).argmax(1).astype(np.int32)

    def teacher(images):
        return before(images, training=False)["logits"]

    if same:
        tasks = [with_teacher(task, teacher, KEPT)]
    else:
        layer = before.get_layer("logits")
        model = add_head(model, head, layer.units)
        model.get_layer(head).set_weights(layer.get_weights())
        of_former = Task(name, task.training, dataclasses.replace(validation, labels=said), head)
        tasks = [task, with_teacher(of_former, teacher, 1.0)]
    calibrate = calibrated({"model": validation}, model.get_weights())

    def finish(network, network_name):
        note = calibrate(network, network_name)
        answers = in_batches(logits_function(network, head), validation.images).argmax(1)
        return {**note, "agreement": float((answers == said).mean())}

    return Learner(lambda: model, tasks, finish=finish)
