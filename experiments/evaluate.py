"""Evaluates finished runs on one split, each network alone or fused: metrics.json, confusion_matrix.csv and .png.

python experiments/evaluate.py --run_dir=runs/quick/seed0 --data=runs/data/fer2013 --split=PublicTest
python experiments/evaluate.py --run_dir=runs/quick/seed0 --data=runs/data/fer2013 --split=PrivateTest --averaging=flip
python experiments/evaluate.py --run_dir=runs/method/finetuned --data=runs/data/fer2013 --split=PrivateTest --fuse=equal

--fuse adds up the networks' probabilities (Sec. 3.2.2): those of one fine-tuning run, or of several runs named with
commas. Fitted weights come from --validation. Choose models on PublicTest; read PrivateTest once, for the result.
The results are written to RUN/eval/ of the first run.
"""

from fer_md import console  # isort: skip  (first: it quietens TensorFlow)

import sys

from absl import flags

from fer_md.data.records import load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.components import find_networks, load_scorer, model_hashes, stack_scores
from fer_md.evaluation.fusion import fit_weights, fuse
from fer_md.evaluation.measure import leaked_rows, measure, write_evaluation
from fer_md.evaluation.predict import AVERAGING
from fer_md.training.run_directory import read_settings

FLAGS = flags.FLAGS
flags.DEFINE_list("run_dir", None, "Finished run of experiments/pretrain.py or finetune.py; several for --fuse.")
flags.DEFINE_string("data", None, "Prepared folder, made by data_prep/*.py.")
flags.DEFINE_string("split", "PublicTest", "Split to evaluate.")
flags.DEFINE_string("network", None, "One network of the run, for example component1; all by default.")
flags.DEFINE_enum("fuse", "no", ["no", "equal", "fitted"], "Add up the networks' scores, with equal or fitted weights.")
flags.DEFINE_string("validation", "PublicTest", "Split on which the weights of --fuse=fitted are fitted.")
flags.DEFINE_enum("averaging", "none", AVERAGING, "Copies of each face whose probabilities are averaged.")
flags.mark_flags_as_required(["run_dir", "data"])


def main():
    info = read_info(FLAGS.data)
    networks = find_networks(FLAGS.run_dir, FLAGS.network)
    split = load_split(FLAGS.data, FLAGS.split)
    scorers = [load_scorer(run, name, info) for run, name in networks]
    scores = stack_scores(scorers, split.images, FLAGS.averaging)
    if FLAGS.fuse == "no":
        for (run, name), probabilities in zip(networks, scores, strict=True):
            own = name == "model" and read_settings(run)["data"] == info["name"]
            label = "" if own else f"-{info['name']}-{name}"
            report(info, split, probabilities, [(run, name)], label, {})
        return
    if len(networks) < 2:
        raise FerMdError(f"{networks[0][0]}: --fuse needs two networks or more; name further runs, with commas")
    weights = [1 / len(networks)] * len(networks)
    if FLAGS.fuse == "fitted":
        validation = load_split(FLAGS.data, FLAGS.validation)
        known = stack_scores(scorers, validation.images, FLAGS.averaging)
        weights = fit_weights(known, validation.labels).tolist()
    fused = fuse(scores, weights)
    report(info, split, fused, networks, f"-{info['name']}-fused-{FLAGS.fuse}", {"score_weights": weights})


def report(info, split, probabilities, networks, label, extra):
    """Measures, writes and prints one result."""
    leaked = leaked_rows(FLAGS.data, split, FLAGS.split, [read_settings(run) for run, _ in networks])
    metrics, confusion = measure(split, probabilities, info["expressions"], leaked)
    name = FLAGS.split + label + ("" if FLAGS.averaging == "none" else f"-{FLAGS.averaging}")
    metrics = {
        "data": info["name"],
        "split": FLAGS.split,
        "averaging": FLAGS.averaging,
        "seed": read_settings(networks[0][0])["seed"],
        **extra,
        **metrics,
        "manifest_sha256": info["manifest_sha256"],
        "models": model_hashes(networks),
    }
    title = f"{info['name']} {name}: {100 * metrics['accuracy']:.2f} %"
    write_evaluation(networks[0][0] / "eval" / name, metrics, confusion, info["expressions"], title)
    low, high = metrics["accuracy_interval"]
    print(f"{info['name']} {name}: accuracy {metrics['accuracy']:.4f} (95 % {low:.4f} to {high:.4f})")
    print(f"  macro recall {metrics['macro_recall']:.4f}  macro F1 {metrics['macro_f1']:.4f}  "
          f"calibration error {metrics['expected_calibration_error']:.4f}")  # fmt: skip
    print(f"  without the {metrics['leaked']} leaked from Training: {metrics['accuracy_without_leaked']:.4f}")


if __name__ == "__main__":
    sys.exit(console.run(main))
