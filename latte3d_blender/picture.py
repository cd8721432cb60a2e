"""Small pictures of coloured meshes by NumPy alone, for lists and the Asset Browser.

Blender's own previews need a window and come later; the core's need torch in the process. This one is there at once
everywhere. No bpy here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from .later import np

if TYPE_CHECKING:
    #: Colours of the surface: indices of faces (N,) and barycentric weights (N, 3) to sRGB (N, 3) in [0, 1].
    Colors = Callable[[np.ndarray, np.ndarray], np.ndarray]

#: Where the eye is: degrees about the vertical axis, counted from the front, and degrees above the horizon.
AZIMUTH, ELEVATION = 35.0, 20.0
#: Share of the picture's side that the object fills.
FILL = 0.94
#: Light from the upper left behind the eye, in the eye's axes (right, up, towards the eye), and what it adds to the
#: even light.
LIGHT, LIT, EVEN = (-0.45, 0.65, 0.62), 0.5, 0.55
#: Samples along the edge of a pixel.
FINENESS = 2
#: Candidates (a face and a sample in its bounding box) that are looked at in one go: about 100 MB.
CHUNK = 1_000_000


def texture_colors(uvs: np.ndarray, image: np.ndarray) -> Colors:
    """Colours from a texture, nearest texel; UVs outside [0, 1] repeat it.

    Arguments:
        uvs: (F, 3, 2), origin at the bottom left. image: (H, W, 3) uint8 sRGB, row 0 at the top.
    """
    height, width = image.shape[:2]

    def look(faces: np.ndarray, weights: np.ndarray) -> np.ndarray:
        at = np.einsum("nk,nkc->nc", weights, uvs[faces])
        at = np.nan_to_num(at - np.floor(at))
        column = np.minimum((at[:, 0] * width).astype(int), width - 1)
        row = np.minimum(((1.0 - at[:, 1]) * height).astype(int), height - 1)
        return image[row, column] / np.float32(255.0)

    return look


def draw(vertices: np.ndarray, faces: np.ndarray, colors: Colors, size: int = 128) -> np.ndarray:
    """A picture (size, size, 4) uint8 RGBA, straight alpha, transparent ground, row 0 at the top.

    Orthographic, both sides of every face are seen. A mesh without a face gives an empty picture.

    Arguments:
        vertices: (V, 3) in Blender's frame (+Z up, front -Y), any unit. faces: (F, 3) indices.
    """
    fine = size * FINENESS
    seen = _project(vertices, fine)
    face, weights = _nearest(seen, faces, fine)
    hit = face >= 0
    picture = np.zeros((fine * fine, 4), np.float32)
    if hit.any():
        corners = seen[faces[face[hit]]]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        normal *= np.where(normal[:, 2:] < 0, -1.0, 1.0)
        light = EVEN + LIT * np.clip(normal @ (np.array(LIGHT) / np.linalg.norm(LIGHT)), 0.0, None)
        picture[hit, :3] = np.clip(colors(face[hit], weights[hit]) * light[:, None], 0.0, 1.0)
        picture[hit, 3] = 1.0
    blocks = picture.reshape(size, FINENESS, size, FINENESS, 4).mean(axis=(1, 3))
    alpha = blocks[..., 3:]
    blocks[..., :3] /= np.maximum(alpha, 1e-6)
    return np.rint(blocks * 255.0).astype(np.uint8)


def _project(vertices: np.ndarray, side: int) -> np.ndarray:
    """(V, 3) in the eye's axes: to the right and up in samples from the lower left, towards the eye in the same unit.

    Not flipped, so that normals can be taken from the result.
    """
    turn, tilt = math.radians(AZIMUTH), math.radians(ELEVATION)
    right = np.array([math.cos(turn), math.sin(turn), 0.0])
    eye = np.array([math.sin(turn) * math.cos(tilt), -math.cos(turn) * math.cos(tilt), math.sin(tilt)])
    axes = np.stack([right, np.cross(eye, right), eye])
    points = np.nan_to_num(np.asarray(vertices, np.float64)) @ axes.T
    if not len(points):
        return points
    low, high = points.min(axis=0), points.max(axis=0)
    extent = max(float((high - low)[:2].max()), 1e-12)
    return (points - (low + high) / 2) * (side * FILL / extent) + [side / 2, side / 2, 0.0]


def _nearest(seen: np.ndarray, faces: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """For each sample, rows from the top: the face in front (-1: none) and the barycentric weights of its point."""
    face = np.full(side * side, -1)
    weights = np.zeros((side * side, 3))
    depth = np.full(side * side, -np.inf)
    corners = seen[faces]
    flat = corners[..., :2]
    low = np.clip(np.ceil(flat.min(axis=1) - 0.5), 0, side).astype(int)
    count = np.clip(np.floor(flat.max(axis=1) - 0.5).astype(int) + 1 - low, 0, side - low)
    number = count.prod(axis=1)
    # The edge functions of all faces as coefficients of (1, x, y): three affine functions, one per corner.
    a, b, c = flat[:, 0], flat[:, 1], flat[:, 2]
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    number[np.abs(area) < 1e-9] = 0
    ends = np.cumsum(number)
    start = 0
    while start < len(faces):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + CHUNK, side="right")))
        part = np.repeat(np.arange(start, stop), number[start:stop])
        inner = np.arange(len(part)) - np.repeat(ends[start:stop] - number[start:stop] - before, number[start:stop])
        x = low[part, 0] + inner % np.maximum(count[part, 0], 1)
        y = low[part, 1] + inner // np.maximum(count[part, 0], 1)
        spot = np.stack([x + 0.5, y + 0.5], axis=1)
        weight = np.stack([_edge(b[part], c[part], spot), _edge(c[part], a[part], spot)], axis=1) / area[part, None]
        weight = np.concatenate([weight, 1.0 - weight.sum(axis=1, keepdims=True)], axis=1)
        inside = (weight >= -1e-9).all(axis=1)
        part, weight = part[inside], weight[inside]
        at = (side - 1 - y[inside]) * side + x[inside]
        near = np.einsum("nk,nk->n", weight, corners[part, :, 2])
        np.maximum.at(depth, at, near)
        front = near >= depth[at]
        face[at[front]], weights[at[front]] = part[front], weight[front]
        start = stop
    return face, weights


def _edge(tail: np.ndarray, head: np.ndarray, spot: np.ndarray) -> np.ndarray:
    """Twice the signed area of the triangles (tail, head, spot), (N,)."""
    along, to = head - tail, spot - tail
    return along[:, 0] * to[:, 1] - along[:, 1] * to[:, 0]
