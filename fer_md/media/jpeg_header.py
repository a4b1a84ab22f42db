"""The header of a JPEG, found as libjpeg finds it, so that nothing is refused that libjpeg would decode."""

import dataclasses
import re
import struct
from collections.abc import Iterator

_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd7\xff])", re.DOTALL)
"""A marker that has a length. Bytes between markers, restarts and zeros after 0xFF are stepped over."""

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_END, _SCAN = 0xD9, 0xDA


@dataclasses.dataclass(frozen=True)
class JpegHeader:
    """What a JPEG states about itself.

    Attributes:
        width, height: in pixels.
        bits: of a value; 8 in nearly all files.
        scans: passes over the picture. A progressive JPEG has about ten; each costs the decoder as much as any other,
            however few bytes it has.
    """

    width: int
    height: int
    bits: int
    scans: int


def read_jpeg_header(data: bytes) -> JpegHeader | None:
    """Reads the header of a JPEG; None for another file.

    Raises:
        struct.error: the file ends before its first frame does.
    """
    if data[:3] != b"\xff\xd8\xff":
        return None
    frame, scans = b"", 0
    for marker, content in _segments(data):
        if marker in _FRAMES and not frame:
            frame = content[:5]
        scans += marker == _SCAN
    bits, height, width = struct.unpack(">BHH", frame)
    return JpegHeader(width, height, bits, scans)


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yields (marker, content) of all segments up to the end of the picture; other data may follow there."""
    position = 2
    while (found := _MARKER.search(data, position)) and found[1][0] != _END:
        (length,) = struct.unpack_from(">H", data, found.end())
        position = found.end() + max(length, 2)
        yield found[1][0], data[found.end() + 2 : position]
