"""Joint training: one network learns several data sets at once, so that none is forgotten."""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np

from fer_md.data.protocol import Protocol, check_together, load_training
from fer_md.data.records import load_split, read_info
from fer_md.models import ComponentConfig, add_head, build_component
from fer_md.models.statistics import with_own_statistics
from fer_md.training.exchange import head_for
from fer_md.training.soft_targets import with_votes
from fer_md.training.task import Learner, Task, balanced
from fer_md.training.unseen import unseen_probabilities


@dataclasses.dataclass(frozen=True)
class Part:
    """A data set's part in a joint training.

    Attributes:
        directory: prepared data set.
        share: of each batch, in proportion to the other parts' shares.
        weight: lambda_i of Eq. 10.
        sampling: power of the class frequency by which its faces are drawn: 1 as they occur, 0.5 by the root.
        votes: share of the targets that FER+'s votes give (``with_votes``).
        unseen_by: runs whose answers count with the votes (``unseen_probabilities``); None for votes alone.
        raw_votes: take the votes as they are (``mix_votes``).
    """

    directory: Path | str
    share: float = 1.0
    weight: float = 1.0
    sampling: float = 1.0
    votes: float = 0.0
    unseen_by: Sequence[Path | str] | None = None
    raw_votes: bool | None = None


@dataclasses.dataclass(frozen=True)
class Start:
    """What a network starts from.

    Attributes:
        model: network of one head that was trained on one data set.
        prior: (K,) shares of the classes that its logits hold.
    """

    model: keras.Model
    prior: np.ndarray


def joint_learner(
    parts: Sequence[Part],
    protocol: Protocol | None,
    config: ComponentConfig,
    make_loss: Callable[[int, int], keras.layers.Layer | None],
    loss_weight: float,
    own_statistics: bool = True,
    logit_adjustment: bool = True,
    start: Start | None = None,
    seed: int = 0,
) -> Learner:
    """The network of a joint training, for ``train_network``.

    The data sets share the trunk and, where their expressions are the same, the head; another label space gets a head
    of its own. They also share the centers of the metric loss: an expression has one center, in whatever data sets it
    occurs.

    Args:
        parts: the data sets, the leading one first.
        protocol: what it holds out is left out of Training; None to learn leaked faces too, which are pixel-identical
            to a held-out one.
        config: of the network, for the leading data set's expressions.
        make_loss: function of the number of expressions in all data sets and of the width of the embeddings that
            returns an unbuilt metric loss, or None.
        loss_weight: factor of the metric loss.
        own_statistics: batch normalisation of its own for each data set (``with_own_statistics``).
        logit_adjustment: leave each data set's prior out of what is learned (``Task.drawn_shares``). Without it the
            data sets are merged as they are.
        start: the network to start from; None for new weights.
        seed: of new weights.

    Raises:
        FerMdError: fewer than two data sets, two of one name, or images of different sizes; votes are asked of a data
            set that has none; see also ``load_split`` and ``unseen_probabilities``.
    """
    infos = [read_info(part.directory) for part in parts]
    check_together(infos)
    union = list(dict.fromkeys(name for info in infos for name in info["expressions"]))
    loss = make_loss(len(union), config.embedding_dim)
    tasks = []
    for part, info in zip(parts, infos, strict=True):
        expressions = info["expressions"]
        training, _ = load_training(part.directory, protocol)
        task = Task(
            info["name"],
            training,
            load_split(part.directory, "PublicTest"),
            head_for(info, infos[0]),
            part.weight,
            part.share,
            loss,
            None if expressions == union else [union.index(name) for name in expressions],
            loss_weight,
        )
        task = balanced(task, part.sampling, len(expressions), logit_adjustment)
        if part.votes:
            learned_under = protocol.sha256 if protocol else None
            unseen = unseen_probabilities(part.unseen_by, training, info, learned_under) if part.unseen_by else None
            task = with_votes(task, part.votes, unseen, bool(part.raw_votes))
        tasks.append(task)
    build = functools.partial(_build, config, infos, own_statistics, logit_adjustment, start, seed)
    return Learner(build, tasks)


def _build(config, infos, own_statistics, logit_adjustment, start, seed):
    model = build_component(config, seed)
    if start is not None:
        model.set_weights(start.model.get_weights())
        if logit_adjustment:  # the losses add the prior
            bias = model.get_layer("logits").bias
            bias.assign(bias - np.log(start.prior))
    for number, info in enumerate(infos[1:], 1):
        if head_for(info, infos[0]) not in model.output:
            model = add_head(model, head_for(info, infos[0]), len(info["expressions"]), seed + number)
    return with_own_statistics(model, len(infos)) if own_statistics else model
