"""How IACNN (Meng et al., FG 2017) is trained: two tasks on pairs of faces, one by expression, one by person."""

import functools
from collections.abc import Sequence

import keras
import numpy as np

from fer_md.data.pairs import GroupMembers, pair_batches
from fer_md.data.records import Split
from fer_md.errors import FerMdError
from fer_md.losses import ContrastiveLoss
from fer_md.training.task import Task


def subject_numbers(subjects: Sequence[str]) -> np.ndarray:
    """(N,) integers, one for each person; -1 where the person is unknown ("")."""
    people = {subject: number for number, subject in enumerate(sorted(set(subjects) - {""}))}
    return np.array([people.get(subject, -1) for subject in subjects])


def identity_aware_tasks(
    split: Split, metric_loss: keras.layers.Layer | None = None, loss_weight: float = 1.0
) -> list[Task]:
    """The tasks of a network made by ``fer_md.models.baselines.meng.build_meng`` on one split.

    ``L = 1/2 sum_t (L_S,t + L_C,t)`` over a task of expression pairs and one of pairs of persons. Each batch is half
    of the recipe's; softmax learns the expression from the faces of both, the contrastive losses the expression and
    the identity layer. Two streams with shared weights are one network on both faces of a pair, so the loop and the
    trainer are those of every other network. MD loss takes the place of the expression-sensitive loss, on the
    same batches.

    Args:
        split: ``Split`` with subjects; where no subject is known there is the first task alone.
        metric_loss: unbuilt layer in place of the expression-sensitive contrastive loss, or None.
        loss_weight: factor of the loss on the expression pairs.

    Returns:
        list of ``Task``; all of them train on ``split``.

    Raises:
        FerMdError: no person has two faces, or there is only one person.
    """
    layer = metric_loss or ContrastiveLoss()
    tasks = [Task("expression", split, metric_loss=layer, loss_weight=loss_weight, batches=pair_batches)]
    if any(split.subjects):
        numbers = subject_numbers(split.subjects)
        try:
            GroupMembers(numbers)  # as with the first batch, but before anything is trained
        except ValueError as error:
            raise FerMdError(f"persons of {len(numbers)} images: {error}; take more images") from None
        by_person = functools.partial(pair_batches, groups=numbers)
        tasks.append(Task("identity", split, metric_loss=ContrastiveLoss(), features="identity", batches=by_person))
    return tasks
