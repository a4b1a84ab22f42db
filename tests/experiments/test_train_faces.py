"""Both training scripts from a zip to files that load, in small."""

import csv
import dataclasses
import functools
import io
import json
import types
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

import hyperface
import landmark_rivals
import train_detector
from fer_md.data.records import write_dataset
from fer_md.drawn.scenes import draw_scene
from fer_md.drawn.synthetic import draw_faces
from fer_md.errors import FerMdError
from fer_md.faces import joint_training
from fer_md.faces.cascade import Cascade
from fer_md.faces.joint_cascade import JointCascade
from fer_md.faces.joint_training import JointRecipe
from fer_md.faces.landmark_finder import LandmarkFinder
from fer_md.faces.region_detector import SelectiveSearchDetector
from fer_md.models.baselines import TINY_CONFIGS
from fer_md.models.baselines.hyperface import build_whole_hyperface
from fer_md.readers import annotated
from fer_md.training import precision
from fer_md.training.face_tasks import face_targets
from result_files import landmarks, save
from scripts import run_script

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    """A zip of the form of ytf_landmarks68.zip with drawn faces of 24 people, 6 of them to test on."""
    path, table = tmp_path_factory.mktemp("frames") / "frames.zip", io.StringIO()
    rows = csv.writer(table)
    rows.writerow(["file", "person", "split", "w", "h", *(f"{axis}{i}" for i in range(68) for axis in "xy")])
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(48):
            scene, split = draw_scene(9, index, faces=1, size=128), "test" if index % 24 < 6 else "train"
            archive.writestr(f"set/images/{index}.jpg", cv2.imencode(".jpg", scene.image[..., ::-1])[1].tobytes())
            rows.writerow([f"{index}.jpg", f"person {index % 24}", split, 128, 128, *scene.landmarks[0].ravel()])
        archive.writestr("set/landmarks68.csv", table.getvalue())
    return path


def run(script, frames, output, *arguments):
    answer = run_script(f"experiments/{script}.py", f"--data={frames}", f"--output={output}", *arguments)
    assert answer.returncode == 0, answer.stderr
    return json.loads((output / "results.json").read_text())


@pytest.mark.slow
def test_alignment_from_a_zip_to_a_cascade(frames, tmp_path):
    results = run("train_alignment", frames, tmp_path / "run", "--drawn=20", "--perturbations=2")
    assert results["faces"] == {"training": 36, "update": 20, "test people": 12, "drawn people": 10}
    errors = {method: values["inter-ocular"]["mean"] for method, values in results["errors"]["test people"].items()}
    assert errors["one level"] < errors["mean shape"] and "adapted cascade" in errors
    assert (tmp_path / "run" / "cumulative_error.png").stat().st_size > 10_000
    assert Cascade.load(tmp_path / "run" / "cascade.npz").inverses is None
    assert Cascade.load(tmp_path / "run" / "updatable.npz").inverses.shape[0] == 5


@pytest.mark.slow
def test_detection_from_a_zip_to_a_detector(frames, tmp_path):
    results = run("train_detector", frames, tmp_path / "run", "--scenes=9", "--test_scenes=9", "--epochs=2")
    assert results["pictures"]["test frames"] == 12 and results["pictures"]["drawn scenes"] == 9
    assert results["proposals"]["test frames"]["recall_at_0.5"] > 0.9
    assert set(results["detectors"]["drawn scenes"]) >= {"Selective Search + CNN"}
    assert (tmp_path / "run" / "precision_recall.png").stat().st_size > 10_000
    assert SelectiveSearchDetector.load(tmp_path / "run" / "detector").detect([]) == []


@pytest.mark.slow
def test_the_joint_cascade_and_its_rivals_from_a_zip_to_figures(frames, tmp_path, monkeypatch):
    """Detection and landmarks by a small joint cascade, landmarks by elastic parts, and albums that are adapted to."""
    few = {"starts": 1, "trees": 1, "classify": (0.8, 0.5), "radii": (0.3, 0.15), "candidates": 20, "samples": 150}
    monkeypatch.setattr(joint_training, "JointRecipe", functools.partial(JointRecipe, **few, mined=10))
    arguments = ("--method=joint", "--frames=20", "--scenes=9", "--test_scenes=9")
    results = run("train_detector", frames, tmp_path / "run", *arguments)
    assert set(results["detectors"]["drawn scenes"]) >= {"joint cascade"} and "proposals" not in results
    joint = tmp_path / "run" / "joint.npz"
    assert len(JointCascade.load(joint).stages) == 2 and not list(tmp_path.glob("run-*"))
    figures = [f"--output={tmp_path / 'rivals.json'}", f"--picture={tmp_path / 'rivals.png'}"]
    folder = tmp_path / "rivals"
    answer = run_script(
        "experiments/landmark_rivals.py", f"--data={frames}", f"--joint={joint}", f"--run_dir={folder}", *figures
    )
    assert answer.returncode == 0, answer.stderr
    errors = json.loads((tmp_path / "rivals.json").read_text())["errors"]
    assert {"joint cascade", "elastic parts"} <= set(errors)
    assert all(0 < found["inter-ocular"]["mean"] < 0.4 for found in errors.values())
    answer = run_script(
        "experiments/adapt_detector.py",
        *(f"--data={frames}", f"--joint={joint}", f"--parts={folder / 'parts' / 'parts.npz'}"),
        f"--output={tmp_path / 'adapted.json'}",
    )
    assert answer.returncode == 0, answer.stderr
    adapted = json.loads((tmp_path / "adapted.json").read_text())
    assert (adapted["albums"], adapted["faces"]) == (6, 12)


@pytest.mark.slow
def test_landmarks_from_a_zip_to_a_file_that_finds_them(frames, tmp_path):
    learn = ("experiments/train_landmarks.py", f"--data={frames}", f"--run_dir={tmp_path / 'run'}", "--network=tiny")
    answer = run_script(*learn, "--drawn=8", "--epochs=2", "--held_out=0.2")
    assert answer.returncode == 0, answer.stderr
    assert "of people held out: error" in answer.stdout
    folder, results = tmp_path / "file", tmp_path / "results.json"
    ship = ("experiments/ship_landmarks.py", f"--data={frames}", f"--output={folder}", f"--results={results}")
    ship += (f"--picture={tmp_path / 'points.png'}",)
    answer = run_script(*ship, f"--run_dir={tmp_path / 'run'}", "--drawn=4")
    assert answer.returncode == 0, answer.stderr
    found = json.loads(results.read_text())
    assert found["training"]["drawn"] == 8 and found["bytes"] == (folder / "points.tflite").stat().st_size
    assert (tmp_path / "points.png").stat().st_size > 10_000
    assert found["errors"]["video frames"].keys() == {"two looks", "one look"}
    assert LandmarkFinder(folder).align([np.zeros((40, 40), np.uint8)], np.array([[5, 5, 30, 30]])).shape == (1, 68, 2)


def test_hyperface_from_a_zip_to_figures(frames, tmp_path, monkeypatch):
    """All tasks and landmarks alone; another start, on another machine, trains nothing again and finds the same."""
    arguments = [f"--data={frames}", f"--run_dir={tmp_path / 'runs'}", "--networks=tiny,tiny-landmarks"]
    arguments += ["--epochs=1", "--drawn=28"]
    found = []
    for output in ("first.json", "second.json"):
        answer = run_script("experiments/hyperface.py", *arguments, f"--output={tmp_path / output}")
        assert answer.returncode == 0, answer.stderr
        found.append(json.loads((tmp_path / output).read_text()))
        other = "float32" if found[0]["precision"] == "bfloat16" else "bfloat16"
        monkeypatch.setattr(precision, "_fastest", lambda other=other: other)
    assert found[0]["networks"] == found[1]["networks"] and found[0]["precision"] == found[1]["precision"]
    assert found[0]["people"] == "test" and found[0]["faces"] == {"training": 36, "measured": 12}
    whole, alone = found[0]["networks"].values()
    assert set(whole) - set(alone) == {"detection", "visibility", "pose", "expression"}
    assert whole["steps"] == alone["steps"] == 2 and 0 <= whole["expression"] <= 1
    assert 0 < alone["landmarks"]["face size"]["mean"] < 0.5 and "minus_first" in alone["landmarks"]["face size"]
    assert set(whole["pose"]) == {"yaw", "pitch", "roll"} and min(found[0]["mean pose"].values()) > 0
    check_other_faces(arguments, tmp_path, monkeypatch)


def check_other_faces(arguments, folder, monkeypatch):
    """Other faces under the same name are refused, drawn ones and those of the frames."""
    command = ("experiments/hyperface.py", *arguments, "--networks=tiny", f"--output={folder / 'third.json'}")
    answer = run_script(*command, "--drawn=29")
    assert answer.returncode == 1 and "holds a run with expressions=" in answer.stderr
    read = annotated.video_faces

    def moved(*words):
        faces = read(*words)
        return dataclasses.replace(faces, landmarks=faces.landmarks + 1)

    monkeypatch.setattr(annotated, "video_faces", moved)
    answer = run_script(*command)
    assert answer.returncode == 1 and "holds a run with faces_sha256=" in answer.stderr


def test_expressions_from_a_prepared_data_set_and_people_held_out(frames, tmp_path):
    faces = draw_faces("lab", 56, 0, {"Training": 0.5, "PublicTest": 0.5})
    write_dataset(faces, tmp_path / "data", "drawn")
    answer = run_script(
        "experiments/hyperface.py",
        *(f"--data={frames}", f"--run_dir={tmp_path / 'runs'}", f"--output={tmp_path / 'a.json'}", "--networks=tiny"),
        *("--epochs=1", f"--expressions={tmp_path / 'data'}", "--held_out=0.5"),
    )
    assert answer.returncode == 0, answer.stderr
    found = json.loads((tmp_path / "a.json").read_text())
    assert found["people"] == "held out of training" and found["faces"] == {"training": 18, "measured": 18}
    assert found["expressions"] == "data, PublicTest" and found["crops"]["expressions"] == 28


def test_hyperface_starts_at_the_mean_face():
    """Untrained, landmarks, visibility and pose are those of the mean face; crops without a face do not count."""
    rng = np.random.default_rng(0)
    points, visible = rng.uniform(-0.5, 0.5, (3, 68, 2)), rng.random((3, 68)) < 0.5
    targets = face_targets(np.array([True, True, False]), points, visible, rng.uniform(-90, 90, (3, 3)))
    model = build_whole_hyperface(TINY_CONFIGS["hyperface"], 1)
    hyperface.start_at_means(model, targets)
    answers = model(np.zeros((1, 48, 48, 1), np.float32))["face_tasks"]
    np.testing.assert_allclose(answers[0, 1:], targets[:2, 1:].mean(0), atol=1e-6)


def test_figures_of_hyperface_by_hand():
    """Scores of two faces 2 and -1, of two others 1 and -2: precision 1 at recall 1/2, 2/3 at recall 1."""
    found = hyperface.detection(np.array([2.0, -1, 1, -2]), 2)
    assert found == {"average_precision": pytest.approx(0.5 + 0.5 * 2 / 3), "recall": 0.5, "false_alarms": 0.5}
    visible = np.array([[True, True, False, False]])
    assert hyperface.recalls(np.array([[True, False, False, True]]), visible) == {"hidden": 0.5, "visible": 0.5}
    assert hyperface.off(np.array([[10, 0, -5]]), np.array([[4, 1, -5]])) == {"yaw": 6, "pitch": 1, "roll": 0}


def test_a_share_of_people_to_hold_out_is_below_one(frames, tmp_path):
    for share, message in (
        ("1", "--held_out must be in [0, 1); got 1.0"),
        ("0.02", "--held_out=0.02 of 18 people is 0; some must be held out, not all"),
        ("0.99", "--held_out=0.99 of 18 people is 18; some must be held out, not all"),
    ):
        words = (f"--data={frames}", f"--run_dir={tmp_path}", f"--held_out={share}")
        answer = run_script("experiments/train_landmarks.py", *words)
        assert answer.returncode == 1 and message in answer.stderr


def test_the_test_people_are_not_there_to_choose_by(frames, tmp_path):
    words = (f"--data={frames}", f"--run_dir={tmp_path}", f"--output={tmp_path / 'a.json'}", "--dropouts=0,0.5")
    answer = run_script("experiments/hyperface.py", *words)
    assert answer.returncode == 1 and "several --factors or --dropouts need --held_out" in answer.stderr


def test_curves_to_draw_beside_are_read_first(tmp_path):
    curves = dict.fromkeys(landmark_rivals.BESIDE, [0, 1, 1])
    words = [f"--{name}={tmp_path / 'none'}" for name in ("data", "joint", "run_dir", "output", "picture")]
    for found, message in (
        ({"lab": {"inter-ocular": curves}}, "has no curves of video frames; found lab"),
        ({"video frames": {"inter-ocular": {**curves, "more": [0]}, "face size": {"mean face": [0]}}}, "of joint, fu"),
    ):
        save(tmp_path / "figure6.json", landmarks({}, curves=found))
        answer = run_script("experiments/landmark_rivals.py", *words, f"--figure6={tmp_path / 'figure6.json'}")
        assert answer.returncode == 1 and "figure6.json: has no curve" in answer.stderr and message in answer.stderr
    save(tmp_path / "figure6.json", landmarks({}, curves={"video frames": {"inter-ocular": {**curves, "more": [0]}}}))
    read = landmark_rivals.read_curves(str(tmp_path / "figure6.json"))
    assert read == {"inter-ocular": curves}


@pytest.fixture
def detector(tmp_path, monkeypatch):
    """Settings of a training of the joint cascade, which only writes its checkpoint."""
    scene = draw_scene(9, 0, faces=1, size=128)
    monkeypatch.setattr(train_detector, "training_pictures", lambda _: ([(scene.image, scene.landmarks, False)], []))
    monkeypatch.setattr(train_detector, "choose_threshold", lambda *_: 0.5)
    trained = []

    def train_joint(pictures, recipe, checkpoint):
        trained.append(checkpoint.exists())
        checkpoint.write_bytes(b"stages")
        return types.SimpleNamespace(save=lambda path: path.write_bytes(b"cascade"))

    monkeypatch.setattr(train_detector, "train_joint", train_joint)
    return train_detector.Settings(data="frames.zip", output=str(tmp_path / "run"), method="joint"), trained


def test_a_cascade_that_was_stopped_while_it_is_measured_goes_on(detector, tmp_path, monkeypatch):
    settings, trained = detector
    told = {}

    def measure(settings, folder, detectors, made):
        told.update(made)
        if len(trained) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(train_detector, "measure_all", measure)
    with pytest.raises(KeyboardInterrupt):
        train_detector.main(settings)
    assert not (tmp_path / "run").exists() and told["train_seconds"] >= 0
    train_detector.main(settings)
    assert trained == [False, True] and told["train_seconds"] is None
    assert (tmp_path / "run" / "joint.npz").exists() and [path.name for path in tmp_path.iterdir()] == ["run"]


def test_detectors_measured_alone_leave_the_trained_one(detector, tmp_path, monkeypatch):
    settings, _ = detector
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "joint.npz").write_bytes(b"cascade")
    monkeypatch.setattr(train_detector, "measure_all", lambda _, folder, *__: (folder / "results.json").touch())
    alone = dataclasses.replace(settings, train=False)
    train_detector.main(alone)
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"joint.npz", "results.json"}
    with pytest.raises(FerMdError, match="results.json: is there already"):
        train_detector.main(alone)
    with pytest.raises(FerMdError, match="--epochs is for --method=search"):
        train_detector.main(dataclasses.replace(settings, epochs=2))


@pytest.mark.slow
def test_figure_6_of_two_seeds_without_the_others(frames, tmp_path):
    few = ("--network=tiny", "--drawn=40", "--epochs=2", "--image_size=64", "--seeds=0,1", "--noothers")
    paths = [f"--{name}={tmp_path / file}" for name, file in (("picture", "curves.png"), ("faces", "faces.png"))]
    command = (f"--run_dir={tmp_path / 'run'}", f"--output={tmp_path / 'found.json'}", *paths, *few)
    answer = run_script("experiments/landmarks.py", f"--data={frames}", *command)
    assert answer.returncode == 0, answer.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    errors, single = found["errors"]["video frames"], found["single"]["video frames"]
    assert set(errors) == {*single} and "joint, fused" in errors and "cascade, D1" not in errors
    for method, seeds in single.items():
        assert len(seeds) == 2
        assert errors[method]["inter-ocular"]["mean"] == pytest.approx((seeds[0]["mean"] + seeds[1]["mean"]) / 2)
    assert all((tmp_path / name).stat().st_size > 10_000 for name in ("curves.png", "faces.png"))
