"""Drawn scenes: repeatable, with the faces where they are said to be."""

import hashlib

import numpy as np
import pytest

from fer_md.drawn.scenes import MOST_FACES, draw_scene
from fer_md.errors import FerMdError
from fer_md.faces.face_frame import face_box
from fer_md.faces.regions import iou


def test_same_arguments_same_pixels():
    first, second, other = draw_scene(3, 5), draw_scene(3, 5), draw_scene(4, 5)
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.landmarks, second.landmarks)
    assert first.key == second.key == "scene/3/5" != other.key
    digests = {hashlib.sha256(draw_scene(3, index).image.tobytes()).digest() for index in range(6)}
    assert len(digests) == 6 and (first.image != other.image).any()


@pytest.mark.parametrize("index", range(18))
def test_every_number_of_faces_inside_and_apart(index):
    scene = draw_scene(1, index)
    assert scene.image.shape == (256, 256, 3) and scene.image.dtype == np.uint8
    assert scene.landmarks.shape == (index % 9, 68, 2) and scene.landmarks.dtype == np.float32
    if len(scene.landmarks):
        assert scene.landmarks.min() >= 0 and scene.landmarks.max() <= 255
        boxes = face_box(scene.landmarks)
        assert iou(boxes, boxes)[~np.eye(len(boxes), dtype=bool)].max(initial=0) == 0
        assert boxes[:, 2:].max(1).min() >= 0.12 * 256


def test_colour_and_size():
    draw_scene(0, 0, faces=0, size=1000)
    scene = draw_scene(0, 0, faces=2, size=160)
    assert scene.image.shape == (160, 160, 3) and len(scene.landmarks) == 2
    x, y = scene.landmarks[0, 30].astype(int)
    red, _, blue = scene.image[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3).mean(0)
    assert red > 1.1 * blue  # the nose has the colour of skin


@pytest.mark.parametrize("change", [{"faces": -1}, {"faces": MOST_FACES + 1}, {"size": 64}, {"size": 1024}])
def test_wrong_choices_are_named(change):
    with pytest.raises(FerMdError, match=str(next(iter(change.values())))):
        draw_scene(0, 0, **change)
