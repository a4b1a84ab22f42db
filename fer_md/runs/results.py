"""Files with measured figures: each says how it was made, and where."""

import dataclasses
from pathlib import Path
from typing import Any, TypeVar

from fer_md.files import read_json, write_json
from fer_md.runs.provenance import command_line, environment
from fer_md.typed_json import from_json, to_json


@dataclasses.dataclass(frozen=True, kw_only=True)
class Environment:
    """Where and with what a result was made.

    Attributes:
        date: as 2026-11-25.
        python, tensorflow, keras, fer_md: versions.
        commit: of the checkout, or "unknown".
        processor: as the system names it.
        cpus: number of its cores.
    """

    date: str
    python: str
    tensorflow: str
    keras: str
    fer_md: str
    commit: str
    processor: str
    cpus: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Result:
    """What every file of figures has; a kind of file is a dataclass that adds its own fields.

    Attributes:
        command: that made it; ``write_result`` fills it in.
        environment: likewise.
        remark: what a reader must know of a file that an older version wrote.
    """

    command: str | None = None
    environment: Environment | None = None
    remark: str | None = None


Kind = TypeVar("Kind", bound=Result)


def write_result(path: Path | str, figures: Result | dict[str, Any]) -> None:
    """Writes figures as JSON between the command that made them and the environment.

    Args:
        path: the file.
        figures: a ``Result``, or a dict of what JSON holds.
    """
    fields = {**to_json(figures), "command": command_line(), "environment": environment()}
    write_json(path, {"command": fields.pop("command"), **fields})


def read_result(kind: type[Kind], path: Path | str) -> Kind:
    """Reads what ``write_result`` wrote.

    Args:
        kind: the dataclass of that kind of file.
        path: the file.

    Raises:
        FerMdError: the file is missing, is not JSON, or a field is missing, unknown or of another type; the message
            names the file and the field.
    """
    return from_json(kind, read_json(path), str(path))
