"""One row of a table from several trainings that differ in their seed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def over_seeds(results: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, float | None]:
    """Mean and standard deviation of figures over the seeds.

    Args:
        results: dicts, one a seed.
        names: the figures to take.

    Returns:
        dict with ``name``, the mean as a float, and ``name_std``, the deviation with N - 1 in the denominator, None
        for a single seed.
    """
    values = {name: [result[name] for result in results] for name in names}
    means = {name: float(np.mean(found)) for name, found in values.items()}
    several = len(results) > 1
    return {**means, **{f"{name}_std": float(np.std(v, ddof=1)) if several else None for name, v in values.items()}}
