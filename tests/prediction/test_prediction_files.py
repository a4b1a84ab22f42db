"""What a prediction writes: records, annotated pictures and videos; and boxes read back."""

import contextlib
import csv
import errno
import json

import cv2
import numpy as np
import pytest

from drawn_videos import save_video
from fer_md.errors import FerMdError
from fer_md.evaluation.prior import SHARE, prior_shares, prior_text
from fer_md.expressions import EXPRESSIONS
from fer_md.media.pictures import save_picture
from fer_md.media.sources import Frame, Medium
from fer_md.media.video_writer import write_video
from fer_md.media.videos import read_video
from fer_md.prediction.annotate import annotate, annotated_sheet
from fer_md.prediction.annotated_files import AnnotatedFiles
from fer_md.prediction.own_boxes import OwnBoxes
from fer_md.prediction.predict_media import predict_media
from fer_md.prediction.predictor import Predictor
from fer_md.prediction.records import open_records
from stub_predictor import StubDetector, brightness_classifier, stub_predictor

RED = np.full((90, 120, 3), (200, 40, 40), np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Two pictures with one name, one without a face, a broken one and a video."""
    folder = tmp_path / "in"
    for name, image in (("a/face.png", RED), ("face.png", RED), ("speck.png", RED[:4])):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / name), image[..., ::-1])
    (folder / "broken.jpg").write_bytes(b"")
    save_video(folder / "film.avi", frames=40)
    return folder


def test_json_lines_and_csv_say_the_same(folder, tmp_path):
    problems = []
    for name in ("out.jsonl", "out.csv"):
        counts = predict_media(stub_predictor(), [folder], tmp_path / name, on_problem=problems.append)
        assert dict(counts) == {"frames": 43, "faces": 42, "without": 1}
    assert len(problems) == 2 and "broken.jpg: the file is empty" in str(problems[0])
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    with open(tmp_path / "out.csv", newline="") as stream:
        table = list(csv.DictReader(stream))
    assert len(rows) == 42
    for row, cells in zip(rows, table, strict=True):
        assert row["source"] == cells["source"] and row["label"] == cells["label"]
        assert [float(cells[name]) for name in ("x", "y", "width", "height")] == row["box"]
        assert [float(cells[name]) for name in row["probabilities"]] == list(row["probabilities"].values())
        assert [float(cells[name]) for name in ("score", "sharpness", "roll")] == [
            row[name] for name in ("score", "sharpness", "roll")
        ]
        assert cells["doubts"].split() == row["doubts"]
        assert [float(cells["nose_x"]), float(cells["nose_y"])] == row["landmarks"][2]
        assert cells["frame"] == ("" if row["frame"] is None else str(row["frame"]))
        assert cells["time"] == ("" if row["time"] is None else str(row["time"]))
    film = [row for row in rows if row["source"].endswith("film.avi")]
    assert [(row["frame"], row["time"]) for row in film] == [(index, round(index / 10, 6)) for index in range(40)]


@pytest.mark.parametrize("name", ["=1+1.png", "-a.png", "@a.png", "+a.png"])
def test_a_name_is_no_formula_in_a_csv(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    cv2.imwrite(name, RED)
    predict_media(stub_predictor(), [name], "out.csv", on_problem=pytest.fail)
    with open("out.csv", newline="") as stream:
        assert [row["source"] for row in csv.DictReader(stream)] == [f"./{name}"]
    frame = Frame(Medium("picture", name, name), RED)
    assert OwnBoxes("out.csv", pytest.fail).of(frame), "the row leads to the picture still"


def test_records_say_which_prior_was_used(folder, tmp_path):
    classifier = brightness_classifier()
    classifier.prior = prior_shares("uniform", EXPRESSIONS)
    shares = dict(zip(EXPRESSIONS, (0.25, *[0.125] * 6), strict=True))
    for given, expected in (
        ({}, (None, None)),
        ({"prior": "fer2013"}, ("fer2013", SHARE)),
        ({"prior": shares, "prior_share": 1.0}, (prior_text(shares), 1.0)),
    ):
        predictor = Predictor(classifier, StubDetector(), **given)
        for name in ("out.jsonl", "out.csv"):
            predict_media(predictor, [folder / "face.png"], tmp_path / name)
        row = json.loads((tmp_path / "out.jsonl").read_text())
        with open(tmp_path / "out.csv", newline="") as stream:
            (cells,) = csv.DictReader(stream)
        assert (row["prior"], row["prior_share"]) == expected
        assert (cells["prior"], cells["prior_share"]) == tuple(
            "" if value is None else str(value) for value in expected
        )


def test_a_file_of_records_appears_whole_or_not_at_all(tmp_path):
    with pytest.raises(RuntimeError), open_records(tmp_path / "out.csv", ("a", "b")):
        raise RuntimeError
    assert not list(tmp_path.iterdir())
    with pytest.raises(FerMdError, match="out.txt: the name must end in .jsonl or .csv"), open_records("out.txt", ()):
        pass


def test_interrupted_it_keeps_what_it_has(folder, tmp_path, monkeypatch):
    predictor, seen = stub_predictor(), []

    def detect(images):
        seen.append(len(images))
        if len(seen) == 2:
            raise KeyboardInterrupt
        return [[] for _ in images]

    monkeypatch.setattr(predictor.detector, "detect", detect)
    counts = predict_media(predictor, [folder / "film.avi"], tmp_path / "out.csv")
    assert counts["frames"] == 32 and counts["interrupted"] == 1
    assert (tmp_path / "out.csv").read_text().startswith("source,frame,time,face,track,x,y,")


def test_what_is_annotated_keeps_its_name_colour_and_length(folder, tmp_path):
    out = tmp_path / "drawn"
    predict_media(stub_predictor(), [folder, folder / "face.png"], tmp_path / "out.csv", out, on_problem=str)
    names = sorted(str(path.relative_to(out)) for path in out.rglob("*.*"))
    assert names == ["a/face.png", "face-2.png", "face.png", "film.avi.mp4", "speck.png"]
    image = cv2.imread(str(out / "face.png"))[..., ::-1]
    assert image.shape == (360, 480, 3) and image[-1, -1].tolist() == [200, 40, 40]  # four times as large
    film = list(read_video(out / "film.avi.mp4"))
    assert len(film) == 40 and film[0].rate == pytest.approx(10)
    assert film[19].image.shape == (384, 512, 3)
    assert film[19].image[-20, -20, 0] > 120 > film[19].image[-20, -20, 2]  # red is still red


def test_every_fourth_frame_makes_a_video_of_the_same_length(folder, tmp_path):
    predict_media(stub_predictor(), [folder / "film.avi"], tmp_path / "out.csv", tmp_path / "drawn", every=4)
    film = list(read_video(tmp_path / "drawn" / "film.avi.mp4"))
    assert len(film) / film[0].rate == pytest.approx(4.0)


def test_a_video_that_is_given_twice_is_annotated_twice(folder, tmp_path):
    predict_media(stub_predictor(), [folder / "film.avi"] * 2, tmp_path / "out.csv", tmp_path / "drawn")
    lengths = {path.name: len(list(read_video(path))) for path in (tmp_path / "drawn").iterdir()}
    assert lengths == {"film.avi.mp4": 40, "film.avi-2.mp4": 40}


def test_nothing_is_overwritten_by_annotated_pictures(folder):
    with pytest.raises(FerMdError, match="not an empty folder; name another"):
        AnnotatedFiles(folder)
    with pytest.raises(FerMdError, match="not an empty folder"):
        AnnotatedFiles(folder / "face.png")


def test_a_full_disk_leaves_no_video_and_ends_nothing_else(folder, tmp_path, monkeypatch):
    @contextlib.contextmanager
    def full(path, size, rate):
        with write_video(path, size, rate) as write:
            yield lambda image: written.append(image) or (write(image) if len(written) < 7 else out_of_space())

    def out_of_space():
        raise OSError(errno.ENOSPC, "No space left on device")

    written, problems, drawn = [], [], tmp_path / "drawn"
    monkeypatch.setattr("fer_md.prediction.annotated_files.write_video", full)
    paths = [folder / "face.png", folder / "film.avi", folder / "a"]
    counts = predict_media(stub_predictor(), paths, tmp_path / "out.csv", drawn, on_problem=problems.append)
    assert [str(problem) for problem in problems] == [
        f"{drawn / 'film.avi'}: cannot be written (No space left on device)"
    ]
    assert counts["frames"] == 42 and len(written) == 7 and (tmp_path / "out.csv").read_text().count("film.avi") == 40
    assert sorted(path.name for path in drawn.iterdir()) == ["face-2.png", "face.png"]
    written.clear()
    with pytest.raises(FerMdError, match="film.avi: cannot be written .No space left"):
        predict_media(stub_predictor(), paths, tmp_path / "out.csv", tmp_path / "again")


def test_names_of_almost_any_length_are_annotated(tmp_path):
    """249 bytes and .mp4 are allowed; 253 and .png are not, which costs no record."""
    names = ["é" * 122 + "x.avi", "y" * 249 + ".bmp"]
    save_video(tmp_path / names[0], frames=3)
    (tmp_path / names[1]).write_bytes(cv2.imencode(".bmp", RED)[1].tobytes())
    problems, drawn = [], tmp_path / "drawn"
    paths = [tmp_path / name for name in names]
    counts = predict_media(stub_predictor(), paths, tmp_path / "out.csv", drawn, on_problem=problems.append)
    assert counts["faces"] == 4 and len(problems) == 1 and "cannot be written (File name too long)" in str(problems[0])
    assert [path.name for path in drawn.iterdir()] == [f"{names[0]}.mp4"]


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (900, 3), (48, 48), (300, 2000)])
@pytest.mark.parametrize("detector", [None, "stub"])
def test_any_picture_can_be_annotated(shape, detector):
    image = np.full((*shape, 3), 90, np.uint8)
    predictor = stub_predictor() if detector else stub_predictor(detector=None)
    before = image.copy()
    drawn = annotate(image, predictor.predict([image])[0])
    assert (image == before).all() and drawn.dtype == np.uint8
    assert drawn.shape[0] % shape[0] == drawn.shape[1] % shape[1] == 0


def test_the_longest_bar_belongs_to_the_label():
    image = np.full((600, 900, 3), 220, np.uint8)
    (face,) = stub_predictor().predict([image])[0]
    drawn = annotate(image, [face])
    bars = [(drawn == color).all(2).sum(1).max() for color in ((255, 190, 60), (120, 170, 230))]
    assert face.label == "happiness" and bars[0] > 80 > bars[1]


def test_the_sheet_of_annotated_pictures(tmp_path):
    images = [RED, RED[:30], np.zeros((700, 500, 3), np.uint8)]
    faces = stub_predictor().predict(images)
    sheet = annotated_sheet(images, faces, ["one", "two", "three"], columns=2, side=200)
    assert sheet.shape[2] == 3 and sheet.shape[1] > 400 and sheet.shape[0] > 400
    save_picture(tmp_path / "sheet.png", sheet)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "sheet.png"))[..., ::-1], sheet)
    with pytest.raises(FerMdError, match="one list of faces for each picture; got 0 for 3"):
        annotated_sheet(images, [])


def frame_of(path, image=RED, index=None):
    return Frame(Medium("picture" if index is None else "video", str(path), "x"), image, index, None, None)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_what_was_written_can_be_read_as_boxes(folder, tmp_path, suffix):
    output = tmp_path / f"out{suffix}"
    predict_media(stub_predictor(), [folder], output, on_problem=str)
    boxes = OwnBoxes(output, pytest.fail)
    assert boxes.of(frame_of(folder / "face.png")) == [(0, 0, 60, 90)]
    assert boxes.of(frame_of(folder / "film.avi", index=7)) == [(0, 0, 32, 48)]
    assert boxes.of(frame_of(folder / "film.avi", index=99)) == []


def test_boxes_are_clipped_and_what_is_left_out_reported(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "boxes.csv").write_text("source,x,y,width,height\nface.png,-10,-10,30,30\n./face.png,500,0,10,10\n")
    problems = []
    boxes = OwnBoxes("boxes.csv", problems.append)
    assert boxes.of(frame_of(tmp_path / "face.png")) == [(0, 0, 20, 20)]
    assert boxes.of(frame_of("other.png")) == []
    assert [str(problem).partition(": ")[2] for problem in problems] == [
        "box [500.0, 0.0, 10.0, 10.0] has no pixel in the 120x90 picture",
        "boxes.csv has no box for it",
    ]


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("b.csv", "source,x,y,width\na,1,2,3\n", "b.csv: has no column height; columns are separated"),
        ("b.csv", "source;x;y;width;height\na;1;2;3;4\n", "b.csv: has no column height, source, width, x, y"),
        ("b.csv", "source,x,y,width,height\na,1,2,3,nan\n", "line 2: must have"),
        ("b.jsonl", '{"source": "a", "box": [1, 2, 3, 4]}\n[]\n', "line 2: must have"),
        ("b.jsonl", '{"source": 5, "box": [1, 2, 3, 4]}\n', "line 1: must have"),
        ("b.jsonl", "{\n", "b.jsonl: line 1: not valid JSON"),
        ("b.jsonl", f'{{"source": "a", "frame": {"1" * 5000}}}\n', "b.jsonl: line 1: not valid JSON"),
        ("b.txt", "", "a file of boxes must end in .jsonl or .csv"),
        ("b.csv", b"\xff\xfe\x00", "neither CSV nor JSON lines"),
        (None, "", "cannot be read"),
    ],
)
def test_bad_boxes_are_named(tmp_path, name, text, message):
    if name:
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(FerMdError, match=message) as error:
        OwnBoxes(tmp_path / (name or "none.csv"), pytest.fail)
    assert "\n" not in str(error.value)
