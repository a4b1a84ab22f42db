"""benchmarks/drawn_faces.py goes on where it was stopped, and benchmarks/linear_baseline.py, which it runs."""

import dataclasses

import pytest

from fer_md.errors import FerMdError
from fer_md.files import read_json, write_json
from fer_md.runs.run_directory import open_run
from scripts import benchmark, run_script

pytestmark = pytest.mark.integration

drawn = benchmark("drawn_faces")


def test_it_goes_on_where_it_was_stopped(tmp_path, monkeypatch):
    """Drawn and fitted once, and again where the fit is that of other faces; other faces need another folder."""
    started = []

    def script(name, *arguments):
        started.append(name.split("/")[-1])
        flags = dict(argument[2:].split("=", 1) for argument in arguments if "=" in argument)
        if started[-1] in ("synthetic.py", "linear_baseline.py"):
            quick = ("--l2=0.1", "--iterations=1") if "linear" in name else ()
            answer = run_script(name, *arguments, *quick)
            assert answer.returncode == 0, answer.stderr
        elif started[-1] == "pretrain.py":
            write_json(open_run(flags["run_dir"], {"precision": "float32"}) / "time.json", {"seconds": 1.0})
        elif len(started) > 4:
            figures = {"accuracy": 0.5, "accuracy_interval": [0.4, 0.6], "macro_recall": 0.5, "images": 10}
            write_json(tmp_path / "lab" / "run" / "eval" / "PrivateTest" / "metrics.json", figures)
        else:
            raise FerMdError("stopped")

    monkeypatch.setattr(drawn, "script", script)
    monkeypatch.setattr(drawn, "drawing_speed", lambda *_: 9.0)
    settings = drawn.Settings(work_dir=str(tmp_path), count=100)
    with pytest.raises(FerMdError, match="stopped"):
        drawn.compare(settings, "lab", tmp_path)
    found = drawn.compare(settings, "lab", tmp_path)
    assert started[4:] == ["pretrain.py", "evaluate.py"]
    assert found["count"] == 100 and found["network"]["precision"] == "float32"
    linear = read_json(tmp_path / "lab" / "linear.json")
    assert linear["command"].startswith("python ") and linear["environment"]["cpus"]
    write_json(tmp_path / "lab" / "linear.json", {**linear, "manifest_sha256": "of others"})
    assert drawn.compare(settings, "lab", tmp_path) == found and started[6] == "linear_baseline.py"
    for change, differs in (({"count": 101}, "count=100, not 101"), ({"seed": 1}, "seed=0, not 1")):
        with pytest.raises(FerMdError, match=f"holds a run with {differs}"):
            drawn.compare(dataclasses.replace(settings, **change), "lab", tmp_path)


def test_a_fit_needs_three_splits():
    answer = run_script("benchmarks/linear_baseline.py", "--data=none", "--splits=Training,PrivateTest")
    assert answer.returncode == 1 and "--splits must be three: " in answer.stderr
