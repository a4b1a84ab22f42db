"""One self-contained HTML page about finished runs: figures first, then pictures, data, environment."""

import html
import itertools
import json
from pathlib import Path

import numpy as np

from fer_md.data.contact_sheet import contact_sheet
from fer_md.data.overview import overview
from fer_md.data.records import load_split, read_info
from fer_md.data.synthetic import draw_faces
from fer_md.evaluation.figures import encode_figure, open_figure
from fer_md.evaluation.page import encode_png, picture, table
from fer_md.evaluation.predict import predict_probabilities
from fer_md.evaluation.stages_report import stages_section
from fer_md.expressions import EXPRESSIONS
from fer_md.files import atomic_directory, read_json
from fer_md.progress import format_seconds
from fer_md.training.run_directory import load_model

STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --paper: #fff; --line: #d5dde5; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e9ef; --paper: #14191f; --line: #34404c; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
       max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
img { max-width: max(100%, 36rem); height: auto; background: #fff; border-radius: 4px; }
.wide { overflow-x: auto; } table { border-collapse: collapse; white-space: nowrap; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--line); text-align: right; }
th:first-child, td:first-child { text-align: left; white-space: normal; min-width: 7rem; }
pre { overflow-x: auto; border: 1px solid var(--line); padding: .6rem; font-size: 13px; }
.note { border-left: 4px solid #c77700; padding-left: .7rem; }
"""


def write_report(run_dirs, data_dirs, output, drawn_faces=None, stages=None, more=""):
    """Writes ``output/index.html``: no script, no other file needed.

    Args:
        run_dirs: finished runs, evaluated with experiments/evaluate.py.
        data_dirs: the prepared folder of each run, in the same order.
        output: folder to write, replaced if it is there.
        drawn_faces: file that benchmarks/drawn_faces.py wrote, for a section on the drawn faces; None for none.
        stages: file that experiments/compare_stages.py wrote into the fine-tuning's folder, for a section on the
            method; None for none.
        more: HTML of a further section, shown after that on the method.

    Returns:
        ``pathlib.Path`` of the page.

    Raises:
        FerMdError: a folder is not a run or not a prepared data set, or ``drawn_faces`` is not there.
    """
    pairs = [(Path(run), Path(data)) for run, data in zip(run_dirs, data_dirs, strict=True)]
    sections = [_summary(pairs)]
    if stages:
        sections.append(stages_section(stages, _log_rows(Path(stages).parent)))
    sections.append(more)
    for run, data in pairs:
        sections.append(_run_section(run, data))
    if drawn_faces:
        sections.append(_drawn_section(drawn_faces))
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>fer_md report</title>'
        '<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><h1>fer_md report</h1>{''.join(sections)}</body></html>\n"
    )
    with atomic_directory(output, overwrite=True) as partial:
        (partial / "index.html").write_text(page, encoding="utf-8")
    return Path(output) / "index.html"


def _evaluations(run):
    return [read_json(path) for path in sorted(run.glob("eval/*/metrics.json"))]


def _summary(pairs):
    rows = []
    for run, _ in pairs:
        for found in _evaluations(run):
            low, high = found["accuracy_interval"]
            cells = [run, found["split"], found["averaging"], f"{100 * found['accuracy']:.2f} %",
                     f"{100 * low:.1f} to {100 * high:.1f}", f"{100 * found['accuracy_without_leaked']:.2f} %",
                     f"{100 * found['macro_recall']:.2f} %"]  # fmt: skip
            rows.append(cells)
    head = ["run", "split", "averaging", "accuracy", "95 % interval", "without leaked", "macro recall"]
    drawn = any(read_info(data)["name"].startswith("synthetic") for _, data in pairs)
    note = '<p class="note">Synthetic: these faces were drawn by the project; the figures say nothing about people.</p>'
    return f"<h2>Summary</h2>{note if drawn else ''}{table(head, rows)}"


def _run_section(run, data):
    config, info = read_json(run / "config.json"), read_info(data)
    parts = [f"<h2>{html.escape(str(run))}</h2>"]
    for path in sorted(run.glob("eval/*/confusion_matrix.png")):
        parts.append(picture(path.read_bytes(), f"confusion matrix, {path.parent.name}"))
    parts.append("<h3>Learning curves</h3>" + picture(_curves(run), "accuracy and loss by epoch"))
    parts.append("<h3>Faces</h3>" + _faces(run, data, info, config["settings"]["validation"]))
    parts.append(f"<h3>Data</h3><pre>{html.escape(overview(info))}</pre>")
    seconds = read_json(run / "time.json")
    commands = "\n".join(found["command"] for found in _evaluations(run))
    parts.append(
        f"<h3>Environment</h3><p>Training took {format_seconds(seconds['seconds'])}, "
        f"{seconds['images_per_second']:.0f} images/s.</p><details><summary>Settings</summary>"
        f"<pre>{html.escape(json.dumps(config, indent=1))}</pre></details><pre>{html.escape(commands)}</pre>"
    )
    return "".join(parts)


def _drawn_section(path):
    """The two domains of the drawn faces, and what each classifier makes of them."""
    measured = read_json(path)
    head = ["domain", "linear on pixels", "network", "95 % interval", "drawn a processor second"]
    rows, sheets = [], []
    for domain, found in measured["domains"].items():
        linear, network = found["linear"], found["network"]
        low, high = network["accuracy_interval"]
        rows.append([domain, f"{100 * linear['accuracy']:.1f} %", f"{100 * network['accuracy']:.1f} %",
                     f"{100 * low:.1f} to {100 * high:.1f}", f"{found['faces_per_cpu_second']:.0f}"])  # fmt: skip
        faces = list(itertools.islice(draw_faces(domain, 1000, measured["seed"]), 4 * len(EXPRESSIONS)))
        sheet = contact_sheet([face.image for face in faces], [EXPRESSIONS[face.label] for face in faces])
        sheets.append(picture(encode_png(sheet), f"drawn faces, domain {domain}"))
    command = f"<pre>{html.escape(measured['command'])}</pre>"
    return (
        f"<h2>Drawn faces</h2><p>Accuracy on {measured['split']}, people who are not in Training.</p>"
        f"{table(head, rows)}{''.join(sheets)}{command}"
    )


def _log_rows(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def _curves(run):
    rows = _log_rows(run)
    figure = open_figure(8, 3.2)
    for axes, name in zip(figure.subplots(1, 2), ("accuracy", "loss"), strict=True):
        for split in ("Training", "validation"):
            points = [(row["epoch"], row[name]) for row in rows if row["split"] == split]
            axes.plot(*zip(*points, strict=True), label=split)
        axes.set(xlabel="epoch", ylabel=name)
        axes.grid(alpha=0.3)
        axes.legend()
    return encode_figure(figure)


def _faces(run, data, info, split_name):
    """Four faces of each expression, and the mistakes made with most confidence."""
    split, names = load_split(data, split_name), info["expressions"]
    probabilities = predict_probabilities(load_model(run), split.images)
    predictions = probabilities.argmax(1)
    shown = [i for row in range(4) for k in range(len(names)) for i in np.flatnonzero(split.labels == k)[row : row + 1]]
    sheet = contact_sheet(
        [split.images[i] for i in shown], [names[split.labels[i]] for i in shown], columns=len(names), scale=2
    )
    wrong = np.flatnonzero((predictions != split.labels) & (split.labels >= 0))
    worst = wrong[np.argsort(-probabilities[wrong, predictions[wrong]], kind="stable")][:14]
    parts = [picture(encode_png(sheet), f"faces of {split_name} with their labels")]
    if len(worst):
        captions = [f"{names[split.labels[i]][:7]}>{names[predictions[i]][:7]}" for i in worst]
        mistakes = contact_sheet([split.images[i] for i in worst], captions, columns=7, scale=2)
        parts.append(f"<p>Most confident mistakes on {split_name} (label&gt;prediction):</p>")
        parts.append(picture(encode_png(mistakes), "most confident mistakes"))
    return "".join(parts)

