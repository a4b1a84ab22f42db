"""Files with measured figures: each says how it was made, and where."""

from fer_md.files import write_json
from fer_md.runs.run_directory import command_line, environment


def write_result(path, figures):
    """Writes figures as JSON between the command that made them and the environment.

    Args:
        path: the file.
        figures: dict of JSON values, without ``command`` and ``environment``.
    """
    write_json(path, {"command": command_line(), **figures, "environment": environment()})
