"""The reader of FER2013: every form it comes in, and everything that can be wrong with it."""

import zipfile

import cv2
import numpy as np
import pytest

from fer2013_samples import (
    HUGE_PNG,
    IMAGES,
    ROWS,
    USAGES,
    compressed,
    csv_text,
    votes_text,
    with_change,
    write_csv,
    write_folder,
)
from fer_md.errors import FerMdError
from fer_md.readers.fer2013 import read_fer2013


@pytest.fixture
def source(tmp_path):
    return write_csv(tmp_path / "fer2013.csv")


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "images")


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


@pytest.mark.parametrize("vote", ["11", "1" + 30 * "0"])
def test_votes_of_more_than_ten_taggers(source, tmp_path, vote):
    (tmp_path / "votes.csv").write_text(votes_text().replace(",4,", f",{vote},"))
    with pytest.raises(FerMdError, match=f"votes.csv: line .: votes must be 0 to 10; found {vote},"):
        list(read_fer2013(source, tmp_path / "votes.csv"))


def test_byte_order_mark_windows_line_ends_and_blank_lines(source):
    source.write_bytes(b"\xef\xbb\xbf" + csv_text().replace("\n", "\r\n").encode() + b"\r\n\r\n")
    assert len(list(read_fer2013(source))) == 10


def test_ferplus_votes_are_joined_by_row(source, tmp_path):
    (tmp_path / "votes.csv").write_text(votes_text())
    faces = list(read_fer2013(source, tmp_path / "votes.csv"))
    assert faces[4].votes == (4, 0, 1, 0, 0, 2, 0, 0, 0, 7)


@pytest.mark.parametrize(
    "usages, message",
    [
        (USAGES[:-1], "9 rows, but .*fer2013.csv: line 11 goes on"),
        ([*USAGES, "PrivateTest"], "11 rows, but .*fer2013.csv has 10"),
        (
            ["PublicTest", *USAGES[1:]],
            "fer2013.csv: line 2: Usage is Training, but .*votes.csv: line 2 says PublicTest",
        ),
    ],
)
def test_ferplus_of_another_data_set(source, tmp_path, usages, message):
    (tmp_path / "votes.csv").write_text(votes_text(usages))
    with pytest.raises(FerMdError, match=message):
        list(read_fer2013(source, tmp_path / "votes.csv"))


@pytest.mark.parametrize(
    "text, message",
    [
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
        (
            with_change(8, 2, "Testing"),
            "line 10: Usage must be one of Training, PublicTest, PrivateTest; found 'Testing'",
        ),
        (with_change(0, 0, "7"), "line 2: emotion must be 0 to 6; found '7'"),
        (with_change(0, 0, "angry"), "line 2: emotion must be 0 to 6; found 'angry'"),
        (csv_text() + "3,1 2 3\n", "line 12: 3 columns expected, found 2"),
        (csv_text() + "3" * 2_000_000, "a line is longer than 1048576 characters"),
        (csv_text() + "3" * 200_000, "line 12: not CSV"),
    ],
)
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


def test_zip_with_a_password_is_named(source):
    path = compressed(source, "zip")
    data = bytearray(path.read_bytes())
    data[6] |= 1  # "encrypted", in the member's own header and in the directory
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(FerMdError, match="fer2013.csv cannot be unpacked .*password"):
        list(read_fer2013(path))


def test_zip_must_hold_one_csv(tmp_path):
    for names in ([], ["a.csv", "b.csv"]):
        with zipfile.ZipFile(tmp_path / "fer.zip", "w") as archive:
            for name in names:
                archive.writestr(name, csv_text())
        with pytest.raises(FerMdError, match=f"must hold one CSV file; found {len(names)}"):
            list(read_fer2013(tmp_path / "fer.zip"))


def test_a_zip_whose_names_are_no_text(tmp_path):
    """Found by fuzzing: a name that is marked as UTF-8 and is not."""
    with zipfile.ZipFile(tmp_path / "fer.zip", "w") as archive:
        archive.writestr("\u00e4.csv", "emotion,pixels,Usage\n")
    content = (tmp_path / "fer.zip").read_bytes()
    (tmp_path / "fer.zip").write_bytes(content.replace("\u00e4".encode(), b"\x9f\x9f"))
    with pytest.raises(FerMdError, match="not a whole zip file .*can't decode"):
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


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("train/happy/Training_9.jpg", b"no image", "not a PNG or JPEG"),
        ("train/happy/Training_9.jpg", b"", "is empty"),
        ("train/happy/Training_9.png", np.zeros((1, 1), np.uint8), "must be 48x48; found 1x1"),
        ("train/happy/Training_9.png", np.zeros((64, 32, 4), np.uint8), "must be 48x48; found 32x64"),
        ("train/happy/Training_9.png", HUGE_PNG, "20000x20000"),
        ("train/happy/9.png", np.zeros((48, 48), np.uint8), "the name must begin with Training_"),
        ("train/bored/Training_9.png", np.zeros((48, 48), np.uint8), "train/bored: unknown class"),
    ],
)
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
