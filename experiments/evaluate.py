"""Evaluates finished runs, or a bundled network, on one split: metrics.json, confusion_matrix.csv and .png.

python experiments/evaluate.py --run_dir=runs/quick/seed0 --data=runs/data/fer2013 --split=PublicTest
python experiments/evaluate.py --run_dir=runs/quick/seed0 --data=runs/data/fer2013 --split=PrivateTest --averaging=flip
python experiments/evaluate.py --run_dir=runs/method/finetuned --data=runs/data/fer2013 --split=PrivateTest --fuse=equal
python experiments/evaluate.py --pretrained --data=runs/data/fer2013 --split=PrivateTest
python experiments/evaluate.py --pretrained --data=runs/data/facial_expressions --prior=facial_expressions

--fuse adds up the networks' probabilities (Sec. 3.2.2): those of one fine-tuning run, or of several runs named with
commas. Fitted weights come from --validation, which is then not measured. With --prior everything is also measured
while another prior replaces more and more of the networks' own (fer_md/evaluation/prior.py). Choose models, and the
share of a prior, on PublicTest; read PrivateTest once, for the result. The results are written to RUN/eval/ of the
first run, those of a bundled network to runs/pretrained/NAME/eval/.
"""

import dataclasses
import sys
from pathlib import Path

from fer_md import console
from fer_md.data.records import load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.components import find_networks, fused_prior, load_scorer, model_hashes, stack_scores
from fer_md.evaluation.copies import AVERAGING
from fer_md.evaluation.measure import Evaluation, leaked_rows, measure, prior_curve, write_evaluation
from fer_md.evaluation.predict import predict_probabilities
from fer_md.evaluation.prior import learned_prior, parse_prior, prior_shift
from fer_md.models.fused import check_apart, check_weights, fit_weights, fuse
from fer_md.pretrained.load import load_pretrained
from fer_md.pretrained.networks import NETWORKS, describe
from fer_md.runs.results import read_result
from fer_md.runs.run_directory import read_settings
from pages.cells import percent


@dataclasses.dataclass(frozen=True)
class Settings:
    run_dir: tuple[str, ...] | None = console.flag(
        "Finished run of experiments/pretrain.py or finetune.py; several for --fuse.", None
    )
    pretrained: bool = console.flag("A bundled network instead of a run.", False)
    data: str = console.flag("Prepared folder, made by data_prep/*.py.")
    split: str = console.flag("Split to evaluate.", "PublicTest")
    network: str | None = console.flag(
        "One network of the run, such as component1; all by default. With --pretrained: fer2013, the default, or "
        "photographs.",
        None,
    )
    fuse: str = console.flag(
        "Add up the networks' scores, with equal or fitted weights.", "no", choices=("no", "equal", "fitted")
    )
    validation: str = console.flag("Split on which the weights of --fuse=fitted are fitted.", "PublicTest")
    averaging: str = console.flag(
        "Test-time augmentation: copies of each face whose probabilities are averaged.", "none", choices=AVERAGING
    )
    prior: str | None = console.flag(
        "Also measure with shares of this prior: uniform, fer2013, facial_expressions, or happiness=0.4,neutral=0.5 "
        "and so on for all expressions.",
        None,
    )
    output: str | None = console.flag("Folder for the results, instead of RUN/eval.", None)


@dataclasses.dataclass(frozen=True)
class Origin:
    """What answered: where its results go, its seed, the settings of its runs, and the hashes of its files."""

    folder: Path
    seed: int
    settings: list
    models: dict


def main(settings: Settings) -> None:
    info = read_info(settings.data)
    if settings.pretrained == bool(settings.run_dir):
        raise FerMdError("name a --run_dir, or pass --pretrained: one of both")
    evaluate = evaluate_pretrained if settings.pretrained else evaluate_runs
    evaluate(settings, info)


def evaluate_pretrained(settings, info):
    if settings.fuse != "no":
        raise FerMdError("--pretrained is one network, fused already: without --fuse")
    name = console.one_of("network", settings.network or "fer2013", NETWORKS)
    description, split = describe(name), load_split(settings.data, settings.split)
    if info["expressions"] != description["expressions"]:
        raise FerMdError(
            f"{settings.data}: its expressions are not those of the package's network: "
            + ", ".join(description["expressions"])
        )
    shift = shift_of(settings, info, learned_prior(description, info["expressions"]))
    probabilities = predict_probabilities(load_pretrained(name), split.images, settings.averaging)
    runs, models = description["runs"], description["weights"]
    origin = Origin(Path("runs/pretrained") / name, runs[0]["seed"], runs, models)
    label = "" if info["name"] == description["data"] else f"-{info['name']}"
    report(settings, info, split, probabilities, origin, label, shift)


def evaluate_runs(settings, info):
    networks = find_networks(settings.run_dir, settings.network, info["name"])
    if settings.fuse != "no" and len(networks) < 2:
        raise FerMdError(f"{networks[0][0]}: --fuse needs two networks or more; name further runs, with commas")
    if settings.fuse == "fitted":
        check_apart(settings.split, settings.validation)
    split = load_split(settings.data, settings.split)
    scorers = [load_scorer(run, name, info) for run, name in networks]
    evaluate = evaluate_each if settings.fuse == "no" else evaluate_fused
    evaluate(settings, info, split, networks, scorers)


def evaluate_each(settings, info, split, networks, scorers):
    if settings.output and len(networks) > 1:
        raise FerMdError("--output holds one result a split: name one --run_dir and --network, or --fuse")
    shifts = [shift_of(settings, info, fused_prior([network], info["expressions"])) for network in networks]
    scores = stack_scores(scorers, split.images, settings.averaging)
    for (run, name), probabilities, shift in zip(networks, scores, shifts, strict=True):
        own = name == "model" and read_settings(run)["data"] == info["name"]
        label = "" if own else f"-{info['name']}-{name}"
        report(settings, info, split, probabilities, origin_of([(run, name)]), label, shift)


def evaluate_fused(settings, info, split, networks, scorers):
    origin, label = origin_of(networks), f"-{info['name']}-fused-{settings.fuse}"
    check_same_group(folder_of(settings, origin, label), origin.models)
    scores = stack_scores(scorers, split.images, settings.averaging)
    extra = {"score_weights": check_weights(None, len(networks))}
    if settings.fuse == "fitted":
        validation = load_split(settings.data, settings.validation)
        known = stack_scores(scorers, validation.images, settings.averaging)
        extra = {"score_weights": fit_weights(known, validation.labels).tolist(), "validation": settings.validation}
    weights = extra["score_weights"]
    shift = shift_of(settings, info, fused_prior(networks, info["expressions"], weights))
    report(settings, info, split, fuse(scores, weights), origin, label, shift, **extra)


def shift_of(settings, info, learned):
    """What all of --prior adds to the logits of networks that hold the prior ``learned``; None without one."""
    if settings.prior is None:
        return None
    return prior_shift(parse_prior(settings.prior), 1.0, learned, info["expressions"])


def origin_of(networks):
    settings = [read_settings(run) for run, _ in networks]
    return Origin(networks[0][0], settings[0]["seed"], settings, model_hashes(networks))


def report(settings, info, split, probabilities, origin, label, shift, **extra):
    """Measures, writes and prints one result."""
    if shift is not None:
        extra["prior_curve"] = prior_curve(split, probabilities, info["expressions"], settings.prior, shift)
    leaked = leaked_rows(settings.data, split, settings.split, origin.settings)
    found = Evaluation(
        data=info["name"],
        split=settings.split,
        averaging=settings.averaging,
        seed=origin.seed,
        manifest_sha256=info["manifest_sha256"],
        models=origin.models,
        **extra,
        **vars(measure(split, probabilities, info["expressions"], leaked)),
    )
    folder = folder_of(settings, origin, label)
    write_evaluation(folder, found, f"{info['name']} {folder.name}: {percent(found.accuracy)} %")
    low, high = found.accuracy_interval
    print(f"{info['name']} {folder.name}: accuracy {found.accuracy:.4f} (95 % {low:.4f} to {high:.4f})")
    print(
        f"  macro recall {found.macro_recall:.4f}  macro F1 {found.macro_f1:.4f}  "
        f"calibration error {found.expected_calibration_error:.4f}"
    )
    print(f"  without the {found.leaked} leaked from Training: {percent(found.accuracy_without_leaked)} %")
    for point in found.prior_curve.points if found.prior_curve else ():
        print(
            f"  {point.share:.2f} of the prior {settings.prior}: accuracy {percent(point.accuracy)} %  "
            f"macro recall {percent(point.macro_recall)} %  log loss {point.negative_log_likelihood:.4f}"
        )


def folder_of(settings, origin, label):
    """Where a result is written: ``PrivateTest-flip`` and so on, in the first run's ``eval`` or in --output."""
    name = settings.split + label + ("" if settings.averaging == "none" else f"-{settings.averaging}")
    return Path(settings.output or origin.folder / "eval") / name


def check_same_group(folder, models):
    """``FerMdError`` where a folder holds what other networks give together: two fusions that share their first one."""
    path = folder / "metrics.json"
    earlier = read_result(Evaluation, path).models if path.exists() else models
    if earlier.keys() != models.keys():
        raise FerMdError(f"{folder}: holds the result of {', '.join(earlier)}; name another --output")


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
