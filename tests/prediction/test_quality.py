"""Why an answer is doubted."""

import dataclasses

import cv2
import numpy as np
import pytest

from fer_md.drawn.synthetic import draw_face
from fer_md.faces.detection import Detection
from fer_md.faces.landmarks import five_points
from fer_md.prediction.quality import BLURRED, SMALL, TURNED, UNSURE, doubts_about, relative_sharpness, roll_of
from stub_predictor import stub_predictor

UPRIGHT = np.array([(-1, -1), (1, -1), (0, 0), (-0.8, 1), (0.8, 1)], np.float32)


def test_sharpness_by_hand():
    """On a chessboard of 0 and 200 each pixel has four neighbours of the other kind: the Laplacian is 800 and -800,
    their variance 800^2, that of the gray levels 100^2, and the ratio 64. Contrast and brightness do not matter."""
    board = np.indices((8, 8)).sum(0) % 2
    assert relative_sharpness((200 * board).astype(np.uint8)) == 64
    assert relative_sharpness((50 + 20 * board).astype(np.uint8)) == 64
    assert relative_sharpness(np.full((8, 8), 9, np.uint8)) == 0


def test_sharpness_is_that_of_numpy_and_falls_with_blur():
    face = draw_face(3, "person 3", "neutral", "wild", 48).image
    padded = np.pad(face.astype(float), 1, mode="reflect")
    around = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    assert relative_sharpness(face) == pytest.approx((around - 4.0 * face).var() / face.var())
    values = [relative_sharpness(cv2.GaussianBlur(face, (0, 0), sigma)) for sigma in (0.5, 1, 2, 4)]
    assert values == sorted(values, reverse=True) and values[-1] < BLURRED


@pytest.mark.parametrize("degrees", [0, 10, -30, 90, 179, -120])
def test_roll_is_the_angle_that_the_points_were_turned_by(degrees):
    """y points down, so a positive angle is clockwise."""
    turn = np.exp(1j * np.radians(degrees))
    turned = (UPRIGHT[:, 0] + 1j * UPRIGHT[:, 1]) * turn * 30 + (100 + 80j)
    assert roll_of(np.stack([turned.real, turned.imag], 1)) == pytest.approx(degrees, abs=1e-4)


def test_upside_down_is_half_a_turn_whichever_eye_comes_first():
    assert abs(roll_of(-UPRIGHT)) == 180 and abs(roll_of(-UPRIGHT[[1, 0, 2, 4, 3]])) == 180


@pytest.mark.parametrize(
    "change, expected",
    [
        ({}, ()),
        ({"box": (0.0, 0.0, SMALL - 0.1, 90.0)}, ("small",)),
        ({"sharpness": BLURRED - 0.01}, ("blurred",)),
        ({"roll": TURNED + 0.1}, ("turned",)),
        ({"roll": -TURNED - 0.1}, ("turned",)),
        ({"roll": None, "score": None}, ()),
        ({"score": UNSURE - 0.01}, ("unsure",)),
        (
            {"box": (0.0, 0.0, 1.0, 1.0), "sharpness": 0.0, "roll": 180.0, "score": 0.0},
            ("small", "blurred", "turned", "unsure"),
        ),
    ],
)
def test_each_limit_is_a_doubt(change, expected):
    sound = {"box": (0.0, 0.0, SMALL, SMALL), "score": UNSURE, "sharpness": BLURRED, "roll": TURNED}
    assert doubts_about(**{**sound, **change}) == expected


def test_a_sound_face_has_no_doubts_and_a_bad_one_has():
    drawn = draw_face(5, "person 5", "happiness", "lab", 96)
    image = np.repeat(drawn.image[..., None], 3, 2)
    points = five_points(drawn.landmarks[None])[0].astype(np.float32)
    sound = Detection((8.0, 8.0, 80.0, 80.0), 0.99, points)

    class Finds:
        def __init__(self, face):
            self.face = face

        def detect(self, images):
            return [[self.face] for _ in images]

    (face,) = stub_predictor(detector=Finds(sound)).predict([image])[0]
    assert face.doubts == () and face.sharpness > BLURRED and abs(face.roll) < TURNED
    upside = dataclasses.replace(sound, score=0.85, landmarks=(95 - points).astype(np.float32))
    (face,) = stub_predictor(detector=Finds(upside)).predict([cv2.GaussianBlur(image[::-1, ::-1], (0, 0), 9)])[0]
    assert face.doubts == ("blurred", "turned", "unsure")
    (face,) = stub_predictor(detector=None).predict([image])[0]
    assert face.roll is None and face.doubts == (), "nothing is doubted that is not known"
