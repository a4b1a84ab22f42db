"""How and where a result was made."""

import datetime
import importlib.metadata
import os
import platform
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import fer_md


def command_line() -> str:
    """The command of this process, quoted so that a shell takes it as it was given."""
    return shlex.join(["python", *sys.argv])


def environment() -> dict[str, Any]:
    """Where and with what a result was made: a dict of strings, and of an int, ``cpus``."""
    return {
        "date": datetime.date.today().isoformat(),
        "python": platform.python_version(),
        "tensorflow": installed_version("tensorflow"),
        "keras": installed_version("keras"),
        "fer_md": fer_md.__version__,
        "commit": _commit(),
        "processor": _processor(),
        "cpus": os.cpu_count(),
    }


def installed_version(package: str) -> str:
    """The version of a package, or "not installed"; the package is not imported."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _commit():
    """Of this checkout; ``"unknown"`` for an installed package, also inside another project's checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return "unknown"
    try:
        answer = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=root, capture_output=True, text=True)
    except OSError:  # there is no git
        return "unknown"
    return answer.stdout.strip() or "unknown"
