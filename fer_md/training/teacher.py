"""What an ensemble says of changed faces, asked once and kept for all networks that learn from it (distillation).

The faces are changed in a few rounds, after which the changes come again (``fer_md.data.pipeline.Views``). So the
ensemble sees each changed face once, and its students see the very same ones. Blur and noise are left out of what the
ensemble sees: it says what its students can hardly see.

References:
    Hinton, Vinyals, Dean: Distilling the knowledge in a neural network, 2015, at temperature 1.
    Beyer et al.: Knowledge distillation: a good teacher is patient and consistent, CVPR 2022 (the same views).
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from fer_md.array_files import read_arrays
from fer_md.data.augment import Augmentation, augment
from fer_md.data.pipeline import Views, training_batches
from fer_md.data.protocol import Protocol
from fer_md.data.records import Split
from fer_md.errors import FerMdError
from fer_md.progress import Progress
from fer_md.runs.done import check_done
from fer_md.runs.run_directory import plain_settings, read_settings
from fer_md.training.objective import SHARES
from fer_md.training.task import Task

BATCH = 256
"""Faces that a network answers for at once."""


@dataclasses.dataclass(frozen=True)
class Teacher:
    """What an ensemble says of a data set's Training faces.

    Attributes:
        probabilities: (R, N, K) float32; entry (r, n) is of face n as it is changed in round r.
        seed: of the changes.
    """

    probabilities: np.ndarray
    seed: int


def changed_probabilities(
    network: keras.Model, split: Split, augmentation: Augmentation, rounds: int, seed: int, head: str = "logits"
) -> np.ndarray:
    """What one network says of each face, changed in several rounds.

    Args:
        network: with the output ``head``, (B, K).
        split: N faces.
        augmentation, seed: of the changes, as a training makes them; blur and noise are left out.
        rounds: R.
        head: of the network.

    Returns:
        (R, N, K) float32.
    """
    images, count, augmentation = tf.constant(split.images[..., None]), len(split.labels), clear(augmentation)

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.int64), tf.TensorSpec((), tf.int64)])
    def answers(examples, number):
        faces = augment(tf.gather(images, examples), augmentation, seed, tf.fill(tf.shape(examples), number), examples)
        return tf.nn.softmax(network(faces, training=False)[head])

    said = []
    with Progress("asking the teacher", rounds * count, "faces") as progress:
        for number in range(rounds):
            for start in range(0, count, BATCH):
                examples = tf.range(start, min(start + BATCH, count), dtype=tf.int64)
                said.append(answers(examples, tf.constant(number, tf.int64)).numpy())
                progress.advance(len(said[-1]))
    return np.concatenate(said).reshape(rounds, count, -1)


def teacher_settings(augmentation: Augmentation, protocol: Protocol | None) -> dict[str, Any]:
    """What a teacher must have in common with the trainings of its students: how faces are changed, and which."""
    changes = plain_settings(clear(augmentation))
    return {"stage": "teacher", "augmentation": changes, "protocol": protocol.sha256 if protocol else None}


def clear(augmentation: Augmentation) -> Augmentation:
    """The changes that the teacher sees: without blur and noise."""
    return dataclasses.replace(augmentation, blur=0.0, noise=0.0)


def read_teacher(
    folder: Path | str, info: Mapping[str, Any], augmentation: Augmentation, protocol: Protocol | None
) -> Teacher:
    """The teacher of one data set, from a folder made by experiments/ask_teacher.py.

    Args:
        folder: the script's ``--teacher``.
        info: of the data set, as ``read_info`` returns it.
        augmentation, protocol: of the training; the teacher must have seen the same faces, changed as they are there.

    Returns:
        the mean of the networks' probabilities.

    Raises:
        FerMdError: the folder is no teacher, or an unfinished one; it was asked about other faces, or about faces that
            were changed in another way; or a file in it is damaged or was changed.
    """
    folder = Path(folder)
    stored = read_settings(folder) if (folder / "config.json").is_file() else {}
    required = teacher_settings(augmentation, protocol)
    if stored.get("stage") != required["stage"]:
        raise FerMdError(f"{folder}: is no teacher; make one with experiments/ask_teacher.py")
    if not (folder / "DONE").exists():
        raise FerMdError(f"{folder}: the teacher has not finished answering; start ask_teacher.py again to go on")
    if stored["augmentation"] != required["augmentation"]:
        raise FerMdError(f"{folder}: was asked about faces changed in another way; ask with the student's --preset")
    if stored["protocol"] != required["protocol"]:
        raise FerMdError(f"{folder}: was asked about other faces; ask with the student's --data and --leaked")
    entries = enumerate(stored["networks"])
    own = [number for number, entry in entries if entry["manifest_sha256"] == info["manifest_sha256"]]
    if not own:
        raise FerMdError(f"{folder}: was not asked about this {info['name']}; ask with the student's --data")
    said = []
    for path in [answers_file(folder, number) for number in own]:
        check_done(path)
        said.append(read_arrays(path, f"ask again for another folder than {folder}")["probabilities"])
    return Teacher(np.asarray(np.mean(said, axis=0, dtype=np.float64), np.float32), stored["seed"])


def answers_file(folder: Path | str, number: int) -> Path:
    """Where what network ``number`` says is kept: ``probabilities`` (R, N, K)."""
    return Path(folder) / f"network{number}.npz"


def with_cached_teacher(task: Task, teacher: Teacher, share: float) -> Task:
    """The task with targets that are in part what the teacher says of the same changed faces.

    In the recipe's ``Finish`` faces are changed in another way; targets are then what they are without the teacher.

    Args:
        task: with labels or shares as targets.
        teacher: of the task's Training faces.
        share: of the targets that the teacher gives, in [0, 1].

    Raises:
        ValueError: the teacher is of another number of faces, or the task draws its batches in a way of its own.
    """
    labels = task.training.labels
    rounds, count, classes = teacher.probabilities.shape
    if count != len(labels):
        raise ValueError(f"{task.name} has {len(labels)} Training faces, not {count} as its teacher has")
    own = given_targets(task.batches)
    if own is None:
        own = tf.one_hot(labels, classes).numpy()  # zeros without a label
    finish = task.finish_batches or functools.partial(task.batches, targets=own)
    mixed = np.float32(1 - share) * own + np.float32(share) * teacher.probabilities
    mixed[:, labels < 0] = 0
    batches = functools.partial(task.batches, targets=mixed, views=Views(teacher.seed, rounds))
    return dataclasses.replace(task, batches=batches, finish_batches=finish, objective=SHARES)


def given_targets(batches: Callable) -> np.ndarray | None:
    """The targets that ``training_batches`` has been given (``Task.batches``); None for the labels.

    Raises:
        ValueError: the batches are those of another function.
    """
    given = batches if isinstance(batches, functools.partial) else functools.partial(batches)
    if given.func is not training_batches:
        raise ValueError(f"batches must be those of training_batches, not of {given.func}")
    return given.keywords.get("targets")
