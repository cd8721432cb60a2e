"""Between two prompts: one object turns into another.

Mixing two answers where they lie does not work: between a chair and a sofa, a weighted mean of their distances, and
one of their planes just as well, loses the legs at the first step and the back at the second, since a thin part of the
one seldom lies within the other. So the parts travel instead. The points that the networks were shown for the two
prompts are matched one to one, the in-between's points lie part of the way from each to its partner, and both prompts'
networks make their fields of these same points. The two answers now differ little, and their weighted mean is the
in-between. Chosen by looking at five in-betweens of four pairs.

What it is not: a correspondence of parts. Points are matched by where they lie, so a wheel may become a piece of hull.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from latte3d_core.api import GRID_SIDE, QUICK_SIDE, Fields, Implicit, Latte3D, in_range
from latte3d_core.data.gltf import plain_triangles
from latte3d_core.data.nearest import nearest_points
from latte3d_core.data.targets import sample_surface
from latte3d_core.mesh import topology
from latte3d_core.mesh.bake import bake
from latte3d_core.mesh.clean import smooth
from latte3d_core.mesh.types import Mesh, TexturedMesh
from latte3d_core.progress import Progress

#: The longest Newton step, core units, and the distance at which a vertex is on the surface.
_LONGEST, _THERE = 0.05, 1e-4
#: Reach of the difference quotients, core units: below a third of a cell of the planes they would see its ripple only.
_REACH = 0.01
#: Directions in which distances are asked for a gradient: four are the fewest that do.
_TETRAHEDRON = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=np.float32) / np.float32(3**0.5)
#: A gradient is taken to be at least this steep: where the distances are flat, a step would be wild.
_FLAT = 0.3
#: Rounds of averaging with the neighbours: of the way that vertices are carried, and of where they come to lie.
_CARRY_ROUNDS, _EVEN_ROUNDS = 8, 2
#: Vertices are carried no further than this share of the whole way at once, or they would miss their own surface.
_FAR = 0.1


@dataclass(frozen=True)
class BlendedFields:
    """The object at ``t`` of the way from one prompt's to another's; ``Latte3D.finish`` makes a mesh of it.

    Attributes:
        start, end: the two ends. t: in [0, 1].
        sides: both prompts' answers to the in-between's points; the ends themselves at 0 and 1.
    """

    start: Fields
    end: Fields
    t: float
    sides: tuple[Fields, Fields]

    @property
    def name(self) -> str:
        """Both ends' names."""
        return f"{self.start.name[:26]} to {self.end.name[:26]}"

    @property
    def size_m(self) -> float:
        """Largest dimension in metres: equal steps are equal ratios."""
        return float(self.start.size_m ** (1 - self.t) * self.end.size_m**self.t)

    @property
    def provenance(self) -> dict[str, Any]:
        """Both ends, and how far between them."""
        return {"prompt": f"{self.start.prompt} to {self.end.prompt}", "blend": self.t,
                "start": self.start.provenance, "end": self.end.provenance}  # fmt: skip

    def sdf(self, points: np.ndarray) -> np.ndarray:
        """Signed distance (N,) float32, negative inside, at points (N, 3) in the core frame."""
        return self._mixed(lambda side: side.sdf(points))

    def color(self, points: np.ndarray) -> np.ndarray:
        """sRGB (N, 3) float32 in [0, 1] at points (N, 3) in the core frame."""
        return self._mixed(lambda side: side.color(points))

    def sdf_grid(self, side: int = GRID_SIDE) -> np.ndarray:
        """Signed distances (side,)*3 float32, as ``Fields.sdf_grid``."""
        return self._mixed(lambda fields: fields.sdf_grid(side))

    def _mixed(self, ask: Callable[[Fields], np.ndarray]) -> np.ndarray:
        first, second = self.sides
        if self.t in (0.0, 1.0):
            return ask(second if self.t else first)
        weight = np.float32(self.t)
        return (1 - weight) * ask(first) + weight * ask(second)


@dataclass(frozen=True)
class MorphTargets:
    """One mesh in K shapes, for shape keys.

    Attributes:
        basis: the start's own mesh, with its textures.
        t: (K,) float64, ascending from 0 to 1, the place of each shape between the prompts.
        shapes: (K, V, 3) float32, core frame, the vertices of ``basis`` in each shape; the first are its own.
        end_color: (S, S, 3) uint8 sRGB, the end's colours on the UVs of ``basis``, row 0 at the top.
        off: (K,) float64, how far the vertices lie from the shape's surface on average, core units. Parts of the end
            that have no counterpart at the start are not counted: no vertex can get there.
        sizes_m: (K,) float64, largest dimension of each shape in metres.
    """

    basis: TexturedMesh
    t: np.ndarray
    shapes: np.ndarray
    end_color: np.ndarray
    off: np.ndarray
    sizes_m: np.ndarray


@dataclass(frozen=True)
class _Matched:
    """The points of both ends, partner by partner: (N, 3) points and (N, 3) sRGB colours of each."""

    points: tuple[np.ndarray, np.ndarray]
    colors: tuple[np.ndarray, np.ndarray]

    def at(self, t: float) -> tuple[np.ndarray, np.ndarray]:
        """The in-between's points and colours."""
        weight = np.float32(t)
        points, colors = ((1 - weight) * a + weight * b for a, b in (self.points, self.colors))
        return points, np.clip(colors, 0, 1)


@dataclass(frozen=True)
class Ends:
    """Two prompts to blend between, and what depends on them alone.

    Attributes:
        asked: prompts, seed and strength that they were made with. start, end: their fields.
        matched: their points, partner by partner. warnings: what was noted on the way.
    """

    asked: tuple[str, str, int, float | None]
    start: Fields
    end: Fields
    matched: _Matched
    warnings: tuple[str, ...]


def blended(
    model: Latte3D,
    prompt: str,
    prompt_b: str,
    t: float,
    seed: int = 0,
    alpha: float | None = None,
    progress: Progress | None = None,
) -> BlendedFields:
    """``blend`` for a slider that is dragged: the model keeps the ends, so that another ``t`` costs half as much.

    Arguments:
        prompt, prompt_b: the ends. seed, alpha: of both, as in ``Latte3D.fields``.

    Raises:
        PromptError, SettingError: what was given is out of range. Cancelled: as asked for.
    """
    progress = progress or Progress()
    t = in_range("blend (t)", t, 0.0, 1.0)
    asked = (prompt, prompt_b, seed, alpha)
    ends = model.ends
    if ends is None or ends.asked != asked:
        before = len(progress.warnings)
        start, end = (model.fields(side, seed, alpha, progress=progress) for side in (prompt, prompt_b))
        ends = Ends(asked, start, end, _match(model, start, end), tuple(progress.warnings[before:]))
        model.ends = ends
    else:
        for warning in ends.warnings:
            progress.warn(warning)
    with progress.stage("network"):
        return _between(model, ends.start, ends.end, t, ends.matched)


def blend(model: Latte3D, start: Fields, end: Fields, t: float, progress: Progress | None = None) -> BlendedFields:
    """The object at ``t`` of the way from ``start`` to ``end``, both made by ``Latte3D.fields`` of this model.

    Raises:
        SettingError: ``t`` is outside [0, 1]. Cancelled: as asked for.
    """
    progress = progress or Progress()
    t = in_range("blend (t)", t, 0.0, 1.0)
    with progress.stage("network"):
        return _between(model, start, end, t, _match(model, start, end))


def morph_targets(
    model: Latte3D,
    start: Fields,
    end: Fields,
    steps: int = 5,
    faces: int = 5000,
    texture_size: int = 1024,
    progress: Progress | None = None,
) -> MorphTargets:
    """Shapes of the in-betweens with one topology: the start's mesh, whose vertices are carried along with the points
    around them and then pulled onto each in-between's surface.

    Arguments:
        start, end: made by ``Latte3D.fields`` of this model.
        steps: shapes in all, both ends among them, 2 to 64, evenly spaced.
        faces, texture_size: as in ``Latte3D.generate``.
        progress: tells of the mesh first; its fractions then begin anew for the in-betweens.

    Raises:
        SettingError: a number out of its range. Cancelled: as asked for.
    """
    progress = progress or Progress()
    steps = int(in_range("number of steps", steps, 2, 64))
    mesh = model.finish(start, faces, texture_size, progress=progress)
    matched = _match(model, start, end)
    # Between shapes that are far apart there are stops of which nothing is kept.
    stops = max(1, math.ceil(1 / (_FAR * (steps - 1))))
    times = np.linspace(0.0, 1.0, (steps - 1) * stops + 1)
    shapes = [mesh.vertices]
    off = [float(np.abs(start.sdf(mesh.vertices)).mean())]
    with progress.stage("network"):
        vertices = mesh.vertices
        for k in range(1, len(times)):
            progress.check(k / len(times))
            fields = _between(model, start, end, float(times[k]), matched)
            way = _way(vertices, mesh.faces, matched, float(times[k - 1]), float(times[k]))
            vertices = _settled(fields, vertices + way, mesh.faces)
            if k % stops == 0:
                shapes.append(vertices)
                off.append(float(np.abs(fields.sdf(vertices)).mean()))
    with progress.stage("bake"):
        end_color, _ = bake(Mesh(vertices, mesh.faces), mesh.uvs, texture_size, end.color, progress=progress)
    kept = times[::stops]
    whole = [BlendedFields(start, end, float(t), (start, end)) for t in kept]
    asked = {key: value for key, value in whole[0].provenance.items() if key != "blend"} | {"steps": steps}
    basis = replace(
        mesh, name=whole[0].name, provenance={**mesh.provenance, **asked}, warnings=tuple(progress.warnings),
        seconds=dict(progress.seconds),
    )  # fmt: skip
    sizes = np.array([fields.size_m for fields in whole])
    return MorphTargets(basis, kept, np.stack(shapes), end_color, np.array(off), sizes)


def _between(model: Latte3D, start: Fields, end: Fields, t: float, matched: _Matched) -> BlendedFields:
    """The in-between; the ends are what they are."""
    if t in (0.0, 1.0):
        return BlendedFields(start, end, t, (start, end))
    points, colors = matched.at(t)
    alpha = (1 - t) * start.alpha + t * end.alpha
    # Materials that the prompts name are on the points already.
    first, second = (
        model.fields(side.prompt, side.seed, alpha, points, colors, painting=False) for side in (start, end)
    )
    return BlendedFields(start, end, t, (first, second))


def _match(model: Latte3D, start: Fields, end: Fields) -> _Matched:
    """As many points of both ends as the networks are shown, or the power of two below."""
    count = 2 ** int(math.log2(model.net.config.point.points))
    (a, a_colors), (b, b_colors) = (_points_of(model, fields, count) for fields in (start, end))
    i, j = matching(a, b)
    return _Matched((a[i], b[j]), (a_colors[i], b_colors[j]))


def _points_of(model: Latte3D, fields: Fields, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points (count, 3) and colours (count, 3) of an end: those that the networks were shown, or, for words alone, of
    the surface that came of them. Points that were shown without colours get those that the network invented, so that
    next to such an end the answer is a little off the end's own."""
    if fields.points is None:
        mesh, _ = model.surface(fields, side=QUICK_SIDE)
        soup = plain_triangles(mesh.vertices, mesh.faces)
        points = sample_surface(soup, count, np.random.default_rng(0))[0].astype(np.float32)
        return points, fields.color(points)
    points = fields.points[:count]
    return points, fields.color(points) if fields.colors is None else fields.colors[:count]


def matching(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A one-to-one matching of two sets of points by where they lie in their sets.

    Both sets are halved at their medians along the axis in which they are longest together, and so on down to single
    points: a k-d tree of each, built side by side. That is no optimal transport, but it is monotonic along each cut,
    costs n log² n, and keeps neighbours together well enough for the networks, which see points as a cloud.

    Arguments:
        a, b: (N, 3) each, N a power of two.

    Returns:
        i, j (N,): ``a[i[k]]`` and ``b[j[k]]`` are partners; both are permutations.
    """
    i, j = np.arange(len(a))[None], np.arange(len(b))[None]
    while i.shape[1] > 1:
        axis = np.argmax(a[i].std(1) + b[j].std(1), axis=1)[:, None]
        i, j = (
            np.take_along_axis(index, np.argsort(points[index, axis], axis=1, kind="stable"), 1).reshape(
                2 * len(index), -1
            )
            for index, points in ((i, a), (j, b))
        )
    return i[:, 0], j[:, 0]


def _way(vertices: np.ndarray, faces: np.ndarray, matched: _Matched, before: float, after: float) -> np.ndarray:
    """How the points around each vertex move from one time to the next: (V, 3)."""
    _, nearest = nearest_points(matched.at(before)[0], vertices)
    way = (matched.points[1] - matched.points[0])[nearest] * np.float32(after - before)
    return _evened(way, faces, _CARRY_ROUNDS)


def _settled(fields: Implicit, vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Vertices (V, 3) on the surface of the fields, evened out among their neighbours on the way."""
    for _ in range(_EVEN_ROUNDS):
        vertices = onto_surface(fields, smooth(Mesh(vertices, faces), passes=1).vertices, 2)
    return onto_surface(fields, vertices)


def onto_surface(fields: Implicit, points: np.ndarray, steps: int = 12) -> np.ndarray:
    """Points (N, 3) moved along the gradient of the distance onto the zero surface, by Newton's method.

    Arguments:
        points: core frame, near the surface: a step is no longer than 0.05. steps: at most this many.

    Returns:
        (N, 3) float32, inside [-1, 1]^3.
    """
    points = points.astype(np.float32)
    for _ in range(steps):
        around = points[None] + _REACH * _TETRAHEDRON[:, None]
        values = fields.sdf(around.reshape(-1, 3)).reshape(4, -1)
        distance = fields.sdf(points)
        if np.abs(distance).max(initial=0.0) < _THERE:
            break
        gradient = np.einsum("kn,kc->nc", values, _TETRAHEDRON) * np.float32(0.75 / _REACH)
        steep = np.maximum(np.linalg.norm(gradient, axis=1, keepdims=True), _FLAT)
        step = np.clip(distance[:, None] / steep, -_LONGEST, _LONGEST)
        points = np.clip(points - step * gradient / steep, -1, 1)
    return points


def _evened(values: np.ndarray, faces: np.ndarray, rounds: int) -> np.ndarray:
    """Values (V, 3) at the vertices of a closed mesh after rounds of meeting the mean of their neighbours half-way."""
    start, end = topology.half_edges(faces)
    weight = 1 / np.maximum(np.bincount(end, minlength=len(values)), 1)
    for _ in range(rounds):
        mean = [np.bincount(end, weights=column[start], minlength=len(values)) * weight for column in values.T]
        values = (0.5 * values + 0.5 * np.stack(mean, 1)).astype(np.float32)
    return values
