"""Videos as files: whole or not at all, under any name, of any size."""

import errno
import os
import sys

import numpy as np
import pytest

from fer_md.errors import FerMdError
from fer_md.media.video_writer import write_video
from fer_md.media.videos import read_video


def write(path, rate=10.0, size=(64, 48), shape=(48, 64)):
    with write_video(path, size, rate) as append:
        for index in range(12):
            append(np.full((*shape, 3), (20 * index, 0, 0), np.uint8))


@pytest.mark.parametrize("size", [(64, 48), (63, 47), (1, 1)])
@pytest.mark.parametrize("shape", [(48, 64), (90, 30)])
def test_what_is_written_is_read(tmp_path, size, shape):
    path = tmp_path / os.fsdecode(b"a\xff.mp4")
    write(path, size=size, shape=shape)
    frames = list(read_video(path))
    assert [frame.time for frame in frames] == pytest.approx(np.arange(12) / 10)
    assert frames[0].image.shape == (size[1] + size[1] % 2, size[0] + size[0] % 2, 3)
    assert abs(int(frames[10].image[0, 0, 0]) - 200) < 12
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("rate, kept", [(29.97, 29.97), (0.01, 0.01), (1000, 1000), (1e-9, 25)])
def test_any_rate(tmp_path, rate, kept):
    write(tmp_path / "film.mp4", rate)
    assert next(read_video(tmp_path / "film.mp4")).rate == pytest.approx(kept)


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    class Full:
        def __init__(self, file):
            self._file = file

        def __getattr__(self, name):
            return getattr(self._file, name)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self._file.close()

        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    def opened(path, mode):
        return Full(open(path, mode))

    monkeypatch.setattr("fer_md.media.video_writer.open", opened, raising=False)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path / "film.mp4")
    assert not list(tmp_path.iterdir())


def test_a_size_that_cannot_be_encoded(tmp_path):
    with pytest.raises(FerMdError, match="film.mp4: a video of 20000x48 cannot be encoded"):
        write(tmp_path / "film.mp4", size=(20_000, 48))
    assert not list(tmp_path.iterdir())


def test_the_package_is_named_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(FerMdError, match="film.mp4: to write videos, pip install av"):
        write(tmp_path / "film.mp4")
