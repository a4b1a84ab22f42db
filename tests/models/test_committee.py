"""The committee's weights and the tests of significance, by hand."""

import math

import numpy as np
import pytest

from fer_md.evaluation.significance import bootstrap_mean, mcnemar, paired_bootstrap
from fer_md.models.baselines.committee import choose_exponent, committee_weights, exponential_weights
from fer_md.models.fused import fuse


def test_weights_by_hand():
    """0.8^2 = 0.64 and 0.6^2 = 0.36 add up to 1; 0.8^-1 : 0.4^-1 = 1 : 2; any power of equals is equal."""
    np.testing.assert_allclose(exponential_weights([0.8, 0.6], 2), [0.64, 0.36])
    np.testing.assert_allclose(exponential_weights([0.8, 0.4], -1), [1 / 3, 2 / 3])
    np.testing.assert_allclose(exponential_weights([0.9, 0.2, 0.5], 0), [1 / 3] * 3)
    np.testing.assert_allclose(exponential_weights([0.9, 0.2], 150), [1, 0], atol=1e-90)
    assert np.all(np.isfinite(exponential_weights([0.0, 0.5], -50)))


ONE_RIGHT = np.array([[0.6, 0.4]] * 4)
LABELS = np.array([0, 0, 0, 1])
"""Three of four samples are right with the first class: accuracy 3/4."""


def scores():
    """A member that is right 3 times of 4 by a little, and one that is right once by a lot."""
    return np.stack([ONE_RIGHT, np.array([[0.1, 0.9]] * 4)])


def test_exponent_by_hand():
    """Weights w and 1 - w score the first class 0.6 w + 0.1 (1 - w) = 0.1 + 0.5 w: it wins where w > 0.8.

    w : 1 - w = (3/4 : 1/4)^q = 3^q > 4 where q > log 4 / log 3 = 1.26; of the tried ones 1.3 is the smallest.
    """
    assert choose_exponent(scores(), LABELS) == pytest.approx(1.3)
    assert math.log(4) / math.log(3) == pytest.approx(1.26, abs=0.005)


def test_equally_good_exponents_leave_the_weights_equal():
    same = np.stack([ONE_RIGHT, ONE_RIGHT])
    assert choose_exponent(same, LABELS) == 0
    weights, exponents = committee_weights(same, LABELS, {"all": [0, 1]})
    np.testing.assert_allclose(weights, [0.5, 0.5])
    assert exponents == {"all": 0}


def test_two_levels_by_hand():
    """Groups of members 0 and 1 (q = 1.3) and of member 0 alone: half of each; the fused score is the groups' mean."""
    weights, exponents = committee_weights(scores(), LABELS, {"pair": [0, 1], "single": [0]})
    first = 3**1.3 / (1 + 3**1.3)
    np.testing.assert_allclose(weights, [(first + 1) / 2, (1 - first) / 2])
    assert exponents["single"] == 0 and weights.sum() == pytest.approx(1)
    pair = fuse(scores(), [first, 1 - first])
    np.testing.assert_allclose(fuse(scores(), weights), (pair + scores()[0]) / 2)


def test_no_samples_are_refused():
    with pytest.raises(ValueError, match="at least one labelled sample"):
        committee_weights(np.zeros((2, 0, 2)), [], {"all": [0, 1]})


def pattern(both, first, second, neither=0):
    """Which of two classifiers is right: numbers of images that both, only one, or neither gets right."""
    return (
        np.array([1] * (both + first) + [0] * (second + neither), bool),
        np.array([1] * both + [0] * first + [1] * second + [0] * neither, bool),
    )


def test_mcnemar_by_hand():
    """Of 6 images 1 falls to the second: 2 (C(6,0) + C(6,1)) / 2^6 = 2 * 7 / 64. Of 4, 0: 2 / 16. Of 4, 2: above 1."""
    assert mcnemar(*pattern(5, 5, 1)) == {"only_first": 5, "only_second": 1, "p": 14 / 64}
    assert mcnemar(*pattern(0, 0, 4, 9)) == {"only_first": 0, "only_second": 4, "p": 2 / 16}
    assert mcnemar(*pattern(1, 2, 2))["p"] == 1
    assert mcnemar(*pattern(7, 0, 0))["p"] == 1


def test_mcnemar_of_many_images_is_near_the_chi_square_with_continuity():
    """(|b - c| - 1)^2 / (b + c) has one degree of freedom: p = erfc(sqrt(x / 2)); b + c = 3000 needs no underflow."""
    found = mcnemar(*pattern(0, 1600, 1400))["p"]
    assert found == pytest.approx(math.erfc(math.sqrt(199**2 / 3000 / 2)), rel=0.01)


def test_bootstrap_by_hand():
    """(60 - 40) / 1000 gained; the deviation of the mean is sqrt((0.1 - 0.02^2) / 1000) = 0.00998."""
    found = paired_bootstrap(*pattern(500, 60, 40, 400))
    deviation = math.sqrt((0.1 - 0.02**2) / 1000)
    assert found["difference"] == pytest.approx(0.02)
    assert found["low"] == pytest.approx(0.02 - 1.96 * deviation, abs=0.001)
    assert found["high"] == pytest.approx(0.02 + 1.96 * deviation, abs=0.001)


def test_bootstrap_averages_trainings_image_by_image():
    """Right in one of two trainings against never: half a gain for every image, whatever is drawn."""
    halves = np.array([[True] * 10, [False] * 10])
    found = paired_bootstrap(halves, np.zeros((2, 10), bool))
    assert found == {"difference": 0.5, "low": 0.5, "high": 0.5}


def test_bootstrap_by_person_by_hand():
    """Two people: of 3 images all won, of 1 none. Draws (two of one, one of each, two of the other) have the means
    3/3, 3/4 and 0 with probabilities 1/4, 1/2 and 1/4: so 0 and 1 bound 95 %, and all three quarters the middle 40 %.
    """
    won, people = np.array([True, True, True, False]), ["a", "a", "a", "b"]
    found = paired_bootstrap(won, np.zeros(4, bool), people)
    assert found == {"difference": 0.75, "low": 0, "high": 1}
    found = paired_bootstrap(won, np.zeros(4, bool), people, level=0.4)
    assert found == {"difference": 0.75, "low": 0.75, "high": 0.75}


def test_people_of_one_image_each_are_resampled_as_images():
    right = pattern(500, 60, 40, 400)
    for alone in (np.arange(1000), [f"S{i}" for i in range(1000)], [""] * 1000):
        assert paired_bootstrap(*right, alone) == paired_bootstrap(*right)


def test_copies_of_every_image_tell_nothing_new():
    """Each image four times, as one person's: the interval is that of one copy, where as images it would be half."""
    right = pattern(50, 30, 20, 100)
    copies, people = [np.tile(each, 4) for each in right], np.tile(np.arange(200), 4)
    once = paired_bootstrap(*right)
    assert paired_bootstrap(*copies, people) == once
    narrow = paired_bootstrap(*copies)
    assert narrow["high"] - narrow["low"] == pytest.approx((once["high"] - once["low"]) / 2, rel=0.1)


def test_bootstrap_by_person_against_a_loop():
    """People of one to six images, gains that are alike within a person, drawn one by one."""
    generator = np.random.default_rng(0)
    people = np.repeat(np.arange(40), generator.integers(1, 7, 40))
    gains = generator.normal(0.1, 1, 40)[people] + generator.normal(0, 0.3, len(people))
    means = []
    for _ in range(3000):
        drawn = np.concatenate([np.flatnonzero(people == person) for person in generator.integers(0, 40, 40)])
        means.append(gains[drawn].mean())
    found = bootstrap_mean(gains, [f"S{person}" for person in people])
    assert found["difference"] == pytest.approx(gains.mean())
    np.testing.assert_allclose([found["low"], found["high"]], np.quantile(means, [0.025, 0.975]), atol=0.03)


def test_people_of_other_images_are_refused():
    with pytest.raises(ValueError, match="each of the 2 images, not of 3"):
        paired_bootstrap([True, False], [True, True], ["a", "b", "c"])


def test_other_images_are_refused():
    for function in (mcnemar, paired_bootstrap):
        with pytest.raises(ValueError, match=r"not \(2,\) and \(3,\)"):
            function([True, False], [True, False, True])
