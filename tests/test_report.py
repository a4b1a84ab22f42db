"""The report: self-contained, complete, and honest about drawn faces."""

import json

import numpy as np
import pytest
from random_faces import random_split

from fer_md.data.face import Face
from fer_md.data.records import read_info, write_dataset
from fer_md.errors import FerMdError
from fer_md.evaluation.report import write_report
from fer_md.files import write_json
from fer_md.models import TINY, build_component


@pytest.fixture
def run_and_data(tmp_path):
    split = random_split(30)
    faces = (
        Face(key=str(i), image=image, label=i % 7, split="Training" if i < 15 else "PublicTest")
        for i, image in enumerate(split.images)
    )
    write_dataset(faces, tmp_path / "data", "synthetic-<noise>")
    run = tmp_path / "run"
    settings = {"validation": "PublicTest", "expressions": read_info(tmp_path / "data")["expressions"]}
    write_json(run / "config.json", {"settings": settings, "environment": {}})
    rows = [{"epoch": e, "split": s, "accuracy": 0.5, "loss": 1.0} for e in (1, 2) for s in ("Training", "validation")]
    (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_json(run / "time.json", {"seconds": 75.0, "images_per_second": 10.0})
    figures = {"split": "PublicTest", "averaging": "none", "accuracy": 0.5, "accuracy_interval": [0.4, 0.6],
               "accuracy_without_leaked": 0.49, "macro_recall": 0.48, "command": "python <evaluate>"}  # fmt: skip
    write_json(run / "eval" / "PublicTest" / "metrics.json", figures)
    build_component(TINY).save(run / "model.keras")
    return run, tmp_path / "data"


def test_page_is_whole_and_self_contained(run_and_data, tmp_path):
    run, data = run_and_data
    page = write_report([run], [data], tmp_path / "report").read_text()
    assert "50.00 %" in page and "40.0 to 60.0" in page
    assert "Synthetic: these faces were drawn" in page
    assert "python &lt;evaluate&gt;" in page and "<evaluate>" not in page
    assert page.count("data:image/png;base64") >= 3
    assert "http://" not in page and "https://" not in page and "<script" not in page
    assert np.all([f"</{tag}>" in page for tag in ("html", "body", "table")])


def test_a_folder_that_is_no_data_set_is_named(run_and_data, tmp_path):
    with pytest.raises(FerMdError, match="nowhere"):
        write_report([run_and_data[0]], [tmp_path / "nowhere"], tmp_path / "report")
    assert not (tmp_path / "report").exists()
