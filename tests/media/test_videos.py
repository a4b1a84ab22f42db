"""Videos of all kinds: every frame, at its time, upright and in its shape; and what is wrong with a file, said once."""

import fractions
import os
import struct
import sys

import numpy as np
import pytest

from drawn_videos import SUFFIXES, save_video
from fer_md.errors import FerMdError
from fer_md.media.videos import DEFAULT_RATE, count_frames, read_frame, read_video, sound_rate


def corners(_, size):
    """Red in the upper left quarter, green in the upper right, blue in the lower left, black in the lower right."""
    width, height = size
    image = np.zeros((height, width, 3), np.uint8)
    image[: height // 2, : width // 2, 0] = image[: height // 2, width // 2 :, 1] = 250
    image[height // 2 :, : width // 2, 2] = 250
    return image


def found_corners(image):
    """The colours of the four quarters, row by row."""
    height, width = image.shape[:2]
    points = [image[y, x].astype(int) for y in (height // 5, -height // 5) for x in (width // 5, -width // 5)]
    return "".join("k" if point.max() < 90 else "rgb"[point.argmax()] for point in points)


def read(path, **settings):
    """The frames of a video, and the error that ends it, as text, or None."""
    frames, reader = [], read_video(path, **settings)
    try:
        for frame in reader:
            frames.append(frame)
    except FerMdError as error:
        return frames, str(error)
    return frames, None


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_frames_have_number_time_and_colour(tmp_path, suffix):
    path = tmp_path / f"film{suffix}"
    save_video(path)
    frames, problem = read(path)
    assert problem is None and [frame.index for frame in frames] == list(range(20))
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(20) / 10, atol=1e-6)
    assert {frame.rate for frame in frames} == {10} and count_frames(path) in (20, 21)
    red, green, _ = frames[15].image.reshape(-1, 3).mean(0)
    assert abs(red - 150) < 12 and green < 12
    assert frames[0].image.shape == (48, 64, 3) and frames[0].image.flags.c_contiguous
    assert [frame.index for frame in read(path, every=8)[0]] == [0, 8, 16]


def test_one_frame(tmp_path):
    save_video(tmp_path / "film.avi")
    assert abs(int(read_frame(tmp_path / "film.avi", 9)[0, 0, 0]) - 90) < 12
    assert read_frame(tmp_path / "film.avi", 0)[0, 0, 0] < 12
    with pytest.raises(FerMdError, match="film.avi: the video ends before frame 20"):
        read_frame(tmp_path / "film.avi", 20)


@pytest.mark.parametrize("suffix", [".mkv", ".ts", ".mp4"])
def test_a_late_start_is_no_damage(tmp_path, suffix):
    path = tmp_path / f"late{suffix}"
    save_video(path, start=1000)
    frames, problem = read(path)
    assert problem is None and len(frames) == 20
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(20) / 10, atol=1e-6)


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_pixels_become_square(tmp_path, suffix):
    """64 pixels of 3:2 are as wide as 96."""
    path = tmp_path / f"wide{suffix}"
    save_video(path, frames=2, image=corners, aspect=fractions.Fraction(3, 2))
    frames, problem = read(path)
    assert problem is None and frames[1].image.shape == (48, 96, 3) and found_corners(frames[1].image) == "rgbk"


ONE = 1 << 16


@pytest.mark.parametrize(
    "matrix, seen, shape",
    [
        ((ONE, 0, 0, 0, ONE), "rgbk", (48, 96)),
        ((0, ONE, 0, -ONE, 0), "brkg", (96, 48)),
        ((-ONE, 0, 0, 0, -ONE), "kbgr", (48, 96)),
        ((0, -ONE, 0, ONE, 0), "gkrb", (96, 48)),
        ((-ONE, 0, 0, 0, ONE), "grkb", (48, 96)),
        ((ONE, 0, 0, 0, -ONE), "bkrg", (48, 96)),
        ((0, ONE, 0, ONE, 0), "rbgk", (96, 48)),
        ((0, -ONE, 0, -ONE, 0), "kgbr", (96, 48)),
    ],
    ids=["plain", "right", "half", "left", "mirror", "upside down", "transposed", "other diagonal"],
)
def test_a_video_is_turned_and_mirrored_as_it_says(tmp_path, matrix, seen, shape):
    """The matrix of an MP4's track, patched; on (x, y), down from the corner: (ax + cy, bx + dy).

    (0, 1, -1, 0) takes x, the top row, to y, the right column: the upper left corner comes to the upper right.
    """
    path = tmp_path / "film.mp4"
    save_video(path, frames=2, image=corners, aspect=fractions.Fraction(3, 2))
    data = path.read_bytes()
    place = data.index(b"tkhd") + 4 + 4 + 20 + 16  # name, version, times and numbers, layer and volume
    assert struct.unpack_from(">5i", data, place) in ((ONE, 0, 0, 0, ONE), (ONE * 3 // 2, 0, 0, 0, ONE))
    path.write_bytes(data[:place] + struct.pack(">5i", *matrix) + data[place + 20 :])
    frames, problem = read(path)
    assert problem is None and frames[0].image.shape[:2] == shape and found_corners(frames[0].image) == seen


def cut(path, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


@pytest.mark.parametrize(
    "suffix, reason",
    [(".avi", "could be read; its header states 60"), (".mkv", "states 6.0"), (".mp4", "ends after"), (".flv", "6.0")],
)
def test_a_video_that_breaks_off_keeps_its_frames_and_is_reported(tmp_path, suffix, reason):
    path = tmp_path / f"film{suffix}"
    save_video(path, frames=60)
    cut(path, 0.5)
    frames, problem = read(path)
    assert 10 < len(frames) < 50 and problem.startswith(f"{path}: damaged") and reason in problem


def test_what_a_telephone_has_trimmed_is_no_damage(tmp_path):
    """An MP4 of 60 frames whose edit list shows the last 30: (seconds to show, first of them) replaced in place."""
    path = tmp_path / "film.mp4"
    save_video(path, frames=60)
    data = bytearray(path.read_bytes())
    (length,) = struct.unpack_from(">I", data, data.index(b"mvhd") + 20)
    (samples,) = struct.unpack_from(">I", data, data.index(b"mdhd") + 20)
    struct.pack_into(">Ii", data, data.index(b"elst") + 12, length // 2, samples // 2)
    struct.pack_into(">I", data, data.index(b"mvhd") + 20, length // 2)
    path.write_bytes(data)
    frames, problem = read(path)
    assert problem is None and len(frames) == 30 and frames[0].time == 0


def test_damage_in_the_middle_is_left_out(tmp_path):
    path = tmp_path / "film.avi"
    save_video(path)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)  # three frames
    path.write_bytes(data)
    frames, problem = read(path)
    assert 14 <= len(frames) < 20 and abs(int(frames[-1].image[0, 0, 0]) - 190) < 12
    assert problem == f"{path}: damaged, {len(frames)} frames could be read; its header states 20"


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"", "not a video that can be decoded"),
        (bytes(500), "not a video that can be decoded"),
        (b"ffconcat version 1.0\nfile film.avi\n", "not a video that can be decoded"),
        (
            b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:2,\nfilm.avi\n#EXT-X-ENDLIST\n",
            "not a video that can be decoded",
        ),
        (b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\x08\0data\0\0\0\0", "not a video"),
    ],
    ids=["empty", "zeros", "list of files", "playlist", "sound"],
)
def test_what_is_no_video(tmp_path, content, reason):
    """A list would have FFmpeg read whatever file it names."""
    save_video(tmp_path / "film.avi")
    (tmp_path / "list.mp4").write_bytes(content)
    frames, problem = read(tmp_path / "list.mp4")
    assert not frames and problem.startswith(f"{tmp_path / 'list.mp4'}: {reason}")


def test_a_missing_decoder_is_named(tmp_path):
    path = tmp_path / "film.avi"
    save_video(path)
    path.write_bytes(path.read_bytes().replace(b"MJPG", b"QQQQ"))
    assert read(path)[1] == f"{path}: there is no decoder for this kind of video; convert it to H.264"


def test_frames_are_bounded_before_they_are_decoded(tmp_path):
    save_video(tmp_path / "film.y4m", frames=1)
    data = (tmp_path / "film.y4m").read_bytes()
    (tmp_path / "film.y4m").write_bytes(data.replace(b"W64 H48", b"W9999 H9999"))
    assert "its frames are 9999x9999, 99,980,001 pixels; at most 50,000,000" in read(tmp_path / "film.y4m")[1]


def test_any_name_is_read(tmp_path):
    """OpenCV's reader ended the whole process on a name that is not UTF-8."""
    path = tmp_path / os.fsdecode(b"a\xff.avi")
    save_video(path)
    assert len(read(path)[0]) == 20


def test_pipes_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    assert read(tmp_path / "pipe.mp4")[1].endswith("no such file")


def test_a_rate_near_zero_is_none(tmp_path):
    """Stated as 1e-9 frames a second, it made the annotated copy, and with it the whole job, fail."""
    path = tmp_path / "film.avi"
    save_video(path)
    data = path.read_bytes()
    stream = data.index(b"strh") + 8 + 20  # after the kind, codec, flags, priority and first frames: scale and rate
    path.write_bytes(data[:stream] + struct.pack("<II", 1_000_000_000, 1) + data[stream + 8 :])
    frames, problem = read(path)
    assert problem is None and frames[10].rate == DEFAULT_RATE and frames[10].time == pytest.approx(0.4)
    assert [sound_rate(rate) for rate in (0, 1e-9, 24, 1e9)] == [25, 25, 24, 25]


def test_the_package_is_named_where_it_is_missing(tmp_path, monkeypatch):
    save_video(tmp_path / "film.mp4")
    monkeypatch.setitem(sys.modules, "av", None)
    assert read(tmp_path / "film.mp4")[1] == f"{tmp_path / 'film.mp4'}: to read videos, pip install av"
