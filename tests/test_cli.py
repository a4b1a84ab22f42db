import functools
import json
import os
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

import fer_md as fer_md_package
from drawn_videos import save_video
from fer_md import cli
from stub_predictor import save_run

pytestmark = pytest.mark.integration


@pytest.fixture
def fer_md(monkeypatch, capsys):
    """The command in this process, without its change of the process's stderr: status, lines of stdout and stderr."""
    monkeypatch.setattr(cli, "_quieten_decoders", lambda: None)

    def run(*arguments):
        status = cli.main([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return status, output.out.splitlines(), [line for line in output.err.splitlines() if "predicting" not in line]

    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    save_run(folder / "run")
    rng = np.random.default_rng(0)
    (folder / "in").mkdir()
    cv2.imwrite(str(folder / "in" / "a.png"), rng.integers(0, 256, (50, 60, 3), np.uint8))
    data = cv2.imencode(".jpg", cv2.resize(rng.integers(0, 256, (5, 5, 3), np.uint8), (90, 90)))[1].tobytes()
    middle = len(data) * 3 // 4
    data = data[:middle] + bytes(9) + data[middle + 9 :]  # the decoder complains, and goes on
    (folder / "in" / "scratched.jpg").write_bytes(data)
    (folder / "in" / "zero.jpg").write_bytes(b"")
    return folder


def test_the_rest_is_kept_and_the_status_is_one(folder, tmp_path):
    """In a process of its own, as a user starts it: nothing of the libraries comes through on stderr."""
    command = [
        sys.executable,
        "-m",
        "fer_md.cli",
        "predict",
        folder / "in",
        "none.jpg",
        f"--model={folder / 'run'}",
        "--detector=none",
        f"--output={tmp_path / 'out.csv'}",
        f"--annotate={tmp_path / 'drawn'}",
    ]
    answer = subprocess.run(command, capture_output=True, text=True)
    assert answer.returncode == 1 and answer.stdout == ""
    assert [line for line in answer.stderr.splitlines() if "predicting" not in line] == [
        "skipped: none.jpg: no such file or folder",
        f"skipped: {folder}/in/zero.jpg: the file is empty; fetch it again or leave it out",
        "frames 2, faces 2, frames without a face 0, problems 2",
    ]
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 3
    assert sorted(os.listdir(tmp_path / "drawn")) == ["a.png", "scratched.jpg"]


def test_sigterm_keeps_what_is_predicted_so_far(folder, tmp_path):
    (tmp_path / "many").mkdir()
    for index in range(5000):
        os.link(folder / "in" / "a.png", tmp_path / "many" / f"{index}.png")
    command = [
        sys.executable,
        "-m",
        "fer_md.cli",
        "predict",
        tmp_path / "many",
        f"--model={folder / 'run'}",
        "--detector=none",
        f"--output={tmp_path / 'out' / 'faces.csv'}",
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    written = functools.partial(tmp_path.glob, "out/.faces*/partial*")
    while process.poll() is None and not any(path.stat().st_size > 1000 for path in written()):
        time.sleep(0.02)
    process.terminate()
    assert process.wait(timeout=60) == 130
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["faces.csv"]
    assert 1 < len((tmp_path / "out" / "faces.csv").read_text().splitlines()) < 5001


def test_json_lines_on_stdout_and_own_boxes(folder, tmp_path, fer_md):
    boxes, picture = tmp_path / "boxes.csv", folder / "in" / "a.png"
    boxes.write_text(f"source,x,y,width,height\n{picture},-5,10,20,20\n")
    status, (row,), problems = fer_md("predict", picture, f"--model={folder / 'run'}", f"--boxes={boxes}")
    assert status == 0 and json.loads(row)["box"] == [0, 10, 15, 20]
    assert problems == ["frames 1, faces 1, frames without a face 0, problems 0"]


def test_a_folder_with_a_video_and_a_file_that_is_neither(folder, tmp_path, fer_md):
    save_video(tmp_path / "film.avi", frames=3)
    (tmp_path / "notes.txt").touch()
    command = ["predict", tmp_path, f"--model={folder / 'run'}", "--detector=none"]
    status, rows, problems = fer_md(*command, "--smooth=0.2")
    assert status == 1 and [json.loads(row)["track"] for row in rows] == [0, 0, 0]
    assert problems == [
        f"skipped: {tmp_path / 'notes.txt'}: not read: its name is not that of a picture or video",
        "frames 3, faces 3, frames without a face 0, problems 1",
    ]
    assert {json.loads(row)["track"] for row in fer_md(*command)[1]} == {None}
    assert {json.loads(row)["track"] for row in fer_md(*command, "--track")[1]} == {0}
    status, _, problems = fer_md(*command, "--smooth=-1")
    assert status == 1 and "error: smoothing must be a finite number of seconds, at least 0; got -1.0" in problems


def test_without_a_model_the_package_answers(folder, fer_md):
    status, (row,), _ = fer_md("predict", folder / "in" / "a.png", "--detector=none")
    assert status == 0 and sum(json.loads(row)["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert "photographs" in "\n".join(fer_md("info")[1])
    assert fer_md("predict", "a.png", "--data=fer2013")[2] == [
        "error: data=fer2013 is for run directories; the network of the package has one label space"
    ]


def test_a_picture_and_its_mirror_image_get_one_answer_with_mirror(folder, tmp_path, fer_md):
    pictures = folder / "in" / "a.png", tmp_path / "mirrored.png"
    cv2.imwrite(str(pictures[1]), cv2.imread(str(pictures[0]))[:, ::-1])

    def difference(*arguments):
        _, rows, _ = fer_md("predict", *pictures, "--detector=none", *arguments)
        first, second = (np.array(list(json.loads(row)["probabilities"].values())) for row in rows)
        return np.abs(first - second).max()

    assert difference("--mirror") < 5e-3 < difference()


def test_a_prior_by_name_or_by_its_shares(folder, fer_md):
    """The network fer2013 learned the prior of FER2013: to name it again changes nothing."""
    model = "--model=fer2013"

    def answers(*arguments):
        status, (row,), _ = fer_md("predict", folder / "in" / "a.png", "--detector=none", model, *arguments)
        return status, json.loads(row)

    _, plain = answers()
    status, same = answers("--prior=fer2013", "--prior_share=1")
    assert status == 0 and same["probabilities"] == pytest.approx(plain["probabilities"], abs=2e-6)
    assert (plain["prior"], same["prior"], same["prior_share"]) == (None, "fer2013", 1.0)
    shares = "anger=.01,disgust=.01,fear=.01,happiness=.01,sadness=.01,surprise=.01,neutral=.94"
    _, neutral = answers(f"--prior={shares}")
    assert neutral["probabilities"]["neutral"] > plain["probabilities"]["neutral"]
    for flags, message in (
        (["--prior=press"], "error: prior must be one of"),
        (["--prior=neutral=x"], "error: prior must be written as"),
        (["--prior_share=0.5"], "error: prior_share=0.5 is for a prior"),
        (["--prior=uniform", "--prior_share=2"], "error: prior_share must be from 0 to 1; got 2.0"),
    ):
        status, rows, (line,) = fer_md("predict", "a.png", "--detector=none", *flags)
        assert status == 1 and not rows and line.startswith(message)


def test_info(folder, fer_md):
    status, lines, _ = fer_md("info", f"--model={folder / 'run'}")
    text = "\n".join(lines)
    assert status == 0
    for name in ("tensorflow", "keras", "ai-edge-litert", "opencv", "anger, disgust, fear", "48x48 gray"):
        assert name in text


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--model=/nowhere"], "error: /nowhere: neither a run directory"),
        (["--model=/nowhere", "--output=x.txt"], "error: x.txt: the name must end in .jsonl or .csv, or in .parquet"),
        (
            ["--model=/nowhere", "--output=/dev/null/new/x.csv"],
            "error: /dev/null/new: cannot be written (/dev/null: Not a",
        ),
        (["--model=/nowhere", "--annotate=/dev/null/new"], "error: /dev/null/new: cannot be written (/dev/null: Not a"),
        (["--model=/nowhere", "--annotate=/usr"], "error: /usr: exists already and is not an empty folder"),
    ],
)
def test_bad_input_is_one_line(arguments, message, fer_md):
    status, output, (line,) = fer_md("predict", "x.jpg", *arguments)
    assert status == 1 and not output and line.startswith(message)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["predict"],
        ["predict", "a", "--model=m", "--every=0"],
        ["fly"],
        ["predict", "a", "--model=m", "--boxes=b.csv", "--detector=none"],
        ["demo", "--port=99999"],
    ],
)
def test_wrong_usage_is_two(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    said = capsys.readouterr().err
    assert stop.value.code == 2 and said.startswith("error: ") and said.count("\n") == 1 and "--help" in said


def test_a_flag_that_is_almost_right_is_named(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["predict", "a.png", "--smoth=0.2"])
    assert stop.value.code == 2
    assert capsys.readouterr().err == "error: there is no --smoth, but --smooth; see fer-md predict --help\n"


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert not stop.value.code and capsys.readouterr().out == f"fer-md {fer_md_package.__version__}\n"


COMMANDS = [([command], f"experiments/{script}.py") for command, (script, _) in cli.EXPERIMENTS.items()]
COMMANDS += [(["prepare", name], f"data_prep/{name}.py") for name in cli.DATA_SETS]


@pytest.mark.parametrize("words, script", COMMANDS)
def test_commands_hand_over_to_scripts(monkeypatch, words, script):
    """In a checkout; tests/test_wheel.py has those of an installed package."""
    calls = []
    monkeypatch.setattr(os, "execv", lambda program, arguments: calls.append(arguments))
    cli.main([*words, "--run_dir=x", "--help"])
    assert os.path.isfile(calls[0][1]) and calls[0][1].endswith(script)
    assert calls[0][2:] == ["--run_dir=x", "--help"]


def test_train_and_evaluate_take_a_folder_in_front_of_their_flags(monkeypatch):
    calls = []
    monkeypatch.setattr(os, "execv", lambda program, arguments: calls.append(arguments))
    cli.main(["train", "pictures", "--epochs=3"])
    cli.main(["train", "--data", "prepared"])
    cli.main(["evaluate", "pictures", "--group_by=gender"])
    cli.main(["train", "--help"])
    cli.main(["evaluate"])
    scripts = [os.path.basename(arguments[1]) for arguments in calls]
    assert scripts == [
        f"{name}.py" for name in ("train_folder", "pretrain", "evaluate_folder", "train_folder", "evaluate_folder")
    ]
    assert calls[0][2:] == ["pictures", "--epochs=3"]


def test_prepare_of_a_folder_hands_over_what_is_in_it(monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr(os, "execv", lambda program, arguments: calls.append(arguments))
    cli.main(["prepare", str(tmp_path), "--output=x"])
    assert os.path.isfile(calls[0][1]) and calls[0][1].endswith("data_prep/recognised.py")
    assert calls[0][2:] == [f"--source={tmp_path}", "--output=x"]


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["--source=x", "fer2013"]])
def test_prepare_without_a_data_set_names_them(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["prepare", *arguments])
    assert stop.value.code == 2 and "see fer-md prepare --help" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        cli.main(["prepare", "--help"])
    assert not stop.value.code and ", ".join(cli.DATA_SETS[:3]) in capsys.readouterr().out
