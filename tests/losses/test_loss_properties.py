"""What holds for the pure functions whatever the data: other names, another order, another origin, no label."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_md.losses import adaptive_margin, center_update, feature_variance, md_loss, mean_margin

DATA = (st.integers(0, 10_000), st.integers(2, 6), st.integers(1, 9))
CLOSE = {"rtol": 1e-9, "atol": 1e-12}


def drawn(seed, classes, batch):
    """Labels, embeddings, centers, and new names: class i is called new[i]."""
    rng = np.random.default_rng(seed)
    embeddings, centers = rng.normal(size=(batch, 3)), rng.normal(size=(classes, 3))
    return rng, rng.integers(0, classes, batch), embeddings, centers, rng.permutation(classes)


def renamed(rows, new):
    """What belongs to the classes, by their new names."""
    result = np.empty_like(rows)
    result[new] = rows
    return result


@given(*DATA, st.sampled_from(["relu", "softplus", None]))
@settings(max_examples=25, deadline=None)
def test_md_loss(seed, classes, batch, hinge):
    """Relabelling the classes, permuting the batch and scaling the space change nothing.

    Nor does a translation but for the margin.
    """
    rng, labels, embeddings, centers, new = drawn(seed, classes, batch)
    nearest = int(rng.integers(1, classes))

    def loss(y, x, c, margin="mean"):
        return float(md_loss(y, x, c, nearest, margin, hinge=hinge))

    expected = loss(labels, embeddings, centers)
    assert np.isfinite(expected)
    np.testing.assert_allclose(loss(new[labels], embeddings, renamed(centers, new)), expected, **CLOSE)
    order = rng.permutation(batch)
    np.testing.assert_allclose(loss(labels[order], embeddings[order], centers), expected, **CLOSE)
    np.testing.assert_allclose(loss(labels, 30 * embeddings, 30 * centers), expected, **CLOSE)
    np.testing.assert_allclose(
        loss(labels, embeddings + 5, centers + 5, 0.7), loss(labels, embeddings, centers, 0.7), rtol=1e-7, atol=1e-9
    )


@given(*DATA)
@settings(max_examples=25, deadline=None)
def test_center_update(seed, classes, batch):
    """Follows the classes' names, and neither the order of the batch nor the origin matters."""
    rng, labels, embeddings, centers, new = drawn(seed, classes, batch)
    labels[rng.random(batch) < 0.2] = -1
    expected = center_update(labels, embeddings, centers).numpy()
    assert np.all(np.isfinite(expected))
    named = np.where(labels < 0, -1, new[labels])
    np.testing.assert_allclose(center_update(named, embeddings, renamed(centers, new)), renamed(expected, new), **CLOSE)
    order = rng.permutation(batch)
    np.testing.assert_allclose(center_update(labels[order], embeddings[order], centers), expected, **CLOSE)
    np.testing.assert_allclose(center_update(labels, embeddings + 5, centers + 5), expected, rtol=1e-7, atol=1e-9)


@given(*DATA, st.sampled_from(["normalized", "sum"]))
@settings(max_examples=25, deadline=None)
def test_feature_variance(seed, classes, batch, variance):
    """Neither the classes' names nor the order of the batch nor the origin matters; twice the size is four times it."""
    rng, labels, embeddings, centers, new = drawn(seed, classes, batch)
    labels[rng.random(batch) < 0.2] = -1
    expected = float(feature_variance(labels, embeddings, centers, variance))
    assert np.isfinite(expected) and expected >= 1e-6
    named = np.where(labels < 0, -1, new[labels])
    found = feature_variance(named, embeddings, renamed(centers, new), variance)
    np.testing.assert_allclose(found, expected, **CLOSE)
    order = rng.permutation(batch)
    np.testing.assert_allclose(feature_variance(labels[order], embeddings[order], centers, variance), expected, **CLOSE)
    found = feature_variance(labels, embeddings + 5, centers + 5, variance)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)
    if np.any(labels >= 0):
        found = feature_variance(labels, 2 * embeddings, 2 * centers, variance)
        np.testing.assert_allclose(found, 4 * expected, **CLOSE)


@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(0, 2))
@settings(max_examples=25, deadline=None)
def test_margins(seed, classes, zeros):
    """In [-K, K (K - 1)], the mean in [0, 2]; neither the centers' names nor lengths matter, nor a turn of them all."""
    rng, _, _, centers, new = drawn(seed, classes, 1)
    centers[:zeros] = 0
    expected = float(adaptive_margin(centers))
    assert -classes <= expected <= classes * (classes - 1)
    np.testing.assert_allclose(mean_margin(centers), 1 + expected / (classes * (classes - 1)), **CLOSE)
    assert -1e-12 <= float(mean_margin(centers)) <= 2
    np.testing.assert_allclose(adaptive_margin(renamed(centers, new)), expected, **CLOSE)
    lengths = rng.uniform(0.1, 10, (classes, 1))
    np.testing.assert_allclose(adaptive_margin(lengths * centers), expected, **CLOSE)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    np.testing.assert_allclose(adaptive_margin(centers @ turn), expected, **CLOSE)
