"""Distances within and between classes."""

import numpy as np

from fer_md.evaluation.distances import class_distances


def test_by_hand():
    """Class means (0, 0) and (3, 4): 25 apart. Within: 1, 1 and 0, 0 about them, a mean of 1/2."""
    embeddings = [[1, 0], [-1, 0], [3, 4], [3, 4], [99, 99]]
    found = class_distances(embeddings, [0, 0, 5, 5, -1])
    np.testing.assert_allclose([found["intra"], found["inter"], found["ratio"]], [0.5, 25, 0.02])
