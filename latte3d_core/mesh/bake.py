"""Painting the texture: ask the colour field at the place on the surface that each texel shows.

No views are rendered. Each texel's place on the decimated mesh is first pulled onto the true surface by one Newton
step along the gradient of the distance grid; the direction of that gradient, seen from the decimated mesh, is the
normal map.

The tangent frame is the one that glTF viewers and Blender derive (MikkTSpace): smooth normals weighted by angle, and
at each vertex the mean of the u directions of its faces, weighted by angle, kept apart where charts meet or mirror.
Within a triangle both are interpolated and not made perpendicular again, the bitangent is sign * cross(normal,
tangent), and the vector is made unit length at the texel. MikkTSpace's own grouping differs where a vertex's faces
of one chart meet only at the vertex, which a two-manifold mesh has at chart corners alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from latte3d_core.mesh import geometry
from latte3d_core.mesh.raster_uv import rasterise
from latte3d_core.mesh.types import Mesh
from latte3d_core.progress import Progress

#: Points handed to the colour function at a time.
_CHUNK = 131072

#: Texels worked on at a time in between: few enough that the arrays stay in the processor's cache.
_BLOCK = 16384

#: Longest way from the decimated mesh to the true surface that a texel is pulled, in core units.
_MAX_PULL = 0.03

#: A normal map never tilts further than this from the mesh's own normal (cosine): beyond, light leaks round edges.
_MIN_COSINE = 0.2

_FLAT_NORMAL = (128, 128, 255)


def corner_tangents(mesh: Mesh, uvs: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tangents of a mesh with UVs, as viewers derive them.

    Arguments:
        mesh: (V, 3) vertices, (F, 3) faces. uvs: (F, 3, 2). normals: (V, 3) unit vectors.

    Returns:
        tangent (F, 3, 3) float32 unit vectors at the corners, perpendicular to the normals, along growing u; and sign
        (F,) float32: the bitangent is ``sign * cross(normal, tangent)``; -1 on mirrored charts.
    """
    corner = mesh.vertices.astype(np.float64)[mesh.faces]
    flat = uvs.astype(np.float64)
    edge1, edge2 = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    d1, d2 = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    sign = np.where(d1[:, 0] * d2[:, 1] - d1[:, 1] * d2[:, 0] < 0.0, -1.0, 1.0)
    along = sign[:, None] * (edge1 * d2[:, 1:] - edge2 * d1[:, 1:])
    normal = normals.astype(np.float64)[mesh.faces]
    # Project into each corner's tangent plane, then average over the corners that share vertex, UV and sign.
    tangent = geometry.unit(along[:, None, :] - normal * np.einsum("fd,fid->fi", along, normal)[:, :, None])
    tangent *= geometry.corner_angles(corner)[:, :, None]
    places = np.stack([mesh.faces.ravel(), *np.round(uvs.reshape(-1, 2).T * 2**20), np.repeat(sign, 3)])
    order = np.lexsort(places)
    fresh = (places[:, order][:, 1:] != places[:, order][:, :-1]).any(axis=0)
    group = np.empty(len(order), dtype=np.int64)
    group[order] = np.concatenate([[0], np.cumsum(fresh)])
    total = np.stack([np.bincount(group, weights=tangent[:, :, k].ravel()) for k in range(3)], axis=1)
    return geometry.unit(total)[group].reshape(-1, 3, 3).astype(np.float32), sign.astype(np.float32)


#: Points are kept as lists of three arrays, x, y and z: NumPy is several times quicker along one long axis.
_Triple = list[np.ndarray]


def _cross(a: _Triple, b: _Triple) -> _Triple:
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def _dot(a: _Triple, b: _Triple) -> np.ndarray:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


class _Field:
    """Distances and smooth gradients of a grid, to be read anywhere in the core's cube.

    The gradient is the central difference at each sample, interpolated like the distance itself: unlike the
    derivative of the trilinear distance it does not jump at the cells' walls, which would show in the normal map.
    """

    def __init__(self, grid: np.ndarray) -> None:
        grid = np.ascontiguousarray(grid, dtype=np.float32)
        self._size = size = grid.shape[0]
        self._samples = [grid.ravel()]
        for axis in range(3):
            slope = np.zeros_like(grid)
            along = np.moveaxis(slope, axis, 0)
            values = np.moveaxis(grid, axis, 0)
            np.subtract(values[2:], values[:-2], out=along[1:-1])
            along[0], along[-1] = along[1], along[-2]
            slope *= (size - 1) / 4.0
            self._samples.append(slope.ravel())

    def at(self, points: _Triple) -> tuple[np.ndarray, _Triple]:
        """Distances (N,) and gradients 3 x (N,), float32, at points 3 x (N,) in the core frame."""
        size = self._size
        base = np.zeros(len(points[0]), dtype=np.int64)
        parts = []
        for axis in range(3):
            place = np.clip((points[axis] + 1.0) * ((size - 1) / 2.0), 0.0, size - 1.001)
            cell = place.astype(np.int64)
            parts.append((1.0 - (place - cell.astype(np.float32)), place - cell.astype(np.float32)))
            base = base * size + cell
        total = [np.zeros(len(base), dtype=np.float32) for _ in self._samples]
        for corner in range(8):
            i, j, k = corner >> 2, corner >> 1 & 1, corner & 1
            weight = parts[0][i] * parts[1][j] * parts[2][k]
            index = base + ((i * size + j) * size + k)
            for sums, samples in zip(total, self._samples, strict=True):
                sums += weight * samples.take(index)
        return total[0], total[1:]


def _pull(points: _Triple, distance: np.ndarray, gradient: _Triple) -> _Triple:
    """One Newton step towards the zero surface, no longer than ``_MAX_PULL``."""
    steep = np.maximum(_dot(gradient, gradient), 1e-6)
    step = distance / steep
    step *= np.minimum(1.0, _MAX_PULL / np.maximum(np.abs(step) * np.sqrt(steep), 1e-12))
    return [p - step * g for p, g in zip(points, gradient, strict=True)]


def _tangent_normals(true: _Triple, normal: _Triple, tangent: _Triple, sign: np.ndarray) -> np.ndarray:
    """(N, 3) uint8 normal map texels of the true normals, given the interpolated frame at each texel."""
    bitangent = [sign * axis for axis in _cross(normal, tangent)]
    # The viewer computes x * T + y * B + z * N with T, B, N as they are here, neither unit length nor square to each
    # other: solve that for (x, y, z) by Cramer's rule; only the direction matters.
    across = _cross(tangent, bitangent)
    flip = np.where(_dot(across, normal) < 0.0, np.float32(-1.0), np.float32(1.0))
    x, y, z = (_dot(side, true) * flip for side in (_cross(bitangent, normal), _cross(normal, tangent), across))
    z = np.maximum(z, _MIN_COSINE * np.sqrt(x * x + y * y + z * z))
    scale = 127.5 / np.maximum(np.sqrt(x * x + y * y + z * z), 1e-20)
    texels = np.empty((len(x), 3), dtype=np.uint8)
    for column, axis in enumerate((x, y, z)):
        texels[:, column] = axis * scale + 128.0  # truncation rounds, for 127.5 + 0.5 is 128
    return texels


class _Lattice(NamedTuple):
    """Which texels are asked, and from which of them the others are averaged."""

    asked: np.ndarray  # (M,) positions among the covered texels
    averaged: tuple[tuple[np.ndarray, np.ndarray], ...]  # pairs of positions (K,) and their (K, 2 or 4) sources


def _every_other(covered: np.ndarray, size: int) -> _Lattice:
    """Ask every second texel of every second row, and every texel that does not lie between asked ones, so that the
    rims of the charts are exact and no chart borrows from another."""
    wide = size + 2
    row, column = np.divmod(covered, size)
    place = (row + 1) * wide + column + 1
    where = np.full(wide * wide, -1, dtype=np.int32)
    where[place] = np.arange(len(covered), dtype=np.int32)
    between = np.zeros(len(covered), dtype=bool)
    averaged = []
    for odd_row, odd_column, offsets in (
        (0, 1, (-1, 1)),
        (1, 0, (-wide, wide)),
        (1, 1, (-wide - 1, -wide + 1, wide - 1, wide + 1)),
    ):
        mine = np.flatnonzero((row % 2 == odd_row) & (column % 2 == odd_column))
        sources = np.stack([where.take(place[mine] + offset) for offset in offsets], 1)
        whole = (sources >= 0).all(1)
        averaged.append((mine[whole], sources[whole]))
        between[mine[whole]] = True
    return _Lattice(np.flatnonzero(~between), tuple(averaged))


def _spread(asked: np.ndarray, lattice: _Lattice, count: int) -> np.ndarray:
    """Values (count, 3) uint8 of all covered texels from those (M, 3) of the asked ones, means rounded to nearest."""
    values = np.zeros((count, 3), dtype=np.uint8)
    values[lattice.asked] = asked
    for position, sources in lattice.averaged:
        number = sources.shape[1]
        total = np.full((len(position), 3), number // 2, dtype=np.uint16)
        for k in range(number):
            total += values[sources[:, k]]
        values[position] = total // number
    return values


def _sources(covered: np.ndarray, size: int, steps: int) -> np.ndarray:
    """Which covered texel each texel of the image copies.

    Arguments:
        covered: (N,) flat numbers. size: texels along each side. steps: how far islands grow.

    Returns:
        (size * size,) int32 positions in ``covered``: a covered texel's own, a nearby one's within ``steps`` texels of
        an island, -1 elsewhere.
    """
    source = np.full((size + 2) * (size + 2), -2, dtype=np.int32)  # with a rim, so that nothing wraps round
    square = source.reshape(size + 2, size + 2)
    square[1:-1, 1:-1] = -1
    row, column = np.divmod(covered, size)
    edge = (row + 1) * (size + 2) + column + 1
    source[edge] = np.arange(len(covered), dtype=np.int32)
    empty = square == -1
    beside = empty[1:-1, :-2] | empty[1:-1, 2:] | empty[:-2, 1:-1] | empty[2:, 1:-1]
    edge = edge[beside.ravel()[covered]]
    cross = (1, -1, size + 2, -size - 2)
    diagonal = (size + 3, -size - 3, size + 1, -size - 1)
    for step in range(steps):
        fresh = [edge[:0]]
        # Diagonal neighbours every other time make the growth an octagon, near enough to round.
        for offset in cross + diagonal * (step % 2):
            near = edge + offset
            free = source[near] == -1
            near = near[free]
            source[near] = source[edge[free]]
            fresh.append(near)
        edge = np.concatenate(fresh)
    return square[1:-1, 1:-1].ravel()


def _image(values: np.ndarray, rest: tuple[int, ...], source: np.ndarray, size: int) -> np.ndarray:
    """(H, W, 3) uint8 image of texel values (N, 3), ``rest`` where ``source`` is -1."""
    packed = np.zeros((len(values) + 1, 4), dtype=np.uint8)  # four bytes move as one number
    packed[:-1, :3] = values
    packed[-1, :3] = rest
    pixels = packed.view(np.uint32).ravel().take(source, mode="wrap")
    return np.ascontiguousarray(pixels.view(np.uint8).reshape(size, size, 4)[:, :, :3])


def bake(
    mesh: Mesh,
    uvs: np.ndarray,
    texture_size: int,
    color_fn: Callable[[np.ndarray], np.ndarray],
    sdf_grid: np.ndarray | None = None,
    normal_map: bool = True,
    dilate_px: int = 8,
    progress: Progress | None = None,
    detail: float = 0.0,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Make the textures of an unwrapped mesh.

    Arguments:
        mesh: (V, 3) vertices, (F, 3) faces, core frame. uvs: (F, 3, 2) float in [0, 1], origin at the bottom left.
        texture_size: texels along each side.
        color_fn: maps points (N, 3) float32, core frame, N up to 131072, to sRGB colours (N, 3) in [0, 1]; values
            outside are clipped, NaN becomes grey.
        sdf_grid: (R, R, R) signed distances as for ``isosurface.extract``: texels are pulled onto its zero surface
            before their colour is asked for, and its gradient makes the normal map. Without it neither happens.
        normal_map: make one, if there is an ``sdf_grid``.
        dilate_px: islands are widened by this many texels, so that filtering finds no seam.
        progress: its ``check`` is called with the finished fraction between chunks.
        detail: size of the finest detail that the field can hold, core units. Where two texels fit into half of it,
            only every other texel in each direction is asked, and those between are averaged. 0 asks them all.

    Returns:
        base_color (H, W, 3) uint8 sRGB, row 0 at the top, the rest filled with the mean colour; and the tangent-space
        normal map (H, W, 3) uint8, +Y up, the rest flat (128, 128, 255), or None.
    """
    progress = progress or Progress()
    face, barycentric, covered = rasterise(uvs, texture_size)
    texel, lattice = covered, None
    area = float(np.linalg.norm(geometry.face_vectors(mesh), axis=1).sum()) / 2
    if 2 * np.sqrt(area / max(1, len(covered))) <= detail / 2:
        lattice = _every_other(covered, texture_size)
        face, barycentric, texel = face[lattice.asked], barycentric[lattice.asked], covered[lattice.asked]
    field = _Field(sdf_grid) if sdf_grid is not None else None
    # One array per number that is interpolated, over all face corners: position, then normal and tangent.
    columns = [mesh.vertices[mesh.faces]]
    bumps, sign = None, np.zeros(0, dtype=np.float32)
    if field is not None and normal_map:
        bumps = np.empty((len(texel), 3), dtype=np.uint8)
        normals = geometry.vertex_normals(mesh)
        tangents, sign = corner_tangents(mesh, uvs, normals)
        columns += [normals[mesh.faces], tangents]
    at_corner = [np.ascontiguousarray(c[:, :, k].ravel(), dtype=np.float32) for c in columns for k in range(3)]

    points = np.empty((len(texel), 3), dtype=np.float32)
    colours = np.empty((len(texel), 3), dtype=np.uint8)
    for begin in range(0, len(texel), _CHUNK):
        progress.check(begin / len(texel))
        end = min(begin + _CHUNK, len(texel))
        for first in range(begin, end, _BLOCK):
            part = slice(first, min(first + _BLOCK, end))
            weights = [np.ascontiguousarray(barycentric[part, k]) for k in range(3)]
            corners = [face[part].astype(np.int64) * 3 + k for k in range(3)]
            value = [
                sum(weight * numbers.take(corner) for weight, corner in zip(weights, corners, strict=True))
                for numbers in at_corner
            ]
            place = value[:3]
            if field is not None:
                distance, gradient = field.at(place)
                place = _pull(place, distance, gradient)
                if bumps is not None:
                    bumps[part] = _tangent_normals(gradient, value[3:6], value[6:9], sign.take(face[part]))
            for k in range(3):
                np.clip(place[k], -1.0, 1.0, out=points[part, k])
        colour = np.asarray(color_fn(points[begin:end]), dtype=np.float32)
        colours[begin:end] = np.nan_to_num(np.clip(colour, 0.0, 1.0), nan=0.5) * 255.0 + 0.5

    if lattice is not None:
        colours = _spread(colours, lattice, len(covered))
        bumps = None if bumps is None else _spread(bumps, lattice, len(covered))
    source = _sources(covered, texture_size, dilate_px)
    mean = tuple(int(c) for c in np.rint(colours.mean(axis=0, dtype=np.float64))) if len(colours) else (128, 128, 128)
    base_color = _image(colours, mean, source, texture_size)
    return base_color, None if bumps is None else _image(bumps, _FLAT_NORMAL, source, texture_size)
