"""The header of a JPEG, against the rules of libjpeg and against what OpenCV decodes."""

import struct

import cv2
import numpy as np
import pytest

from fer_md.media.jpeg_header import JpegHeader, read_jpeg_header

SMOOTH = cv2.resize(np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8), (60, 40))


def encoded(*settings):
    return cv2.imencode(".jpg", SMOOTH, list(settings))[1].tobytes()


def segment(marker, content):
    return struct.pack(">BBH", 0xFF, marker, 2 + len(content)) + content


def test_size_bits_and_scans():
    assert read_jpeg_header(encoded()) == JpegHeader(60, 40, 8, 1)
    progressive = read_jpeg_header(encoded(cv2.IMWRITE_JPEG_PROGRESSIVE, 1))
    assert (progressive.width, progressive.height) == (60, 40) and 4 < progressive.scans < 20


@pytest.mark.parametrize(
    "inserted",
    [
        b"\0\0\0\0\0",
        b"\1\2\3",
        b"\xff\xff\xff",
        b"\xff\0",
        b"\xff\xd3",
        b"\xff\x01",
        segment(0xFE, b"comment"),
        b"\xff\xfe\0\0",
        segment(0xE1, b"\xff\xc0" + struct.pack(">HBHH", 11, 8, 9, 9)),
        segment(0xE1, b"\xff\xda" * 200),
    ],
    ids=["zeros", "bytes", "fill", "stuffed", "restart", "TEM", "comment", "no length", "hidden frame", "hidden scans"],
)
def test_what_stands_between_markers_is_no_part_of_the_header(inserted):
    """Each is decoded by libjpeg, so each must be read; the size is that of what it decodes."""
    data = encoded()
    tables = data.index(b"\xff\xdb")
    data = data[:tables] + inserted + data[tables:]
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape == (40, 60, 3)
    assert read_jpeg_header(data) == JpegHeader(60, 40, 8, 1)


def test_what_follows_the_end_is_not_counted():
    """Phones put films and second pictures there."""
    assert read_jpeg_header(encoded() + encoded() + b"\xff\xda" * 500).scans == 1


def test_other_files_and_headers_that_are_cut_off():
    assert read_jpeg_header(b"\x89PNG\r\n\x1a\n" + bytes(30)) is None
    data = encoded()
    for end in (4, 5, 30, data.index(b"\xff\xc0") + 5):
        with pytest.raises(struct.error):
            read_jpeg_header(data[:end])


def test_a_long_row_of_fill_bytes_takes_no_time():
    with pytest.raises(struct.error):
        read_jpeg_header(b"\xff\xd8" + b"\xff" * 5_000_000 + b"\0")
