import gzip
import json
import lzma
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_md.data.fer2013 import FERPLUS_COLUMNS, read_fer2013
from fer_md.data.records import load_split, read_info
from fer_md.errors import FerMdError

SCRIPT = Path(__file__).parents[1] / "data_prep/fer2013.py"
USAGES = ["Training"] * 6 + ["PublicTest"] * 2 + ["PrivateTest"] * 2
IMAGES = np.random.default_rng(0).integers(0, 256, (10, 48, 48), np.uint8)
ROWS = [[str(i % 7), " ".join(map(str, image.ravel())), usage]
        for i, (image, usage) in enumerate(zip(IMAGES, USAGES, strict=True))]


def csv_text(rows=ROWS, header="emotion,pixels,Usage"):
    return "\n".join([header, *(",".join(row) for row in rows)]) + "\n"


def with_change(row, column, value):
    """CSV text in which one field differs; line ``row + 2`` of the file."""
    rows = [list(values) for values in ROWS]
    rows[row][column] = value
    return csv_text(rows)


def votes_text(usages=USAGES):
    lines = [",".join(["Usage", "Image name", *FERPLUS_COLUMNS])]
    lines += [f"{usage},fer{i:07d}.png,{i},0,1,0,0,2,0,0,0,7" for i, usage in enumerate(usages)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "fer2013.csv"
    path.write_text(csv_text())
    return path


@pytest.fixture
def folder(tmp_path):
    """The layout train|test/<class>/<Usage>_<id>.png of the same ten images."""
    classes = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
    for i, (image, usage) in enumerate(zip(IMAGES, USAGES, strict=True)):
        path = tmp_path / "images" / ("train" if usage == "Training" else "test") / classes[i % 7] / f"{usage}_{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), image)
    return tmp_path / "images"


def run(*flags, **options):
    return subprocess.run([sys.executable, SCRIPT, *flags], capture_output=True, text=True, timeout=120, **options)


def compressed(path, kind):
    """The file as ``kind``: plain, gz, xz or zip."""
    data, target = path.read_bytes(), path.with_name(f"{path.name}.{kind}")
    if kind == "plain":
        return path
    if kind == "zip":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("../../fer2013/fer2013.csv", data)  # a name that would climb out if it were unpacked
            archive.writestr("__MACOSX/fer2013/._fer2013.csv", b"x")
            archive.writestr("README", b"about")
    else:
        target.write_bytes({"gz": gzip.compress, "xz": lzma.compress}[kind](data))
    return target


@pytest.mark.parametrize("kind", ["plain", "gz", "xz", "zip"])
def test_csv_in_every_form(source, kind):
    faces = list(read_fer2013(compressed(source, kind)))
    np.testing.assert_array_equal([face.image for face in faces], IMAGES)
    assert [face.label for face in faces] == [i % 7 for i in range(10)]
    assert [face.split for face in faces] == USAGES
    assert faces[7].key == "fer2013/PublicTest/00007" and faces[7].source.endswith(":9")
    assert faces[0].image.dtype == np.uint8 and faces[0].votes == ()


def test_columns_in_another_order_case_and_with_spaces(source):
    source.write_text(csv_text([[row[2], row[0], f'" {row[1]} "'] for row in ROWS], " usage, Emotion ,PIXELS"))
    np.testing.assert_array_equal([face.image for face in read_fer2013(source)], IMAGES)


def test_byte_order_mark_windows_line_ends_and_blank_lines(source):
    source.write_bytes(b"\xef\xbb\xbf" + csv_text().replace("\n", "\r\n").encode() + b"\r\n\r\n")
    assert len(list(read_fer2013(source))) == 10


def test_ferplus_votes_are_joined_by_row(source, tmp_path):
    (tmp_path / "votes.csv").write_text(votes_text())
    faces = list(read_fer2013(source, tmp_path / "votes.csv"))
    assert faces[4].votes == (4, 0, 1, 0, 0, 2, 0, 0, 0, 7)


@pytest.mark.parametrize("usages, message", [
    (USAGES[:-1], "9 rows, but .*fer2013.csv: line 11 goes on"),
    ([*USAGES, "PrivateTest"], "11 rows, but .*fer2013.csv has 10"),
    (["PublicTest", *USAGES[1:]], "fer2013.csv: line 2: Usage is Training, but .*votes.csv: line 2 says PublicTest"),
])
def test_ferplus_of_another_data_set(source, tmp_path, usages, message):
    (tmp_path / "votes.csv").write_text(votes_text(usages))
    with pytest.raises(FerMdError, match=message):
        list(read_fer2013(source, tmp_path / "votes.csv"))


@pytest.mark.parametrize("text, message", [
    ("", "fer2013.csv: the file is empty"),
    (csv_text(header="emotion,image,Usage"), "line 1: the column pixels is missing; found emotion, image, Usage"),
    (csv_text([]), "no image of the split Training"),
    (csv_text(ROWS[:6]), "no image of the split PublicTest"),
    (with_change(1, 1, "1 2 3"), r"line 3: there must be 2304 pixels \(48x48\); found 3"),
    (with_change(1, 1, ""), "line 3: pixels must be whole numbers"),
    (with_change(2, 1, ROWS[0][1] + " 5"), "line 4: there must be 2304 pixels .* found 2305"),
    (with_change(2, 1, "256 " + ROWS[0][1][2:]), "line 4: pixels must be 0 to 255; found 256"),
    (with_change(2, 1, "9" * 30 + " " + ROWS[0][1][2:]), "line 4: pixels must be 0 to 255"),
    (with_change(2, 1, "-1 " + ROWS[0][1]), "line 4: pixels must be whole numbers .* found '-1'"),
    (with_change(2, 1, "1.5 " + ROWS[0][1]), "line 4: pixels must be whole numbers .* found '1.5'"),
    (with_change(2, 1, ROWS[0][1] + " x"), "line 4: pixels must be whole numbers .* found 'x'"),
    (with_change(8, 2, "Testing"), "line 10: Usage must be one of Training, PublicTest, PrivateTest; found 'Testing'"),
    (with_change(0, 0, "7"), "line 2: emotion must be 0 to 6; found '7'"),
    (with_change(0, 0, "angry"), "line 2: emotion must be 0 to 6; found 'angry'"),
    (csv_text() + "3,1 2 3\n", "line 12: 3 columns expected, found 2"),
    (csv_text() + "3" * 2_000_000, "a line is longer than 1048576 characters"),
    (csv_text() + "3" * 200_000, "line 12: not CSV"),
])
def test_a_bad_csv_is_named_with_its_line(source, text, message):
    source.write_text(text)
    with pytest.raises(FerMdError, match=message) as error:
        list(read_fer2013(source))
    assert "fer2013.csv" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("kind", ["gz", "xz", "zip"])
def test_truncated_and_foreign_compressed_files(source, kind):
    path = compressed(source, kind)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(FerMdError, match=f"{kind}: (after line .*truncated or damaged|not a whole zip)"):
        list(read_fer2013(path))
    path.write_bytes(source.read_bytes())
    with pytest.raises(FerMdError, match=f"{kind}: (after line .*truncated or damaged|not a whole zip)"):
        list(read_fer2013(path))


def test_zip_must_hold_one_csv(tmp_path):
    for names in ([], ["a.csv", "b.csv"]):
        with zipfile.ZipFile(tmp_path / "fer.zip", "w") as archive:
            for name in names:
                archive.writestr(name, csv_text())
        with pytest.raises(FerMdError, match=f"must hold one CSV file; found {len(names)}"):
            list(read_fer2013(tmp_path / "fer.zip"))


def test_a_damaged_zip_member(source):
    path = compressed(source, "zip")
    data = bytearray(path.read_bytes())
    data[2000:2100] = bytes(100)
    path.write_bytes(data)
    with pytest.raises(FerMdError, match="after line .*truncated or damaged"):
        list(read_fer2013(path))


def test_text_that_is_not_utf8(source):
    source.write_bytes(csv_text().encode() + b"\xff\xfe\n")
    with pytest.raises(FerMdError, match="not UTF-8 text"):
        list(read_fer2013(source))


def test_missing_source_and_missing_votes(source, tmp_path):
    with pytest.raises(FerMdError, match="no such file or folder"):
        list(read_fer2013(tmp_path / "none.csv"))
    with pytest.raises(FerMdError, match="votes.csv: cannot be read"):
        list(read_fer2013(source, tmp_path / "votes.csv"))


def test_folder_layout(folder):
    faces = {face.source: face for face in read_fer2013(folder)}
    face = faces["test/disgust/PrivateTest_8.png"]
    assert (face.split, face.label, face.key) == ("PrivateTest", 1, "fer2013/PrivateTest/8")
    np.testing.assert_array_equal(face.image, IMAGES[8])
    assert len(faces) == 10


def test_folder_with_jpeg_and_rgba(folder):
    cv2.imwrite(str(folder / "train/happy/Training_100.jpg"), IMAGES[0])
    cv2.imwrite(str(folder / "train/happy/Training_101.png"), np.dstack([IMAGES[1]] * 4))
    faces = {face.key: face for face in read_fer2013(folder)}
    assert faces["fer2013/Training/100"].label == 3
    np.testing.assert_array_equal(faces["fer2013/Training/101"].image, IMAGES[1])


@pytest.mark.parametrize("name, content, message", [
    ("train/happy/Training_9.jpg", b"no image", "neither a PNG nor a JPEG"),
    ("train/happy/Training_9.jpg", b"", "is empty"),
    ("train/happy/Training_9.png", np.zeros((1, 1), np.uint8), "must be 48x48; found 1x1"),
    ("train/happy/Training_9.png", np.zeros((64, 32, 4), np.uint8), "must be 48x48; found 32x64"),
    ("train/happy/Training_9.png", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + b"\0\0\x4e\x20" * 2, "20000x20000"),
    ("train/happy/9.png", np.zeros((48, 48), np.uint8), "the name must begin with Training_"),
    ("train/bored/Training_9.png", np.zeros((48, 48), np.uint8), "train/bored: unknown class"),
])
def test_a_bad_file_in_a_folder_is_named(folder, name, content, message):
    data = content if isinstance(content, bytes) else cv2.imencode(".png", content)[1].tobytes()
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    with pytest.raises(FerMdError, match=message) as error:
        list(read_fer2013(folder))
    assert str(folder / name) in str(error.value) or str((folder / name).parent) in str(error.value)


def test_a_folder_of_something_else_and_votes_for_a_folder(folder, tmp_path):
    with pytest.raises(FerMdError, match="the layout is train"):
        list(read_fer2013(folder / "train"))
    with pytest.raises(FerMdError, match="FER\\+ votes belong to the rows"):
        list(read_fer2013(folder, tmp_path / "votes.csv"))


def test_script_writes_a_data_set_and_says_what_is_in_it(tmp_path):
    rows = [*ROWS, ["5", ROWS[0][1], "PublicTest"]]  # the first image again, held out, with another label
    (tmp_path / "fer2013.csv").write_text(csv_text(rows))
    (tmp_path / "votes.csv").write_text(votes_text([row[2] for row in rows]))
    output = tmp_path / "out" / "fer2013"
    done = run(f"--source={tmp_path / 'fer2013.csv'}", f"--ferplus={tmp_path / 'votes.csv'}", f"--output={output}",
               "--drop_leaked")
    assert (done.returncode, done.stderr) == (0, "")
    assert ["Training", "5", "0", "1", "1", "1", "1", "1", "0"] in [line.split() for line in done.stdout.splitlines()]
    assert "with conflicting labels: 1" in done.stdout and "of PublicTest also in Training: 1" in done.stdout
    assert read_info(output)["splits"]["Training"]["examples"] == 5
    assert load_split(output, "PublicTest").votes[2].tolist() == [10, 0, 1, 0, 0, 2, 0, 0, 0, 7]
    assert [path.name for path in output.parent.iterdir()] == ["fer2013"]


@pytest.mark.parametrize("debug", [False, True])
def test_script_ends_in_one_line_and_leaves_nothing(tmp_path, debug):
    source = tmp_path / "fer2013.csv"
    source.write_text(with_change(8, 1, "1 2 3"))
    done = run(f"--source={source}", f"--output={tmp_path / 'out'}", *["--debug"] * debug)
    lines = done.stderr.splitlines()
    assert done.returncode == 1 and done.stdout == ""
    assert lines[-1] == f"error: {source}: line 10: there must be 2304 pixels (48x48); found 3"
    assert ("Traceback" in done.stderr) == debug and (len(lines) == 1) != debug
    assert list(tmp_path.iterdir()) == [source]


def test_script_on_a_full_disk(tmp_path, source):
    """A limit on the file size of 8 KB stands for a full disk."""
    done = run(f"--source={source}", f"--output={tmp_path / 'out'}", preexec_fn=_limit_files)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert "is the disk full?" in done.stderr
    assert list(tmp_path.iterdir()) == [source]


def _limit_files():
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))


def test_script_killed_leaves_no_output_and_the_next_run_cleans_up(tmp_path, source):
    """The first run is killed while it waits for the rest of its input, which comes through a pipe."""
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    output = tmp_path / "data" / "out"
    process = subprocess.Popen([sys.executable, SCRIPT, f"--source={pipe}", f"--output={output}"])
    with open(pipe, "w") as stream:
        stream.write(csv_text(ROWS[:8]))
        stream.flush()
        deadline = time.monotonic() + 60
        while not list(output.parent.glob(".out.partial-*/*.spool")) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert [path.name for path in output.parent.iterdir()] == [f".out.partial-{process.pid}"]
    assert run(f"--source={source}", f"--output={output}").returncode == 0
    assert [path.name for path in output.parent.iterdir()] == ["out"]


def test_script_help_teaches():
    done = run("--help")
    assert "python data_prep/fer2013.py --source=fer2013.csv.xz" in done.stdout
    for flag in ("source", "output", "ferplus", "drop_leaked", "overwrite"):
        assert f"--{flag}" in done.stdout or f"--[no]{flag}" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif("DATA_ROOT" not in os.environ, reason="DATA_ROOT does not name the folder of the real data")
def test_the_real_data_set(tmp_path):
    """The counts that the data's own description gives."""
    root = Path(os.environ["DATA_ROOT"])
    done = run(f"--source={root / 'fer2013.csv.xz'}", f"--ferplus={root / 'fer2013new.csv'}",
               f"--output={tmp_path / 'out'}")
    assert done.returncode == 0, done.stderr
    info = read_info(tmp_path / "out")
    assert {split: list(content["classes"].values()) for split, content in info["splits"].items()} == {
        "Training": [3995, 436, 4097, 7215, 4830, 3171, 4965],
        "PublicTest": [467, 56, 496, 895, 653, 415, 607],
        "PrivateTest": [491, 55, 528, 879, 594, 416, 626],
    }
    audit = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert audit["constant"]["count"] == 13
    assert audit["conflicts"]["groups"] == 57
    assert audit["duplicates"]["across"]["PublicTest in Training"] == 280
    assert audit["duplicates"]["across"]["PrivateTest in Training"] == 288
    training = load_split(tmp_path / "out", "Training")
    assert training.images.shape == (28709, 48, 48) and training.votes.shape == (28709, 10)
