"""Videos, their frames one at a time, as PyAV and the FFmpeg inside it decode them."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fer_md.errors import FerMdError
from fer_md.media.limits import MAX_PIXELS, check_size

_CONTAINERS = "mov,avi,matroska,webm,mpeg,mpegvideo,mpegts,asf,flv,ogg,yuv4mpegpipe"
"""The formats of FFmpeg that are opened. Among the others are playlists, which have it read the files they name."""

_LOST = 0.1
"""What is missing at the end is reported above this share of what the header states; some formats only estimate it."""

DEFAULT_RATE = 25.0
"""Frames a second of a video that states no rate, or one that cannot be."""


@dataclasses.dataclass(frozen=True)
class VideoFrame:
    """One frame of a video or camera.

    Attributes:
        image: (H, W, 3) uint8, red first, as it is to be shown: upright, with square pixels.
        index: number of the frame, from 0.
        time: seconds since the first frame of the video or of the camera's stream.
        rate: frames a second that the video or camera states.
    """

    image: np.ndarray
    index: int
    time: float
    rate: float


def sound_rate(rate: float) -> float:
    """A stated rate in frames a second, or `DEFAULT_RATE` where it cannot be."""
    return rate if 0.01 <= rate <= 1000 else DEFAULT_RATE


def count_frames(path: Path | str) -> int:
    """The number of frames that a video's header states, 0 where it states none.

    Raises:
        FerMdError: the file cannot be opened as a video.
    """
    with _open(path) as (container, video):
        return video.frames or round(_stated_seconds(container) * sound_rate(_stated_rate(video)))


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
    for frame in read_video(path, max(index, 1)):
        if frame.index == index:
            return frame.image
    raise FerMdError(f"{path}: the video ends before frame {index}")


def read_video(path: Path | str, every: int = 1) -> Iterator[VideoFrame]:
    """Reads a video from its start to its end.

    Rotation, mirroring and the aspect of the pixels are applied as the file states them. What cannot be decoded is left
    out, and reported at the end.

    Args:
        path: the video file.
        every: n, to read only every n-th frame.

    Yields:
        `VideoFrame`.

    Raises:
        FerMdError: the file cannot be opened as a video, no decoder for it is there, its frames are too large, or, in
            the end, some of them could not be decoded or are missing.
    """
    with _open(path) as (container, video):
        stated_rate = _stated_rate(video)
        rate, first, index, damaged, end = sound_rate(stated_rate), 0.0, 0, 0, 0.0
        for packet in _packets(container):
            if packet is None:
                damaged += 1
                continue
            if packet.pts is not None:
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            if packet.stream is not video:
                continue
            frames = _decode(packet)
            damaged += frames is None and index > 0  # a cut film starts with frames that others before it would explain
            for frame in frames or ():
                if index == 0:
                    first = frame.time or 0.0
                if index % every == 0:
                    timed = frame.time is not None and rate == stated_rate
                    seconds = frame.time - first if timed else index / rate
                    yield VideoFrame(_shown(frame, video, f"{path}: frame {index}"), index, seconds, rate)
                index += 1
        if not index:
            raise FerMdError(f"{path}: no frame of the video can be decoded; it is damaged")
        # An AVI states its frames, and its seconds by its size. Of others a part may be meant to be shown, in seconds.
        stated, seconds = video.frames if container.format.name == "avi" else 0, _stated_seconds(container)
        if damaged or index < stated * (1 - _LOST) - 1:
            of = f"; its header states {stated}" if stated else ""
            raise FerMdError(f"{path}: damaged, {index} frames could be read{of}")
        if end < seconds * (1 - _LOST) - 1 / rate:
            raise FerMdError(f"{path}: damaged, ends after {end:.1f} seconds; its header states {seconds:.1f}")


@contextlib.contextmanager
def _open(path):
    """The file as PyAV's container, and the video in it, whose frames are small enough to be decoded."""
    try:
        import av
    except ImportError:
        raise FerMdError(f"{path}: to read videos, pip install av") from None
    if not Path(path).is_file():
        raise FerMdError(f"{path}: no such file")
    # From an open file FFmpeg learns no other's name, and no protocol leads to one.
    options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "none"}
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(open(path, "rb"))
            container = stack.enter_context(av.open(file, options=options, metadata_errors="replace"))
            video = container.streams.best("video")
        except (OSError, ValueError, av.FFmpegError):
            raise FerMdError(f"{path}: not a video that can be decoded") from None
        if video is None:
            raise FerMdError(f"{path}: no video in this file")
        if video.codec_context is None:
            raise FerMdError(f"{path}: there is no decoder for this kind of video; convert it to H.264")
        check_size(video.codec_context.width, video.codec_context.height, f"{path}: its frames are")
        video.codec_context.options = {"max_pixels": str(MAX_PIXELS)}  # frames may become larger on the way
        video.thread_type = "AUTO"
        yield container, video


def _packets(container):
    """Yields the packets of all streams; None where the file breaks off."""
    import av

    try:
        yield from container.demux()
    except av.FFmpegError:
        yield None


def _decode(packet):
    """The frames in a packet; None where it is damaged."""
    import av

    try:
        return packet.decode()
    except av.FFmpegError:
        return None


def _shown(frame, video, name):
    """A frame as it is to be shown, (H, W, 3) uint8."""
    from av.sidedata.sidedata import Type

    aspect = float(video.sample_aspect_ratio or 1)
    width = round(frame.width * aspect) if 0.1 <= aspect <= 10 else frame.width
    check_size(width, frame.height, f"{name} is")
    try:
        image = frame.to_ndarray(format="rgb24", width=width, height=frame.height)
    except (ValueError, NotImplementedError) as error:
        raise FerMdError(f"{name} cannot be converted ({error})") from None
    return np.ascontiguousarray(_upright(image, frame.side_data.get(Type.DISPLAYMATRIX)))


def _upright(image, matrix):
    """Turns and mirrors an image by FFmpeg's display matrix a b u, c d v, x y w: (x, y) goes to (ax + cy, bx + dy)."""
    if matrix is None:
        return image
    a, b, _, c, d = np.frombuffer(matrix, np.int32)[:5]
    if abs(b) > abs(a):
        image, a, d = image.transpose(1, 0, 2), c, b
    return image[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1]


def _stated_rate(video):
    return float(video.average_rate or video.guessed_rate or 0)


def _stated_seconds(container):
    """Seconds from 0, or from the start, to the end; 0 where the header does not state it."""
    return max(container.duration or 0, 0) / 1e6
