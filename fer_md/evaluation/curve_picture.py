"""Curves as a picture: cumulative errors, precision and recall."""

from fer_md.evaluation.figures import open_figure, save_figure


def save_curves(path, curves, x_label, y_label, title, x_limit):
    """Draws curves over one another, as a PNG.

    Args:
        path: the PNG file.
        curves: dict of name to (x, y), two sequences.
        x_label, y_label: of the axes.
        title: above the curves.
        x_limit: right end of the x axis, which begins at 0; the y axis goes from 0 to 1.
    """
    figure = open_figure(7, 5)
    axes = figure.add_subplot()
    for name, (x, y) in curves.items():
        axes.plot(x, y, label=name)
    axes.set(xlabel=x_label, ylabel=y_label, title=title, xlim=(0, x_limit), ylim=(0, 1.02))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right" if x_limit < 1 else "lower left")
    save_figure(path, figure)
