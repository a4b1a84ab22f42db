"""The sign-flip test, its interval, and the difference that a number of pairs can show."""

import itertools

import numpy as np
import pytest

from fer_md.evaluation.sign_flips import detectable_difference, sign_flip_test, student_quantile


def test_by_hand():
    """1, 2, 3: of the eight choices of signs only + + + and - - - give 6. Six pairs: 2 of 64, and the interval goes
    from the least to the greatest mean of a subset."""
    three = sign_flip_test([1, 2, 3])
    assert (three.pairs, three.mean, three.std, three.p, three.low, three.high) == (3, 2, 1, 2 / 8, None, None)
    six = sign_flip_test([1, 2, 3, 4, 5, 6])
    assert (six.p, six.low, six.high) == (2 / 64, 1, 6)


def slow_p(values):
    """Over all choices of signs, one by one."""
    sums = [abs(np.dot(signs, values)) for signs in itertools.product((1, -1), repeat=len(values))]
    return np.mean(np.array(sums) >= abs(np.sum(values)) - 1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_against_all_signs_one_by_one(seed):
    values = np.random.default_rng(seed).normal(0.3, 1, 8)
    found = sign_flip_test(values)
    assert found.p == pytest.approx(slow_p(values))
    inside, outside = 1e-6, -1e-6  # the interval holds what the test does not reject at 5 %
    for end, sign in ((found.low, 1), (found.high, -1)):
        assert slow_p(values - end - sign * inside) > 0.05 >= slow_p(values - end - sign * outside)


def test_many_pairs_are_near_students_t_test():
    values = np.random.default_rng(0).normal(0.3, 0.6, 40)
    found, half = sign_flip_test(values), student_quantile(0.975, 39) * values.std(ddof=1) / 40**0.5
    assert [found.low, found.high] == pytest.approx([values.mean() - half, values.mean() + half], abs=0.01)
    assert found == sign_flip_test(values)


def test_equal_pairs_say_nothing():
    found = sign_flip_test([0.0] * 12)
    assert (found.p, found.low, found.high, found.detectable) == (1, 0, 0, 0)


def test_detectable_difference_by_the_table():
    """Student's t of 39 degrees: 2.0227 and 0.8514; 2.8741 x 0.6 / sqrt(40) = 0.2727."""
    assert student_quantile(0.975, 11) == pytest.approx(2.20099, abs=1e-4)
    assert student_quantile(0.975, 1) == pytest.approx(12.7062, abs=1e-3)
    assert detectable_difference(0.6, 40) == pytest.approx(0.2727, abs=1e-3)


def test_detectable_difference_of_few_pairs():
    """Six pairs show a difference where all have its sign: Phi(d / std)^6 = 0.8 for d = 1.79 std. Five show none."""
    assert detectable_difference(2.0, 6) == pytest.approx(2 * 1.793, rel=0.03)
    assert detectable_difference(2.0, 5) is None


def test_the_detectable_difference_is_found_in_four_of_five_studies():
    rng = np.random.default_rng(7)
    difference = detectable_difference(1.0, 9)
    found = [sign_flip_test(rng.normal(difference, 1, 9)).p <= 0.05 for _ in range(400)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.05)


def test_one_pair_is_refused():
    with pytest.raises(ValueError, match="at least two pairs, not 1"):
        sign_flip_test([0.1])
