"""Marching cubes that is closed and two-manifold by construction.

The idea is Lorensen and Cline's (1987); the table is not theirs, which leaves holes where neighbouring cubes read an
ambiguous face differently. Here the 256 cases are derived when first needed from one rule about the faces of a cube,
so two cubes always agree on the face they share:

- walking round a face of the cube, every crossing into the solid is joined to a crossing out of it, and where there is
  a choice (two inside corners diagonally opposite) the inside corners are joined, which keeps thin slanted rods whole;
- the joins of the six faces close into loops, and every crossed cube edge lies on exactly one loop;
- a loop is filled by chords that run through the inside of the cube only. A chord within a face could be drawn a
  second time by the neighbour, and four triangles would meet there. Under this rule every loop has such a filling.

Hence every edge of the result has two triangles, in opposite directions, and every vertex a single ring of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from latte3d_core.errors import SurfaceError
from latte3d_core.mesh.types import Mesh

# Corner c of a cube stands at (c & 1, c >> 1 & 1, c >> 2 & 1). Edge 4 * axis + k runs along the axis from its
# k-th corner whose coordinate on that axis is 0.
_EDGE_START = [[c for c in range(8) if not c >> axis & 1] for axis in range(3)]
_EDGES = [(c, c | 1 << axis) for axis in range(3) for c in _EDGE_START[axis]]

#: Crossings keep this share of a grid edge away from its ends, so that no two vertices meet and no triangle is flat.
_MARGIN = 0.02


@dataclass(frozen=True)
class _Table:
    """Triangles of the 256 sign patterns (bit c of the case is set where corner c is inside).

    Attributes:
        count: (256,) int64, triangles of each case.
        triangles: (256, 5, 3) int64, edge numbers 0..11; rows past the count are zero.
    """

    count: np.ndarray
    triangles: np.ndarray


def _faces() -> list[list[int]]:
    """The corners of the six faces, counter-clockwise seen from outside the cube."""
    faces = []
    for axis in range(3):
        right, up = 1 << (axis + 1) % 3, 1 << (axis + 2) % 3
        ring = [0, right, right | up, up]
        faces.append([c | 1 << axis for c in ring])
        faces.append(ring[::-1])
    return faces


_FACES = _faces()
_EDGE_NUMBER = {pair: i for i, (a, b) in enumerate(_EDGES) for pair in ((a, b), (b, a))}
_FACES_OF_EDGE = [{f for f, ring in enumerate(_FACES) if a in ring and b in ring} for a, b in _EDGES]


def _loops_of(case: int) -> list[list[int]]:
    """The closed loops of crossed edges of one sign pattern, counter-clockwise seen from the outside region."""
    inside = [bool(case >> c & 1) for c in range(8)]
    follow: dict[int, int] = {}
    for ring in _FACES:
        crossings = []  # (edge number, True where the walk enters the solid), in walking order
        for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
            if inside[a] != inside[b]:
                crossings.append((_EDGE_NUMBER[a, b], inside[b]))
        for i, (edge, enters) in enumerate(crossings):
            if enters:  # joined to the exit just before it, i.e. round the outside corner between the two
                follow[edge] = crossings[i - 1][0]
    loops = []
    while follow:
        start, edge = next(iter(follow.items()))
        loop = [start]
        del follow[start]
        while edge != start:
            loop.append(edge)
            edge = follow.pop(edge)
        loops.append(loop)
    return loops


def _fill(loop: list[int]) -> list[tuple[int, int, int]]:
    """Triangulate a loop of cube edges with the shortest chords of which none lies in a face of the cube."""
    corner = np.array([[c & 1, c >> 1 & 1, c >> 2 & 1] for c in range(8)], dtype=float)
    middle = [(corner[_EDGES[e][0]] + corner[_EDGES[e][1]]) / 2 for e in loop]
    n = len(loop)

    @cache
    def best(i: int, j: int) -> tuple[float, tuple[tuple[int, int, int], ...]] | None:
        """Cheapest filling of the polygon i..j whose side (i, j) is given."""
        if j == i + 1:
            return 0.0, ()
        found = None
        for k in range(i + 1, j):
            cost = 0.0
            for a, b in ((i, k), (k, j)):
                if b > a + 1:
                    if _FACES_OF_EDGE[loop[a]] & _FACES_OF_EDGE[loop[b]]:
                        break
                    cost += float(np.linalg.norm(middle[a] - middle[b]))
            else:
                left, right = best(i, k), best(k, j)
                if left is None or right is None:
                    continue
                cost += left[0] + right[0]
                if found is None or cost < found[0] - 1e-9:
                    found = cost, (*left[1], (loop[i], loop[k], loop[j]), *right[1])
        return found

    result = best(0, n - 1)
    if result is None:  # cannot happen for the loops of a cube: the tests build all 256 cases
        raise ValueError(f"the loop {loop} cannot be filled from within the cube")
    return list(result[1])


@cache
def _table() -> _Table:
    """Build the 256 cases (some 50 ms, once per process)."""
    rows = [[triangle for loop in _loops_of(case) for triangle in _fill(loop)] for case in range(256)]
    count = np.array([len(row) for row in rows])
    table = np.zeros((256, int(count.max()), 3), dtype=np.int64)
    for case, row in enumerate(rows):
        if row:
            table[case, : len(row)] = row
    return _Table(count, table)


def _prepare(sdf: np.ndarray) -> np.ndarray:
    """Check the grid and return a float32 copy whose outer samples are outside."""
    grid = np.array(sdf, dtype=np.float32, order="C")
    if grid.ndim != 3 or len(set(grid.shape)) != 1 or grid.shape[0] < 3:
        raise SurfaceError(f"A distance grid must have the shape (R, R, R) with R of 3 or more, not {grid.shape}.")
    low, high = float(grid.min()), float(grid.max())  # a NaN anywhere makes both NaN
    if not (np.isfinite(low) and np.isfinite(high)):
        raise SurfaceError("The distance field holds values that are not numbers; the model file may be damaged.")
    if low >= 0.0:
        raise SurfaceError("The field holds no solid part, so there is no surface; try other words or another seed.")
    if high < 0.0:
        raise SurfaceError("The field is solid everywhere, so there is no surface; try other words or another seed.")
    tiny = 1e-6
    for axis in range(3):
        for side in (0, -1):
            face = grid[(slice(None),) * axis + (side,)]
            np.maximum(face, tiny, out=face)
    return grid


def extract(sdf: np.ndarray) -> Mesh:
    """The zero surface of a signed-distance grid as a closed, two-manifold triangle mesh.

    Arguments:
        sdf: (R, R, R) float, index order [x, y, z], samples at ``np.linspace(-1, 1, R)`` on each axis (core frame),
            negative inside; only the signs and the ratios of neighbouring values matter. A solid that reaches the
            border of the grid is cut off there. Values of exactly zero count as outside.

    Returns:
        the mesh in the core frame, outward winding; no vertex is nearer than 2 % of a grid step to a grid point.
        Parts that touch across one grid point or cell may still be separate pieces.

    Raises:
        SurfaceError: the grid holds NaN or infinity, or no sample (or every sample) is inside.
    """
    grid = _prepare(sdf)
    size = grid.shape[0]
    table = _table()
    inside = grid < 0.0
    if not inside.any():
        raise SurfaceError("The field is solid only at its border, so there is no surface; try another seed.")

    # Case number of each cell, one axis at a time: 2, 4, then 8 bits.
    bits: np.ndarray = inside.view(np.uint8)
    bits = bits[:-1] | bits[1:] << 1
    bits = bits[:, :-1] | bits[:, 1:] << 2
    case = bits[:, :, :-1] | bits[:, :, 1:] << 4
    cell = np.flatnonzero(case + np.uint8(1) > 1)  # 255 wraps round to 0: neither empty nor full
    case = case.ravel()[cell].astype(np.int64)
    cells = size - 1
    x, rest = np.divmod(cell, cells * cells)
    y, z = np.divmod(rest, cells)
    base = (x * size + y) * size + z  # flat number of the cell's corner 0 among the samples

    # One vertex on each crossed grid edge; `number` finds it again from the edge's axis and first sample.
    strides = (size * size, size, 1)
    number = np.empty((3, size**3), dtype=np.int32)  # only crossed edges are ever written or read
    flat = grid.ravel()
    step = 2.0 / (size - 1)
    parts, total = [], 0
    for axis in range(3):
        crossed = np.zeros(inside.shape, dtype=bool)
        low = (slice(None),) * axis + (slice(None, -1),)
        high = (slice(None),) * axis + (slice(1, None),)
        np.not_equal(inside[low], inside[high], out=crossed[low])
        first = np.flatnonzero(crossed)
        a, b = flat[first].astype(np.float64), flat[first + strides[axis]].astype(np.float64)
        place = np.empty((len(first), 3))
        place[:, 0], rest = np.divmod(first, size * size)
        place[:, 1], place[:, 2] = np.divmod(rest, size)
        place[:, axis] += np.clip(a / (a - b), _MARGIN, 1.0 - _MARGIN)
        parts.append(place)
        number[axis, first] = np.arange(total, total + len(first), dtype=np.int32)
        total += len(first)
    number = number.ravel()

    # Flat offset of edge e into `number` from a cell's corner 0.
    offset = np.array(
        [
            axis * size**3 + sum((c >> k & 1) * strides[k] for k in range(3))
            for axis in range(3)
            for c in _EDGE_START[axis]
        ]
    )

    count = table.count[case]
    of_cell = np.repeat(np.arange(len(cell)), count)
    slot = np.arange(len(of_cell)) - np.repeat(np.cumsum(count) - count, count)
    edges = table.triangles[case[of_cell], slot]
    faces = number[base[of_cell][:, None] + offset[edges]]
    vertices = (np.concatenate(parts) * step - 1.0).astype(np.float32)
    return Mesh(vertices, np.ascontiguousarray(faces, dtype=np.int32))
