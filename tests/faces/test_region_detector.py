"""The Selective Search detector: its network's input, training in small, its interface and its files."""

import json
import pickle

import cv2
import keras
import numpy as np
import pytest

from fer_md.drawn.scenes import draw_scene
from fer_md.errors import FerMdError
from fer_md.evaluation.detection_metrics import match
from fer_md.faces.face_frame import face_box
from fer_md.faces.region_detector import SelectiveSearchDetector
from fer_md.faces.region_network import CROP, build_region_network, warp_regions
from fer_md.faces.region_training import RegionRecipe, sample_regions, search_pictures, train_detector
from fer_md.faces.regions import label_regions
from fer_md.faces.selective_search import SelectiveSearch

TOY = RegionRecipe(positives=12, negatives=12, jittered=6, epochs=6, batch_size=32, rate=3e-3, mined=4)


def pictures(seed, count):
    scenes = [draw_scene(seed, index, faces=index % 4) for index in range(count)]
    return [(scene.image, face_box(scene.landmarks)) for scene in scenes]


@pytest.fixture(scope="module")
def searched():
    return search_pictures(pictures(0, 16), SelectiveSearch(), 16)


@pytest.fixture(scope="module")
def detector(searched):
    return train_detector(searched, recipe=TOY)[0]


def test_a_warped_region_shows_its_surroundings():
    """A white square of 20 pixels: with 0.15 of its side beyond it, 20 of 26 pixels a side are white."""
    square = np.zeros((100, 100, 3), np.uint8)
    square[40:60, 30:50] = 255
    crop = warp_regions(square, np.array([[30.0, 40.0, 20.0, 20.0]]))
    assert crop.shape == (1, CROP, CROP, 3) and crop.dtype == np.uint8
    assert (crop > 127).mean() == pytest.approx((20 / 26) ** 2, abs=0.06)
    assert crop[0, 16, 16, 0] == 255 and crop[0, 0, 0, 0] == 0
    outside = warp_regions(square, np.array([[-200.0, -200.0, 20.0, 20.0]]))
    assert (outside == 128).all()


def test_a_warped_region_equals_a_resized_cut_out():
    square = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8), (0, 0), 3)
    crop = warp_regions(square, np.array([[10.0, 20.0, 20.0, 30.0]]))[0]
    y, x = np.meshgrid(np.linspace(15.5, 53.5, CROP), np.linspace(7, 32, CROP), indexing="ij")
    expected = cv2.remap(square, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
    assert np.abs(crop.astype(int) - expected).max() <= 3


def test_sampled_regions_are_labelled_and_reach_their_faces(searched):
    picture = searched[3]
    crops, labels, steps = sample_regions(picture, TOY, np.random.default_rng(0))
    assert crops.shape[1:] == (CROP, CROP, 3) and len(crops) == len(labels) == len(steps)
    assert 0 < labels.sum() <= TOY.positives and 0 < (1 - labels).sum() <= TOY.negatives
    assert not steps[labels == 0].any() and steps[labels == 1].any()
    empty = sample_regions(searched[0], TOY, np.random.default_rng(0))
    assert not len(searched[0].faces) and not empty[1].any() and len(empty[1])
    assert set(np.unique(label_regions(picture.regions, picture.faces)[0])) <= {-1, 0, 1}


def test_a_detector_trained_in_seconds_finds_most_drawn_faces(detector):
    tests, hits, faces, found = pictures(1, 8), 0, 0, 0
    for (image, boxes), detections in zip(tests, detector.detect([image for image, _ in tests]), strict=True):
        scores = [detection.score for detection in detections]
        assert scores == sorted(scores, reverse=True) and all(0.5 <= score <= 1 for score in scores)
        for x, y, width, height in (detection.box for detection in detections):
            assert x >= 0 and y >= 0 and x + width <= image.shape[1] + 1e-6 and y + height <= image.shape[0] + 1e-6
        hits += match([detection.box for detection in detections], scores, boxes).sum()
        faces, found = faces + len(boxes), found + len(detections)
    assert hits >= 0.6 * faces and found <= 3 * faces


def test_an_image_gives_the_same_alone_and_in_company(detector):
    images = [image for image, _ in pictures(2, 3)] + [np.zeros((5, 300, 3), np.uint8), np.zeros((1, 1, 3), np.uint8)]
    together = detector.detect(images)
    assert [detector.detect([image])[0] for image in images] == together
    assert detector.detect([]) == []


def test_it_can_be_pickled_and_refuses_a_forked_process(detector, monkeypatch):
    images = [image for image, _ in pictures(2, 1)]
    assert pickle.loads(pickle.dumps(detector)).detect(images) == detector.detect(images)
    monkeypatch.setattr("os.getpid", lambda: 1)
    with pytest.raises(FerMdError, match="TensorFlow does not work in a forked process"):
        detector.detect(images)


@pytest.mark.parametrize("image", [np.zeros((20, 20), np.uint8), np.zeros((20, 20, 3)), np.zeros((0, 9, 3), np.uint8)])
def test_what_is_no_colour_image_is_named(detector, image):
    with pytest.raises(FerMdError, match="image 1: must be"):
        detector.detect([np.zeros((20, 20, 3), np.uint8), image])


def test_wrong_settings_are_named():
    with pytest.raises(FerMdError, match="1.5"):
        SelectiveSearchDetector(build_region_network(), threshold=1.5)


def test_the_network_is_as_seeded_and_saves_its_config():
    one, same, other = (build_region_network(seed) for seed in (0, 0, 1))
    assert all((a == b).all() for a, b in zip(one.get_weights(), same.get_weights(), strict=True))
    assert any((a != b).any() for a, b in zip(one.get_weights(), other.get_weights(), strict=True))
    assert keras.Model.from_config(one.get_config()).count_params() == one.count_params() < 200_000


def test_save_and_load(detector, tmp_path):
    images = [image for image, _ in pictures(3, 2)]
    detector.save(tmp_path / "detector")
    loaded = SelectiveSearchDetector.load(tmp_path / "detector")
    assert loaded.search == detector.search and loaded.threshold == detector.threshold
    for found, expected in zip(loaded.detect(images), detector.detect(images), strict=True):
        np.testing.assert_allclose([d.box for d in found], [d.box for d in expected], atol=1e-3)
    assert SelectiveSearchDetector.load(tmp_path / "detector", threshold=0.9).threshold == 0.9
    with pytest.raises(FerMdError, match="exists already"):
        detector.save(tmp_path / "detector")


def test_damaged_files_are_named(detector, tmp_path):
    folder = tmp_path / "detector"
    with pytest.raises(FerMdError, match="no such file"):
        SelectiveSearchDetector.load(folder)
    detector.save(folder)
    settings = json.loads((folder / "detector.json").read_text())
    for change in ({"format": 9}, {"search": {"sides": 3}}, {"threshold": 7}, {"threshold": "x"}):
        (folder / "detector.json").write_text(json.dumps({**settings, **change}))
        with pytest.raises(FerMdError, match="detector|threshold"):
            SelectiveSearchDetector.load(folder)
    (folder / "detector.json").write_text(json.dumps(settings))
    (folder / "network.keras").write_bytes((folder / "network.keras").read_bytes()[:2000])
    with pytest.raises(FerMdError, match="damaged"):
        SelectiveSearchDetector.load(folder)
