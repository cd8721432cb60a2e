"""Training samples: which points, which caption, which target, drawn without state from (seed, position).

Every random choice of a sample comes from a generator made of (seed, position in the run), so that a run resumed at
step n, or split over another number of processes, sees the very same samples.

How alpha is amortised here (paper: alpha is drawn in training and fed to the network). A sample's alpha says how far
its points may be believed: with probability ``swap · (1 - alpha)`` they belong to another asset with a similar caption,
and they are blurred in proportion to 1 - alpha. The best answer then is the given shape at alpha 1 and the caption's
own shape at alpha 0, where the points are the dummy sphere.

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
from latte3d_core.data.prepare import Prepared
from latte3d_core.data.targets import Targets, TargetSettings, voxel_index
from latte3d_core.data.wording import paraphrase, with_proportion
from latte3d_core.model.points import dummy_cloud
from latte3d_core.model.sketch import sketch_targets

#: How far inside a solid a buried wall counts at least, core units.
BURIED = 0.035
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
        swap: see the module's text.
        blur: standard deviation of the noise on the points at alpha 0, core units.
        quantise: share of samples whose points sit at the centres of 128³ voxels, as a checkpoint's templates do.
        given_color: share of samples whose points carry colour.
        changed_color: share of the repainted ones among them whose points carry the new colours; the others carry the
            old ones, which the network then has to change as the caption says.
        material, recolour: shares of samples in a procedural material and in another colour; second_colour: share of
            the latter with a second colour.
        proportion: share of samples of other proportions.
        turn: share of samples with alpha >= 0.5 that are turned about the vertical axis, tilted a little, mirrored and
            rescaled.
        reword: share of captions that are paraphrased.
    """

    near: int = 1536
    band: int = 1024
    uniform: int = 512
    dummy_start: float = 0.08
    dummy_end: float = 0.25
    full_alpha: float = 0.5
    swap: float = 0.4
    blur: float = 0.03
    quantise: float = 0.5
    given_color: float = 0.5
    changed_color: float = 0.4
    material: float = 0.25
    recolour: float = 0.3
    second_colour: float = 0.3
    proportion: float = 0.12
    turn: float = 0.5
    reword: float = 0.6


@dataclass(frozen=True)
class Sample:
    """One object: what the network is given and what it should say. Arrays as in ``Conditions`` and ``Targets``,
    float32.

    The last five say how the sample came from its asset, for supervision that is drawn apart (``data/views.py``).

    Attributes:
        asset: index of the asset that the network should answer with.
        frame: (3, 3) turns, mirrors and scales the asset into the sample: a point p of the asset is at frame @ p.
        palette: (K, 3) of the asset; shift: (K, 3) is added to the colours nearest to each entry (recolouring).
        painted: a procedural material lies over those colours.
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


class SampleSource:
    """All prepared assets in memory (0.8 MB each).

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
        nothing = np.zeros(0, dtype=np.uint8)
        for index, item in enumerate(prepared):
            target = item.load()
            occupied = target.occupied()
            share = sketch_targets(torch.from_numpy(occupied), solid_side)
            self.solids[index] = np.round(share.numpy().ravel() * 255)
            sdf = without_buried_walls(target.queries, target.sdf, occupied)
            self.targets.append(replace(target, sdf=sdf, occupancy=nothing, surface=nothing))
        self.neighbours = neighbours
        self._dummy = dummy_cloud(points).numpy()
        self._order: tuple[int, np.ndarray] = (-1, np.zeros(0, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.targets)

    def asset_at(self, position: int) -> int:
        """Each epoch is a fresh permutation of all assets."""
        epoch, place = divmod(position, len(self.targets))
        if self._order[0] != epoch:
            self._order = (epoch, np.random.default_rng([self.seed, 1, epoch]).permutation(len(self.targets)))
        return int(self._order[1][place])

    def draw(self, position: int, progress: float) -> Sample:
        """The sample at ``position`` of the run; ``progress`` in [0, 1] is the finished share (for the annealing)."""
        rng = np.random.default_rng([self.seed, 2, position])
        s, index = self.settings, self.asset_at(position)
        target = self.targets[index]
        palette = target.palette.astype(np.float32) / 255
        caption, shift, pattern = self._repaint(self._caption(index, rng), target, palette, rng)

        dummy = rng.random() < s.dummy_start + (s.dummy_end - s.dummy_start) * progress
        alpha = 0.0 if dummy else 1.0 if rng.random() < s.full_alpha else float(rng.random())
        frame = shown_frame = np.eye(3, dtype=np.float32)
        if rng.random() < s.proportion:
            caption, scale = with_proportion(caption, rng)
            frame = np.diag(scale * (0.9 / np.abs(target.points * scale).max())).astype(np.float32)
            shown_frame = frame if alpha == 1.0 or rng.random() < 0.5 else shown_frame
        elif alpha >= 0.5 and rng.random() < s.turn:
            frame = shown_frame = self._turn(rng, target)
        if rng.random() < s.reword:
            caption = paraphrase(caption, rng)

        queries, sdf, query_colors = self._queries(target, frame, shift, pattern, rng)
        points, colors, has_color = self._dummy, np.zeros_like(self._dummy), 0.0
        if not dummy:
            swapped = rng.random() < s.swap * (1 - alpha)
            shown = self.targets[int(rng.choice(self.neighbours[index]))] if swapped else target
            window = self._window(rng, 0, len(shown.points), self.count)
            points = shown.points[window].astype(np.float32) @ shown_frame.T
            if rng.random() < s.given_color:
                has_color, colors = 1.0, shown.point_colors[window] / np.float32(255)
                if not swapped and rng.random() < s.changed_color:
                    colors = colors + shift[shown.point_labels[window]]
                    if pattern is not None:
                        colors = pattern(points, _turned(shown.point_normals[window], shown_frame)[0], colors)
            if rng.random() < s.quantise:
                points = (np.floor((points + 1) * 64) + 0.5) / 64 - 1
            points = points + rng.standard_normal(points.shape).astype(np.float32) * (s.blur * (1 - alpha))
        return Sample(
            caption, np.clip(points, -1, 1).astype(np.float32), np.clip(colors, 0, 1).astype(np.float32), has_color,
            alpha, queries, sdf, query_colors, index, frame, palette, shift, pattern is not None,
        )  # fmt: skip

    def _repaint(
        self, caption: str, target: Targets, palette: np.ndarray, rng: np.random.Generator
    ) -> tuple[str, np.ndarray, Pattern | None]:
        """The caption, the shift of the palette and the pattern over it, after what chance decided."""
        s, chance = self.settings, rng.random()
        nothing = np.zeros_like(palette)
        if chance < s.material:
            paint = painted(caption, rng)
            return paint.caption, nothing, paint.pattern
        if chance >= s.material + s.recolour:
            return caption, nothing, None
        names = [str(name) for name in rng.choice(list(NAMED_COLOURS), 2, replace=False)]
        second = names[1] if rng.random() < s.second_colour else None
        counts = np.bincount(target.point_labels, minlength=len(palette))
        shift = recoloured_palette(palette, counts, names[0], second) - palette
        return recoloured_caption(caption, names[0], second), shift, None

    def _queries(
        self, target: Targets, frame: np.ndarray, shift: np.ndarray, pattern: Pattern | None, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Places (Q, 3), distances (Q,) and colours (Q, 3) of the asset, in the sample's frame."""
        chosen = np.concatenate([self._window(rng, *part) for part in self._query_parts(target)])
        places = target.queries[chosen].astype(np.float32) @ frame.T
        outside = np.flatnonzero(np.abs(places).max(1) > 1)
        if len(outside):  # a turn took them out of the box: ask others twice
            other = rng.choice(np.flatnonzero(np.abs(places).max(1) <= 1), len(outside))
            places[outside], chosen[outside] = places[other], chosen[other]
        normals, scale = _turned(target.query_normals[chosen], frame)
        sdf = (target.sdf[chosen].astype(np.float32) + _THICKNESS) * scale - _THICKNESS
        colors = target.query_colors[chosen] / np.float32(255) + shift[target.query_labels[chosen]]
        if pattern is not None:
            colors = pattern(places, normals, colors)
        return places, sdf.astype(np.float32), np.clip(colors, 0, 1).astype(np.float32)

    def _caption(self, index: int, rng: np.random.Generator) -> str:
        """Captions that name a colour come more often: only they say what the colour loss asks for."""
        captions = self.captions[index]
        coloured = [c for c in captions if has_colour(c)]
        pool = coloured if coloured and rng.random() < 0.6 else captions
        return pool[rng.integers(len(pool))]

    def _query_parts(self, target: Targets) -> list[tuple[int, int, int]]:
        total, s = len(target.queries), self.settings
        near, band = total // 2, total * 3 // 4
        return [(0, near, s.near), (near, band, s.band), (band, total, s.uniform)]

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


def _turned(normals: np.ndarray, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Normals (N, 3) int8 in another frame, as unit vectors float32 (N, 3), and by how much a distance along each grows
    (N,). Exact for a plane; near edges of an unevenly scaled shape a few percent off."""
    turned = normals.astype(np.float32) @ np.linalg.inv(frame)
    length = np.maximum(np.linalg.norm(turned, axis=1), 1e-6)
    before = np.maximum(np.linalg.norm(normals.astype(np.float32), axis=1), 1e-6)
    return turned / length[:, None], before / length
