import numpy as np
import pytest

from drawn_faces import drawn_landmarks
from fer_md.evaluation.corruptions import CORRUPTIONS, STRENGTHS, corrupt


@pytest.fixture(scope="module")
def faces():
    return np.array(drawn_landmarks(6, size=48)[0])


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_stronger_is_further_away(faces, kind):
    distances = [np.abs(corrupt(faces, kind, s).astype(float) - faces).mean() for s in range(1, STRENGTHS + 1)]
    assert distances[0] > 0
    assert distances == sorted(distances)


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_depends_on_seed_and_place_alone(faces, kind):
    found = corrupt(faces, kind, 3, seed=1)
    assert found.dtype == np.uint8
    assert np.array_equal(found[:2], corrupt(faces[:2], kind, 3, seed=1))


def test_faces_stay_as_they_were(faces):
    before = faces.copy()
    for kind in CORRUPTIONS:
        corrupt(faces, kind, 5)
    assert np.array_equal(faces, before)


def test_known_answers():
    gray = np.full((1, 48, 48), 100, np.uint8)
    assert set(np.unique(corrupt(gray, "brightness", 1))) <= {80, 120}
    assert np.array_equal(corrupt(gray, "contrast", 5), gray)
    assert (corrupt(gray, "occlusion", 4) == 127).sum() == 24 * 24
    halves = np.repeat(np.array([[50, 150]], np.uint8), 24, axis=1).repeat(48, 0)[None]  # mean 100
    assert set(np.unique(corrupt(halves, "contrast", 2))) == {75, 125}


def test_unknown_kind_and_strength(faces):
    with pytest.raises(ValueError, match="no corruption 'fog' of strength 1"):
        corrupt(faces, "fog", 1)
    with pytest.raises(ValueError, match="of strength 6"):
        corrupt(faces, "blur", 6)
