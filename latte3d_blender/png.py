"""A small PNG encoder (ISO/IEC 15948), so that the worker can pack textures without Blender and without Pillow.

Blender's own way, float pixels and then ``Image.pack()``, costs the main thread several times as much as handing
over a finished file.
"""

from __future__ import annotations

import struct
import zlib

from .later import np


def encode_png(image: np.ndarray, level: int = 1) -> bytes:
    """The bytes of a PNG file.

    Arguments:
        image: (H, W, 3) or (H, W, 4) uint8, row 0 at the top.
        level: zlib's level, 0 to 9; beyond 1 the time grows faster than the file shrinks.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] not in (3, 4):
        raise ValueError(f"expected (H, W, 3 or 4) uint8, got {image.shape} {image.dtype}")
    height, width, channels = image.shape
    rows = np.ascontiguousarray(image).reshape(height, width * channels)
    # Filter type 2 ("Up"): every byte less the one above it, modulo 256. Textures are smooth, so this packs well.
    lines = np.empty((height, 1 + width * channels), np.uint8)
    lines[:, 0] = 2
    lines[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=lines[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 6, 0, 0, 0)
    data = zlib.compress(lines.tobytes(), level)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
