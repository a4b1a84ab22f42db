"""Score fusion and its fitted weights."""

import numpy as np
import pytest

from fer_md.models.fused import fit_weights, fuse


def test_fusion_by_hand():
    """0.25 (0.8, 0.2) + 0.75 (0.4, 0.6) = (0.5, 0.5); equal weights give (0.6, 0.4)."""
    scores = [[[0.8, 0.2]], [[0.4, 0.6]]]
    np.testing.assert_allclose(fuse(scores, [0.25, 0.75]), [[0.5, 0.5]])
    np.testing.assert_allclose(fuse(scores), [[0.6, 0.4]])


@pytest.mark.parametrize("weights", [[1.0], [0.5, 0.6], [-0.5, 1.5]])
def test_weights_are_checked(weights):
    with pytest.raises(ValueError, match="2 non-negative numbers that add up to 1"):
        fuse(np.full((2, 3, 4), 0.25), weights)


def test_fitted_weights_are_the_best_on_a_grid():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 300)
    logits = rng.normal(size=(2, 300, 3)) + np.array([1.5, 0.8])[:, None, None] * np.eye(3)[labels]
    scores = np.exp(logits) / np.exp(logits).sum(2, keepdims=True)

    def likelihood(share):
        return np.log(fuse(scores, [share, 1 - share])[np.arange(300), labels]).mean()

    best = max(np.linspace(0, 1, 1001), key=likelihood)
    np.testing.assert_allclose(fit_weights(scores, labels), [best, 1 - best], atol=2e-3)


def test_a_component_that_knows_nothing_gets_no_weight():
    labels = np.arange(30) % 3
    good = np.eye(3)[labels] * 0.9 + 0.1 / 3
    np.testing.assert_allclose(fit_weights([good, np.full((30, 3), 1 / 3)], labels), [1, 0], atol=1e-6)


def test_fitting_needs_samples():
    with pytest.raises(ValueError, match="at least one labelled sample"):
        fit_weights(np.zeros((2, 0, 3)), [])
