"""Variations: small pictures of one prompt under many seeds, to choose from before anything is made in full.

No bpy at the top, see ``tasks``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

from .tasks import Placed, Task
from .translations import tr

if TYPE_CHECKING:
    import numpy as np

    from latte3d_core.api import Fields
    from latte3d_core.progress import Progress

    from .jobs import Job

#: Side of a picture in pixels, and the faces of the mesh that it shows.
PICTURE, FACES = 128, 1500
#: So many seeds in a row that show nothing new, and no others are tried.
PATIENCE = 6
#: Most seeds of one grid.
MOST = 36
SEEDS = 2**31
#: Room between two objects of a row, as a share of the wider one.
GAP = 0.25


class Generator(Protocol):
    """The part of ``latte3d_core.Latte3D`` that this task uses itself."""

    def fields(self, prompt: str, *, seed: int, alpha: float | None, progress: Progress) -> Fields: ...


@dataclass(frozen=True, eq=False)
class Thumbnail:
    """A look at one seed.

    Attributes:
        pixels: (S, S, 4) uint8 sRGB with straight alpha, row 0 at the top.
        template: which shape the seed picked; two seeds with the same one look the same. None if it cannot be told.
        width: of the object in metres, along X.
        warnings, seconds: as those of every result.
    """

    pixels: np.ndarray = field(repr=False)
    template: int | None
    width: float
    warnings: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ThumbnailTask(Task):
    """Make the small picture of one seed. Attributes as those of ``GenerateTask``; ``group`` is the grid's."""

    prompt: str
    seed: int = 0
    alpha: float | None = None
    size_m: float = 0.0

    @property
    def title(self) -> str:
        return tr("{prompt} (seed {seed})").format(prompt=" ".join(self.prompt.split()), seed=self.seed)

    def run(self, generator: Generator, progress: Progress) -> Thumbnail:
        from latte3d_core.preview import preview, thumbnail

        from .prepare import to_blender_frame

        fields = generator.fields(self.prompt, seed=self.seed, alpha=self.alpha, progress=progress)
        mesh = preview(generator, fields, FACES, progress)  # type: ignore[arg-type] # the protocol is its smaller part
        along = to_blender_frame(mesh.vertices, self.size_m or mesh.size_m)[:, 0]
        width = float(along.max() - along.min())
        return Thumbnail(thumbnail(mesh, PICTURE), fields.template, width, mesh.warnings, mesh.seconds)

    def place(self, context: Any, job: Job, result: Thumbnail) -> Placed:
        from .variations_ui import receive

        receive(self, result)
        return Placed((), tr("Seed {seed} has been looked at").format(seed=self.seed), undo=False)


@dataclass
class Cell:
    """One seed of a grid. ``look`` is None as long as its picture has not come."""

    seed: int
    look: Thumbnail | None = None
    chosen: bool = False


@dataclass
class Grid:
    """The seeds of one prompt that the panel shows, in their order.

    Attributes:
        group: of the jobs that make the pictures.
        cells: by seed.
        spare: the seed to try next in place of one that looks like another; None where the seeds were named one by one,
            which then stay.
    """

    prompt: str
    alpha: float
    group: str
    cells: dict[int, Cell]
    spare: int | None = None
    _repeats: int = 0

    @classmethod
    def counted(cls, prompt: str, alpha: float, group: str, first: int, count: int) -> Grid:
        """``count`` seeds from ``first`` on."""
        seeds = [(first + k) % SEEDS for k in range(count)]
        return cls(prompt, alpha, group, {seed: Cell(seed) for seed in seeds}, (first + count) % SEEDS)

    @classmethod
    def named(cls, prompt: str, alpha: float, group: str, seeds: Sequence[int]) -> Grid:
        """Exactly these seeds."""
        return cls(prompt, alpha, group, {seed: Cell(seed) for seed in seeds})

    @property
    def chosen(self) -> list[int]:
        """The seeds that are to be made in full."""
        return [cell.seed for cell in self.cells.values() if cell.chosen]

    def take(self, seed: int, look: Thumbnail) -> int | None:
        """A picture has come. Returns a seed to look at instead if another one shows the same shape already; that seed
        has a cell by then, and this one has none any more."""
        cell = self.cells.get(seed)
        if cell is None:
            return None
        same = look.template is not None and any(
            other is not cell and other.look is not None and other.look.template == look.template
            for other in self.cells.values()
        )
        if self.spare is None or not same:
            cell.look, self._repeats = look, 0
            return None
        del self.cells[seed]
        self._repeats += 1
        if self._repeats >= PATIENCE:
            return None
        instead, self.spare = self.spare, (self.spare + 1) % SEEDS
        self.cells[instead] = Cell(instead)
        return instead


def parse_seeds(text: str) -> list[int]:
    """Seeds written as in "0, 4, 7-9", each once.

    Raises:
        ValueError: it cannot be read; the message is a sentence for the artist.
    """
    found: dict[int, None] = {}
    for part in filter(None, re.split(r"[\s,;]+", text.strip())):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        low, high = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not low <= high < SEEDS:
            message = tr("“{part}” is no seed: write numbers from 0 to {most:,}, such as 0, 4, 7-9.")
            raise ValueError(message.format(part=part, most=SEEDS - 1))
        if high - low >= MOST or len(found) + high - low >= MOST:
            raise ValueError(tr("That is more than {most} seeds: name fewer.").format(most=MOST))
        found.update(dict.fromkeys(range(low, high + 1)))
    if not found:
        raise ValueError(tr("No seed is named: write numbers such as 0, 4, 7-9."))
    return list(found)


def in_a_row(widths: Sequence[float]) -> list[float]:
    """Where the middles of objects of these widths stand along X so that they do not touch: the first at 0, metres."""
    places = [0.0] if widths else []
    for left, right in pairwise(widths):
        places.append(places[-1] + (left + right) / 2 + GAP * max(left, right))
    return places
