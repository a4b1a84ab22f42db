"""A wheel carries the scripts of ``fer-md``, and with it alone every command works."""

import configparser
import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from fer_md import cli
from fer_md.expressions import EXPRESSIONS
from photograph_trees import write_photograph
from sources import copy_sources

ROOT = Path(__file__).parents[1]


def test_the_mapping_has_every_script():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    lines = (line.split(" = ") for line in setup["options"]["package_dir"].split("\n") if line)
    folders = {package.removeprefix("fer_md._scripts."): ROOT / folder for package, folder in lines}
    assert set(folders) == {"experiments", "data_prep"}
    scripts = {*cli.OF_FOLDERS.values(), *(script for script, _ in cli.EXPERIMENTS.values())}
    assert {f"{script}.py" for script in scripts} <= set(os.listdir(folders["experiments"]))
    others = {"recognised", "photograph_settings"}
    assert {path.stem for path in folders["data_prep"].glob("*.py")} == {*cli.DATA_SETS} | others


def test_every_folder_of_scripts_is_a_package():
    """Or setup.py would not find it."""
    for path in (ROOT / "experiments").rglob("*.py"):
        assert path.parent == ROOT / "experiments" or (path.parent / "__init__.py").is_file(), path


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The program ``fer-md`` of an environment with the wheel, which sees the other packages of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    (folder / "sources").mkdir()
    copy_sources(folder / "sources")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", f"--wheel-dir={folder}", folder / "sources"]
    subprocess.run([*pip, *build], check=True)
    [wheel] = folder.glob("*.whl")
    venv.create(folder / "venv")
    python = folder / "venv" / "bin" / "python"
    subprocess.run([*pip, f"--python={python}", "install", "--quiet", "--no-deps", wheel], check=True)
    [packages] = (folder / "venv").glob("lib/python*/site-packages")
    (packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")  # behind its own
    return folder / "venv" / "bin" / "fer-md"


@pytest.fixture
def fer_md(installed, tmp_path):
    """The command, in an empty folder, without this checkout on any path."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(command):
        done = subprocess.run(
            [installed, *command.split()], cwd=tmp_path, env=variables, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    return run


@pytest.mark.slow
def test_from_photographs_to_predictions(fer_md, tmp_path):
    for person in ("ann", "ben", "cleo", "dora", "eve"):
        for label, expression in enumerate(EXPRESSIONS):
            write_photograph(tmp_path / "photos" / person / expression / "1.png", person, label)
    fer_md("prepare collected --source=photos --output=data --detector=none")
    fer_md("train --data=data --run_dir=run --preset=drawn --network=small --epochs=1")
    fer_md("evaluate --run_dir=run --data=data --split=PrivateTest")
    fer_md("export --run_dir=run --output=served")
    fer_md("report --runs=run --data=data --output=report")
    assert (tmp_path / "report" / "index.html").stat().st_size > 10_000
    answer = json.loads(fer_md("predict photos/ann/anger/1.png --model=served --detector=none"))
    assert answer["label"] in EXPRESSIONS
    assert "_scripts" in json.loads((tmp_path / "run" / "config.json").read_text())["command"]
    fer_md("train photos --run_dir=own --detector=none --from_scratch --epochs=1")
    answer = json.loads(fer_md("predict photos/ann/anger/1.png --model=own/network.tflite --detector=none"))
    assert set(answer["probabilities"]) <= set(EXPRESSIONS)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["finetune", "joint", *(f"prepare {name}" for name in cli.DATA_SETS)])
def test_help(fer_md, command):
    assert "--output" in fer_md(f"{command} --help") or "--run_dir" in fer_md(f"{command} --help")
