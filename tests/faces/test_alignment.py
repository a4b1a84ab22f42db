import cv2
import numpy as np
import pytest

from fer_md.drawn.synthetic import draw_face
from fer_md.errors import FerMdError
from fer_md.faces.alignment import EYE_DISTANCE, EYE_HEIGHT, align_eyes, crop_box, crop_center, cut_face, fit_face
from fer_md.faces.detection import Detection

RNG = np.random.default_rng(0)


def dots(points, size=200):
    """A black image with a bright blob at each point."""
    x, y = np.meshgrid(np.arange(size), np.arange(size))
    return sum(250 * np.exp(-((x - px) ** 2 + (y - py) ** 2) / 30) for px, py in points).clip(0, 255).astype(np.uint8)


def center_of_mass(image):
    y, x = np.indices(image.shape)
    return (x * image).sum() / image.sum(), (y * image).sum() / image.sum()


@pytest.mark.parametrize("left, right", [((80, 90), (120, 90)), ((70, 110), (120, 80)), ((95, 60), (103, 64))])
@pytest.mark.parametrize("size", [48, 96])
def test_the_eyes_come_to_their_place(left, right, size):
    """A pixel's center lies half a pixel from its edge, so the share s of the side is the coordinate s * size - 0.5."""
    half = EYE_DISTANCE * size / 2
    for eye, sign in ((left, -1), (right, 1)):
        blob = align_eyes(dots([eye]), np.array((left, right)), size)
        found = center_of_mass(np.where(blob >= blob.max() // 2, blob, 0).astype(float))
        np.testing.assert_allclose(found, (size / 2 - 0.5 + sign * half, EYE_HEIGHT * size - 0.5), atol=0.6)


def test_a_large_image_is_averaged_and_not_skipped_over():
    noise = RNG.integers(0, 256, (1600, 1600), np.uint8)
    aligned = align_eyes(noise, np.array(((600, 700), (1000, 700))))
    assert aligned.std() < 12 and abs(aligned.mean() - 127.5) < 3


def test_shifted_and_turned_pictures_give_the_same_face():
    face = draw_face(0, "someone", "happiness", "lab", 160)
    eyes = np.stack([face.landmarks[36:42].mean(0), face.landmarks[42:48].mean(0)])
    turn = cv2.getRotationMatrix2D((80, 80), 20, 1.5) + np.array([[0, 0, 40], [0, 0, 60]])
    turned = cv2.warpAffine(face.image, turn, (320, 320), flags=cv2.INTER_CUBIC)
    upright = align_eyes(face.image, eyes)[8:40, 8:40].astype(float)
    again = align_eyes(turned, eyes @ turn[:, :2].T + turn[:, 2])[8:40, 8:40].astype(float)
    assert np.abs(upright - again).mean() < 3


def test_color_equals_its_gray():
    image = RNG.integers(0, 256, (90, 70, 3), np.uint8)
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    eyes = np.array(((20, 30), (45, 33)))
    np.testing.assert_array_equal(align_eyes(image, eyes), align_eyes(gray, eyes))


def test_a_box_of_the_right_size_is_copied():
    image = RNG.integers(0, 256, (100, 120), np.uint8)
    np.testing.assert_array_equal(crop_box(image, (30, 20, 48, 48)), image[20:68, 30:78])
    np.testing.assert_array_equal(crop_box(image, (42, 20, 24, 48)), image[20:68, 30:78])
    np.testing.assert_array_equal(crop_box(image, (42, 32, 24, 24), enlarge=2), image[20:68, 30:78])
    np.testing.assert_array_equal(crop_center(image, 100), image[:, 10:110])


def test_a_box_outside_the_image_repeats_the_edge():
    image = RNG.integers(0, 256, (60, 60), np.uint8)
    outside = crop_box(image, (-24, 0, 48, 48))
    np.testing.assert_array_equal(outside[:, 24:], image[:48, :24])
    np.testing.assert_array_equal(outside[:, :24], np.repeat(image[:48, :1], 24, 1))
    assert crop_box(image, (500, 500, 10, 10)).shape == (48, 48)


def test_wider_eyes_are_the_same_middle_seen_from_further_away():
    """Twice as large a square, sampled twice as densely, holds the old one in its middle."""
    image = cv2.GaussianBlur(RNG.integers(0, 256, (200, 200), np.uint8), (0, 0), 4)
    eyes = np.array(((85, 90), (115, 96)))
    near, far = align_eyes(image, eyes, 100), align_eyes(image, eyes, 200, enlarge=2)
    np.testing.assert_allclose(far[50:150, 50:150].astype(int), near, atol=1)


def test_a_crop_keeps_its_shape_and_is_filled_by_its_mirror_image():
    """24 x 36 pixels become 32 x 48, with 8 more columns on either side: the next to the edge, and so on."""
    image = np.kron(RNG.integers(0, 256, (12, 8), np.uint8), np.ones((3, 3), np.uint8))
    face = fit_face(image)
    fitted = face[:, 8:40]
    np.testing.assert_array_equal(face[:, :8], fitted[:, 8:0:-1])
    np.testing.assert_array_equal(face[:, 40:], fitted[:, -2:-10:-1])
    assert np.abs(fitted[2::4, 2::4].astype(int) - image[1::3, 1::3]).max() <= 1
    square = RNG.integers(0, 256, (48, 48, 3), np.uint8)
    np.testing.assert_array_equal(fit_face(square), cv2.cvtColor(square, cv2.COLOR_RGB2GRAY))
    for size in ((1, 1), (1, 500), (500, 1), (2, 9)):
        assert fit_face(np.full(size, 7, np.uint8)).tolist() == [[7] * 48] * 48


def test_a_face_is_cut_out_by_its_eyes_by_its_box_or_whole():
    image = RNG.integers(0, 256, (90, 70, 3), np.uint8)
    eyes, close = np.array(((20, 30), (45, 33)), np.float32), np.array(((20, 30), (22, 33)), np.float32)
    box = (10.0, 10.0, 50.0, 60.0)
    np.testing.assert_array_equal(cut_face(image, Detection(box, 0.9, eyes)), align_eyes(image, eyes))
    for face, align in (
        (Detection(box, 0.9, eyes), "box"),
        (Detection(box, 0.9, close), "eyes"),
        (Detection(box, 1), "eyes"),
    ):
        np.testing.assert_array_equal(cut_face(image, face, align), crop_box(image, box))
    np.testing.assert_array_equal(cut_face(image, Detection((0, 0, 70, 90), None), size=32), fit_face(image, 32))
    with pytest.raises(FerMdError, match="align must be one of eyes, box; got 'nose'"):
        cut_face(image, Detection(box, 0.9), "nose")


def test_a_box_is_shrunk_by_averaging():
    image = np.kron(RNG.integers(0, 256, (48, 48), np.uint8), np.ones((4, 4), np.uint8))
    np.testing.assert_array_equal(crop_box(image, (0, 0, 192, 192)), image[::4, ::4])


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: align_eyes(np.zeros((9, 9), np.uint8), [(3, 3), (3, 3.5)]), "at least a pixel apart"),
        (lambda: align_eyes(np.zeros((9, 9), np.uint8), [(3, 3), (np.nan, 5)]), "at least a pixel apart"),
        (lambda: align_eyes(np.zeros((9, 9)), [(3, 3), (6, 3)]), r"found \(9, 9\) float64"),
        (lambda: cut_face("photo.jpg", Detection((0, 0, 5, 5), None)), "image must be an array, .*; got str"),
        (lambda: crop_box(np.zeros((9, 9, 4), np.uint8), (0, 0, 5, 5)), r"found \(9, 9, 4\) uint8"),
        (lambda: crop_box(np.zeros((0, 9), np.uint8), (0, 0, 5, 5)), r"found \(0, 9\) uint8"),
        (lambda: crop_box(np.zeros((9, 9), np.uint8), (0, 0, 0, 5)), "box and enlarge must be finite and above 0"),
        (lambda: crop_box(np.zeros((9, 9), np.uint8), (0, 0, np.inf, 5)), "box and enlarge must be finite and above 0"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(FerMdError, match=message):
        call()
