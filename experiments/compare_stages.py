"""The method's table: each component before and after fine-tuning, and fused, on every data set, beside the paper.

With --alone and --joint also what else the components could have done: gone on alone, or learned both data sets.

python experiments/compare_stages.py --components=runs/method/component1,runs/method/component2 \\
    --finetuned=runs/method/finetuned --data=runs/data/fer2013,runs/data/facial_expressions --output=FILE.json

Score weights are fitted on --validation. The test split is read here once, for the result.
"""

import dataclasses
import sys
from pathlib import Path

from fer_md import console
from fer_md.data.records import load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.components import find_head, find_networks, model_hashes, stack_scores
from fer_md.evaluation.copies import AVERAGING
from fer_md.evaluation.measure import leaked_rows, measure
from fer_md.files import file_sha256
from fer_md.models.fused import check_apart, fit_weights, fuse
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import load_model, network_names, read_settings
from fer_md.training.exchange import check_exchange
from pages.paper_tables import FUSED, PRETRAINED
from pages.result_files import read_run_time
from pages.rows import StageRow, Stages


@dataclasses.dataclass(frozen=True)
class Settings:
    components: tuple[str, ...] = console.flag("Finished pre-training runs, one per component.")
    finetuned: str = console.flag("Finished run of experiments/finetune.py on them.")
    data: tuple[str, ...] = console.flag("Prepared folders; the i-th is what component i was pre-trained on.")
    alone: tuple[str, ...] = console.flag(
        "Finished runs of experiments/pretrain.py in which each component goes on with its own data set; none by "
        "default.",
        (),
    )
    joint: tuple[str, ...] = console.flag(
        "Finished runs of experiments/joint.py that each component starts; none by default.", ()
    )
    split: str = console.flag("Split to measure on.", "PrivateTest")
    validation: str = console.flag("Split on which score weights are fitted.", "PublicTest")
    averaging: str = console.flag(
        "Test-time augmentation: copies of each face whose probabilities are averaged.", "none", choices=AVERAGING
    )
    output: str | None = console.new_file("JSON file for the table.", None)


def main(settings: Settings) -> None:
    check_apart(settings.split, settings.validation)
    protocol = check_exchange(settings.finetuned, settings.components, settings.data)
    for flag in ("alone", "joint"):
        check_start(flag, getattr(settings, flag), settings.components)
    runs = [*settings.components, *settings.alone, *settings.joint, settings.finetuned]
    stages = {
        "pre-trained": settings.components,
        "alone": settings.alone,
        "fine-tuned": (settings.finetuned,),
        "joint": settings.joint,
    }
    rows = [
        row
        for number, directory in enumerate(settings.data)
        for stage, trained in stages.items()
        if trained
        for row in stage_rows(settings, stage, trained, number, directory)
    ]
    print_table(rows)
    if settings.output:
        times = [read_run_time(run) for run in runs]
        write_result(
            settings.output,
            Stages(
                split=settings.split,
                validation=settings.validation,
                averaging=settings.averaging,
                protocol=protocol.sha256,
                models=model_hashes((Path(run), name) for run in runs for name in network_names(read_settings(run))),
                settings=[read_settings(run) for run in runs],
                seconds=[time.seconds for time in times],
                epochs=[time.epochs for time in times],
                rows=rows,
            ),
        )


def check_start(flag, runs, components):
    """``FerMdError`` unless there are no runs, or run i started from component i."""
    if runs and len(runs) != len(components):
        raise FerMdError(f"--{flag} must name a run for each of the {len(components)} components; found {len(runs)}")
    for run, component in zip(runs, components if runs else (), strict=True):
        if read_settings(run).get("start") != file_sha256(Path(component) / "model.keras"):
            raise FerMdError(f"--{flag}: {run} did not start from {component}")


def stage_rows(settings, stage, runs, number, directory):
    """The rows of one stage on one data set: each component with a head for it, and these fused."""
    info, split = read_info(directory), load_split(directory, settings.split)
    networks, scorers = scorers_of(find_networks(runs, data=info["name"]), info)
    scores = stack_scores(scorers, split.images, settings.averaging)
    validation = load_split(directory, settings.validation)
    weights = fit_weights(stack_scores(scorers, validation.images, settings.averaging), validation.labels)
    leaked = leaked_rows(directory, split, settings.split, [read_settings(run) for run, _ in networks])
    kinds = []  # network, probabilities, score weights, whether it is the component that learned these data first
    for network, own in zip(networks, scores, strict=True):
        index = component_index(runs, *network)
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


def scorers_of(networks, info):
    """The networks that have a head for a data set, and these with their heads."""
    models = {network: load_model(*network) for network in networks}
    heads = {network: find_head(*network, model, info) for network, model in models.items()}
    networks = [network for network in networks if heads[network]]
    return networks, [(models[network], heads[network]) for network in networks]


def component_index(runs, run, name):
    """Which component a network is, from 0: by its run where each has its own, in the fine-tuning by its name."""
    if len(runs) > 1:
        return [Path(path) for path in runs].index(run)
    return int(name.removeprefix("component")) - 1


def paper_figure(data, stage, network, first_data):
    """What the paper reports in this row's place, in per cent, and which of our figures it is."""
    if stage == "pre-trained" and first_data:
        return {"paper": PRETRAINED.get(data), "paper_measures": "accuracy"}
    fused = data == "fer2013" and stage == "fine-tuned" and network == "fused, equal weights"
    return {"paper": FUSED if fused else None, "paper_measures": "macro_recall" if fused else "accuracy"}


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
    sys.exit(console.run(main, Settings))
