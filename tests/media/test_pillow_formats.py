"""TIFF, JPEG 2000, AVIF and HEIC: read in colour, turned upright, bounded before they are decoded."""

import io
import sys

import numpy as np
import pytest
from PIL import Image, ImageOps

from fer_md.errors import FerMdError
from fer_md.media import pillow_formats
from fer_md.media.pictures import decode_rgb, read_picture
from fer_md.media.pillow_formats import format_of

STRIPES = np.zeros((40, 60, 3), np.uint8)
STRIPES[:, :20], STRIPES[:, 20:40], STRIPES[:, 40:] = (250, 10, 10), (10, 250, 10), (10, 10, 250)
KINDS = {"TIFF": "TIFF", "JPEG 2000": "JPEG2000", "AVIF": "AVIF", "HEIC": "HEIF"}


def encoded(kind, mode="RGB", **settings):
    if kind == "HEIC":
        pytest.importorskip("pillow_heif").register_heif_opener()
    stream = io.BytesIO()
    Image.fromarray(STRIPES).convert(mode).save(stream, KINDS[kind], **settings)
    return stream.getvalue()


def decode(data, *arguments, **settings):
    return pillow_formats.decode(data, format_of(data), *arguments, **settings)


@pytest.mark.parametrize(
    "kind, mode, settings",
    [
        ("TIFF", "RGB", {}),
        ("TIFF", "RGB", {"compression": "tiff_lzw"}),
        ("TIFF", "RGB", {"save_all": True, "append_images": [Image.new("RGB", (9, 9))]}),
        ("TIFF", "RGBA", {}),
        ("TIFF", "P", {}),
        ("TIFF", "CMYK", {}),
        ("JPEG 2000", "RGB", {}),
        ("JPEG 2000", "RGB", {"no_jp2": True}),
        ("AVIF", "RGB", {"quality": 95}),
        ("AVIF", "RGBA", {"quality": 95}),
        ("HEIC", "RGB", {"quality": 95}),
        ("HEIC", "RGBA", {"quality": 95}),
    ],
)
def test_every_picture_is_red_green_blue(tmp_path, kind, mode, settings):
    data = encoded(kind, mode, **settings)
    assert format_of(data) == kind
    path = tmp_path / "picture.jpg"  # the name does not matter
    path.write_bytes(data)
    image = read_picture(path)
    assert (image.shape, image.dtype) == (STRIPES.shape, np.uint8) and image.flags.writeable
    for column in (10, 30, 50):
        np.testing.assert_allclose(image[20, column].astype(int), STRIPES[20, column], atol=20)


@pytest.mark.parametrize("kind", ["TIFF", "AVIF", "HEIC"])
def test_a_picture_is_turned_as_its_header_says(kind):
    turned = Image.Exif()
    turned[0x0112] = 6  # the first row is the right side
    settings = {"tiffinfo": {0x0112: 6}} if kind == "TIFF" else {"exif": turned.tobytes(), "quality": 95}
    image = decode(encoded(kind, **settings), "x")
    assert image.shape == (60, 40, 3)
    assert image[5, 20].argmax() == 0 and image[55, 20].argmax() == 2


def test_sixteen_bits_are_scaled_and_thirty_two_refused():
    gray = np.arange(600, dtype=np.uint16).reshape(20, 30) * 100
    stream = io.BytesIO()
    Image.fromarray(gray).save(stream, "TIFF")
    image = decode(stream.getvalue(), "x")
    assert image.shape == (20, 30, 3) and np.abs(image[..., 1].astype(int) - gray / 257).max() <= 0.5
    stream = io.BytesIO()
    Image.fromarray(gray.astype(np.float32)).save(stream, "TIFF")
    with pytest.raises(FerMdError, match="x: the image has 32 bits a value, which are not read"):
        decode(stream.getvalue(), "x")


@pytest.mark.parametrize("kind", KINDS)
def test_size_and_damage_are_named(kind):
    data = encoded(kind)
    with pytest.raises(FerMdError, match="x: the image is 60x40, 2,400 pixels; at most 2,399 are decoded"):
        decode(data, "x", max_pixels=2399)
    with pytest.raises(FerMdError, match="x: the image is damaged or of a kind that is not read"):
        decode(data[: len(data) // 3], "x")
    with pytest.raises(FerMdError, match=f"x: not a PNG or JPEG image, but a {kind}; convert"):
        decode_rgb(data, "x")


def test_a_header_that_pillow_refuses_for_its_size():
    data = encoded("JPEG 2000").replace((60).to_bytes(4, "big"), (2**24).to_bytes(4, "big"))
    with pytest.raises(FerMdError, match="x: the image has more than 50,000,000 pixels"):
        decode(data, "x")


def test_a_film_is_no_picture():
    assert format_of(b"\0\0\0\x1cftypisom\0\0\0\0isomiso2mp41" + bytes(100)) is None
    assert format_of(b"") is None


@pytest.mark.parametrize("kind, package", [("TIFF", "PIL"), ("HEIC", "pillow_heif")])
def test_the_extra_is_named_where_it_is_missing(monkeypatch, kind, package):
    data = encoded(kind)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(FerMdError, match=f"x: a {kind} image; to read it, pip install 'fer_md.pictures.'"):
        decode(data, "x")


def test_a_picture_whose_exif_data_are_broken_is_read_as_it_stands():
    image = Image.fromarray(STRIPES)
    image.info["exif"] = b"Exif\0\0no TIFF header"
    with pytest.raises(SyntaxError):
        ImageOps.exif_transpose(image)
    np.testing.assert_array_equal(pillow_formats.as_rgb(image, "x"), STRIPES)
