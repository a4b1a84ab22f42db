"""Evaluates finished runs, or the package's own network, on one split: metrics.json, confusion_matrix.csv and .png.

python experiments/evaluate.py --run_dir=runs/quick/seed0 --data=runs/data/fer2013 --split=PublicTest
python experiments/evaluate.py --run_dir=runs/quick/seed0 --data=runs/data/fer2013 --split=PrivateTest --averaging=flip
python experiments/evaluate.py --run_dir=runs/method/finetuned --data=runs/data/fer2013 --split=PrivateTest --fuse=equal
python experiments/evaluate.py --pretrained --data=runs/data/fer2013 --split=PrivateTest

--fuse adds up the networks' probabilities (Sec. 3.2.2): those of one fine-tuning run, or of several runs named with
commas. Fitted weights come from --validation, which is then not measured. Choose models on PublicTest; read PrivateTest
once, for the result. The results are written to RUN/eval/ of the first run, those of the package's network to
runs/pretrained/eval/.
"""

import dataclasses
import sys
from pathlib import Path

from absl import flags

from fer_md import console
from fer_md.data.records import load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.components import find_networks, load_scorer, model_hashes, stack_scores
from fer_md.evaluation.measure import Evaluation, leaked_rows, measure, write_evaluation
from fer_md.evaluation.predict import AVERAGING, predict_probabilities
from fer_md.models.fused import check_apart, fit_weights, fuse
from fer_md.pretrained import load_pretrained, read_description
from fer_md.runs.results import read_result
from fer_md.runs.run_directory import read_settings
from pages.cells import percent

FLAGS = flags.FLAGS
flags.DEFINE_list("run_dir", None, "Finished run of experiments/pretrain.py or finetune.py; several for --fuse.")
flags.DEFINE_bool("pretrained", False, "The network that ships with the package, in place of a run's.")
flags.DEFINE_string("data", None, "Prepared folder, made by data_prep/*.py.")
flags.DEFINE_string("split", "PublicTest", "Split to evaluate.")
flags.DEFINE_string("network", None, "One network of the run, for example component1; all by default.")
flags.DEFINE_enum("fuse", "no", ["no", "equal", "fitted"], "Add up the networks' scores, with equal or fitted weights.")
flags.DEFINE_string("validation", "PublicTest", "Split on which the weights of --fuse=fitted are fitted.")
flags.DEFINE_enum(
    "averaging", "none", AVERAGING, "Test-time augmentation: copies of each face whose probabilities are averaged."
)
flags.DEFINE_string("output", None, "Folder for the results in place of RUN/eval.")
flags.mark_flag_as_required("data")


@dataclasses.dataclass(frozen=True)
class Origin:
    """What answered: where its results go, its seed, the settings of its runs, and the hashes of its files."""

    folder: Path
    seed: int
    settings: list
    models: dict


def main():
    info = read_info(FLAGS.data)
    if FLAGS.pretrained == bool(FLAGS.run_dir):
        raise FerMdError("name a --run_dir, or pass --pretrained: one of both")
    if FLAGS.pretrained:
        return evaluate_pretrained(info)
    return evaluate_runs(info)


def evaluate_pretrained(info):
    if FLAGS.network or FLAGS.fuse != "no":
        raise FerMdError("--pretrained is one network, fused already: without --network and --fuse")
    description, split = read_description(), load_split(FLAGS.data, FLAGS.split)
    if info["expressions"] != description["expressions"]:
        raise FerMdError(
            f"{FLAGS.data}: its expressions are not those of the package's network: "
            + ", ".join(description["expressions"])
        )
    probabilities = predict_probabilities(load_pretrained(), split.images, FLAGS.averaging)
    runs, models = description["runs"], {"weights.npz": description["weights_sha256"]}
    origin = Origin(Path("runs/pretrained"), runs[0]["seed"], runs, models)
    label = "" if info["name"] == description["data"] else f"-{info['name']}"
    report(info, split, probabilities, origin, label, {})


def evaluate_runs(info):
    networks = find_networks(FLAGS.run_dir, FLAGS.network)
    if FLAGS.fuse != "no" and len(networks) < 2:
        raise FerMdError(f"{networks[0][0]}: --fuse needs two networks or more; name further runs, with commas")
    if FLAGS.fuse == "fitted":
        check_apart(FLAGS.split, FLAGS.validation)
    split = load_split(FLAGS.data, FLAGS.split)
    scorers = [load_scorer(run, name, info) for run, name in networks]
    evaluate = evaluate_each if FLAGS.fuse == "no" else evaluate_fused
    evaluate(info, split, networks, scorers)


def evaluate_each(info, split, networks, scorers):
    if FLAGS.output and len(networks) > 1:
        raise FerMdError("--output holds one result a split: name one --run_dir and --network, or --fuse")
    scores = stack_scores(scorers, split.images, FLAGS.averaging)
    for (run, name), probabilities in zip(networks, scores, strict=True):
        own = name == "model" and read_settings(run)["data"] == info["name"]
        label = "" if own else f"-{info['name']}-{name}"
        report(info, split, probabilities, origin_of([(run, name)]), label, {})


def evaluate_fused(info, split, networks, scorers):
    origin, label = origin_of(networks), f"-{info['name']}-fused-{FLAGS.fuse}"
    check_same_group(folder_of(origin, label), origin.models)
    scores = stack_scores(scorers, split.images, FLAGS.averaging)
    extra = {"score_weights": [1 / len(networks)] * len(networks)}
    if FLAGS.fuse == "fitted":
        validation = load_split(FLAGS.data, FLAGS.validation)
        known = stack_scores(scorers, validation.images, FLAGS.averaging)
        extra = {"score_weights": fit_weights(known, validation.labels).tolist(), "validation": FLAGS.validation}
    report(info, split, fuse(scores, extra["score_weights"]), origin, label, extra)


def origin_of(networks):
    settings = [read_settings(run) for run, _ in networks]
    return Origin(networks[0][0], settings[0]["seed"], settings, model_hashes(networks))


def report(info, split, probabilities, origin, label, extra):
    """Measures, writes and prints one result."""
    leaked = leaked_rows(FLAGS.data, split, FLAGS.split, origin.settings)
    found = Evaluation(
        data=info["name"],
        split=FLAGS.split,
        averaging=FLAGS.averaging,
        seed=origin.seed,
        manifest_sha256=info["manifest_sha256"],
        models=origin.models,
        **extra,
        **vars(measure(split, probabilities, info["expressions"], leaked)),
    )
    folder = folder_of(origin, label)
    write_evaluation(folder, found, f"{info['name']} {folder.name}: {percent(found.accuracy)} %")
    low, high = found.accuracy_interval
    print(f"{info['name']} {folder.name}: accuracy {found.accuracy:.4f} (95 % {low:.4f} to {high:.4f})")
    print(
        f"  macro recall {found.macro_recall:.4f}  macro F1 {found.macro_f1:.4f}  "
        f"calibration error {found.expected_calibration_error:.4f}"
    )
    print(f"  without the {found.leaked} leaked from Training: {percent(found.accuracy_without_leaked)} %")


def folder_of(origin, label):
    """Where a result is written: ``PrivateTest-flip`` and so on, in the first run's ``eval`` or in --output."""
    name = FLAGS.split + label + ("" if FLAGS.averaging == "none" else f"-{FLAGS.averaging}")
    return Path(FLAGS.output or origin.folder / "eval") / name


def check_same_group(folder, models):
    """``FerMdError`` where a folder holds what other networks give together: two fusions that share their first one."""
    path = folder / "metrics.json"
    earlier = read_result(Evaluation, path).models if path.exists() else models
    if earlier.keys() != models.keys():
        raise FerMdError(f"{folder}: holds the result of {', '.join(earlier)}; name another --output")


if __name__ == "__main__":
    sys.exit(console.run(main))
