"""Training samples: which points, which caption, which target, drawn without state from (seed, position).

Every random choice of a sample comes from a generator made of (seed, position in the run), so that a run resumed at
step n, or split over another number of processes, sees the very same samples.

How alpha is amortised here. The paper draws alpha in training, feeds it to the network and blends two losses by it: one
that asks for the given shape and one that asks for what the words say. With distances to learn from, the best answer to
such a blend is the blend of the distances. So some samples show the points of another asset (``other``), and their
target is alpha times its distances plus 1 - alpha times those of the caption's own asset: a morph from what the words
mean to the given shape. At alpha 0 there are no points, only the dummy sphere.

What multiplies a small library: other colours, procedural materials, other proportions, turns, mirror images, and other
words; each change is told in the caption (``colours.py``, ``materials.py``, ``wording.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from latte3d_core.data.colours import NAMED_COLOURS, has_colour, recoloured_caption, recoloured_palette
from latte3d_core.data.materials import Pattern, painted
from latte3d_core.data.nearest import nearest_points
from latte3d_core.data.prepare import Prepared
from latte3d_core.data.targets import Targets, TargetSettings, voxel_index
from latte3d_core.data.wording import paraphrase, with_proportion
from latte3d_core.model.points import dummy_cloud
from latte3d_core.model.sketch import sketch_targets

#: How far inside a solid a buried wall counts at least, core units.
BURIED = 0.035
#: Distances beyond this count as this, core units: the surface is what matters.
REACH = 0.1
#: The same in a morph. Were it larger, what is thin would vanish at once.
_MORPH_REACH = 0.08
#: About half the distance between neighbouring surface points of an asset, core units.
_POINT_GAP = 0.012
#: Sheets stay this thick however a sample is scaled.
_THICKNESS = TargetSettings.thickness


@dataclass(frozen=True)
class SampleSettings:
    """Shares and strengths of what is drawn.

    Attributes:
        near, band, uniform: query points per sample of each kind (``TargetSettings``).
        dummy_start, dummy_end: share of samples that see the dummy sphere at the start and the end of the run (the
            paper's point-cloud annealing; it ends below 1 because this model must go on answering to given shapes).
        full_alpha: share of the other samples with alpha exactly 1; the rest is uniform.
        other: share of the samples with points and an alpha below 1 whose points are another asset's, nearly always one
            with a similar caption; at alpha 1, where the words do not matter, it is less than half of this.
        quantise: share of samples whose points sit at the centres of 128³ voxels, as a checkpoint's templates do.
        given_color: share of samples whose points carry colour.
        changed_color: share of the repainted ones among them whose points carry the new colours; the others carry the
            old ones, which the network then has to change as the caption says.
        material, recolour: shares of samples in a procedural material and in another colour; second_colour: share of
            the latter with a second colour.
        proportion: share of samples of other proportions.
        turn: share of samples with points of their own and alpha >= 0.5 that are turned about the vertical axis,
            tilted a little, mirrored and rescaled.
        reword: share of captions that are paraphrased.
    """

    near: int = 1536
    band: int = 1024
    uniform: int = 512
    dummy_start: float = 0.25
    dummy_end: float = 0.35
    full_alpha: float = 0.4
    other: float = 0.6
    quantise: float = 0.5
    given_color: float = 0.5
    changed_color: float = 0.4
    material: float = 0.3
    recolour: float = 0.3
    second_colour: float = 0.3
    proportion: float = 0.12
    turn: float = 0.5
    reword: float = 0.6


@dataclass(frozen=True)
class Sample:
    """One object: what the network is given and what it should say. Arrays as in ``Conditions`` and ``Targets``,
    float32.

    The last six say how the sample came from its asset, for supervision that is drawn apart (``data/views.py``).

    Attributes:
        asset: index of the asset that the network should answer with.
        frame: (3, 3) turns, mirrors and scales the asset into the sample: a point p of the asset is at frame @ p.
        palette: (K, 3) of the asset; shift: (K, 3) is added to the colours nearest to each entry (recolouring).
        painted: a procedural material lies over those colours.
        morphed: the target is a morph with another asset.
    """

    caption: str
    points: np.ndarray
    colors: np.ndarray
    has_color: float
    alpha: float
    queries: np.ndarray
    sdf: np.ndarray
    query_colors: np.ndarray
    asset: int
    frame: np.ndarray
    palette: np.ndarray
    shift: np.ndarray
    painted: bool
    morphed: bool = False

    @property
    def reach(self) -> float:
        """Distances beyond this count as this, core units: the surface is what matters."""
        return _MORPH_REACH if self.morphed else REACH


@dataclass(frozen=True)
class Repaint:
    """New colours for whatever asset a sample shows.

    Attributes:
        names: the dominant colour of its palette moves to the first, the next one to the second, if there are any.
        pattern: a procedural material over that.
    """

    names: tuple[str, ...]
    pattern: Pattern | None = None

    def shift(self, palette: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """What is added to the colours nearest to each entry of a palette (K, 3) in [0, 1]: (K, 3). The ``labels`` are
        those of samples of the surface, and say how often each entry occurs."""
        if not self.names:
            return np.zeros_like(palette)
        return recoloured_palette(palette, np.bincount(labels, minlength=len(palette)), *self.names) - palette


def draw_repaint(
    caption: str, material: float, recolour: float, second_colour: float, rng: np.random.Generator
) -> tuple[str, Repaint]:
    """What chance paints, and the caption that says so; shares as in ``SampleSettings``."""
    chance = rng.random()
    if chance < material:
        paint = painted(caption, rng)
        return paint.caption, Repaint((), paint.pattern)
    if chance >= material + recolour:
        return caption, Repaint(())
    names = tuple(str(name) for name in rng.choice(list(NAMED_COLOURS), 2, replace=False))
    names = names if rng.random() < second_colour else names[:1]
    return recoloured_caption(caption, *names), Repaint(names)


def draw_caption(captions: Sequence[str], rng: np.random.Generator) -> str:
    """One of an asset's captions. Those that name a colour come more often: only they say what a loss on colours asks
    for."""
    coloured = [c for c in captions if has_colour(c)]
    pool = coloured if coloured and rng.random() < 0.6 else captions
    return pool[rng.integers(len(pool))]


class AssetOrder:
    """Which of ``count`` assets comes at each position of a run: every epoch is a fresh permutation of all of them."""

    def __init__(self, count: int, seed: int) -> None:
        self.count, self.seed = count, seed
        self._epoch, self._order = -1, np.zeros(0, dtype=np.int64)

    def at(self, position: int) -> int:
        epoch, place = divmod(position, self.count)
        if self._epoch != epoch:
            self._epoch, self._order = epoch, np.random.default_rng([self.seed, 1, epoch]).permutation(self.count)
        return int(self._order[place])


class SampleSource:
    """All prepared assets in memory (1.1 MB each).

    Arguments:
        prepared: the training assets.
        neighbours: (A, K) for each asset the indices of assets with similar captions, nearest first.
        points: points per sample.
        solid_side: side of the grid on which ``solids`` are kept.

    Attributes:
        solids: (A, side³) uint8, how much of each cell of a coarse grid is inside, of 255, axes [z, y, x]: what the
            sketch learns from.
    """

    def __init__(
        self,
        prepared: Sequence[Prepared],
        neighbours: np.ndarray,
        points: int,
        settings: SampleSettings,
        seed: int,
        solid_side: int = 8,
    ) -> None:
        self.settings, self.seed, self.count = settings, seed, points
        self.captions = [p.asset.captions for p in prepared]
        self.targets: list[Targets] = []
        self.solids = np.empty((len(prepared), solid_side**3), dtype=np.uint8)
        voxels = round((len(prepared[0].load().occupancy) * 8) ** (1 / 3)) if prepared else 0
        self.interiors = np.empty((len(prepared), voxels**3 // 8), dtype=np.uint8)
        nothing = np.zeros(0, dtype=np.uint8)
        for index, item in enumerate(prepared):
            target = item.load()
            occupied = target.occupied()
            share = sketch_targets(torch.from_numpy(occupied), solid_side)
            self.solids[index] = np.round(share.numpy().ravel() * 255)
            self.interiors[index] = target.occupancy & ~target.surface
            sdf = without_buried_walls(target.queries, target.sdf, occupied)
            self.targets.append(replace(target, sdf=sdf, occupancy=nothing, surface=nothing))
        self.neighbours = neighbours
        self._dummy = dummy_cloud(points).numpy()
        self._order = AssetOrder(len(prepared), seed)

    def __len__(self) -> int:
        return len(self.targets)

    def asset_at(self, position: int) -> int:
        """The asset that the sample at ``position`` asks for."""
        return self._order.at(position)

    def draw(self, position: int, progress: float) -> Sample:
        """The sample at ``position`` of the run; ``progress`` in [0, 1] is the finished share (for the annealing)."""
        rng = np.random.default_rng([self.seed, 2, position])
        s, index = self.settings, self.asset_at(position)
        target = self.targets[index]
        caption = draw_caption(self.captions[index], rng)
        caption, repaint = draw_repaint(caption, s.material, s.recolour, s.second_colour, rng)
        shift = _shift(target, repaint)

        dummy = rng.random() < s.dummy_start + (s.dummy_end - s.dummy_start) * progress
        alpha = 0.0 if dummy else 1.0 if rng.random() < s.full_alpha else float(rng.random())
        mistaken = not dummy and rng.random() < (s.other if alpha < 1 else 0.4 * s.other)
        other = self._another(index, rng) if mistaken else index
        shown = None if dummy else self.targets[other]
        frame = shown_frame = np.eye(3, dtype=np.float32)
        if other == index:
            if rng.random() < s.proportion:
                caption, scale = with_proportion(caption, rng)
                frame = np.diag(scale * (0.9 / np.abs(target.points * scale).max())).astype(np.float32)
                shown_frame = frame if alpha == 1.0 or rng.random() < 0.5 else shown_frame
            elif alpha >= 0.5 and rng.random() < s.turn:
                frame = shown_frame = self._turn(rng, target)
        if rng.random() < s.reword:
            caption = paraphrase(caption, rng)

        points, colors, has_color = self._dummy, np.zeros_like(self._dummy), 0.0
        if shown is not None:
            window = self._window(rng, 0, len(shown.points), self.count)
            points = shown.points[window].astype(np.float32) @ shown_frame.T
            if rng.random() < s.given_color:
                has_color, colors = 1.0, shown.point_colors[window] / np.float32(255)
                if rng.random() < s.changed_color:
                    colors = colors + _shift(shown, repaint)[shown.point_labels[window]]
                    if repaint.pattern is not None:
                        normals = _turned(shown.point_normals[window], shown_frame)[0]
                        colors = repaint.pattern(points, normals, colors)
            if rng.random() < s.quantise:
                points = (np.floor((points + 1) * 64) + 0.5) / 64 - 1
        if other == index:
            queries, sdf, query_colors = self._queries(target, frame, repaint, rng)
        else:
            queries, sdf, query_colors = self._blend(index, other, alpha, has_color > 0, repaint, rng)
        return Sample(
            caption, np.clip(points, -1, 1).astype(np.float32), np.clip(colors, 0, 1).astype(np.float32), has_color,
            alpha, queries, sdf, query_colors, index, frame, target.palette.astype(np.float32) / 255, shift,
            repaint.pattern is not None, other != index,
        )  # fmt: skip

    def _another(self, index: int, rng: np.random.Generator) -> int:
        """Another asset, nearly always one with a similar caption: an artist's shape seldom is what the words say, but
        it is not any shape either."""
        if rng.random() < 0.85:
            return int(rng.choice(self.neighbours[index]))
        return int(rng.integers(len(self.targets)))

    def _queries(
        self, target: Targets, frame: np.ndarray, repaint: Repaint, rng: np.random.Generator, share: float = 1.0
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Places (Q, 3), distances (Q,) and colours (Q, 3) of the asset, in the sample's frame; ``share`` of the usual
        number."""
        parts = self._query_parts(target, share)
        chosen = np.concatenate([self._window(rng, *part) for part in parts])
        places = target.queries[chosen].astype(np.float32) @ frame.T
        outside = np.flatnonzero(np.abs(places).max(1) > 1)
        if len(outside):  # a turn took them out of the box: ask others twice
            other = rng.choice(np.flatnonzero(np.abs(places).max(1) <= 1), len(outside))
            places[outside], chosen[outside] = places[other], chosen[other]
        normals, scale = _turned(target.query_normals[chosen], frame)
        sdf = (target.sdf[chosen].astype(np.float32) + _THICKNESS) * scale - _THICKNESS
        colors = target.query_colors[chosen] / np.float32(255) + _shift(target, repaint)[target.query_labels[chosen]]
        if repaint.pattern is not None:
            colors = repaint.pattern(places, normals, colors)
        return places, sdf.astype(np.float32), np.clip(colors, 0, 1).astype(np.float32)

    def _blend(
        self,
        own: int,
        shown: int,
        alpha: float,
        has_color: bool,
        repaint: Repaint,
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As ``_queries``, of the morph between the caption's own asset and the shown one: half of the places are near
        the one, half near the other. Colours are the shown one's where they were given and it prevails, else those
        that the words mean."""
        sides = []
        for here, there in ((own, shown), (shown, own)):
            places, sdf, colors = self._queries(self.targets[here], np.eye(3, dtype=np.float32), repaint, rng, 0.5)
            target = self.targets[there]
            across, nearest = distances_to_points(target, self.interiors[there], places)
            others = target.point_colors[nearest] / np.float32(255)
            others = others + _shift(target, repaint)[target.point_labels[nearest]]
            if repaint.pattern is not None:
                normals = target.point_normals[nearest].astype(np.float32) / 127
                others = repaint.pattern(places, normals, others)
            sides.append((places, (sdf, across), (colors, np.clip(others, 0, 1))))
        (a, a_sdf, a_colors), (b, b_sdf, b_colors) = sides
        follow = has_color and alpha >= 0.5
        near = lambda x: np.clip(x, -_MORPH_REACH, _MORPH_REACH)  # noqa: E731
        of_own, of_shown = (np.concatenate(parts) for parts in ((a_sdf[0], b_sdf[1]), (a_sdf[1], b_sdf[0])))
        sdf = alpha * near(of_shown) + (1 - alpha) * near(of_own)
        colors = np.concatenate([a_colors[int(follow)], b_colors[1 - int(follow)]])
        return np.concatenate([a, b]), sdf.astype(np.float32), colors.astype(np.float32)

    def _query_parts(self, target: Targets, share: float) -> list[tuple[int, int, int]]:
        total, s = len(target.queries), self.settings
        near, band = total // 2, total * 3 // 4
        parts = [(0, near, s.near), (near, band, s.band), (band, total, s.uniform)]
        return [(start, stop, round(count * share)) for start, stop, count in parts]

    @staticmethod
    def _window(rng: np.random.Generator, start: int, stop: int, count: int) -> np.ndarray:
        """``count`` consecutive places of [start, stop), wrapping round; the arrays are in random order already."""
        return start + (rng.integers(stop - start) + np.arange(count)) % (stop - start)

    @staticmethod
    def _turn(rng: np.random.Generator, target: Targets) -> np.ndarray:
        """A turn about +Y (a quarter, or any), perhaps a tilt and a mirror image, another size: the matrix (3, 3)."""
        yaw = rng.integers(4) * (np.pi / 2) if rng.random() < 0.5 else rng.uniform(0, 2 * np.pi)
        tilt, roll = rng.normal(0, np.radians(5), 2) * (rng.random() < 0.3)
        about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
        about_x = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
        about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
        matrix = about_x @ about_z @ about_y
        if rng.random() < 0.5:
            matrix[0] *= -1
        reach = np.abs(target.points[:2048] @ matrix.T).max()
        return (matrix * (rng.uniform(0.72, 0.95) / reach)).astype(np.float32)


def _shift(target: Targets, repaint: Repaint) -> np.ndarray:
    return repaint.shift(target.palette.astype(np.float32) / 255, target.point_labels)


def without_buried_walls(queries: np.ndarray, sdf: np.ndarray, occupied: np.ndarray) -> np.ndarray:
    """Distances (Q,) that do not come near zero deep inside a solid.

    Many assets hide walls within walls; the distance to those is small although nothing can be seen of them, and a
    network that is a little off there makes bubbles. Queries (Q, 3) two voxels or more inside ``occupied`` (R, R, R)
    count as at least ``BURIED`` inside.
    """
    deep = occupied.copy()
    for axis in range(3):
        along = np.moveaxis(deep, axis, 0)
        kept = np.zeros_like(along)
        kept[2:-2] = along[2:-2] & along[1:-3] & along[3:-1] & along[:-4] & along[4:]
        deep = np.moveaxis(kept, 0, axis)
    buried = deep.ravel()[voxel_index(queries.astype(np.float32), len(occupied))]
    return np.where(buried, np.minimum(sdf, np.float16(-BURIED)), sdf)


def distances_to_points(target: Targets, interior: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Signed distance (N,) of an asset at places (N, 3) that it has no stored distances for, and the surface point (N,)
    that is nearest to each. The sign comes from ``interior``, the packed bits of its voxels that are inside.

    The distance is that to the nearest surface point, less the gap between points where the place lies over it. Good
    to a voxel, which is what a morph needs.
    """
    length, nearest = nearest_points(target.points.astype(np.float32), places)
    offset = places - target.points[nearest].astype(np.float32)
    normals = target.point_normals[nearest] / np.float32(127)
    along = np.einsum("nk,nk->n", offset, normals)
    # Over a dense patch the tangent plane is the surface; beside a rim it passes close by although the sheet does not.
    distance = np.maximum(np.abs(along), length - _POINT_GAP)
    # Surface voxels are no interior: what lies in one is asked for a little further on its own side of the surface.
    side = round((interior.size * 8) ** (1 / 3))
    step = 1.75 * 2 / side
    further = np.maximum(step - length, 0) * np.where(along < 0, -1, 1)
    voxel = voxel_index(places + further[:, None] * normals, side)
    inside = (interior[voxel >> 3] >> (7 - (voxel & 7)) & 1).astype(bool)
    return (np.where(inside, -distance, distance) - _THICKNESS).astype(np.float32), nearest


def _turned(normals: np.ndarray, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Normals (N, 3) int8 in another frame, as unit vectors float32 (N, 3), and by how much a distance along each grows
    (N,). Exact for a plane; near edges of an unevenly scaled shape a few percent off."""
    turned = normals.astype(np.float32) @ np.linalg.inv(frame)
    length = np.maximum(np.linalg.norm(turned, axis=1), 1e-6)
    before = np.maximum(np.linalg.norm(normals.astype(np.float32), axis=1), 1e-6)
    return turned / length[:, None], before / length
