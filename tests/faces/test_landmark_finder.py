"""68 landmarks by the network that ships: on drawn faces, turned, and through `Predictor`, records and pictures."""

import csv
import json
import shutil

import cv2
import numpy as np
import pytest

from fer_md.drawn.synthetic import draw_face
from fer_md.errors import FerMdError
from fer_md.evaluation.landmark_error import inter_ocular, point_errors
from fer_md.faces.crops import crop_frames, cut_crops, from_shares
from fer_md.faces.face_frame import box_of, face_box
from fer_md.faces.landmark_finder import NETWORK, LandmarkFinder, turned_by, upright_boxes
from fer_md.faces.landmarks import five_points
from fer_md.faces.shape_model import transform
from fer_md.prediction.annotate import annotate
from fer_md.prediction.predict_media import predict_media
from fer_md.prediction.predictor import Predictor
from stub_predictor import StubDetector, stub_predictor


@pytest.fixture(scope="module")
def drawn():
    """Images and points (6, 68, 2) of six drawn faces."""
    faces = [draw_face(f"finder-{index}", f"finder {index}", "happiness", "wild", 160) for index in range(6)]
    return [face.image for face in faces], np.array([face.landmarks for face in faces])


@pytest.fixture(scope="module")
def finder():
    return LandmarkFinder()


def test_finds_the_points_of_drawn_faces(finder, drawn):
    images, truth = drawn
    found = finder.align(images, box_of(truth))
    assert found.shape == (6, 68, 2) and found.dtype == np.float32
    assert point_errors(found, truth, inter_ocular(truth)).mean() < 0.05
    alone = finder.align(images[:1], box_of(truth[:1]))
    np.testing.assert_allclose(alone[0], found[0], atol=0.05, err_msg="a face's points depend on the others")
    assert finder.align([], np.zeros((0, 4))).shape == (0, 68, 2)


def test_a_turned_face_has_turned_points(finder, drawn):
    images, truth = drawn
    size = images[0].shape[0]
    matrix = cv2.getRotationMatrix2D(((size - 1) / 2,) * 2, -25, 1)
    turned = [cv2.warpAffine(image, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE) for image in images]
    points = truth @ matrix[:, :2].T + matrix[:, 2]
    errors = point_errors(finder.align(turned, box_of(points)), points, inter_ocular(truth))
    assert errors.mean() < 0.06


def test_the_angle_by_hand():
    """Eyes 20 apart and a chin 30 below their middle, upright; then turned by 30 degrees about the origin."""
    points = np.zeros((1, 68, 2))
    points[0, 36:42], points[0, 42:48], points[0, 8] = (0, 0), (20, 0), (10, 30)
    assert turned_by(points) == pytest.approx(0)
    turn = np.exp(1j * np.radians(30))
    assert turned_by(transform(([turn], [5 + 2j]), points)) == pytest.approx(np.radians(30))


def test_an_upright_box_fits_the_turned_points():
    points = np.random.default_rng(0).uniform(0, 50, (2, 9, 2))
    angles = np.array([0.0, 0.7])
    boxes = upright_boxes(points, angles)
    np.testing.assert_allclose(boxes[0], box_of(points[0]))
    scale, shift = crop_frames(boxes, 64, angles)
    inside = (points[..., 0] + 1j * points[..., 1] - shift[:, None]) / scale[:, None]
    middle = [(part.min(1) + part.max(1)) / 2 for part in (inside.real, inside.imag)]
    np.testing.assert_allclose(middle, 31.5, atol=1e-9)


def test_turned_crops_and_the_way_back():
    image = np.zeros((60, 60), np.uint8)
    image[20, 35] = 255
    box, angles = np.array([[15.0, 10.0, 30.0, 30.0]]), np.array([0.4])
    y, x = np.unravel_index(cut_crops([image], box, 96, angles)[0].argmax(), (96, 96))
    share = (np.array([[[x, y]]]) + 0.5) / 96 - 0.5
    np.testing.assert_allclose(from_shares(share, box, 96, angles), [[[35, 20]]], atol=0.5)


def test_a_damaged_file_is_an_error(tmp_path):
    shutil.copytree(NETWORK, tmp_path / "network")
    (tmp_path / "network" / "points.tflite").write_bytes(b"no network")
    with pytest.raises(FerMdError, match="damaged"):
        LandmarkFinder(tmp_path / "network")


def predictor_with(**options):
    return Predictor(stub_predictor().classifier, StubDetector(), **options)


def test_a_predictor_gives_them_on_request(drawn):
    images, truth = drawn
    picture, box = cv2.cvtColor(images[0], cv2.COLOR_GRAY2RGB), face_box(truth[:1])
    [[face]] = predictor_with(landmarks68=True).predict([picture], [box])
    assert face.landmarks is None and face.landmarks68.shape == (68, 2)
    assert point_errors(face.landmarks68[None], truth[:1], inter_ocular(truth[:1])) < 0.06
    assert len(face.as_dict()["landmarks68"]) == 68
    [[plain]] = predictor_with().predict([picture], [box])
    assert plain.landmarks68 is None and plain.as_dict()["landmarks68"] is None
    changed = annotate(picture, [face]) != annotate(picture, [plain])
    x, y = np.rint(five_points(face.landmarks68[None])[0, 2] * changed.shape[0] // 160).astype(int)
    assert changed[y - 4 : y + 8, x - 4 : x + 8].any()


def test_tables_have_columns_for_them_on_request(drawn):
    picture = cv2.cvtColor(drawn[0][0], cv2.COLOR_GRAY2RGB)
    small = np.zeros((5, 5, 3), np.uint8)
    assert "landmark0_x" not in predictor_with().predict([picture]).to_dataframe()
    predictor = predictor_with(landmarks68=True)
    table = predictor.predict([picture, small]).to_dataframe()
    assert table["landmark67_y"].dtype == float and len(table) == 1
    assert "landmark67_y" in predictor.predict([small]).to_dataframe()


def test_records_have_them_on_request(drawn, tmp_path):
    cv2.imwrite(str(tmp_path / "face.png"), drawn[0][0])
    for name in ("out.jsonl", "out.csv"):
        predict_media(predictor_with(landmarks68=True), [tmp_path / "face.png"], tmp_path / name)
        predict_media(predictor_with(), [tmp_path / "face.png"], tmp_path / f"plain-{name}")
    row = json.loads((tmp_path / "out.jsonl").read_text())
    [cells] = csv.DictReader((tmp_path / "out.csv").open())
    assert float(cells["landmark30_x"]) == row["landmarks68"][30][0]
    assert "landmarks68" not in json.loads((tmp_path / "plain-out.jsonl").read_text())
    assert "landmark30_x" not in (tmp_path / "plain-out.csv").read_text()
