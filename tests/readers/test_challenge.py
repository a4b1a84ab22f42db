"""FER2013 in the files in which the challenge hands it out, and archives that are none."""

import gzip
import io
import tarfile
import zipfile

import numpy as np
import pytest

from fer2013_samples import IMAGES, ROWS, csv_text
from fer_md.data.records import load_split
from layouts import fails, listing
from scripts import run_script


def tar(path, members):
    """A tar.gz of (name, content) pairs."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


ICML = csv_text([[emotion, usage, pixels] for emotion, pixels, usage in ROWS], "emotion, Usage, pixels")
CSV = csv_text().encode()


def challenge_files(folder):
    """FER2013 in the forms in which the challenge hands it out."""
    folder.mkdir(exist_ok=True)
    (folder / "icml").mkdir(exist_ok=True)
    (folder / "icml/icml_face_data.csv").write_text(ICML)
    with zipfile.ZipFile(folder / "kaggle.zip", "w") as archive:
        archive.writestr("icml_face_data.csv", ICML)
        archive.writestr("train.csv", "emotion,pixels\n")
    (folder / "fer2013.csv.gz").write_bytes(gzip.compress(CSV))
    names = ("fer2013/README", b"about"), ("../fer2013/fer2013.csv", CSV)
    return [
        folder / "icml",
        folder / "icml/icml_face_data.csv",
        folder / "kaggle.zip",
        folder / "fer2013.csv.gz",
        tar(folder / "fer2013.tar.gz", names),
    ]


def test_fer2013_as_the_challenge_hands_it_out(tmp_path):
    for source in challenge_files(tmp_path / "challenge"):
        found = listing(source, "fer2013")
        assert [photograph.label for photograph in found.photographs] == [i % 7 for i in range(10)]
        assert found.photographs[7].key == "fer2013/PublicTest/00007"
        for photograph, image in zip(found.photographs, IMAGES, strict=True):
            np.testing.assert_array_equal(photograph.read()[..., 1], image)


def test_the_case_of_a_name_does_not_count(tmp_path):
    with zipfile.ZipFile(tmp_path / "kaggle.zip", "w") as archive:
        archive.writestr("FER2013.CSV", CSV)
    (tmp_path / "FER2013.CSV.GZ").write_bytes(gzip.compress(CSV))
    for source in (tmp_path / "kaggle.zip", tmp_path / "FER2013.CSV.GZ"):
        assert len(listing(source, "fer2013").photographs) == 10


def test_a_packed_table_in_a_zip_is_to_be_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "kaggle.zip", "w") as archive:
        archive.writestr("fer2013.csv.gz", gzip.compress(CSV))
    fails(tmp_path / "kaggle.zip", r"fer2013.csv.gz: a file of this kind is not read out of a zip; unpack .* first")


def test_the_archive_gives_the_data_set_that_the_csv_gives(tmp_path):
    (tmp_path / "fer2013.csv").write_bytes(CSV)
    source = tar(tmp_path / "fer2013.tar.gz", [("fer2013/fer2013.csv", CSV)])
    run_script("data_prep/fer2013.py", f"--source={tmp_path / 'fer2013.csv'}", f"--output={tmp_path / 'csv'}")
    run_script("data_prep/fer2013.py", f"--source={source}", f"--output={tmp_path / 'tar'}")
    run_script("data_prep/recognised.py", f"--source={source}", f"--output={tmp_path / 'recognised'}")
    splits = [load_split(tmp_path / name, "Training") for name in ("csv", "tar", "recognised")]
    for split in splits[1:]:
        assert split.keys == splits[0].keys and (split.images == splits[0].images).all()


def nested_names(count):
    """A tar in which ``count`` headers each announce the name of the next."""
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 4
    return gzip.compress((header.tobuf(tarfile.GNU_FORMAT) + b"abc\0".ljust(512, b"\0")) * count)


def claiming(size, kind):
    header = tarfile.TarInfo("fer2013.csv")
    header.type, header.size = kind, size
    return gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(1024))


@pytest.mark.parametrize(
    "content, message",
    [
        (gzip.compress(b"x" * 2000), "not a whole tar.gz file"),
        (b"no archive", "not a whole tar.gz file"),
        (b"", "not a whole tar.gz file"),
        (nested_names(5000), "not a whole tar.gz file"),
        (claiming(1 << 34, tarfile.XHDTYPE), "not a whole tar.gz file"),
        (claiming(1 << 32, tarfile.REGTYPE), "fer2013.csv ends behind 2147483648 bytes"),
        (claiming(100, tarfile.DIRTYPE), "holds no CSV file"),
    ],
    ids=["no tar", "no gzip", "empty", "nested names", "huge header", "huge file", "folder"],
)
def test_a_bad_archive_is_one_line(tmp_path, content, message):
    (tmp_path / "fer2013.tar.gz").write_bytes(content)
    fails(tmp_path / "fer2013.tar.gz", message)


def test_a_truncated_archive_is_one_line(tmp_path):
    whole = tar(tmp_path / "fer2013.tar.gz", [("fer2013/fer2013.csv", CSV)])
    whole.write_bytes(whole.read_bytes()[:-3000])
    fails(whole, "truncated or damaged")
