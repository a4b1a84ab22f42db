"""Pictures of one's own, and data sets that are known, become prepared data sets."""

import pytest

from fer2013_samples import write_csv
from fer_md.errors import FerMdError
from fer_md.readers.own_dataset import name_of, prepare_own_pictures
from fer_md.readers.own_source import open_own_source


def test_a_data_set_that_is_known_is_read_as_such(tmp_path):
    """A table, but FER2013's: its pixels are the faces."""
    info, remarks = prepare_own_pictures(write_csv(tmp_path / "fer2013.csv"), tmp_path / "out")
    assert info["splits"]["Training"]["examples"] == 6 and remarks[0].startswith("FER2013")
    assert remarks[1] == "faces: each picture is taken for a face that is cut out already (detector none)"


def test_a_table_of_nothing(tmp_path):
    (tmp_path / "labels.csv").write_text("image,label\n0.jpg,a\n")
    with pytest.raises(
        FerMdError,
        match="labels.csv: none of its 1 pictures is in the folder of the table or below it; the first is 0.jpg",
    ):
        prepare_own_pictures(tmp_path / "labels.csv", tmp_path / "out")


@pytest.mark.parametrize("name", ["LABELS.CSV", "labels.Parquet"])
def test_the_suffix_of_a_table_counts_in_any_case(tmp_path, name):
    (tmp_path / name).write_text("image,label\n0.jpg,a\n")  # a table of Parquet is not read as it is opened
    with open_own_source(tmp_path / name) as opened:
        assert opened.table == name and opened.layout is None and name in opened.tree.names


def test_names_of_data_sets():
    assert name_of("faces of us/labels v2.csv") == "labels_v2"
    assert name_of("-") == "pictures"
