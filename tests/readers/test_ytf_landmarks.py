"""The zip of annotated video frames: read in order, and every kind of damage named."""

import io
import os
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_md.errors import FerMdError
from fer_md.media.pictures import decode_rgb
from fer_md.readers.ytf_landmarks import MAX_FRAME_BYTES, read_ytf_landmarks

HEADER = ",".join(["file", "person", "split", "w", "h", *(f"{axis}{i}" for i in range(68) for axis in "xy")])
POINTS = [f"{value / 4:.2f}" for value in range(136)]


def row(file, person, split, width=40, height=30, points=POINTS):
    return ",".join(map(str, [file, person, split, width, height, *points]))


def jpeg(red=200):
    image = np.full((30, 40, 3), (20, 90, red), np.uint8)  # BGR
    return cv2.imencode(".jpg", image)[1].tobytes()


ROWS = [row("a.jpg", "Ann", "train"), row("b.jpg", "Bob", "test"), row("c.jpg", "Ann", "train")]
IMAGES = {f"set/images/{name}.jpg": jpeg() for name in "abc"}


def write(path, rows=ROWS, images=IMAGES):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in images.items():
            archive.writestr(name, data)
        archive.writestr("set/landmarks68.csv", "\n".join([HEADER, *rows]))
    return path


def test_frames_come_in_order_with_what_is_known_of_them(tmp_path):
    frames = list(read_ytf_landmarks(write(tmp_path / "ytf.zip")))
    assert [(f.key, f.person, f.split) for f in frames] == [
        ("a.jpg", "Ann", "train"),
        ("b.jpg", "Bob", "test"),
        ("c.jpg", "Ann", "train"),
    ]
    assert frames[0].image.shape == (30, 40, 3) and frames[0].image.dtype == np.uint8
    assert np.abs(frames[0].image.reshape(-1, 3).mean(0) - (200, 90, 20)).max() < 4  # red first
    assert frames[0].landmarks.dtype == np.float64
    np.testing.assert_array_equal(frames[0].landmarks, np.arange(136).reshape(68, 2) / 4 - 1)  # the file counts from 1


def test_one_split_does_not_decode_the_other(tmp_path):
    path = write(tmp_path / "ytf.zip", images={**IMAGES, "set/images/b.jpg": b"broken"})
    assert [frame.key for frame in read_ytf_landmarks(path, ("train",))] == ["a.jpg", "c.jpg"]
    with pytest.raises(FerMdError, match="b.jpg: not a PNG or JPEG"):
        list(read_ytf_landmarks(path, ("test",)))


@pytest.mark.parametrize(
    "rows, images, message",
    [
        ([row("d.jpg", "Ann", "train")], IMAGES, r"line 2: no image 'd.jpg'"),
        ([row("../a.jpg", "Ann", "train")], IMAGES, "no image"),
        (ROWS, {**IMAGES, "../../images/x.jpg": jpeg()}, "leads out of the zip"),
        (ROWS, {**IMAGES, "/images/x.jpg": jpeg()}, "leads out of the zip"),
        ([row("a.jpg", "Ann", "val")], IMAGES, "split must be one of train, test; found 'val'"),
        ([ROWS[0], row("b.jpg", "Ann", "test")], IMAGES, "line 3: Ann is in both splits"),
        ([ROWS[0]], IMAGES, "no frame of the split 'test'"),
        ([row("a.jpg", "Ann", "train", 41)], IMAGES, "a.jpg is 40x30, but the row says 41x30"),
        ([row("a.jpg", "Ann", "train", "1e9")], IMAGES, "w must be a whole number 1 to 4096; found '1e9'"),
        ([row("a.jpg", "Ann", "train", points=["nan", *POINTS[1:]])], IMAGES, "in or near the picture"),
        ([row("a.jpg", "Ann", "train", points=["x", *POINTS[1:]])], IMAGES, "must be numbers"),
        ([row("a.jpg", "Ann", "train", points=["900", *POINTS[1:]])], IMAGES, "in or near the picture"),
        ([row("a.jpg", "Ann", "train", points=POINTS[1:])], IMAGES, "columns expected"),
        (ROWS, {**IMAGES, "set/images/a.jpg": bytes(MAX_FRAME_BYTES + 1)}, "a.jpg: the file is larger than"),
        (ROWS, {**IMAGES, "set/images/a.jpg": jpeg()[:200]}, "a.jpg: "),
    ],
)
def test_what_is_wrong_is_named_in_one_line(tmp_path, rows, images, message):
    path = write(tmp_path / "ytf.zip", rows, images)
    with pytest.raises(FerMdError, match=message) as error:
        list(read_ytf_landmarks(path))
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_damaged_and_missing_zips(tmp_path):
    data = write(tmp_path / "whole.zip").read_bytes()
    damaged = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        start = archive.getinfo("set/images/a.jpg").header_offset + 60
    damaged[start : start + 40] = bytes(40)
    (tmp_path / "damaged.zip").write_bytes(damaged)
    (tmp_path / "short.zip").write_bytes(data[:-30])
    wrong = {"damaged.zip": "damaged in the zip", "short.zip": "nor a whole zip", "none.zip": "cannot"}
    for name, message in wrong.items():
        with pytest.raises(FerMdError, match=message):
            list(read_ytf_landmarks(tmp_path / name))


def test_decoded_colour_and_gray_follow_the_same_rules():
    with pytest.raises(FerMdError, match="x: the image is 40x30, 1,200 pixels; at most 1,199 are decoded"):
        decode_rgb(jpeg(), "x", 1199)


@pytest.mark.slow
@pytest.mark.skipif("DATA_ROOT" not in os.environ, reason="DATA_ROOT does not name the folder of the real data")
def test_the_real_zip_has_the_counts_of_its_description():
    source = Path(os.environ["DATA_ROOT"]) / "ytf_landmarks68.zip"
    frames = [(frame.split, frame.person) for frame in read_ytf_landmarks(source)]
    assert [sum(split == name for split, _ in frames) for name in ("train", "test")] == [3395, 837]
    assert len({person for _, person in frames}) == 347
