"""Layouts of one's own pictures are found by looking; the trees hold a file of one byte for each picture."""

import sys
import types

import pandas as pd
import pytest

from fer_md.errors import FerMdError
from fer_md.readers.file_tree import FileTree
from fer_md.readers.own_pictures import list_own_pictures

CLASSES = ("Angry", "happy", "bored")


def write(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def found(root, **options):
    with FileTree(root) as tree:
        return list_own_pictures(tree, "own", **options)


def rows(root, **options):
    """(file, expression, subject, split) of each picture."""
    listing = found(root, **options).listing
    return [(p.source, listing.expressions[p.label], p.subject, p.split) for p in listing.photographs]


def remark(root, start, **options):
    [text] = [text for text in found(root, **options).remarks if text.startswith(start)]
    return text


def test_class_folders(tmp_path):
    """Twenty of each class: 14 to learn, 3 to choose, 3 to test. What all share, and other files, do not count."""
    write(tmp_path, *(f"in/all/{name}/{i:02d}.jpg" for name in CLASSES for i in range(20)), "in/notes.txt")
    pictures = rows(tmp_path)
    assert {(name, split): 0 for _, name, _, split in pictures} == {
        (name, split): 0
        for name in ("anger", "happiness", "bored")
        for split in ("Training", "PublicTest", "PrivateTest")
    }
    assert sum(split == "Training" for *_, split in pictures) == 42
    assert found(tmp_path).listing.expressions == ("anger", "happiness", "bored")
    assert remark(tmp_path, "expressions") == "expressions: angry = anger, happy = happiness"
    assert remark(tmp_path, "classes of") == "classes of their own: bored"
    assert remark(tmp_path, "people").startswith("people: nothing names them")
    assert "figures too good" in remark(tmp_path, "split")
    assert remark(tmp_path, "layout") == "layout: class/picture"


@pytest.mark.parametrize("form", ["{person}/{name}/{i}.png", "{name}/{person}/{i}.png"])
def test_people_in_folders_stay_in_one_split(tmp_path, form):
    people = ("ann", "ben", "cleo", "dora", "eve")
    write(tmp_path, *(form.format(person=p, name=c, i=i) for p in people for c in CLASSES for i in range(2)))
    pictures = rows(tmp_path)
    assert len({(person, split) for _, _, person, split in pictures}) == len(people)
    assert {name for _, name, *_ in pictures} == {"anger", "happiness", "bored"}
    assert remark(tmp_path, "people") == "people: 5, as they are named"


def test_two_people_are_not_enough_to_divide(tmp_path):
    write(tmp_path, *(f"{p}/{c}/{i}.png" for p in ("ann", "ben") for c in CLASSES for i in range(10)))
    assert "by pictures, since 2 people are too few" in remark(tmp_path, "split")


def test_splits_are_kept_and_people_in_two_are_told(tmp_path):
    for split, people in (("train_set", ("ann", "ben")), ("dev", ("cleo",)), ("test_set", ("ann",))):
        write(tmp_path, *(f"{split}/{p}/{c}/{i}.png" for p in people for c in CLASSES for i in range(3)))
    assert {(file.split("/")[0], split) for file, _, _, split in rows(tmp_path)} == {
        ("train_set", "Training"),
        ("dev", "PublicTest"),
        ("test_set", "PrivateTest"),
    }
    assert remark(tmp_path, "split") == (
        "split: as given; 1 people, such as ann, are in more than one: the figures are too good"
    )


def test_of_train_and_test_a_part_of_train_chooses(tmp_path):
    for split in ("train", "test"):
        write(tmp_path, *(f"{split}/{c}/{i}.png" for c in CLASSES for i in range(14)))
    pictures = rows(tmp_path)
    assert [sum(s == split for *_, s in pictures) for split in ("Training", "PublicTest", "PrivateTest")] == [36, 6, 42]
    assert "a seventh" in remark(tmp_path, "split")


@pytest.mark.parametrize(
    "form, person",
    [("{p}_Smith_{i:04d}.jpg", "{p}_Smith"), ("S{n:03d}_{i:03d}.png", "S{n:03d}"), ("K{p}.AN{i}.39.tiff", "K{p}")],
)
def test_people_by_the_names_of_files(tmp_path, form, person):
    people = "ABCDEF"
    write(
        tmp_path,
        *(
            f"{c}/{form.format(p=p, n=n, i=10 * k + i)}"
            for k, c in enumerate(CLASSES)
            for n, p in enumerate(people)
            for i in range(2)
        ),
    )
    assert {subject for _, _, subject, _ in rows(tmp_path)} == {person.format(p=p, n=n) for n, p in enumerate(people)}
    assert remark(tmp_path, "people").startswith("people: 6, by the names of the files, such as")


@pytest.mark.parametrize("form", ["IMG_{i}.jpg", "{c}_{i}.jpg", "Training_{i}.jpg", "{i}.jpg", "x{i}y_{i}.jpg"])
def test_names_that_tell_no_people(tmp_path, form):
    write(tmp_path, *(f"{c}/{form.format(c=c, i=100 * k + i)}" for k, c in enumerate(CLASSES) for i in range(12)))
    assert remark(tmp_path, "people").startswith("people: nothing names them")


def write_table(root, lines, name="labels.csv"):
    (root / name).write_text("\n".join(lines) + "\n")


def test_a_table_with_people_and_splits(tmp_path):
    """Paths from the table's folder, from elsewhere with the same end, and by a name that is there once."""
    write(tmp_path, *(f"faces/{i:02d}.jpg" for i in range(30)))
    lines = ["Emotion,File Name,Subject.ID,Usage"]
    forms = ("faces/{:02d}.jpg", "/home/me/faces/{:02d}.jpg", "{:02d}.jpg", "faces\\{:02d}.jpg", "./faces/{:02d}.jpg")
    for i in range(30):
        usage = ("train", "val", "test")[i // 5 % 3]
        lines.append(f"{('joy', 'bored')[i % 2]},{forms[i % 5].format(i)},p{i // 5},{usage}")
    write_table(tmp_path, [*lines, "joy,faces/77.jpg,p9,train", ",faces/00.jpg,p0,train"])
    listing = found(tmp_path).listing
    assert len(listing.photographs) == 29 and listing.expressions == ("happiness", "bored")
    assert listing.unused == [
        ("faces/77.jpg", "labels.csv: line 32: no such file, or more than one"),
        ("faces/00.jpg", "labels.csv: rows differ: line 2 says joy, p0, Training; line 33 says p0, Training"),
    ]
    assert {(p.subject, p.split) for p in listing.photographs} >= {("p0", "Training"), ("p1", "PublicTest")}
    assert remark(tmp_path, "layout") == (
        "layout: the table labels.csv, columns 'File Name' (picture), 'Emotion' (label), 'Subject.ID' (person), "
        "'Usage' (split)"
    )
    assert {subject for _, _, subject, _ in rows(tmp_path, person="emotion")} == {"joy", "bored"}


def test_parquet(tmp_path, monkeypatch):
    """pandas reads it where it has pyarrow; here it is replaced."""
    write(tmp_path, *(f"{i}.jpg" for i in range(12)))
    (tmp_path / "labels.parquet").write_bytes(b"PAR1")
    labels = pd.array([None, *(i % 2 for i in range(11))], "Int64")  # a whole number beside a gap stays whole
    frame = pd.DataFrame({"image": [f"{i}.jpg" for i in range(12)], "label": labels})
    monkeypatch.setattr(pd, "read_parquet", lambda stream, dtype_backend: frame)
    assert {name for _, name, *_ in rows(tmp_path)} == {"0", "1"}
    monkeypatch.setattr(pd, "read_parquet", lambda stream, dtype_backend: 1 / 0)
    with pytest.raises(FerMdError, match="labels.parquet: not Parquet .*write it again, or as CSV"):
        found(tmp_path)
    damaged = types.SimpleNamespace(astype=lambda kind: b"\xff".decode())  # found by flipping bits
    monkeypatch.setattr(pd, "read_parquet", lambda stream, dtype_backend: damaged)
    with pytest.raises(FerMdError, match="labels.parquet: not Parquet .*can't decode"):
        found(tmp_path)
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "pyarrow", types.ModuleType("pyarrow"))  # too old to be one
    with pytest.raises(FerMdError, match="labels.parquet: (reading Parquet needs pyarrow|not Parquet)"):
        found(tmp_path)


@pytest.mark.parametrize(
    "names, message",
    [
        (["notes.txt"], "no pictures; the layout is class/"),
        (["1.jpg", "2.jpg"], "1.jpg: is in other folders than expected; the layout is class/"),
        (["a/b/c/1.jpg", "d/e/f/1.jpg"], "a/b/c/1.jpg: is in other folders"),
        (["a/1.jpg", "b/c/1.jpg"], "b/c/1.jpg: is in other folders"),
        (["train/a/1.jpg", "b/a/1.jpg"], "b/a/1.jpg: is not in a folder of a split, as others are"),
        ([f"a/{i}.jpg" for i in range(9)], "all pictures are of one class, a; it takes two or more"),
        (["a/1.jpg", *(f"b/{i}.jpg" for i in range(9))], "a has 1 pictures, and a class takes 5 or more"),
    ],
)
def test_folders_that_cannot_be_read(tmp_path, names, message):
    write(tmp_path, *names)
    with pytest.raises(FerMdError, match=message):
        found(tmp_path)


@pytest.mark.parametrize(
    "lines, options, message",
    [
        (
            ["image,label", "no.jpg,a"],
            {},
            "none of its 1 pictures is in the folder of the table or below it; the first is no.jpg",
        ),
        (["image,label,split", "0.jpg,a,third"], {}, "line 2: a split must be train, val or test; found 'third'"),
        (["image,label", "0.jpg,a"], {"person": "actor"}, "person=actor: no such column; found image, label"),
        (["image,label,Label", "0.jpg,a,b"], {}, "has several columns 'label'; rename all but one"),
        (["image,label", "0.jpg"], {}, "line 2: 2 columns expected, found 1"),
        (["image;label"], {"table": "labels.csv"}, "has no column of the picture: one of path .*; found image;label"),
    ],
)
def test_tables_that_cannot_be_read(tmp_path, lines, options, message):
    write(tmp_path, "0.jpg")
    write_table(tmp_path, lines)
    with pytest.raises(FerMdError, match=f"labels.csv: {message}"):
        found(tmp_path, **options)


def test_other_questions(tmp_path):
    write(tmp_path, *(f"{c}/{i}.jpg" for c in "ab" for i in range(9)))
    write_table(tmp_path, ["note", "nothing"], "notes.csv")
    assert remark(tmp_path, "expressions") == "expressions: none by a name that is known"
    with pytest.raises(FerMdError, match="person=actor names the column of a table, and there is no table"):
        found(tmp_path, person="actor")
    for name in ("one.csv", "two.csv"):
        write_table(tmp_path, ["file,label", "a/1.jpg,x"], name)
    with pytest.raises(FerMdError, match="several tables of pictures: one.csv, two.csv; name one of them"):
        found(tmp_path)
