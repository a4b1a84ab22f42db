"""The method from pre-training to fusion on tiny networks: exchange, label spaces, protocol, resume."""

import functools
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from fer_md.data.augment import Augmentation
from fer_md.data.label_spaces import map_labels
from fer_md.data.pipeline import training_batches
from fer_md.data.protocol import load_training, make_protocol
from fer_md.data.records import load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.predict import predict_probabilities
from fer_md.evaluation.softmax import softmax
from fer_md.expressions import EXPRESSIONS
from fer_md.models import TINY, add_head, build_component
from fer_md.runs.run_directory import load_model, read_settings
from fer_md.training import train as train_module
from fer_md.training.exchange import check_stage, exchange_learners
from fer_md.training.presets import Recipe
from fer_md.training.soft_targets import with_teacher
from fer_md.training.task import Task, make_metric_loss
from fer_md.training.train import train_networks
from interruptions import assert_interrupted_ends_with_the_same_bits
from random_faces import random_split, write_faces
from scripts import run_script

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
OTHER_SPACE = ("happiness", "contempt", "anger", "sadness")
RECIPE = Recipe(epochs=2, batch_size=8, rate=0.01, average=0.9)


def md(**options):
    return functools.partial(make_metric_loss, "md", **options)


def script(name, *flags):
    return run_script(f"experiments/{name}", *flags)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """Three data sets, the last with a label space of its own, and a pre-trained tiny component on each."""
    folder = tmp_path_factory.mktemp("method")
    first = write_faces(folder / "first", 1)
    held_out = load_split(first, "PrivateTest").images[:2]
    data = [first, write_faces(folder / "second", 2, shared=held_out), write_faces(folder / "third", 3, OTHER_SPACE)]
    runs = []
    for index, own in enumerate(data):
        others = ",".join(str(other) for other in data if other != own)
        runs.append(folder / f"run{index + 1}")
        flags = [f"--data={own}", f"--protocol={others}", f"--run_dir={runs[-1]}", f"--seed={index}"]
        flags += ["--embedding=6"] if index == 0 else []
        answer = script("pretrain.py", *flags, "--network=tiny", "--preset=smoke", "--epochs=1", "--precision=float32")
        assert answer.returncode == 0, answer.stderr
    return data, runs


def test_held_out_images_of_any_data_set_are_left_out(stage):
    """Two training images of the second data set are test images of the first."""
    data, _ = stage
    training, left_out = load_training(data[1], make_protocol(data))
    assert left_out == 2 and len(training.labels) == len(training.keys) == 38
    assert training.keys == load_split(data[1], "Training").keys[2:]
    assert make_protocol(data) == make_protocol(data[::-1])
    assert make_protocol(data).sha256 != make_protocol(data[:2]).sha256


def test_another_protocol_and_another_data_set_are_refused(stage):
    data, runs = stage
    check_stage(runs, data)
    with pytest.raises(FerMdError, match="run1: may have trained on images .* too: .*second"):
        check_stage(runs[:2], data[:2])
    with pytest.raises(FerMdError, match="run1: trained on first, not on the data in .*second"):
        check_stage(runs, [data[1], data[0], data[2]])


def test_exchange_of_three_data_sets_with_two_label_spaces(stage, tmp_path, monkeypatch):
    data, runs = stage
    learners = exchange_learners(runs, data, md(nearest=2), 0.1, [1.0, 2.0, 3.0])
    names = [[(task.name, task.head, task.weight) for task in learner.tasks] for learner in learners]
    assert names == [
        [("second", "logits", pytest.approx(2 / 3))],
        [("third", "logits_third", 1.0)],
        [("first", "logits_first", pytest.approx(1 / 3))],
    ]
    measured = learners[1].measured()
    assert {name: head for name, (head, _) in measured.items()} == {"second": "logits", "third": "logits_third"}
    means, layer = [], learners[0].tasks[0].metric_loss
    with monkeypatch.context() as patched:
        patched.setattr(train_module, "train", lambda *_: means.append(np.array(layer.centers)))
        assert train_networks(learners, RECIPE, tmp_path, {}) is None
    learners = exchange_learners(runs, data, md(nearest=2), 0.1, [1.0, 2.0, 3.0])
    assert train_networks(learners, RECIPE, tmp_path, {})
    assert np.any(means[0] != np.array(learners[0].tasks[0].metric_loss.centers))
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    measured = {(row["network"], row["data"]) for row in rows if row["split"] == "validation"}
    assert ("component1", "first") in measured and ("component1", "second") in measured
    training = next(row for row in rows if row["split"] == "Training")
    assert training["loss"] == pytest.approx(training["softmax_loss"] + 0.1 * training["metric_loss"], rel=1e-5)


def test_one_space_masks_the_expressions_it_lacks(stage):
    """Component 2 learned seven expressions; of the third data set's four it lacks contempt."""
    data, runs = stage
    learners = exchange_learners(runs, data, md(), 0.1, [1.0] * 3, one_space=True)
    assert [task.head for learner in learners for task in learner.tasks] == ["logits"] * 3
    own, mapped = load_split(data[2], "Training").labels, learners[1].tasks[0].training.labels
    expected = [-1 if OTHER_SPACE[label] == "contempt" else EXPRESSIONS.index(OTHER_SPACE[label]) for label in own]
    np.testing.assert_array_equal(mapped, expected)
    assert learners[1].tasks[0].metric_loss.num_classes == 7 and -1 in mapped


def test_replay_adds_the_own_data_set(stage):
    data, runs = stage
    center = functools.partial(make_metric_loss, "center")
    learners = exchange_learners(runs, data, center, 0.1, [1.0] * 3, replay=0.5)
    assert [(task.name, task.weight) for task in learners[0].tasks] == [
        ("second", pytest.approx(2 / 3)),
        ("first", pytest.approx(1 / 3)),
    ]
    assert [len(task.training.labels) for task in learners[0].tasks] == [38, 40]


def test_teacher_gives_its_share_of_the_targets():
    network, split = build_component(TINY), random_split(8)
    split.labels[3] = -1
    task = with_teacher(Task("a", split), lambda images: network(images, training=False)["logits"], 0.25)
    ((images, targets),) = task.batches(split, Augmentation(), 8, 5, 0, 1)
    ((plain, labels),) = training_batches(split, Augmentation(), 8, 5, 0, 1)
    np.testing.assert_array_equal(images, plain)
    said = softmax(np.array(network(plain)["logits"]))
    expected = np.where(np.array(labels)[:, None] < 0, 0, 0.75 * np.eye(7)[labels] + 0.25 * said)
    np.testing.assert_allclose(targets, expected, atol=1e-6)


def test_distilling_needs_the_same_expressions(stage):
    data, runs = stage
    with pytest.raises(
        ValueError, match="distill is for data sets with the same expressions; .*run2 has no logits_third"
    ):
        exchange_learners(runs, data, md(), 0.1, [1.0] * 3, distill=0.5)


def test_interrupted_fine_tuning_ends_with_the_same_bits(stage, tmp_path, monkeypatch):
    """Centers, both networks and their optimizers included."""
    data, runs = stage
    assert_interrupted_ends_with_the_same_bits(
        lambda: exchange_learners(runs, data, md(), 0.1, [1.0] * 3, replay=1.0), RECIPE, tmp_path, monkeypatch, after=7
    )


def test_scripts_fine_tune_and_fuse(stage, tmp_path):
    data, runs = stage
    flags = [f"--components={','.join(map(str, runs))}", f"--data={','.join(map(str, data))}"]
    answer = script(
        "finetune.py",
        *flags,
        f"--run_dir={tmp_path / 'run'}",
        "--epochs=1",
        "--loss_form=pulling",
        "--replay=1",
        "--patience=1",
        "--anchor=0.1",
    )
    assert answer.returncode == 0, answer.stderr
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    starts = [(row["network"], row["data"]) for row in rows if row["step"] == 0]
    assert starts == [
        ("component1", "first"),
        ("component1", "second"),
        ("component2", "second"),
        ("component2", "third"),
        ("component3", "third"),
        ("component3", "first"),
    ]
    check_priors(read_settings(tmp_path / "run")["prior"], [read_info(directory) for directory in data])
    model = load_model(tmp_path / "run", "component2")
    assert model.output["logits_third"].shape[-1] == len(OTHER_SPACE)
    both = [f"--run_dir={runs[0]},{runs[1]}", f"--data={data[0]}", "--split=PrivateTest", "--fuse=fitted"]
    answer = script("evaluate.py", *both)
    assert answer.returncode == 0, answer.stderr
    answer = script("evaluate.py", f"--run_dir={runs[0]},{runs[0]}/", *both[1:])
    assert answer.returncode == 1 and "holds the result of" in answer.stderr
    metrics = json.loads((runs[0] / "eval" / "PrivateTest-first-fused-fitted" / "metrics.json").read_text())
    assert sum(metrics["score_weights"]) == pytest.approx(1) and metrics["validation"] == "PublicTest"
    assert metrics["images"] == 8 and len(metrics["models"]) == 2
    answer = script("evaluate.py", *both, "--split=PublicTest")
    assert answer.returncode == 1 and "split=PublicTest: the weights are fitted on it" in answer.stderr
    stages = tmp_path / "results" / "stages.json"
    answer = script("compare_stages.py", *flags, f"--finetuned={tmp_path / 'run'}", f"--output={stages}")
    assert answer.returncode == 0, answer.stderr
    found = json.loads(stages.read_text())
    assert found["epochs"] == pytest.approx(
        [json.loads((run / "time.json").read_text())["epochs"] for run in [*runs, tmp_path / "run"]]
    )
    assert found["settings"][-1]["patience"] == 1
    rows = [(row["data"], row["stage"], row["network"]) for row in found["rows"]]
    assert ("third", "fine-tuned", "component 2") in rows and ("third", "fine-tuned", "component 1") not in rows
    check_report(tmp_path, runs[0], data[0], stages)
    check_export(tmp_path, runs, data, split=load_split(data[0], "PrivateTest"))
    answer = script("evaluate.py", f"--run_dir={tmp_path / 'run'}", f"--data={data[2]}", "--network=component1")
    assert answer.returncode == 1 and "component1 has no head for third" in answer.stderr


def check_priors(priors, infos):
    """Each holds that of its new data set; where its own is replayed and shares its head, the mean of both."""
    first, second, third = (
        [info["splits"]["Training"]["classes"][name] / 40 for name in info["expressions"]] for info in infos
    )
    assert list(priors[0].values()) == pytest.approx(np.add(first, second) / 2)
    assert list(priors[1].values()) == pytest.approx(third)
    assert list(priors[2].values()) == pytest.approx(first)


def check_report(folder, run, data, stages):
    assert script("evaluate.py", f"--run_dir={run}", f"--data={data}").returncode == 0
    flags = [
        f"--runs={run}",
        f"--data={data}",
        f"--finetuned={folder / 'run'}",
        f"--results={stages.parent}",
        f"--output={folder / 'report'}",
    ]
    answer = script("report.py", *flags)
    assert answer.returncode == 0, answer.stderr
    page = (folder / "report" / "index.html").read_text()
    assert "fused, fitted weights" in page and page.count("<img") >= 5


def check_export(folder, runs, data, split):
    """The served fusion of two components answers with the weighted mean of their probabilities."""
    flags = [f"--run_dir={runs[0]},{runs[1]}", f"--data={data[0]}", f"--output={folder / 'served'}"]
    answer = script("export.py", *flags, "--score_weights=0.3,0.7")
    assert answer.returncode == 0, answer.stderr
    served = tf.saved_model.load(folder / "served" / "1").signatures["faces"]
    expected = [predict_probabilities(load_model(run), split.images) for run in runs[:2]]
    found = served(faces=tf.constant(split.images[..., None]))["probabilities"]
    np.testing.assert_allclose(found, 0.3 * expected[0] + 0.7 * expected[1], atol=1e-5)


@pytest.mark.parametrize(
    "flags, message",
    [
        (["--dataset_weights=1,2,x"], "--dataset_weights must be numbers"),
        (["--dataset_weights=1,2"], "--dataset_weights must be 3 numbers, one a data set; found 2"),
        (["--components=a,b"], "found 2 and 3"),
        (["--loss=center", "--loss_form=printed"], "loss_form=printed needs loss=md, but loss is center"),
        (["--loss=none", "--loss_weight=0.5"], "loss_weight=0.5 needs a loss beside softmax, but loss is none"),
    ],
)
def test_wrong_flags_are_one_line(stage, tmp_path, flags, message):
    data, runs = stage
    names = [f"--components={','.join(map(str, runs))}", f"--data={','.join(map(str, data))}"]
    answer = script("finetune.py", *names, f"--run_dir={tmp_path / 'run'}", *flags)
    assert answer.returncode == 1 and message in answer.stderr and "Traceback" not in answer.stderr


def test_labels_follow_their_names():
    split = random_split(7)
    split.labels[:] = [0, 1, 2, 3, 3, 2, -1]
    mapped = map_labels(split, OTHER_SPACE, ["anger", "happiness", "sadness"])
    np.testing.assert_array_equal(mapped.labels, [1, -1, 0, 2, 2, 0, -1])


def test_a_head_is_added_once():
    model = add_head(build_component(TINY), "logits_b", 5)
    assert model.output["logits_b"].shape == (None, 5)
    with pytest.raises(ValueError, match="has an output 'logits_b' already"):
        add_head(model, "logits_b", 5)
