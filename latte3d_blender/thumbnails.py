"""Small pictures for panels, kept in memory until they are forgotten. Without a window Blender shows no icons, and a
picture's icon is 0 there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy.utils.previews

if TYPE_CHECKING:
    import numpy as np

_pictures: bpy.utils.previews.ImagePreviewCollection | None = None


def put(key: str, pixels: np.ndarray) -> None:
    """Keep a picture, in place of one of the same name.

    Arguments:
        pixels: (H, W, 4) uint8 sRGB, row 0 at the top.
    """
    if _pictures is None:
        return
    if key in _pictures:
        del _pictures[key]
    picture = _pictures.new(key)
    height, width = pixels.shape[:2]
    picture.image_size = (width, height)
    # Blender's rows begin at the bottom.
    picture.image_pixels_float.foreach_set(pixels[::-1].ravel().astype("float32") / 255.0)


def icon(key: str) -> int:
    """The icon of a picture; 0 if there is none."""
    return _pictures[key].icon_id if _pictures is not None and key in _pictures else 0


def forget(prefix: str) -> None:
    """Let go of the pictures whose names begin so."""
    if _pictures is not None:
        for key in [key for key in _pictures if key.startswith(prefix)]:
            del _pictures[key]


def register() -> None:
    global _pictures
    _pictures = bpy.utils.previews.new()


def unregister() -> None:
    global _pictures
    if _pictures is not None:
        bpy.utils.previews.remove(_pictures)
    _pictures = None
