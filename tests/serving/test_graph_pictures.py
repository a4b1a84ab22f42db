"""Pictures and faces inside a graph, beside those of `fer_md.media.pictures` and `fer_md.faces.alignment`."""

import io

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from fer_md.drawn.scenes import draw_scene
from fer_md.faces import alignment
from fer_md.faces.detection import Detection, clip_box
from fer_md.media.pictures import decode_rgb
from fer_md.serving import graph_faces, graph_pictures

SCENE = draw_scene(0, 1, faces=1, size=160).image[:120]


@pytest.fixture(scope="module")
def decode():
    """Function from a file to its picture; None where there is none."""

    @tf.function(input_signature=[tf.TensorSpec((), tf.string)])
    def gray(data):
        decoded = graph_pictures.decode_pictures(data[None], graph_pictures.count_pixels(data[None]))[0]
        found = decoded != ""
        return found, tf.cond(found, lambda: graph_pictures.upright(decoded, data), lambda: tf.zeros((0, 0), tf.uint8))

    def picture(data):
        found, image = gray(data)
        return image.numpy() if found else None

    return picture


@pytest.fixture(scope="module")
def fit():
    spec = tf.TensorSpec((None, None), tf.uint8)
    return tf.function(lambda image: graph_faces.fit_face(image, 48), input_signature=[spec])


def encoded(image, kind, orientation=None, little=True, **settings):
    """A picture file whose EXIF data state an orientation."""
    stream, exif = io.BytesIO(), Image.Exif()
    if orientation:
        exif[0x0131], exif[0x0112] = "before it another entry", orientation
    exif.endian = "<" if little else ">"
    Image.fromarray(image).save(stream, kind, **({"exif": exif} if orientation else {}), **settings)
    return stream.getvalue()


def expected(data):
    return cv2.cvtColor(decode_rgb(data, "a picture"), cv2.COLOR_RGB2GRAY)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("little", [True, False])
def test_every_orientation_is_turned_as_elsewhere(kind, little, decode):
    found = set()
    for orientation in (None, *range(1, 9)):
        data = encoded(SCENE, kind, orientation, little)
        gray = decode(data)
        np.testing.assert_array_equal(gray, expected(data))
        found.add(gray.tobytes())
    assert len(found) == 8


@pytest.mark.parametrize("orientation", [9, 65535])
def test_an_orientation_that_there_is_not_turns_nothing(orientation, decode):
    data = encoded(SCENE, "JPEG", orientation)
    np.testing.assert_array_equal(decode(data), expected(data))


@pytest.mark.parametrize(
    "data",
    [
        encoded(SCENE[..., 0], "JPEG"),
        encoded(SCENE[..., 0], "PNG"),
        encoded(np.dstack([SCENE, SCENE[..., :1]]), "PNG"),
        encoded(SCENE, "JPEG", progressive=True, subsampling=2),
        encoded(SCENE[:1, :1], "PNG"),
    ],
)
def test_gray_transparent_and_progressive_pictures(data, decode):
    np.testing.assert_array_equal(decode(data), expected(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_damaged_headers_end_in_a_picture_or_in_none(kind, decode):
    """Nothing waits for ever or reads beyond the end."""
    data, rng = encoded(SCENE, kind, 6), np.random.default_rng(0)
    found = []
    for _ in range(150):
        broken = bytearray(data)
        for place in rng.integers(2, 120, rng.integers(1, 6)):
            broken[place] = rng.integers(256)
        found.append(decode(bytes(broken)))
    assert 10 < sum(image is None for image in found) < 140
    assert all(image.dtype == np.uint8 for image in found if image is not None)


@pytest.mark.parametrize("size", [(48, 48), (100, 61), (61, 100), (30, 20), (1, 50), (50, 1), (1, 1), (3, 3000)])
def test_a_crop_is_fitted_as_elsewhere(size, fit):
    image = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, size, np.uint8), (5, 5), 2)
    found = fit(image).numpy().astype(int)
    assert found.shape == (48, 48) and np.abs(found - alignment.fit_face(image)).max() <= 1


def test_faces_are_cut_out_as_elsewhere():
    """Level and tilted, large and small, inside and beyond the edge, by the eyes and by the box."""
    specs = [tf.TensorSpec((None, None), tf.uint8), tf.TensorSpec((4,)), tf.TensorSpec((5, 2))]
    by_eyes = tf.function(lambda *of: graph_faces.cut_face(*of, 48), input_signature=specs)
    by_box = tf.function(lambda *of: graph_faces.cut_face(*of, None, 48), input_signature=specs[:2])
    gray, rng = cv2.cvtColor(SCENE, cv2.COLOR_RGB2GRAY), np.random.default_rng(0)
    around = np.array([(-0.2, -0.1), (0.2, -0.1), (0, 0), (-0.1, 0.2), (0.1, 0.2)])
    crops = set()
    for number in range(30):
        center, side, angle = rng.uniform(20, 110, 2), rng.uniform(20, 150), rng.uniform(-1, 1)
        turn = np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
        landmarks = (center + side * around @ turn).astype(np.float32)
        if number % 5 == 0:
            landmarks[1] = landmarks[0] + 1  # too close to each other
        box = np.array(clip_box((*(center - side / 2), side, 1.2 * side), gray.shape), np.float32)
        face = Detection(tuple(box.tolist()), None, landmarks)
        crops.add(alignment.chosen_crop(face, "eyes"))
        found = by_eyes(gray, box, landmarks).numpy().astype(int)
        assert np.abs(found - alignment.cut_face(gray, face)).max() <= 1
        found = by_box(gray, box).numpy().astype(int)
        assert np.abs(found - alignment.cut_face(gray, Detection(face.box, None))).max() <= 1
    assert crops == {"eyes", "box"}
    whole = alignment.whole_box(gray)
    found = by_box(gray, np.array(whole, np.float32)).numpy().astype(int)
    assert np.abs(found - alignment.fit_face(gray)).max() <= 1


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        ((-5, -5, 8, 8), True),
        ((159, 119, 9, 9), True),
        ((500, 0, 10, 10), False),
        ((0, 0, 9, 0), False),
        ((-9, 3, 9, 9), False),
        ((np.nan, 0, 9, 9), False),
        ((0, 0, np.inf, 9), False),
    ],
)
def test_a_box_has_a_pixel_or_not(box, inside):
    assert bool(graph_faces.has_pixel(SCENE[..., 0], np.array(box, np.float32))) == inside


def test_pixels_are_counted_before_anything_is_decoded():
    vast = bytearray(encoded(SCENE, "PNG"))
    vast[16:24] = b"\xff" * 8
    data = [encoded(SCENE, "JPEG"), encoded(SCENE[:7], "PNG"), b"broken", b"", bytes(vast)]
    expected = [120 * 160, 7 * 160, 0, 0, graph_pictures.MAX_PIXELS + 1]
    assert graph_pictures.count_pixels(tf.constant(data)).numpy().tolist() == expected
    assert graph_pictures.count_pixels(tf.constant([], tf.string)).shape == (0,)


def test_a_jpeg_of_hundreds_of_scans_is_not_decoded(decode):
    """As in Python. What only looks like a scan, in a comment or behind the end, is none."""
    data = encoded(SCENE, "JPEG", progressive=True)
    scan = data.rindex(b"\xff\xda")
    assert decode(data[:-2] + 50 * data[scan:-2] + data[-2:]) is not None
    assert decode(data[:-2] + 100 * data[scan:-2] + data[-2:]) is None
    np.testing.assert_array_equal(decode(data + b"\xff\xda" * 500), expected(data))
    together = tf.constant([data, data[:-2] + 100 * data[scan:-2], b"", encoded(SCENE, "PNG")])
    decoded = graph_pictures.decode_pictures(together, graph_pictures.count_pixels(together)).numpy()
    assert [bool(found) for found in decoded] == [True, False, False, True]


def test_an_orientation_is_looked_for_in_hundreds_of_segments(decode):
    """Not in a quarter of a million, which fit into the megabyte that is looked at."""
    data = encoded(SCENE, "JPEG", 6)
    for count, turned in ((400, True), (250_000, False)):
        commented = data[:2] + count * b"\xff\xfe\0\2" + data[2:]
        assert decode(commented).shape == (SCENE.shape[1::-1] if turned else SCENE.shape[:2])
