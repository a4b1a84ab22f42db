"""Small videos for the tests."""

import fractions

import av
import numpy as np

_CODECS = {
    ".mp4": ("mp4", "mpeg4", "yuv420p"),
    ".avi": ("avi", "mjpeg", "yuvj420p"),
    ".mkv": ("matroska", "mpeg4", "yuv420p"),
    ".flv": ("flv", "flv", "yuv420p"),
    ".webm": ("webm", "libvpx", "yuv420p"),
    ".ts": ("mpegts", "mpeg2video", "yuv420p"),
    ".y4m": ("yuv4mpegpipe", "wrapped_avframe", "yuv420p"),
}
SUFFIXES = tuple(_CODECS)


def red(index, size=(64, 48)):
    """Frame ``index``: red with the level 10 ``index``; ``size`` is width and height."""
    return np.full((size[1], size[0], 3), (10 * index % 256, 0, 0), np.uint8)


def save_video(path, frames=20, rate=10, size=(64, 48), image=red, aspect=1, start=0):
    """Writes a video whose kind is that of its suffix.

    Args:
        path: the file, with one of `SUFFIXES`.
        frames: their number.
        rate: frames a second, an int.
        size: width and height.
        image: function from a frame's number and ``size`` to (H, W, 3) uint8, red first.
        aspect: width of a pixel over its height, a fraction.
        start: number that the time of the first frame has, in frames.
    """
    container_format, codec, pixels = _CODECS[path.suffix]
    options = {"movflags": "faststart"} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", format=container_format, options=options) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = *size, pixels, 1_000_000
        stream.codec_context.sample_aspect_ratio = aspect
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(image(index, size), format="rgb24").reformat(format=pixels)
            frame.pts, frame.time_base = start + index, fractions.Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
