"""``fer-md evaluate FOLDER`` and ``experiments/first_names.py`` on drawn faces."""

import csv
import html

import numpy as np
import pytest

import first_names
from evaluate_folder import MainFace
from fer_md.evaluation.groups import Comparison, Estimate, Group
from fer_md.faces.detection import Detection
from fer_md.runs.results import read_result
from pages.blocks import Text
from pages.group_study import GroupStudy
from pages.sections.groups import READING, comparison_blocks, groups_blocks
from photograph_trees import write_photograph
from scripts import run_script

pytestmark = pytest.mark.integration

CLASSES = {"happy": 3, "neutral": 6, "bored": 4}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """40 people a camera, each with two pictures; a tenth of the people look bored."""
    place = tmp_path_factory.mktemp("groups")
    rows = ["file,label,actor,camera,age,=note"]
    for camera in ("a", "b"):
        for person in range(40):
            name = "bored" if person % 10 == 9 else ("happy", "neutral")[person % 2]
            for index in range(2):
                path = f"{camera}/{name}/{person}_{index}.png"
                write_photograph(place / "own" / path, f"{camera}{person}", CLASSES[name], 48)
                rows.append(f"{path},{name},{camera}{person},{camera},{20 + person},=1+1")
    (place / "own" / "c" / "happy").mkdir(parents=True)
    (place / "own" / "c" / "happy" / "broken.png").write_bytes(b"no picture")
    rows.append("c/happy/broken.png,happy,c1,c,,")
    (place / "own" / "labels.csv").write_text("\n".join(rows) + "\n")
    return place


def evaluate(place, *words):
    return run_script("experiments/evaluate_folder.py", *words, cwd=place)


def test_a_table_by_two_columns(place):
    answer = evaluate(place, "own/labels.csv", "--group_by=camera,age,=note", "--output=out")
    assert answer.returncode == 0, answer.stderr
    assert "Left out are labels that it does not know: bored (16)." in " ".join(answer.stdout.split())
    assert "skipped: " in answer.stderr and "broken.png" in answer.stderr
    found = read_result(GroupStudy, place / "out" / "metrics.json")
    assert (found.overall.pictures, found.overall.people, found.unread) == (144, 72, 1)
    cameras = found.columns["camera"]
    assert [(group.name, group.pictures) for group in cameras.groups] == [("a", 72), ("b", 72)]
    assert cameras.reference == "a" and cameras.groups[1].differences["accuracy"] is not None
    assert [group.name for group in found.columns["age"].groups][0].count(" to ") == 1
    assert len(found.columns["age"].groups) == 4
    with open(place / "out" / "answers.csv", newline="") as stream:
        answers = list(csv.DictReader(stream))
    assert len(answers) == 144 and (answers[0]["./=note"], answers[0]["age"]) == ("./=1+1", "20 to 29")
    assert sum(float(answers[0][name]) for name in ("anger", "neutral", "happiness", "fear")) <= 1
    right = np.mean([row["label"] == row["answer"] for row in answers])
    assert found.overall.figures["accuracy"].value == pytest.approx(right)
    with open(place / "out" / "groups.csv", newline="") as stream:
        [row] = [row for row in csv.DictReader(stream) if (row["group"], row["figure"]) == ("b", "accuracy")]
    assert float(row["difference"]) == pytest.approx(cameras.groups[1].differences["accuracy"].value)
    page = (place / "out" / "index.html").read_text()
    assert "By camera" in page and "too few" not in page and page.count("data:image/png") == 2 + 1
    assert (place / "out" / "groups-camera.png").stat().st_size > 5_000
    again = evaluate(place, "own/labels.csv", "--output=out")
    assert again.returncode == 1 and "out: is there already; add --overwrite" in again.stderr


def test_folders_as_groups_and_the_split_that_train_makes(place):
    (place / "own" / "labels.csv").rename(place / "labels.csv")
    try:
        answer = evaluate(place, "own", "--group_by=folder", "--output=folders")
        test = evaluate(place, "own", "--group_by=folder", "--split=test", "--output=test set")
    finally:
        (place / "labels.csv").rename(place / "own" / "labels.csv")
    assert answer.returncode == 0, answer.stderr
    text = " ".join(answer.stdout.split())
    assert "layout: group/class/picture" in text and "| pictures | 72 | 72 | |" in text
    assert test.returncode == 0, test.stderr
    assert read_result(GroupStudy, place / "test set" / "metrics.json").overall.pictures < 40
    assert "are too few to say anything" in " ".join(test.stdout.split())
    page = html.unescape((place / "test set" / "index.html").read_text())
    assert "fer-md evaluate own --group_by=folder --split=test '--output=test set'" in page


@pytest.mark.parametrize(
    "words, message",
    [
        (["own", "--group_by=skin"], "labels.csv: group_by=skin: no such column; found file, label, actor"),
        (["own", "--group_by=camera,camera"], "--group_by names camera more than once"),
        (["own", "--split=best"], "split must be train, val or test; got 'best'"),
        (["own", "own"], "own: one folder, zip or table is measured at a time"),
        (["own/a", "--group_by=gender"], "own/a: group_by=gender names the column of a table, and there is no table"),
        (["own/a", "--group_by=folder"], "the layout is a folder of the group, and in it class/*.jpg"),
        (["own/none"], "own/none: cannot be read (No such file or directory)"),
        (
            ["own", "--group_by=file"],
            "--group_by=file: 161 different values, such as 'a/bored/19_0.png'",
        ),
        ([], "name at least one FOLDER"),
    ],
)
def test_what_cannot_be_measured_is_one_line(place, words, message):
    answer = evaluate(place, *words, "--output=wrong")
    last = answer.stderr.splitlines()[-1]
    assert answer.returncode == 1 and message in last and "Traceback" not in answer.stderr
    assert not (place / "wrong").exists()


def test_the_face_that_a_picture_is_of_counts():
    """The large one in the middle, and not the one with the higher score at the edge."""

    class Finder:
        def detect(self, images):
            faces = [Detection((0.0, 0.0, 9.0, 9.0), 0.99), Detection((30.0, 30.0, 40.0, 40.0), 0.9)]
            return [faces, []]

    image = np.zeros((100, 100, 3), np.uint8)
    first, second = MainFace(Finder()).detect([image, image])
    assert [face.score for face in first] == [0.9] and second == []


def test_groups_in_words():
    def group(name, gap=None):
        estimate = Estimate(value=0.5, low=0.4, high=0.6)
        figures = {"detection rate": estimate, "accuracy": estimate, "macro recall": None, "overconfidence": estimate}
        return Group(
            name=name,
            pictures=50,
            faces=40,
            people=30,
            figures=figures,
            differences={} if gap is None else dict.fromkeys(figures, gap),
            calibration_error=0.0123,
        )

    small = Group(name="c", pictures=9, faces=9, people=8, figures={}, differences={})
    gap = Estimate(value=-0.2, low=-0.3, high=-0.1)
    found = Comparison(groups=[group("a"), group("b", gap), small], reference="a", compared=[])
    shown, few, differing = comparison_blocks(found)
    assert list(shown.frame.columns) == ["figure", "a", "b", "b − a"]
    assert shown.frame.iloc[4].tolist() == ["accuracy, %", *["50.0 (40.0 to 60.0)"] * 2, "-20.0 (-30.0 to -10.0)"]
    assert "macro recall, %" not in list(shown.frame["figure"])
    assert shown.frame.iloc[6].tolist() == ["calibration error (ECE, 15 bins)", "0.012", "0.012", ""]
    assert few.text == "c: 9 faces of 8 people in 9 pictures are too few to say anything."
    assert "accuracy, b compared with a: -20.0 (-30.0 to -10.0)" in differing.text
    study = GroupStudy(data="d", network="n", unread=2, left_out={"bored": 3}, overall=small, columns={})
    said, few, reading = groups_blocks(study)
    text = said.text
    assert "2 more could not be read. Left out are labels that it does not know: bored (3)." in text
    assert "too few to say anything" in few.text and reading == Text(READING)


def test_first_names(tmp_path):
    (tmp_path / "dist.female.first").write_text("ANNA 2.0 1 1\nKIM 0.5 1 1\n")
    (tmp_path / "dist.male.first").write_text("BEN 1.0 1 1\nKIM 0.1 1 1\nANNA 0.01 1 1\n")
    women, men = (first_names.read_names(tmp_path / f"dist.{sex}.first") for sex in ("female", "male"))
    people = ("Anna_Smith", "Ben_Jones", "Kim_Lee", "Xu_Li", "Anna", "ben_x")
    assert [first_names.group_of(person, women, men) for person in people] == ["women", "men", "", "", "", "men"]
    rows = ["image,emotion"]
    for person in range(8):
        name = f"{('Anna', 'Ben')[person % 2]}_{chr(97 + person)}_0001.jpg"
        write_photograph(tmp_path / "data" / "images" / name, name, person % 2, 144)
        rows.append(f"{name},{('anger', 'happiness')[person % 2]}")
    (tmp_path / "data" / "data").mkdir()
    (tmp_path / "data" / "data" / "legend.csv").write_text("\n".join(rows) + "\n")
    words = [f"--source={tmp_path / 'data'}", f"--names={tmp_path}", "--split=train", "--network=photographs"]
    answer = run_script("experiments/first_names.py", *words, f"--output={tmp_path / 'found.json'}")
    assert answer.returncode == 0, answer.stderr
    found = read_result(GroupStudy, tmp_path / "found.json")
    assert {group.name for group in found.columns["first name"].groups} == {"women", "men"}
    wrong = run_script("experiments/first_names.py", f"--source={tmp_path / 'data'}", "--names=/nowhere")
    assert wrong.returncode == 1 and "/nowhere/dist.female.first: no such file" in wrong.stderr
