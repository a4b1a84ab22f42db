"""The alignment cascade as a whole: better with each level, exact updates, files that are checked."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from drawn_faces import drawn_landmarks
from fer_md.errors import FerMdError
from fer_md.evaluation.landmark_error import inter_ocular, point_errors
from fer_md.faces.cascade import Cascade, draw_examples
from fer_md.faces.cascade_training import CascadeRecipe, train_cascade
from fer_md.faces.face_frame import box_of, jitter_boxes
from fer_md.faces.ridge import RidgeRegression
from scripts import run_script

ROOT = Path(__file__).parents[2]
TOY = CascadeRecipe(cells=(13, 9), components=6, frame=64, face=40.0, perturbations=2, penalty=10.0)


@pytest.fixture(scope="module")
def faces():
    return drawn_landmarks(60)


@pytest.fixture(scope="module")
def cascade(faces):
    return train_cascade(*faces, TOY)


def test_every_level_brings_unseen_faces_nearer(cascade):
    images, landmarks, _ = drawn_landmarks(40, first=1000)
    boxes = jitter_boxes(box_of(landmarks), np.random.default_rng(1))
    errors = [
        point_errors(cascade.align(images, boxes, levels), landmarks, inter_ocular(landmarks)).mean()
        for levels in (0, 1, 2)
    ]
    assert errors[2] < errors[1] < 0.7 * errors[0]


def test_a_face_alone_in_company_and_at_another_scale(cascade, faces):
    images, landmarks, _ = faces
    boxes = box_of(landmarks)
    together = cascade.align(images[:3], boxes[:3])
    assert together.shape == (3, 68, 2) and together.dtype == np.float32
    np.testing.assert_allclose(cascade.align(images[1:2], boxes[1:2]), together[1:2], atol=1e-3)
    enlarged = cv2.resize(images[0], None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    found = cascade.align([enlarged], boxes[:1] * 4 + (1.5, 1.5, 0, 0))
    assert np.abs((found[0] - 1.5) / 4 - together[0]).mean() < 0.5
    assert cascade.align([], np.zeros((0, 4))).shape == (0, 68, 2)


@pytest.mark.slow
def test_training_twice_gives_the_same(cascade, faces):
    np.testing.assert_array_equal(train_cascade(*faces, TOY).weights, cascade.weights)


def test_the_update_of_a_level_equals_training_on_the_union(cascade, faces):
    """The same starts in one fit: the weights agree to 1e-6."""
    images, landmarks, _ = faces
    gauss = cascade.step_means[0], cascade.step_covariances[0]
    cell = cascade.cells[0]
    rows = [
        draw_examples(images[part], landmarks[part], cascade.model, cell, gauss, np.random.default_rng(seed))
        for seed, part in ((1, slice(0, 50)), (2, slice(50, 60)))
    ]
    rows = [(features.astype(float), steps) for features, steps in rows]
    old, union = RidgeRegression.fit(rows[:1], 10.0), RidgeRegression.fit(rows, 10.0)
    learner = Cascade(cascade.model, cascade.cells[:1], [gauss[0]], [gauss[1]], [old.weights], [old.inverse])
    learner.update(images[50:], landmarks[50:], perturbations=1, seed=2)
    assert np.abs(old.weights - union.weights).max() > 1e-2
    np.testing.assert_allclose(learner.weights[0], union.weights, atol=1e-6)


@pytest.mark.parametrize("updatable", [True, False])
def test_save_and_load(cascade, faces, tmp_path, updatable):
    path, boxes = tmp_path / "cascade.npz", box_of(faces[1])
    cascade.save(path, updatable)
    loaded = Cascade.load(path)
    np.testing.assert_allclose(loaded.align(faces[0], boxes), cascade.align(faces[0], boxes), atol=1e-2)
    if updatable:
        before = loaded.weights.copy()
        loaded.update(faces[0][:5], faces[1][:5], 1)
        assert (loaded.weights != before).any()
    else:
        with pytest.raises(FerMdError, match="can only predict"):
            loaded.update(faces[0][:5], faces[1][:5])


@pytest.fixture
def saved(cascade, tmp_path):
    cascade.save(tmp_path / "cascade.npz")
    return tmp_path / "cascade.npz"


@pytest.mark.parametrize(
    "name, change",
    [
        ("weights", lambda values: values[0]),
        ("mean", lambda values: values * np.nan),
        ("format", lambda values: 99),
        ("frame", lambda values: np.zeros(3)),
        ("cells", lambda values: values[:1]),
        ("basis", lambda values: values[:, :9]),
        ("mean", lambda values: np.array([{}])),
        ("cells", lambda values: values - 13),
        ("frame", lambda values: 10**9),
        ("mean", lambda values: values.astype(str)),
        ("format", lambda values: "one"),
        ("cells", lambda values: values + 1),
        ("weights", lambda values: values + 1j),
    ],
)
def test_a_changed_file_is_refused(saved, name, change):
    with np.load(saved) as stored:
        arrays = dict(stored)
    np.savez(saved, **{**arrays, name: change(arrays[name])})
    with pytest.raises(FerMdError, match="cascade.npz"):
        Cascade.load(saved)


def test_a_damaged_or_foreign_file_is_refused(saved, tmp_path):
    whole = saved.read_bytes()
    for data in (b"", b"no zip", whole[:-50], whole[: len(whole) // 2]):
        saved.write_bytes(data)
        with pytest.raises(FerMdError, match="cascade.npz"):
            Cascade.load(saved)
    np.savez(saved, other=1)
    with pytest.raises(FerMdError, match="not a cascade of format 1"):
        Cascade.load(saved)
    with pytest.raises(FerMdError, match="no such file"):
        Cascade.load(tmp_path / "none.npz")


@pytest.mark.integration
def test_the_script_refuses_a_missing_zip(tmp_path):
    answer = run_script("experiments/train_alignment.py", "--data=none.zip", f"--output={tmp_path / 'run'}")
    assert answer.returncode == 1
    assert answer.stderr.strip() == "error: none.zip: cannot be read (No such file or directory)"
    assert not list(tmp_path.iterdir())
