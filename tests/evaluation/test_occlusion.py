"""Where a network looks, by hiding parts of a face."""

import numpy as np
import pytest

from fer_md.evaluation.occlusion import PATCH, STEP, occlusion_map


def test_a_network_that_looks_at_one_pixel():
    """Black but for the pixel (20, 20), which is white: the mean is 0, so that hiding it takes the whole probability.

    Squares of 12 pixels begin at multiples of 4. Those that begin at 12, 16 and 20 hide row 20; those at 16, 20 and 24
    row 24. So of the 9 squares over (20, 20) all take it; of those over (24, 20) 2 x 3, over (24, 24) 2 x 2 and over
    (28, 28) one; over (32, 20) none.
    """
    face = np.zeros((48, 48), np.uint8)
    face[20, 20] = 255

    def classify(faces):
        seen = faces[:, 20, 20] / 255
        return np.stack([1 - seen, seen], 1)

    heat = occlusion_map(classify, face, 1)
    for place, share in (
        ((20, 20), 9),
        ((23, 23), 9),
        ((24, 20), 6),
        ((24, 24), 4),
        ((28, 28), 1),
        ((32, 20), 0),
        ((0, 0), 0),
    ):
        assert heat[place] == pytest.approx(share / 9)
    np.testing.assert_allclose(occlusion_map(classify, face, 0), -heat)


@pytest.mark.parametrize("seed", range(3))
def test_the_mean_over_all_squares_that_hide_a_pixel(seed):
    """An oracle by loops over pixels and squares, with a random linear network and softmax."""
    rng = np.random.default_rng(seed)
    face, weights = rng.integers(0, 256, (16, 16), np.uint8), rng.normal(0, 0.002, (256, 3))

    def classify(faces):
        powers = np.exp(faces.reshape(len(faces), -1) @ weights)
        return powers / powers.sum(1, keepdims=True)

    expected = np.zeros((16, 16))
    for y in range(16):
        for x in range(16):
            falls = []
            for top in range(-8, 16, STEP):
                for left in range(-8, 16, STEP):
                    if top <= y < top + PATCH and left <= x < left + PATCH:
                        hidden = face.copy()
                        for row in range(max(top, 0), min(top + PATCH, 16)):
                            for column in range(max(left, 0), min(left + PATCH, 16)):
                                hidden[row, column] = round(face.mean())
                        falls.append(classify(face[None])[0, 2] - classify(hidden[None])[0, 2])
            assert len(falls) == 9
            expected[y, x] = np.mean(falls)
    np.testing.assert_allclose(occlusion_map(classify, face, 2), expected, atol=1e-12)
