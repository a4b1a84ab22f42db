"""How scripts start: flags that cannot be meant end in one line."""

import subprocess
import sys

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
