"""Pictures, folders, videos, tables and cameras as one stream of frames, with one frame in memory at a time."""

import dataclasses
import glob
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from fer_md.errors import FerMdError
from fer_md.files import unreadable, walk
from fer_md.media import cameras, tables, videos
from fer_md.media.pictures import ALL_FORMATS, decode_rgb, read_picture

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

TABLE = ".parquet"
"""Suffix of a table of pictures, see `fer_md.media.tables`."""


@dataclasses.dataclass(frozen=True)
class Medium:
    """A picture, video, table of pictures or camera to look at.

    Attributes:
        kind: ``"picture"``, ``"video"``, ``"table"`` or ``"camera"``.
        source: the path as the user wrote it (for a file in a folder, that folder's path and the rest), or, for
            example, ``"camera 0"``; for a picture of a table see `fer_md.media.tables.read_rows`.
        name: relative path, free of ``..``, for files that are made from this medium.
        index: number of the camera; None for files.
        content: bytes of a picture that a table holds; None where they are in a file.
    """

    kind: str
    source: str
    name: str
    index: int | None = None
    content: bytes | None = dataclasses.field(default=None, repr=False)


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
        paths: files, folders, patterns such as ``"photos/**/*.jpg"``, or numbers of cameras. A folder is searched with
            all folders below it; names that start with a dot are left out. Of a pattern, ``**`` stands for any folders.
            A number is a camera, and a name a pattern, only where no file has that name.
        on_problem: function called with an error for each path that is missing or holds nothing, and for each file in a
            folder that is left out because its name is not that of a picture or video. None raises the error instead.

    Returns:
        the media in the order of ``paths``, those of a folder sorted by name.
    """
    media: list[Medium] = []
    for path in _expanded(paths, on_problem):
        if os.path.isdir(path):  # those of Path raise where a name is too long
            found = list(_in_folder(path, on_problem))
            media += found
            if not found:
                _report(FerMdError(f"{path}: no pictures or videos in this folder"), on_problem)
        elif os.path.isfile(path) and path.suffix.lower() == ".zip":
            _report(FerMdError(f"{path}: unpack it first, and name the folder"), on_problem)
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


def _expanded(paths, on_problem):
    """The paths, with those files in place of a pattern that it is true of."""
    for given in paths:
        path = Path(given)
        if "://" in str(given) and not os.path.lexists(path):
            _report(FerMdError(f"{given}: nothing is fetched from a network; name a file of this machine"), on_problem)
        elif not glob.has_magic(str(path)) or os.path.lexists(path):
            yield path
        elif found := [file for file in sorted(glob.iglob(str(path), recursive=True)) if os.path.isfile(file)]:
            yield from map(Path, found)
        else:
            _report(FerMdError(f"{path}: no file is called so"), on_problem)


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
    suffix = path.suffix.lower()
    return "table" if suffix == TABLE else "video" if suffix in VIDEOS else "picture"


def count_frames(media: Iterable[Medium], every: int = 1) -> int | None:
    """The number of frames that `read_media` will yield, as far as the videos' headers tell; None with a camera."""
    total = 0
    for medium in media:
        if medium.kind == "camera":
            return None
        total += _stated_frames(medium, every)
    return total


def _stated_frames(medium, every):
    try:
        if medium.kind == "table":
            return tables.count_rows(medium.source)
        return -(-videos.count_frames(medium.source) // every) if medium.kind == "video" else 1
    except FerMdError:
        return 0  # reported when it is read


def count_media(media: Iterable[Medium]) -> int:
    """How many there are, with each row of a table as one."""
    return sum(_stated_frames(medium, 1) if medium.kind == "table" else 1 for medium in media)


def unfold(media: Iterable[Medium], on_problem: Callable[[FerMdError], object] | None = None) -> Iterator[Medium]:
    """Yields the media with the pictures of each table in its place; few of them are in memory at a time.

    Args:
        media: of `find_media`.
        on_problem: function called with an error for a table that cannot be read, the rest of which is skipped. None
            raises the error instead.
    """
    for medium in media:
        if medium.kind != "table":
            yield medium
            continue
        folder = Path(medium.name).stem
        try:
            for number, (source, content) in enumerate(tables.read_rows(medium.source)):
                yield Medium("picture", source, f"{folder}/{number}.png", content=content)
        except FerMdError as error:
            _report(error, on_problem)


def read_media(
    media: Iterable[Medium], every: int = 1, on_problem: Callable[[FerMdError], object] | None = None
) -> Iterator[Frame]:
    """Decodes media one after the other.

    Args:
        media: what to read, see `find_media`.
        every: n, to read only every n-th frame of a video or camera.
        on_problem: function called with an error for a medium that cannot be read, or only in part. The rest of it is
            skipped. None raises the error instead.

    Yields:
        `Frame`.
    """
    for medium in unfold(media, on_problem):
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
        content = medium.content
        image = (
            read_picture(medium.source) if content is None else decode_rgb(content, medium.source, formats=ALL_FORMATS)
        )
        yield Frame(medium, image)
        return
    is_video = medium.kind == "video"
    for frame in videos.read_video(medium.source, every) if is_video else cameras.read_camera(medium.index, every):
        yield Frame(medium, frame.image, frame.index, frame.time, frame.rate)
