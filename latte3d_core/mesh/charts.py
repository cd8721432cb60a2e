"""Cutting a mesh into charts that lie flat without folding: six-sided box projection, seam tidying, layers.

The scheme is the box unwrap of Stable Fast 3D (Boss et al. 2024) in outline: each face is projected along the axis it
looks along. Where the parts of one chart come to lie over each other, the lower part is cut out and laid beside it;
this is found on a texel raster, at the density that the texture will have.
"""

from __future__ import annotations

import numpy as np

from latte3d_core.mesh import geometry, raster_uv, topology
from latte3d_core.mesh.types import Mesh

#: The six projections: axis and sign, as unit vectors.
LOOKS = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], dtype=np.float64)

#: The u and v directions of each projection; u x v is the direction itself, so that no chart is mirrored.
_RIGHT = np.array([[0, 0, -1], [0, 0, 1], [1, 0, 0], [1, 0, 0], [1, 0, 0], [-1, 0, 0]], dtype=np.float64)
_UP = np.cross(LOOKS, _RIGHT)

#: A face may be projected along a direction if the cosine between its normal and the direction is at least this.
_STEEPEST = 0.25

#: A chart with less than this share of the surface, or with fewer faces, is offered to its neighbours.
_TINY_SHARE, _TINY_FACES = 0.002, 8

#: A chart with at least this share of the surface that fills less than so much of its box may be cut into strips, seen
#: in so many columns; each cut has to save this share of the box, all of them together that share. Ragged charts that
#: would fall into more than so many parts stay whole: seams cost more than space.
_HOLLOW_SHARE, _HOLLOW_FILL = 0.005, 0.55
_COLUMNS, _CUT_COST, _MIN_SAVING, _MOST_PARTS = 24, 0.06, 0.3, 6

#: Share of a texture that packed charts are expected to cover.
FILL = 0.6


def _project(mesh: Mesh, look: np.ndarray) -> np.ndarray:
    """(F, 3, 2) float64 flat coordinates, in core units, of the faces projected along their directions ``look``."""
    corner = mesh.vertices.astype(np.float64)[mesh.faces]
    return np.stack([np.einsum("fid,fd->fi", corner, _RIGHT[look]), np.einsum("fid,fd->fi", corner, _UP[look])], axis=2)


def _directions(cosine: np.ndarray, vector: np.ndarray, across: np.ndarray) -> np.ndarray:
    """(F,) int64: the direction of each face, by its smoothed normal and then by the majority of its neighbours."""
    smooth = vector
    for _ in range(2):
        smooth = smooth + smooth[across].sum(axis=1)
    look = np.argmax(smooth @ LOOKS.T, axis=1)
    rows = np.arange(len(look))
    look = np.where(cosine[rows, look] >= _STEEPEST, look, np.argmax(cosine, axis=1))
    for _ in range(4):
        a, b, c = look[across].T
        wish = np.where((a == b) | (a == c), a, np.where(b == c, b, look))
        look = np.where(cosine[rows, wish] >= _STEEPEST, wish, look)
    return look


def label(key: np.ndarray, across: np.ndarray) -> tuple[np.ndarray, int]:
    """Charts: faces connected across edges with the same key; (F,) labels and their number."""
    face = np.repeat(np.arange(len(key)), 3)
    other = across.ravel()
    same = (key[face] == key[other]) & (face < other)
    return topology.components(len(key), face[same], other[same])


def _merge_tiny(look: np.ndarray, cosine: np.ndarray, area: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Give tiny charts the direction of the neighbour they share most edges with, if none of their faces folds."""
    face = np.repeat(np.arange(len(look)), 3)
    other = across.ravel()
    for _ in range(4):
        chart, count = label(look, across)
        size = np.bincount(chart, weights=area, minlength=count)
        faces = np.bincount(chart, minlength=count)
        tiny = (size < _TINY_SHARE * area.sum()) | (faces < _TINY_FACES)
        flattest = np.full((count, 6), np.inf)
        np.minimum.at(flattest, chart, cosine)
        border = (chart[face] != chart[other]) & tiny[chart[face]] & (size[chart[other]] > size[chart[face]])
        shared = np.zeros((count, 6))
        np.add.at(shared, (chart[face[border]], look[other[border]]), 1.0)
        shared[flattest < _STEEPEST] = 0.0
        moved = shared.max(axis=1) > 0.0
        if not moved.any():
            break
        look = np.where(moved[chart], np.argmax(shared, axis=1)[chart], look)
    return look


def lie_under(flat: np.ndarray, height: np.ndarray, chart: np.ndarray, count: int, density: float) -> np.ndarray:
    """(F,) bool: faces that lie under another face of their chart at some texel centre.

    Arguments:
        flat: (F, 3, 2) coordinates within the charts. height: (F,) of the faces along the projection.
        chart: (F,) labels 0..count-1. density: texels to a unit.
    """
    points = flat * density
    low = np.full((count, 2), np.inf)
    high = np.full((count, 2), -np.inf)
    np.minimum.at(low, chart, points.min(axis=1))
    np.maximum.at(high, chart, points.max(axis=1))
    extent = np.ceil(high - low).astype(np.int64) + 2
    # Lay the charts out on shelves, tallest first: this need not be tight, only apart.
    order = np.argsort(-extent[:, 1], kind="stable")
    width = max(int(np.sqrt(extent.prod(axis=1).sum())), 1)
    along = np.cumsum(extent[order, 0]) - extent[order, 0]
    shelf = along // width
    tallest = np.maximum.reduceat(extent[order, 1], np.flatnonzero(np.diff(shelf, prepend=-1)))
    used = np.unique(shelf, return_inverse=True)[1]
    place = np.empty((count, 2))
    place[order, 0] = along - shelf * width
    place[order, 1] = (np.cumsum(tallest) - tallest)[used]
    canvas = (width + int(extent[:, 0].max()), int(tallest.sum()))
    spans = raster_uv.spans_of(points + (np.floor(place) - np.floor(low))[chart][:, None, :], *canvas)
    texel = raster_uv.unroll(spans, canvas[0])
    crowded = np.bincount(texel)[texel] > 1
    texel, face = texel[crowded], np.repeat(spans.face, spans.length)[crowded]
    order = np.lexsort((-height[face], texel))
    texel, face = texel[order], face[order]
    under = np.zeros(len(flat), dtype=bool)
    under[face[1:][texel[1:] == texel[:-1]]] = True
    return under


def _strips(low: np.ndarray, high: np.ndarray) -> tuple[float, np.ndarray]:
    """Cut an outline given by columns into strips whose boxes together are small.

    Arguments:
        low, high: (n,) lowest and highest point in each column.

    Returns:
        the area of the boxes and the price of the cuts, in columns x height, and the columns (k,) that begin a strip.
    """
    count = len(low)
    price = _CUT_COST * count * (high.max() - low.min())
    best = [0.0]
    begin = []
    for end in range(1, count + 1):
        # Boxes of the strips that end here, by where they begin: longest last.
        tall = np.maximum.accumulate(high[:end][::-1]) - np.minimum.accumulate(low[:end][::-1])
        costs = np.array(best[::-1]) + np.arange(1, end + 1) * tall + price
        k = int(costs.argmin())
        best.append(float(costs[k]))
        begin.append(end - 1 - k)
    starts = []
    end = count
    while end > 0:
        end = begin[end - 1]
        starts.append(end)
    return best[-1] - price, np.array(starts[::-1])


def _cut_hollow(flat: np.ndarray, chart: np.ndarray, count: int) -> np.ndarray:
    """(F,) int64: 0, or the number of the strip of its chart that a face falls into.

    A table seen from the side is a bar with two legs: as one chart it would waste the space between them.
    """
    edge1, edge2 = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    area = np.abs(edge1[:, 0] * edge2[:, 1] - edge1[:, 1] * edge2[:, 0]) / 2.0
    share = np.bincount(chart, weights=area, minlength=count)
    strip = np.zeros(len(flat), dtype=np.int64)
    for c in np.flatnonzero(share >= _HOLLOW_SHARE * share.sum()):
        faces = np.flatnonzero(chart == c)
        points = flat[faces]
        origin, extent = points.min(axis=(0, 1)), np.ptp(points, axis=(0, 1))
        if share[c] >= _HOLLOW_FILL * extent.prod():
            continue
        found = ((1.0 - _MIN_SAVING) * _COLUMNS, strip[faces])
        for axis in (0, 1):
            across = (points[:, :, 1 - axis] - origin[1 - axis]) / extent[1 - axis]
            along = (points[:, :, axis] - origin[axis]) / extent[axis] * _COLUMNS
            column = np.clip(along.mean(axis=1), 0, _COLUMNS - 1).astype(np.int64)
            low, high = np.full(_COLUMNS, np.inf), np.full(_COLUMNS, -np.inf)
            np.minimum.at(low, column, across.min(axis=1))
            np.maximum.at(high, column, across.max(axis=1))
            filled = np.isfinite(low)  # large faces leave columns without a centre: those belong to the strip before
            if filled.sum() < 2:
                continue
            number = np.maximum.accumulate(np.where(filled, np.arange(_COLUMNS), 0))
            cost, starts = _strips(low[number], high[number])
            if cost < found[0]:
                found = (cost, np.searchsorted(starts, column, side="right"))
        strip[faces] = found[1]
    return strip


def projected(mesh: Mesh, across: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Choose a direction for each face, and project it.

    Arguments:
        across: (F, 3) the faces across the edges, a face itself where there is none.

    Returns:
        look (F,) indices into ``LOOKS``; flat (F, 3, 2) and height (F,) coordinates across and along the direction; and
        the area that all flat faces have together.
    """
    vector = geometry.face_vectors(mesh)
    cosine = geometry.unit(vector) @ LOOKS.T
    area = np.linalg.norm(vector, axis=1) / 2.0
    look = _merge_tiny(_directions(cosine, vector, across), cosine, area, across)
    height = np.einsum("fd,fd->f", mesh.vertices.astype(np.float64)[mesh.faces].mean(axis=1), LOOKS[look])
    return look, _project(mesh, look), height, float((area * cosine[np.arange(len(look)), look]).sum())


def cut(mesh: Mesh, texture_size: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Cut a mesh into flat charts.

    Arguments:
        mesh: closed, two-manifold, consistently wound. texture_size: texels along the side of the texture to come.

    Returns:
        flat (F, 3, 2) float64 coordinates in core units, not mirrored, equal along shared edges within a chart; chart
        (F,) int64 labels; and the number of charts. No two faces of a chart overlap, as far as a raster of the
        texture's density can tell.
    """
    twin = topology.twins(mesh.faces)
    if twin is None:
        raise ValueError("a mesh must be closed and two-manifold to be cut into charts")
    across = twin.reshape(-1, 3) // 3
    look, flat, height, flat_area = projected(mesh, across)
    density = np.sqrt(FILL * texture_size**2 / flat_area)
    layer = np.zeros(len(look), dtype=np.int64)
    while True:
        chart, count = label(look + 6 * layer, across)
        hidden = lie_under(flat, height, chart, count, density)
        if not hidden.any():
            break
        # Layers only grow, and the topmost face of a chart stays, so this ends after as many rounds as there are
        # layers; the parts cut out are charts of their own wherever they are not connected.
        layer[hidden] += 1
    strip = _cut_hollow(flat, chart, count)
    part, parts = label(chart * (_COLUMNS + 1) + strip, across)
    parent = np.zeros(parts, dtype=np.int64)
    parent[part] = chart
    shattered = np.bincount(parent, minlength=count) > _MOST_PARTS
    chart, count = label(chart * (_COLUMNS + 1) + np.where(shattered[chart], 0, strip), across)
    return flat, chart, count
