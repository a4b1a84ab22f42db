"""Pictures, folders, videos and cameras as one stream of frames, with one frame in memory at a time."""

import dataclasses
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from fer_md.errors import FerMdError
from fer_md.files import unreadable, walk
from fer_md.media import cameras, videos
from fer_md.media.pictures import read_picture

PICTURES = frozenset(
    (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".jp2", ".j2k", ".avif")
    + (".heic", ".heif")
)
"""Suffixes of the files that count as pictures in a folder. The content decides how a picture is read."""

VIDEOS = frozenset(
    (".mp4", ".m4v", ".mov", ".3gp", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv", ".flv")
    + (".ogv", ".y4m")
)
"""Suffixes of the files that count as videos."""


@dataclasses.dataclass(frozen=True)
class Medium:
    """A picture, video or camera to look at.

    Attributes:
        kind: ``"picture"``, ``"video"`` or ``"camera"``.
        source: the path as the user wrote it (for a file in a folder, that folder's path and the rest), or, for
            example, ``"camera 0"``.
        name: relative path, free of ``..``, for files that are made from this medium.
        index: number of the camera; None for files.
    """

    kind: str
    source: str
    name: str
    index: int | None = None


@dataclasses.dataclass(frozen=True)
class Frame:
    """One picture of a stream.

    Attributes:
        medium: the `Medium` it comes from.
        image: (H, W, 3) uint8, red first.
        index: number of the frame in the video, from 0; None for a picture.
        time: seconds since the start of the video or of the camera's stream; None for a picture.
        rate: frames a second that the video states; None for a picture.
    """

    medium: Medium
    image: np.ndarray
    index: int | None = None
    time: float | None = None
    rate: float | None = None


def find_media(paths: Iterable[Path | str], on_problem: Callable[[FerMdError], object] | None = None) -> list[Medium]:
    """Lists what there is to look at, without decoding anything.

    Args:
        paths: files, folders, or numbers of cameras. A folder is searched with all folders below it; names that start
            with a dot are left out. A number is a camera only where no file has that name.
        on_problem: function called with an error for each path that is missing or holds nothing, and for each file in a
            folder that is left out because its name is not that of a picture or video. None raises the error instead.

    Returns:
        the media in the order of ``paths``, those of a folder sorted by name.
    """
    media: list[Medium] = []
    for path in map(Path, paths):
        if os.path.isdir(path):  # those of Path raise where a name is too long
            found = list(_in_folder(path, on_problem))
            media += found
            if not found:
                _report(FerMdError(f"{path}: no pictures or videos in this folder"), on_problem)
        elif os.path.isfile(path):
            media.append(Medium(_kind(path), str(path), path.name))
        elif os.path.exists(path):
            _report(FerMdError(f"{path}: neither a file nor a folder"), on_problem)
        elif str(path).isdecimal() and len(str(path)) < 10:
            number = int(str(path))
            media.append(Medium("camera", f"camera {number}", f"camera{number}.mp4", number))
        else:
            _report(FerMdError(f"{path}: no such file or folder"), on_problem)
    return media


def _in_folder(folder, on_problem):
    for path in walk(folder, lambda error: _report(unreadable(error), on_problem)):
        if os.path.isdir(path):
            _report(FerMdError(f"{path}: a link to a folder; links are not followed"), on_problem)
        elif not os.path.isfile(path):
            _report(FerMdError(f"{path}: neither a file nor a folder"), on_problem)
        elif path.suffix.lower() not in PICTURES | VIDEOS:
            _report(FerMdError(f"{path}: not read: its name is not that of a picture or video"), on_problem)
        else:
            yield Medium(_kind(path), str(path), str(path.relative_to(folder)))


def _kind(path):
    return "video" if path.suffix.lower() in VIDEOS else "picture"


def count_frames(media: Iterable[Medium], every: int = 1) -> int | None:
    """The number of frames that `read_media` will yield, as far as the videos' headers tell; None with a camera."""
    total = 0
    for medium in media:
        if medium.kind == "camera":
            return None
        total += -(-_stated_frames(medium.source) // every) if medium.kind == "video" else 1
    return total


def _stated_frames(source):
    try:
        return videos.count_frames(source)
    except FerMdError:
        return 0  # reported when it is read


def read_media(
    media: Iterable[Medium], every: int = 1, on_problem: Callable[[FerMdError], object] | None = None
) -> Iterator[Frame]:
    """Decodes media one after the other.

    Args:
        media: what to read.
        every: n, to read only every n-th frame of a video or camera.
        on_problem: function called with an error for a medium that cannot be read, or only in part. The rest of it is
            skipped. None raises the error instead.

    Yields:
        `Frame`.
    """
    for medium in media:
        try:
            yield from _read(medium, every)
        except FerMdError as error:
            _report(error, on_problem)


def _report(error, on_problem):
    if on_problem is None:
        raise error
    on_problem(error)


def _read(medium, every):
    if medium.kind == "picture":
        yield Frame(medium, read_picture(medium.source))
        return
    is_video = medium.kind == "video"
    for frame in videos.read_video(medium.source, every) if is_video else cameras.read_camera(medium.index, every):
        yield Frame(medium, frame.image, frame.index, frame.time, frame.rate)
