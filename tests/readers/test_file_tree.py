import os
import zipfile

import pytest

from fer_md.errors import FerMdError
from fer_md.media.limits import MAX_BYTES
from fer_md.readers.facial_expressions import list_facial_expressions
from fer_md.readers.file_tree import FileTree
from fer_md.readers.picture_table import read_picture_table
from fer_md.readers.ytf_landmarks import read_ytf_landmarks


@pytest.fixture
def folder(tmp_path):
    for name in ("b/two.txt", "a.txt", ".hidden", "b/.git/x", "__MACOSX/b/._two.txt"):
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"\ufeff{name}")
    return tmp_path / "tree"


def packed(folder, names=()):
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("b")
        for file in folder.rglob("*"):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
        for name in names:
            archive.writestr(name, "outside")
    return path


@pytest.mark.parametrize("form", [lambda folder: folder, packed])
def test_a_folder_and_its_zip_read_the_same(folder, form):
    with FileTree(form(folder)) as tree:
        assert tree.names == ("a.txt", "b/two.txt")
        assert tree.text("b/two.txt").read() == "b/two.txt"
        assert tree.read("a.txt").endswith(b"a.txt")
        assert tree.where("a.txt").endswith(": a.txt")


@pytest.mark.parametrize(
    "name, read",
    [
        ("labels.csv", lambda tree: read_picture_table(tree, "labels.csv")),
        ("data/legend.csv", list_facial_expressions),
        ("landmarks68.csv", lambda tree: list(read_ytf_landmarks(tree.source))),
    ],
)
def test_a_reader_closes_its_table_when_it_is_wrong(tmp_path, monkeypatch, name, read):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("image,emotion\na,b,c\n")
    opened, text = [], FileTree.text
    monkeypatch.setattr(FileTree, "text", lambda tree, name: opened.append(text(tree, name)) or opened[-1])
    with FileTree(tmp_path) as tree, pytest.raises(FerMdError) as error:
        read(tree)
    assert error and [stream.closed for stream in opened] == [True]


def test_paths_on_disk_exist_only_in_a_folder(folder):
    assert FileTree(folder).path("a.txt") == folder / "a.txt"
    with FileTree(packed(folder)) as tree, pytest.raises(FerMdError, match="unpack .*tree.zip first"):
        tree.path("a.txt")


@pytest.mark.parametrize("name", ["../evil.txt", "b/../../evil.txt", "/etc/evil", "..\\evil.txt", "c:\\evil.txt", "."])
def test_names_that_lead_out_of_the_zip(folder, name):
    with pytest.raises(FerMdError, match="leads out of the zip"):
        FileTree(packed(folder, [name]))


def test_a_name_that_is_not_utf8_is_refused_at_once(folder):
    (folder / ".cache-\udcfc").write_bytes(b"")  # hidden: left out
    assert FileTree(folder).names == ("a.txt", "b/two.txt")
    (folder / "M\udcfcller").mkdir()
    (folder / "M\udcfcller" / "1.jpg").write_bytes(b"")
    with pytest.raises(FerMdError, match=r"tree: the name 'M\\udcfcller/1.jpg' is not UTF-8; rename it"):
        FileTree(folder)


def test_missing_and_foreign_sources(tmp_path):
    with pytest.raises(FerMdError, match="none: cannot be read"):
        FileTree(tmp_path / "none")
    (tmp_path / "no.zip").write_text("no zip")
    with pytest.raises(FerMdError, match="neither a folder nor a whole zip"):
        FileTree(tmp_path / "no.zip")


def test_damaged_and_too_large_members(folder):
    path = packed(folder)
    with zipfile.ZipFile(path) as archive:
        offset = archive.getinfo("a.txt").header_offset
    data = bytearray(path.read_bytes())
    data[offset + 30 + len("a.txt") + 1] ^= 0xFF
    path.write_bytes(data)
    with FileTree(path) as tree:
        with pytest.raises(FerMdError, match="a.txt: damaged in the zip"):
            tree.read("a.txt")
        tree._members["b/two.txt"].file_size = MAX_BYTES + 1
        with pytest.raises(FerMdError, match="b/two.txt: the file is larger than"):
            tree.read("b/two.txt")


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED])
def test_a_damaged_member_of_any_compression_is_named(tmp_path, method):
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.png", bytes(range(256)) * 40)
    data = bytearray(path.read_bytes())
    for place in range(45, 75):
        data[place] ^= 255
    path.write_bytes(data)
    with FileTree(path) as tree, pytest.raises(FerMdError, match="a.png: damaged in the zip"):
        tree.read("a.png")


def test_a_pipe_in_a_folder_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"picture")
    assert FileTree(tmp_path).names == ("b.png",)


@pytest.mark.parametrize("source", ["/dev/zero", "pipe"])
def test_a_device_or_a_pipe_is_no_zip(tmp_path, source):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FerMdError, match=f"{source}: neither a folder nor a file"):
        FileTree(tmp_path / source)  # an absolute path stays as it is
