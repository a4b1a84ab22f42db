"""Sizes of pictures, read from the first bytes of their files, before anything is decoded."""

import struct

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
"""The first eight bytes of every PNG."""

_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset((0x01, *range(0xD0, 0xDA)))
"""Markers without a length, which have no place before the frame; decoders step over them, whatever follows."""


def png_size(data):
    """Width and height from the header of a PNG, None for anything else; see ``SIZES``."""
    if data[:8] != PNG_SIGNATURE:
        return None
    return struct.unpack(">II", data[16:24])


def png_overflows(data):
    """Whether data is a PNG with a chunk that claims to be longer than the file: decoders reserve up to 2 GB for it."""
    if png_size(data) is None:
        return False
    position = 8
    while position + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        position += 12 + length
        if kind == b"IEND":
            break
    return position > len(data)


def jpeg_size(data):
    """Width and height from the first frame header of a JPEG, None for anything else."""
    if data[:3] != b"\xff\xd8\xff":
        return None
    position = 2
    while True:
        while data[position + 1] == 0xFF:  # fill bytes
            position += 1
        marker, (length,) = data[position + 1], struct.unpack(">H", data[position + 2 : position + 4])
        if data[position] != 0xFF or length < 2 or marker in _JPEG_BARE:
            return None
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", data[position + 5 : position + 9])
            return width, height
        position += 2 + length


def gif_size(data):
    """Width and height of a GIF's canvas, None for anything else."""
    if data[:6] not in (b"GIF87a", b"GIF89a"):
        return None
    return struct.unpack("<HH", data[6:10])


def webp_size(data):
    """Width and height of a WebP of any of the three kinds, None for anything else."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    if data[12:16] == b"VP8 ":
        return tuple(side & 0x3FFF for side in struct.unpack("<HH", data[26:30]))
    if data[12:16] == b"VP8L":
        (bits,) = struct.unpack("<I", data[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<I", data[24:27] + b"\0") + struct.unpack("<I", data[27:30] + b"\0")
    return width + 1, height + 1


def bmp_size(data):
    """Width and height of a BMP, None for anything else."""
    if data[:2] != b"BM":
        return None
    if data[14:18] == struct.pack("<I", 12):  # the header of OS/2
        return struct.unpack("<HH", data[18:22])
    width, height = struct.unpack("<ii", data[18:26])
    return width, abs(height)  # below zero where the rows start at the top


SIZES = {"PNG": png_size, "JPEG": jpeg_size, "GIF": gif_size, "WebP": webp_size, "BMP": bmp_size}
"""What reads each format's size; ``struct.error`` or ``IndexError`` where the header is cut off."""


def unread_format(data):
    """Name of the picture's format where it is a common one that is not read, otherwise None."""
    if data[:4] in (b"II*\0", b"MM\0*"):
        return "TIFF"
    return {b"ftypheic": "HEIC", b"ftypmif1": "HEIC", b"ftypavif": "AVIF"}.get(data[4:12])
