"""What a wheel is built of, apart from the checkout, in which the build would leave its files."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]


def copy_sources(folder: Path) -> None:
    for name in ("setup.cfg", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    for name in ("fer_md", "experiments", "data_prep"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
