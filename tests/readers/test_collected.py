import pytest

from fer_md.data.records import load_split
from fer_md.errors import FerMdError
from fer_md.readers.collected import list_collected
from fer_md.readers.file_tree import FileTree
from fer_md.readers.photographs import prepare
from photograph_trees import write_photograph


@pytest.fixture
def folder(tmp_path):
    for person in ("ann", "ben", "cleo"):
        for label, expression in enumerate(("Angry", "disgust", "fear", "HAPPY")):
            write_photograph(tmp_path / f"photos/{person}/{expression}/1.jpg", person, label)
    return tmp_path / "photos"


def listing(folder):
    with FileTree(folder) as tree:
        return list_collected(tree)


def test_subjects_and_expressions(folder, tmp_path):
    found = listing(folder)
    assert {(p.subject, p.label) for p in found.photographs} == {
        (person, label) for person in ("ann", "ben", "cleo") for label in range(4)
    }
    assert len({(p.subject, p.split) for p in found.photographs}) == 3
    prepare(found, tmp_path / "out")
    keys = sum((load_split(tmp_path / "out", split).keys for split in ("Training", "PublicTest", "PrivateTest")), [])
    assert "collected/cleo/HAPPY/1.jpg" in keys and len(keys) == 12


def test_other_files_are_quarantined(folder, tmp_path):
    (folder / "notes.txt").write_text("x")
    (folder / "ann/Angry/notes.txt").write_text("x")
    found = listing(folder)
    assert found.unused == [("notes.txt", "not in subject/expression/")]
    prepare(found, tmp_path / "out")
    assert "ann/Angry/notes.txt: not a PNG or JPEG" in (tmp_path / "out/quarantine.csv").read_text()


def test_bad_trees(folder):
    write_photograph(folder / "again/ann/fear/2.jpg", "ann")
    with pytest.raises(FerMdError, match="the subject 'ann' is in again/ann and in ann"):
        listing(folder)
    write_photograph(folder / "ann/bored/1.jpg", "ann")
    with pytest.raises(FerMdError, match="ann/bored/1.jpg: unknown expression 'bored'; the names known are angry"):
        listing(folder)
    with pytest.raises(FerMdError, match="ben: no photographs; the layout is subject/expression/"):
        listing(folder / "ben")
    write_photograph(folder / "few/ann/fear/1.jpg", "ann")
    with pytest.raises(FerMdError, match="needs at least 3 people"):
        listing(folder / "few")
