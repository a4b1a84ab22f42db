"""docs/RESULTS.md from the committed result files: every table of the project in one place."""

from pathlib import Path

from fer_md.files import read_json
from pages.paper_tables import CONFUSIONS, NOT_NORMALISED
from pages.pretrained_page import pretrained_figures
from pages.result_tables import (
    MISTAKES,
    NEEDS,
    interval,
    landmarks_table,
    landmarks_text,
    markdown_table,
    methods_table,
    methods_text,
    mistakes_table,
    needs_data,
    percent,
    recall_table,
    stages_table,
    training_time,
)

HEADER = """# Results

Made by `python experiments/results.py` from the files in [results/](results); a test fails where this page is stale.
Each section names its command; seed, date and machine are in its file.
"""

REPRODUCED = {
    "synthetic": "# make reproduce on drawn faces (synthetic)\n\nThese faces were drawn by the project: the figures "
    "say nothing about people. They are what `make check-results` compares a run without data with.\n",
}
"""What stands above the results of ``make reproduce``, by their folder."""


def results_markdown(folder):
    """The page as text; a section whose file is not there is left out.

    Args:
        folder: ``docs/results``.

    Returns:
        str, Markdown.

    Raises:
        FerMdError: a file is not JSON.
    """
    folder, parts = Path(folder), [HEADER]
    if figures := pretrained_figures(folder / "pretrained"):
        parts.append(f"## The network that ships\n\n[MODEL_CARD.md](MODEL_CARD.md) says more about it.\n\n{figures}")
    for path in sorted(folder.glob("*/PublicTest.json")):
        parts.append(_run(path.parent))
    parts += _sections(folder, "")
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        if sections := _sections(place, f"{place.name}/"):
            parts += [REPRODUCED.get(place.name, f"# make reproduce, preset {place.name}\n"), *sections]
    for number in NEEDS:
        if not any(folder.glob(f"**/table{number}.json")):
            text, command = needs_data(number)
            parts.append(f"## Tab. {number}: {CONFUSIONS[number].data}\n\n{text} `{command}`.\n")
    return "\n".join(parts)


def _sections(folder, prefix):
    """The sections of the result files in one folder."""
    paths = {name: folder / f"{name}.json" for name in SECTIONS}
    found = {name: read_json(path) for name, path in paths.items() if path.exists()}
    return [f"{SECTIONS[name](f)}\n{_source(f, f'{prefix}{name}.json')}\n" for name, f in found.items()]


def _source(found, name):
    where, remark = found["environment"], found.get("remark")  # what has changed since an older file was written
    return (
        f"`{found['command']}`  \n[results/{name}](results/{name}); {where['date']}, "
        f"{where['processor']}, {where['cpus']} cores."
    ) + (f" {remark}" if remark else "")


def _run(folder):
    config, time = read_json(folder / "config.json"), read_json(folder / "time.json")
    rows, commands = [], []
    for path in sorted(folder.glob("*Test*.json"), reverse=True):
        found = read_json(path)
        rows.append(
            [
                path.stem,
                percent(found["accuracy"]),
                interval(found),
                percent(found["accuracy_without_leaked"]),
                percent(found["macro_recall"]),
                percent(found.get("ferplus_accuracy")),
            ]
        )
        commands.append(f"`{found['command']}`  ")
    head = ["split", "accuracy %", "95 % interval", "without leaked %", "macro recall %", "FER+ majority %"]
    where = config["environment"]
    return (
        f"## One component: {folder.name}\n\n"
        f"{config['settings']['recipe']['epochs']} epochs, {config['settings']['precision']}: {training_time(time)}."
        "\n\n"
        f"{markdown_table(head, rows)}\n"
        + "\n".join(commands)
        + f"\n[results/{folder.name}](results/{folder.name}); {where['date']}, {where['processor']}, "
        f"{where['cpus']} cores.\n"
    )


def _stages(found):
    epochs = found.get("epochs", [None] * len(found["seconds"]))  # older files do not say
    minutes = ", ".join(
        f"{seconds / 60:.1f}" + (f" ({count:.0f} epochs)" if count else "")
        for seconds, count in zip(found["seconds"], epochs, strict=True)
    )
    replay = found["settings"][-1]["replay"]
    kind = f"own data set replayed with weight {replay:g}" if replay else "data sets exchanged as in the paper"
    note = (
        "The paper's data are others: its D1 is FER2013 with 1,400 unpublished faces, its D2 is SFEW, and its 79.7 is "
        "the mean of Tab. 1's diagonal, a macro recall. No held-out image was trained on."
    )
    title = f"## The method on {found['split']}, {kind}"
    return (
        f"{title}\n\nTraining took {minutes} minutes (components, fine-tuning). {note}\n\n"
        f"{markdown_table(*stages_table(found))}\n{MISTAKES} The matrices themselves are in the file, and drawn in the "
        f"report.\n\n{markdown_table(*mistakes_table(found))}"
    )


def _confusions(found):
    number = found["table"]
    title = f"## Tab. {number}: {CONFUSIONS[number].data} ({', '.join(found['data'])}, {found['split']})"
    return f"{title}\n\n{NOT_NORMALISED}\n\n{markdown_table(*recall_table(found))}"


def _methods(found):
    table = markdown_table(*methods_table(found))
    return f"## Tab. 4: other methods ({found['data']})\n\n{methods_text(found)}\n\n{table}"


def _landmarks(found):
    title = f"## Fig. 6: landmarks (network {found['network']})"
    return f"{title}\n\n{landmarks_text(found)}\n\n{markdown_table(*landmarks_table(found))}"


def _ablation(found):
    rows = []
    for row in sorted(found["rows"], key=lambda row: -row["accuracy"]):
        spread = row["accuracy_std"]
        rows.append(
            [
                row["name"],
                len(row["seeds"]),
                percent(row["accuracy"]),
                percent(spread),
                percent(row["macro_recall"]),
                f"{row['intra']:.1f}",
                f"{row['inter']:.1f}",
                f"{row['ratio']:.2f}",
            ]
        )
    head = ["loss", "seeds", "accuracy %", "± std", "macro recall %", "intra", "inter", "intra / inter"]
    return (
        f"## The loss, choice by choice ({found['split']})\n\nShort runs from scratch: {found['epochs']} epochs of a "
        f"component with fully connected layers of 1,024. Rows with one seed differ by chance as much as by choice.\n\n"
        f"{markdown_table(head, rows)}"
    )


def _search(found):
    rows = [
        [
            row["name"],
            f"{row['weights'] / 1e6:.1f} M",
            percent(row["accuracy"]),
            percent(row["macro_recall"]),
            f"{row['images_per_second']:.0f}",
        ]
        for row in sorted(found["candidates"], key=lambda row: -row["accuracy"])
    ]
    head = ["network and recipe", "weights", "accuracy %", "macro recall %", "images/s"]
    return f"## Networks and recipes ({found['split']}, {found['epochs']} epochs)\n\n{markdown_table(head, rows)}"


def _md_loss(found):
    rows = [
        [
            row["classes"],
            *(f"{value:.1f}" for value in row["milliseconds_a_step"].values()),
            f"{row['md_over_softmax']:.3f}",
            *(f"{v:.1f}" for v in row["milliseconds_forward_and_gradient"].values()),
        ]
        for row in found["rows"]
    ]
    first = found["rows"][0]
    head = [
        "K",
        *(f"{name} step, ms" for name in first["milliseconds_a_step"]),
        "ratio",
        *(f"loss alone: {name}, ms" for name in first["milliseconds_forward_and_gradient"]),
    ]
    return (
        f"## Cost of MD loss (batch {found['batch_size']}, D = {found['embedding_dim']}, P = {found['nearest']})\n\n"
        f"{markdown_table(head, rows)}"
    )


def _training_step(found):
    rows = [[name, f"{value:.0f}"] for name, value in found["images_per_second"].items()]
    ratios = ", ".join(f"{value:.2f} × {name}" for name, value in found["ratios"].items())
    table, fastest = markdown_table(["variant", "images/s"], rows), found.get("fastest", "ours bfloat16")
    title = f"## Speed of a training step (batch {found['batch_size']}, {found['environment']['processor']})"
    return f"{title}\n\n{fastest.capitalize()} is {ratios}.\n\n{table}"


def _predict(found):
    rows = []
    for name, row in found["measured"].items():
        if "does not run here" in row:
            rows.append([name, "does not run here: " + row["does not run here"].replace("|", "/"), *[""] * 4])
            continue
        cells = [row[part][batch] for part in ("end to end", "classifier") for batch in row[part]]
        rows.append(
            [
                name,
                row["faces"],
                *(f"{cell['milliseconds']:.2f} ({cell['processor_milliseconds']:.2f})" for cell in cells),
            ]
        )
    batch = found["batch"]
    head = [
        "",
        f"faces in {batch} pictures",
        "one by one",
        f"{batch} at once",
        "classifier, one face",
        f"classifier, {batch} faces at once",
    ]
    ratios = "".join(f"- {name}: {ratio:.1f} ×\n" for name, ratio in found["ratios"].items())
    return (
        f"## From a picture file to expressions ({found['kind']})\n\nMilliseconds a picture or face by the clock "
        f"(of processor time in brackets).\n\n{markdown_table(head, rows)}\n{ratios}"
    )


def _drawn_faces(found):
    rows = [
        [
            name,
            percent(row["linear"]["accuracy"], 1),
            percent(row["network"]["accuracy"], 1),
            interval(row["network"]),
            f"{row['faces_per_cpu_second']:.0f}",
        ]
        for name, row in found["domains"].items()
    ]
    head = ["domain", "linear on pixels %", "network %", "95 % interval", "faces a processor second"]
    return f"## Drawn faces (synthetic, {found['split']})\n\n{markdown_table(head, rows)}"


SECTIONS = {
    "stages": _stages,
    "stages-replay": _stages,
    "table1": _confusions,
    "table2": _confusions,
    "table3": _confusions,
    "table4": _methods,
    "table4-wild": _methods,
    "figure6": _landmarks,
    "loss-ablation": _ablation,
    "network-search-onednn": _search,
    "network-search": _search,
    "network-search-avx2": _search,
    "md_loss": _md_loss,
    "training_step": _training_step,
    "training_step_avx2": _training_step,
    "training_step_avx512": _training_step,
    "predict": _predict,
    "drawn-faces": _drawn_faces,
}
