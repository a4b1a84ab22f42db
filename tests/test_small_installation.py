"""requirements-predict.txt: what prediction needs of the whole, in the same versions; and that it is enough."""

import configparser
import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from fer_md.drawn.scenes import draw_scene
from fer_md.media.pictures import save_picture
from sources import copy_sources
from stub_predictor import save_run

ROOT = Path(__file__).parents[1]


def requirements(text):
    """dict from packages to the versions that are allowed."""
    lines = (line.split("#")[0].split(maxsplit=1) for line in text.splitlines())
    return {parts[0]: parts[1].strip() for parts in lines if parts}


def test_versions_are_those_of_the_whole_installation():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    whole = requirements(setup["options"]["install_requires"])
    whole["opencv-python-headless"] = whole.pop("opencv-contrib-python-headless")
    small = requirements((ROOT / "requirements-predict.txt").read_text(encoding="utf-8"))
    assert small.items() <= whole.items()
    assert not small.keys() & {"tensorflow", "keras", "pandas", "matplotlib"}


def run(*command):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The folder of the programs of an environment that was made as docs/PREDICTION.md says."""
    folder = tmp_path_factory.mktemp("small")
    copy_sources(folder)
    venv.create(folder / "venv", with_pip=True)
    pip = [folder / "venv" / "bin" / "python", "-m", "pip", "install", "--quiet"]
    for what in (["-r", ROOT / "requirements-predict.txt"], ["--no-deps", folder]):
        done = run(*pip, *what)
        assert done.returncode == 0, done.stderr
    return folder / "venv" / "bin"


@pytest.mark.slow
def test_it_answers_as_the_whole_does(small, tmp_path):
    save_picture(tmp_path / "scene.png", draw_scene(0, 1, faces=2, size=512).image)
    assert run(small / "python", "-c", "import tensorflow").returncode == 1
    answer, expected = (
        run(*command, "predict", tmp_path / "scene.png")
        for command in ([small / "fer-md"], [sys.executable, "-m", "fer_md.cli"])
    )
    assert answer.returncode == 0 and answer.stdout.count("\n") == 2, answer.stderr
    for found, wanted in zip(*(map(json.loads, done.stdout.splitlines()) for done in (answer, expected)), strict=True):
        assert found["label"] == wanted["label"] and found["box"] == pytest.approx(wanted["box"], abs=0.1)
        assert found["probabilities"] == pytest.approx(wanted["probabilities"], abs=1e-3)
    assert run(small / "fer-md", "info").returncode == 0


@pytest.mark.slow
def test_what_needs_tensorflow_says_so(small, tmp_path):
    save_run(tmp_path / "run")
    save_picture(tmp_path / "scene.png", draw_scene(0, 1, faces=1, size=256).image)
    for command in (
        [small / "fer-md", "predict", tmp_path / "scene.png", f"--model={tmp_path / 'run'}"],
        [small / "fer-md", "predict", tmp_path / "scene.png", "--detector=region", f"--detector_dir={tmp_path}"],
        [small / "python", "-c", "import fer_md.console\nfer_md.MDLoss"],
    ):
        done = run(*command)
        assert done.returncode == 1
        assert done.stderr.startswith("error: this needs TensorFlow"), done.stderr
        assert done.stderr.count("\n") == 1
