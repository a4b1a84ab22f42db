import csv
import json

import cv2
import numpy as np
import pytest

from fer_md.data.records import load_split
from fer_md.errors import FerMdError
from fer_md.faces.alignment import align_eyes, crop_box, crop_center
from fer_md.faces.detection import Detection
from fer_md.readers.detection_cache import DetectionCache
from fer_md.readers.photographs import prepare
from photograph_trees import FixedDetector, listing, photograph


def fails():
    raise FerMdError("damaged for this test")


def rows(path):
    with open(path, newline="") as stream:
        return list(csv.reader(stream))


@pytest.fixture
def images():
    return [photograph(f"p{i}", i, 100 + 10 * i) for i in range(6)]


def test_faces_are_cut_by_the_eyes_in_the_order_of_the_splits(tmp_path, images):
    info, crops = prepare(listing(images), tmp_path / "out", FixedDetector(), settings={"detector": "fixed"})
    assert list(info["splits"]) == ["Training", "PublicTest", "PrivateTest"] and crops["eyes"] == 6
    found = load_split(tmp_path / "out", "Training")
    assert found.keys == ["k1", "k4"] and found.subjects == ["p1", "p4"] and found.labels.tolist() == [1, 4]
    ((detection,),) = FixedDetector().detect([images[1]])
    np.testing.assert_array_equal(found.images[0], align_eyes(images[1], detection.landmarks))
    assert rows(tmp_path / "out/crops.csv")[1] == ["k1", "eyes", "0.9000"]
    assert json.loads((tmp_path / "out/preparation.json").read_text()) == {
        "detector": "fixed",
        "align": "eyes",
        "crops": {"eyes": 6, "box": 0, "center": 0},
        "unused_files": 0,
    }


def test_box_center_and_no_detector(tmp_path, images):
    images[1][0, 0] = 255
    _, crops = prepare(listing(images), tmp_path / "box", FixedDetector(), align="box", image_size=32)
    assert crops == {"eyes": 0, "box": 5, "center": 1}
    of_box = load_split(tmp_path / "box", "Training").images
    np.testing.assert_array_equal(of_box[0], crop_center(images[1], 32))
    np.testing.assert_array_equal(of_box[1], crop_box(images[4], (35, 35, 70, 70), 32))
    assert prepare(listing(images), tmp_path / "none")[1] == {"eyes": 0, "box": 0, "center": 6}


def test_a_face_from_the_side_is_cut_by_its_box(tmp_path, images):
    class Profile:
        def detect(self, images):
            eyes = np.full((5, 2), 50, np.float32) + [[0, 0], [5, 0], [0, 9], [0, 9], [0, 9]]
            return [[Detection((20, 20, 60, 60), 0.9, eyes)] for _ in images]

    assert prepare(listing(images), tmp_path / "out", Profile())[1]["box"] == 6


def test_what_cannot_be_read_is_quarantined(tmp_path, images):
    images[2] = fails
    info, _ = prepare(listing(images, [("b.jpg", "no label"), ("a.jpg", "no label")]), tmp_path / "out")
    assert sum(split["examples"] for split in info["splits"].values()) == 5
    assert rows(tmp_path / "out/quarantine.csv") == [
        ["file", "reason"],
        ["a.jpg", "no label"],
        ["b.jpg", "no label"],
        ["file2", "damaged for this test"],
    ]


def test_huge_photographs_are_reduced_before_they_are_searched(tmp_path, images):
    class Sizes(FixedDetector):
        def detect(self, images):
            assert max(max(image.shape) for image in images) <= 1024
            return super().detect(images)

    large = cv2.resize(images[1], (3000, 3000), interpolation=cv2.INTER_CUBIC)
    thin = np.zeros((1, 3000, 3), np.uint8)  # its height stays 1
    prepare(listing([images[0], large, images[1], thin]), tmp_path / "out", Sizes())
    first, second = (load_split(tmp_path / "out", split).images[0] for split in ("Training", "PublicTest"))
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.95


def test_nothing_is_left_when_no_photograph_can_be_used(tmp_path):
    with pytest.raises(FerMdError, match="none of 2 photographs can be used; the first: damaged for this test"):
        prepare(listing([fails, fails]), tmp_path / "out", FixedDetector())
    with pytest.raises(FerMdError, match="align must be one of eyes, box; got 'nose'"):
        prepare(listing([fails]), tmp_path / "out", align="nose")
    assert list(tmp_path.iterdir()) == []


def test_the_cache_spares_the_detector(tmp_path, images):
    path, detector = tmp_path / "folder/cache.jsonl", FixedDetector()
    with DetectionCache(detector, {"a": 1}, path) as cached:
        first = cached.detect([images[0], images[1], images[0]])
        assert detector.images == 2
    with DetectionCache(detector, {"a": 1}, path) as cached:
        again = cached.detect([images[0], images[1], images[0], images[2]])
        assert detector.images == 3
    for one, other in zip(first, again, strict=False):
        assert one[0].box == other[0].box and one[0].score == other[0].score
        np.testing.assert_array_equal(one[0].landmarks, other[0].landmarks)
        assert other[0].landmarks.dtype == np.float32


@pytest.mark.parametrize("end", [b'{"sha256": "0', b"garbage\n{}\n", b"\x00\xff"])
def test_a_cache_that_was_cut_off_goes_on_behind_its_last_whole_line(tmp_path, images, end):
    path, detector = tmp_path / "cache.jsonl", FixedDetector()
    with DetectionCache(detector, {}, path) as cached:
        cached.detect(images[:2])
    whole = path.read_bytes()
    path.write_bytes(whole + end)
    with DetectionCache(detector, {}, path) as cached:
        cached.detect(images[:3])
    assert detector.images == 3 and path.read_bytes().startswith(whole) and len(path.read_bytes().splitlines()) == 4


def test_a_cache_of_another_detector_is_started_anew(tmp_path, images):
    path, detector = tmp_path / "cache.jsonl", FixedDetector()
    for settings in ({"min_face": 20}, {"min_face": 30}):
        with DetectionCache(detector, settings, path) as cached:
            cached.detect(images[:2])
    assert detector.images == 4 and len(path.read_bytes().splitlines()) == 3
