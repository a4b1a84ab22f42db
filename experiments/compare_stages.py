"""The method's table: each component before and after fine-tuning, and fused, on every data set, beside the paper.

python experiments/compare_stages.py --components=runs/method/component1,runs/method/component2 \\
    --finetuned=runs/method/finetuned --data=runs/data/fer2013,runs/data/facial_expressions --output=FILE.json

Score weights are fitted on --validation. The test split is read here once, for the result.
"""

import sys
from pathlib import Path

from absl import flags

from fer_md import console
from fer_md.data.records import load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.components import find_head, find_networks, model_hashes, stack_scores
from fer_md.evaluation.measure import leaked_rows, measure
from fer_md.evaluation.predict import AVERAGING
from fer_md.files import file_sha256
from fer_md.models.fused import check_apart, fit_weights, fuse
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import load_model, read_settings
from fer_md.training.exchange import check_stage
from pages.paper_tables import FUSED, PRETRAINED
from pages.result_files import read_run_time
from pages.rows import StageRow, Stages

FLAGS = flags.FLAGS
flags.DEFINE_list("components", None, "Finished pre-training runs, one a component.")
flags.DEFINE_string("finetuned", None, "Finished run of experiments/finetune.py on them.")
flags.DEFINE_list("data", None, "Prepared folders; the i-th is what component i was pre-trained on.")
flags.DEFINE_string("split", "PrivateTest", "Split to measure on.")
flags.DEFINE_string("validation", "PublicTest", "Split on which score weights are fitted.")
flags.DEFINE_enum(
    "averaging", "none", AVERAGING, "Test-time augmentation: copies of each face whose probabilities are averaged."
)
flags.DEFINE_string("output", None, "JSON file for the table.")
flags.mark_flags_as_required(["components", "finetuned", "data"])


def main():
    check_apart(FLAGS.split, FLAGS.validation)
    protocol = check_stage(FLAGS.components, FLAGS.data)
    if read_settings(FLAGS.finetuned).get("protocol") != protocol.sha256:
        raise FerMdError(f"{FLAGS.finetuned}: was fine-tuned on other data sets than {', '.join(FLAGS.data)}")
    hashes = [file_sha256(Path(run) / "model.keras") for run in FLAGS.components]
    if read_settings(FLAGS.finetuned)["components"] != hashes:
        raise FerMdError(f"{FLAGS.finetuned}: was fine-tuned from other components than {', '.join(FLAGS.components)}")
    stages = {"pre-trained": find_networks(FLAGS.components), "fine-tuned": find_networks([FLAGS.finetuned])}
    rows = [
        row
        for number, directory in enumerate(FLAGS.data)
        for stage, networks in stages.items()
        for row in stage_rows(stage, networks, number, directory)
    ]
    print_table(rows)
    if FLAGS.output:
        runs = [*FLAGS.components, FLAGS.finetuned]
        times = [read_run_time(run) for run in runs]
        write_result(
            FLAGS.output,
            Stages(
                split=FLAGS.split,
                validation=FLAGS.validation,
                averaging=FLAGS.averaging,
                protocol=protocol.sha256,
                models=model_hashes(sum(stages.values(), [])),
                settings=[read_settings(run) for run in runs],
                seconds=[time.seconds for time in times],
                epochs=[time.epochs for time in times],
                rows=rows,
            ),
        )


def stage_rows(stage, networks, number, directory):
    """The rows of one stage on one data set: each component with a head for it, and these fused."""
    info, split = read_info(directory), load_split(directory, FLAGS.split)
    models = {(run, name): load_model(run, name) for run, name in networks}
    heads = {(run, name): find_head(run, name, model, info) for (run, name), model in models.items()}
    networks = [network for network in networks if heads[network]]
    scorers = [(models[network], heads[network]) for network in networks]
    validation = load_split(directory, FLAGS.validation)
    scores = stack_scores(scorers, split.images, FLAGS.averaging)
    weights = fit_weights(stack_scores(scorers, validation.images, FLAGS.averaging), validation.labels)
    leaked = leaked_rows(directory, split, FLAGS.split, [read_settings(run) for run, _ in networks])
    kinds = []
    for (run, name), own in zip(networks, scores, strict=True):
        index = [Path(path) for path in FLAGS.components].index(run) if name == "model" else component_number(name)
        kinds.append((f"component {index + 1}", own, None, index == number))
    kinds.append(("fused, equal weights", fuse(scores), None, False))
    kinds.append(("fused, fitted weights", fuse(scores, weights), weights.tolist(), False))
    for name, probabilities, used, first_data in kinds:
        yield StageRow(
            data=info["name"],
            stage=stage,
            network=name,
            **paper_figure(info["name"], stage, name, first_data),
            score_weights=used,
            expressions=info["expressions"],
            **vars(measure(split, probabilities, info["expressions"], leaked)),
        )


def paper_figure(data, stage, network, first_data):
    """What the paper reports in this row's place, in per cent, and which of our figures it is."""
    if stage == "pre-trained" and first_data:
        return {"paper": PRETRAINED.get(data), "paper_measures": "accuracy"}
    fused = data == "fer2013" and stage == "fine-tuned" and network == "fused, equal weights"
    return {"paper": FUSED if fused else None, "paper_measures": "macro_recall" if fused else "accuracy"}


def component_number(name):
    """0 for ``component1`` and so on."""
    return int(name.removeprefix("component")) - 1


def print_table(rows):
    print(f"{'data set':22}{'stage':13}{'network':24}{'accuracy':>9}{'95 % interval':>16}{'macro recall':>14}   paper")
    for row in rows:
        low, high = (100 * value for value in row.accuracy_interval)
        paper = f"{row.paper:.2f}" if row.paper else "-"
        print(
            f"{row.data:22}{row.stage:13}{row.network:24}{100 * row.accuracy:9.2f}"
            f"{low:9.1f} – {high:4.1f}{100 * row.macro_recall:14.2f}{paper:>8}"
        )


if __name__ == "__main__":
    sys.exit(console.run(main))
