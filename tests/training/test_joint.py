"""Joint training: statistics of each data set, logit adjustment, shared centers, replicas, resume, the script."""

import dataclasses
import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from fer_md.data.face import Face
from fer_md.data.protocol import make_protocol
from fer_md.data.records import load_split, write_dataset
from fer_md.errors import FerMdError
from fer_md.evaluation.predict import logits_function
from fer_md.evaluation.softmax import softmax
from fer_md.files import file_sha256
from fer_md.layers.batch_norm import BatchNorm
from fer_md.losses import MDLoss
from fer_md.models import TINY, add_head, build_component
from fer_md.models.heads import with_prior
from fer_md.models.statistics import with_own_statistics
from fer_md.prediction.classifier import load_classifier
from fer_md.runs.run_directory import load_model, read_settings
from fer_md.training.joint import Part, Start, joint_learner
from fer_md.training.presets import Recipe
from fer_md.training.strategy import make_strategy
from fer_md.training.stream import training_stream
from fer_md.training.task import Learner, Task, balanced, make_metric_loss
from fer_md.training.trainer import Trainer
from interruptions import assert_interrupted_ends_with_the_same_bits
from random_faces import random_split, write_faces
from scripts import run_script

RECIPE = Recipe(epochs=2, batch_size=16, rate=0.01, average=0.9)
NETWORK = dataclasses.replace(TINY, dropout=0.0)
OTHER_SPACE = ("happiness", "contempt", "anger", "sadness")


def make_trainer(tasks, strategy=None, recipe=RECIPE, copies=2):
    build = lambda: with_own_statistics(build_component(NETWORK, seed=1), copies)  # noqa: E731
    return Trainer(Learner(build, tasks), recipe, 40, strategy or make_strategy("one"))


def own_variables(network):
    return [v for layer in network.layers if isinstance(layer, BatchNorm) for v in layer.variables]


def batches(sizes=(12, 4)):
    splits = [random_split(size, seed) for seed, size in enumerate(sizes, 1)]
    return tuple((tf.constant(s.images[..., None], tf.float32), tf.constant(s.labels)) for s in splits)


def test_networks_share_all_but_batch_normalisation():
    first, second = with_own_statistics(build_component(NETWORK, seed=1), 2)
    shared = {id(v) for v in first.variables} & {id(v) for v in second.variables}
    assert len(shared) == len(first.variables) - len(own_variables(first))
    assert not shared & {id(v) for v in own_variables(first)}
    images = random_split(4).images[..., None]
    second(images.astype("f"), training=True)
    assert np.abs(np.array(second(images)["logits"]) - first(images)["logits"]).max() > 1e-3


def test_each_data_set_is_normalised_with_its_own_statistics():
    """After a step the moving means are those of the two networks on their own faces alone."""
    tasks, data = [Task("a", random_split(12), share=3), Task("b", random_split(4))], batches()
    trainer, alone = make_trainer(tasks), [build_component(NETWORK, seed=1) for _ in tasks]
    trainer.train_step(data, 0)
    for network, reference, (images, _) in zip(trainer.networks, alone, data, strict=True):
        reference(images, training=True)
        for own, expected in zip(own_variables(network), own_variables(reference), strict=True):
            if "moving" in own.name:
                np.testing.assert_allclose(np.array(own), np.array(expected), rtol=1e-4, atol=1e-4)


def test_logit_adjustment_by_hand():
    """The loss is that of logits + log of the shares that are drawn; what answers adds those of the data set."""
    split = random_split(12)
    split.labels[:] = [0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 3]
    task = balanced(Task("a", split, split), 0.0, 7)
    np.testing.assert_allclose(task.drawn_shares, np.array([3, 3, 3, 3, 0.5, 0.5, 0.5]) / 13.5)
    prior = np.array([4, 5, 2, 1, 0.5, 0.5, 0.5]) / 13.5
    np.testing.assert_allclose(task.prior(7), prior)
    trainer = make_trainer([task], recipe=dataclasses.replace(RECIPE, label_smoothing=0.0), copies=1)
    images = split.images[..., None].astype("f")
    reference = build_component(NETWORK, seed=1)
    logits = np.array(reference(images, training=True)["logits"], np.float64) + np.log(task.drawn_shares)
    losses = np.log(np.exp(logits).sum(1)) - logits[np.arange(12), split.labels]
    figures = trainer.train_step(((tf.constant(images), tf.constant(split.labels)),), 0).numpy()
    np.testing.assert_allclose(figures[0, :2], losses.mean(), rtol=1e-5)
    answers, plain = trainer.answers(), logits_function(trainer.model)(split.images)
    assert list(answers) == ["a"]
    np.testing.assert_allclose(trainer.forwards()["a"](split.images), plain + np.log(prior), rtol=1e-5)
    np.testing.assert_allclose(logits_function(answers["a"])(split.images), plain + np.log(prior), rtol=1e-4)


def test_own_statistics_without_adjustment_answer_with_the_head_of_the_data_set():
    """The second data set has five expressions; the network that is left for it answers with its head."""
    split = random_split(8)
    build = lambda: with_own_statistics(add_head(build_component(NETWORK, seed=1), "logits_b", 5), 2)  # noqa: E731
    learner = Learner(build, [Task("a", split), Task("b", split, head="logits_b")])
    trainer = Trainer(learner, RECIPE, 40, make_strategy("one"))
    answers = trainer.answers()
    assert list(answers) == ["a", "b"]
    for index, head in enumerate(("logits", "logits_b")):
        expected = softmax(logits_function(trainer.network(index), head)(split.images))
        found = softmax(logits_function(answers["ab"[index]])(split.images))
        np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_the_network_with_a_prior_is_a_copy():
    network, images = build_component(NETWORK), random_split(3).images
    before, shares = logits_function(network)(images), np.array([0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])
    answering = with_prior(network, shares)
    np.testing.assert_allclose(logits_function(answering)(images), before + np.log(shares), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(logits_function(network)(images), before)
    assert not {id(v) for v in answering.variables} & {id(v) for v in network.variables}


def test_data_sets_that_share_a_loss_have_one_batch():
    """Labels go by the loss's classes: the second data set's 0 is class 2, its 1 has none."""
    start = keras.initializers.RandomNormal(seed=4)
    layer, alone = (MDLoss(7, 16, centers_initializer=start) for _ in range(2))
    alone.build()
    classes = [2, -1, 0, 3, 4, 5, 6]
    tasks = [Task("a", random_split(12), metric_loss=layer, share=3)]
    tasks.append(Task("b", random_split(4), metric_loss=layer, metric_classes=classes))
    trainer, data = make_trainer(tasks), batches()
    references = [build_component(NETWORK, seed=1) for _ in tasks]
    embeddings = [r(images, training=True)["embeddings"] for r, (images, _) in zip(references, data, strict=True)]
    mapped = np.concatenate([data[0][1], np.array(classes)[data[1][1]]])
    expected = alone(mapped, tf.concat(embeddings, 0), training=True)
    figures = trainer.train_step(data, 0).numpy()
    np.testing.assert_allclose(figures[:, 2], [expected] * 2, rtol=1e-4)
    np.testing.assert_allclose(np.array(layer.centers), np.array(alone.centers), rtol=1e-3, atol=1e-5)
    np.testing.assert_array_equal(trainer.metric_labels(1, np.array([0, 1, -1])), [2, -1, -1])
    np.testing.assert_array_equal(trainer.metric_labels(1, tf.constant([0, 1, -1])), [2, -1, -1])


def test_replicas_equal_one_device():
    states = []
    for strategy in (make_strategy("one"), make_strategy("mirrored", 2)):
        layer = MDLoss(7, 16, centers_initializer=keras.initializers.RandomNormal(seed=4))
        splits = [random_split(40, seed) for seed in (1, 2)]
        tasks = [Task("a", splits[0], metric_loss=layer, share=3), Task("b", splits[1], metric_loss=layer)]
        trainer = make_trainer([balanced(task, 0.5, 7) for task in tasks], strategy)
        stream = training_stream(trainer, 3, 0, 6)
        figures = [trainer.train_step(batch, step).numpy() for step, batch in enumerate(stream)]
        states.append({**trainer.state(), "figures": np.array(figures)})
    for name, value in states[0].items():
        np.testing.assert_allclose(states[1][name], value, atol=2e-3, rtol=1e-3, err_msg=name)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("joint")
    return [
        write_faces(root / "first", 1),
        write_faces(root / "second", 2),
        write_faces(root / "third", 3, OTHER_SPACE),
    ]


def learner(folders):
    md = functools.partial(make_metric_loss, "md")
    parts = [Part(folders[0], share=2, sampling=0.5), Part(folders[1]), Part(folders[2], weight=0.5)]
    start = Start(build_component(NETWORK, seed=7), np.full(7, 1 / 7))
    return joint_learner(parts, make_protocol(folders), NETWORK, md, 0.1, start=start, seed=5)


def test_learner_of_three_data_sets(folders):
    found = learner(folders)
    assert [(task.name, task.head, task.weight, task.share) for task in found.tasks] == [
        ("first", "logits", 1, 2),
        ("second", "logits", 1, 1),
        ("third", "logits_third", 0.5, 1),
    ]
    assert [task.metric_classes and list(task.metric_classes) for task in found.tasks] == [
        [0, 1, 2, 3, 4, 5, 6],
        [0, 1, 2, 3, 4, 5, 6],
        [3, 7, 0, 4],
    ]
    assert len({id(task.metric_loss) for task in found.tasks}) == 1
    networks = found.build()
    bias = networks[0].get_layer("logits").bias
    np.testing.assert_allclose(np.array(bias), np.log(7) * np.ones(7), rtol=1e-5)


@pytest.mark.integration
def test_interrupted_joint_training_ends_with_the_same_bits(folders, tmp_path, monkeypatch):
    assert_interrupted_ends_with_the_same_bits(lambda: [learner(folders)], RECIPE, tmp_path, monkeypatch)


@pytest.mark.integration
def test_script_leaves_a_network_for_each_data_set(folders, tmp_path):
    first, second, third = folders
    small = ["--network=tiny", "--precision=float32"]
    start = [f"--data={first}", f"--protocol={second},{third}", f"--run_dir={tmp_path / 'start'}", *small]
    answer = run_script("experiments/pretrain.py", *start, "--preset=smoke", "--epochs=1")
    assert answer.returncode == 0, answer.stderr
    flags = [f"--data={first},{second},{third}", f"--run_dir={tmp_path / 'run'}", "--epochs=1", *small]
    answer = run_script(
        "experiments/joint.py",
        *flags,
        f"--start={tmp_path / 'start'}",
        "--loss=md",
        "--shares=2,1,1",
        "--sampling=1,0.5,0",
    )
    assert answer.returncode == 0, answer.stderr
    images = load_split(third, "PublicTest").images
    assert logits_function(load_model(tmp_path / "run", "third"))(images).shape == (8, 4)
    for data in folders:  # each is answered by its own network
        answer = run_script("experiments/evaluate.py", f"--run_dir={tmp_path / 'run'}", f"--data={data}")
        assert answer.returncode == 0, answer.stderr
        assert list((tmp_path / "run" / "eval").glob(f"PublicTest-{data.name}-{data.name}"))
        classifier = load_classifier(tmp_path / "run", data.name)
        assert classifier.networks == (data.name,)
        counts = np.bincount(load_split(data, "Training").labels)
        np.testing.assert_allclose(classifier.prior, counts / counts.sum())
    answer = run_script(
        "experiments/evaluate.py", f"--run_dir={tmp_path / 'run'}", "--network=third", f"--data={first}"
    )
    assert answer.returncode == 1 and "third has no head for first" in answer.stderr


@pytest.mark.integration
def test_merged_data_sets_are_one_network(folders, tmp_path):
    flags = [f"--data={folders[0]},{folders[1]}", f"--run_dir={tmp_path / 'run'}", "--epochs=1", "--network=tiny"]
    merged = ["--statistics=shared", "--nologit_adjustment", "--sampling=1,1", "--precision=float32"]
    answer = run_script("experiments/joint.py", *flags, *merged)
    assert answer.returncode == 0, answer.stderr
    assert logits_function(load_model(tmp_path / "run"))(random_split(2).images).shape == (2, 7)


@pytest.mark.integration
def test_what_networks_say_of_unseen_faces_counts_with_the_votes(folders, tmp_path):
    """Folds of the leading data set, with votes, are left out by two runs whose answers the joint training heeds."""
    data = write_faces(tmp_path / "voted", 4, votes=(6, 2, 1, 1, *[0] * 6))
    base = [f"--protocol={folders[1]}", "--network=tiny", "--preset=smoke", "--epochs=1", "--precision=float32"]
    for fold in (1, 2):
        run = tmp_path / f"fold{fold}"
        answer = run_script("experiments/pretrain.py", f"--data={data}", f"--run_dir={run}", *base, f"--fold={fold}/2")
        assert answer.returncode == 0, answer.stderr
    flags = [f"--data={data},{folders[1]}", f"--run_dir={tmp_path / 'run'}", "--network=tiny", "--epochs=1"]
    runs = f"--unseen_by={tmp_path / 'fold1'},{tmp_path / 'fold2'}"
    answer = run_script("experiments/joint.py", *flags, "--votes=0.4,0", runs, "--precision=float32")
    assert answer.returncode == 0, answer.stderr
    hashes = [file_sha256(tmp_path / f"fold{fold}" / "model.keras") for fold in (1, 2)]
    first, second = read_settings(tmp_path / "run")["parts"]
    assert first["unseen_by"] == hashes and "unseen_by" not in second


@pytest.mark.parametrize(
    "flags, message",
    [
        (["--sampling=1"], "--sampling must be 2 numbers from 0 to 1, one a data set; found 1"),
        (["--dataset_weights=0,0"], "--dataset_weights must have one number above 0, or nothing is learned"),
        (["--shares=1,2"], "the batch of 128 cannot be divided 1 : 2 among 2 x 1 (data sets x replicas or workers)"),
        (["--votes=0.4,0"], "first: has no votes of FER+"),
        (["--unseen_by=a,b"], "--unseen_by needs votes of the leading data set, such as --votes=0.4,0"),
        (["--raw_votes"], "--raw_votes needs --votes, such as --votes=0.4,0, and excludes --unseen_by"),
        (["--raw_votes", "--votes=0.4,0", "--unseen_by=a,b"], "--raw_votes needs --votes, such as --votes=0.4,0, and"),
        (["--data=a"], "a:"),
    ],
)
def test_wrong_flags_are_one_line(folders, tmp_path, flags, message):
    names = [f"--data={folders[0]},{folders[1]}", f"--run_dir={tmp_path / 'run'}", "--network=tiny"]
    answer = run_script("experiments/joint.py", *names, *flags)
    assert answer.returncode == 1 and message in answer.stderr and "Traceback" not in answer.stderr


def test_a_leaked_face_is_learned_on_request_alone(folders, tmp_path):
    """One face of Training is also held out by the other data set."""
    held_out = load_split(folders[1], "PublicTest").images[0]
    faces = [Face("0", held_out, 1, split="Training"), Face("1", random_split(1, 9).images[0], 2, split="PublicTest")]
    write_dataset(faces + [Face("2", random_split(1, 8).images[0], 2, split="Training")], tmp_path / "own", "own")
    parts = [Part(tmp_path / "own"), Part(folders[1])]
    for leaked in (False, True):
        protocol = None if leaked else make_protocol([tmp_path / "own", folders[1]])
        found = joint_learner(parts, protocol, NETWORK, lambda *_: None, 0.0)
        assert [len(task.training.labels) for task in found.tasks] == [1 + leaked, 40]


@pytest.mark.integration
def test_runs_with_leaked_faces_start_from_one_of_the_same_data(folders, tmp_path):
    flags = ["--network=tiny", "--epochs=1", "--precision=float32"]
    answer = run_script("experiments/pretrain.py", f"--data={folders[0]}", f"--run_dir={tmp_path / 'start'}", *flags)
    assert answer.returncode == 0, answer.stderr
    flags += [f"--start={tmp_path / 'start'}", "--leaked"]
    both = [f"--data={folders[1]},{folders[0]}", f"--data={folders[0]},{folders[1]}"]
    answers = [run_script("experiments/joint.py", data, f"--run_dir={tmp_path / 'run'}", *flags) for data in both]
    assert [answer.returncode for answer in answers] == [1, 0], answers[1].stderr
    assert "learned with manifest_sha256=" in answers[0].stderr
    assert read_settings(tmp_path / "run")["protocol"] is None


def test_two_data_sets_must_be_two(folders):
    with pytest.raises(FerMdError, match="two data sets or more, each with a name of its own; found first, first"):
        joint_learner([Part(folders[0])] * 2, None, NETWORK, lambda *_: None, 0.0)
