"""Boxes and proposals against values by hand and slow oracles."""

import numpy as np
import pytest

from fer_md.drawn.scenes import draw_scene
from fer_md.evaluation.detection_metrics import average_precision, match, precision_recall
from fer_md.faces import regions
from fer_md.faces.face_frame import face_box
from fer_md.faces.regions import cover, iou, label_regions, steps_between, suppress, take_steps
from fer_md.faces.selective_search import SelectiveSearch


def random_boxes(rng, count, side=50):
    return np.concatenate([rng.uniform(0, side, (count, 2)), rng.uniform(1, side, (count, 2))], 1)


def test_iou_by_hand():
    """10x10 boxes: half over 50 / 150, a corner 25 / 175, touching 0, inside 25 / 100, itself 1."""
    box = [[0, 0, 10, 10]]
    others = [[5, 0, 10, 10], [5, 5, 10, 10], [10, 0, 10, 10], [2, 2, 5, 5], [0, 0, 10, 10], [40, 40, 1, 1]]
    np.testing.assert_allclose(iou(box, others), [[1 / 3, 1 / 7, 0, 0.25, 1, 0]])
    assert iou(np.zeros((0, 4)), others).shape == (0, 6)
    np.testing.assert_allclose(cover(box, others), [[0.5, 0.25, 0, 1, 1, 0]])


def test_labels_by_hand():
    """Overlaps 1, 0.6, 0.4 (neither), 0.3 and 0 with the first of two faces; without faces all are negative."""
    faces = np.array([[0.0, 0, 10, 10], [100, 100, 10, 10]])
    found = [[0, 0, 10, 10], [0, 0, 10, 6], [0, 0, 10, 4], [0, 0, 10, 3], [50, 50, 9, 9], [100, 100, 10, 9]]
    labels, nearest = label_regions(found, faces)
    assert labels.tolist() == [1, 1, -1, 0, 0, 1] and nearest[[0, 1, 2, 5]].tolist() == [0, 0, 0, 1]
    assert label_regions(found, [])[0].tolist() == [0] * 6
    assert label_regions(np.array([[0.0, 0, 10, 5]]), faces)[0].tolist() == [-1]  # 0.5 is not more than 0.5


def test_steps_lead_from_a_region_to_its_face():
    rng = np.random.default_rng(0)
    regions, faces = random_boxes(rng, 50), random_boxes(rng, 50)
    faces[:, 2:] = regions[:, 2:] * rng.uniform(0.2, 5, (50, 2))
    np.testing.assert_allclose(take_steps(regions, steps_between(regions, faces)), faces, atol=1e-9)
    by_hand = steps_between(np.array([[0.0, 0, 10, 10]]), np.array([[1.0, 0, 10, 20]]))
    np.testing.assert_allclose(by_hand, [[1, 5, 0, np.log(2) / 0.2]])  # centers 0.1 and 0.5 of a side apart
    assert np.isfinite(take_steps(regions, np.full((50, 4), 1e6))).all()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("measure", [iou, cover])
def test_suppression_equals_a_slow_loop(seed, measure, monkeypatch):
    """Scores repeat, so that the order of equals counts as well; 60 boxes are three blocks and a rest."""
    monkeypatch.setattr(regions, "_BLOCK", 17)
    rng = np.random.default_rng(seed)
    boxes, scores = random_boxes(rng, 60), rng.integers(0, 20, 60) / 20
    kept = []
    for row in sorted(range(60), key=lambda row: (-scores[row], row)):
        if all(measure(boxes[[row]], boxes[[other]])[0, 0] <= 0.3 for other in kept):
            kept.append(row)
    assert suppress(boxes, scores, 0.3, measure).tolist() == kept
    assert suppress(np.zeros((0, 4)), np.zeros(0), 0.3).tolist() == []
    assert len(suppress(boxes, scores, 1.0)) == 60


def test_each_face_is_found_once():
    """The better of two detections on one face counts; the second is wrong, and takes no other face below 0.5."""
    faces = [[0, 0, 10, 10], [20, 0, 10, 10]]
    boxes = [[1, 0, 10, 10], [0, 0, 10, 10], [20, 0, 10, 9], [60, 60, 5, 5]]
    assert match(boxes, [0.9, 0.8, 0.3, 0.7], faces).tolist() == [True, False, True, False]
    assert match(boxes, [0.8, 0.9, 0.3, 0.7], faces).tolist() == [False, True, True, False]
    assert match(boxes, [0.8, 0.9, 0.3, 0.7], []).tolist() == [False] * 4
    assert match([], [], faces).tolist() == []


def test_average_precision_by_hand():
    """Right, wrong, right, of 4 faces: precision 1, 1/2, 2/3 at recall 1/4, 1/4, 1/2: area 1/4 + 1/4 * 2/3 = 5/12."""
    thresholds, precision, recall = precision_recall([0.5, 0.9, 0.7], [True, True, False], 4)
    np.testing.assert_allclose(thresholds, [0.9, 0.7, 0.5])
    np.testing.assert_allclose(precision, [1, 1 / 2, 2 / 3])
    np.testing.assert_allclose(recall, [1 / 4, 1 / 4, 1 / 2])
    assert average_precision(precision, recall) == pytest.approx(5 / 12)


def test_equal_scores_are_one_threshold_and_nothing_found_is_zero():
    _, precision, recall = precision_recall([0.5, 0.5], [False, True], 1)
    assert (precision.tolist(), recall.tolist()) == ([0.5], [1.0])
    assert average_precision(*precision_recall([], [], 3)[1:]) == 0


def test_average_precision_of_random_scores_equals_a_slow_loop():
    rng = np.random.default_rng(0)
    scores, right = rng.random(50), rng.random(50) < 0.4
    _, precision, recall = precision_recall(scores, right, 30)
    points = [(right[scores >= t].sum() / 30, right[scores >= t].mean()) for t in np.sort(scores)[::-1]]
    area, last = 0.0, 0.0
    for at, _ in points:
        area += (at - last) * max(value for reached, value in points if reached >= at)
        last = at
    assert average_precision(precision, recall) == pytest.approx(area)


def test_proposals_cover_drawn_faces_and_come_in_a_fixed_order():
    search = SelectiveSearch()
    scene = draw_scene(0, 5)
    square, factor = search.scaled(scene.image)
    assert square.shape == (128, 128, 3) and factor == 2
    regions = search.propose(square)
    np.testing.assert_array_equal(regions, search.propose(square))
    areas = regions[:, 2:].prod(1)
    assert (np.diff(areas) <= 0).all() and len(np.unique(regions, axis=0)) == len(regions)
    assert (regions[:, :2] >= 0).all() and (regions[:, :2] + regions[:, 2:] <= 128).all()
    assert (iou(face_box(scene.landmarks), regions * factor).max(1) > 0.5).all()
    few = SelectiveSearch(most=10).propose(square)
    np.testing.assert_array_equal(few, regions[:10])


@pytest.mark.parametrize("shape", [(10, 400), (400, 10), (1, 1), (3, 2), (64, 64)])
def test_elongated_tiny_and_constant_images_do_not_crash(shape):
    """OpenCV's search on an image more elongated than about 2.4 ends the process; here it is padded to a square."""
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    search = SelectiveSearch(side=64)
    for picture in (image, np.full_like(image, 7)):
        square, factor = search.scaled(picture)
        assert square.shape == (64, 64, 3) and factor == max(shape) / 64
        assert search.propose(square).shape[1] == 4
