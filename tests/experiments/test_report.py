"""The report: self-contained, complete, honest about drawn faces, and right in a browser, narrow, wide, light, dark."""

import html
import json
import re
import shutil
import subprocess

import cv2
import numpy as np
import pytest

from browser import PROGRAM
from fer_md.data.face import Face
from fer_md.data.records import read_info, write_dataset
from fer_md.errors import FerMdError
from fer_md.evaluation.measure import Evaluation
from fer_md.expressions import EXPRESSIONS
from fer_md.files import write_json
from fer_md.models import TINY, build_component
from pages.report import Sources, write_report
from pages.report.data_cards import LICENCES
from pages.report.write import SECTIONS
from pages.rows import RunTime
from random_faces import random_split
from result_files import (
    GAIN,
    drawn_faces,
    landmark_error,
    landmarks,
    matrices,
    matrix_row,
    method_row,
    methods,
    of_evaluation,
    run_config,
    save,
    stage_row,
    stages,
)

pytestmark = pytest.mark.integration

FRAME = """<!doctype html><meta name="color-scheme" content="light dark"><title>frame</title>
<iframe src="{page}" style="width:{width}px;height:{height}px;border:0"></iframe>
<script>
onload = () => {{
  const page = document.querySelector("iframe").contentDocument, root = page.documentElement
  const seen = {{
    width: root.clientWidth, needed: root.scrollWidth,
    images: [...page.images].map(image => image.naturalWidth),
    wide: [...page.querySelectorAll("table, pre, img")].filter(
      part => part.getBoundingClientRect().right > root.clientWidth && !part.closest(".wide, pre")).length,
    cut: [...page.querySelectorAll(".wide")].filter(
      part => part.querySelector("table") && part.scrollWidth > part.clientWidth).length,
    ink: getComputedStyle(page.body).color, paper: getComputedStyle(page.body).backgroundColor,
  }}
  document.body.dataset.seen = JSON.stringify(seen)
}}
</script>
"""
"""The page in a frame of the asked width: a window of headless Chromium is never narrower than 500 pixels."""


@pytest.fixture(scope="module")
def run_and_data(tmp_path_factory):
    tmp_path, split = tmp_path_factory.mktemp("trained"), random_split(30)
    faces = (
        Face(key=str(i), image=image, label=i % 7, split="Training" if i < 15 else "PublicTest")
        for i, image in enumerate(split.images)
    )
    write_dataset(faces, tmp_path / "data", "synthetic-<noise>")
    run = tmp_path / "run"
    info = read_info(tmp_path / "data")
    settings = {"data": info["name"], "expressions": info["expressions"], "manifest_sha256": info["manifest_sha256"]}
    save(run / "config.json", run_config(settings))
    rows = [
        {"step": 9 * e, "epoch": e, "split": s, "network": "model", "data": "first", "accuracy": 0.5, "loss": 1.0}
        for e in (1, 2)
        for s in ("Training", "validation")
    ]
    (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    save(run / "time.json", RunTime(seconds=75.0, images_per_second=10.0))
    found = of_evaluation(accuracy=0.5, accuracy_interval=(0.4, 0.6), accuracy_without_leaked=0.49, macro_recall=0.48)
    save(run / "eval" / "PublicTest" / "metrics.json", Evaluation(**found))
    counts = "\n".join(f"{name},1,0,0,0,0,0,1" for name in EXPRESSIONS)
    names = ",".join(EXPRESSIONS)
    (run / "eval" / "PublicTest" / "confusion_matrix.csv").write_text(f"true\\predicted,{names}\n{counts}\n")
    build_component(TINY).save(run / "model.keras")
    return run, tmp_path / "data"


@pytest.fixture(scope="module")
def drawn_file(tmp_path_factory):
    return save(tmp_path_factory.mktemp("drawn") / "drawn.json", drawn_faces())


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Folder with a small file for each table and figure of the paper."""
    folder = tmp_path_factory.mktemp("measured") / "results"
    confusion = [[3, 1, 0, 0, 0, 0, 0]] * 7
    rows = [
        stage_row(paper=70.14, confusion=confusion),
        stage_row(stage="fine-tuned", network="fused, equal weights", confusion=confusion),
    ]
    save(folder / "stages.json", stages(rows))
    save(folder / "table1.json", matrices([matrix_row(data=name) for name in ("first", "second", "whole")]))
    rows = [
        method_row(method=m, loss=loss, paper=75.1, md_minus_own=GAIN, ours_minus_this=GAIN)
        for m in ("Zhang et al. 2015", "Our component")
        for loss in ("own", "MD")
    ]
    save(folder / "table4.json", methods(rows, data="first"))
    errors = {"video frames": {"HyperFace": {"inter-ocular": landmark_error()}}}
    save(folder / "figure6.json", landmarks(errors))
    return folder


@pytest.fixture(scope="module")
def finetuned(run_and_data, tmp_path_factory):
    """A fine-tuning of the run with itself."""
    run, folder = run_and_data[0], tmp_path_factory.mktemp("finetuned")
    names, config = ["component1", "component2"], json.loads((run / "config.json").read_text())
    settings = {name: [value] * 2 for name, value in config["settings"].items()}
    write_json(folder / "config.json", {**config, "settings": {**settings, "networks": names}})
    measured = {"accuracy": 0.5, "macro_recall": 0.4}
    rows = [
        {"step": 9 * e, "epoch": e, "split": "validation", "network": name, "data": "first", **measured}
        for e in (0, 1)
        for name in names
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    shutil.copy(run / "time.json", folder)
    for name in names:
        shutil.copy(run / "model.keras", folder / f"{name}.keras")
    return folder


@pytest.fixture(scope="module")
def whole_page(run_and_data, finetuned, results, drawn_file, tmp_path_factory):
    """The page with every section there is."""
    (run, data), folder = run_and_data, tmp_path_factory.mktemp("whole")
    shutil.copytree(results, folder / "results")
    for number, name in ((2, "ckplus"), (3, "mmi")):
        faces = [Face(str(i), np.full((48, 48), 99, np.uint8), i, split="Training") for i in (0, 1)]
        write_dataset(faces, folder / name, name)
        save(folder / "results" / f"table{number}.json", matrices([matrix_row(data=name)], table=number))
    cv2.imwrite(str(folder / "photograph.png"), np.full((90, 120, 3), 128, np.uint8))
    sources = Sources(
        (run,),
        (data,),
        finetuned,
        folder / "results",
        drawn_file,
        folder / "photograph.png",
        (folder / "ckplus", folder / "mmi"),
    )
    return write_report(sources, folder / "report")


def test_the_whole_page_has_every_section_and_a_card_of_every_data_set(whole_page):
    page = whole_page.read_text()
    assert [heading for heading, _ in SECTIONS if f"<h2>{heading}</h2>" not in page] == []
    for name in ("ckplus", "mmi", "video frames"):
        assert f"<h3>{name}</h3><p>{html.escape(LICENCES[name])}</p>" in page
    assert page.count("1 groups of pixel-identical images, 1 of them with conflicting labels") == 2  # ckplus, mmi
    assert "Not measured" not in page and "What fine-tuning on the other data set does to the first" in page


def test_every_table_and_figure_beside_the_paper(run_and_data, results, tmp_path):
    run, data = run_and_data
    page = write_report(Sources((run,), (data,), results=results), tmp_path / "report").read_text()
    assert "-6.40" in page  # happiness: 77.00 of ours, 83.40 of the paper's
    assert "-2.71" in page and "79.71" in page  # macro recall 77.00
    assert "+10.00 (+5.0 to +15.0; p &lt; 0.001, 0.250)" in page and "no target" in page
    assert "HyperFace" in page and "0.400" in page and "python &lt;landmarks&gt;" in page
    assert page.count("Not measured: ") == 2 and "make reproduce-table2 DATA_ROOT=DIR" in page
    assert page.count("confusion matrix: ") == 7  # two stages, three of Tab. 1, the paper's, the run's
    assert '<td class="text">all</td><td>3:00</td>' in page  # 75 s of the run, 60 of Tab. 4, 40 + 5 of Fig. 6
    assert "Confusion matrices: first, fine-tuned" in page and "first, fine-tuned, fused, equal weights: 78.0 %" in page


def test_the_page_opens_with_faces_and_three_sentences(whole_page):
    """Before any heading but the title, one face of each of the seven expressions, and how many were right."""
    header = re.search("<header>(.*)</header>", whole_page.read_text())[1]
    assert header.index("<img") < header.index("<p>") and header.count("<img") == 7 and "<table" not in header
    (text,) = re.findall("<p>(.*?)</p>", header)
    assert len(re.findall(r"[\w%]\.(?: |$)", text)) == 3 and "guessing would reach 14 %" in text


def test_page_is_whole_and_self_contained(run_and_data, tmp_path):
    run, data = run_and_data
    write_json(tmp_path / "report" / "other.json", {})
    page = write_report(Sources((run,), (data,)), tmp_path / "report").read_text()
    assert (tmp_path / "report" / "other.json").exists()
    assert "<td>50.00</td>" in page and "40.0 to 60.0" in page
    assert "Synthetic: the faces of synthetic-&lt;noise&gt; were drawn" in page
    assert "python &lt;evaluate&gt;" in page and "<evaluate>" not in page
    assert page.count("data:image/png;base64") >= 3
    assert "http://" not in page and "https://" not in page and "<script" not in page
    assert np.all([f"</{tag}>" in page for tag in ("html", "body", "table")])


def test_a_run_that_learned_two_data_sets_is_shown_once(run_and_data, tmp_path, monkeypatch):
    """With its curves of each data set on their own."""
    run, data, drawn = tmp_path / "run", run_and_data[1], []
    shutil.copytree(run_and_data[0], run)
    figures = {"step": 1, "epoch": 1, "split": "Training", "network": "model", "accuracy": 0.5, "loss": 1.0}
    log = "".join(json.dumps({**figures, "data": name}) + "\n" for name in ("first", "second"))
    (run / "metrics.jsonl").write_text(log)
    monkeypatch.setattr("pages.report.runs.curves_plot", lambda curves, *texts: drawn.append(list(curves)) or "")
    page = write_report(Sources((run, run), (data, data)), tmp_path / "report").read_text()
    assert drawn == [["first, Training", "second, Training"]] * 2  # of accuracy and loss
    assert page.count(f"<h3>{run}</h3>") == 1
    assert page.count("<td>50.00</td>") == 1 and page.count("python &lt;evaluate&gt;") == 1


def test_a_folder_that_is_no_data_set_or_no_run_is_named(run_and_data, tmp_path):
    with pytest.raises(FerMdError, match="nowhere"):
        write_report(Sources(run_and_data[:1], (tmp_path / "nowhere",)), tmp_path / "report")
    with pytest.raises(FerMdError, match="data: not a run directory"):
        write_report(Sources(run_and_data[1:], run_and_data[1:]), tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_drawn_faces_have_a_section_where_they_were_measured(run_and_data, drawn_file, tmp_path):
    run, data = run_and_data
    page = write_report(Sources((run,), (data,), drawn_faces=drawn_file), tmp_path / "report").read_text()
    assert "<td>30.0</td><td>70.0</td>" in page and "<td>1000</td>" in page and "python &lt;draw&gt;" in page
    assert page.count("drawn faces, domain") == 2
    with pytest.raises(FerMdError, match="none.json: no such file"):
        write_report(Sources((run,), (data,), drawn_faces=tmp_path / "none.json"), tmp_path / "second")


def look(page, folder, width, dark):
    """What a browser makes of ``page``: sizes and colours, the console's messages, and ``folder/page.png``."""
    (folder / "frame.html").write_text(FRAME.format(page=page.as_uri(), width=width, height=900))
    command = [
        PROGRAM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--allow-file-access-from-files",
        f"--user-data-dir={folder / 'profile'}",
        f"--window-size={max(width, 500) + 20},940",
        "--enable-logging=stderr",
        f"--blink-settings=preferredColorScheme={0 if dark else 1}",
        f"--screenshot={folder / 'page.png'}",
        "--virtual-time-budget=5000",
        "--dump-dom",
        (folder / "frame.html").as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    found = re.search(r'data-seen="([^"]*)"', done.stdout)
    assert found, done.stderr[-2000:]
    messages = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    return json.loads(html.unescape(found[1])), messages


def brightness(color):
    return sum(map(int, re.findall(r"\d+", color)[:3])) / 3


@pytest.mark.skipif(PROGRAM is None, reason="no browser: install chromium (apt-get install chromium)")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_and_shows_its_pictures(whole_page, tmp_path, width, dark):
    seen, messages = look(whole_page, tmp_path, width, dark)
    assert messages == []
    assert seen["width"] <= width and seen["needed"] == seen["width"] and seen["wide"] == 0
    assert width < 1280 or seen["cut"] == 0
    assert len(seen["images"]) >= 15 and min(seen["images"]) > 0
    assert (brightness(seen["paper"]) < 60) == dark and abs(brightness(seen["ink"]) - brightness(seen["paper"])) > 150
