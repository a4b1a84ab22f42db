import numpy as np
import pytest

from fer_md.faces.judge import NETWORKS
from fer_md.faces.mtcnn import MtcnnDetector
from fer_md.files import read_json
from fer_md.litert.network import load_network
from scripts import run_script


@pytest.fixture(scope="module")
def detector():
    return MtcnnDetector()


@pytest.mark.parametrize("shape", [(12, 12), (13, 40), (61, 77), (100, 33), (143, 50)])
def test_strips_say_what_the_whole_says(detector, monkeypatch, shape):
    canvas = np.random.default_rng(0).normal(size=(1, *shape, 3)).astype(np.float32)
    whole = detector._propose_network(canvas)[0]
    for pixels in (1, 24 * shape[1], 30 * shape[1]):
        monkeypatch.setattr("fer_md.faces.mtcnn._STRIP", pixels)
        np.testing.assert_allclose(detector._slide(canvas), whole, atol=1e-6)


@pytest.mark.parametrize("side, smallest, first", [(180, 20, 108), (540, 30, 216), (900, 40, 270), (4800, 100, 576)])
def test_where_the_search_begins_goes_by_the_size_of_the_picture(detector, side, smallest, first):
    """20 pixels up to 360, an eighteenth up to 720, 40 up to 1920, then 20 of 960; a face of those gets 12 pixels."""
    assert detector._looks(np.zeros((90, side, 3), np.uint8))[0].shape[1] == first == side * 12 / smallest


def test_networks_are_those_of_the_package_mtcnn(tmp_path):
    """experiments/ship_mtcnn.py compares its files with the package; those that ship answer as they do."""
    pytest.importorskip("mtcnn")
    run_script("experiments/ship_mtcnn.py", f"--output={tmp_path}")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in NETWORKS.iterdir())
    for name, side in (("propose", 30), ("refine", 24), ("confirm", 48)):
        new, shipped = (
            load_network(folder / f"{name}.tflite", read_json(folder / "sha256.json")[name])
            for folder in (tmp_path, NETWORKS)
        )
        crops = np.random.default_rng(0).uniform(-1, 1, (5, side, side, 3)).astype(np.float32)
        np.testing.assert_allclose(new(crops), shipped(crops), atol=1e-6)
