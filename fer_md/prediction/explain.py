"""What decided the label of a face, as a figure."""

from matplotlib.figure import Figure

from fer_md.evaluation.figures import open_figure
from fer_md.prediction.results import Explanation, FacePrediction

WEAKEST = 0.1
"""Fall of the probability that has full colour, at least: what changes the answer less remains pale."""


def draw_explanation(explanation: Explanation, face: FacePrediction, title: str) -> Figure:
    """Draws a face as the network sees it, the same under its heat map, and a bar for each probability."""
    figure = open_figure(10, 3.2)
    seen, explained, bars = figure.subplots(1, 3, width_ratios=(1, 1.3, 1.2))
    figure.suptitle(title)
    for axes in (seen, explained):
        axes.imshow(explanation.crop, cmap="gray", vmin=0, vmax=255)
        axes.set_axis_off()
    seen.set_title("what the network sees")
    most = max(WEAKEST, abs(explanation.heat).max())
    colors = explained.imshow(explanation.heat, cmap="RdBu_r", vmin=-most, vmax=most, alpha=0.5)
    explained.set_title(f"what speaks for {face.label}")
    figure.colorbar(colors, ax=explained, label="fall of its probability when hidden")
    names, values = list(face.probabilities), list(face.probabilities.values())
    bars.barh(names, values, color=["tab:orange" if name == face.label else "tab:blue" for name in names])
    bars.bar_label(bars.containers[0], [f"{100 * value:.0f} %" for value in values], padding=2)
    bars.set(xlim=(0, 1.18), xlabel="probability", xticks=(0, 0.5, 1))
    bars.invert_yaxis()
    bars.spines[["top", "right"]].set_visible(False)
    return figure
