"""How scripts start: flags that cannot be meant end in one line."""

import subprocess
import sys

import pytest

from fer_md import console
from fer_md.errors import FerMdError

SCRIPT = """
import sys
from fer_md import console
from absl import flags
flags.DEFINE_list("data", None, "Folders.")
sys.exit(console.run(lambda: print("ran")))
"""


def answer(*arguments):
    done = subprocess.run([sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def test_an_empty_list_and_a_stray_word_are_one_line():
    assert answer("--data=") == (1, "", "error: --data is empty; name at least one, separated by commas\n")
    assert answer("word")[2] == "error: word: unexpected argument; flags are written --name=value (see --help)\n"
    assert answer("--data=a,b") == (0, "ran\n", "")


def test_whole_numbers():
    assert console.whole_numbers("seeds", ["2", " 0"]) == [2, 0]
    for texts, found in ((["0.5"], "found '0.5'"), (["1", "-1"], "found '-1'"), (["x"], "found 'x'"),
                         (["0", "1", "0"], "found 0 more than once")):  # fmt: skip
        with pytest.raises(FerMdError, match=f"^--seeds must be .*; {found}$"):
            console.whole_numbers("seeds", texts)
    with pytest.raises(FerMdError, match="at least 2, separated by commas; found '1'"):
        console.whole_numbers("classes", ["1"], 2)
