"""Small measures of triangle meshes: areas, normals, volume."""

from __future__ import annotations

import numpy as np

from latte3d_core.mesh.types import Mesh


def face_vectors(mesh: Mesh) -> np.ndarray:
    """(F, 3) float64 outward vectors of the faces, as long as twice the face's area."""
    corner = mesh.vertices.astype(np.float64)[mesh.faces]
    return np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])


def face_volumes(mesh: Mesh) -> np.ndarray:
    """(F,) float64 signed volumes of the tetrahedra between the origin and each face; their sum is the volume."""
    corner = mesh.vertices.astype(np.float64)[mesh.faces]
    return np.einsum("fi,fi->f", corner[:, 0], np.cross(corner[:, 1], corner[:, 2])) / 6.0


def unit(vectors: np.ndarray) -> np.ndarray:
    """``vectors`` (..., 3) scaled to length 1; vectors of length 0 become +Y."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    up = np.array([0.0, 1.0, 0.0], dtype=vectors.dtype)
    return np.where(length > 0.0, vectors / np.where(length > 0.0, length, 1.0), up)


def corner_angles(corner: np.ndarray) -> np.ndarray:
    """(F, 3) angles in radians at the corners of triangles (F, 3, D)."""
    ahead = np.roll(corner, -1, axis=1) - corner
    behind = np.roll(corner, 1, axis=1) - corner
    scale = np.linalg.norm(ahead, axis=2) * np.linalg.norm(behind, axis=2)
    cosine = np.einsum("fid,fid->fi", ahead, behind) / np.where(scale > 0.0, scale, 1.0)
    return np.arccos(np.clip(cosine, -1.0, 1.0))


def vertex_normals(mesh: Mesh) -> np.ndarray:
    """Smooth normals: the mean of the faces round a vertex, weighted by their angles there, as Blender does it.

    Returns:
        (V, 3) float32 unit vectors; vertices without faces, or whose faces cancel out, get +Y.
    """
    normal = unit(face_vectors(mesh))
    angle = corner_angles(mesh.vertices.astype(np.float64)[mesh.faces])
    weighted = (angle[:, :, None] * normal[:, None, :]).reshape(-1, 3)
    index = mesh.faces.ravel()
    total = [np.bincount(index, weights=weighted[:, k], minlength=len(mesh.vertices)) for k in range(3)]
    return unit(np.stack(total, axis=1)).astype(np.float32)
