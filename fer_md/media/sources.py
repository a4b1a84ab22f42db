"""Pictures, folders, videos and a camera as one stream of frames, a frame in memory at a time."""

import dataclasses
import os
import time
from pathlib import Path

import cv2
import numpy as np

from fer_md.errors import FerMdError
from fer_md.media.image_files import ALL_FORMATS, decode_rgb, read_bytes
from fer_md.media.video_frames import open_video

PICTURES = frozenset((".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp", ".bmp"))
VIDEOS = frozenset((".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".flv", ".3gp", ".mts"))
"""Names by which files count as pictures and videos in a folder; content decides how a picture is read."""

_LOST = 0.1
"""Share of the frames stated in a video's header whose absence is reported; some formats only estimate them."""

_DEFAULT_RATE = 25.0


@dataclasses.dataclass(frozen=True)
class Medium:
    """Something to look at.

    Attributes:
        kind: ``"picture"``, ``"video"`` or ``"camera"``.
        source: the path as the user wrote it, or, in a folder, the folder's with the rest; ``camera 0`` for a camera.
        name: path for what is made of it, relative and free of ``..``.
        index: of the camera.
    """

    kind: str
    source: str
    name: str
    index: int | None = None


@dataclasses.dataclass(frozen=True)
class Frame:
    """One picture of a stream.

    Attributes:
        medium: `Medium` it comes from.
        image: (H, W, 3) uint8, red first.
        index: number of the frame in the video, from 0; None for a picture.
        time: seconds from the start of the video or of the camera's stream; None for a picture.
        rate: frames a second that the video states; None for a picture.
    """

    medium: Medium
    image: np.ndarray
    index: int | None = None
    time: float | None = None
    rate: float | None = None


def find_media(paths, on_problem):
    """Lists what there is to look at, without decoding any.

    Args:
        paths: str or ``pathlib.Path``: files, folders (searched with all folders below, names that start with a dot
            left out), or the number of a camera where no file has that name.
        on_problem: function called with a FerMdError for each path that is missing or holds nothing.

    Returns:
        list of `Medium`, in the order of ``paths``, a folder's sorted by name.
    """
    media = []
    for path in map(Path, paths):
        if path.is_dir():
            found = list(_in_folder(path))
            media += found
            if not found:
                on_problem(FerMdError(f"{path}: no pictures or videos in this folder"))
        elif path.is_file():
            media.append(Medium(_kind(path), str(path), path.name))
        elif str(path).isdecimal() and not path.exists():
            number = int(str(path))
            media.append(Medium("camera", f"camera {number}", f"camera{number}.mp4", number))
        else:
            on_problem(FerMdError(f"{path}: no such file or folder"))
    return media


def _in_folder(folder):
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(parent, name)
            if path.suffix.lower() in PICTURES | VIDEOS and not name.startswith(".") and path.is_file():
                yield Medium(_kind(path), str(path), str(path.relative_to(folder)))


def _kind(path):
    return "video" if path.suffix.lower() in VIDEOS else "picture"


def count_frames(media, every=1):
    """The number of frames to come, as the videos' headers state it, of which every n-th counts; None with a camera."""
    if any(medium.kind == "camera" for medium in media):
        return None
    total = 0
    for medium in media:
        total += -(-_stated_frames(medium.source) // every) if medium.kind == "video" else 1
    return total


def _stated_frames(source):
    try:
        video = open_video(source)
    except FerMdError:
        return 0  # reported when it is read
    count = video.get(cv2.CAP_PROP_FRAME_COUNT)
    video.release()
    return int(count) if 0 < count < 1e9 else 0


def read_media(media, every=1, on_problem=None):
    """Decodes media one after the other.

    Args:
        media: iterable of `Medium`.
        every: look at every n-th frame of a video or camera only, n >= 1.
        on_problem: function called with a FerMdError for a medium that cannot be read, or not to its end; it is
            skipped from there. None to raise it.

    Yields:
        `Frame`.
    """
    for medium in media:
        try:
            yield from _read(medium, every)
        except FerMdError as error:
            if on_problem is None:
                raise
            on_problem(error)


def read_picture(path):
    """Reads a picture in colour: any of `ALL_FORMATS`, turned as its EXIF data says, 16 bits scaled to 8, CMYK and
    gray converted, transparency ignored, of an animation the first picture.

    Args:
        path: ``pathlib.Path``.

    Returns:
        (H, W, 3) uint8, red first.

    Raises:
        FerMdError: the file is missing, too large, of another format, or damaged.
    """
    if not path.is_file():
        raise FerMdError(f"{path}: no such file")
    return decode_rgb(read_bytes(path), path, formats=ALL_FORMATS)


def _read(medium, every):
    if medium.kind == "picture":
        yield Frame(medium, read_picture(Path(medium.source)))
    elif medium.kind == "video":
        yield from _read_video(medium, every)
    else:
        yield from _read_camera(medium, every)


def _read_video(medium, every):
    video = open_video(medium.source)
    try:
        stated, rate = (video.get(key) for key in (cv2.CAP_PROP_FRAME_COUNT, cv2.CAP_PROP_FPS))
        rate, index = rate if 0 < rate <= 1000 else _DEFAULT_RATE, 0
        while video.grab():
            if index % every == 0:
                seconds = video.get(cv2.CAP_PROP_POS_MSEC) / 1000
                time_stamp = seconds if seconds > 0 else index / rate  # not every format tells the time
                yield Frame(medium, _retrieve(video, medium.source, index), index, time_stamp, rate)
            index += 1
    finally:
        video.release()
    if index == 0 or index < stated * (1 - _LOST) - 1:
        raise FerMdError(f"{medium.source}: damaged, ends after {index} frames; its header states {stated:.0f}")


def _read_camera(medium, every):
    video, index, start = cv2.VideoCapture(medium.index), 0, time.monotonic()
    try:
        if not video.isOpened():
            raise FerMdError(f"{medium.source}: there is no such camera, or it cannot be opened")
        rate = video.get(cv2.CAP_PROP_FPS)
        rate = rate if 0 < rate <= 1000 else _DEFAULT_RATE
        while video.grab():
            if index % every == 0:
                yield Frame(medium, _retrieve(video, medium.source, index), index, time.monotonic() - start, rate)
            index += 1
    finally:
        video.release()
    raise FerMdError(f"{medium.source}: gives no more pictures after {index}")


def _retrieve(video, source, index):
    found, image = video.retrieve()
    if not found or image is None or image.ndim != 3:
        raise FerMdError(f"{source}: frame {index} is damaged")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
