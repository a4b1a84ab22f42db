"""Landmarks by a network: crops and the way back, the objective, training on points, and Fig. 6 end to end."""

import functools
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import tensorflow as tf

import landmarks as landmarks_script
from fer_md.data.augment import Augmentation
from fer_md.data.pipeline import training_batches
from fer_md.drawn.face_model import MIRROR
from fer_md.faces.crops import SIDE, as_shares, crop_frames, cut_crops, from_shares
from fer_md.faces.face_frame import box_of, jitter_boxes
from fer_md.models import TINY, build_component
from fer_md.models.heads import landmark_component, start_at
from fer_md.readers.annotated import AnnotatedFaces, drawn_faces
from fer_md.runs.run_directory import open_run
from fer_md.training.crops import training_crops
from fer_md.training.loop import train
from fer_md.training.objective import POINTS, mean_distance
from fer_md.training.presets import Recipe
from fer_md.training.strategy import make_strategy
from fer_md.training.stream import training_stream
from fer_md.training.task import Learner, Task
from fer_md.training.trainer import Trainer
from scripts import run_script

ROOT = Path(__file__).parents[2]
RECIPE = Recipe(epochs=3, batch_size=8, rate=0.05, average=0.9, augmentation=Augmentation(contrast=0.2))


@pytest.fixture(scope="module")
def faces():
    return drawn_faces(40, "crops", seed=3, size=96)


def make_trainer(split, strategy=None):
    shares = as_shares(split.landmarks, 48)

    def build():
        model = landmark_component(build_component(TINY, seed=1))
        start_at(model, shares)
        return model

    batches = functools.partial(training_batches, targets=shares)
    task = Task("drawn", split, head="landmarks", objective=POINTS, batches=batches)
    return Trainer(Learner(build, [task]), RECIPE, len(shares), strategy or make_strategy("one"))


def test_a_crop_by_hand():
    """Box 40 wide, 30 high at (10, 20): center (30, 35), side 1.4 * 35 = 49, so the crop's corner is (5.5, 10.5)."""
    scale, shift = crop_frames([[10, 20, 40, 30]], 49)
    assert SIDE == 1.4 and scale[0] == pytest.approx(1) and shift[0] == pytest.approx(6 + 11j)
    np.testing.assert_allclose(from_shares(np.zeros((1, 1, 2)), [[10, 20, 40, 30]], 49), [[[30, 35]]])
    np.testing.assert_allclose(as_shares(np.array([-0.5, 48.5]), 49), [-0.5, 0.5])


@pytest.mark.parametrize("side", [40, 160])
def test_points_of_the_crop_are_those_of_the_image(side):
    """A bright dot is found in the crop where the landmark says it is, within a pixel, whatever the face's size."""
    image, dot = np.zeros((300, 320), np.uint8), np.array((121.0, 147.0))
    cv2.circle(image, dot.astype(int).tolist(), side // 20, 255, -1)
    box = [[100.0, 120.0, side, side]]
    crop = cut_crops([image], box, 48, [0.2])[0].astype(float)
    rows, columns = np.indices(crop.shape)
    center = np.array([(crop * columns).sum(), (crop * rows).sum()]) / crop.sum()
    scale, shift = crop_frames(box, 48, [0.2])
    back = scale[0] * (center[0] + 1j * center[1]) + shift[0]
    np.testing.assert_allclose([back.real, back.imag], dot, atol=side / 48)


def test_training_crops_move_the_landmarks_with_the_face(faces):
    """The second crop of a face is of its mirror image: its points, mirrored back, are those of the first in shape."""
    split = training_crops(faces, 2, 48, seed=1)
    assert split.images.shape == (80, 48, 48) and split.landmarks.shape == (80, 68, 2)
    assert np.mean(np.abs(as_shares(split.landmarks, 48)) < 0.5) > 0.98
    first, second = split.landmarks[:40], split.landmarks[40:][:, MIRROR[:68]] * (-1, 1)
    first, second = (points - points.mean(1, keepdims=True) for points in (first, second))
    lengths = [np.linalg.norm(points, axis=-1) for points in (first, second)]
    ratio = lengths[1] / lengths[0]
    np.testing.assert_allclose(ratio, np.broadcast_to(ratio.mean(1, keepdims=True), ratio.shape), rtol=1e-4)
    again = training_crops(faces, 2, 48, seed=1)
    np.testing.assert_array_equal(again.images, split.images)


def test_shares_lead_back_to_the_image(faces):
    boxes = jitter_boxes(box_of(faces.landmarks), np.random.default_rng(0))
    scale, shift = (part[:, None] for part in crop_frames(boxes, 48))
    inside = (faces.landmarks[..., 0] + 1j * faces.landmarks[..., 1] - shift) / scale
    shares = as_shares(np.stack([inside.real, inside.imag], -1), 48)
    np.testing.assert_allclose(from_shares(shares, boxes, 48), faces.landmarks, atol=1e-9)


def test_distance_by_hand():
    """Points 3-4-5 and 0 away: (5 + 0) / 2 = 2.5; the gradient where a point is met is 0, not infinite."""
    points = tf.Variable([[[3.0, 4.0], [1.0, 1.0]]])
    with tf.GradientTape() as tape:
        losses, scores = mean_distance(points, tf.constant([[[0.0, 0.0], [1.0, 1.0]]]), 0.1)
    np.testing.assert_allclose([losses[0], scores[0]], 2.5, atol=1e-4)
    np.testing.assert_allclose(tape.gradient(losses, points), [[[0.3, 0.4], [0, 0]]], atol=1e-6)
    assert POINTS.counted(points).numpy().tolist() == [True]


def test_a_network_starts_at_the_mean_face_and_is_saved(faces, tmp_path):
    split = training_crops(faces, 1, 48, seed=1)
    shares = as_shares(split.landmarks, 48)
    model = make_trainer(split).model
    assert set(model.output) == {"embeddings", "landmarks"}
    found = model(split.images[:2, ..., None])["landmarks"]
    np.testing.assert_allclose(found, np.stack([shares.mean(0)] * 2), atol=1e-6)
    model.save(tmp_path / "model.keras")
    again = tf.keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(split.images[:2, ..., None])["landmarks"], found)


def test_two_replicas_equal_one_device_on_points(faces):
    split = training_crops(faces, 1, 48, seed=1)
    states = []
    for strategy in (make_strategy("one"), make_strategy("mirrored", 2)):
        trainer = make_trainer(split, strategy)
        batches = iter(training_stream(trainer, 0, 0, 5))
        figures = [trainer.train_step(next(batches), step).numpy() for step in range(5)]
        states.append({**trainer.state(), "figures": np.array(figures)})
    for name, value in states[0].items():
        np.testing.assert_allclose(states[1][name], value, atol=2e-4, err_msg=name)


def test_training_on_points_learns_and_resumes_exactly(faces, tmp_path):
    split = training_crops(faces, 2, 48, seed=1)
    whole, first, second = (make_trainer(split) for _ in range(3))

    def steps(trainer, start, stop):
        batches = iter(training_stream(trainer, 0, start, stop))
        return [trainer.train_step(next(batches), step)[0, 0].numpy() for step in range(start, stop)]

    losses = steps(whole, 0, 30)
    assert np.mean(losses[-10:]) < np.mean(losses[:5])
    steps(first, 0, 11)
    second.load_state(first.state())
    steps(second, 11, 30)
    for name, value in whole.state().items():
        np.testing.assert_array_equal(second.state()[name], value, err_msg=name)
    open_run(tmp_path, {})
    assert train([whole], tmp_path, seed=0)
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert "distance" in rows[-1] and "accuracy" not in rows[-1]


def test_first_faces(faces):
    assert isinstance(faces.first(3), AnnotatedFaces) and len(faces.first(3).people) == 3
    assert len(faces.first(99).images) == 40


def landmarks(folder, *more):
    names = {"run_dir": "runs", "output": "figures.json", "picture": "curves.png"}
    flags = [f"--{flag}={folder / name}" for flag, name in names.items()]
    return run_script("experiments/landmarks.py", *flags, "--network=tiny", "--drawn=80", *more)


def test_the_seed_reaches_the_cascade():
    settings = landmarks_script.Settings(run_dir="a", output="b", picture="c", network="tiny", seeds=(3,))
    cascade = landmarks_script.plain_recipe(settings)["cascade"]
    assert cascade["perturbations"] == 1 and cascade["seed"] == 3


@pytest.mark.integration
@pytest.mark.slow
def test_figure_6_on_drawn_faces(tmp_path):
    answer = landmarks(tmp_path, "--epochs=2")
    assert answer.returncode == 0, answer.stderr
    found = json.loads((tmp_path / "figures.json").read_text())
    assert found["recipe"]["cascade"]["seed"] == 0 and "epochs" not in found["recipe"]
    assert [len(hashes) for hashes in found["faces_sha256"].values()] == [2, 2]
    assert all("(synthetic)" in name for name in found["data"]) and found["faces"][found["data"][0]]["test"] == 20
    for name in found["data"]:
        assert len(found["errors"][name]) == 12
        assert found["errors"][name]["cascade, D1"]["inter-ocular"]["mean"] < 0.2
        gain = found["errors"][name]["mean face"]["face size"]["minus_first"]
        assert gain["low"] <= gain["difference"] <= gain["high"]
        curve = found["curves"][name]["face size"]["joint, fused"]
        assert len(curve) == len(found["places"]) and np.all(np.diff(curve) >= 0)
    assert (tmp_path / "curves.png").stat().st_size > 10_000
    done = [
        tmp_path / "runs/seed0" / name for name in ("component1/model.keras", "joint1/D2.keras", "cascade/updated.npz")
    ]
    kept = [path.stat().st_mtime_ns for path in done]
    answer = landmarks(tmp_path, "--epochs=2", "--overwrite")
    assert answer.returncode == 0, answer.stderr
    assert json.loads((tmp_path / "figures.json").read_text())["errors"] == found["errors"]
    assert [path.stat().st_mtime_ns for path in done] == kept
    answer = landmarks(tmp_path, "--epochs=3", "--overwrite")
    assert answer.returncode == 1 and "name another folder" in answer.stderr
    answer = landmarks(tmp_path, "--epochs=2", "--seeds=0,1", "--noothers", "--image_size=64", "--overwrite")
    assert answer.returncode == 1 and "config.json: holds a run with network" in answer.stderr
