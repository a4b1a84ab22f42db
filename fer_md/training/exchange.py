"""The second stage: the components go on training, each on the data set of another (Sec. 3.2.2 and 4)."""

import dataclasses

import numpy as np

from fer_md.data.label_spaces import map_labels
from fer_md.data.protocol import load_training, make_protocol
from fer_md.data.records import Split, load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.predict import embeddings_function
from fer_md.losses import CenterLoss, MDLoss
from fer_md.losses.center import ClassCenters
from fer_md.models import add_head
from fer_md.runs.run_directory import load_model, read_settings
from fer_md.training.loop import Job
from fer_md.training.stream import check_batch
from fer_md.training.task import Task
from fer_md.training.trainer import Trainer

FOR_CENTERS = 512
"""At most so many Training images of a class give the mean from which its center starts."""


LOSS_WEIGHTS = {"md": 0.1, "center": 0.003, "none": 0.0}
"""Of the losses beside softmax, for a training from scratch; docs/RESULTS.md has the ablation."""


@dataclasses.dataclass(frozen=True)
class MetricLoss:
    """The loss beside softmax.

    Attributes:
        kind: ``"md"``, ``"center"`` or ``"none"``.
        loss_weight: its factor.
        options: further arguments of ``MDLoss`` or ``CenterLoss``.
    """

    kind: str = "md"
    loss_weight: float = 0.1
    options: dict = dataclasses.field(default_factory=dict)

    def maker(self, num_classes, embedding_dim):
        """A function that makes the layer, or None for softmax alone; ValueError for an unknown ``kind``."""
        if self.kind == "none":
            return None
        if self.kind not in ("md", "center"):
            raise ValueError(f"kind must be 'md', 'center' or 'none', not {self.kind!r}")
        layer = MDLoss if self.kind == "md" else CenterLoss
        return lambda: layer(num_classes, embedding_dim, **self.options)


def weighted_loss(kind, weight, options):
    """A ``MetricLoss``; without a ``weight`` (None) that of ``LOSS_WEIGHTS``."""
    return MetricLoss(kind, LOSS_WEIGHTS[kind] if weight is None else weight, options)


def check_stage(components, directories):
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
    infos = [read_info(directory) for directory in directories]
    names, sizes = [info["name"] for info in infos], {info["image_size"] for info in infos}
    if len(set(names)) < len(names):
        raise FerMdError(f"the data sets must have names of their own; found {', '.join(names)}")
    if len(sizes) > 1:
        raise FerMdError(f"the data sets must have one image size; found {sorted(sizes)}: prepare one of them again")
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
                f"train it again with --protocol={others}"
            )
    return protocol


def exchanged(index, count, replay):
    """(data set, share) pairs of component ``index``: the next one's data set, and its own if ``replay`` > 0."""
    other = (index + 1) % count
    return [(other, 1.0)] + ([(index, replay)] if replay else [])


def make_jobs(components, directories, recipe, metric_loss, weights, strategy, replay=0.0, seed=0, one_space=False):
    """The jobs of the fine-tuning, for ``fer_md.training.loop.train``: the networks take turns.

    The run's loss is ``L = 1/N sum_i weights_i (L_S,i + loss_weight L_M,i)`` over the N data sets (Eq. 10).
    A data set with the label space of the component's first one shares its head; another gets a head of its own.

    Args:
        components: folders of finished pre-training runs.
        directories: prepared data sets, one a component.
        recipe: ``Recipe``.
        metric_loss: ``MetricLoss``; each component and data set gets centers of its own, that start from class means.
        weights: lambda_i of Eq. 10, one a data set.
        strategy: ``tf.distribute.Strategy``.
        replay: weight of the component's own data set beside the exchanged one, against forgetting; 0 for none.
        seed: of new heads.
        one_space: map every data set's labels by name onto the label space of the component's first one, in place of
            heads of their own; faces with an expression that it lacks are masked.

    Returns:
        list of ``Job``.

    Raises:
        FerMdError: see ``check_stage`` and ``load_split``.
    """
    protocol = check_stage(components, directories)
    data = [
        DataSet(read_info(directory), load_training(directory, protocol)[0], load_split(directory, "PublicTest"))
        for directory in directories
    ]
    check_batch(recipe, 1 + bool(replay), strategy)
    jobs = []
    for index, run_dir in enumerate(components):
        shares = exchanged(index, len(data), replay)
        network = Network(run_dir, data, index, one_space, seed)
        width = read_settings(run_dir)["network"]["fc_units"]
        tasks = [
            Task(
                data[n].info["name"],
                network.head(n),
                share * weights[n] * len(shares) / len(data),
                metric_loss.maker(len(network.space(n)), width),
                metric_loss.loss_weight,
            )
            for n, share in shares
        ]
        numbers = dict.fromkeys((index, *(number for number, _ in shares)))
        trainer = Trainer(lambda net=network, n=numbers: net.build(n), recipe, longest(data), strategy, tasks)
        splits = tuple(network.in_space(data[n].training, n) for n, _ in shares)
        start_centers(trainer, splits, seed)
        measured = {data[n].info["name"]: (network.head(n), network.in_space(data[n].held_out, n)) for n in numbers}
        jobs.append(Job(f"component{index + 1}", trainer, splits, measured))
    return jobs


@dataclasses.dataclass(frozen=True)
class DataSet:
    """A prepared data set: ``dataset.json``, the images to train on and those to measure on after each epoch."""

    info: dict
    training: Split
    held_out: Split


def longest(data):
    """The number of training images of the largest data set: an epoch of the fine-tuning."""
    return max(len(each.training.labels) for each in data)


@dataclasses.dataclass(frozen=True)
class Network:
    """A component and how it scores the data sets.

    Attributes:
        run_dir: its pre-training.
        data: all data sets; ``data[index]`` is what it was pre-trained on.
        index: see ``data``.
        one_space: see ``make_jobs``.
        seed: of new heads.
    """

    run_dir: str
    data: list[DataSet]
    index: int
    one_space: bool
    seed: int

    def space(self, number):
        """The expressions as the head for data set ``number`` counts them."""
        return self.data[self.index if self.one_space else number].info["expressions"]

    def head(self, number):
        """The output that scores data set ``number``."""
        return "logits" if self.one_space else head_for(self.data[number].info, self.data[self.index].info)

    def in_space(self, split, number):
        """A split of data set ``number`` with labels as its head counts them, -1 for what that lacks."""
        return map_labels(split, self.data[number].info["expressions"], self.space(number))

    def build(self, numbers):
        """The pre-trained network, with new heads for those data sets that need one."""
        model = load_model(self.run_dir)
        for number in numbers:
            if self.head(number) not in model.output:
                model = add_head(model, self.head(number), len(self.space(number)), self.seed + number)
        return model


def head_for(info, first):
    """The head that scores a data set on a component that was pre-trained on ``first``."""
    return "logits" if info["expressions"] == first["expressions"] else f"logits_{info['name']}"


def start_centers(trainer, splits, seed):
    """Sets the centers to the class means of the embeddings of up to ``FOR_CENTERS`` training images a class."""
    forward = embeddings_function(trainer.model)
    for layer, split in zip(trainer.metric_losses, splits, strict=True):
        if not isinstance(layer, ClassCenters):
            continue
        order = np.random.default_rng(seed).permutation(len(split.labels))
        labels = split.labels[order]
        rows = np.concatenate([order[labels == label][:FOR_CENTERS] for label in np.unique(labels)])
        layer.set_to_class_means(split.labels[rows], forward(split.images[rows]))
