"""Targets that say how sure people are: a label mixed with what FER+'s taggers said of the same face."""

import functools

import numpy as np

from fer_md.data.pipeline import training_batches
from fer_md.errors import FerMdError
from fer_md.evaluation.metrics import FERPLUS_TO_LABEL
from fer_md.training.objective import SHARES
from fer_md.training.task import Task


def votes_task(name, split, share, metric_loss=None):
    """A ``Task`` of softmax on labels mixed with FER+'s votes; a loss with centers beside it takes the labels alone.

    Args:
        name: of the data set.
        split: ``Split`` to learn from, in the seven expressions of ``fer_md.expressions.EXPRESSIONS``.
        share: see ``mix_votes``; below 0.5 the label stays the most probable class.
        metric_loss: see ``Task``.

    Raises:
        FerMdError: the split has no votes.
    """
    if split.votes is None:
        raise FerMdError(f"{name}: has no votes of FER+; prepare it with --ferplus=fer2013new.csv")
    targets = mix_votes(split.labels, split.votes, share)
    batches = functools.partial(training_batches, targets=targets)
    return Task(name, metric_loss=metric_loss, batches=batches, objective=SHARES)


def mix_votes(labels, votes, share):
    """Shares of the seven expressions, part of them from the label and part from FER+'s votes (Barsoum et al., 2016).

    Votes for contempt, unknown and "not a face" do not count; a face without any others keeps its label alone.

    Args:
        labels: (N,) int, index into ``fer_md.expressions.EXPRESSIONS``; negative for none.
        votes: (N, 10) counts in the order of FER+'s columns; a row of zeros where there are none.
        share: of the votes, in [0, 1].

    Returns:
        (N, 7) float32 whose rows add up to 1; a row without a label is zero.
    """
    labels = np.asarray(labels)
    shares = np.eye(len(FERPLUS_TO_LABEL), dtype=np.float32)[np.maximum(labels, 0)]
    votes_for = np.empty(shares.shape, np.float32)
    votes_for[:, FERPLUS_TO_LABEL] = np.asarray(votes)[:, : len(FERPLUS_TO_LABEL)]
    total = votes_for.sum(1, keepdims=True)
    voted = total[:, 0] > 0
    shares[voted] = (1 - share) * shares[voted] + share * votes_for[voted] / total[voted]
    shares[labels < 0] = 0
    return shares
