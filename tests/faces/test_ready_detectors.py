"""The detectors that ship with the package, one by one."""

import concurrent.futures

import cv2
import numpy as np
import pytest

from fer_md.drawn.synthetic import draw_face
from fer_md.errors import FerMdError
from fer_md.faces.choice import READY, choose_detector


@pytest.fixture(scope="module", params=READY)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def detector(name):
    return choose_detector(name)


def picture(faces, size=(240, 320)):
    """Gray background with drawn faces at (x, y, side); returns the image and their eyes, one (2, 2) a face."""
    image, eyes = np.full((*size, 3), 120, np.uint8), []
    for index, (x, y, side) in enumerate(faces):
        face = draw_face(index, f"person {index}", "neutral", "lab", side)
        image[y : y + side, x : x + side] = face.image[..., None]
        eyes.append([face.landmarks[36:42].mean(0) + (x, y), face.landmarks[42:48].mean(0) + (x, y)])
    return image, np.array(eyes)


def test_drawn_faces_are_found_in_images_of_any_size(detector):
    image, eyes = picture([(20, 40, 120), (180, 60, 100)])
    large = cv2.resize(image, (1600, 1200), interpolation=cv2.INTER_CUBIC)
    empty = np.full((30, 50, 3), 120, np.uint8)
    pixel = np.zeros((1, 1, 3), np.uint8)
    found = detector.detect([image, empty, large, pixel])
    assert [len(detections) for detections in found] == [2, 0, 2, 0]
    for detections, scale in ((found[0], 1), (found[2], 5)):
        assert detections[0].score >= detections[1].score >= detector.threshold
        ordered = sorted(detections, key=lambda detection: detection.box[0])
        points = np.array([detection.landmarks[:2] for detection in ordered])
        np.testing.assert_allclose(points, (eyes + 0.5) * scale - 0.5, atol=6 * scale)
        assert ordered[0].landmarks.dtype == np.float32 and ordered[0].landmarks.shape == (5, 2)


def test_what_is_found_does_not_depend_on_the_companions(detector):
    image, _ = picture([(20, 40, 120)])
    (alone,) = detector.detect([image])
    *_, together = detector.detect([image[:, ::-1].copy(), image[:100], image])
    assert len(alone) == len(together) == 1
    np.testing.assert_allclose(alone[0].box, together[0].box, atol=1e-3)
    np.testing.assert_allclose(alone[0].landmarks, together[0].landmarks, atol=1e-3)


def test_faces_that_fill_the_image_are_found_and_their_boxes_stay_inside(detector):
    faces = [draw_face(index, f"close {index}", "happiness", "lab", 140).image[10:130, 10:130] for index in range(10)]
    found = detector.detect([np.repeat(face[..., None], 3, 2) for face in faces])
    assert sum(len(detections) == 1 for detections in found) >= 8
    for x, y, width, height in (detection.box for detections in found for detection in detections):
        assert x >= 0 and y >= 0 and x + width <= 120 and y + height <= 120 and width * height > 60 * 60


def test_several_threads_may_use_one_detector(detector):
    image, _ = picture([(20, 40, 120)])
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(detector.detect, [[image], [image, image[:, ::-1].copy()]] * 4))
    alone = detector.detect([image])[0][0].box
    for (detection, *_), *_ in found:
        assert detection.box == alone


def test_noise_and_odd_shapes_take_no_longer_than_photographs(detector):
    """The first network proposes most on noise; a strip and a pixel have nearly no pyramid."""
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, shape, np.uint8) for shape in ((500, 700, 3), (9, 900, 3), (900, 9, 3), (1, 1, 3))]
    assert all(len(detections) < 3 for detections in detector.detect(images))


def test_the_smallest_face_to_find(name, detector):
    """The two faces are about 90 and 35 pixels high; the pyramid of min_face=60 leaves the small one out."""
    image, _ = picture([(10, 40, 110), (200, 60, 44)])
    assert len(detector.detect([image])[0]) == 2
    assert len(choose_detector(name, min_face=60).detect([image])[0]) == 1


def test_a_wish_for_small_faces_is_not_overruled_in_large_pictures(name, detector):
    """Faces of 42 pixels in a picture of 4,800, which is searched down to 4,800 / 48 = 100 where nothing is said."""
    small, _ = picture([(10, 40, 44), (200, 60, 44)])
    image = np.full((400, 4800, 3), 128, np.uint8)
    image[: small.shape[0], : small.shape[1]] = small
    assert len(detector.detect([image])[0]) == 0
    assert len(choose_detector(name, min_face=20).detect([image])[0]) == 2


def test_no_images(detector):
    assert detector.detect([]) == []


@pytest.mark.parametrize(
    "image, message",
    [
        (np.zeros((9, 9), np.uint8), r"image 1: must be \(H, W, 3\) uint8; found \(9, 9\) uint8"),
        (np.zeros((9, 9, 4), np.uint8), r"found \(9, 9, 4\) uint8"),
        (np.zeros((9, 9, 3)), r"found \(9, 9, 3\) float64"),
        (np.zeros((0, 9, 3), np.uint8), r"found \(0, 9, 3\) uint8"),
    ],
)
def test_a_bad_image_is_named(detector, image, message):
    with pytest.raises(FerMdError, match=message):
        detector.detect([np.zeros((9, 9, 3), np.uint8), image])


@pytest.mark.parametrize("arguments", [{"min_face": 4}, {"min_score": 1}])
def test_arguments_out_of_range(name, arguments):
    with pytest.raises(FerMdError, match="min_face must be None or 5 or more"):
        choose_detector(name, **arguments)
