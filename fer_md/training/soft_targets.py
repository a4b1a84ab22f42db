"""Targets that are not the label alone: mixed with what FER+'s taggers said of a face, or what a network says of it."""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from fer_md.errors import FerMdError
from fer_md.evaluation.metrics import FERPLUS_TO_LABEL
from fer_md.expressions import EXPRESSIONS
from fer_md.training.objective import SHARES
from fer_md.training.task import Task


def with_votes(task: Task, share: float, unseen: np.ndarray | None = None, raw: bool = False) -> Task:
    """The task with softmax on labels mixed with FER+'s votes; a loss with centers beside it takes the labels alone.

    In the recipe's ``Finish`` targets are the labels alone; with ``unseen`` or ``raw`` they are the same to the end.

    Args:
        task: classes of the seven expressions of ``fer_md.expressions.EXPRESSIONS``.
        share, unseen, raw: see ``mix_votes``; with a share below 0.5 the label stays the most probable class.

    Raises:
        FerMdError: the training split has no votes.
    """
    split = task.training
    if split.votes is None:
        raise FerMdError(f"{task.name}: has no votes of FER+; prepare it with --ferplus=fer2013new.csv")
    batches = functools.partial(task.batches, targets=mix_votes(split.labels, split.votes, share, unseen, raw))
    finish_batches = None
    if unseen is None and not raw:
        finish_batches = functools.partial(task.batches, targets=mix_votes(split.labels, split.votes, 0))
    return dataclasses.replace(task, batches=batches, finish_batches=finish_batches, objective=SHARES)


def with_teacher(task: Task, teacher: Callable[[tf.Tensor], tf.Tensor], share: float) -> Task:
    """The task with softmax on labels mixed with what another network says of the same changed faces.

    Where the teacher is the network as it was before, this is learning without forgetting for data sets with one label
    space: what it says of the new faces holds it to what it knew.

    Args:
        task: with labels as targets.
        teacher: function from (B, H, W, 1) float32 images to (B, K) logits, which TensorFlow can trace.
        share: of the target that the teacher gives, in [0, 1].

    Reference: Li and Hoiem, Learning without forgetting, ECCV 2016, Eq. 2, at temperature 1.
    """

    def taught(*arguments, **options):
        return task.batches(*arguments, **options).map(mixed, num_parallel_calls=1, deterministic=True)

    def mixed(images, labels):
        said = tf.nn.softmax(teacher(images))
        shares = (1 - share) * tf.one_hot(labels, said.shape[-1]) + share * said
        return images, tf.where((labels >= 0)[:, None], shares, 0.0)

    return dataclasses.replace(task, batches=taught, objective=SHARES)


def mix_votes(
    labels: np.ndarray, votes: np.ndarray, share: float, unseen: np.ndarray | None = None, raw: bool = False
) -> np.ndarray:
    """Shares of the seven expressions, part of them from the label and part from what other evidence says of it.

    Without ``raw`` the votes are not taken as they are: taggers call a quarter of the faces with another label neutral.
    Their part is then the probability of each label given the votes, by ``label_probabilities``.

    Args:
        labels: (N,) int, index into ``fer_md.expressions.EXPRESSIONS``; negative for none.
        votes: (N, 10) counts in the order of FER+'s columns (Barsoum et al., 2016); a row of zeros where there are
            none: such a face keeps its label alone.
        share: of the votes, in [0, 1].
        unseen: (N, 7) probabilities by networks that did not learn the face (``unseen_probabilities``); their
            logarithms are then evidence for the label as the votes are. None for votes alone. Where nobody voted they
            count for nothing.
        raw: the votes' part is the shares of the votes themselves, without those for none of the seven expressions;
            not with ``unseen``.

    Raises:
        ValueError: ``raw`` with ``unseen``.

    Returns:
        (N, 7) float32 whose rows add up to 1; a row without a label is zero.
    """
    if raw and unseen is not None:
        raise ValueError("raw votes are not calibrated, with or without unseen")
    labels, votes = np.asarray(labels), np.asarray(votes, np.float64)
    shares = np.eye(len(EXPRESSIONS))[np.maximum(labels, 0)]
    if raw:
        votes = votes[:, np.argsort(FERPLUS_TO_LABEL)]
    voted = votes.sum(1) > 0
    if share and voted.any():
        said = votes[voted] / votes[voted].sum(1, keepdims=True)
        if unseen is not None:
            said = np.hstack([said, np.log(np.maximum(unseen[voted], 1e-6))])
        if not raw:
            said = label_probabilities(labels[voted], said)
        shares[voted] = (1 - share) * shares[voted] + share * said
    shares[labels < 0] = 0
    return shares.astype(np.float32)


def label_probabilities(labels: np.ndarray, evidence: np.ndarray, ridge: float = 1.0, steps: int = 12) -> np.ndarray:
    """P(label | evidence) of each face, by a logistic model fitted to the same faces with Newton's method.

    Args:
        labels: (N,) int; a negative one counts for nothing in the fit.
        evidence: (N, V), such as the shares of the votes; it must imply a constant, as shares do that add up to 1.
        ridge: of the squared weights against the summed log likelihood, greater than 0.
        steps: of Newton's method, each halved until the objective does not get worse.

    Returns:
        (N, 7) float64 whose rows add up to 1.
    """
    known, classes = labels >= 0, len(EXPRESSIONS)
    x, truth = evidence[known], np.eye(classes)[labels[known]]
    weights = np.zeros((classes, evidence.shape[1]))

    def objective(weights):
        scores = x @ weights.T
        return (truth * (scores - _log_sum_exp(scores))).sum() - ridge / 2 * (weights**2).sum()

    for _ in range(steps):
        scores = x @ weights.T
        p = np.exp(scores - _log_sum_exp(scores))
        gradient = (truth - p).T @ x - ridge * weights
        curvature = np.block(
            [[(x.T * (p[:, a] * ((a == b) - p[:, b]))) @ x for b in range(classes)] for a in range(classes)]
        )
        step = np.linalg.solve(curvature + ridge * np.eye(weights.size), gradient.ravel())
        now, length = objective(weights), 1.0
        while objective(weights + length * step.reshape(weights.shape)) < now and length > 1e-6:
            length /= 2
        weights += length * step.reshape(weights.shape)
    scores = evidence @ weights.T
    return np.exp(scores - _log_sum_exp(scores))


def _log_sum_exp(scores):
    top = scores.max(1, keepdims=True)
    return top + np.log(np.exp(scores - top).sum(1, keepdims=True))
