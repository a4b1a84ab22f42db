import pytest

from pages.seeds import over_seeds


def test_mean_and_deviation_over_the_seeds():
    """Of 0.2, 0.3, 0.7: mean 0.4; squares 0.04 + 0.01 + 0.09 = 0.14, over N - 1 = 2 is 0.07."""
    found = over_seeds([{"accuracy": a, "other": 1} for a in (0.2, 0.3, 0.7)], ("accuracy",))
    assert found == {"accuracy": pytest.approx(0.4), "accuracy_std": pytest.approx(0.07**0.5)}


def test_one_seed_has_no_deviation():
    assert over_seeds([{"accuracy": 0.2}], ("accuracy",)) == {"accuracy": 0.2, "accuracy_std": None}
