"""Two-dimensional embeddings with their centers, and loss curves, as a picture."""

import numpy as np

from fer_md.evaluation.figures import open_figure, save_figure

COLORS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#7f7f7f")


def save_embedding_picture(path, panels, labels, expressions):
    """Draws a row of scatter plots, one a loss, above a row of their loss curves, as a PNG.

    Args:
        path: the PNG file.
        panels: dicts with ``name``, ``embeddings`` (N, 2), ``centers`` (K, 2) or None, ``accuracy`` or None,
            ``loss_curve`` [(step, value)], ``distances`` (see ``class_distances``) and ``stopped``, a message or None.
        labels: (N,) of the embeddings.
        expressions: K names.
    """
    figure = open_figure(4 * len(panels), 6.4, dpi=100)
    upper, lower = figure.subplots(2, len(panels), height_ratios=(2, 1))
    for panel, points, curve in zip(panels, upper, lower, strict=True):
        _draw_points(points, panel, labels, expressions)
        steps, values = np.array(panel["loss_curve"]).T
        curve.plot(steps, values, color="black")
        curve.set(xlabel="step", title="metric loss" if panel["centers"] is not None else "softmax loss")
        curve.ticklabel_format(useOffset=False)
        curve.grid(alpha=0.3)
    handles = upper[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=len(expressions), markerscale=4)
    save_figure(path, figure)


def _draw_points(axes, panel, labels, expressions):
    for label, name in enumerate(expressions):
        own = panel["embeddings"][labels == label]
        axes.scatter(own[:, 0], own[:, 1], s=4, alpha=0.4, color=COLORS[label % len(COLORS)], label=name)
    shown = np.abs(panel["embeddings"]).max()
    note = ""
    if panel["centers"] is not None:
        centers = np.array(panel["centers"])
        inside = np.abs(centers).max(1) <= 1.5 * shown
        for label in np.flatnonzero(inside):
            axes.scatter(*centers[label], s=130, marker="X", color=COLORS[label % len(COLORS)], edgecolor="black")
        if not inside.all():
            note = f"\n{(~inside).sum()} centers outside, up to {np.abs(centers).max():.1e} away"
    accuracy = "no epoch finished" if panel["accuracy"] is None else f"accuracy {100 * panel['accuracy']:.1f} %"
    axes.set_title(f"{panel['name']}\n{accuracy}, intra / inter {panel['distances']['ratio']:.2f}{note}", fontsize=10)
    axes.tick_params(labelsize=8)
