"""From a prepared folder through training and evaluation to an exported model in a clean process."""

import dataclasses
import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import tensorflow as tf

from fer_md.data.face import Face
from fer_md.data.records import load_split, read_info, write_dataset
from fer_md.errors import FerMdError
from fer_md.evaluation.components import find_head, load_scorer
from fer_md.evaluation.copies import views
from fer_md.evaluation.measure import leaked_rows, measure
from fer_md.evaluation.predict import predict_probabilities
from fer_md.evaluation.prior import apply_shift, learned_prior, prior_shift, training_prior
from fer_md.files import file_sha256, read_json, write_json
from fer_md.litert.attached import read_metadata
from fer_md.prediction.classifier import load_classifier
from fer_md.pretrained.load import load_pretrained
from fer_md.pretrained.store import load_fused
from fer_md.runs.done import write_done
from fer_md.runs.run_directory import load_model, read_settings
from random_faces import random_split
from scripts import run_script

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]


def script(name, *flags):
    return run_script(f"experiments/{name}", *flags)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    split = random_split(330)
    splits = ["Training"] * 300 + ["PublicTest"] * 30
    images = [*split.images[:328], *split.images[:2]]  # two PublicTest images leak from Training
    faces = (
        Face(key=str(i), image=images[i], label=int(split.labels[i]), split=splits[i], votes=(0, 9, 1, *[0] * 7))
        for i in range(330)
    )
    write_dataset(faces, folder / "data", "noise")
    flags = ["--network=tiny", "--preset=smoke", "--epochs=1", "--precision=float32"]
    answer = script("pretrain.py", f"--data={folder / 'data'}", f"--run_dir={folder / 'run'}", *flags)
    assert answer.returncode == 0, answer.stderr
    return folder


def test_evaluate_writes_consistent_figures(run):
    answer = script("evaluate.py", f"--run_dir={run / 'run'}", f"--data={run / 'data'}", "--averaging=flip")
    assert answer.returncode == 0, answer.stderr
    folder = run / "run" / "eval" / "PublicTest-flip"
    metrics = json.loads((folder / "metrics.json").read_text())
    rows = [line.split(",")[1:] for line in (folder / "confusion_matrix.csv").read_text().splitlines()[1:]]
    confusion = np.array(rows, int)
    assert confusion.sum() == metrics["images"] == 30
    assert metrics["accuracy"] == pytest.approx(np.trace(confusion) / 30)
    assert metrics["leaked"] == 2
    assert metrics["ferplus_images"] == 30
    assert (folder / "confusion_matrix.png").stat().st_size > 1000


def test_duplicates_of_a_data_set_not_learned_from_are_not_leaked(run, tmp_path):
    """Two PublicTest faces are also in Training, of the data that the run learned and of other data."""
    images = random_split(9, seed=5).images
    faces = (
        Face(key=str(i), image=images[i % 7], label=1, split="Training" if i < 7 else "PublicTest") for i in range(9)
    )
    write_dataset(faces, tmp_path / "other", "other")
    split = load_split(tmp_path / "other", "PublicTest")
    for learned, leaked in (("noise", 0), ("other", 2), (["noise", "other"], 2)):
        settings = [{"data": learned, "protocol": None}, {"data": "other", "protocol": "hash"}]
        assert leaked_rows(tmp_path / "other", split, "PublicTest", settings).sum() == leaked
    answer = script("evaluate.py", f"--run_dir={run / 'run'}", f"--data={tmp_path / 'other'}")
    assert "without the 0 leaked" in answer.stdout


def test_a_network_scores_expressions_in_images_of_its_size(run, tmp_path):
    """On the loading of a scorer, which is the same in every script: 64 pixels, then a run that learned landmarks."""
    model, _ = load_scorer(run / "run", "model", (info := read_info(run / "data")))
    with pytest.raises(FerMdError, match="takes images of 48 pixels, noise has 64; prepare it with image_size=48"):
        find_head(run / "run", "model", model, {**info, "image_size": 64})
    write_json(tmp_path / "config.json", {"settings": {"kind": "component"}})
    with pytest.raises(FerMdError, match="learned no expressions"):
        find_head(tmp_path, "model", model, info)


def test_votes_are_learned_from_where_there_are_some(run, tmp_path):
    flags = ["--network=tiny", "--preset=smoke", "--epochs=1", "--precision=float32", "--votes=0.3"]
    answer = script("pretrain.py", f"--data={run / 'data'}", f"--run_dir={tmp_path / 'run'}", *flags)
    assert answer.returncode == 0, answer.stderr
    first = [json.loads((folder / "run" / "metrics.jsonl").read_text().split("\n")[0]) for folder in (tmp_path, run)]
    assert first[0]["step"] == first[1]["step"] and first[0]["loss"] != first[1]["loss"]
    faces = (
        Face(key=str(i), image=image, label=1, split="PublicTest" if i < 3 else "Training")
        for i, image in enumerate(random_split(9).images)
    )
    write_dataset(faces, tmp_path / "data", "voteless")
    answer = script("pretrain.py", f"--data={tmp_path / 'data'}", f"--run_dir={tmp_path / 'other'}", *flags)
    assert answer.returncode == 1
    assert "has no votes of FER+; prepare it with --ferplus" in answer.stderr


def test_run_becomes_a_network_that_ships(run, tmp_path):
    shutil.copytree(run / "run", tmp_path / "copy")
    folder, both = tmp_path / "shipped", f"--run_dir={run / 'run'},{tmp_path / 'copy'}"
    answer = script("ship.py", both, f"--data={run / 'data'}", f"--output={folder}")
    assert answer.returncode == 0, answer.stderr
    description = json.loads((folder / "description.json").read_text())
    assert sum(description["score_weights"]) == pytest.approx(1)
    assert description["prior"] == pytest.approx(training_prior(read_info(run / "data")))
    faces = load_split(run / "data", "PublicTest").images
    exact = predict_probabilities(load_model(run / "run"), faces) ** (1 / description["temperature"])
    shipped = predict_probabilities(load_fused(folder), faces)
    assert shipped == pytest.approx(exact / exact.sum(1, keepdims=True), abs=3e-3)


def test_network_of_the_package_is_evaluated(run, tmp_path):
    answer = script("evaluate.py", "--pretrained", f"--data={run / 'data'}", f"--output={tmp_path}")
    assert answer.returncode == 0, answer.stderr
    metrics = json.loads((tmp_path / "PublicTest-noise" / "metrics.json").read_text())
    assert metrics["images"] == 30 and metrics["leaked"] == 0  # it has not learned from these
    assert set(metrics["accuracy_by_quality"]) == {"sharpness", "contrast"}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "one of both"),
        (["--pretrained", "--run_dir=runs/x"], "one of both"),
        (["--pretrained", "--fuse=equal"], "without --fuse"),
    ],
)
def test_evaluate_has_one_source(run, flags, message):
    answer = script("evaluate.py", f"--data={run / 'data'}", *flags)
    assert answer.returncode == 1
    assert message in answer.stderr and "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("flag", "message"),
    [("--split=Nowhere", "Nowhere"), ("--run_dir=/nowhere", "not a run directory"), ("--data=/nowhere", "/nowhere")],
)
def test_bad_input_is_one_line(run, flag, message):
    answer = script("evaluate.py", f"--run_dir={run / 'run'}", f"--data={run / 'data'}", flag)
    assert answer.returncode == 1
    assert message in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1


def test_figures_of_no_image_are_none():
    """All images leaked, all votes tied: the rest is measured all the same."""
    split = dataclasses.replace(random_split(6), votes=np.tile([5, 5, *[0] * 8], (6, 1)))
    found = measure(split, np.full((6, 7), 1 / 7), list("abcdefg"), np.ones(6, bool))
    assert found.accuracy_without_leaked is found.ferplus_accuracy is None and found.images == 6


def test_averaging_views():
    images = random_split(3).images
    assert len(views(images, "tencrop")) == 10
    np.testing.assert_array_equal(views(images, "flip")[1], images[:, :, ::-1])
    with pytest.raises(ValueError, match="averaging"):
        predict_probabilities(None, images, "five")


CLEAN = """
import sys
sys.modules["fer_md"] = None
import numpy as np, tensorflow as tf
served = tf.saved_model.load(sys.argv[1])
stored = np.load(sys.argv[2])
faces = served.signatures["faces"](faces=tf.constant(stored["faces"]))
bytes_ = [open(path, "rb").read() for path in sys.argv[4:]]
encoded = served.signatures["serving_default"](image_bytes=tf.constant(bytes_))
np.savez(sys.argv[3], faces=faces["probabilities"], encoded=encoded["probabilities"])
"""


def test_export_answers_alike_in_a_process_without_fer_md(run, tmp_path):
    answer = script("export.py", f"--run_dir={run / 'run'}", f"--output={tmp_path / 'served'}")
    assert answer.returncode == 0, answer.stderr
    images = load_split(run / "data", "PublicTest").images[:5]
    np.savez(tmp_path / "in.npz", faces=images[..., None])
    files = [str(tmp_path / f"{i}.png") for i in range(5)] + [str(tmp_path / "0.jpg")]
    for file, image in zip(files, [*images, images[0]], strict=True):
        cv2.imwrite(file, image)
    jpeg = cv2.imread(files[-1], cv2.IMREAD_GRAYSCALE)[None]
    arguments = [str(tmp_path / "served" / "1"), str(tmp_path / "in.npz"), str(tmp_path / "out.npz"), *files]
    subprocess.run([sys.executable, "-c", CLEAN, *arguments], check=True, capture_output=True)
    model = load_model(run / "run")
    expected, of_jpeg = predict_probabilities(model, images), predict_probabilities(model, jpeg)
    with np.load(tmp_path / "out.npz", allow_pickle=False) as found:
        np.testing.assert_allclose(found["faces"], expected, atol=1e-5)
        np.testing.assert_allclose(found["encoded"][:5], expected, atol=1e-5)
        np.testing.assert_allclose(found["encoded"][5:], of_jpeg, atol=5e-3)  # two decoders differ by a gray level
    served = tf.saved_model.load(tmp_path / "served" / "1").signatures["serving_default"]
    png, bmp = (cv2.imencode(kind, images[0])[1].tobytes() for kind in (".png", ".bmp"))
    huge = png[:16] + struct.pack(">II", 25_000, 25_000) + png[24:]
    data = Path(files[-1]).read_bytes()
    frame = data.index(b"\xff\xc0") + 5
    wide = data[:frame] + struct.pack(">HH", 60_000, 60_000) + data[frame + 4 :]
    answer = served(image_bytes=tf.constant([png, huge, wide, bmp, png[:20], b""]))
    broken = b"the picture cannot be decoded, or has more than 50,000,000 pixels or 100 scans"
    assert answer["status"].numpy().tolist() == [b"ok", *[broken] * 5]
    np.testing.assert_allclose(answer["probabilities"], [expected[0], *[np.zeros(7)] * 5], atol=1e-5)


def test_network_of_the_package_is_exported(tmp_path):
    """By default the one that `Predictor` uses."""
    answer = script("export.py", "--pretrained", f"--output={tmp_path}")
    assert answer.stdout.strip() == str(tmp_path / "1"), answer.stderr
    faces = random_split(2).images
    served = tf.saved_model.load(tmp_path / "1").signatures["faces"](faces=tf.constant(faces[..., None]))
    expected = predict_probabilities(load_pretrained("photographs"), faces)
    np.testing.assert_allclose(served["probabilities"], expected, atol=1e-5)
    metadata = read_json(tmp_path / "1" / "assets.extra" / "metadata.json")
    assert metadata["network"] == "photographs" and metadata["license"].startswith("Apache-2.0")


def test_run_becomes_a_file_of_litert(run, tmp_path):
    """Its metadata names the network's file and its hash, and `fer-md predict --model` takes it."""
    path = tmp_path / "noise.tflite"
    flags = [f"--run_dir={run / 'run'}", "--format=litert", f"--output={path}"]
    answer = script("export.py", *flags)
    assert answer.stdout.strip() == str(path), answer.stderr
    metadata = read_metadata(path)
    assert list(metadata["weights"].values()) == [file_sha256(run / "run" / "model.keras")]
    assert metadata["license"] is None
    faces = random_split(9).images
    expected = predict_probabilities(load_model(run / "run"), faces)
    np.testing.assert_allclose(load_classifier(path).classify(faces), expected, atol=1e-4)
    answer = script("export.py", *flags)
    assert answer.returncode == 1 and "noise.tflite: is there already; add --overwrite" in answer.stderr


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--format=litert"], "the name of a file of litert must end in .tflite"),
        (["--format=onnx"], "the name of a file of onnx must end in .onnx"),
        (["--format=openvino", "--version=2"], "--version=2 is for a SavedModel, not for openvino"),
        (["--quantize=int8"], "--quantize=int8: savedmodel has none"),
        (["--overwrite"], "--overwrite is not for a SavedModel"),
    ],
)
def test_flags_of_another_format_are_refused(flags, message, tmp_path):
    answer = script("export.py", "--pretrained", f"--output={tmp_path / 'out'}", *flags)
    assert answer.returncode == 1 and message in answer.stderr and not list(tmp_path.iterdir())


def test_a_prior_is_measured_and_exported(run, tmp_path):
    """The curve's points are the accuracies of the answers that the exported network gives."""
    info, split = read_info(run / "data"), load_split(run / "data", "PublicTest")
    names = [f"--run_dir={run / 'run'}", f"--data={run / 'data'}"]
    answer = script("evaluate.py", *names, "--prior=uniform", f"--output={tmp_path / 'eval'}")
    assert answer.returncode == 0, answer.stderr
    points = read_json(tmp_path / "eval" / "PublicTest" / "metrics.json")["prior_curve"]["points"]
    assert answer.stdout.count("of the prior uniform") == len(points) == 5
    learned = learned_prior(read_settings(run / "run"), info["expressions"])
    assert learned == pytest.approx(list(training_prior(info).values()))
    for share in (0, 1):
        flags = ["--prior=uniform", f"--prior_share={share}", f"--output={tmp_path / f'served{share}'}"]
        answer = script("export.py", names[0], *flags)
        assert answer.returncode == 0, answer.stderr
        served = tf.saved_model.load(answer.stdout.strip()).signatures["faces"]
        found = served(faces=tf.constant(split.images[..., None]))["probabilities"].numpy()
        plain = predict_probabilities(load_model(run / "run"), split.images)
        shift = prior_shift("uniform", share, learned, info["expressions"])
        np.testing.assert_allclose(found, apply_shift(plain, shift), atol=1e-5)
        assert (found.argmax(1) == split.labels).mean() == pytest.approx(points[4 * share]["accuracy"])
    for name, flags in (("evaluate.py", names), ("export.py", [names[0], f"--output={tmp_path / 'x'}"])):
        answer = script(name, *flags, "--prior=press")
        assert answer.returncode == 1 and "got 'press'" in answer.stderr
    answer = script("export.py", names[0], "--prior_share=0.5", f"--output={tmp_path / 'x'}")
    assert answer.returncode == 1 and "prior_share=0.5 is for a prior" in answer.stderr


def test_a_model_that_cannot_be_loaded_says_what_it_was_trained_with(run, tmp_path):
    shutil.copytree(run / "run", tmp_path / "run")
    (tmp_path / "run" / "model.keras").write_bytes(b"as another version of the code would have written it")
    write_done(tmp_path / "run", ["model.keras"])
    with pytest.raises(
        FerMdError,
        match=r"model\.keras: cannot be loaded \(.*\); it was trained at commit \w+ "
        r"\(config\.json\): train it again",
    ):
        load_model(tmp_path / "run")


def test_export_counts_versions_up(run, tmp_path):
    for version in ("1", "2"):
        answer = script("export.py", f"--run_dir={run / 'run'}", f"--output={tmp_path}")
        assert answer.stdout.strip() == str(tmp_path / version)
    answer = script("export.py", f"--run_dir={run / 'run'}", f"--output={tmp_path}", "--version=2")
    assert answer.returncode == 1 and "exists already; name another version" in answer.stderr


def test_run_starts_from_another_with_md_loss(run, tmp_path):
    flags = [
        "--preset=restart",
        "--epochs=1",
        "--precision=float32",
        "--loss=md",
        f"--data={run / 'data'}",
        f"--start={run / 'run'}",
    ]
    answer = script("pretrain.py", *flags, "--network=half", f"--run_dir={tmp_path / 'half'}")
    assert answer.returncode == 1 and "learned with network=" in answer.stderr
    answer = script("pretrain.py", *flags, "--network=tiny", "--votes=0.2", f"--run_dir={tmp_path / 'tiny'}")
    assert answer.returncode == 0, answer.stderr
    settings = json.loads((tmp_path / "tiny" / "config.json").read_text())["settings"]
    assert settings["start"] == file_sha256(run / "run" / "model.keras") and settings["votes"] == 0.2
    row = json.loads((tmp_path / "tiny" / "metrics.jsonl").read_text().split("\n")[0])
    assert row["metric_loss"] > 0
    flags.pop()
    answer = script("pretrain.py", *flags, "--network=tiny", "--votes=0.2", f"--run_dir={tmp_path / 'tiny'}")
    assert answer.returncode == 1 and "holds a run with start=" in answer.stderr
    faces = (
        Face(key=str(i), image=image, label=i % 7, split="PublicTest" if i < 3 else "Training")
        for i, image in enumerate(random_split(9, 4).images)
    )
    write_dataset(faces, tmp_path / "other", "other")
    answer = script(
        "pretrain.py",
        "--preset=restart",
        f"--data={tmp_path / 'other'}",
        f"--start={run / 'run'}",
        "--network=tiny",
        f"--run_dir={tmp_path / 'leaks'}",
    )
    assert answer.returncode == 1 and "learned with manifest_sha256=" in answer.stderr
