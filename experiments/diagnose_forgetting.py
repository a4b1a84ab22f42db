"""What a network forgets when the data sets are exchanged, and how much of it comes back without training.

python experiments/diagnose_forgetting.py --components=runs/method/component1,runs/method/component2 \\
    --finetuned=runs/method/finetuned --data=runs/data/fer2013,runs/data/facial_expressions --output=FILE.json

Each component is measured on the data set that it learned first: before the exchange, after it, and then with its
batch-norm statistics estimated again on that data set, with the ratio of the two priors taken out of its logits, with
biases fitted on --validation, and with all three. The test split is read here once, for the result.
"""

import dataclasses
import sys

import numpy as np

from fer_md import console
from fer_md.data.protocol import Protocol, load_training
from fer_md.data.records import load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.calibration import fit_biases
from fer_md.evaluation.components import find_networks, load_scorer, model_hashes
from fer_md.evaluation.measure import confusion_figures
from fer_md.evaluation.metrics import confusion_matrix
from fer_md.evaluation.predict import predict_probabilities
from fer_md.evaluation.prior import apply_shift, learned_prior, prior_shift, training_prior
from fer_md.models.fused import check_apart
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import read_settings
from fer_md.training.batch_statistics import estimate_batch_statistics
from fer_md.training.exchange import check_exchange
from pages.cells import percent
from pages.rows import AFTER, BEFORE, Forgetting, ForgettingRow


@dataclasses.dataclass(frozen=True)
class Settings:
    components: tuple[str, ...] = console.flag("Finished pre-training runs, one per component.")
    finetuned: str = console.flag("Finished run of experiments/finetune.py on them.")
    data: tuple[str, ...] = console.flag("Prepared folders; the i-th is what component i was pre-trained on.")
    split: str = console.flag("Split to measure on.", "PrivateTest")
    validation: str = console.flag("Split on which the biases are fitted.", "PublicTest")
    faces: int = console.flag("Training faces to estimate the batch-norm statistics on.", 8192, least=1)
    seed: int = console.flag("Seed for choosing these faces.", 0, least=0)
    output: str | None = console.new_file("JSON file for the table.", None)


def main(settings: Settings) -> None:
    check_apart(settings.split, settings.validation)
    protocol = check_exchange(settings.finetuned, settings.components, settings.data)
    spaces = {tuple(read_info(directory)["expressions"]) for directory in settings.data}
    if len(spaces) > 1:
        raise FerMdError("--data: the data sets must have the same expressions, or their priors have no ratio")
    rows, counts = [], []
    for index in range(len(settings.data)):
        training = training_faces(settings, index, protocol)
        counts.append(len(training))
        rows += component_rows(settings, index, training)
    networks = [*find_networks(settings.components), *find_networks([settings.finetuned])]
    if settings.output:
        write_result(
            settings.output,
            Forgetting(
                split=settings.split,
                validation=settings.validation,
                statistics_faces=counts,
                protocol=protocol.sha256,
                models=model_hashes(networks),
                settings=[read_settings(run) for run in (*settings.components, settings.finetuned)],
                rows=rows,
            ),
        )


def training_faces(settings: Settings, index: int, protocol: Protocol) -> np.ndarray:
    """(N, H, W) uint8: --faces of a component's first data set, in random order."""
    images = load_training(settings.data[index], protocol)[0].images
    return images[np.random.default_rng(settings.seed).permutation(len(images))[: settings.faces]]


def component_rows(settings: Settings, index: int, training: np.ndarray) -> list[ForgettingRow]:
    """A component on its first data set, at each stage and after each correction; each row is printed."""
    directory, name = settings.data[index], f"component{index + 1}"
    info = read_info(directory)
    test, validation = (load_split(directory, split) for split in (settings.split, settings.validation))

    def row(state, probabilities):
        counts = confusion_matrix(test.labels, probabilities.argmax(1), len(info["expressions"]))
        figures = confusion_figures(counts, info["expressions"])
        print(
            f"{info['name']:22}component {index + 1}  {state:32}accuracy {percent(figures.accuracy)} %  "
            f"macro recall {percent(figures.macro_recall)} %"
        )
        return ForgettingRow(data=info["name"], network=f"component {index + 1}", state=state, **vars(figures))

    before, head = load_scorer(settings.components[index], "model", info)
    rows = [row(BEFORE, predict_probabilities(before, test.images, head=head))]
    model, head = load_scorer(settings.finetuned, name, info)
    own = training_prior(info)
    learned = learned_prior(read_settings(settings.finetuned), info["expressions"], name)
    ratio = prior_shift(own, 1.0, learned, info["expressions"])

    def answers():
        return [predict_probabilities(model, split.images, head=head) for split in (test, validation)]

    found, known = answers()
    rows.append(row(AFTER, found))
    estimate_batch_statistics(model, training)
    found_again, known_again = answers()
    rows.append(row("batch-norm statistics estimated", found_again))
    rows.append(row("ratio of the priors taken out", apply_shift(found, ratio)))
    rows.append(row("biases fitted", apply_shift(found, fit_biases(known, validation.labels))))
    biases = fit_biases(apply_shift(known_again, ratio), validation.labels)
    rows.append(row("all three", apply_shift(found_again, ratio + biases)))
    return rows


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
