"""How small a face a detector looks for."""

from collections.abc import Sequence

from fer_md.errors import FerMdError

SMALLEST = 20
"""Side in pixels of the smallest face that is looked for in small pictures."""


def check_search(min_face: int | None, threshold: float) -> None:
    """Raises `FerMdError` unless ``min_face`` is None or at least 5 pixels and ``threshold`` in (0, 1)."""
    if not ((min_face is None or min_face >= 5) and 0 < threshold < 1):
        raise FerMdError(
            f"min_face must be None or 5 or more, threshold above 0 and below 1; got {min_face}, {threshold}"
        )


def smallest_face(shape: Sequence[int], min_face: int | None) -> float:
    """Side in pixels of the smallest face to look for in an image of ``shape``.

    It is ``min_face``, or where that is None an eighteenth of the longer side, but at least `SMALLEST` and at most
    twice as much (the networks for expressions look at 48 pixels), and of images beyond 1,920 pixels a 48th.
    """
    longer = max(shape[:2])
    return min_face or max(min(max(longer / 18, SMALLEST), 2 * SMALLEST), longer / 48)
