"""What a raw isosurface needs before it is decimated: stray pieces go, grid steps are smoothed away."""

from __future__ import annotations

import numpy as np

from latte3d_core.mesh import geometry, topology
from latte3d_core.mesh.types import Mesh

#: Taubin's pair of steps: shrink, then swell by a little more, so that the volume stays (Taubin 1995, with the pass
#: band 1/0.5 - 1/0.53, about 0.1, that he recommends).
_SHRINK, _SWELL = 0.5, -0.53


def compact(vertices: np.ndarray, faces: np.ndarray) -> Mesh:
    """A mesh with the vertices that no face uses left out; the order of the others stays."""
    used = np.zeros(len(vertices), dtype=bool)
    used[faces] = True
    number = np.cumsum(used, dtype=np.int32) - 1
    return Mesh(np.ascontiguousarray(vertices[used]), number[faces].astype(np.int32, copy=False))


def _winding_number(mesh: Mesh, point: np.ndarray) -> float:
    """How often the surface goes round ``point``: 1 inside, 0 outside (van Oosterom and Strackee 1983)."""
    ray = mesh.vertices.astype(np.float64)[mesh.faces] - point
    length = np.linalg.norm(ray, axis=2)
    a, b, c = ray[:, 0], ray[:, 1], ray[:, 2]
    above = np.einsum("fi,fi->f", a, np.cross(b, c))
    below = (
        length.prod(axis=1)
        + np.einsum("fi,fi->f", a, b) * length[:, 2]
        + np.einsum("fi,fi->f", b, c) * length[:, 0]
        + np.einsum("fi,fi->f", c, a) * length[:, 1]
    )
    return float(np.arctan2(above, below).sum() / (2.0 * np.pi))


def _encloses(outer: Mesh, inner: Mesh) -> bool:
    """Whether ``inner``, which does not touch ``outer``, lies within it."""
    wall, points = outer.vertices[outer.faces.ravel()], inner.vertices[inner.faces.ravel()]
    if (wall.min(axis=0) > points.min(axis=0)).any() or (wall.max(axis=0) < points.max(axis=0)).any():
        return False
    return _winding_number(outer, points[0].astype(np.float64)) > 0.5


def drop_small_components(mesh: Mesh, min_share: float = 0.02, keep_at_least: int = 1) -> Mesh:
    """Keep the pieces that matter.

    A piece goes if its surface is smaller than ``min_share`` of the largest piece's: area rather than volume, for a
    thin sign or a blade has much to show and little in it. A bubble (a piece with negative volume: the wall of a
    hollow within a solid) and anything else inside another kept piece goes as well, whatever its size: nobody can
    see it, and it would take faces and texels from what can be seen.

    Arguments:
        mesh: closed, consistently wound pieces, core frame.
        min_share: 0 to 1. keep_at_least: this many pieces stay however small, the largest first.

    Returns:
        the kept pieces; the mesh itself if all of them are.
    """
    start, end = topology.half_edges(mesh.faces)
    label, count = topology.components(len(mesh.vertices), start, end)
    of_face = label[mesh.faces[:, 0]]
    area = np.bincount(of_face, weights=np.linalg.norm(geometry.face_vectors(mesh), axis=1), minlength=count)
    if (area > 0.0).sum() <= 1:
        return mesh
    volume = np.bincount(of_face, weights=geometry.face_volumes(mesh), minlength=count)
    ranked = np.flatnonzero(volume > 0.0)
    ranked = ranked[np.argsort(-area[ranked], kind="stable")]
    large = area[ranked] >= min_share * area[ranked[:1]]
    large[:keep_at_least] = True
    pieces = {int(k): Mesh(mesh.vertices, mesh.faces[of_face == k]) for k in ranked[large]}
    wanted = np.zeros(count, dtype=bool)
    for k, piece in pieces.items():
        wanted[k] = not any(_encloses(other, piece) for j, other in pieces.items() if j != k)
    chosen = wanted[of_face]
    return mesh if chosen.all() else compact(mesh.vertices, mesh.faces[chosen])


def smooth(mesh: Mesh, passes: int = 2) -> Mesh:
    """Smooth away the steps of the grid without shrinking (Taubin 1995, plain mean of the neighbours).

    Arguments:
        mesh: closed, consistently wound mesh, core frame. passes: pairs of a shrinking and a swelling step; 0 returns
            the mesh itself.

    Returns:
        the same faces with moved vertices.
    """
    if passes <= 0:
        return mesh
    # Every edge of a closed mesh is a half-edge once in each direction, so ends collect each neighbour exactly once.
    start, end = topology.half_edges(mesh.faces)
    count = len(mesh.vertices)
    weight = 1.0 / np.maximum(np.bincount(end, minlength=count), 1)
    place = mesh.vertices.astype(np.float64).T.copy()
    for factor in (_SHRINK, _SWELL) * passes:
        for row in place:
            row += factor * (np.bincount(end, weights=row[start], minlength=count) * weight - row)
    return Mesh(np.ascontiguousarray(place.T, dtype=np.float32), mesh.faces)
