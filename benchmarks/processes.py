"""What a benchmark runs in a process of its own."""

import subprocess
from collections.abc import Mapping, Sequence

from fer_md.errors import FerMdError


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> list[str]:
    """The lines that a command prints; ``FerMdError`` with the last line of its errors where it fails.

    Args:
        command: program and arguments.
        environment: of the process; that of this one by default.
    """
    answer = subprocess.run(command, capture_output=True, text=True, env=environment)
    if answer.returncode:
        raise FerMdError((answer.stderr.strip().splitlines() or ["no output"])[-1][:300])
    return answer.stdout.splitlines()
