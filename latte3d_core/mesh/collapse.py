"""Quadric edge collapse in rounds, with the link condition: slower than the library, but it cannot break the mesh.

Garland and Heckbert's error quadrics (1997). Instead of one edge at a time from a queue, each round collapses a set of
cheap edges whose surroundings share no face, so that all the tests made before the round still hold while it is
carried out. An edge may go only if

- its ends have exactly two neighbours in common (Dey et al. 1999) and do not belong to a tetrahedron: then the surface
  stays a closed manifold of the same genus, with the same pieces;
- no face round it turns over or becomes flat.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from latte3d_core.mesh import topology
from latte3d_core.mesh.clean import compact
from latte3d_core.mesh.types import Mesh

#: Share of the edges, cheapest first, that one round looks at, and how often it picks among those that remain.
_SHARE, _PICKS = 0.4, 4
#: When a round collapses less than this share of the edges, all edges are looked at, and tested before the choice
#: instead of after it: slower for each round, but none that could go is missed.
_STALLED = 0.01
#: A face may not turn further than this in one collapse (cosine), nor become flatter than this (height / longest side).
_TURN, _FLATTEST = 0.3, 0.02
#: Pull towards the vertices' own places, against the quadrics, for where the surface is flat and the optimum free.
_HOLD = 1e-3


def _quadrics(place: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(V, 10) sums of the squared distances to the planes of the faces round each vertex, weighted by area.

    Order: the upper triangle of A (xx, xy, xz, yy, yz, zz), then b (3), then c of x'Ax + 2 b'x + c.
    """
    a, b, c = (place[faces[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    area = np.linalg.norm(normal, axis=1, keepdims=True)
    normal /= np.where(area > 0.0, area, 1.0)
    offset = -np.einsum("fi,fi->f", normal, a)[:, None]
    x, y, z = normal.T
    rows = np.stack([x * x, x * y, x * z, y * y, y * z, z * z], axis=1)
    per_face = area * np.concatenate([rows, normal * offset, offset * offset], axis=1)
    count = len(place)
    index = faces.ravel()
    total: np.ndarray = np.stack(
        [np.bincount(index, weights=np.repeat(per_face[:, k], 3), minlength=count) for k in range(10)], axis=1
    )
    hold = _HOLD * np.bincount(index, weights=np.repeat(area[:, 0], 3), minlength=count)
    total[:, [0, 3, 5]] += hold[:, None]
    total[:, 6:9] -= hold[:, None] * place
    total[:, 9] += hold * np.einsum("vi,vi->v", place, place)
    return total


def _best_places(quadric: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The points (E, 3) that make the quadrics (E, 10) smallest, and the values (E,) there (Cramer's rule)."""
    xx, xy, xz, yy, yz, zz, bx, by, bz, c = quadric.T
    # Rows of the adjugate of A.
    m00, m01, m02 = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    m11, m12, m22 = xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy
    scale = -1.0 / np.maximum(xx * m00 + xy * m01 + xz * m02, 1e-300)
    x = (m00 * bx + m01 * by + m02 * bz) * scale
    y = (m01 * bx + m11 * by + m12 * bz) * scale
    z = (m02 * bx + m12 * by + m22 * bz) * scale
    return np.stack([x, y, z], axis=1), bx * x + by * y + bz * z + c


class _Rings:
    """The faces (or neighbours) round each vertex, as one list sorted by vertex."""

    def __init__(self, vertex: np.ndarray, item: np.ndarray, count: int) -> None:
        order = np.argsort(vertex, kind="stable")
        self.items = item[order]
        self.length = np.bincount(vertex, minlength=count)
        self.first = np.cumsum(self.length) - self.length

    def of(self, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(owner, item): for each of ``vertices`` in turn, its number in that array and its items."""
        length = self.length[vertices]
        owner = np.repeat(np.arange(len(vertices)), length)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(length) - length, length)
        return owner, self.items[self.first[vertices][owner] + within]


def _shape(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Normals (as long as twice the area) and the longest sides squared of triangles."""
    ab, ac, bc = b - a, c - a, c - b
    side = np.maximum.reduce([np.einsum("fi,fi->f", e, e) for e in (ab, ac, bc)])
    return np.cross(ab, ac), side


def _keeps_its_shape(
    place: np.ndarray, faces: np.ndarray, rings: _Rings, a: np.ndarray, b: np.ndarray, target: np.ndarray
) -> np.ndarray:
    """(E,) bool: whether no face turns over or falls flat when the ends a and b of each edge move to ``target``."""
    good = np.ones(len(a), dtype=bool)
    for here, there in ((a, b), (b, a)):
        owner, face = rings.of(here)
        corners = faces[face]
        stays = (corners != there[owner][:, None]).all(axis=1)  # the two faces of the edge itself vanish
        owner, corners = owner[stays], corners[stays]
        before = place[corners]
        moved = corners == here[owner][:, None]
        after = np.where(moved[:, :, None], target[owner][:, None, :], before)
        old, _ = _shape(before[:, 0], before[:, 1], before[:, 2])
        new, side = _shape(after[:, 0], after[:, 1], after[:, 2])
        old_size, size = np.linalg.norm(old, axis=1), np.linalg.norm(new, axis=1)
        bad = np.einsum("fi,fi->f", old, new) < _TURN * old_size * size
        bad |= size < _FLATTEST * side
        good[owner[bad]] = False
    return good


def _two_common_neighbours(keys: np.ndarray, around: _Rings, count: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(E,) bool: whether a and b have two common neighbours and other ones besides (keys: all half-edges, sorted)."""
    owner, neighbour = around.of(a)
    wanted = neighbour * count + b[owner]
    found = keys[np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)] == wanted
    return (np.bincount(owner[found], minlength=len(a)) == 2) & (around.length[a] + around.length[b] > 6)


def _first_of_each(faces: np.ndarray, count: int, a: np.ndarray, b: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Those of the edges ``left`` (ascending numbers into a and b) that come before all others that share a face."""
    first = np.full((2, count), len(a))
    first[0, a[left[::-1]]] = left[::-1]  # of several edges the last one written, the earliest, stays
    first[1, b[left[::-1]]] = left[::-1]
    at_vertex = first.min(axis=0)
    at_face = np.minimum.reduce([at_vertex[faces[:, k]] for k in range(3)])
    best = at_vertex
    for k in range(3):
        np.minimum.at(best, faces[:, k], at_face)
    return left[(best[a[left]] == left) & (best[b[left]] == left)]


def _pick(
    place: np.ndarray, faces: np.ndarray, a: np.ndarray, b: np.ndarray, target: np.ndarray, thorough: bool
) -> np.ndarray:
    """Numbers of edges that may all be collapsed at once, earlier ones preferred.

    Arguments:
        place: (V, 3). faces: (F, 3) int64. a, b: (E,) ends of the candidates, best first. target: (E, 3) where each
            of them would go. thorough: test all candidates, not only those that come first in their surroundings.

    Returns:
        ascending numbers; no face touches two of these edges.
    """
    count = len(place)
    start, end = topology.half_edges(faces)
    keys = np.sort(start * count + end)
    around = _Rings(start, end, count)
    rings = _Rings(start, np.arange(len(start)) // 3, count)
    chosen: list[np.ndarray] = []
    left = np.arange(len(a))
    if thorough:
        left = left[_two_common_neighbours(keys, around, count, a, b)]
        left = left[_keeps_its_shape(place, faces, rings, a[left], b[left], target[left])]
    for _ in range(_PICKS):
        if not len(left):
            break
        won = _first_of_each(faces, count, a, b, left)
        good = won[_two_common_neighbours(keys, around, count, a[won], b[won])]
        good = good[_keeps_its_shape(place, faces, rings, a[good], b[good], target[good])]
        chosen.append(good)
        # Out of this round: edges that failed, and those at a vertex of a face that a chosen edge touches.
        out = np.zeros(len(a), dtype=bool)
        out[won] = True
        ends = np.zeros(count, dtype=bool)
        ends[a[good]] = ends[b[good]] = True
        touched = np.zeros(count, dtype=bool)
        touched[faces[ends[faces[:, 0]] | ends[faces[:, 1]] | ends[faces[:, 2]]]] = True
        left = left[~(out[left] | touched[a[left]] | touched[b[left]])]
    return np.sort(np.concatenate(chosen)) if chosen else left


def collapse(mesh: Mesh, faces: int, check: Callable[[], None] = lambda: None) -> Mesh:
    """Collapse edges until at most ``faces`` faces are left, or no edge may go any more.

    Arguments:
        mesh: closed, two-manifold, consistently wound, core frame.
        faces: the budget. check: called once a round; may raise to stop.

    Returns:
        a closed two-manifold mesh with the pieces and the genus of the given one; it has more faces than asked for if
        every remaining edge would break that (each handle needs a few faces) or turn a face over.
    """
    place = mesh.vertices.astype(np.float64)
    corners = mesh.faces.astype(np.int64)
    quadric = _quadrics(place, corners)
    thorough = False
    while len(corners) > faces:
        check()
        start, end = topology.half_edges(corners)
        once = start < end
        a, b = start[once], end[once]
        target, cost = _best_places(quadric[a] + quadric[b])
        looked_at = len(a) if thorough else max(1, int(_SHARE * len(a)))
        cheap = np.argpartition(cost, looked_at - 1)[:looked_at]
        cheap = cheap[np.argsort(cost[cheap], kind="stable")]
        picked = _pick(place, corners, a[cheap], b[cheap], target[cheap], thorough)
        if thorough and not len(picked):
            break
        thorough = thorough or len(picked) < _STALLED * len(a)
        picked = cheap[picked[: (len(corners) - faces + 1) // 2]]
        a, b = a[picked], b[picked]
        place[a] = target[picked]
        quadric[a] += quadric[b]
        name = np.arange(len(place))
        name[b] = a
        corners = name[corners]
        gone = (corners[:, 0] == corners[:, 1]) | (corners[:, 1] == corners[:, 2]) | (corners[:, 2] == corners[:, 0])
        corners = corners[~gone]
        used = np.zeros(len(place), dtype=bool)
        used[corners] = True
        number = np.cumsum(used) - 1
        corners, place, quadric = number[corners], place[used], quadric[used]
    return compact(place.astype(np.float32), corners.astype(np.int32))
