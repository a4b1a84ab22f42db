import numpy as np
import pytest

from fer_md.models.int8_weights import to_int8


def test_by_hand():
    """The outputs are the columns: their largest values are 2.54 and 0, their steps 0.02 and, where all is 0, 1."""
    multiples, steps = to_int8(np.array([[2.54, 0], [-0.031, 0]], np.float32), axis=1)
    np.testing.assert_array_equal(multiples, [[127, 0], [-2, 0]])
    np.testing.assert_allclose(steps, [[0.02, 1]])
    assert multiples.dtype == np.int8 and steps.dtype == np.float32


@pytest.mark.parametrize("axis", [0, 3, -1])
def test_no_weight_is_off_by_more_than_half_a_step(axis):
    weights = np.random.default_rng(0).normal(size=(5, 3, 3, 7)).astype(np.float32)
    multiples, steps = to_int8(weights, axis)
    assert steps.size == weights.shape[axis]
    assert (np.abs(multiples * steps - weights) <= steps / 2 + 1e-7).all()
