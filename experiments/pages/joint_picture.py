"""What ways to learn two data sets come to, as a picture: macro recall over accuracy while the prior changes."""

from pathlib import Path

from fer_md.evaluation.figures import open_figure, save_figure
from pages.sections.joint import ALONE
from pages.study_rows import JointRow, JointStudy


def save_joint_picture(path: Path | str, found: JointStudy) -> None:
    """Draws a panel for each data set, as a PNG.

    Each curve is the last network of a row, which is a fused one where it has several, with fitted weights where there
    are such; of the rows that learn one data set alone it is the network of the panel's. Its points go from the first
    data set's prior (a circle) to the second one's.
    """
    figure = open_figure(17, 6)
    for index, (axes, data) in enumerate(zip(figure.subplots(1, 2), found.data, strict=True)):
        shown: dict[str, JointRow] = {}
        for row in found.rows:
            if row.data == data and (not row.row.startswith(ALONE) or row.network == f"component {index + 1}"):
                shown[row.row] = row
        for name, row in shown.items():
            _draw(axes, name, row)
        axes.set(xlabel="accuracy %", ylabel="macro recall %", title=f"{data}, {found.split}")
        axes.grid(alpha=0.3)
    figure.legend(
        *axes.get_legend_handles_labels(), loc="outside right center", title="circle: under the first data set's prior"
    )
    save_figure(path, figure)


def _draw(axes, name: str, row: JointRow) -> None:
    accuracy, recall = (
        [100 * getattr(point, figure) for point in row.points] for figure in ("accuracy", "macro_recall")
    )
    style = {"linestyle": "--"} if name.startswith(ALONE) else {"linewidth": 3 if name.startswith("joint") else 1}
    (line,) = axes.plot(accuracy, recall, marker=".", label=name, **style)
    axes.plot(accuracy[:1], recall[:1], marker="o", markersize=9, markerfacecolor="none", color=line.get_color())
