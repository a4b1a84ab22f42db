import os
import struct
import zlib

import cv2
import numpy as np
import pytest

from fer_md.errors import FerMdError
from fer_md.media.pictures import decode_gray, read_gray

COLOUR = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
GRAY = cv2.cvtColor(COLOUR, cv2.COLOR_BGR2GRAY)


def encoded(image, suffix=".png"):
    return cv2.imencode(suffix, image)[1].tobytes()


def png_header(width, height):
    """A PNG that claims a size and holds no pixels."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "image",
    [
        GRAY,
        COLOUR,
        np.dstack([COLOUR, np.zeros((20, 30), np.uint8)]),
        GRAY.astype(np.uint16) * 257,
    ],
    ids=["gray", "RGB", "transparent RGBA", "16 bits"],
)
def test_every_kind_of_png_becomes_gray(tmp_path, image):
    path = tmp_path / "image.png"
    path.write_bytes(encoded(image))
    found = read_gray(path)
    assert (found.shape, found.dtype) == ((20, 30), np.uint8)
    assert np.abs(found.astype(int) - GRAY).max() <= 1


def test_jpeg_gray_colour_and_progressive():
    smooth = cv2.resize(COLOUR, (300, 200), interpolation=cv2.INTER_CUBIC)
    gray = cv2.cvtColor(smooth, cv2.COLOR_BGR2GRAY)
    for image in (smooth, gray):
        for progressive in (0, 1):
            data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive])[1].tobytes()
            assert np.abs(decode_gray(data, "x").astype(int) - gray).mean() < 3


@pytest.mark.parametrize(
    "data, message",
    [
        (b"", "the file is empty"),
        (b"GIF89a" + bytes(100), "not a PNG or JPEG image; convert it"),
        (b"not an image at all", "not a PNG or JPEG image; convert it"),
        (cv2.imencode(".tif", COLOUR)[1].tobytes(), "not a PNG or JPEG image, but a TIFF; convert it"),
        (
            png_header(20_000, 20_000),
            "the image is 20000x20000, 400,000,000 pixels; at most 50,000,000 are decoded: make",
        ),
        (png_header(2**31, 2**31), "at most 50,000,000 are decoded"),
        (png_header(0, 5), "the image is 0x5"),
        (png_header(5, 5), "damaged"),
        (encoded(COLOUR)[:20], "truncated in its header"),
        (encoded(COLOUR, ".jpg")[:5], "truncated in its header"),
        (encoded(COLOUR, ".jpg")[:30], "truncated in its header"),
        (b"\xff\xd8\xff" + bytes(40), "truncated in its header"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_decoded_is_named(tmp_path, data, message):
    path = tmp_path / "face.png"
    path.write_bytes(data)
    with pytest.raises(FerMdError, match=message) as error:
        read_gray(path)
    assert str(error.value).startswith(f"{path}: ") and "\n" not in str(error.value)


def test_a_jpeg_that_claims_to_be_huge_is_not_decoded():
    data = bytearray(encoded(COLOUR, ".jpg"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", 60_000, 60_000)
    with pytest.raises(FerMdError, match="the image is 60000x60000"):
        decode_gray(bytes(data), "x")


def test_a_jpeg_whose_markers_hide_its_frame_is_not_decoded():
    """A restart marker has no length: libjpeg goes on behind it, where the huge frame is, and not 65,472 bytes on."""
    frame = b"\xff\xc0\x00\x0b\x08%b\x01\x01\x11\x00"
    huge, small = (frame % struct.pack(">HH", side, side) for side in (30_000, 8))
    data = (b"\xff\xd8\xff\xd0" + huge).ljust(4 + 0xFFC0, b"\0") + small
    with pytest.raises(FerMdError, match="the image is 30000x30000"):
        decode_gray(data, "x")


def test_a_jpeg_of_hundreds_of_scans_is_not_decoded():
    """Each scan costs a pass over the picture: 8,000 of them, in 1 MB, kept the decoder busy for minutes."""
    data = cv2.imencode(".jpg", COLOUR, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    scan = data.rindex(b"\xff\xda")
    assert decode_gray(data[:-2] + 50 * data[scan:-2] + data[-2:], "x").shape == (20, 30)
    with pytest.raises(FerMdError, match="scans; at most 100 are decoded: save it again"):
        decode_gray(data[:-2] + 100 * data[scan:-2] + data[-2:], "x")


def test_a_jpeg_of_twelve_bits_is_not_called_damaged():
    data = bytearray(encoded(COLOUR, ".jpg"))
    data[data.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(FerMdError, match="a JPEG of 12 bits is not supported; convert it to PNG"):
        decode_gray(bytes(data), "x")


def test_pipes_and_devices_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "pipe.png", "/dev/zero"):
        with pytest.raises(FerMdError, match="a pipe or device, not a file"):
            read_gray(path)


def test_missing_file_folder_and_limit(tmp_path):
    with pytest.raises(FerMdError, match="cannot be read"):
        read_gray(tmp_path / "none.png")
    with pytest.raises(FerMdError, match="cannot be read"):
        read_gray(tmp_path)
    (tmp_path / "one.png").write_bytes(encoded(GRAY))
    with pytest.raises(FerMdError, match="600 pixels; at most 599 are decoded"):
        read_gray(tmp_path / "one.png", max_pixels=599)
    assert read_gray(tmp_path / "one.png", max_pixels=600).shape == (20, 30)
