"""The figures of groups as points with their intervals, a panel for each figure."""

from matplotlib.figure import Figure

from fer_md.evaluation.figures import open_figure
from fer_md.evaluation.groups import OVERALL, Comparison

_COLUMNS = 4


def draw_groups(found: Comparison) -> Figure | None:
    """The picture of the groups that are large enough; None where there is none."""
    groups = [group for group in found.groups if group.figures]
    names = [name for name in groups[0].figures if any(group.figures[name] for group in groups)] if groups else []
    if not names:
        return None
    rows = -(-len(names) // _COLUMNS)
    figure = open_figure(3.2 * _COLUMNS, rows * (1.1 + 0.28 * len(groups)))
    panels = figure.subplots(rows, _COLUMNS, sharey=True, squeeze=False).ravel()
    for axes, name in zip(panels, names, strict=False):
        for place, group in enumerate(groups):
            if estimate := group.figures[name]:
                value, low, high = (100 * each for each in (estimate.value, estimate.low, estimate.high))
                axes.plot([low, high], [place, place], color="tab:blue", linewidth=2)
                axes.plot([value], [place], "o", color="tab:blue")
        axes.set(title=f"{name}, {'points' if name == OVERALL[3] else '%'}", ylim=(len(groups) - 0.5, -0.5))
        axes.set_yticks(range(len(groups)), [group.name for group in groups])
        axes.grid(alpha=0.3)
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    return figure
