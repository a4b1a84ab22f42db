"""Drawn faces: repeatable, labelled truly, with people kept apart between splits."""

import collections
import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fer_md.data.records import load_split
from fer_md.drawn.face_model import ACTION_UNITS, IDENTITY_SHAPES, MIRROR, NEUTRAL, UNIT_INDEX, face_points, turn
from fer_md.drawn.face_units import EXPRESSION_UNITS, sample_units
from fer_md.drawn.synthetic import SPLITS, draw_face, draw_faces
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS
from scripts import run_script

ROOT = Path(__file__).parents[2]
DOMAINS = ("lab", "wild")
_DIGEST = """
import hashlib
from fer_md.drawn.synthetic import draw_faces
digest = hashlib.sha256()
for domain in ("lab", "wild"):
    for face in draw_faces(domain, 30, 5):
        digest.update(face.image.tobytes() + face.landmarks.tobytes() + face.key.encode())
print(digest.hexdigest())
"""


def moved(*units):
    """Motion (101, 2) of the average face under action units at full intensity on both sides."""
    intensities = np.zeros((len(ACTION_UNITS), 2))
    intensities[[UNIT_INDEX[unit] for unit in units]] = 1
    shape = np.zeros(len(IDENTITY_SHAPES))
    return (face_points(shape, intensities) - face_points(shape, 0 * intensities))[:, :2]


@pytest.mark.parametrize("domain", DOMAINS)
def test_same_arguments_same_pixels(domain):
    first, second = (list(draw_faces(domain, 40, 3)) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.image, b.image)
        np.testing.assert_array_equal(a.landmarks, b.landmarks)
        assert (a.key, a.label, a.subject) == (b.key, b.label, b.subject)
    other = list(draw_faces(domain, 40, 4))
    assert all((a.image != b.image).any() for a, b in zip(first, other, strict=True))


@pytest.mark.integration
def test_another_process_draws_the_same_pixels():
    """With another hash seed, so that nothing hangs on the order of a set or on ``hash``."""
    digest = hashlib.sha256()
    for domain in DOMAINS:
        for face in draw_faces(domain, 30, 5):
            digest.update(face.image.tobytes() + face.landmarks.tobytes() + face.key.encode())
    process = subprocess.run(
        [sys.executable, "-c", _DIGEST],
        env={"PYTHONHASHSEED": "7", "PATH": ""},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout.strip() == digest.hexdigest()


def test_splits_share_no_person_and_keys_are_unique():
    faces = list(draw_faces("lab", 210, 0))
    people = {}
    for face in faces:
        people.setdefault(face.split, set()).add(face.subject)
    assert set(people) == {"Training", "PublicTest", "PrivateTest"}
    assert not people["Training"] & (people["PublicTest"] | people["PrivateTest"])
    assert not people["PublicTest"] & people["PrivateTest"]
    assert len({face.key for face in faces}) == 210


def test_shares_and_expressions_are_balanced():
    faces = list(draw_faces("wild", 150, 1))
    assert collections.Counter(face.split for face in faces) == {"Training": 120, "PublicTest": 15, "PrivateTest": 15}
    for split in SPLITS:
        counts = collections.Counter(face.label for face in faces if face.split == split)
        assert len(counts) == 7 and max(counts.values()) - min(counts.values()) <= 1
    assert {face.split for face in draw_faces("lab", 9, 0, {"test": 1.0})} == {"test"}
    assert not list(draw_faces("lab", 0, 0))


@pytest.mark.parametrize("domain", DOMAINS)
def test_landmarks_lie_in_the_image_and_in_ibug_order(domain):
    """Brows (17-26) above eyes (36-47) above nose base (31-35) above mouth (48-67) above chin (8)."""
    for face in draw_faces(domain, 140, 1):
        assert face.image.shape == (48, 48) and face.image.dtype == np.uint8
        assert face.landmarks.shape == (68, 2) and face.landmarks.dtype == np.float32
        assert face.landmarks.min() >= 0 and face.landmarks.max() <= 47
        x, y = face.landmarks.T
        heights = [y[17:27].mean(), y[36:48].mean(), y[31:36].mean(), y[48:68].mean(), y[8]]
        assert heights == sorted(heights)
        assert x[36:42].mean() < x[42:48].mean() and x[48] < x[54] and x[0] < x[16]


def test_landmarks_are_where_the_features_are_drawn():
    """Dark pupils between the lids: the eyes are darker than the cheeks below them on most faces."""
    darker = []
    for seed in range(60):
        face = draw_face(seed, f"person {seed}", "surprise", "lab", size=96)
        for eye in (slice(36, 42), slice(42, 48)):
            x, y = np.rint(face.landmarks[eye].mean(0)).astype(int)
            darker.append(face.image[y, x] < face.image[min(y + 12, 95), x])
    assert np.mean(darker) > 0.85


def test_a_person_looks_the_same_under_every_seed():
    """Relative nose length varies far more between people than between two pictures of one person."""
    lengths = []
    for person in "abcdefghijkl":
        landmarks = [draw_face(seed, person, "neutral", "lab", size=256).landmarks for seed in range(6)]
        lengths.append([np.linalg.norm(lm[33] - lm[27]) / np.linalg.norm(lm[8] - lm[27]) for lm in landmarks])
    lengths = np.array(lengths)
    assert lengths.mean(1).std() > 1.5 * lengths.std(1).mean()


def test_domains_differ():
    """The wild has more pose: the nose strays further from the middle of the jaw."""
    strays = {}
    for domain in DOMAINS:
        landmarks = np.array([face.landmarks for face in draw_faces(domain, 140, 2)])
        middle, width = landmarks[:, [0, 16]].mean(1), np.ptp(landmarks[:, [0, 16], 0], axis=1)
        strays[domain] = np.std((landmarks[:, 30, 0] - middle[:, 0]) / width)
    assert strays["wild"] > 1.5 * strays["lab"]
    same = [draw_face(0, "a", "fear", domain).image for domain in DOMAINS]
    assert (same[0] != same[1]).any()


@pytest.mark.parametrize(
    ("unit", "points", "direction"),
    [
        (1, [21, 22], (0, -1)),
        (2, [18, 25], (0, -1)),
        (4, [20, 21, 22, 23], (0, 1)),
        (5, [37, 38, 43, 44], (0, -1)),
        (6, [40, 41, 46, 47], (0, -1)),
        (7, [40, 41, 46, 47], (0, -1)),
        (9, [31, 35, 50, 52], (0, -1)),
        (10, [50, 51, 52], (0, -1)),
        (12, [48, 54], (0, -1)),
        (15, [48, 54], (0, 1)),
        (17, [57, 8], (0, -1)),
        (20, [48], (-1, 0)),
        (20, [54], (1, 0)),
        (23, [48], (1, 0)),
        (24, [57], (0, -1)),
        (25, [57, 66], (0, 1)),
        (26, [8, 57, 66], (0, 1)),
        (27, [8, 57, 66], (0, 1)),
        (43, [37, 38, 43, 44], (0, 1)),
    ],
)
def test_an_action_unit_moves_what_it_should(unit, points, direction):
    assert (moved(unit)[points] @ direction > 0.02).all()


def test_every_action_unit_serves_an_expression():
    used = {unit for variants in EXPRESSION_UNITS.values() for variant in variants for unit in variant}
    assert used == set(ACTION_UNITS)
    assert tuple(EXPRESSION_UNITS) == EXPRESSIONS


def test_jaw_drop_parts_the_lips_more_than_lips_part():
    gap = {units: moved(*units)[66, 1] - moved(*units)[62, 1] for units in ((25,), (25, 26), (25, 27))}
    assert gap[25,] < gap[25, 26] < gap[25, 27]


def test_motion_is_symmetric_and_one_sided_where_asked():
    motion = moved(12, 4)
    np.testing.assert_allclose(motion[MIRROR] * (-1, 1), motion, atol=1e-12)
    np.testing.assert_allclose(NEUTRAL[MIRROR] * (-1, 1, 1), NEUTRAL)
    units = np.zeros((len(ACTION_UNITS), 2))
    units[UNIT_INDEX[12], 0] = 1
    smirk = face_points(np.zeros(len(IDENTITY_SHAPES)), units)
    assert smirk[48, 1] < NEUTRAL[48, 1] - 0.1 and smirk[54, 1] == NEUTRAL[54, 1]


def test_lids_and_lips_never_cross():
    rng = np.random.default_rng(0)
    for _ in range(300):
        units = rng.random((len(ACTION_UNITS), 2))
        y = face_points(rng.uniform(-2, 2, len(IDENTITY_SHAPES)), units)[:, 1]
        assert (y[[37, 38, 43, 44]] <= y[[41, 40, 47, 46]]).all()
        assert (y[[61, 62, 63]] <= y[[67, 66, 65]]).all()
        assert (y[[50, 51, 52]] < y[[61, 62, 63]]).all() and (y[[67, 66, 65]] < y[[58, 57, 56]]).all()


def test_intensities_stay_in_range_and_weak_ones_occur():
    rng = np.random.default_rng(0)
    smiles = np.array([sample_units(rng, "happiness", 0.4, 0.2, 0.05) for _ in range(300)])
    assert smiles.min() >= 0 and smiles.max() <= 1
    pull = smiles[:, UNIT_INDEX[12]].mean(1)
    assert pull.min() < 0.4 and pull.max() > 0.8


def test_turn_keeps_distances_and_turns_the_right_way():
    """The nose stands out towards the viewer, so it goes where the head turns."""
    turned = turn(NEUTRAL, 20, 10, 5)
    expected = np.linalg.norm(NEUTRAL[30] - NEUTRAL[0])
    assert np.linalg.norm(turned[30] - turned[0]) == pytest.approx(expected)
    straight = turn(NEUTRAL, 0, 0, 0)
    assert turn(NEUTRAL, 20, 0, 0)[30, 0] > straight[30, 0]
    assert turn(NEUTRAL, 0, 20, 0)[30, 1] > straight[30, 1]
    assert turn(NEUTRAL, 0, 0, 20)[16, 1] > straight[16, 1]


@pytest.mark.parametrize("change", [{"expression": "boredom"}, {"domain": "studio"}, {"size": 8}, {"size": 100_000}])
def test_wrong_choices_are_named(change):
    arguments = {"seed": 0, "subject": "a", "expression": "anger", "domain": "lab", **change}
    with pytest.raises(FerMdError, match=str(next(iter(change.values())))):
        draw_face(**arguments)


def test_wrong_data_sets_are_refused_before_drawing():
    with pytest.raises(FerMdError, match="studio"):
        draw_faces("studio", 10, 0)
    with pytest.raises(FerMdError, match="-1"):
        draw_faces("lab", -1, 0)
    with pytest.raises(FerMdError, match="sum to 1"):
        draw_faces("lab", 10, 0, {"Training": 0.5})
    with pytest.raises(FerMdError, match="sum to 1"):
        draw_faces("lab", 10, 0, {})


@pytest.mark.integration
def test_the_script_writes_a_prepared_data_set(tmp_path):
    flags = ("--domain=wild", "--count=70", "--seed=2", f"--output={tmp_path / 'drawn'}")
    assert run_script("data_prep/synthetic.py", *flags).returncode == 0
    split = load_split(tmp_path / "drawn", "Training")
    drawn = [face for face in draw_faces("wild", 70, 2) if face.split == "Training"]
    np.testing.assert_array_equal(split.images, [face.image for face in drawn])
    np.testing.assert_array_equal(split.landmarks, [face.landmarks for face in drawn])
    np.testing.assert_array_equal(split.labels, [face.label for face in drawn])
    assert split.subjects == [face.subject for face in drawn]
