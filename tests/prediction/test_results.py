"""What a prediction gives, for JSON, tables and comparisons."""

import copy
import dataclasses
import json
import pickle

import numpy as np
import pytest

from fer_md.expressions import EXPRESSIONS
from fer_md.faces.detection import LANDMARKS, Detection
from fer_md.prediction.quality import TURNED
from fer_md.prediction.results import FacePrediction, PicturePrediction, Predictions
from stub_predictor import stub_predictor

GRAY = np.full((60, 80, 3), 128, np.uint8)


@pytest.fixture
def predictions():
    """A picture with a face, one without, one with an error, one with two faces of the user's."""
    boxes = [None, None, None, [(0, 0, 20, 20), (10, 0, 30, 40)]]
    return stub_predictor().predict([GRAY, GRAY[:5], "none.png", GRAY], boxes, on_error="skip")


def test_json_and_back(predictions):
    found = json.loads(json.dumps([picture.as_dict() for picture in predictions], allow_nan=False))
    assert [picture["source"] for picture in found] == [None, None, "none.png", None]
    assert [picture["error"] for picture in found] == [None, None, "none.png: no such file", None]
    assert [len(picture["faces"]) for picture in found] == [1, 0, 0, 2]
    face = found[0]["faces"][0]
    assert face.keys() == {field.name for field in dataclasses.fields(FacePrediction)} and face["track"] is None
    assert face["doubts"] == ["blurred", "unsure"] and face["sharpness"] == 0 and abs(face["roll"]) < TURNED
    assert face["box"] == [0, 0, 40, 60] and face["score"] == 0.9 and face["label"] == "happiness"
    assert face["landmarks"][0] == [12, 24] and face["probabilities"]["happiness"] == pytest.approx(128 / 255)
    assert found[3]["faces"][0]["landmarks"] is None and found[3]["faces"][0]["score"] is None


def test_numbers_of_other_detectors_are_numbers_of_json():
    box = tuple(np.arange(4, dtype=np.float32))
    face = FacePrediction(box, np.float32(0.5), None, "a", {"a": np.float32(1)})
    assert json.loads(json.dumps(face.as_dict()))["box"] == [0, 1, 2, 3]


def test_equal_means_that_all_values_are_equal(predictions):
    face = predictions[0][0]
    assert face == copy.deepcopy(face) and pickle.loads(pickle.dumps(predictions)) == predictions
    for changed in (
        {"landmarks": face.landmarks + 1},
        {"landmarks": None},
        {"score": None},
        {"box": (0.0, 0.0, 40.0, 61.0)},
        {"label": "fear"},
        {"embedding": np.zeros(3, np.float32)},
        {"probabilities": {**face.probabilities, "fear": 0.1}},
    ):
        assert face != dataclasses.replace(face, **changed)
    assert face != "happiness" and predictions[0] != predictions[1]
    points = np.zeros((5, 2), np.float32)
    assert Detection((0, 0, 1, 1), 0.5, points) == Detection((0, 0, 1, 1), 0.5, points.copy())
    assert Detection((0, 0, 1, 1), 0.5, points) != Detection((0, 0, 1, 1), 0.5)


def test_a_picture_is_the_sequence_of_its_faces(predictions):
    picture = predictions[3]
    assert list(picture) == list(picture.faces) and picture[-1] is picture.faces[1] and picture[:1] == picture.faces[:1]
    assert picture and not predictions[1] and len(predictions[2]) == 0


def test_a_table_has_a_row_for_each_face(predictions):
    table = predictions.to_dataframe()
    points = [f"{name.replace(' ', '_')}_{axis}" for name in LANDMARKS for axis in "xy"]
    first = ["picture", "source", "face", "x", "y", "width", "height", "score", "sharpness", "roll", "doubts", "label"]
    assert list(table.columns) == [*first, *EXPRESSIONS, *points]
    assert table["doubts"].tolist() == ["blurred unsure", "blurred", "blurred"] and table["roll"].isna().sum() == 2
    assert table["picture"].tolist() == [0, 3, 3] and table["face"].tolist() == [0, 0, 1]
    assert table[["x", "y", "width", "height"]].to_numpy().tolist() == [[0, 0, 40, 60], [0, 0, 20, 20], [10, 0, 30, 40]]
    assert table["happiness"].to_numpy() == pytest.approx(128 / 255)
    assert table["left_eye_y"][0] == 24 and table[["score", *points]].iloc[1:].isna().all(axis=None)


def test_a_table_of_nothing_has_its_columns():
    empty = Predictions([PicturePrediction("a.png", ())], ("a", "b")).to_dataframe()
    assert len(empty) == 0 and {"picture", "a", "b"} <= {*empty.columns}
    assert empty["a"].dtype == float and empty["picture"].dtype == int
