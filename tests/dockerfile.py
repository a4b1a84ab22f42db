"""Dockerfiles read and carried out without docker: what the image would have lies in a folder."""

import json
import os
import shlex
import shutil
import subprocess
import venv
from pathlib import Path


def instructions(text: str) -> list[tuple[str, list[str]]]:
    """(instruction, words) of each line; commands in JSON are read as such, those of RUN are one word."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, rest = line.split(maxsplit=1)
        if name == "HEALTHCHECK":
            rest = rest.partition("CMD ")[2]
        found.append(
            (name, json.loads(rest) if rest.startswith("[") else [rest] if name == "RUN" else shlex.split(rest))
        )
    return found


class Image:
    """What the instructions of a Dockerfile make, of the Python that runs this in place of ``FROM``.

    Args:
        text: the Dockerfile.
        context: folder that ``COPY`` copies from.
        root: empty folder that stands for ``/`` of the image.
    """

    def __init__(self, text: str, context: Path, root: Path):
        self.context, self.root, self.folder = context, root, root
        self.commands = {}
        programs = root / "python" / "bin"
        hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
        self.variables = {name: value for name, value in os.environ.items() if name not in hidden}
        self.variables["PATH"] = f"{programs}:{os.environ['PATH']}"
        for name, words in instructions(text):
            self._carry_out(name, words)

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        """``docker run``; without arguments those of ``CMD``."""
        return self._start([*self.commands["ENTRYPOINT"], *(arguments or self.commands["CMD"])])

    def check_health(self) -> subprocess.CompletedProcess:
        return self._start(self.commands["HEALTHCHECK"])

    def _carry_out(self, name, words):
        match name:
            case "FROM":
                venv.create(self.root / "python", with_pip=True)
            case "ENV":
                self.variables |= dict(word.split("=", 1) for word in words)
            case "WORKDIR":
                self.folder = self._inside(words[0])
                self.folder.mkdir(parents=True, exist_ok=True)
            case "COPY":
                self._copy(words[:-1], self._inside(words[-1]))
            case "RUN":
                subprocess.run(words[0], shell=True, check=True, cwd=self.folder, env=self.variables)
            case "USER":
                pass  # only root can become another
            case "HEALTHCHECK" | "ENTRYPOINT" | "CMD":
                self.commands[name] = words
            case _:
                raise NotImplementedError(name)

    def _inside(self, path):
        return self.root / path.lstrip("/") if path.startswith("/") else self.folder / path

    def _copy(self, names, target):
        for name in names:
            if (self.context / name).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(self.context / name, target, ignore=ignored, dirs_exist_ok=True)
            else:
                shutil.copy(self.context / name, target)

    def _start(self, command):
        program = shutil.which(command[0], path=self.variables["PATH"])
        return subprocess.run(
            [program, *command[1:]], cwd=self.folder, env=self.variables, capture_output=True, text=True
        )
