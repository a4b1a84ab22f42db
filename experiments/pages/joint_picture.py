"""What ways to learn two data sets come to, as a picture: macro recall over accuracy while the prior changes."""

from pathlib import Path

from fer_md.evaluation.figures import open_figure, save_figure
from pages.sections.joint import ALONE
from pages.study_rows import JointRow, JointStudy


def save_joint_picture(path: Path | str, found: JointStudy) -> None:
    """Draws a panel for each data set, as a PNG.

    Each curve is a row's last network, which is the fused one where it has several. Its points go from the first data
    set's prior (a circle) to the second one's.
    """
    figure = open_figure(14, 6)
    for axes, data in zip(figure.subplots(1, 2), found.data, strict=True):
        last = {row.row: row for row in found.rows if row.data == data}
        for name, row in last.items():
            _draw(axes, name, row)
        axes.set(xlabel="accuracy %", ylabel="macro recall %", title=f"{data}, {found.split}")
        axes.grid(alpha=0.3)
    axes.legend(loc="lower left", title="○ first data set's prior")
    save_figure(path, figure)


def _draw(axes, name: str, row: JointRow) -> None:
    accuracy, recall = (
        [100 * getattr(point, figure) for point in row.points] for figure in ("accuracy", "macro_recall")
    )
    style = {"linestyle": "--"} if name.startswith(ALONE) else {"linewidth": 3 if name.startswith("joint") else 1}
    (line,) = axes.plot(accuracy, recall, marker=".", label=f"{name}, {row.network}", **style)
    axes.plot(accuracy[:1], recall[:1], marker="o", markersize=9, markerfacecolor="none", color=line.get_color())
