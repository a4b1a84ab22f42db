"""Spark: the lines that docs/PREDICTION.md shows give the rows of one process."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fer_md
from fer_md.drawn.scenes import draw_scene
from fer_md.media.pictures import save_picture
from fer_md.media.sources import Medium
from fer_md.prediction.picture_rows import PictureRows

pytestmark = [
    pytest.mark.slow,
    pytest.mark.integration,
    pytest.mark.skipif(not shutil.which("java") and "JAVA_HOME" not in os.environ, reason="Spark needs Java"),
]

ROOT = Path(__file__).parents[2]


def test_the_example_of_the_page_gives_the_rows_of_one_process(tmp_path):
    """Two faces, one, none and a broken picture; a path that the table holds twice has its rows once."""
    import pyarrow.parquet

    names = [str(tmp_path / f"{faces}.jpg") for faces in range(3)]
    for faces, name in enumerate(names):
        save_picture(name, draw_scene(0, 1, faces=faces, size=256).image)
    names.append(str(tmp_path / "broken.jpg"))
    Path(names[-1]).write_bytes(b"nothing")
    pyarrow.parquet.write_table(pyarrow.table({"path": [*names, names[0]]}), tmp_path / "paths.parquet")
    run_example(tmp_path)

    found = pyarrow.parquet.read_table(tmp_path / "faces.parquet").to_pylist()
    for row in found:
        row["probabilities"] = row["probabilities"] and dict(row["probabilities"])
    expected = [
        {name: row[name] for name in found[0]}
        for row in PictureRows(fer_md.Predictor)([Medium("picture", name, name) for name in names])
    ]
    assert in_order(found) == in_order(expected)
    assert {row["face"] for row in found} == {None, 0, 1}
    assert [row["source"] for row in found if row["error"]] == names[-1:]


def run_example(folder):
    """Runs the page's lines in a folder, on one core of this machine."""
    page = (ROOT / "docs" / "PREDICTION.md").read_text(encoding="utf-8")
    (example,) = (block for block in re.findall("```python\n(.*?)```", page, re.DOTALL) if "pyspark" in block)
    (folder / "example.py").write_text(example, encoding="utf-8")
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": "--master local[1] --conf spark.ui.enabled=false pyspark-shell",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    command = [sys.executable, "example.py"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def in_order(rows):
    return sorted(rows, key=lambda row: (row["source"], row["face"] or 0))
