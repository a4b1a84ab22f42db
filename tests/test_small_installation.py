"""requirements-predict.txt: what prediction needs of the whole, in the same versions."""

import configparser
from pathlib import Path

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
