"""Videos as files."""

import contextlib
import fractions
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from fer_md.errors import FerMdError
from fer_md.files import atomic_file
from fer_md.media.videos import sound_rate


@contextlib.contextmanager
def write_video(path: Path | str, size: tuple[int, int], rate: float) -> Iterator[Callable[[np.ndarray], None]]:
    """Writes an MP4 file, in H.264, that appears whole or not at all.

    Args:
        path: the file.
        size: (width, height) in pixels; the encoder makes odd ones even.
        rate: frames a second, from 0.01 to 1000.

    Yields:
        function that appends a picture, (H, W, 3) uint8 with red first, scaled to ``size`` where it has another size.

    Raises:
        FerMdError: PyAV is not installed, or cannot encode such a video.
        OSError: the file could not be written.
    """
    try:
        import av
    except ImportError:
        raise FerMdError(f"{path}: to write videos, pip install av") from None
    width, height = (side + side % 2 for side in size)
    seconds = fractions.Fraction(1 / sound_rate(rate)).limit_denominator(100_000)
    with atomic_file(path) as partial, open(partial, "wb") as file, av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("h264", rate=1 / seconds, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"

        def encode(frame):
            try:
                container.mux(stream.encode(frame))
            except av.FFmpegError as error:
                raise FerMdError(f"{path}: a video of {width}x{height} cannot be encoded ({error.strerror})") from None

        def write(image: np.ndarray) -> None:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            encode(frame.reformat(width=width, height=height, format="yuv420p"))

        yield write
        encode(None)
