import numpy as np
import pytest

from drawn_faces import drawn_landmarks
from fer_md.data.twins import NEAR, find_twins


@pytest.fixture(scope="module")
def training():
    return np.array(drawn_landmarks(40, size=48)[0])


def moved(image, right, down):
    return np.roll(image, (down, right), (0, 1))


@pytest.mark.parametrize(("right", "down"), [(0, 0), (3, -2), (-4, 4)])
@pytest.mark.parametrize("mirrored", [False, True])
def test_finds_a_face_that_was_moved_mirrored_and_darkened(training, right, down, mirrored):
    face = moved(training[7] // 2, -right, -down)
    twins = find_twins((face[:, ::-1] if mirrored else face)[None], training)
    assert twins.index[0] == 7
    assert twins.correlation[0] > 0.99
    assert twins.mirrored[0] == mirrored
    assert twins.shift[0].tolist() == [right, down]


def test_people_who_are_not_there_have_no_twin(training):
    others = np.array(drawn_landmarks(6, size=48, first=1000)[0])
    assert (find_twins(others, training).correlation < NEAR).all()


def test_a_face_without_contrast_has_no_twin(training):
    gray = np.full((1, 48, 48), 90, np.uint8)
    assert find_twins(gray, np.concatenate([training, gray])).correlation[0] == 0
    assert find_twins(training[:1], gray).correlation[0] == 0


@pytest.mark.parametrize(("first", "second"), [((50, 48), (50, 48)), ((8, 8), (8, 8)), ((48, 48), (52, 48))])
def test_sides_that_cannot_be_compared_are_named(first, second):
    with pytest.raises(ValueError, match=r"the same sides, each 12, 16, 20 and so on, not \(\d+, \d+\) and"):
        find_twins(np.zeros((1, *first), np.uint8), np.zeros((2, *second), np.uint8))


def test_correlation_is_that_of_the_definition(training):
    twins = find_twins(training[:1], training[1:])
    other = training[1:][twins.index[0]]
    x, y = 4 + twins.shift[0]
    view = training[0][:, ::-1] if twins.mirrored[0] else training[0]
    expected = np.corrcoef(view[4:44, 4:44].ravel(), other[y : y + 40, x : x + 40].ravel())[0, 1]
    assert twins.correlation[0] == pytest.approx(expected, abs=1e-4)
