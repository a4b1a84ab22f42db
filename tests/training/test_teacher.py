"""What an ensemble says of changed faces: the same as if it were asked again, in the targets, and from the scripts."""

import dataclasses

import numpy as np
import pytest

from fer_md.data.augment import Augmentation
from fer_md.data.face import Face
from fer_md.data.pipeline import Views, training_batches
from fer_md.data.protocol import make_protocol
from fer_md.data.records import load_split, read_info, write_dataset
from fer_md.errors import FerMdError
from fer_md.evaluation.predict import logits_function
from fer_md.files import file_sha256
from fer_md.models import TINY, build_component
from fer_md.runs.run_directory import load_model, read_settings
from fer_md.training.objective import SHARES
from fer_md.training.presets import PRESETS, Recipe
from fer_md.training.soft_targets import with_votes
from fer_md.training.strategy import make_strategy
from fer_md.training.stream import training_stream
from fer_md.training.task import Learner, Task
from fer_md.training.teacher import Teacher, changed_probabilities, read_teacher, with_cached_teacher
from fer_md.training.trainer import Trainer
from random_faces import random_split
from scripts import run_script

CHANGED = Augmentation(flip=True, rotation=9, shift=3, contrast=0.2, erase=0.3)


def drawn(make, augmentation, steps, seed=5, size=8):
    """Faces and targets of the first steps of a stream."""
    faces, targets = zip(*make(random_split(20), augmentation, size, seed, 0, steps), strict=True)
    return np.concatenate(faces), np.concatenate(targets)


def test_views_come_again_after_their_rounds():
    """Epochs of 20 faces: a face of the third epoch is changed as in the first, whatever the seed of the stream."""
    views, targets = Views(seed=9, rounds=2), np.arange(40).reshape(2, 20)
    make = lambda *rest, **named: training_batches(*rest, targets=targets, views=views, **named)  # noqa: E731
    faces, numbers = drawn(make, CHANGED, 6, size=10)
    by_number = {}
    for face, number in zip(faces, numbers, strict=True):
        np.testing.assert_array_equal(by_number.setdefault(number, face), face)
    assert len(by_number) == 40
    assert sorted(numbers[:20]) == list(range(20)) and sorted(numbers[20:40]) == list(range(20, 40))
    assert all(np.abs(by_number[n] - by_number[n + 20]).max() > 1 for n in range(20))
    other, others = drawn(make, CHANGED, 6, seed=6, size=10)
    assert others.tolist() != numbers.tolist()
    for face, number in zip(other, others, strict=True):
        np.testing.assert_array_equal(by_number[number], face)


def test_kept_answers_are_those_to_the_faces_of_the_stream():
    """What is looked up is what the network says of the very faces of the batch, in all epochs."""
    network, split = build_component(TINY, seed=3), random_split(20)
    teacher = Teacher(changed_probabilities(network, split, CHANGED, 2, seed=9), 9)
    task = with_cached_teacher(Task("a", split), teacher, 1.0)
    faces, targets = drawn(task.batches, CHANGED, 8)
    logits = network(faces, training=False)["logits"].numpy().astype(np.float64)
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(targets, expected, rtol=1e-4, atol=1e-6)
    assert task.objective is SHARES


def test_the_teacher_sees_faces_without_blur_and_noise():
    network, split = build_component(TINY, seed=3), random_split(20)
    bad = dataclasses.replace(CHANGED, blur=1.0, noise=20.0)
    found = [changed_probabilities(network, split, changes, 1, seed=9) for changes in (CHANGED, bad)]
    np.testing.assert_array_equal(*found)


def test_targets_by_hand():
    """A quarter is the teacher's; a face without a label counts for nothing, and in the finish labels are all."""
    split = random_split(20)
    split.labels[:] = np.arange(20) % 7
    split.labels[4] = -1
    said = np.tile(np.array([0.5, 0.5, 0, 0, 0, 0, 0], np.float32), (1, 20, 1))
    task = with_cached_teacher(Task("a", split), Teacher(said, 9), 0.25)
    order = dataclasses.replace(split, labels=np.arange(20, dtype=np.int32))
    ((_, places),) = training_batches(order, Augmentation(), 20, 5, 0, 1)
    ((_, targets),) = task.batches(split, Augmentation(), 20, 5, 0, 1)
    targets = targets.numpy()[np.argsort(places)]
    assert targets[0].tolist() == [0.875, 0.125, 0, 0, 0, 0, 0]
    assert targets[3].tolist() == [0.125, 0.125, 0, 0.75, 0, 0, 0]
    assert not targets[4].any()
    ((_, targets),) = task.finish_batches(split, Augmentation(), 20, 5, 0, 1)
    expected = np.eye(7)[split.labels]
    expected[4] = 0
    np.testing.assert_array_equal(targets.numpy()[np.argsort(places)], expected)


def test_votes_are_mixed_with_the_teacher_too():
    votes = np.tile([0, 0, 0, 0, 0, 10, 0, 0, 0, 0], (20, 1))  # all for disgust
    task = with_votes(Task("a", dataclasses.replace(random_split(20), votes=votes)), 0.4, raw=True)
    said = np.tile(np.eye(7, dtype=np.float32)[2], (1, 20, 1))
    _, before = drawn(task.batches, Augmentation(), 2)
    _, targets = drawn(with_cached_teacher(task, Teacher(said, 9), 0.5).batches, Augmentation(), 2)
    np.testing.assert_allclose(targets, 0.5 * before + 0.5 * said[0, 0], rtol=1e-6)
    assert before[:, 1].min() == pytest.approx(0.4)


def test_a_teacher_of_other_faces_is_refused():
    with pytest.raises(ValueError, match="a has 20 Training faces, not 19 as its teacher has"):
        with_cached_teacher(Task("a", random_split(20)), Teacher(np.zeros((1, 19, 7), np.float32), 0), 0.5)


def test_replicas_equal_one_device():
    said = np.random.default_rng(1).dirichlet(np.ones(7), (2, 40)).astype(np.float32)
    recipe, states = Recipe(epochs=2, batch_size=16, rate=0.01, average=0.9, augmentation=CHANGED), []
    for strategy in (make_strategy("one"), make_strategy("mirrored", 2)):
        task = with_cached_teacher(Task("a", random_split(40)), Teacher(said, 9), 0.7)
        build = lambda: build_component(dataclasses.replace(TINY, dropout=0.0), seed=1)  # noqa: E731
        trainer = Trainer(Learner(build, [task]), recipe, 40, strategy)
        for step, batch in enumerate(training_stream(trainer, 3, 0, 5)):
            trainer.train_step(batch, step)
        states.append(trainer.state())
    for name, value in states[0].items():
        np.testing.assert_allclose(states[1][name], value, atol=2e-3, rtol=1e-3, err_msg=name)


def write_faces(folder, seed):
    split, names = random_split(40, seed), ["Training"] * 24 + ["PublicTest"] * 8 + ["PrivateTest"] * 8
    labels = np.arange(40) % 7
    faces = [Face(str(i), split.images[i], int(labels[i]), split=names[i]) for i in range(40)]
    write_dataset(faces, folder, folder.name)
    return folder


@pytest.mark.integration
def test_scripts_distil_two_runs_into_one(tmp_path):
    """One run knows the first data set, the other both; the student goes on from the latter."""
    first, second = write_faces(tmp_path / "first", 1), write_faces(tmp_path / "second", 2)
    small = ["--network=tiny", "--precision=float32", "--epochs=1"]
    alone, both, teacher, student = (tmp_path / name for name in ("alone", "both", "teacher", "student"))

    def succeeds(script, *flags):
        answer = run_script(f"experiments/{script}.py", *map(str, flags))
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    def fails(message, script, *flags):
        answer = run_script(f"experiments/{script}.py", *map(str, flags))
        assert answer.returncode == 1 and message in answer.stderr and "Traceback" not in answer.stderr, answer.stderr

    data = f"--data={first},{second}"
    succeeds("pretrain", f"--data={first}", f"--run_dir={alone}", f"--protocol={second}", *small)
    succeeds("joint", data, f"--run_dir={both}", "--statistics=shared", *small)
    asked = [f"--run_dir={alone},{both}", data, f"--output={teacher}", "--preset=joint", "--rounds=2"]
    asked += ["--precision=float32", "--seed=4"]
    taught = [data, f"--run_dir={student}", f"--start={both}", f"--teacher={teacher}", "--statistics=shared", *small]
    fails("has learned second", "ask_teacher", *asked, f"--run_dir={alone}")
    fails("learned first, which --data lacks", "ask_teacher", *asked, f"--data={second}")
    succeeds("ask_teacher", *asked)
    stored = read_settings(teacher)["networks"]
    assert [(entry["data"], entry["network"]) for entry in stored] == [
        ("first", file_sha256(alone / "model.keras")),
        ("first", file_sha256(both / "first.keras")),
        ("second", file_sha256(both / "second.keras")),
    ]
    augmentation = PRESETS["joint"].augmentation
    networks = [load_model(alone), load_model(both, "first")]
    split = load_split(first, "Training")
    protocol = make_protocol([first, second])
    found = read_teacher(teacher, read_info(first), augmentation, protocol)
    expected = np.mean([changed_probabilities(network, split, augmentation, 2, 4) for network in networks], 0)
    np.testing.assert_allclose(found.probabilities, expected, rtol=1e-4, atol=1e-6)
    assert found.seed == 4

    kept = (teacher / "network0.npz").stat().st_mtime_ns
    (teacher / "network2.npz").unlink()
    (teacher / "DONE").unlink()
    fails("has not answered yet", "joint", *taught)
    assert "asked about second (3 of 3)" in succeeds("ask_teacher", *asked)
    assert (teacher / "network0.npz").stat().st_mtime_ns == kept

    fails("learned with augmentation=", "joint", *taught, "--preset=joint-long")
    succeeds("joint", *taught, "--preset=joint-rough")
    assert read_settings(student)["teacher"]["share"] == 0.7
    assert logits_function(load_model(student, "second"))(split.images).shape == (24, 7)
    (teacher / "network1.npz").write_bytes(b"")
    with pytest.raises(FerMdError, match="was changed after the run was complete"):
        read_teacher(teacher, read_info(first), augmentation, protocol)
