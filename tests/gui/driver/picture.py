"""From the format in which Xvfb keeps its screen to PNG."""

from __future__ import annotations

import struct
import zlib


def png_of_xwd(data: bytes) -> bytes:
    """The PNG file of a picture in X's own format XWD, with 32 bits a pixel, blue first."""
    header = struct.unpack_from(">25I", data)
    width, height, line = header[4], header[5], header[12]
    pixels = data[header[0] + 12 * header[19] :]  # behind the header and its palette
    rows = bytearray()
    for at in range(0, height * line, line):
        row = pixels[at : at + 4 * width]
        colors = bytearray(3 * width)
        colors[0::3], colors[1::3], colors[2::3] = row[2::4], row[1::4], row[0::4]
        rows += b"\0" + colors  # the zero says that the row is stored as it is
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
