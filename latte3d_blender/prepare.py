"""From the core's ``TexturedMesh`` to what Blender takes as it is: frame, size, origin, flat arrays, PNG files.

Runs on the worker, so that the main thread only copies. No bpy here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .later import np
from .picture import draw, texture_colors
from .png import encode_png

if TYPE_CHECKING:
    from latte3d_core.mesh.types import TexturedMesh

#: What an object is called whose prompt leaves no name.
DEFAULT_NAME = "LATTE3D Object"
#: Side of the small picture, in pixels.
PICTURE_SIZE = 96


class Look(Protocol):
    """What a material is made of; the attributes are those of ``PreparedObject``."""

    @property
    def color(self) -> tuple[float, float, float]: ...

    @property
    def base_png(self) -> bytes: ...

    @property
    def normal_png(self) -> bytes | None: ...


@dataclass(frozen=True)
class PreparedObject:
    """One object, ready for Blender.

    Attributes:
        name: the object's name.
        vertices: (V, 3) float32, metres, +Z up, front -Y, standing on z = 0, centred on x = y = 0.
        faces: (F, 3) int32, counter-clockwise seen from outside.
        uvs: (F, 3, 2) float32, origin at the bottom left.
        color: average colour of the surface, linear RGB: what Solid view shows.
        base_png: PNG file, sRGB.
        normal_png: PNG file of the tangent-space normal map (OpenGL), or None.
        properties: custom properties of the object: name to str, int, float or bool.
        warnings: sentences that the user should see.
        seconds: wall time by stage name.
        picture_png: PNG file of a small picture for lists, or None.
    """

    name: str
    vertices: np.ndarray
    faces: np.ndarray
    uvs: np.ndarray
    color: tuple[float, float, float]
    base_png: bytes
    normal_png: bytes | None
    properties: Mapping[str, str | int | float | bool]
    warnings: tuple[str, ...]
    seconds: Mapping[str, float]
    picture_png: bytes | None = None


def to_blender_frame(vertices: np.ndarray, size_m: float) -> np.ndarray:
    """(V, 3) vertices of the core (+Y up, front +Z) in metres in Blender's frame (+Z up, front -Y).

    The largest side of the bounding box becomes ``size_m``; the middle of the box's base becomes the origin.
    A turn, not a mirroring: the faces' winding stays right.
    """
    turned = np.stack([vertices[:, 0], -vertices[:, 2], vertices[:, 1]], axis=1).astype(np.float64)
    low, high = turned.min(axis=0), turned.max(axis=0)
    extent = float((high - low).max())
    base = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
    return ((turned - base) * (size_m / max(extent, 1e-9))).astype(np.float32)


def to_core_axes(points: np.ndarray) -> np.ndarray:
    """(N, 3) points in Blender's axes as (N, 3) float32 in the core's; the turn of ``to_blender_frame`` undone."""
    return np.stack([points[:, 0], points[:, 2], -points[:, 1]], axis=1).astype(np.float32)


def average_color(
    vertices: np.ndarray, faces: np.ndarray, uvs: np.ndarray, image: np.ndarray
) -> tuple[float, float, float]:
    """Mean of the texture over the surface: one texel in the middle of each face, weighed by the face's area.

    Returns linear RGB, as Blender wants its colours.
    """
    corners = vertices.astype(np.float64)[faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    height, width = image.shape[:2]
    middle = uvs.mean(axis=1)
    column = np.clip((middle[:, 0] * width).astype(int), 0, width - 1)
    row = np.clip(((1.0 - middle[:, 1]) * height).astype(int), 0, height - 1)
    srgb = image[row, column].astype(np.float64) / 255.0
    # IEC 61966-2-1, the definition of sRGB.
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    # Artists' meshes come in any units, so that no area is too small to count but none at all.
    red, green, blue = (linear * area[:, None]).sum(axis=0) / (float(area.sum()) or 1.0)
    return float(red), float(green), float(blue)


def custom_properties(provenance: Mapping[str, Any]) -> dict[str, str | int | float | bool]:
    """Provenance as custom properties "latte3d_NAME"; what Blender cannot hold as it is becomes JSON."""
    result: dict[str, str | int | float | bool] = {}
    for key, value in provenance.items():
        plain = isinstance(value, str | float | bool) or (isinstance(value, int) and abs(value) < 2**31)
        result[f"latte3d_{key}"] = value if plain else json.dumps(value, ensure_ascii=False)
    return result


def prepare(mesh: TexturedMesh, size_m: float | None = None) -> PreparedObject:
    """Everything about ``mesh`` that can be worked out without Blender. About 0.15 s for two 1024² textures.

    Arguments:
        size_m: the largest dimension in metres; by default that of the real thing.
    """
    vertices = to_blender_frame(mesh.vertices, mesh.size_m if size_m is None else size_m)
    picture = draw(vertices, mesh.faces, texture_colors(mesh.uvs, mesh.base_color), PICTURE_SIZE)
    return PreparedObject(
        name=mesh.name.strip() or DEFAULT_NAME,
        vertices=vertices,
        faces=np.ascontiguousarray(mesh.faces, np.int32),
        uvs=np.ascontiguousarray(mesh.uvs, np.float32),
        color=average_color(mesh.vertices, mesh.faces, mesh.uvs, mesh.base_color),
        base_png=encode_png(mesh.base_color),
        normal_png=None if mesh.normal_map is None else encode_png(mesh.normal_map),
        properties=custom_properties(mesh.provenance),
        warnings=tuple(mesh.warnings),
        seconds=dict(mesh.seconds),
        picture_png=encode_png(picture),
    )
