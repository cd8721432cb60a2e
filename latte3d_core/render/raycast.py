"""First hits of rays on triangles: Embree through Open3D."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from latte3d_core._open3d import load_open3d


@dataclass(frozen=True)
class Hits:
    """The rays that hit something, H of N.

    Attributes:
        rays: (H,) int64, flat indices of the rays, ascending.
        face: (H,) int64; barycentric: (H, 3) on that face.
        normal: (H, 3) float64 of the face, not of unit length, towards either side.
    """

    rays: np.ndarray
    face: np.ndarray
    barycentric: np.ndarray
    normal: np.ndarray


def raycasting_scene(vertices: np.ndarray, faces: np.ndarray) -> Any:
    """An Open3D ray-casting scene of vertices (V, 3) and faces (F, 3)."""
    o3d = load_open3d()
    scene = o3d.t.geometry.RaycastingScene(nthreads=1)
    scene.add_triangles(
        o3d.core.Tensor(np.ascontiguousarray(vertices, dtype=np.float32)),
        o3d.core.Tensor(np.ascontiguousarray(faces, dtype=np.uint32)),
    )
    return scene


def first_hits(scene: Any, rays: np.ndarray, threads: int = 0) -> Hits:
    """What rays (..., 6) float32, origin and direction, meet first. ``threads`` 0: all cores."""
    hit = scene.cast_rays(load_open3d().core.Tensor(np.ascontiguousarray(rays)), nthreads=threads)
    found = np.flatnonzero(np.isfinite(hit["t_hit"].numpy().ravel()))
    uv = hit["primitive_uvs"].numpy().reshape(-1, 2)[found]
    return Hits(
        found,
        hit["primitive_ids"].numpy().ravel()[found].astype(np.int64),
        np.stack([1 - uv.sum(1), uv[:, 0], uv[:, 1]], 1),
        hit["primitive_normals"].numpy().reshape(-1, 3)[found].astype(np.float64),
    )
