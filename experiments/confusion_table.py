"""Tab. 1, 2 or 3: confusion matrices of the fused network, beside the paper's.

python experiments/confusion_table.py --table=1 --run_dir=runs/method/finetuned \\
    --data=runs/data/fer2013,runs/data/facial_expressions --output=FILE.json
python experiments/confusion_table.py --table=2 --run_dir=runs/method/ckplus,runs/method/finetuned \\
    --data=runs/data/ckplus --output=FILE.json

Several data sets are also counted together, as "whole". Of several runs each is measured: for Tab. 2 and 3 the one
of experiments/adapt.py, and the fine-tuning as it is, on the expressions that both know. Scores are added up with equal
weights. The test split is read here once, for the result.
"""

import dataclasses
import sys

from fer_md import console
from fer_md.data.label_spaces import map_labels
from fer_md.data.protocol import protocol_hash
from fer_md.data.records import load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.components import find_head, find_networks, model_hashes, stack_scores
from fer_md.evaluation.measure import confusion_figures
from fer_md.evaluation.metrics import confusion_matrix
from fer_md.models.fused import fuse
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import load_model, read_settings
from pages.cells import interval, percent
from pages.paper_tables import CONFUSIONS
from pages.rows import Matrices, MatrixRow


@dataclasses.dataclass(frozen=True)
class Settings:
    table: str = console.flag("The paper's table beside ours.", "1", choices=[str(number) for number in CONFUSIONS])
    run_dir: tuple[str, ...] = console.flag("Finished runs of experiments/finetune.py or adapt.py.")
    data: tuple[str, ...] = console.flag("Prepared folders to measure on.")
    split: str = console.flag("Split to measure on.", "PrivateTest")
    output: str = console.new_file("JSON file for the table.")


def main(settings: Settings) -> None:
    infos = [read_info(directory) for directory in settings.data]
    splits = [load_split(directory, settings.split) for directory in settings.data]
    rows = [row for run in settings.run_dir for row in run_rows(run, infos, splits)]
    write_result(
        settings.output,
        Matrices(
            table=int(settings.table),
            split=settings.split,
            data=[info["name"] for info in infos],
            manifest_sha256=[info["manifest_sha256"] for info in infos],
            settings=[read_settings(run) for run in settings.run_dir],
            models=model_hashes(find_networks(settings.run_dir)),
            rows=rows,
        ),
    )
    for row in rows:
        print(
            f"{row.data:22}{row.network:40}accuracy {percent(row.accuracy):>6} % ({interval(row)})  "
            f"macro recall {percent(row.macro_recall):>6} %"
        )
    print(f"Tab. {settings.table} of the paper, mean of the diagonal: {CONFUSIONS[int(settings.table)].mean:.2f}")


def run_rows(run, infos, splits):
    """The matrices of one run: of each data set, and of all together where there are several."""
    check_protocol(run)
    networks, known = find_networks([run]), read_settings(run)["data"]
    space, scorers = common_space(networks, infos)
    trained = all(info["name"] in known for info in infos)
    network = "fused" if trained else "fused, not trained on this data"
    counts = []
    for info, split in zip(infos, splits, strict=True):
        split = map_labels(split, info["expressions"], space)
        split = split.select(split.labels >= 0)
        predictions = fuse(stack_scores(scorers, split.images)).argmax(1)
        counts.append(confusion_matrix(split.labels, predictions, len(space)))
    named = [(info["name"], count) for info, count in zip(infos, counts, strict=True)]
    for data, confusion in named + ([("whole", sum(counts))] if len(counts) > 1 else []):
        figures = confusion_figures(confusion, space)
        yield MatrixRow(data=data, network=network, expressions=list(space), **vars(figures))


def check_protocol(run):
    """``FerMdError`` unless a run of several stages left out of training what any of its data sets holds out."""
    settings = read_settings(run)
    if "networks" not in settings:
        raise FerMdError(f"{run}: not a fine-tuning; name a finished run of experiments/finetune.py or adapt.py")
    if settings["protocol"] != protocol_hash(settings["manifest_sha256"]):
        raise FerMdError(
            f"{run}: may have trained on images that {', '.join(settings['data'])} hold out; "
            "train it again with --protocol naming all that it learns, or without --leaked"
        )


def common_space(networks, infos):
    """Label space in which all networks of a run are scored, and the networks with their heads for it.

    It is the first data set's own where every network has a head for it, else that of the run's first data set.

    Raises:
        FerMdError: no such head, or a data set that the run has learned is another one by now.
    """
    models = {network: load_model(*network) for network in networks}
    heads = [[find_head(*network, model, info) for network, model in models.items()] for info in infos]
    info, found = infos[0], heads[0]
    if None in found:
        settings = read_settings(networks[0][0])
        info = {"name": settings["data"][0], "expressions": settings["expressions"][0]}
        found = [find_head(*network, model, info) for network, model in models.items()]
    if None in found:
        raise FerMdError(f"{networks[0][0]}: not every network has a head for {info['name']}; fine-tune them on it")
    return info["expressions"], list(zip(models.values(), found, strict=True))


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
