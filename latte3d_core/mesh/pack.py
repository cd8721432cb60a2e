"""Packing charts into a square: falling blocks with exact outlines.

Every chart is known by its profile: for each column of cells, how low and how high it reaches. Charts drop, the
broadest first, in the best of four quarter turns, onto the skyline of those already there. The width of the strip is
tuned until the pile is as high as it is wide. No chart is mirrored, so tangent space has one handedness everywhere.

xatlas could do the packing alone. Measured on nine shapes of 5,000 faces, it covers about as much (0.3 to 0.68 of the
square either way), but takes 0.13 to 0.3 s where this takes 0.04 to 0.08 s on ordinary shapes, mirrors half of the
charts, and holds the interpreter lock meanwhile.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

#: Columns across the finished square, about, and the share of it that charts and their padding fill, about.
_COLUMNS, _FILL = 256, 0.8

#: Widths of the strip that are tried, as shares of the width that the first trial suggests, and how many charts may
#: fall in all: with many small charts one width is as good as another.
_WIDTHS = (1.0, 0.97, 0.94, 1.03, 0.91, 1.06, 1.1, 1.15, 1.2)
_MOST_DROPS = 500

#: With more charts than this only two of the four quarter turns are tried.
_MANY = 200

#: How much wider than expected the square may turn out before charts come closer than their padding.
_GROWTH = 1.25

#: What a hole that nothing can fall into any more counts, against the height of the pile.
_HOLES = 1.5

#: Directions in which a chart's smallest box is looked for, and the share of its area that turning has to save.
_ANGLES, _WORTH_TURNING = 16, 0.07


class _Profile(NamedTuple):
    """Outline of one chart in one turn, in cells: where it begins and ends in each column, (w,) float32 each."""

    low: np.ndarray
    high: np.ndarray


class _Layout(NamedTuple):
    """A way to place the charts: quarter turn (C,), corner (C, 2) in cells, height of the pile, side of the square."""

    turn: np.ndarray
    corner: np.ndarray
    height: float
    side: float


def _profiles(points: np.ndarray, chart: np.ndarray, count: int, width: np.ndarray, pad: float) -> list[_Profile]:
    """Outlines by columns of x. ``points`` (F, 3, 2) in cells, each chart from ``pad`` up; ``width`` (C,) columns."""
    first = np.floor(points[:, :, 0].min(axis=1) - pad).astype(np.int64)
    columns = np.ceil(points[:, :, 0].max(axis=1) + pad).astype(np.int64) - first
    face = np.repeat(np.arange(len(points)), columns)
    column = np.arange(len(face)) - np.repeat(np.cumsum(columns) - columns, columns) + first[face]
    left, right = column - pad, column + 1.0 + pad
    low, high = np.full(len(face), np.inf), np.full(len(face), -np.inf)
    for i, j in ((0, 1), (1, 2), (2, 0)):
        a, b = points[face, i], points[face, j]
        run = b[:, 0] - a[:, 0]
        slope = (b[:, 1] - a[:, 1]) / np.where(run == 0.0, 1.0, run)
        outside = (np.maximum(a[:, 0], b[:, 0]) < left) | (np.minimum(a[:, 0], b[:, 0]) > right)
        for end in (a, b):  # the ends of the part of the edge that is within the column
            x = np.clip(end[:, 0], left, right)
            y = np.where(run == 0.0, end[:, 1], a[:, 1] + (x - a[:, 0]) * slope)
            np.minimum(low, np.where(outside, np.inf, y), out=low)
            np.maximum(high, np.where(outside, -np.inf, y), out=high)
    start = np.cumsum(width) - width
    place = start[chart[face]] + np.clip(column, 0, width[chart[face]] - 1)
    lowest, highest = np.full(int(width.sum()), np.inf), np.full(int(width.sum()), -np.inf)
    np.minimum.at(lowest, place, low)
    np.maximum.at(highest, place, high)
    cuts = start[1:]
    lowest, highest = (lowest - pad).astype(np.float32), (highest + pad).astype(np.float32)
    pairs = zip(np.split(lowest, cuts), np.split(highest, cuts), strict=True)
    return [_Profile(low, high) for low, high in pairs]


def _drop(shapes: list[list[_Profile]], order: np.ndarray, columns: int, limit: float) -> _Layout | None:
    """Let the charts fall onto a strip of so many columns, in the given order; None if the pile reaches ``limit``."""
    skyline = np.zeros(columns, dtype=np.float32)
    turns = np.zeros(len(shapes), dtype=np.int64)
    corners = np.zeros((len(shapes), 2))
    for c in order:
        best = (np.inf, 0, 0, 0.0)
        below = np.concatenate([[0.0], np.cumsum(skyline, dtype=np.float64)])
        for turn, (low, high) in enumerate(shapes[c]):
            wide = len(low)
            if wide > columns:
                continue
            windows = np.lib.stride_tricks.sliding_window_view(skyline, wide)
            rest = (windows - low).max(axis=1)
            hole = rest * wide - (below[wide:] - below[:-wide])  # but for a constant, added at the end
            score = rest + hole * (_HOLES / columns)
            x = int(score.argmin())
            if rest[x] + high.max() >= limit:
                continue
            total = float(score[x] + high.max() + low.sum() * (_HOLES / columns))
            if total < best[0]:
                best = (total, turn, x, float(rest[x]))
        total, turn, x, y = best
        if not np.isfinite(total):
            return None
        turns[c], corners[c] = turn, (x, y)
        high = shapes[c][turn].high
        skyline[x : x + len(high)] = y + high
    height = float(skyline.max())
    return _Layout(turns, corners, height, max(float(columns), height))


def _boxes(flat: np.ndarray, chart: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Turn each chart so that its box is small, and move it to the origin: the points and the extents (C, 2)."""
    order = np.argsort(chart, kind="stable")
    starts = np.searchsorted(chart[order], np.arange(count)) * 3
    points = flat[order].reshape(-1, 2)
    angle = np.arange(_ANGLES) * (np.pi / 2.0 / _ANGLES)
    cosine, sine = np.cos(angle), np.sin(angle)
    low, high = np.empty((count, _ANGLES, 2)), np.empty((count, _ANGLES, 2))
    x, y = points.T.copy()
    for k in range(_ANGLES):  # one by one: a million triangles in all directions at once would fill the memory
        for axis, values in enumerate((x * cosine[k] - y * sine[k], x * sine[k] + y * cosine[k])):
            np.minimum.reduceat(values, starts, out=low[:, k, axis])
            np.maximum.reduceat(values, starts, out=high[:, k, axis])
    area = (high - low).prod(axis=2)
    area[:, 0] *= 1.0 - _WORTH_TURNING  # straight things stay straight, and their texels with them
    best = area.argmin(axis=1)
    low, high = low[np.arange(count), best], high[np.arange(count), best]
    c, s = cosine[best][chart][:, None], sine[best][chart][:, None]
    turned = np.stack([flat[:, :, 0] * c - flat[:, :, 1] * s, flat[:, :, 0] * s + flat[:, :, 1] * c], axis=2)
    return np.maximum(turned - low[chart][:, None, :], 0.0), high - low


def pack(flat: np.ndarray, chart: np.ndarray, count: int, texture_size: int, padding: int) -> np.ndarray:
    """Place charts in the unit square, all to one scale.

    Arguments:
        flat: (F, 3, 2) float64 coordinates of the face corners within their charts, in any unit.
        chart: (F,) labels 0..count-1. texture_size: texels along the square's side.
        padding: texels that stay free round each chart, shared between neighbours.

    Returns:
        (F, 3, 2) float32 UVs in [0, 1]; charts are turned by quarters and moved, never mirrored or stretched.
    """
    points, box = _boxes(flat, chart, count)
    edge1, edge2 = points[:, 1] - points[:, 0], points[:, 2] - points[:, 0]
    area = np.abs(edge1[:, 0] * edge2[:, 1] - edge1[:, 1] * edge2[:, 0]).sum() / 2.0
    # The side of the square in the unit of the charts: it has to hold them and half their padding on each side.
    side = np.sqrt(area / _FILL)
    for _ in range(8):
        pad = padding / 2.0 * side / texture_size
        side = np.sqrt((area + (2.0 * pad * box.sum(axis=1) + 4.0 * pad * pad).sum()) / _FILL)
    cell = side / _COLUMNS
    pad = padding / 2.0 * _GROWTH * _COLUMNS / texture_size
    points = points / cell + pad
    extent = np.maximum(np.ceil(box / cell + 2.0 * pad), 1.0)
    size = extent.astype(np.int64)
    by_x = _profiles(points, chart, count, size[:, 0], pad)
    by_y = _profiles(points[:, :, ::-1], chart, count, size[:, 1], pad)
    shapes = []
    for (x_low, x_high), (y_low, y_high), (width, height) in zip(by_x, by_y, extent, strict=True):
        shapes.append(
            [
                _Profile(x_low, x_high),  # (x, y)
                _Profile(y_low[::-1], y_high[::-1]),  # (h - y, x)
                _Profile((height - x_high)[::-1], (height - x_low)[::-1]),  # (w - x, h - y)
                _Profile(width - y_high, width - y_low),  # (y, w - x)
            ]
        )
    if count > _MANY:
        shapes = [turns[:2] for turns in shapes]
    order = np.argsort(-extent.min(axis=1), kind="stable")
    widest = int(extent.min(axis=1).max())  # no strip can be narrower than this chart
    columns = max(_COLUMNS, widest)
    best = _drop(shapes, order, columns, np.inf)
    if best is None:
        raise ValueError("there are no charts to pack")
    # A pile of height h on c columns would be about square on sqrt(h * c) columns.
    suggested = np.sqrt(columns * best.height)
    for share in _WIDTHS[: max(1, _MOST_DROPS // count - 1)]:
        columns = max(int(suggested * share), widest)
        if columns < best.side:
            best = _drop(shapes, order, columns, best.side) or best
    u, v = points[:, :, 0], points[:, :, 1]
    width, height = (extent[chart, k][:, None] for k in range(2))
    turn = best.turn[chart][:, None]
    turned = np.stack(
        [
            np.choose(turn, [u, height - v, width - u, v]),
            np.choose(turn, [v, u, height - v, width - u]),
        ],
        axis=2,
    )
    return np.clip((turned + best.corner[chart][:, None, :]) / best.side, 0.0, 1.0).astype(np.float32)
