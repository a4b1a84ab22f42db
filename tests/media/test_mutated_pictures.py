"""No picture or video, however broken, ends in anything but a picture or an error in one line."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_md.errors import FerMdError
from fer_md.media.pictures import ALL_FORMATS, MAX_PIXELS, decode_rgb
from mutated_pictures import flip, mutate, resize_header, whole_pictures

pytestmark = pytest.mark.integration

WHOLE = whole_pictures()
SCRIPT = Path(__file__).parents[1] / "mutated_pictures.py"


def attack(kind, count, seed, timeout):
    """Runs an attack in a process of its own, where a crash or a hang is seen."""
    environment = {**os.environ, "OPENCV_LOG_LEVEL": "OFF", "TF_CPP_MIN_LOG_LEVEL": "3", "OPENCV_FFMPEG_LOGLEVEL": "-8"}
    answer = subprocess.run(
        [sys.executable, str(SCRIPT), kind, str(count), str(seed)],
        capture_output=True,
        text=True,
        errors="backslashreplace",
        timeout=timeout,
        env=environment,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    return json.loads(answer.stdout)


def check(result, count):
    assert result["read"] + result["refused"] == count
    assert result["read"] > count / 5 and result["refused"] > count / 5
    assert result["seconds"] < 20, "one picture took as long"
    assert result["grown"] < 800, "megabytes; the largest picture that is decoded has 150, and 300 before it is 8 bits"
    assert len(result["messages"]) < 12, "an error that is not one of the decoder's own"


@pytest.mark.parametrize("data", WHOLE, ids=range(len(WHOLE)))
def test_whole_pictures_are_read(data):
    assert decode_rgb(data, "x", formats=ALL_FORMATS).std() > 10


def test_a_chunk_longer_than_the_file_is_not_made_room_for():
    """Found by the ten thousand: one bit of a PNG chunk's length had the decoder reserve 2 GB."""
    data = bytearray(next(data for data in WHOLE if data[:4] == b"\x89PNG"))
    data[data.index(b"IDAT") - 4] |= 0x80
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FerMdError, match="damaged"):
        decode_rgb(bytes(data), "x")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_three_hundred_broken_pictures():
    check(attack("pictures", 300, 0, 300), 300)


def test_sixty_broken_videos():
    result = attack("videos", 60, 0, 300)
    assert result["frames"] > 100 and 5 < result["refused"] <= 60


@pytest.mark.slow
def test_ten_thousand_broken_pictures():
    check(attack("searched", 10_000, 1, 3600), 10_000)


@pytest.mark.slow
def test_a_thousand_broken_videos():
    assert attack("videos", 1000, 1, 3600)["refused"] > 100


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(WHOLE),
    st.integers(0, 2**32 - 1),
    st.lists(st.sampled_from((mutate, flip, resize_header)), max_size=4),
    st.integers(0, 80),
    st.binary(max_size=12),
)
def test_broken_in_several_ways(data, seed, steps, place, patch):
    rng = np.random.default_rng(seed)
    data = data[:place] + patch + data[place + len(patch) :]
    for step in steps:
        if data:
            data = step(data, rng, 5) if step is flip else step(data, rng)
    try:
        image = decode_rgb(data, "x", formats=ALL_FORMATS)
    except FerMdError as error:
        assert str(error).startswith("x: ") and "\n" not in str(error)
    else:
        assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
        assert 0 < image.shape[0] * image.shape[1] <= MAX_PIXELS
