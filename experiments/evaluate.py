"""Evaluates a finished run on one split: metrics.json, confusion_matrix.csv and .png.

python experiments/evaluate.py --run_dir=runs/quick/seed0 --data=runs/data/fer2013 --split=PublicTest
python experiments/evaluate.py --run_dir=runs/quick/seed0 --data=runs/data/fer2013 --split=PrivateTest --averaging=flip

Choose models on PublicTest; read PrivateTest once, for the result.
"""

from fer_md import console  # isort: skip  (first: it quietens TensorFlow)

import sys
from pathlib import Path

import numpy as np
from absl import flags

from fer_md.data.manifest import file_sha256, read_manifest
from fer_md.data.records import load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.confusion_picture import save_confusion_picture
from fer_md.evaluation.metrics import (
    bootstrap_interval,
    confusion_matrix,
    expected_calibration_error,
    ferplus_labels,
    negative_log_likelihood,
    summarize,
)
from fer_md.evaluation.predict import AVERAGING, predict_probabilities
from fer_md.files import atomic_directory, write_json
from fer_md.training.run_directory import environment, load_model, read_settings

FLAGS = flags.FLAGS
flags.DEFINE_string("run_dir", None, "Finished run of experiments/pretrain.py.")
flags.DEFINE_string("data", None, "Prepared folder, made by data_prep/*.py.")
flags.DEFINE_string("split", "PublicTest", "Split to evaluate.")
flags.DEFINE_enum("averaging", "none", AVERAGING, "Copies of each face whose probabilities are averaged.")
flags.mark_flags_as_required(["run_dir", "data"])


def main():
    settings, info = read_settings(FLAGS.run_dir), read_info(FLAGS.data)
    if info["expressions"] != settings["expressions"]:
        raise FerMdError(f"{FLAGS.data}: labels {info['expressions']}, but the run has {settings['expressions']}")
    split = load_split(FLAGS.data, FLAGS.split)
    model = load_model(FLAGS.run_dir)
    probabilities = predict_probabilities(model, split.images, FLAGS.averaging)
    metrics, confusion = measure(split, probabilities, settings["expressions"])
    name = FLAGS.split if FLAGS.averaging == "none" else f"{FLAGS.split}-{FLAGS.averaging}"
    metrics = {
        "command": " ".join(["python", *sys.argv]),
        "data": info["name"],
        "split": FLAGS.split,
        "averaging": FLAGS.averaging,
        "seed": settings["seed"],
        **metrics,
        "manifest_sha256": info["manifest_sha256"],
        "model_sha256": file_sha256(Path(FLAGS.run_dir) / "model.keras"),
        "environment": environment(),
    }
    write(Path(FLAGS.run_dir) / "eval" / name, metrics, confusion, settings["expressions"])
    low, high = metrics["accuracy_interval"]
    print(f"{info['name']} {name}: accuracy {metrics['accuracy']:.4f} (95 % {low:.4f} to {high:.4f})")
    print(f"  macro recall {metrics['macro_recall']:.4f}  macro F1 {metrics['macro_f1']:.4f}  "
          f"calibration error {metrics['expected_calibration_error']:.4f}")  # fmt: skip
    print(f"  without the {metrics['leaked']} leaked from Training: {metrics['accuracy_without_leaked']:.4f}")


def measure(split, probabilities, expressions):
    labelled = split.labels >= 0
    labels, probabilities = split.labels[labelled], probabilities[labelled]
    predictions = probabilities.argmax(1)
    confusion = confusion_matrix(labels, predictions, len(expressions))
    figures = summarize(confusion)
    leaked = leaked_rows(split)[labelled]
    metrics = {
        "images": len(labels),
        "accuracy": float(figures["accuracy"]),
        "accuracy_interval": bootstrap_interval(confusion, "accuracy"),
        "macro_recall": float(figures["macro_recall"]),
        "macro_recall_interval": bootstrap_interval(confusion, "macro_recall"),
        "macro_f1": float(figures["macro_f1"]),
        "expected_calibration_error": expected_calibration_error(labels, probabilities),
        "negative_log_likelihood": negative_log_likelihood(labels, probabilities),
        "leaked": int(leaked.sum()),
        "accuracy_without_leaked": float((predictions == labels)[~leaked].mean()),
    }
    for name in ("recall", "one_vs_rest_accuracy"):
        values = zip(expressions, figures[name], strict=True)
        metrics[name] = {expression: None if np.isnan(value) else float(value) for expression, value in values}
    if split.votes is not None:
        majority = ferplus_labels(split.votes[labelled])
        kept = majority >= 0
        metrics["ferplus_images"] = int(kept.sum())
        metrics["ferplus_accuracy"] = float((predictions == majority)[kept].mean())
    return metrics, confusion


def leaked_rows(split):
    """Which images of the split are pixel-identical to a Training image."""
    rows = {row.key: row for row in read_manifest(Path(FLAGS.data) / "manifest.csv")}
    training = {row.sha256 for row in rows.values() if row.split == "Training"}
    held_out = FLAGS.split != "Training"
    return np.array([held_out and rows[key].sha256 in training for key in split.keys])


def write(folder, metrics, confusion, expressions):
    with atomic_directory(folder, overwrite=True) as partial:
        write_json(partial / "metrics.json", metrics)
        lines = [",".join(["true\\predicted", *expressions])]
        lines += [",".join([name, *map(str, row)]) for name, row in zip(expressions, confusion, strict=True)]
        (partial / "confusion_matrix.csv").write_text("\n".join(lines) + "\n")
        title = f"{metrics['data']} {folder.name}: {100 * metrics['accuracy']:.2f} %"
        save_confusion_picture(partial / "confusion_matrix.png", confusion, expressions, title)


if __name__ == "__main__":
    sys.exit(console.run(main))
