"""Crops of what is no face: they keep away from the faces, and follow from the seed."""

import numpy as np

from fer_md.faces.regions import NEGATIVE, iou
from fer_md.training.crops import crops_without_faces, empty_boxes


def test_boxes_keep_away_from_faces_and_stay_in_the_picture():
    faces = np.array([[20, 10, 40, 50], [70, 60, 30, 30]], float)
    boxes = empty_boxes((120, 160), faces, 50, np.random.default_rng(0))
    assert boxes.shape == (50, 4) and iou(boxes, faces).max() < NEGATIVE and iou(boxes, faces).max() > 0
    assert (boxes[:, :2] >= 0).all() and (boxes[:, :2] + boxes[:, 2:] <= (160, 120)).all()
    np.testing.assert_allclose(boxes[:, 2], boxes[:, 3])
    assert boxes[:, 2].min() >= 18 and boxes[:, 2].max() <= 72


def test_a_picture_full_of_faces_has_fewer():
    face = np.array([[x, y, 12, 12] for x in range(-8, 40, 4) for y in range(-8, 40, 4)], float)
    assert len(empty_boxes((40, 40), face, 300, np.random.default_rng(0))) < 200


def test_crops_come_from_all_pictures_and_follow_from_the_seed():
    """Two gray pictures without a face, three crops: two of one picture and one of the other."""
    images = [np.full((60, 60), gray, np.uint8) for gray in (10, 200)]
    none = [np.zeros((0, 4))] * 2
    crops = crops_without_faces(images, none, 3, 24, seed=1)
    assert crops.shape == (3, 24, 24) and sorted(set(crops[:, 0, 0].tolist())) == [10, 200]
    textured = [np.random.default_rng(0).integers(0, 255, (80, 80)).astype(np.uint8)]
    first, same, other = (crops_without_faces(textured, none[:1], 4, 24, seed) for seed in (1, 1, 2))
    assert (first == same).all() and (first != other).any()
