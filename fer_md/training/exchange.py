"""The second stage: the components go on training, each on the data set of another (Sec. 3.2.2 and 4)."""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from fer_md.data.label_spaces import map_labels
from fer_md.data.protocol import Protocol, check_together, load_training, make_protocol
from fer_md.data.records import Split, load_split, read_info
from fer_md.errors import FerMdError
from fer_md.files import file_sha256
from fer_md.models import add_head
from fer_md.runs.run_directory import load_model, read_settings
from fer_md.training.soft_targets import with_teacher
from fer_md.training.task import Learner, Task


def check_stage(components: Sequence[Path | str], directories: Sequence[Path | str]) -> Protocol:
    """Asserts that the first stage used these data sets, and held out what all of them hold out.

    Args:
        components: folders of pre-training runs; run i trained on data set i.
        directories: prepared data sets.

    Returns:
        ``Protocol`` of the data sets.

    Raises:
        FerMdError: another data set or content, or a run that may have trained on a held-out image.
    """
    if len(components) != len(directories) or len(directories) < 2:
        raise FerMdError(
            "there must be two components or more and as many data sets;"
            f" found {len(components)} and {len(directories)}"
        )
    check_together([read_info(directory) for directory in directories])
    protocol = make_protocol(directories)
    for run_dir, directory in zip(components, directories, strict=True):
        settings, info = read_settings(run_dir), read_info(directory)
        if settings.get("manifest_sha256") != info["manifest_sha256"]:
            raise FerMdError(
                f"{run_dir}: trained on {settings.get('data')}, not on the data in {directory}, or its content changed"
            )
        if settings.get("protocol") != protocol.sha256:
            others = ",".join(str(other) for other in directories if other != directory)
            raise FerMdError(
                f"{run_dir}: may have trained on images that another data set holds out; "
                f"train it again under the protocol of these data sets too: {others}"
            )
    return protocol


def check_exchange(
    finetuned: Path | str, components: Sequence[Path | str], directories: Sequence[Path | str]
) -> Protocol:
    """Asserts that a fine-tuning went on from these components, with these data sets exchanged.

    Args:
        finetuned: folder of the run.
        components, directories: see ``check_stage``.

    Returns:
        ``Protocol`` of the data sets.

    Raises:
        FerMdError: it is no fine-tuning, or not this one; see also ``check_stage``.
    """
    protocol, settings = check_stage(components, directories), finetuning_settings(finetuned)
    if settings.get("protocol") != protocol.sha256:
        raise FerMdError(f"{finetuned}: was fine-tuned on other data sets than {', '.join(map(str, directories))}")
    if settings["components"] != [file_sha256(Path(run) / "model.keras") for run in components]:
        raise FerMdError(f"{finetuned}: was fine-tuned from other components than {', '.join(map(str, components))}")
    return protocol


def finetuning_settings(run_dir: Path | str, stages: Sequence[str] = ("finetune",)) -> dict[str, Any]:
    """The settings of a fine-tuning.

    Args:
        run_dir: its folder.
        stages: that the run may be of; ``"adapt"`` is a fine-tuning that has learned another data set since.

    Raises:
        FerMdError: it is a run of another stage; see also ``read_settings``.
    """
    settings = read_settings(run_dir)
    if settings.get("stage") not in stages:
        raise FerMdError(
            f"{run_dir}: not a fine-tuning; name a finished run of {' or '.join(f'{stage}.py' for stage in stages)}"
        )
    return settings


def exchanged(index: int, count: int, replay: float) -> list[tuple[int, float]]:
    """(data set, share) pairs of component ``index``: the next one's data set, and its own if ``replay`` > 0."""
    other = (index + 1) % count
    return [(other, 1.0)] + ([(index, replay)] if replay else [])


def exchange_learners(
    components: Sequence[Path | str],
    directories: Sequence[Path | str],
    make_loss: Callable[[int, int], keras.layers.Layer | None],
    loss_weight: float,
    weights: Sequence[float],
    replay: float = 0.0,
    seed: int = 0,
    one_space: bool = False,
    distill: float = 0.0,
) -> list[Learner]:
    """The networks of the fine-tuning with their exchanged data sets, for ``train_networks``.

    The run's loss is ``L = 1/N sum_i weights_i (L_S,i + loss_weight L_M,i)`` over the N data sets (Eq. 10).
    A data set with the label space of the component's first one shares its head; another gets a head of its own.

    Args:
        components: folders of finished pre-training runs.
        directories: prepared data sets, one a component.
        make_loss: function of the number of classes and of the width of the embeddings that returns an unbuilt metric
            loss, or None; each component and data set gets centers of its own.
        loss_weight: factor of the metric loss.
        weights: lambda_i of Eq. 10, one a data set.
        replay: weight of the component's own data set beside the exchanged one, against forgetting; 0 for none.
        seed: of new heads.
        one_space: map every data set's labels by name onto the label space of the component's first one, in place of
            heads of their own; faces with an expression that it lacks are masked.
        distill: share of the targets that the component as it was before gives, against forgetting
            (``with_teacher``); 0 for none.

    Raises:
        FerMdError: see ``check_stage`` and ``load_split``.
        ValueError: ``make_loss`` cannot make the loss for one of the data sets, or ``distill`` is for data sets with
            different expressions.
    """
    protocol = check_stage(components, directories)
    data = [
        DataSet(read_info(directory), load_training(directory, protocol)[0], load_split(directory, "PublicTest"))
        for directory in directories
    ]
    learners = []
    for index, run_dir in enumerate(components):
        shares = exchanged(index, len(data), replay)
        component = Component(run_dir, data, index, one_space, seed)
        width = load_model(run_dir).output["embeddings"].shape[-1]
        tasks = [
            Task(
                data[n].info["name"],
                component.in_space(data[n].training, n),
                component.in_space(data[n].held_out, n),
                component.head(n),
                share * weights[n] * len(shares) / len(data),
                metric_loss=make_loss(len(component.space(n)), width),
                loss_weight=loss_weight,
            )
            for n, share in shares
        ]
        if distill:
            tasks = [with_teacher(task, component.teacher(task.head), distill) for task in tasks]
        own = data[index]
        watched = {own.info["name"]: (component.head(index), component.in_space(own.held_out, index))}
        numbers = dict.fromkeys((index, *(number for number, _ in shares)))
        build = functools.partial(component.build, numbers)
        learners.append(Learner(build, tasks, f"component{index + 1}", watched))
    return learners


@dataclasses.dataclass(frozen=True)
class DataSet:
    """A prepared data set: ``dataset.json``, the images to train on and those to measure on after each epoch."""

    info: dict
    training: Split
    held_out: Split


@dataclasses.dataclass(frozen=True)
class Component:
    """A component and how it scores the data sets.

    Attributes:
        run_dir: its pre-training.
        data: all data sets; ``data[index]`` is what it was pre-trained on.
        index: see ``data``.
        one_space: see ``exchange_learners``.
        seed: of new heads.
    """

    run_dir: Path | str
    data: list[DataSet]
    index: int
    one_space: bool
    seed: int

    def space(self, number: int) -> list[str]:
        """The expressions as the head for data set ``number`` counts them."""
        return self.data[self.index if self.one_space else number].info["expressions"]

    def head(self, number: int) -> str:
        """The output that scores data set ``number``."""
        return "logits" if self.one_space else head_for(self.data[number].info, self.data[self.index].info)

    def in_space(self, split: Split, number: int) -> Split:
        """A split of data set ``number`` with labels as its head counts them, -1 for what that lacks."""
        return map_labels(split, self.data[number].info["expressions"], self.space(number))

    def teacher(self, head: str) -> Callable[[tf.Tensor], tf.Tensor]:
        """The pre-trained network as a function from images to the logits of a head; ValueError for a new head."""
        if head != "logits":
            raise ValueError(f"distill is for data sets with the same expressions; {self.run_dir} has no {head}")
        model = load_model(self.run_dir)
        return lambda images: model(images, training=False)[head]

    def build(self, numbers: Iterable[int]) -> keras.Model:
        """The pre-trained network, with new heads for those data sets that need one."""
        model = load_model(self.run_dir)
        for number in numbers:
            if self.head(number) not in model.output:
                model = add_head(model, self.head(number), len(self.space(number)), self.seed + number)
        return model


def head_for(info: dict, first: dict) -> str:
    """The head that scores a data set on a component that was pre-trained on ``first``."""
    return "logits" if info["expressions"] == first["expressions"] else f"logits_{info['name']}"
