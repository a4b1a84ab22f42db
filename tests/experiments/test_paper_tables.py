"""The paper's tables are those that its text prints."""

import numpy as np
import pytest

from pages.paper_tables import CONFUSIONS, FUSED, METHODS


@pytest.mark.parametrize(
    ("number", "rows", "columns", "mean"),
    [
        (1, [101.2, 101.0, 116.9, 96.6, 101.3, 129.6, 107.2], [105.0, 110.1, 123.9, 91.9, 104.9, 120.3, 97.7], 79.71),
        (2, [100, 101.2, 100.5, 101.8, 98.8, 111.2, 100.1], [101.5, 106.8, 109.0, 102.3, 98.8, 100.4, 94.8], 95.60),
        (3, [104.4, 104.7, 112.0, 102.7, 99.0, 72.7, 90.7], [110.9, 100.0, 93.7, 117.1, 89.5, 63.5, 111.5], 76.34),
    ],
)
def test_sums_and_diagonals(number, rows, columns, mean):
    """Sums worked out from the paper's text before these tables were typed off."""
    table = CONFUSIONS[number]
    np.testing.assert_allclose(np.sum(table.cells, 1), rows, atol=0.051)
    np.testing.assert_allclose(np.sum(table.cells, 0), columns, atol=0.051)
    assert table.mean == pytest.approx(mean, abs=0.005)


def test_79_7_is_the_mean_of_the_first_diagonal():
    assert CONFUSIONS[1].mean == pytest.approx(FUSED, abs=0.05) and METHODS["ours"] == (None, None)
    assert CONFUSIONS[1].diagonal["fear"] == 79.2
