"""docs/RESULTS.md from the committed result files: every table of the project in one place, sorted by its purpose."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fer_md.pretrained.networks import PHOTOGRAPHS
from pages.blocks import Block, Commands, Text, markdown
from pages.paper_tables import CONFUSIONS, NOT_NORMALISED
from pages.result_files import read_named
from pages.sections.audit import audit_blocks
from pages.sections.crops import crops_blocks
from pages.sections.cross import cross_blocks
from pages.sections.doubts import doubts_blocks
from pages.sections.drawn import drawn_blocks
from pages.sections.forgetting import forgetting_blocks
from pages.sections.joint import joint_blocks
from pages.sections.landmarks import ERRORS, landmarks_blocks
from pages.sections.matrices import NEEDS, matrices_blocks, needs_data
from pages.sections.methods import methods_blocks
from pages.sections.pretrained import ABOUT_IT, accuracies_blocks, accuracies_table, read_evaluations
from pages.sections.robustness import robustness_blocks
from pages.sections.runs import runs_table
from pages.sections.smoothing import smoothing_blocks
from pages.sections.speed import (
    camera_blocks,
    load_blocks,
    loss_cost_blocks,
    prediction_blocks,
    step_blocks,
    worker_blocks,
)
from pages.sections.stages import READING, stages_blocks
from pages.sections.studies import loss_blocks, race_blocks, search_blocks

HEADER = """# Results

This page holds every table that the project measured. It is made by `python experiments/results.py` from the files in
`docs/results`, and a test fails where it is out of date. Below each table are the command that made it, its file,
the date and the machine. The file holds the rest: settings, seeds, confusion matrices and versions.

How to read the tables:

- **Accuracy** is the share of faces with the right prediction. **Macro recall** first takes that share for each
  expression alone, then averages; rare expressions count as much as common ones.
- **95 % interval**: how far the figure would vary with other test faces of the same kind.
- **PublicTest** and **PrivateTest** are the validation and the test split. Networks and recipes are chosen on
  PublicTest; PrivateTest is read once, for the result.
- **Without leaked**: some held-out faces of FER2013 are also in its Training split. This column leaves them out.
- **FER+ majority** compares with the expression that most of ten later raters named, instead of FER2013's own label.
- **Component**: one of the method's two networks. **Fused**: the scores of both, averaged.
"""

SYNTHETIC = "synthetic"
"""Folder of the results on drawn faces."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """How a kind of file is shown: its heading, and its blocks."""

    heading: Callable[[Any], str]
    blocks: Callable[[Any], list[Block]]


@dataclasses.dataclass(frozen=True)
class Part:
    """A part of the page: what it asks and how to read the answer, and the files that answer it."""

    title: str
    text: str
    files: tuple[str, ...]


def _stages_heading(found):
    return "First data set replayed" if found.settings[-1]["replay"] else "Data sets exchanged, as in the paper"


KINDS = {
    "drawn-faces": Kind(lambda found: "How hard drawn faces are", drawn_blocks),
    "stages": Kind(_stages_heading, stages_blocks),
    "stages-replay": Kind(_stages_heading, stages_blocks),
    "forgetting": Kind(lambda found: "What forgetting consists of", forgetting_blocks),
    **{
        f"table{number}": Kind(lambda found: f"Tab. {found.table}, {CONFUSIONS[found.table].data}", matrices_blocks)
        for number in CONFUSIONS
    },
    "table4": Kind(lambda found: f"Tab. 4, {found.data}", methods_blocks),
    "table4-wild": Kind(lambda found: f"Tab. 4, {found.data}", methods_blocks),
    **dict.fromkeys(
        ("figure6", "landmarks48", "landmarks96"),
        Kind(lambda found: f"Fig. 6, network {found.network}, crops of {found.image_size} pixels", landmarks_blocks),
    ),
    "loss-confirm": Kind(lambda found: "On all of Training", loss_blocks),
    "loss-low-data": Kind(lambda found: "On little data", loss_blocks),
    "loss-low-data-same": Kind(lambda found: "On little data, with the same recipe", loss_blocks),
    "loss-screen": Kind(lambda found: "The loss, choice by choice", loss_blocks),
    "loss-ablation": Kind(lambda found: "A short study, two epochs", loss_blocks),
    "joint-test": Kind(lambda found: f"Ways to learn two data sets, {found.split}", joint_blocks),
    "joint": Kind(lambda found: f"Ways to learn two data sets, {found.split}", joint_blocks),
    "time-to-accuracy": Kind(lambda found: "Time to a good network", race_blocks),
    "network-search-onednn": Kind(lambda found: "Search with oneDNN", search_blocks),
    "network-search": Kind(lambda found: "Search on a processor with AMX", search_blocks),
    "network-search-avx2": Kind(lambda found: "Search on a processor with AVX2, without oneDNN", search_blocks),
    "md_loss": Kind(lambda found: "Cost of MD loss", loss_cost_blocks),
    "training_step": Kind(lambda found: "A training step, on a processor with AMX", step_blocks),
    "training_step_avx2": Kind(lambda found: "A training step, on a processor with AVX2", step_blocks),
    "training_step_avx512": Kind(lambda found: "A training step, on a processor with AVX-512", step_blocks),
    "training_step_avx512_wide": Kind(lambda found: "A training step of network wide, with AVX-512", step_blocks),
    "training_step_avx512_deep": Kind(lambda found: "A training step of network deep, with AVX-512", step_blocks),
    "fer2013-audit": Kind(lambda found: "Twins, and the ceiling", audit_blocks),
    "robustness": Kind(lambda found: "Degraded faces", robustness_blocks),
    "cross": Kind(lambda found: "Trained on rows, tested on columns", cross_blocks),
    "crops": Kind(lambda found: "How a face is cut out", crops_blocks),
    "doubts": Kind(lambda found: "Doubtful faces", doubts_blocks),
    "smoothing": Kind(lambda found: "Averages over time", smoothing_blocks),
    "predict": Kind(lambda found: "A prediction", prediction_blocks),
    "camera_page": Kind(lambda found: "The page in the browser", camera_blocks),
    "serving_load": Kind(lambda found: "A server under load", load_blocks),
    "ray_workers": Kind(lambda found: "Very many pictures", worker_blocks),
}
PARTS = (
    Part(
        "The method, stage by stage",
        f"What does each stage of the method bring? {READING}",
        ("stages", "stages-replay", "forgetting"),
    ),
    Part(
        "Two data sets in one network",
        "What helps against forgetting in the exchange? Each row continues from the same two networks, and each of its "
        "networks sees equally many faces.",
        ("joint-test", "joint"),
    ),
    Part(
        "Tables 1 to 3: confusion matrices",
        f"Which expressions does the fused network recognise, compared with the paper? {NOT_NORMALISED}",
        ("table1", "table2", "table3"),
    ),
    Part("Table 4: other methods", "Does MD loss help, and other methods too?", ("table4", "table4-wild")),
    Part(
        "Figure 6: landmarks",
        f"How well does the same component find landmarks? {ERRORS}",
        ("landmarks48", "landmarks96", "figure6"),
    ),
    Part(
        "The loss",
        "Does a second loss beside softmax help, and which? The study of all choices selects, the comparison of two "
        "decides.",
        ("loss-confirm", "loss-low-data", "loss-low-data-same", "loss-screen", "loss-ablation"),
    ),
    Part(
        "Networks and recipes",
        "Which network learns most in a given time?",
        ("time-to-accuracy", "network-search-onednn", "network-search", "network-search-avx2"),
    ),
    Part("Across data sets", "How good is each network on each data set?", ("cross",)),
    Part("FER2013, audited", "What are figures on FER2013 worth?", ("fer2013-audit",)),
    Part(
        "Robustness",
        "How much worse are predictions for degraded faces, and for faces cut out in another way? Which are doubtful?",
        ("robustness", "crops", "doubts"),
    ),
    Part("Videos", "What does averaging the predictions for a face over time bring?", ("smoothing",)),
    Part(
        "Speed",
        "How fast are training and prediction?",
        (
            "md_loss",
            "training_step",
            "training_step_avx2",
            "training_step_avx512",
            "training_step_avx512_wide",
            "training_step_avx512_deep",
            "predict",
            "ray_workers",
            "camera_page",
            "serving_load",
        ),
    ),
)
"""The parts on real data, in the order of the page; drawn faces come last."""
DRAWN = Part(
    "Drawn faces (synthetic)",
    "The project drew these faces: the figures say nothing about people. `make reproduce` without data measures them, "
    "and `make check-results` compares them with these tables.",
    (),
)
PRESETS = ("quick", "paper", "full")
"""Folders of ``make reproduce``, by the preset of its recipe."""


def results_markdown(folder: Path | str) -> str:
    """The page as Markdown; a part without files is left out.

    Args:
        folder: ``docs/results``.

    Raises:
        FerMdError: a file is not JSON, or not of its kind.
    """
    folder = Path(folder)
    presets = sorted(path for path in folder.iterdir() if path.is_dir() and path.name != SYNTHETIC)
    parts = [HEADER, *_pretrained(folder), *_runs(folder)]
    for part in PARTS:
        parts += _part(part, [place / f"{name}.json" for name in part.files for place in (folder, *presets)])
        parts += _not_measured(part, folder)
    drawn = [folder / "drawn-faces.json", *(folder / SYNTHETIC / f"{name}.json" for name in KINDS)]
    return "\n".join([*parts, *_part(DRAWN, drawn)])


def _pretrained(folder):
    found = read_evaluations(folder / "pretrained")
    text = "How good are the networks in the package? The [model card](MODEL_CARD.md) says more."
    blocks = [Text(text), *accuracies_blocks(found)]
    if others := read_evaluations(folder / "pretrained" / PHOTOGRAPHS):
        blocks += [Text(ABOUT_IT), accuracies_table(others)]
    return [_headed("The bundled networks", blocks)] if found else []


def _runs(folder):
    folders = sorted(path.parent for path in folder.glob("*/PublicTest.json"))
    text = (
        "How good is one network alone? Each row is an evaluation of one run. The run's folder holds its settings, its "
        "learning curve, and the command of each evaluation."
    )
    return [_headed("Single networks", [Text(text), runs_table(folders)])] if folders else []


def _part(part, paths):
    """Heading and question of a part, then a section for each file that is there."""
    sections = [section for path in paths for section in _section(path)]
    return [_headed(part.title, [Text(part.text)]), *sections] if sections else []


def _headed(title, blocks):
    return f"## {title}\n\n{markdown(blocks)}"


def _section(path):
    found = read_named(path.parent, path.stem)
    if found:
        kind, preset = KINDS[path.stem], path.parent.name
        heading = kind.heading(found) + (f", preset {preset}" if preset in PRESETS else "")
        yield f"### {heading}\n\n{markdown([*kind.blocks(found), *_source(found, path)])}"


def _source(found, path):
    """Command, file, date and machine; what has changed since an older file was written."""
    name = path.name if path.parent.name == "results" else f"{path.parent.name}/{path.name}"
    where = found.environment
    text = f"[results/{name}](results/{name}); {where.date}, {where.processor}, {where.cpus} cores."
    return [Commands((found.command,)), Text(f"{text} {found.remark or ''}")]


def _not_measured(part, folder):
    """How to measure Tab. 2 and 3, whose data are not public."""
    for number in NEEDS:
        if f"table{number}" in part.files and not any(folder.glob(f"**/table{number}.json")):
            text, command = needs_data(number)
            yield f"### Tab. {number}, {CONFUSIONS[number].data}\n\n{text} `{command}`.\n"
