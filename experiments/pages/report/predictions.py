"""Faces with what the network says of them, and the mistakes it makes with most confidence."""

import html

import numpy as np

from fer_md.data.records import load_split, read_info
from fer_md.evaluation.components import find_networks, load_scorer, stack_scores
from fer_md.models.fused import fuse
from pages.report.page import faces

SPLIT = "PublicTest"
"""The validation split: the test split is not looked at."""
EACH, WORST = 2, 14


def predictions_section(sources):
    """Sheets for every data set: of the fused network where there is one, else of the data set's own run."""
    parts = []
    for run, directory in zip(sources.runs, sources.data, strict=True):
        info, split = read_info(directory), load_split(directory, SPLIT)
        scorers = [load_scorer(*network, info) for network in find_networks([sources.finetuned or run])]
        scores = fuse(stack_scores(scorers, split.images))
        network = "fused network" if sources.finetuned else f"network of {run}"
        parts.append(f"<h3>{html.escape(info['name'])}, {html.escape(network)}</h3>")
        parts.append(_sheets(split, scores, info["expressions"]))
    return "".join(parts)


def _sheets(split, scores, names):
    predictions = scores.argmax(1)
    shown = [i for k in range(len(names)) for i in np.flatnonzero(split.labels == k)[:EACH]]
    wrong = np.flatnonzero((predictions != split.labels) & (split.labels >= 0))
    worst = wrong[np.argsort(-scores[wrong, predictions[wrong]], kind="stable")][:WORST]

    def sheet(rows):
        captions = [(names[split.labels[i]], f"→ {names[predictions[i]]} {scores[i].max():.2f}") for i in rows]
        return faces(split.images[rows], captions, predictions[rows] == split.labels[rows])

    text = f"<p>The first {EACH} of each expression in {SPLIT}, with label, prediction and its probability.</p>"
    text += sheet(np.array(shown))
    if len(worst):
        text += f"<p>The mistakes made with most confidence on {SPLIT}; a label may be the one that is wrong.</p>"
        text += sheet(worst)
    return text
