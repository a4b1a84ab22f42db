"""When the validation curves are flat, so that training may end before its recipe does (early stopping)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fer_md.arguments import check_whole


def is_flat(rows: Sequence[Mapping[str, Any]], learned: Mapping[str, Sequence[str]], patience: int) -> bool:
    """Whether no network has got better for a while at what it learns.

    Args:
        rows: list of dict, of ``MetricsLog``.
        learned: dict from a network's name to the data sets it learns; of others, which it forgets, the curve does
            not count.
        patience: measurements after a curve's best, at least 1.

    Returns:
        True if the best validation accuracy of every network on every data set it learns was followed by at least
        ``patience`` measurements; what only equals the best is no better.

    Raises:
        ValueError: ``patience`` is below 1.
    """
    check_whole("patience", patience, 1)
    curves: dict[tuple[str, str], list[float]] = {
        (network, data): [] for network, names in learned.items() for data in names
    }
    for row in rows:
        if row["split"] == "validation" and (curve := curves.get((row["network"], row["data"]))) is not None:
            curve.append(row["accuracy"])
    return all(curve and len(curve) - 1 - np.argmax(curve) >= patience for curve in curves.values())
