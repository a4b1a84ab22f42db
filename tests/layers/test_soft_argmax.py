"""Places of maps: by hand, against loops, and their gradient."""

import numpy as np
import pytest
import tensorflow as tf

from fer_md.layers import SoftArgmax


def oracle(maps):
    batch, height, width, count = maps.shape
    points = np.zeros((batch, count, 2))
    for b in range(batch):
        for p in range(count):
            weights = np.exp(maps[b, :, :, p] - maps[b, :, :, p].max())
            for y in range(height):
                for x in range(width):
                    place = np.array([(x + 0.5) / width - 0.5, (y + 0.5) / height - 0.5])
                    points[b, p] += weights[y, x] / weights.sum() * place
    return points


def test_by_hand():
    """Weights 1 and 3 of cells at x = -0.25 and 0.25 give x = (3 - 1) / 4 * 0.25 = 0.125; one row is at y = 0."""
    maps = np.log([[[[1.0], [3.0]]]])
    np.testing.assert_allclose(SoftArgmax(dtype="float64")(maps), [[[0.125, 0]]], atol=1e-12)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 1e-5)])
@pytest.mark.parametrize("shape", [(1, 3, 5, 2), (4, 6, 6, 3)])
def test_agrees_with_loops(shape, dtype, tolerance):
    maps = np.random.default_rng(sum(shape)).normal(0, 3, shape).astype(dtype)
    found = SoftArgmax(dtype=dtype)(maps)
    assert found.dtype == dtype and found.shape == (shape[0], shape[3], 2)
    np.testing.assert_allclose(found, oracle(maps), atol=tolerance)


def test_gradient_is_that_of_central_differences():
    maps, layer = tf.constant(np.random.default_rng(0).normal(size=(1, 3, 3, 2))), SoftArgmax(dtype="float64")
    theory, numeric = tf.test.compute_gradient(layer, [maps])
    np.testing.assert_allclose(theory[0], numeric[0], atol=1e-6)


def test_needs_to_know_the_size():
    with pytest.raises(ValueError, match="height and width"):
        SoftArgmax().build((None, None, 4, 2))
