"""All figures of one evaluation, and the folder they are written to."""

import numpy as np

from fer_md.data.manifest import read_manifest
from fer_md.data.records import read_info
from fer_md.evaluation.confusion_picture import save_confusion_picture
from fer_md.evaluation.metrics import (
    bootstrap_interval,
    confusion_matrix,
    expected_calibration_error,
    ferplus_labels,
    negative_log_likelihood,
    summarize,
)
from fer_md.evaluation.quality import accuracy_by_quality
from fer_md.files import atomic_directory
from fer_md.runs.results import write_result


def measure(split, probabilities, expressions, leaked):
    """The metrics of a split's labelled images, and their confusion matrix.

    Args:
        split: ``Split``, its labels in the order of ``expressions``; negative ones do not count.
        probabilities: (N, K), a row an image of the split.
        expressions: K names.
        leaked: (N,) bool, see ``leaked_rows``.

    Returns:
        dict of JSON values, and the (K, K) confusion matrix of counts, rows true.
    """
    labelled = split.labels >= 0
    labels, probabilities, leaked = split.labels[labelled], probabilities[labelled], leaked[labelled]
    predictions = probabilities.argmax(1)
    confusion = confusion_matrix(labels, predictions, len(expressions))
    metrics = {
        **confusion_figures(confusion, expressions),
        "confusion": confusion.tolist(),
        "expected_calibration_error": expected_calibration_error(labels, probabilities),
        "negative_log_likelihood": negative_log_likelihood(labels, probabilities),
        "leaked": int(leaked.sum()),
        "accuracy_without_leaked": mean_or_none((predictions == labels)[~leaked]),
    }
    if len(labels) >= 3:
        metrics["accuracy_by_quality"] = accuracy_by_quality(split.images[labelled], predictions == labels)
    if split.votes is not None:
        majority = ferplus_labels(split.votes[labelled])
        kept = majority >= 0
        metrics["ferplus_images"] = int(kept.sum())
        metrics["ferplus_accuracy"] = mean_or_none((predictions == majority)[kept])
    return metrics, confusion


def confusion_figures(confusion, expressions):
    """The metrics that follow from a (K, K) confusion matrix of counts, rows true; a dict of JSON values."""
    figures = summarize(confusion)
    result = {"images": int(np.sum(confusion))}
    for name in ("accuracy", "macro_recall"):
        result |= {name: float(figures[name]), f"{name}_interval": bootstrap_interval(confusion, name)}
    result["macro_f1"] = float(figures["macro_f1"])
    for name in ("recall", "one_vs_rest_accuracy"):
        result[name] = by_expression(figures[name], expressions)
    return result


def mean_or_none(values):
    """The mean of (N,) values as a float, None where there are none."""
    return float(np.mean(values)) if len(values) else None


def by_expression(values, expressions):
    """The (K,) figures of the expressions as a dict of JSON values; None for NaN, an expression that is absent."""
    named = zip(expressions, values, strict=True)
    return {expression: None if np.isnan(value) else float(value) for expression, value in named}


def leaked_rows(directory, split, name, settings):
    """Which images of a split the networks may have learned from.

    Args:
        directory: prepared data set.
        split: ``Split``.
        name: of the split.
        settings: of the networks' runs. One that did not learn from this data set does not count, nor does one with a
            protocol, which left out of Training what any split holds out.

    Returns:
        (N,) bool: pixel-identical to a Training image of the same data set; nothing where no run counts.
    """
    data = read_info(directory)["name"]
    known = [own for own in settings if data in np.atleast_1d(own["data"])]
    if all(own.get("protocol") for own in known):
        return np.zeros(len(split.keys), bool)
    rows = {row.key: row for row in read_manifest(f"{directory}/manifest.csv")}
    training = {row.sha256 for row in rows.values() if row.split == "Training"}
    return np.array([name != "Training" and rows[key].sha256 in training for key in split.keys])


def write_evaluation(folder, metrics, confusion, expressions, title):
    """Writes ``metrics.json``, ``confusion_matrix.csv`` and ``.png``, all or none, in place of earlier ones."""
    with atomic_directory(folder, overwrite=True) as partial:
        write_result(partial / "metrics.json", metrics)
        lines = [",".join(["true\\predicted", *expressions])]
        lines += [",".join([name, *map(str, row)]) for name, row in zip(expressions, confusion, strict=True)]
        (partial / "confusion_matrix.csv").write_text("\n".join(lines) + "\n")
        save_confusion_picture(partial / "confusion_matrix.png", confusion, expressions, title)
