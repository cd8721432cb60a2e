"""Which triangle of a UV layout lies under which texel.

A texel belongs to a triangle if its centre does. Each triangle is cut into one span per row of texels; all spans of
all triangles are then unrolled at once. The ends of a span come from the same formula on both sides of a shared edge,
and spans are half open, so an edge never gives a texel to both of its triangles, nor to none.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Spans(NamedTuple):
    """Runs of texels: the face, row and first column of each run and its length in texels, all (S,) int64."""

    face: np.ndarray
    row: np.ndarray
    column: np.ndarray
    length: np.ndarray


def _to_texels(uvs: np.ndarray, size: int) -> np.ndarray:
    """(F, 3, 2) float64 texel coordinates (x to the right, y down) of UVs with the origin at the bottom left."""
    points = uvs.astype(np.float64) * size
    points[..., 1] = size - points[..., 1]
    return points


def _first_centre(value: np.ndarray) -> np.ndarray:
    """Number of the first texel centre (k + 0.5) at or after ``value``."""
    return np.ceil(value - 0.5).astype(np.int64)


def spans_of(points: np.ndarray, width: int, height: int) -> Spans:
    """Runs of texel centres within each triangle, in the order of the triangles.

    Arguments:
        points: (F, 3, 2) float64 texel coordinates, x to the right and y down. width, height: of the image.
    """
    order = np.argsort(points[:, :, 1], axis=1, kind="stable")
    sorted_points = np.take_along_axis(points, order[:, :, None], axis=1)
    top, middle, bottom = (sorted_points[:, i] for i in range(3))
    first = np.clip(_first_centre(top[:, 1]), 0, height)
    rows = np.clip(_first_centre(bottom[:, 1]), 0, height) - first
    face = np.repeat(np.arange(len(points)), rows)
    row = np.arange(len(face)) - np.repeat(np.cumsum(rows) - rows, rows) + first[face]
    y = row + 0.5

    with np.errstate(divide="ignore", invalid="ignore"):  # level edges are never used: no row lies between their ends
        slope = [(b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1]) for a, b in ((top, bottom), (top, middle), (middle, bottom))]
    long = top[face, 0] + (y - top[face, 1]) * slope[0][face]
    upper = y < middle[face, 1]
    start = np.where(upper[:, None], top[face], middle[face])
    short = start[:, 0] + (y - start[:, 1]) * np.where(upper, slope[1][face], slope[2][face])
    begin = np.clip(_first_centre(np.minimum(long, short)), 0, width)
    length = np.clip(_first_centre(np.maximum(long, short)), 0, width) - begin
    hit = length > 0
    return Spans(face[hit], row[hit], begin[hit], length[hit])


def unroll(spans: Spans, width: int) -> np.ndarray:
    """(N,) int32 flat numbers of the texels of all spans, one after the other."""
    start = spans.row * width + spans.column - (np.cumsum(spans.length) - spans.length)
    return np.repeat(start.astype(np.int32), spans.length) + np.arange(int(spans.length.sum()), dtype=np.int32)


def cover_count(uvs: np.ndarray, size: int) -> np.ndarray:
    """(size * size,) int64: how many triangles of ``uvs`` (F, 3, 2) lie over each texel centre, row 0 at the top."""
    spans = spans_of(_to_texels(uvs, size), size, size)
    return np.bincount(unroll(spans, size), minlength=size * size)


def rasterise(uvs: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the triangle and the place on it for every covered texel.

    Arguments:
        uvs: (F, 3, 2) float, UVs in [0, 1] with the origin at the bottom left; parts outside are cut off.
        size: texels along each side of the square image.

    Returns:
        face (N,) int32; barycentric (N, 3) float32, each in [0, 1] with sum 1; texel (N,) int32 flat row-major
        number with row 0 at the top, ascending, each once (where triangles overlap the first one wins).
    """
    points = _to_texels(uvs, size)
    spans = spans_of(points, size, size)
    flat = unroll(spans, size)
    # The texel's owner is the first span over it: write in reverse, so that the first one is written last.
    of_span = np.repeat(np.arange(len(spans.face), dtype=np.int32), spans.length)
    owner = np.full(size * size, -1, dtype=np.int32)
    owner[flat[::-1]] = of_span[::-1]
    texel = np.flatnonzero(owner >= 0).astype(np.int32)
    span = owner[texel]

    # Barycentric coordinates are affine in x and y: one value per span, one step per texel.
    a, b, c = points[:, 0], points[:, 1], points[:, 2]
    double_area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    scale = 1.0 / np.where(double_area == 0.0, 1.0, double_area)
    x, y = spans.column + 0.5, spans.row + 0.5
    along = (texel - (spans.row * size + spans.column).astype(np.int32)[span]).astype(np.float32)
    barycentric = np.empty((len(texel), 3), dtype=np.float32)
    for corner, (p, q) in ((1, (c, a)), (2, (a, b))):  # corner k has weight 1 at k, 0 on the edge p-q
        edge = (q - p)[spans.face]
        at = (edge[:, 0] * (y - p[spans.face, 1]) - edge[:, 1] * (x - p[spans.face, 0])) * scale[spans.face]
        step = -edge[:, 1] * scale[spans.face]
        barycentric[:, corner] = at.astype(np.float32)[span] + along * step.astype(np.float32)[span]
    # Rounding can put a centre on an edge a hair outside.
    np.clip(barycentric[:, 1], 0.0, 1.0, out=barycentric[:, 1])
    np.clip(barycentric[:, 2], 0.0, 1.0 - barycentric[:, 1], out=barycentric[:, 2])
    barycentric[:, 0] = 1.0 - barycentric[:, 1] - barycentric[:, 2]
    np.maximum(barycentric[:, 0], 0.0, out=barycentric[:, 0])
    return spans.face[span].astype(np.int32), barycentric, texel
