"""Shapes that a checkpoint carries: what a prompt is shown when the artist shows nothing.

Each template is the surface of one training asset as voxels of a 128³ grid (an octree, a byte per occupied parent, then
zlib: about 4 kB) with a 12-colour palette index per voxel of the 64³ grid (1 kB), and its captions' sentence embeddings
in 8 bits; a caption that several share is kept once. A prompt finds templates by the cosine between embeddings.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from latte3d_core.data.colours import nearest_name, recoloured_palette
from latte3d_core.data.prepare import Prepared
from latte3d_core.data.targets import Targets, voxel_index
from latte3d_core.errors import CheckpointError

SIDE = 128
#: Templates beside the best one that a seed may choose from, and how near to the best score they must come.
CHOICES = 12
NEAR_BEST = 0.72
#: How much a prompt's subject counts beside the whole prompt.
SUBJECT_SHARE = 0.6
#: Share of a template's cells that makes a colour one that it has.
HAS_SHARE = 0.12
#: Cosine above which a prompt counts as one of a template's own captions.
OWN_CAPTION = 0.98


@dataclass(frozen=True)
class Templates:
    """The table.

    Attributes:
        categories: category of each of the A templates.
        shape_bytes, shape_ends: zlib streams end to end (uint8) and where each one ends (A,) int64.
        color_bytes, color_ends: the same for the palette indices.
        palettes: (A, K, 3) uint8 sRGB.
        embeddings: (E, D) int8, unit vectors times 127, each once; captions: (C,) int32, the row of ``embeddings`` of
            each caption of a template; owners: (C,) int32, that template.
    """

    categories: tuple[str, ...]
    shape_bytes: np.ndarray
    shape_ends: np.ndarray
    color_bytes: np.ndarray
    color_ends: np.ndarray
    palettes: np.ndarray
    embeddings: np.ndarray
    captions: np.ndarray
    owners: np.ndarray

    ARRAYS = ("shape_bytes", "shape_ends", "color_bytes", "color_ends", "palettes", "embeddings", "captions", "owners")

    def __len__(self) -> int:
        return len(self.categories)

    def points(
        self, index: int, count: int, seed: int = 0, colours: Sequence[str] = ()
    ) -> tuple[np.ndarray, np.ndarray]:
        """``count`` surface points (count, 3) float32 in the core frame and their sRGB colours (count, 3) in [0, 1].

        Arguments:
            colours: up to two names in ``NAMED_COLOURS`` that the template is to have: the colour that most of what is
                seen of it has is moved to the first and the next to the second, as in recoloured training samples,
                unless it has them already.
        """
        shape = self._stream(self.shape_bytes, self.shape_ends, index)
        cells = decode_octree(shape, SIDE)
        parents = _parents(cells)
        labels = np.frombuffer(self._stream(self.color_bytes, self.color_ends, index), dtype=np.uint8)
        order, which = np.unique(parents, return_inverse=True)
        if len(labels) != len(order):
            raise CheckpointError("The templates of this model file are damaged; copy the file again.")
        rng = np.random.default_rng([seed, index])
        chosen = rng.choice(len(cells), count, replace=len(cells) < count)
        xyz = np.stack(np.unravel_index(cells[chosen], (SIDE,) * 3), 1)
        palette = self.palettes[index].astype(np.float32) / 255
        label = np.minimum(labels[which], len(palette) - 1)
        if colours:
            seen = visible_area(cells, SIDE)
            palette = _told(palette, np.bincount(label, seen, minlength=len(palette)), colours)
        return ((xyz + 0.5) * (2 / SIDE) - 1).astype(np.float32), palette[label[chosen]].astype(np.float32)

    def likeness(self, sentence: np.ndarray) -> np.ndarray:
        """Cosine (A,) of a unit sentence embedding (D,) with the nearest caption of each template."""
        cosine = self.embeddings.astype(np.float32) @ sentence.astype(np.float32) / 127
        best = np.full(len(self), -1.0, dtype=np.float32)
        np.maximum.at(best, self.owners, cosine[self.captions])
        return best

    def choose(self, sentence: np.ndarray, subject: np.ndarray, seed: int) -> tuple[int, float]:
        """The template that a prompt is shown: the nearest for seed 0, one of the near ones for any other seed.

        Arguments:
            sentence: embedding (D,) of the prompt; subject: of the prompt without its colours and materials. Both
                count: by the whole prompt alone, "a bottle made of bricks" is a heap of bricks.

        Returns:
            Its index, and the cosine between the whole prompt and its nearest caption.
        """
        whole = self.likeness(sentence)
        score = (1 - SUBJECT_SHARE) * whole + SUBJECT_SHARE * self.likeness(subject)
        # A caption of a template's own means this template, whatever else its words may mean.
        score = np.where(whole > OWN_CAPTION, 1 + whole, score)
        order = np.argsort(-score, kind="stable")
        rank = 0
        if seed:
            best = float(np.minimum(score[order[0]], 1))
            near = int((score[order[:CHOICES]] >= NEAR_BEST * best).sum())
            rank = int(np.random.default_rng(seed).integers(1, max(2, near))) if near > 1 else 0
        return int(order[rank]), float(whole[order[rank]])

    def arrays(self) -> dict[str, np.ndarray]:
        return {name: getattr(self, name) for name in self.ARRAYS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], categories: Sequence[str]) -> Templates:
        return cls(tuple(categories), **{name: arrays[name] for name in cls.ARRAYS})

    @staticmethod
    def _stream(data: np.ndarray, ends: np.ndarray, index: int) -> bytes:
        start = int(ends[index - 1]) if index else 0
        try:
            return zlib.decompress(data[start : int(ends[index])].tobytes())
        except zlib.error as error:
            raise CheckpointError("The templates of this model file are damaged; copy the file again.") from error


def visible_area(cells: np.ndarray, side: int) -> np.ndarray:
    """From how many of five sides (left, right, front, back, top) nothing stands before each occupied cell: (N,) int64
    for flat indices (N,) [x, y, z] of a grid of ``side``. Beds have more wood below than blanket above."""
    place = np.stack(np.unravel_index(cells, (side,) * 3))
    seen = np.zeros(len(cells), dtype=np.int64)
    for axis, u, v in ((0, 1, 2), (1, 0, 2), (2, 0, 1)):
        column = place[u] * side + place[v]
        last = np.full(side * side, -1)
        np.maximum.at(last, column, place[axis])
        seen += place[axis] == last[column]
        if axis != 1:  # nobody looks from below
            first = np.full(side * side, side)
            np.minimum.at(first, column, place[axis])
            seen += place[axis] == first[column]
    return seen


def _told(palette: np.ndarray, counts: np.ndarray, colours: Sequence[str]) -> np.ndarray:
    """The palette (K, 3), whose entries occur ``counts`` (K,) times, in one or two named colours.

    Of two colours the one that the template has a fair share of stays where it is, and the other goes to the largest
    of what remains: "a green plant in a red pot" shown a green plant in a brown pot."""
    names = np.array([nearest_name(color) for color in palette])
    if len(colours) == 1:
        most = max(sorted(set(names)), key=lambda name: counts[names == name].sum())
        return palette if most == colours[0] else recoloured_palette(palette, counts, colours[0])
    missing = [c for c in colours if counts[names == c].sum() < HAS_SHARE * counts.sum()]
    if len(missing) == 2:
        return recoloured_palette(palette, counts, *colours)
    rest = np.where(np.isin(names, colours), 0, counts)
    return recoloured_palette(palette, rest, missing[0]) if missing and rest.any() else palette


def build_templates(prepared: Sequence[Prepared], embeddings: Sequence[np.ndarray]) -> Templates:
    """Make the table.

    Arguments:
        embeddings: for each asset its captions' unit sentence embeddings (captions, D).
    """
    shapes, colours, palettes = [], [], []
    for item in prepared:
        targets = item.load()
        surface = np.unpackbits(targets.surface).astype(bool).reshape((SIDE,) * 3)
        shapes.append(zlib.compress(encode_octree(surface), 9))
        colours.append(zlib.compress(_labels_of_cells(surface, targets).tobytes(), 9))
        palettes.append(targets.palette)
    rounded = np.round(np.concatenate(list(embeddings)) * 127).astype(np.int8)
    distinct, which = np.unique(rounded, axis=0, return_inverse=True)
    owners = np.repeat(np.arange(len(prepared), dtype=np.int32), [len(e) for e in embeddings])
    return Templates(
        categories=tuple(p.asset.category for p in prepared),
        shape_bytes=np.frombuffer(b"".join(shapes), dtype=np.uint8).copy(),
        shape_ends=np.cumsum([len(s) for s in shapes], dtype=np.int64),
        color_bytes=np.frombuffer(b"".join(colours), dtype=np.uint8).copy(),
        color_ends=np.cumsum([len(c) for c in colours], dtype=np.int64),
        palettes=np.stack(palettes),
        embeddings=distinct,
        captions=which.reshape(-1).astype(np.int32),
        owners=owners,
    )


def _labels_of_cells(surface: np.ndarray, targets: Targets) -> np.ndarray:
    """Palette index (M,) uint8 of every occupied cell of the half-size grid, in flat order: a surface sample in the
    cell decides, the outermost of several (behind the wall of a fridge stands another, of another colour), and where
    there is none the nearest one."""
    side = SIDE // 2
    points = targets.points.astype(np.float32)
    labels = np.full(side**3, 255, dtype=np.uint8)
    outermost_last = np.argsort((points * targets.point_normals).sum(1), kind="stable")
    labels[voxel_index(points[outermost_last], side)] = targets.point_labels[outermost_last]
    cells = np.unique(_parents(np.flatnonzero(surface.ravel())))
    unknown = cells[labels[cells] == 255]
    centres = (np.stack(np.unravel_index(unknown, (side,) * 3), 1) + 0.5).astype(np.float32) * (2 / side) - 1
    reach = (points**2).sum(1)
    for start in range(0, len(unknown), 256):
        part = slice(start, start + 256)
        nearest = (reach[None] - 2 * centres[part] @ points.T).argmin(1)
        labels[unknown[part]] = targets.point_labels[nearest]
    return labels[cells]


def encode_octree(occupied: np.ndarray) -> bytes:
    """A cubic bool grid, side a power of two, as one byte of children per occupied parent, coarse levels first."""
    levels = [occupied]
    while levels[0].shape[0] > 1:
        levels.insert(0, _blocks(levels[0]).any(1).reshape((levels[0].shape[0] // 2,) * 3))
    parts = []
    for parent, child in pairwise(levels):
        parts.append(np.packbits(_blocks(child)[parent.ravel()], axis=1).tobytes())
    return b"".join(parts)


def decode_octree(data: bytes, side: int) -> np.ndarray:
    """Sorted flat indices [x, y, z] of the occupied cells of a grid of ``side`` that ``encode_octree`` made.

    Raises:
        CheckpointError: too few or too many bytes.
    """
    stored = np.frombuffer(data, dtype=np.uint8)
    cells = np.zeros((1, 3), dtype=np.int64)
    used, size = 0, 1
    while size < side:
        # Parents are stored in the order of their flat index.
        cells = cells[np.lexsort((cells[:, 2], cells[:, 1], cells[:, 0]))]
        children = np.unpackbits(stored[used : used + len(cells), None], axis=1).astype(bool)
        if len(children) != len(cells):
            raise CheckpointError("The templates of this model file are damaged; copy the file again.")
        used, size = used + len(cells), size * 2
        parent, child = np.nonzero(children)
        cells = cells[parent] * 2 + np.stack([child >> 2, child >> 1 & 1, child & 1], 1)
    if used != len(stored):
        raise CheckpointError("The templates of this model file are damaged; copy the file again.")
    return np.sort((cells[:, 0] * side + cells[:, 1]) * side + cells[:, 2])


def _blocks(grid: np.ndarray) -> np.ndarray:
    """(n, n, n) to (n³/8, 8): the eight children of each parent cell, parents in flat order."""
    n = grid.shape[0] // 2
    return grid.reshape(n, 2, n, 2, n, 2).transpose(0, 2, 4, 1, 3, 5).reshape(n**3, 8)


def _parents(cells: np.ndarray) -> np.ndarray:
    """Flat index in the 64³ grid of each flat index in the 128³ grid."""
    x, y, z = np.unravel_index(cells, (SIDE,) * 3)
    return ((x // 2) * (SIDE // 2) + y // 2) * (SIDE // 2) + z // 2
