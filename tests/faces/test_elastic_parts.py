"""The elastic part model: mixtures with a known answer, slow loops, and parts that move with the face."""

import numpy as np
import pytest

from fer_md.faces.elastic_parts import (
    APPEARANCE,
    CROP,
    ElasticParts,
    describe_patches,
    maximise,
    responsibilities,
)
from fer_md.faces.hog import hog_at


def test_one_round_by_hand():
    """Samples -1, 1 and 4 in one dimension; means 0 and 4, variances 1, equal shares. The second Gaussian has
    1 / (1 + e^((d2 - d1) / 2)) of each, with the squared distances d: 1 and 25, 1 and 9, 16 and 0. Rounded to 0, 0 and
    1, the means become 0 and 4, the first variance ((-1)^2 + 1^2) / 2 = 1, and the shares 2/3 and 1/3."""
    samples = np.array([[-1.0], [1], [4]])
    shares = responsibilities(samples, np.array([[0.0], [4]]), np.ones(2), np.full(2, 0.5))
    np.testing.assert_allclose(shares[:, 1], 1 / (1 + np.exp([12, 4, -8])), rtol=1e-6)
    means, variances, weights = maximise(samples, np.rint(shares))
    np.testing.assert_allclose(means, [[0], [4]], atol=1e-6)
    np.testing.assert_allclose(variances, [1, 1e-5], atol=1e-6)
    np.testing.assert_allclose(weights, [2 / 3, 1 / 3], atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_a_round_equals_a_slow_loop(seed):
    rng = np.random.default_rng(seed)
    samples, means = rng.standard_normal((30, 4)), rng.standard_normal((3, 4))
    variances, shares = rng.uniform(0.5, 2, 3), np.array([0.2, 0.3, 0.5])
    slow = np.empty((30, 3))
    for i, k in np.ndindex(30, 3):
        distance = ((samples[i] - means[k]) ** 2).sum()
        slow[i, k] = shares[k] * np.exp(-distance / 2 / variances[k]) / (2 * np.pi * variances[k]) ** 2
    slow /= slow.sum(1, keepdims=True)
    found = responsibilities(samples, means, variances, shares)
    np.testing.assert_allclose(found, slow, atol=1e-10)
    new, spread, _ = maximise(samples, found)
    for k in range(3):
        mean = (slow[:, k : k + 1] * samples).sum(0) / slow[:, k].sum()
        np.testing.assert_allclose(new[k], mean, atol=1e-7)
        squares = (slow[:, k] * ((samples - mean) ** 2).sum(1)).sum()
        np.testing.assert_allclose(spread[k], squares / (4 * slow[:, k].sum()), atol=1e-7)


def test_expectation_and_maximisation_find_known_clusters():
    """300 samples about (0, 0) and 100 about (5, 5), with deviations 0.5 and 1."""
    rng = np.random.default_rng(0)
    samples = np.concatenate([0.5 * rng.standard_normal((300, 2)), 5 + rng.standard_normal((100, 2))])
    means, variances, shares = samples[[0, -1]], np.ones(2), np.full(2, 0.5)
    for _ in range(20):
        means, variances, shares = maximise(samples, responsibilities(samples, means, variances, shares))
    np.testing.assert_allclose(means, [[0, 0], [5, 5]], atol=0.25)
    np.testing.assert_allclose(np.sqrt(variances), [0.5, 1], atol=0.1)
    np.testing.assert_allclose(shares, [0.75, 0.25], atol=0.01)


def crop_with_square(x, y):
    """A bright square of 11 pixels about (x, y) on gray."""
    crop = np.full((CROP, CROP), 90, np.uint8)
    crop[y - 5 : y + 6, x - 5 : x + 6] = 220
    return crop


def test_patches_have_appearance_and_place():
    crops = np.random.default_rng(0).integers(0, 256, (2, CROP, CROP), np.uint8)
    features = describe_patches(crops)
    assert features.shape == (2, 2 * 14 * 14, APPEARANCE + 2) and features.dtype == np.float32
    first = hog_at(crops[1:], np.array([[[5.0, 5]]]), 5)[0]  # the grid begins at (5, 5), with the smaller cells
    np.testing.assert_allclose(features[1, 0], [*first, 5.5 / 64 - 0.5, 5.5 / 64 - 0.5], atol=1e-6)


def test_each_part_is_the_nearest_patch_and_follows_what_moves():
    """One part looks like the corner of a square where it lies on average; it is found where the square is."""
    squares = np.stack([crop_with_square(x, y) for x, y in ((29, 33), (37, 33), (33, 29), (33, 37))])
    model = ElasticParts.fit(squares, parts=6, patches=1200, rounds=8)
    assert model.means.shape == (6, APPEARANCE + 2) and model.shares.sum() == pytest.approx(1, abs=1e-5)
    found = model.find(squares)
    assert found.appearance.shape == (4, 6 * APPEARANCE) and found.places.shape == (4, 6, 2)
    features = describe_patches(squares)
    for face, k in np.ndindex(4, 6):
        weighed = features[face] * np.append(np.ones(APPEARANCE), [model.weight] * 2)
        best = features[face][((weighed - model.means[k]) ** 2).sum(1).argmin()]
        np.testing.assert_allclose(found.places[face, k], best[APPEARANCE:], atol=1e-6)
        own = found.appearance[face].reshape(6, APPEARANCE)[k]
        np.testing.assert_allclose(own, best[:APPEARANCE], atol=1e-6)
    shift = found.places[1, :, 0] - found.places[0, :, 0]
    assert shift.max() == pytest.approx(8 / CROP, abs=1e-6)
    assert model.find(squares[:0]).appearance.shape == (0, 6 * APPEARANCE)
    again = ElasticParts.fit(squares, parts=6, patches=1200, rounds=8)
    np.testing.assert_array_equal(again.means, model.means)
