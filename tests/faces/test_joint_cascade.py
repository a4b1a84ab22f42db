"""The joint cascade as a whole: faces apart from what is none, landmarks nearer, files that are checked."""

import cv2
import numpy as np
import pytest

from fer_md.drawn.scenes import draw_scene
from fer_md.errors import FerMdError
from fer_md.evaluation.landmark_error import inter_ocular, point_errors
from fer_md.faces.detection import Detection
from fer_md.faces.face_frame import box_of, face_box, jitter_boxes
from fer_md.faces.joint_cascade import (
    WINDOW,
    Found,
    JointCascade,
    Stage,
    cut_windows,
    look,
    run_stage,
    to_image,
    to_window,
    windows_of,
)
from fer_md.faces.joint_training import JointRecipe, Picture, train_joint
from fer_md.faces.pixel_trees import Planes, Trees, draw_tests
from fer_md.faces.regions import iou

TOY = JointRecipe(
    starts=1,
    trees=1,
    radii=(0.3, 0.15),
    classify=(0.8, 0.5),
    candidates=30,
    samples=150,
    mined=20,
    penalty=10.0,
    lost=0.01,
)


def pictures(first, count):
    scenes = [draw_scene(7, index, size=160) for index in range(first, first + count)]
    return [Picture(cv2.cvtColor(scene.image, cv2.COLOR_RGB2GRAY), scene.landmarks) for scene in scenes]


@pytest.fixture(scope="module")
def cascade():
    return train_joint(pictures(0, 20), TOY)


def test_a_stage_equals_a_slow_loop():
    """Windows one by one and tree by tree: leaves, scores, rejection, and the step of the landmarks."""
    rng, count = np.random.default_rng(0), 40
    mean = rng.uniform(10, 50, (4, 2))
    tests = draw_tests(rng, 9, 4, 0, 9.0).take(np.arange(9).reshape(3, 3))
    trees = Trees(tests, rng.integers(-30, 30, (3, 3)).astype(np.int16))
    scores, cuts = rng.standard_normal((3, 4)).astype(np.float32), np.full(3, -0.4, np.float32)
    weights = (rng.standard_normal((12, 4)) + 1j * rng.standard_normal((12, 4))).astype(np.complex64)
    planes = Planes.of(rng.integers(0, 256, (count, 60, 60), np.uint8))
    starts = np.repeat((2j * (mean[:, 0] + 1j * mean[:, 1]) / 2 + 60)[None], count, 0).astype(np.complex64)
    stage, given = Stage(trees, scores, cuts, weights), Found(np.arange(count), starts, np.zeros(count, np.float32))
    found, leaves = run_stage(stage, mean, planes, given)
    turn = np.full(count, 1j, np.complex64)  # the starts are the mean shape, turned by a right angle
    own = trees.descend(planes, starts, turn)
    kept = []
    for row in range(count):
        score, alive = 0.0, True
        for k in range(3):
            score += scores[k, own[row, k]]
            alive &= score >= cuts[k]
        if alive:
            kept.append((row, score, starts[row] + 1j * sum(weights[4 * k + own[row, k]] for k in range(3))))
    assert 0 < len(kept) < count and found.rows.tolist() == [row for row, _, _ in kept]
    np.testing.assert_array_equal(leaves, own[found.rows])
    np.testing.assert_allclose(found.scores, [score for _, score, _ in kept], atol=1e-5)
    np.testing.assert_allclose(found.shapes, [shape for _, _, shape in kept], atol=1e-4)
    assert len(run_stage(stage, mean, planes, given, reject=False)[0].rows) == count


def test_windows_lead_there_and_back():
    """A box 100 wide and high has a window of 140; of its pixels 80 are 140, and the first 16 are the margin."""
    windows = windows_of(np.array([[30.0, 20, 100, 100]]))
    np.testing.assert_allclose(windows, [[10, 0, 140]])
    points = np.array([[[10.0, 0], [150, 140], [11.75, 1.75]]])
    np.testing.assert_allclose(to_window(points, windows), [[[16, 16], [96, 96], [17, 17]]])
    np.testing.assert_allclose(to_image(to_window(points, windows), windows), points)


def test_what_is_cut_is_where_it_should_be():
    """A bright square of 7 pixels about (90, 60) is found about the place to which `to_window` leads."""
    image = np.zeros((200, 200), np.uint8)
    image[57:64, 87:94] = 255
    windows = np.array([[40.0, 10, 120], [60.0, 30, 60]])
    patches = cut_windows([image, image], windows)
    for patch, place in zip(patches, to_window(np.array([[[90.0, 60]]] * 2), windows), strict=True):
        rows, columns = np.nonzero(patch > 127)
        np.testing.assert_allclose([columns.mean(), rows.mean()], place[0], atol=0.6)


def test_the_search_covers_the_picture():
    """Wherever a face lies, some window overlaps its own window by two thirds."""
    rng = np.random.default_rng(0)
    _, corners, factors = look(np.zeros((120, 160), np.uint8), 33.6)
    lows = np.column_stack([corners.real, corners.imag]) * factors
    squares = np.column_stack([lows, WINDOW * factors])
    sides = rng.uniform(36, 110, 200)
    faces = np.column_stack([rng.uniform(0, 160 - sides), rng.uniform(0, 120 - sides), sides, sides])
    assert iou(faces, squares).max(1).min() > 0.66


def test_landmarks_come_nearer_on_unseen_faces(cascade):
    faces = [(picture.gray, points) for picture in pictures(900, 16) for points in picture.landmarks]
    images, landmarks = [gray for gray, _ in faces], np.array([points for _, points in faces])
    boxes = jitter_boxes(box_of(landmarks), np.random.default_rng(1))
    errors = [
        point_errors(
            JointCascade(cascade.mean, cascade.stages[:n]).align(images, boxes), landmarks, inter_ocular(landmarks)
        )
        for n in range(3)
    ]
    assert errors[2].mean() < errors[1].mean() < 0.85 * errors[0].mean()
    assert cascade.align([], np.zeros((0, 4))).shape == (0, 68, 2)


def test_faces_are_found_with_landmarks_and_most_windows_are_rejected(cascade):
    """So small a cascade misses some faces, others on another processor: a third is to be found."""
    scenes = [draw_scene(7, index, faces=1, size=160) for index in range(901, 910)]
    grays = [cv2.cvtColor(scene.image, cv2.COLOR_RGB2GRAY) for scene in scenes]
    searched = [cascade.search(gray) for gray in grays]
    assert all(len(windows) == len(shapes) == len(scores) for windows, shapes, scores in searched)
    total = sum(len(look(gray, 33.6)[1]) for gray in grays)
    assert 0 < sum(len(windows) for windows, *_ in searched) < 0.2 * total
    detector = JointCascade(cascade.mean, cascade.stages, cascade.spread, 0.3)
    *found, nothing = detector.detect([*(scene.image for scene in scenes), np.full((50, 70, 3), 9, np.uint8)])
    for faces in found:
        assert all(isinstance(face, Detection) and face.landmarks.shape == (5, 2) for face in faces)
        scores = [face.score for face in faces]
        assert scores == sorted(scores, reverse=True) and all(0 <= score <= 1 for score in scores)
    best = [iou([own[0].box], face_box(scene.landmarks)).max() for own, scene in zip(found, scenes, strict=True) if own]
    assert np.count_nonzero(np.array(best) > 0.5) >= len(scenes) / 3
    assert all(face.score < max(own[0].score for own in found if own) for face in nothing)
    with pytest.raises(FerMdError, match="image 0"):
        cascade.detect([grays[0]])


@pytest.mark.slow
def test_a_training_that_was_stopped_ends_the_same(cascade, tmp_path):
    JointCascade(cascade.mean, cascade.stages[:1], 1.0).save(tmp_path / "part.npz")
    again = train_joint(pictures(0, 20), TOY, tmp_path / "part.npz")
    for ours, theirs in zip(again.stages, cascade.stages, strict=True):
        np.testing.assert_array_equal(ours.trees.thresholds, theirs.trees.thresholds)
        np.testing.assert_array_equal(ours.weights, theirs.weights)
    assert again.spread == cascade.spread


def test_faces_that_are_not_annotated_are_no_negatives():
    """Windows about the face and about another one are neither; a window far off is without a face."""
    landmarks = np.array([[[20.0, 20], [60, 60]]])
    picture = Picture(np.zeros((300, 300), np.uint8), landmarks, np.array([[200.0, 200, 40, 40]]))
    windows = windows_of(np.array([[20.0, 20, 40, 40], [205, 205, 40, 40], [100, 100, 40, 40]]))
    assert picture.without_face(windows).tolist() == [False, False, True]
    assert Picture(picture.gray, np.zeros((0, 68, 2))).without_face(windows).all()


def test_pictures_without_a_face_teach_nothing():
    with pytest.raises(FerMdError, match="no face in the 1 pictures"):
        train_joint([Picture(np.zeros((9, 9), np.uint8), np.zeros((0, 68, 2)))])


def test_save_and_load(cascade, tmp_path):
    cascade.save(tmp_path / "joint.npz")
    loaded = JointCascade.load(tmp_path / "joint.npz")
    scene = draw_scene(7, 903, size=160)
    assert loaded.detect([scene.image]) == cascade.detect([scene.image])
    assert (loaded.spread, loaded.threshold, loaded.min_face) == (cascade.spread, 0.5, 24)


@pytest.mark.parametrize(
    "name, change",
    [
        ("weights", lambda values: values[0]),
        ("mean", lambda values: values * np.nan),
        ("format", lambda values: 99),
        ("marks", lambda values: values + 68),
        ("blurs", lambda values: values + 9),
        ("thresholds", lambda values: values[:, :, :5]),
        ("spread", lambda values: -1.0),
        ("threshold", lambda values: 7.0),
        ("mean", lambda values: np.array([{}])),
        ("scores", lambda values: values.astype(str)),
        ("format", lambda values: "one"),
        ("marks", lambda values: values.astype(np.float32)),
        ("marks", lambda values: values.astype(np.int16) - 68),
        ("blurs", lambda values: values.astype(np.int16) - 9),
        ("thresholds", lambda values: values + 1j),
        ("offsets", lambda values: np.full_like(values, np.inf)),
        ("cuts", lambda values: np.full_like(values, np.inf)),
    ],
)
def test_a_changed_file_is_refused(cascade, tmp_path, name, change):
    path = tmp_path / "joint.npz"
    cascade.save(path)
    with np.load(path) as stored:
        arrays = dict(stored)
    np.savez(path, **{**arrays, name: change(arrays[name])})
    with pytest.raises(FerMdError, match=r"joint\.npz"):
        JointCascade.load(path)


def test_a_damaged_or_foreign_file_is_refused(tmp_path):
    path = tmp_path / "joint.npz"
    for data in (b"", b"no zip"):
        path.write_bytes(data)
        with pytest.raises(FerMdError, match="damaged"):
            JointCascade.load(path)
    np.savez(path, other=1)
    with pytest.raises(FerMdError, match="not a joint cascade of format 1"):
        JointCascade.load(path)
    with pytest.raises(FerMdError, match="no such file"):
        JointCascade.load(tmp_path / "none.npz")
    with pytest.raises(FerMdError, match="threshold"):
        JointCascade(np.zeros((68, 2)), [], threshold=2)
