import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_md.data.audit import audit, leaked_keys, near_pairs, perceptual_hash, summary
from fer_md.data.manifest import ManifestRow


def drawing(seed):
    """A smooth random picture: blurred noise over the whole range."""
    noise = np.random.default_rng(seed).standard_normal((48, 48)).astype(np.float32)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 4), None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def row(key, label, split, sha256):
    return ManifestRow(key, label, "toy", "", split, "", sha256)


def distance(one, other):
    return (perceptual_hash(one) ^ perceptual_hash(other)).bit_count()


def test_hash_survives_jpeg_contrast_and_rescaling_but_tells_pictures_apart():
    for seed in range(10):
        image = drawing(seed)
        jpeg = cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 70])[1], cv2.IMREAD_GRAYSCALE)
        larger = cv2.resize(image, (96, 96), interpolation=cv2.INTER_CUBIC)
        assert distance(image, jpeg) <= 4
        assert distance(image, image // 2 + 40) <= 4
        assert distance(image, larger) <= 8
        assert distance(image, drawing(seed + 100)) > 10


def test_constant_images_have_no_hash():
    image = np.full((48, 48), 128, np.uint8)
    assert perceptual_hash(image) is None
    image[20:30, 20:30] = 131  # JPEG's noise: still constant
    assert perceptual_hash(image) is None
    image[0, 0] = 100
    assert perceptual_hash(image) is not None


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 255), max_size=40), st.integers(0, 12), st.integers(1, 9))
def test_near_pairs_equals_a_plain_loop_at_any_block_size(hashes, limit, block):
    expected = [
        [i, j, (a ^ b).bit_count()]
        for i, a in enumerate(hashes)
        for j, b in enumerate(hashes)
        if i < j and (a ^ b).bit_count() <= limit
    ]
    found = near_pairs(np.array(hashes, np.uint64), limit, block=block, width=2 * block + 1)
    assert found.tolist() == expected


ROWS = [
    row("a", "fear", "Training", "1"),
    row("b", "fear", "Training", "1"),  # a copy of a
    row("c", "anger", "PublicTest", "1"),  # leaks from Training, with another label
    row("d", "fear", "PublicTest", "2"),  # near a, b and c
    row("e", "fear", "PrivateTest", "3"),  # constant
    row("f", "neutral", "Training", "4"),
]
HASHES = [0b0, 0b0, 0b0, 0b11, None, 2**64 - 1]


def test_audit_by_hand():
    report = audit(ROWS, HASHES, max_distance=2)
    assert report["constant"] == {"count": 1, "keys": ["e"]}
    duplicates = report["duplicates"]
    assert (duplicates["groups"], duplicates["keys"]) == (1, [["a", "b", "c"]])
    assert duplicates["within"] == {"Training": 1, "PublicTest": 0, "PrivateTest": 0}
    assert duplicates["across"]["PublicTest in Training"] == 1  # c
    assert duplicates["across"]["Training in PublicTest"] == 2  # a and b
    assert duplicates["across"]["PrivateTest in Training"] == 0
    assert report["conflicts"] == {"groups": 1, "labels": [{"a": "fear", "b": "fear", "c": "anger"}]}
    near = report["near_duplicates"]
    assert (near["pairs"], near["keys"]) == (1, [["a", "d", 2]])
    assert near["within"] == {"Training": 0, "PublicTest": 1 + 1, "PrivateTest": 0}  # c and d are near each other
    assert near["across"]["PublicTest in Training"] == 1  # d
    assert near["across"]["Training in PublicTest"] == 2  # a and b


def test_identical_images_without_a_label_do_not_conflict():
    rows = [row("a", "", "Training", "1"), row("b", "fear", "Training", "1")]
    assert audit(rows, [0, 0])["conflicts"]["groups"] == 0


@pytest.mark.parametrize(
    "held_out, leaked",
    [
        (("PublicTest",), {"a", "b"}),
        (("Training",), {"c"}),
        (("PrivateTest",), set()),
        ((), set()),
    ],
)
def test_leaked_keys(held_out, leaked):
    assert leaked_keys(ROWS, held_out) == leaked


def test_summary_keeps_the_numbers_and_drops_the_lists():
    report = summary(audit(ROWS, HASHES))
    assert report["conflicts"] == {"groups": 1}
    assert report["constant"] == {"count": 1}
    assert set(report["near_duplicates"]) == {"max_distance", "pairs", "within", "across"}
