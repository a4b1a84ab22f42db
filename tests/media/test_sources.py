import io
import os
import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from drawn_videos import save_video
from fer_md.errors import FerMdError
from fer_md.media.pictures import read_picture
from fer_md.media.sources import count_frames, find_media, read_media

STRIPES = np.zeros((40, 60, 3), np.uint8)
STRIPES[:, :20], STRIPES[:, 20:40], STRIPES[:, 40:] = (250, 10, 10), (10, 250, 10), (10, 10, 250)


def encoded(kind, mode="RGB", **settings):
    stream = io.BytesIO()
    Image.fromarray(STRIPES).convert(mode).save(stream, kind, **settings)
    return stream.getvalue()


def all_frames(paths, every=1):
    """The frames of paths, and the problems as text."""
    problems = []
    found = find_media(paths, problems.append)
    frames = list(read_media(found, every, problems.append))
    return frames, [str(problem) for problem in problems]


@pytest.mark.parametrize(
    "data",
    [
        encoded("PNG"),
        encoded("JPEG", quality=95),
        encoded("BMP"),
        encoded("WEBP", lossless=True),
        encoded("WEBP", quality=95),
        encoded("GIF"),
        encoded("PNG", "RGBA"),
        encoded("PNG", "P"),
        encoded("JPEG", "CMYK", quality=95),
        encoded("GIF", save_all=True, append_images=[Image.new("RGB", (60, 40))] * 3),
        encoded("WEBP", lossless=True, save_all=True, append_images=[Image.new("RGB", (60, 40))] * 3),
    ],
    ids=["PNG", "JPEG", "BMP", "WebP lossless", "WebP", "GIF", "RGBA", "palette", "CMYK", "GIF film", "WebP film"],
)
def test_every_picture_is_red_green_blue(tmp_path, data):
    path = tmp_path / "picture.jpg"  # the name does not matter
    path.write_bytes(data)
    image = read_picture(path)
    assert (image.shape, image.dtype) == (STRIPES.shape, np.uint8)
    for column in (10, 30, 50):
        np.testing.assert_allclose(image[20, column].astype(int), STRIPES[20, column], atol=16)


def test_a_picture_is_turned_as_its_exif_data_says(tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6  # the first row is the right side
    path = tmp_path / "turned.jpg"
    path.write_bytes(encoded("JPEG", exif=turned, quality=95))
    image = read_picture(path)
    assert image.shape == (60, 40, 3)
    assert image[5, 20].argmax() == 0 and image[55, 20].argmax() == 2


def test_a_webp_is_turned_though_its_exif_data_begin_as_in_a_jpeg(tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6
    data = encoded("WEBP", exif=turned, lossless=True)
    start = data.index(b"EXIF")
    content = b"Exif\0\0" + data[start + 8 :]
    data = data[: start + 4] + struct.pack("<I", len(content)) + content
    (tmp_path / "turned.webp").write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    image = read_picture(tmp_path / "turned.webp")
    assert image.shape == (60, 40, 3) and image[5, 20].argmax() == 0


def test_sixteen_bits_and_gray(tmp_path):
    gray = np.arange(600, dtype=np.uint16).reshape(20, 30) * 100
    cv2.imwrite(str(tmp_path / "deep.png"), gray)
    image = read_picture(tmp_path / "deep.png")
    assert image.shape == (20, 30, 3)
    assert np.abs(image[..., 1].astype(int) - gray // 257).max() <= 1 and (image[..., 0] == image[..., 2]).all()


def test_the_frames_of_a_video_keep_number_time_and_colour(tmp_path):
    save_video(tmp_path / "film.mp4")
    frames, problems = all_frames([tmp_path / "film.mp4"])
    assert not problems and [frame.index for frame in frames] == list(range(20))
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(20) / 10, atol=1e-6)
    assert frames[15].rate == 10 and frames[0].medium.kind == "video"
    red, green, _ = frames[15].image.reshape(-1, 3).mean(0)
    assert abs(red - 150) < 12 and green < 12


def test_every_nth_frame(tmp_path):
    save_video(tmp_path / "film.avi")
    frames, _ = all_frames([tmp_path / "film.avi"], every=8)
    assert [(frame.index, round(frame.time, 3)) for frame in frames] == [(0, 0.0), (8, 0.8), (16, 1.6)]


def test_folders_are_searched_in_order_and_hidden_files_left_out(tmp_path):
    for name in ("b/two.PNG", "a.jpg", "b/.hidden.png", ".git/x.png", "notes.txt", "b/c/three.gif"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded("PNG"))
    save_video(tmp_path / "z.avi", frames=4)
    os.mkfifo(tmp_path / "pipe.jpg")  # opening it would wait for ever
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    problems = []
    found = find_media([tmp_path], problems.append)
    assert [medium.name for medium in found] == ["a.jpg", "z.avi", "b/two.PNG", "b/c/three.gif"]
    assert [str(problem) for problem in problems] == [
        f"{tmp_path / 'link'}: a link to a folder; links are not followed",
        f"{tmp_path / 'notes.txt'}: not read: its name is not that of a picture or video",
        f"{tmp_path / 'pipe.jpg'}: neither a file nor a folder",
    ]
    assert count_frames(found) == 7
    assert count_frames(found, every=3) == 5  # every picture, and frames 0 and 3
    frames, _ = all_frames([tmp_path])
    assert len(frames) == 7


def test_what_is_missing_or_broken_is_reported_and_skipped(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "good.png").write_bytes(encoded("PNG"))
    (tmp_path / "zero.jpg").write_bytes(b"")
    (tmp_path / "vector.jpg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (tmp_path / "film.mp4").write_bytes(b"\0" * 500)
    names = ["none.jpg", "empty", "zero.jpg", "vector.jpg", "film.mp4", "good.png"]
    frames, problems = all_frames([tmp_path / name for name in names])
    assert [frame.medium.name for frame in frames] == ["good.png"]
    reasons = ["no such file", "no pictures or videos", "is empty", "not a PNG, JPEG, GIF", "not a video"]
    named = sorted(problems, key=lambda problem: [name in problem for name in names].index(True))
    for problem, name, reason in zip(named, names, reasons, strict=False):
        assert problem.startswith(str(tmp_path / name)) and reason in problem and "\n" not in problem
    with pytest.raises(FerMdError, match="is empty"):
        list(read_media(find_media([tmp_path / "zero.jpg"], pytest.fail)))


def test_what_is_not_fetched_or_unpacked_is_said(tmp_path):
    (tmp_path / "faces.zip").touch()
    problems = []
    assert find_media(["https://example.com/x.jpg", tmp_path / "faces.zip"], problems.append) == []
    assert str(problems[0]).startswith("https://example.com/x.jpg: nothing is fetched from a network")
    assert str(problems[1]) == f"{tmp_path / 'faces.zip'}: unpack it first, and name the folder"


def test_a_number_at_the_end_of_a_path_is_no_camera(tmp_path):
    problems = []
    assert find_media([tmp_path / "none" / "0"], problems.append) == []
    assert str(problems[0]) == f"{tmp_path / 'none' / '0'}: no such file or folder"
