"""Files with measured figures: each says how it was made, and where."""

import sys

from fer_md.files import write_json
from fer_md.training.run_directory import environment


def write_result(path, figures):
    """Writes figures as JSON between the command that made them and the environment.

    Args:
        path: the file.
        figures: dict of JSON values, without ``command`` and ``environment``.
    """
    write_json(path, {"command": " ".join(["python", *sys.argv]), **figures, "environment": environment()})
