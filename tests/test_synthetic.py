"""Drawn faces: repeatable, labelled truly, with people kept apart between splits."""

import numpy as np
import pytest

from fer_md.data.synthetic import draw_face, draw_faces
from fer_md.errors import FerMdError


@pytest.mark.parametrize("domain", ["lab", "wild"])
def test_same_arguments_same_pixels(domain):
    first, second = (list(draw_faces(domain, 40, 3)) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.image, b.image)
        np.testing.assert_array_equal(a.landmarks, b.landmarks)
        assert (a.key, a.label, a.subject) == (b.key, b.label, b.subject)
    other = list(draw_faces(domain, 40, 4))
    assert any((a.image != b.image).any() for a, b in zip(first, other, strict=True))


def test_splits_share_no_person_and_keys_are_unique():
    faces = list(draw_faces("lab", 210, 0))
    people = {}
    for face in faces:
        people.setdefault(face.split, set()).add(face.subject)
    assert set(people) == {"Training", "PublicTest", "PrivateTest"}
    assert not people["Training"] & (people["PublicTest"] | people["PrivateTest"])
    assert not people["PublicTest"] & people["PrivateTest"]
    assert len({face.key for face in faces}) == 210


def test_landmarks_are_in_ibug_order():
    """Brows (17-26) above eyes (36-47) above nose base (31-35) above mouth (48-67) above chin (8)."""
    for face in draw_faces("lab", 28, 1):
        y = face.landmarks[:, 1]
        heights = [y[17:27].mean(), y[36:48].mean(), y[31:36].mean(), y[48:68].mean(), y[8]]
        assert heights == sorted(heights)
        assert face.landmarks.shape == (68, 2)
        assert face.image.shape == (48, 48) and face.image.dtype == np.uint8


@pytest.mark.parametrize("change", [{"expression": "boredom"}, {"domain": "studio"}])
def test_unknown_choices_are_named(change):
    arguments = {"seed": 0, "subject": "a", "expression": "anger", "domain": "lab", **change}
    with pytest.raises(FerMdError, match=next(iter(change.values()))):
        draw_face(**arguments)
