"""What an ensemble says of changed faces: the same as if it were asked again, in the targets, and from the scripts."""

import dataclasses
import functools
import shutil

import numpy as np
import pytest

from fer_md.data.augment import Augmentation
from fer_md.data.pipeline import Views, training_batches
from fer_md.data.protocol import make_protocol
from fer_md.data.records import load_split, read_info
from fer_md.data.sampling import by_class
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
from interruptions import assert_interrupted_ends_with_the_same_bits
from random_faces import random_split, write_faces
from scripts import run_script

CHANGED = Augmentation(flip=True, rotation=9, shift=3, contrast=0.2, erase=0.3)


def drawn(make, augmentation, steps, seed=5, size=8):
    """Faces and targets of the first steps of a stream."""
    faces, targets = zip(*make(random_split(20), augmentation, size, seed, 0, steps), strict=True)
    return np.concatenate(faces), np.concatenate(targets)


def test_views_come_again_after_their_rounds():
    """Epochs of 20 faces: a face of the third epoch is changed as in the first, whatever the seed of the stream."""
    views, targets = Views(seed=9, rounds=2), np.arange(40).reshape(2, 20)
    make = functools.partial(training_batches, targets=targets, views=views)
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
        build = functools.partial(build_component, dataclasses.replace(TINY, dropout=0.0), 1)
        trainer = Trainer(Learner(build, [task]), recipe, 40, strategy)
        for step, batch in enumerate(training_stream(trainer, 3, 0, 5)):
            trainer.train_step(batch, step)
        states.append(trainer.state())
    for name, value in states[0].items():
        np.testing.assert_allclose(states[1][name], value, atol=2e-3, rtol=1e-3, err_msg=name)


def test_an_interrupted_student_ends_with_the_same_bits(tmp_path, monkeypatch):
    said = np.random.default_rng(1).dirichlet(np.ones(7), (2, 40)).astype(np.float32)
    recipe = Recipe(epochs=2, batch_size=16, rate=0.01, average=0.9, augmentation=CHANGED)

    def learner():
        split = random_split(40)
        task = with_cached_teacher(Task("a", split, split), Teacher(said, 9), 0.7)
        return Learner(functools.partial(build_component, TINY, 1), [task])

    assert_interrupted_ends_with_the_same_bits(lambda: [learner()], recipe, tmp_path, monkeypatch)


SMALL = ["--network=tiny", "--precision=float32", "--epochs=1"]


def script(name, *flags):
    return run_script(f"experiments/{name}.py", *map(str, flags))


def succeeds(name, *flags):
    answer = script(name, *flags)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def fails(message, name, *flags):
    answer = script(name, *flags)
    assert answer.returncode == 1 and message in answer.stderr and "Traceback" not in answer.stderr, answer.stderr


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """Two data sets; a run that knows the first, one that knows both, and what these two say of the faces."""
    root = tmp_path_factory.mktemp("teacher")
    first, second = write_faces(root / "first", 1), write_faces(root / "second", 2)
    data = f"--data={first},{second}"
    succeeds("pretrain", f"--data={first}", f"--run_dir={root / 'alone'}", f"--protocol={second}", *SMALL)
    succeeds("joint", data, f"--run_dir={root / 'both'}", "--statistics=shared", "--sampling=1,1", *SMALL)
    asked = [f"--run_dir={root / 'alone'},{root / 'both'}", data, "--preset=joint", "--rounds=2", "--seed=4"]
    succeeds("ask_teacher", *asked, f"--teacher={root / 'teacher'}")
    return root, data, asked


def student(stage, name, *flags):
    root, data, _ = stage
    taught = [data, f"--run_dir={root / name}", f"--teacher={root / 'teacher'}", "--statistics=shared"]
    return [*taught, "--sampling=1,1", *SMALL, *flags]


@pytest.mark.integration
def test_the_teacher_is_the_mean_of_what_its_networks_say(stage):
    root, _, _ = stage
    first, second, teacher = (root / name for name in ("first", "second", "teacher"))
    assert [(entry["data"], entry["network"]) for entry in read_settings(teacher)["networks"]] == [
        ("first", file_sha256(root / "alone" / "model.keras")),
        ("first", file_sha256(root / "both" / "first.keras")),
        ("second", file_sha256(root / "both" / "second.keras")),
    ]
    augmentation, protocol = PRESETS["joint"].augmentation, make_protocol([first, second])
    found, split = read_teacher(teacher, read_info(first), augmentation, protocol), load_split(first, "Training")
    networks = [load_model(root / "alone"), load_model(root / "both", "first")]
    expected = np.mean([changed_probabilities(network, split, augmentation, 2, 4) for network in networks], 0)
    np.testing.assert_allclose(found.probabilities, expected, rtol=1e-4, atol=1e-6)
    assert found.seed == 4


@pytest.mark.integration
def test_a_student_goes_on_from_a_joint_training(stage):
    """Its preset adds blur and noise, which the teacher does not see."""
    root, data, _ = stage
    flags = student(stage, "student", f"--start={root / 'both'}", "--preset=joint-rough")
    succeeds("joint", *flags)
    settings = read_settings(root / "student")
    assert settings["teacher"] == {"answers": file_sha256(root / "teacher" / "DONE"), "share": 0.7}
    assert settings["start"] == file_sha256(root / "both" / "first.keras")
    assert logits_function(load_model(root / "student", "second"))(random_split(3).images).shape == (3, 7)
    without = [flag for flag in flags if not flag.startswith("--teacher=")]
    fails("holds a run with teacher=", "joint", *without)


@pytest.mark.integration
def test_asking_goes_on_where_it_stopped(stage, tmp_path):
    root, _, asked = stage
    teacher = tmp_path / "teacher"
    shutil.copytree(root / "teacher", teacher)
    (teacher / "network2.npz").unlink()
    (teacher / "DONE").unlink()
    kept = (teacher / "network0.npz").stat().st_mtime_ns
    fails("has not finished answering", "joint", *student(stage, "early"), f"--teacher={teacher}")
    assert "asked about second (3 of 3)" in succeeds("ask_teacher", *asked, f"--teacher={teacher}")
    assert (teacher / "network0.npz").stat().st_mtime_ns == kept
    assert (teacher / "DONE").read_text() == (root / "teacher" / "DONE").read_text()
    assert "complete" in succeeds("ask_teacher", *asked, f"--teacher={teacher}")
    (teacher / "network1.npz").write_bytes(b"")
    for name, flags in (("ask_teacher", asked), ("joint", student(stage, "late"))):
        fails("was changed after the run was complete", name, *flags, f"--teacher={teacher}")


@pytest.mark.integration
@pytest.mark.parametrize(
    "flags, message",
    [
        (["--preset=joint-long"], "was asked about faces changed in another way; ask with the student's --preset"),
        (["--leaked"], "was asked about other faces; ask with the student's --data and --leaked"),
        (["--sampling=1,0.5"], "--teacher needs --sampling=1,1"),
        (["--loss=md"], "--teacher is for softmax alone"),
        (["--teacher={root}/both"], "both: is no teacher; make one with experiments/ask_teacher.py"),
        (["--teacher={root}/none"], "none: is no teacher; make one with experiments/ask_teacher.py"),
        (["--teacher=", "--teacher_share=0.5"], "--teacher_share needs --teacher"),
        (["--start={root}/both", "--statistics=own"], "a joint training can go on with --statistics=shared"),
    ],
)
def test_a_student_that_does_not_fit_is_refused(stage, flags, message):
    root = stage[0]
    fails(message, "joint", *student(stage, "refused"), *(flag.format(root=root) for flag in flags))
    assert not (root / "refused" / "checkpoint.npz").exists()


@pytest.mark.integration
@pytest.mark.parametrize(
    "flags, message",
    [
        (["--run_dir={root}/alone"], "none of {root}/alone has learned second"),
        (["--run_dir={root}/both,{root}/both/"], "names a run twice"),
        (["--run_dir={root}/both,{root}/leaked"], "learned with protocol="),
        (["--run_dir={root}/both,{root}/skewed"], "first answers for another prior than that of first; leave it out"),
    ],
)
def test_networks_that_may_not_answer_are_refused(stage, tmp_path, flags, message):
    root, data, asked = stage
    if not (root / "leaked").exists():
        succeeds("pretrain", data.split(",")[0], f"--run_dir={root / 'leaked'}", *SMALL)
        merged = ["--statistics=own", "--nologit_adjustment", "--sampling=0.5,0.5"]
        succeeds("joint", data, f"--run_dir={root / 'skewed'}", *merged, *SMALL)
    named = [flag.format(root=root) for flag in flags]
    fails(message.format(root=root), "ask_teacher", *asked, *named, f"--teacher={tmp_path / 'teacher'}")
    assert not list(tmp_path.glob("teacher/*.npz"))


def test_views_hold_for_faces_that_are_drawn_by_class():
    split = random_split(20)
    targets = np.arange(40).reshape(2, 20)
    views, draw = Views(seed=9, rounds=2), by_class(split.labels, 0.5)
    batches = functools.partial(training_batches, targets=targets, views=views, draw=draw)
    seen = {}
    for face, number in zip(*drawn(batches, CHANGED, 12), strict=True):
        np.testing.assert_array_equal(seen.setdefault(number, face), face)
    assert len(seen) > 30


def test_views_need_targets_for_each_round():
    for targets in (None, np.zeros((3, 20))):
        with pytest.raises(ValueError, match="targets must have an entry for each of 2 rounds"):
            training_batches(random_split(20), CHANGED, 4, 0, 0, 1, targets=targets, views=Views(9, 2))


def test_a_task_with_batches_of_its_own_has_no_cached_teacher():
    task = Task("a", random_split(20), batches=lambda *rest: training_batches(*rest))
    with pytest.raises(ValueError, match="batches must be those of training_batches"):
        with_cached_teacher(task, Teacher(np.zeros((1, 20, 7), np.float32), 0), 0.5)


@pytest.mark.integration
def test_a_residual_network_is_trained_and_has_no_embedding_layer(stage, tmp_path):
    flags = [f"--data={stage[0] / 'first'}", f"--run_dir={tmp_path / 'run'}", "--network=residual", "--epochs=1"]
    fails("--embedding is for the components, not for --network=residual", "pretrain", *flags, "--embedding=8")
    succeeds("pretrain", *flags)
    assert load_model(tmp_path / "run").output["embeddings"].shape[-1] == 384
    flags = [f"--run_dir={tmp_path / 'run'}", f"--data={stage[0] / 'first'}", f"--output={tmp_path / 'out'}"]
    fails("only components of experiments/pretrain.py and joint.py can ship", "ship", *flags)
