"""Curves as a picture: cumulative errors, precision and recall."""

import dataclasses

from fer_md.evaluation.figures import open_figure, save_figure


@dataclasses.dataclass(frozen=True)
class Panel:
    """Curves over one another.

    Attributes:
        curves: dict of name to (x, y), two sequences.
        x_label, y_label: of the axes.
        title: above the curves.
        x_limit: right end of the x axis, which begins at 0; the y axis goes from 0 to 1.
    """

    curves: dict
    x_label: str
    y_label: str
    title: str
    x_limit: float


def save_curves(path, *panels):
    """Draws one `Panel` or several side by side, as a PNG."""
    figure = open_figure(7 * len(panels), 5)
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        for name, (x, y) in panel.curves.items():
            axes.plot(x, y, label=name)
        axes.set(xlabel=panel.x_label, ylabel=panel.y_label, title=panel.title, xlim=(0, panel.x_limit), ylim=(0, 1.02))
        axes.grid(alpha=0.3)
        axes.legend(loc="lower right" if panel.x_limit < 1 else "lower left")
    save_figure(path, figure)
