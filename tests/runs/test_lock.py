import subprocess
import sys

import pytest

from fer_md.errors import FerMdError
from fer_md.runs.lock import folder_lock

HOLD = """
import sys
from fer_md.runs.lock import folder_lock
with folder_lock(sys.argv[1]):
    print("held", flush=True)
    input()
"""


@pytest.mark.parametrize("killed", [False, True])
def test_a_second_process_is_refused_until_the_first_ends_or_is_killed(tmp_path, killed):
    command = [sys.executable, "-c", HOLD, tmp_path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == "held\n"
        with pytest.raises(FerMdError, match="another process is working in it; wait for"), folder_lock(tmp_path):
            pass
        first.kill() if killed else first.communicate("\n")
        first.wait()
    with folder_lock(tmp_path):
        pass
