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
flags.DEFINE_integer("epochs", None, "Of each.", lower_bound=1)
sys.exit(console.run(lambda: print("ran")))
"""

REQUIRED = SCRIPT.replace(
    "sys.exit",
    """flags.DEFINE_string("run_dir", None, "Folder of the run.", required=True)
flags.mark_flag_as_required("data")
sys.exit""",
)


def answer(*arguments, script=SCRIPT):
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def test_an_empty_list_and_a_stray_word_are_one_line():
    assert answer("--data=") == (1, "", "error: --data is empty; name at least one, separated by commas\n")
    assert answer("word")[2] == "error: word: unexpected argument; flags are written --name=value (see --help)\n"
    assert answer("--data=a,b") == (0, "ran\n", "")


def test_help_is_a_success_and_marks_what_is_required():
    status, text, problems = answer("--help", script=REQUIRED)
    assert (status, problems) == (0, "")
    assert "--data: Folders. (required)" in text and "--run_dir: Folder of the run. (required)" in text
    assert text.count("(required)") == 2


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "--data and --run_dir are required; see --help"),
        (["--data=a"], "--run_dir is required; see --help"),
        (["--run_dir=a", "--dta=b"], "Unknown command line flag 'dta'. Did you mean: data ?; see --help"),
        (["--epochs=0"], "flag --epochs=0: 0 is not a positive integer; see --help"),
    ],
)
def test_flags_that_cannot_be_used_are_one_line(arguments, message):
    assert answer(*arguments, script=REQUIRED) == (1, "", f"error: {message}\n")


def test_whole_numbers():
    assert console.whole_numbers("seeds", ["2", " 0"]) == [2, 0]
    for texts, found in (
        (["0.5"], "found '0.5'"),
        (["1", "-1"], "found '-1'"),
        (["x"], "found 'x'"),
        (["0", "1", "0"], "found 0 more than once"),
    ):
        with pytest.raises(FerMdError, match=f"^--seeds must be .*; {found}$"):
            console.whole_numbers("seeds", texts)
    with pytest.raises(FerMdError, match="at least 2, separated by commas; found '1'"):
        console.whole_numbers("classes", ["1"], 2)
