"""Videos and cameras: their frames one at a time, and videos as files."""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from fer_md.errors import FerMdError
from fer_md.files import atomic_file
from fer_md.media.limits import check_size

_LOST = 0.1
"""Missing frames are reported above this share of those that the header states; some formats only estimate them."""

_DEFAULT_RATE = 25.0


@dataclasses.dataclass(frozen=True)
class VideoFrame:
    """One frame of a video or camera.

    Attributes:
        image: (H, W, 3) uint8, red first.
        index: number of the frame, from 0.
        time: seconds since the start of the video or of the camera's stream.
        rate: frames a second that the video or camera states.
    """

    image: np.ndarray
    index: int
    time: float
    rate: float


def count_frames(path: Path | str) -> int:
    """The number of frames that a video's header states, 0 where it states none.

    Raises:
        FerMdError: the file cannot be opened as a video.
    """
    video = _open(path)
    count = video.get(cv2.CAP_PROP_FRAME_COUNT)
    video.release()
    return int(count) if 0 < count < 1e9 else 0


def read_frame(path: Path | str, index: int) -> np.ndarray:
    """Reads one frame. All frames before it are decoded too, because seeking is not exact in every format.

    Args:
        path: the video file.
        index: number of the frame, from 0.

    Returns:
        (H, W, 3) uint8, red first.

    Raises:
        FerMdError: the file cannot be opened as a video, or ends before the frame.
    """
    video = _open(path)
    found = all(video.grab() for _ in range(index + 1))
    found, image = video.retrieve() if found else (False, None)
    video.release()
    if not found or image is None:
        raise FerMdError(f"{path}: the video is damaged or ends before frame {index}")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def read_video(path: Path | str, every: int = 1) -> Iterator[VideoFrame]:
    """Reads a video from its start to its end.

    Args:
        path: the video file.
        every: n, to read only every n-th frame.

    Yields:
        `VideoFrame`.

    Raises:
        FerMdError: the file cannot be opened as a video, a frame is damaged, or frames are missing at the end.
    """
    video, index = _open(path), 0
    try:
        stated, rate = video.get(cv2.CAP_PROP_FRAME_COUNT), _rate(video)
        while video.grab():
            if index % every == 0:
                seconds = video.get(cv2.CAP_PROP_POS_MSEC) / 1000
                time_stamp = seconds if seconds > 0 else index / rate  # not every format tells the time
                yield VideoFrame(_retrieve(video, path, index), index, time_stamp, rate)
            index += 1
    finally:
        video.release()
    if index == 0 or index < stated * (1 - _LOST) - 1:
        raise FerMdError(f"{path}: damaged, ends after {index} frames; its header states {stated:.0f}")


def read_camera(number: int, every: int = 1) -> Iterator[VideoFrame]:
    """Reads a camera until it gives no more pictures.

    Args:
        number: of the camera, from 0.
        every: n, to read only every n-th frame.

    Yields:
        `VideoFrame`.

    Raises:
        FerMdError: there is no such camera, a frame is damaged, or, in the end, no more pictures come.
    """
    name = f"camera {number}"
    video, index, start = cv2.VideoCapture(number), 0, time.monotonic()
    try:
        if not video.isOpened():
            raise FerMdError(f"{name}: there is no such camera, or it cannot be opened")
        rate = _rate(video)
        while video.grab():
            if index % every == 0:
                yield VideoFrame(_retrieve(video, name, index), index, time.monotonic() - start, rate)
            index += 1
    finally:
        video.release()
    raise FerMdError(f"{name}: gives no more pictures after {index}")


@contextlib.contextmanager
def write_video(path: Path | str, size: tuple[int, int], rate: float) -> Iterator[Callable[[np.ndarray], None]]:
    """Writes an MP4 file that appears whole or not at all.

    Args:
        path: the file.
        size: (width, height) in pixels.
        rate: frames a second.

    Yields:
        function that appends a picture, (H, W, 3) uint8 with red first, scaled to ``size`` where it has another size.

    Raises:
        FerMdError: the video could not be written.
    """
    with atomic_file(path) as partial:
        writer, count = cv2.VideoWriter(str(partial), cv2.VideoWriter.fourcc(*"mp4v"), rate, size), 0

        def write(image: np.ndarray) -> None:
            nonlocal count
            image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
            writer.write(image if image.shape[1::-1] == size else cv2.resize(image, size))  # others would be dropped
            count += 1

        try:
            yield write
        finally:
            writer.release()
        if _count_written(partial) != count:  # the writer is silent about a full disk
            raise FerMdError(f"{path}: the video could not be written; is there space left?")


def _open(path):
    """``cv2.VideoCapture`` of a file whose frames are small enough to be decoded."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise FerMdError(f"{str(path)!r}: the name is not UTF-8; rename it") from None  # OpenCV would crash
    video = cv2.VideoCapture(str(path))
    if not video.isOpened():
        raise FerMdError(f"{path}: not a video that can be decoded")
    width, height = (int(video.get(key)) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
    check_size(width, height, f"{path}: its frames are")
    return video


def _rate(video):
    rate = video.get(cv2.CAP_PROP_FPS)
    return rate if 0.01 <= rate <= 1000 else _DEFAULT_RATE


def _retrieve(video, source, index):
    found, image = video.retrieve()
    if not found or image is None or image.ndim != 3:
        raise FerMdError(f"{source}: frame {index} is damaged")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _count_written(path):
    """Frames of a video file as its header states them, 0 for a file that is no video."""
    video = cv2.VideoCapture(str(path))
    count = int(video.get(cv2.CAP_PROP_FRAME_COUNT)) if video.isOpened() else 0
    video.release()
    return count
