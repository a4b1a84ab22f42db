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

ARGUMENTS = """
import dataclasses, sys
from fer_md import console

@dataclasses.dataclass(frozen=True)
class Settings:
    folder: tuple[str, ...] = console.arguments()
    epochs: int | None = console.flag("Of each.", None, least=1)

sys.exit(console.run(print, Settings))
"""


def answer(*arguments, script=SCRIPT):
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def test_an_empty_list_and_a_stray_word_are_one_line():
    assert answer("--data=") == (1, "", "error: --data is empty; name at least one, separated by commas\n")
    assert answer("word")[2] == "error: word: unexpected argument; flags are written --name=value (see --help)\n"
    assert answer("--data=a,b") == (0, "ran\n", "")


@pytest.mark.parametrize("arguments, script", [(["word"], SCRIPT), (["--data="], SCRIPT), ([], ARGUMENTS)])
def test_what_the_command_line_gets_wrong_has_no_traceback(arguments, script):
    said = answer(*arguments, script=script)
    assert said[2] and answer("--debug", *arguments, script=script) == said


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


SETTINGS = """
import dataclasses, sys
from fer_md import console

@dataclasses.dataclass(frozen=True)
class Settings:
    data: str = console.flag("Folder.")
    epochs: int | None = console.flag("In place of the preset's.", None, least=1)
    rate: float = console.flag("Learning rate.", 0.5, least=0, most=1)
    preset: str = console.flag("Recipe.", "quick", choices=["quick", "full"])
    fast: bool = console.flag("Whether to hurry.", False)
    seeds: tuple[int, ...] = console.flag("Seeds.", (0, 1))
    weights: tuple[float, ...] = console.flag("One a network.", ())
    names: tuple[str, ...] | None = console.flag("Of networks.", None)

sys.exit(console.run(print, Settings))
"""


def test_settings_hold_the_flags_or_their_defaults():
    expected = (
        "Settings(data='a', epochs=None, rate=0.5, preset='quick', fast=False, seeds=(0, 1), weights=(), names=None)\n"
    )
    assert answer("--data=a", script=SETTINGS) == (0, expected, "")
    given = [
        "--data=a",
        "--epochs=3",
        "--rate=1",
        "--preset=full",
        "--fast",
        "--seeds=7",
        "--weights=0.5,1",
        "--names=b,c",
    ]
    expected = (
        "Settings(data='a', epochs=3, rate=1.0, preset='full', fast=True, seeds=(7,), weights=(0.5, 1.0), "
        "names=('b', 'c'))\n"
    )
    assert answer(*given, script=SETTINGS) == (0, expected, "")


def test_a_file_that_is_there_is_replaced_only_when_told_to(tmp_path):
    files = 'output: str = console.new_file("File.")\n    picture: str | None = console.new_file("Picture.", None)'
    script = SETTINGS.replace('data: str = console.flag("Folder.")', files)
    assert script != SETTINGS
    there = tmp_path / "there.json"
    there.write_text("{}")
    message = f"error: {there}: is there already; add --overwrite to replace it, or name another file\n"
    assert answer(f"--output={there}", script=script) == (1, "", message)
    assert answer(f"--output={there}", "--overwrite", script=script)[0] == 0
    assert answer(f"--output={tmp_path / 'new.json'}", script=script)[0] == 0
    assert answer(f"--output={tmp_path / 'new.json'}", f"--picture={there}", script=script) == (1, "", message)
    assert "Replace what --output and --picture name if it is there." in answer("--help", script=script)[1]
    assert "overwrite" not in answer("--help", script=SETTINGS)[1]


def test_help_lists_the_flags_of_settings():
    status, text, problems = answer("--help", script=SETTINGS)
    assert (status, problems) == (0, "")
    assert (
        "--data: Folder. (required)" in text
        and "--preset: <quick|full>: Recipe." in text
        and "(default: '0,1')" in text
    )


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "--data is required; see --help"),
        (["--data=a", "--rate=2"], "flag --rate=2: 2.0 is not a number in the range [0, 1]; see --help"),
        (["--data=a", "--seeds=1,1"], "--seeds must be different numbers; found 1 more than once"),
        (
            ["--data=a", "--weights=x"],
            "--weights must be numbers, separated by commas (could not convert string to float: 'x')",
        ),
        (["--data=a", "--names="], "--names is empty; name at least one, separated by commas"),
        (["--data=a", "--names=b,c,b"], "--names names b more than once"),
    ],
)
def test_settings_that_cannot_be_used_are_one_line(arguments, message):
    assert answer(*arguments, script=SETTINGS) == (1, "", f"error: {message}\n")


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


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(tmp_path, closed):
    """Nor are files opened under their numbers, into which messages would go."""
    script = SCRIPT.replace('print("ran")', f'print(open("{tmp_path}/new", "w").fileno() > 2 or 1 / 0)')
    assert script != SCRIPT
    for arguments in ("--data=a", "--help"):
        command = f'exec "$0" -c "$1" {arguments} {closed}'
        assert subprocess.run(["sh", "-c", command, sys.executable, script], stdin=subprocess.DEVNULL).returncode == 0


@pytest.mark.parametrize("arguments", ["--data=a", "--help"])
def test_the_end_of_a_pipe_is_one_line(arguments):
    many = SCRIPT.replace('print("ran")', 'print("ran" * 100_000)')
    assert many != SCRIPT
    with subprocess.Popen(
        [sys.executable, "-c", many, arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == "error: what this was piped into has ended\n"
    assert process.returncode == 1


def test_arguments_that_are_no_flags_stand_before_or_behind_them():
    expected = (0, "Settings(folder=('a', 'b'), epochs=3)\n", "")
    assert answer("a", "--epochs=3", "b", script=ARGUMENTS) == expected
    assert answer("--epochs", "3", "a", "b", script=ARGUMENTS) == expected
    assert answer("--epochs=3", script=ARGUMENTS) == (1, "", "error: name at least one FOLDER (see --help)\n")
