"""docs/RESULTS.md from the committed result files: every table of the project in one place."""

from pathlib import Path

from fer_md.files import read_json

HEADER = """# Results

Made by `python experiments/results.py` from the files in [results/](results); a test fails where this page is stale.
Each section names its command; seed, date and machine are in its file.
"""


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
    for path in sorted(folder.glob("*/PublicTest.json")):
        parts.append(_run(path.parent))
    for name, section in SECTIONS.items():
        path = folder / f"{name}.json"
        if path.exists():
            found = read_json(path)
            parts.append(f"{section(found)}\n{_source(found, path.name)}\n")
    return "\n".join(parts)


def _source(found, name):
    where = found["environment"]
    return (f"`{found['command']}`  \n[results/{name}](results/{name}); {where['date']}, "
            f"{where['processor']}, {where['cpus']} cores.")  # fmt: skip


def _table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)


def _percent(value, digits=2):
    return "–" if value is None else f"{100 * value:.{digits}f}"


def _interval(row):
    low, high = row["accuracy_interval"]
    return f"{_percent(low, 1)} to {_percent(high, 1)}"


def _run(folder):
    config, time = read_json(folder / "config.json"), read_json(folder / "time.json")
    rows, commands = [], []
    for path in sorted(folder.glob("*Test*.json"), reverse=True):
        found = read_json(path)
        rows.append([path.stem, _percent(found["accuracy"]), _interval(found),
                     _percent(found["accuracy_without_leaked"]), _percent(found["macro_recall"]),
                     _percent(found.get("ferplus_accuracy"))])  # fmt: skip
        commands.append(f"`{found['command']}`  ")
    head = ["split", "accuracy %", "95 % interval", "without leaked %", "macro recall %", "FER+ majority %"]
    where = config["environment"]
    return (
        f"## One component: {folder.name}\n\n"
        f"{config['settings']['recipe']['epochs']} epochs in {time['seconds'] / 60:.1f} minutes at "
        f"{time['images_per_second']:.0f} images/s, {config['settings']['precision']}.\n\n{_table(head, rows)}\n"
        + "\n".join(commands)
        + f"\n[results/{folder.name}](results/{folder.name}); {where['date']}, {where['processor']}, "
        f"{where['cpus']} cores.\n"
    )


def _stages(found):
    rows = [
        [row["data"], row["stage"], row["network"], _percent(row["accuracy"]), _interval(row),
         _percent(row["macro_recall"]), row["paper"] or ""]
        for row in found["rows"]
    ]  # fmt: skip
    head = ["data", "stage", "network", "accuracy %", "95 % interval", "macro recall %", "paper %"]
    minutes = ", ".join(f"{seconds / 60:.1f}" for seconds in found["seconds"])
    replay = found["settings"][-1]["replay"]
    kind = f"own data set replayed with weight {replay:g}" if replay else "data sets exchanged as in the paper"
    note = (
        "The paper's data are others: its D1 is FER2013 with 1,400 unpublished faces, its D2 is SFEW, and its 79.7 is "
        "the mean of Tab. 1's diagonal, a macro recall. No held-out image was trained on."
    )
    title = f"## The method on {found['split']}, {kind}"
    return f"{title}\n\nTraining took {minutes} minutes (components, fine-tuning). {note}\n\n{_table(head, rows)}"


def _ablation(found):
    rows = []
    for row in sorted(found["rows"], key=lambda row: -row["accuracy"]):
        spread = row["accuracy_std"]
        rows.append([row["name"], len(row["seeds"]), _percent(row["accuracy"]), _percent(spread),
                     _percent(row["macro_recall"]), f"{row['intra']:.1f}", f"{row['inter']:.1f}",
                     f"{row['ratio']:.2f}"])  # fmt: skip
    head = ["loss", "seeds", "accuracy %", "± std", "macro recall %", "intra", "inter", "intra / inter"]
    return (
        f"## The loss, choice by choice ({found['split']})\n\nShort runs from scratch: {found['epochs']} epochs of a "
        f"component of half the widths. Rows with one seed differ by chance as much as by choice.\n\n"
        f"{_table(head, rows)}"
    )


def _search(found):
    rows = [
        [row["name"], f"{row['weights'] / 1e6:.1f} M", _percent(row["accuracy"]), _percent(row["macro_recall"]),
         f"{row['images_per_second']:.0f}"]
        for row in sorted(found["candidates"], key=lambda row: -row["accuracy"])
    ]  # fmt: skip
    head = ["network", "weights", "accuracy %", "macro recall %", "images/s"]
    return f"## Widths ({found['split']}, {found['epochs']} epochs)\n\n{_table(head, rows)}"


def _md_loss(found):
    rows = [
        [row["classes"], *(f"{value:.1f}" for value in row["milliseconds_a_step"].values()),
         f"{row['md_over_softmax']:.3f}", *(f"{v:.1f}" for v in row["milliseconds_forward_and_gradient"].values())]
        for row in found["rows"]
    ]  # fmt: skip
    first = found["rows"][0]
    head = ["K", *(f"{name} step, ms" for name in first["milliseconds_a_step"]), "ratio",
            *(f"loss alone: {name}, ms" for name in first["milliseconds_forward_and_gradient"])]  # fmt: skip
    return (
        f"## Cost of MD loss (batch {found['batch_size']}, D = {found['embedding_dim']}, P = {found['nearest']})\n\n"
        f"{_table(head, rows)}"
    )


def _training_step(found):
    rows = [[name, f"{value:.0f}"] for name, value in found["images_per_second"].items()]
    ratios = ", ".join(f"{value:.2f} × {name}" for name, value in found["ratios"].items())
    table = _table(["variant", "images/s"], rows)
    return f"## Speed of a training step (batch {found['batch_size']})\n\nOurs in bfloat16 is {ratios}.\n\n{table}"


def _drawn_faces(found):
    rows = [
        [name, _percent(row["linear"]["accuracy"], 1), _percent(row["network"]["accuracy"], 1),
         _interval(row["network"]), f"{row['faces_per_cpu_second']:.0f}"]
        for name, row in found["domains"].items()
    ]  # fmt: skip
    head = ["domain", "linear on pixels %", "network %", "95 % interval", "faces a processor second"]
    return f"## Drawn faces (synthetic, {found['split']})\n\n{_table(head, rows)}"


SECTIONS = {
    "stages": _stages,
    "stages-replay": _stages,
    "loss-ablation": _ablation,
    "network-search": _search,
    "md_loss": _md_loss,
    "training_step": _training_step,
    "drawn-faces": _drawn_faces,
}
