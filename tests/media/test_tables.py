"""Tables of pictures: columns of paths and of bytes, and what is wrong with a table."""

import cv2
import numpy as np
import pytest

from fer_md.errors import FerMdError
from fer_md.media.sources import count_frames, count_media, find_media, read_media, unfold

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

GRAYS = range(10, 250, 10)


@pytest.fixture
def pictures(tmp_path):
    """24 gray pictures: their names, and the content of each."""
    for gray in GRAYS:
        cv2.imwrite(str(tmp_path / f"{gray}.png"), np.full((9, 9), gray, np.uint8))
    return {f"{gray}.png": (tmp_path / f"{gray}.png").read_bytes() for gray in GRAYS}


def save(folder, **columns):
    parquet.write_table(pyarrow.table(columns), folder / "table.parquet", row_group_size=10)
    return folder / "table.parquet"


def test_paths_are_those_from_the_folder_of_the_table(pictures, tmp_path):
    table = save(tmp_path, id=list(range(26)), Path=[*pictures, "gone.png", None])
    media, problems = find_media([table]), []
    assert count_frames(media) == count_media(media) == 26
    frames = list(read_media(media, on_problem=problems.append))
    assert [frame.medium.source for frame in frames] == [str(tmp_path / name) for name in pictures]
    assert [frame.image[0, 0, 0] for frame in frames] == list(GRAYS)
    assert [str(problem) for problem in problems] == [
        f"{tmp_path / 'gone.png'}: no such file",
        f"{table}#25: the file is empty; fetch it again or leave it out",
    ]


def test_bytes_alone_or_beside_a_path(pictures, tmp_path):
    """A path may be there twice, so the row names the picture; it counts where there are no bytes."""
    columns = {
        "content": list(pictures.values()),
        "image": [{"bytes": data, "path": "same.png"} for data in pictures.values()],
    }
    for name, values in columns.items():
        table = save(tmp_path, path=["same.png"] * 24, **{name: values})
        frames = list(read_media(find_media([table])))
        assert [frame.medium.source for frame in frames] == [f"{table}#{row}" for row in range(24)]
        assert [frame.image[0, 0, 0] for frame in frames] == list(GRAYS)
    table = save(tmp_path, image=[{"bytes": None, "path": "20.png"}, None, {"bytes": b"", "path": None}])
    names = [str(tmp_path / "20.png"), f"{table}#1", f"{table}#2"]
    assert [medium.source for medium in unfold(find_media([table]))] == names


def test_what_is_no_table_of_pictures(tmp_path):
    table = save(tmp_path, image=[1, 2], label=["a", "b"])
    with pytest.raises(FerMdError, match=r"has no column of pictures.*found image \(int64\), label \(string\)"):
        list(unfold(find_media([table])))
    table.write_bytes(b"PAR1 and no more")
    for read in (lambda media: list(unfold(media)), lambda media: list(read_media(media))):
        with pytest.raises(FerMdError, match="table.parquet: not Parquet, or damaged"):
            read(find_media([table]))
    problems = []
    assert list(read_media(find_media([table]), on_problem=problems.append)) == [] and len(problems) == 1


def test_damage_in_a_later_row_group_costs_the_rest_alone(pictures, tmp_path):
    table = save(tmp_path, content=list(pictures.values()))
    data, start = bytearray(table.read_bytes()), parquet.ParquetFile(table).metadata.row_group(2).column(0).file_offset
    start = parquet.ParquetFile(table).metadata.row_group(2).column(0).dictionary_page_offset or start
    data[start : start + 40] = bytes(40)
    table.write_bytes(data)
    problems = []
    frames = list(read_media(find_media([table]), on_problem=problems.append))
    assert len(frames) in (16, 20) and len(problems) == 1
