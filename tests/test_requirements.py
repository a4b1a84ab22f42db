"""Requirements: each has a bound above, which lets no major version in that was never tried."""

import configparser
import importlib.metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]


def requirements():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    lines = [setup["options"]["install_requires"], *setup["options.extras_require"].values()]
    lines.append((ROOT / "requirements-predict.txt").read_text())
    texts = {text for line in lines for text in line.splitlines() if text and not text.startswith("#")}
    return sorted(text for text in texts if not text.startswith("fer_md["))


@pytest.mark.parametrize("text", requirements())
def test_no_new_major_version_comes_in(text):
    """The version that is installed is the newest that the tests saw; the next major one must be kept out."""
    requirement = Requirement(text)
    bounds = [Version(part.version) for part in requirement.specifier if part.operator in ("<", "==")]
    assert bounds, "needs a bound above"
    try:
        installed = Version(importlib.metadata.version(requirement.name))
    except importlib.metadata.PackageNotFoundError:
        return
    assert requirement.specifier.contains(installed)
    assert min(bounds) <= Version(str(installed.major + 1)), f"admits more than {installed.major}, which is installed"
