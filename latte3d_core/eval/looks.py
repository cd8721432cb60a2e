"""Looks: small pictures of an object from four sides, which scorers judge and masks are compared in.

Unlit colours, a mask and a lit grey picture of the shape are kept apart, so that a judge of materials sees no shadows
and a judge of shapes does. Assets, painted assets and generated fields are looked at in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from latte3d_core.api import Fields
from latte3d_core.data.gltf import ColouredTriangles
from latte3d_core.data.materials import Pattern
from latte3d_core.eval.protocol import CAMERAS, LOOK_SIZE
from latte3d_core.mesh.types import Mesh
from latte3d_core.render.raycast import Hits, first_hits, raycasting_scene

#: Where the light of the grey picture comes from, seen from each camera: above its left shoulder.
_LIGHT = np.array([-0.45, 0.65, 0.61])


@dataclass(frozen=True)
class Looks:
    """V pictures of one object.

    Attributes:
        colors: (V, S, S, 3) uint8 sRGB, unlit; 0 outside the mask.
        shade: (V, S, S) uint8, the lit shape; 0 outside the mask.
        mask: (V, S, S) bool.
    """

    colors: np.ndarray
    shade: np.ndarray
    mask: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        return dict(vars(self))

    @classmethod
    def of_nothing(cls, size: int = LOOK_SIZE) -> Looks:
        """What an object without a surface looks like."""
        shape = (len(CAMERAS), size, size)
        return cls(np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.uint8), np.zeros(shape, bool))

    def pictures(self) -> np.ndarray:
        """What anybody sees: (V, S, S, 4) uint8 RGBA, the colours in the light of ``shade``."""
        lit = np.round(self.colors * (self.shade[..., None] / np.float32(255))).astype(np.uint8)
        return np.concatenate([lit, self.mask[..., None] * np.uint8(255)], -1)

    def channels(self) -> np.ndarray:
        """What a scorer reads: (V, 5, S, S) float32 of colours, shade and mask, each in [-0.5, 0.5]."""
        stack = np.concatenate([self.colors, self.shade[..., None], self.mask[..., None] * np.uint8(255)], -1)
        return stack.transpose(0, 3, 1, 2).astype(np.float32) / 255 - 0.5


#: Colours (H, 3) in [0, 1] at hits, given their places and outward unit normals (H, 3).
Painter = Callable[[Hits, np.ndarray, np.ndarray], np.ndarray]


def look(vertices: np.ndarray, faces: np.ndarray, paint: Painter, size: int = LOOK_SIZE) -> Looks:
    """Cast a ray through each pixel of every camera; pictures of ``size`` pixels a side."""
    rays = np.stack([camera.rays(size) for camera in CAMERAS])
    hits = first_hits(raycasting_scene(vertices, faces), rays, threads=1)
    places = np.einsum("nk,nkc->nc", hits.barycentric, vertices[faces[hits.face]].astype(np.float64))
    directions = rays.reshape(-1, 6)[hits.rays, 3:]
    normals = hits.normal / np.maximum(np.linalg.norm(hits.normal, axis=1, keepdims=True), 1e-9)
    normals *= np.where((normals * directions).sum(1, keepdims=True) > 0, -1.0, 1.0)  # what is seen faces the viewer
    lights = []
    for camera in CAMERAS:
        back = -camera.rays(1)[0, 0, 3:]
        right = np.cross([0.0, 1.0, 0.0], back)
        right /= np.linalg.norm(right)
        lights.append(_LIGHT @ np.stack([right, np.cross(back, right), back]))
    lit = np.einsum("nk,nk->n", normals, np.stack(lights)[hits.rays // size**2])
    count = len(CAMERAS) * size**2
    colors, shade, mask = np.zeros((count, 3), np.uint8), np.zeros(count, np.uint8), np.zeros(count, bool)
    colors[hits.rays] = np.round(np.clip(paint(hits, places, normals), 0, 1) * 255)
    shade[hits.rays] = np.round(np.clip(0.35 + 0.6 * lit, 0.05, 1) * 255)
    mask[hits.rays] = True
    shape = (len(CAMERAS), size, size)
    return Looks(colors.reshape(*shape, 3), shade.reshape(shape), mask.reshape(shape))


def look_at_asset(asset: ColouredTriangles, pattern: Pattern | None = None, size: int = LOOK_SIZE) -> Looks:
    """A library asset, in its own colours or in a procedural material."""

    def paint(hits: Hits, places: np.ndarray, normals: np.ndarray) -> np.ndarray:
        own = asset.colors_at(hits.face, hits.barycentric)
        return own if pattern is None else pattern(places, normals, own)

    return look(asset.vertices, asset.faces, paint, size)


def look_at_fields(fields: Fields, mesh: Mesh, size: int = LOOK_SIZE) -> Looks:
    """A generated object: its surface, and the colour field where the rays meet it."""
    return look(mesh.vertices, mesh.faces.astype(np.int64), lambda hits, places, normals: fields.color(places), size)
