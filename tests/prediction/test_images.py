"""All that may be called a picture gives the same pixels."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from fer_md.errors import FerMdError
from fer_md.prediction.images import as_image, is_picture, source_of

PIXELS = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)


@pytest.fixture
def path(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), PIXELS[..., ::-1])
    return tmp_path / "a.png"


def test_every_form_has_the_same_pixels(path):
    with open(path, "rb") as file:
        for form in (path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes()), file, PIXELS, Image.open(path)):
            assert is_picture(form)
            np.testing.assert_array_equal(as_image(form, "image 0"), PIXELS)
        assert source_of(file) == source_of(path) == source_of(Image.open(path)) == str(path)
    for nameless in (b"", io.BytesIO(), PIXELS, Image.new("L", (5, 5))):
        assert source_of(nameless) is None
    for several in ([path], iter([path]), np.stack([PIXELS] * 2), None):
        assert not is_picture(several)


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "CMYK", "1"])
def test_pillow_pictures_of_all_modes(mode):
    picture = Image.fromarray(PIXELS).convert(mode)
    np.testing.assert_array_equal(as_image(picture, "image 0"), np.array(picture.convert("RGB")))


def test_orientation_of_a_pillow_picture():
    """Orientation 6: the camera's top is on the right, so the picture is turned clockwise."""
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(PIXELS).save(stream, "PNG", exif=exif)
    stream.seek(0)
    np.testing.assert_array_equal(as_image(Image.open(stream), "image 0"), np.rot90(PIXELS, -1))


def damaged():
    stream = io.BytesIO()
    Image.fromarray(PIXELS).save(stream, "PNG")
    return Image.open(io.BytesIO(stream.getvalue()[:1000]))


def closed():
    stream = io.BytesIO()
    stream.close()
    return stream


@pytest.mark.parametrize(
    "picture, message",
    [
        (io.StringIO("text"), 'the file gives str, not bytes; open it with mode "rb"'),
        (closed(), "cannot be read"),
        (io.BytesIO(), "the file is empty"),
        (b"no picture", "not a PNG"),
        (damaged(), "damaged or of a kind that is not read"),
        (Image.new("I", (5, 5)), "32 bits a value, which are not read"),
        (Image.new("L", (10_000, 6_000)), "at most 50,000,000 are decoded"),
        (PIXELS.astype(float), "found \\(30, 40, 3\\) float64"),
        (None, "must be a path, bytes, an open file, .* found NoneType"),
    ],
)
def test_what_is_no_sound_picture_is_named(picture, message):
    with pytest.raises(FerMdError, match=f"image 7: .*{message}"):
        as_image(picture, "image 7")


def test_a_file_beyond_the_bound_is_not_read(monkeypatch):
    monkeypatch.setattr("fer_md.prediction.images.MAX_BYTES", 5)
    with pytest.raises(FerMdError, match="image 0: the file is larger than 5 bytes"):
        as_image(io.BytesIO(b"123456"), "image 0")
