"""Where things stand: grids, curves, and points strewn over a surface. NumPy, no bpy.

Blender's frame: metres, +Z up, front -Y. All functions give the same for the same seed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .later import np
from .populate import share
from .translations import tr
from .wishes import Place, PopulateError, check_total

#: How often a place is sought for each one wanted before the surface counts as full, and how often at most beyond that.
TRIES, MOST_TRIES = 30, 100_000


def grid(count: int, centre: tuple[float, float, float], spacing: float, columns: int = 0) -> np.ndarray:
    """(count, 3) points in rows along +X, the first row in front, centred on ``centre``.

    Arguments:
        spacing: metres between neighbours.
        columns: points per row; 0 for a square.
    """
    columns = max(1, min(count, columns or math.ceil(math.sqrt(count))))
    rows = math.ceil(count / columns)
    at = np.arange(count)
    flat = np.stack([at % columns - (columns - 1) / 2, at // columns - (rows - 1) / 2, np.zeros(count)], axis=1)
    return flat * spacing + np.asarray(centre, float)


def along(lines: Sequence[tuple[np.ndarray, bool]], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points at equal distances along curves, and the curves' directions there: two (count, 3) arrays.

    Arguments:
        lines: of each curve the points (P, 3) and whether it is closed. An open one carries an object at both ends.

    Raises:
        PopulateError: no curve has a length.
    """
    paths = [np.concatenate([points, points[:1]]) if closed else points for points, closed in lines]
    lengths = np.array([np.linalg.norm(np.diff(path, axis=0), axis=1).sum() for path in paths])
    if not lengths.sum() > 0.0:
        raise PopulateError(tr("The curve has no length: draw it longer, or select another one."))
    points, directions = [np.zeros((0, 3))], [np.zeros((0, 3))]
    for path, (_, closed), part in zip(paths, lines, share(lengths.tolist(), count), strict=True):
        if not part:
            continue
        steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
        kept = np.concatenate([[True], steps > 0.0])  # points that coincide have no direction
        path, steps = path[kept], steps[steps > 0.0]
        ends = np.concatenate([[0.0], np.cumsum(steps)])
        if closed:
            at = np.arange(part) / part * ends[-1]
        else:
            at = np.linspace(0.0, ends[-1], part) if part > 1 else np.array([ends[-1] / 2])
        segment = np.clip(np.searchsorted(ends, at, side="right") - 1, 0, len(steps) - 1)
        direction = (path[segment + 1] - path[segment]) / steps[segment, None]
        points.append(path[segment] + direction * (at - ends[segment])[:, None])
        directions.append(direction)
    return np.concatenate(points), np.concatenate(directions)


def scatter(
    triangles: np.ndarray,
    *,
    seed: int,
    count: int = 0,
    density: float = 1.0,
    distance: float = 0.0,
    slope: float = 90.0,
) -> tuple[np.ndarray, np.ndarray, int]:
    """Points strewn evenly over a surface by throwing darts, none nearer to another than ``distance``.

    Arguments:
        triangles: (T, 3, 3) corners in metres, counter-clockwise seen from outside.
        count: how many; 0 for ``density`` times the area.
        density: objects per square metre.
        distance: least distance between two points, metres.
        slope: steepest surface that is used, degrees between its normal and up; above 90 undersides too.

    Returns:
        points (N, 3), unit normals (N, 3), and how many were wanted. N is less where no more fit.

    Raises:
        PopulateError: nothing of the surface is flat enough, or the density asks for too many.
    """
    across = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]).astype(float)
    doubled = np.linalg.norm(across, axis=1)
    usable = doubled > 0.0
    usable[usable] &= across[usable, 2] >= math.cos(math.radians(slope)) * doubled[usable] - 1e-9 * doubled[usable]
    if not usable.any():
        message = tr("Nothing of the surface is flatter than {slope:.0f}°: raise Steepest Slope.")
        raise PopulateError(message.format(slope=slope))
    triangles, normals = triangles[usable].astype(float), across[usable] / doubled[usable, None]
    areas = doubled[usable] / 2
    wanted = count or max(1, round(min(density * float(areas.sum()), 1e12)))
    check_total(wanted)
    rng = np.random.default_rng(seed)
    tries = min(wanted * TRIES, wanted + MOST_TRIES) if distance > 0.0 else wanted
    chosen = rng.choice(len(triangles), size=tries, p=areas / areas.sum())
    # Folding the unit square's far half back makes points even over the triangle.
    a, b = rng.random((2, tries))
    over = a + b > 1.0
    a, b = np.where(over, 1.0 - a, a)[:, None], np.where(over, 1.0 - b, b)[:, None]
    corner = triangles[chosen]
    points = corner[:, 0] + a * (corner[:, 1] - corner[:, 0]) + b * (corner[:, 2] - corner[:, 0])
    kept = _apart(points, distance, wanted) if distance > 0.0 else np.arange(wanted)
    return points[kept], normals[chosen[kept]], wanted


def _apart(points: np.ndarray, distance: float, wanted: int) -> np.ndarray:
    """Indices of the first ``wanted`` points of which each keeps ``distance`` from those before it.

    Cells as wide as the distance: whatever is too near lies in the same cell or in one of its 26 neighbours.
    """
    cells: dict[tuple[int, int, int], list[int]] = {}
    limit, kept = distance * distance, []
    rows, keys = points.tolist(), np.floor(points / distance).astype(np.int64).tolist()
    for index, (point, key) in enumerate(zip(rows, keys, strict=True)):
        near = (
            rows[other]
            for x in range(key[0] - 1, key[0] + 2)
            for y in range(key[1] - 1, key[1] + 2)
            for z in range(key[2] - 1, key[2] + 2)
            for other in cells.get((x, y, z), ())
        )
        if all(sum((p - q) ** 2 for p, q in zip(point, other, strict=True)) >= limit for other in near):
            cells.setdefault((key[0], key[1], key[2]), []).append(index)
            kept.append(index)
            if len(kept) == wanted:
                break
    return np.array(kept, np.int64)


def stand(
    points: np.ndarray,
    *,
    seed: int,
    normals: np.ndarray | None = None,
    directions: np.ndarray | None = None,
    yaw: float = 0.0,
    scale: tuple[float, float] = (1.0, 1.0),
) -> list[Place]:
    """Places at points, with chance in them.

    Arguments:
        points: (N, 3) metres.
        normals: (N, 3) unit vectors that the objects' up follows; None to stand upright.
        directions: (N, 3) that the objects' fronts follow, as far as that goes without tilting; None for none.
        yaw: each is turned about its own up by at most half of this, radians either way.
        scale: least and greatest scale.
    """
    rng = np.random.default_rng([seed, 1])
    turns = rng.uniform(-0.5, 0.5, len(points)) * yaw
    low, high = scale
    scales = (
        np.exp(rng.uniform(math.log(low), math.log(high), len(points))) if high > low else np.full(len(points), low)
    )
    if directions is not None:
        # The front is -Y: turned by the angle t it looks along (sin t, -cos t).
        turns = turns + np.arctan2(directions[:, 0], -directions[:, 1])
    spins = np.stack([np.cos(turns / 2), np.zeros_like(turns), np.zeros_like(turns), np.sin(turns / 2)], axis=1)
    rotations = spins if normals is None else multiply(tilts(normals), spins)
    return [
        Place(tuple(point), tuple(rotation), (size, size, size))
        for point, rotation, size in zip(points.tolist(), rotations.tolist(), scales.tolist(), strict=True)
    ]


def tilts(normals: np.ndarray) -> np.ndarray:
    """(N, 4) quaternions of the shortest turns from up to ``normals`` (N, 3); straight down turns about X."""
    raw = np.stack([1.0 + normals[:, 2], -normals[:, 1], normals[:, 0], np.zeros(len(normals))], axis=1)
    raw[raw[:, 0] < 1e-9] = (0.0, 1.0, 0.0, 0.0)
    return raw / np.linalg.norm(raw, axis=1, keepdims=True)


def multiply(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Hamilton product of two (N, 4) arrays of quaternions (w, x, y, z): ``second`` is applied first."""
    w1, x1, y1, z1 = first.T
    w2, x2, y2, z2 = second.T
    return np.stack(
        [
            w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
            w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
            w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
            w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
        ],
        axis=1,
    )
