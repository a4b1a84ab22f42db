"""Figures as the text of a table's cell."""

from pages.rows import ConfusionFigures, Gain

MISSING = "–"
"""Stands for a figure that there is not."""

VIEWS = {"none": "1", "flip": "2 (mirrored)", "tencrop": "10 crops"}
"""Views of a face whose predictions are averaged, by the name of the averaging."""


def percent(value: float | None, digits: int = 2) -> str:
    """0.5 -> "50.00"."""
    return MISSING if value is None else f"{100 * value:.{digits}f}"


def interval(row: ConfusionFigures, name: str = "accuracy") -> str:
    """The 95 % interval of a figure, in per cent: 65.1 to 68.2."""
    low, high = getattr(row, f"{name}_interval")
    return between(low, high)


def between(low: float, high: float) -> str:
    """Two shares in per cent: 65.1 to 68.2."""
    return f"{percent(low, 1)} to {percent(high, 1)}"


def printed(paper: float | None) -> str:
    """A figure of the paper, which is in per cent."""
    return MISSING if paper is None else f"{paper:.2f}"


def difference(value: float | None, paper: float | None) -> str:
    """Ours (a share) minus the paper's (per cent), in points; "" where one is missing."""
    return "" if value is None or paper is None else f"{100 * value - paper:+.2f}"


def points(gain: Gain | None, digits: int = 2) -> str:
    """A difference in points with its interval, and the p-values of its tests where there are any.

    With one digit: -4.79 (-5.8 to -3.8; p < 0.001, 0.377). None gives "".
    """
    if gain is None:
        return ""
    tests = ", ".join(p_value(test.p) for test in gain.mcnemar or ())
    low, high = (f"{100 * end:+.{digits}f}" for end in (gain.low, gain.high))
    return f"{100 * gain.difference:+.2f} ({low} to {high}{tests and f'; p {tests}'})"


def p_value(p: float) -> str:
    """0.0312 -> "0.031", and "< 0.001" below."""
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"
