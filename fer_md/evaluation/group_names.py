"""From the cells of a column to the groups that they divide pictures into."""

import math
from collections.abc import Sequence

import numpy as np

from fer_md.errors import FerMdError

MOST = 50
"""Groups of a column."""

NOT_STATED = "not stated"
"""The group of pictures whose cell is empty."""

PARTS, FEW = 4, 10
"""Groups that numbers become where there are more than ``FEW`` different ones."""


def groups_of_cells(cells: Sequence[str]) -> list[str]:
    """The group of each picture: what the cell says, or the part that its number lies in.

    Args:
        cells: (N,) texts, "" where nothing is stated.

    Returns:
        (N,) names of at most ``MOST`` groups. More than ``FEW`` different numbers become ``PARTS`` groups of about
        equal size, such as ``18 to 25``.

    Raises:
        FerMdError: there are more.
    """
    stated = sorted({*cells} - {""})
    numbers = {cell: _number(cell) for cell in stated}
    names = {cell: cell for cell in stated}
    if len(set(numbers.values())) > FEW and None not in numbers.values():
        names = _parts([numbers[cell] for cell in cells if cell], numbers)
    if len(set(names.values())) > MOST:
        raise FerMdError(f"{len(stated)} different values, such as {stated[0][:40]!r}; groups are {MOST} at most")
    return [names[cell] if cell else NOT_STATED for cell in cells]


def _number(cell):
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _parts(values, numbers):
    """From each cell to the name of its part: the smallest and the largest number in it."""
    edges = np.quantile(values, np.arange(1, PARTS) / PARTS)
    places = {cell: int(np.searchsorted(edges, number)) for cell, number in numbers.items()}
    inside = {place: [numbers[cell] for cell, own in places.items() if own == place] for place in places.values()}
    return {cell: f"{min(inside[place]):g} to {max(inside[place]):g}" for cell, place in places.items()}
