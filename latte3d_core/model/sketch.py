"""The sketch: a rough solid from the words alone, by one small multilayer perceptron.

A prompt without a shape gives the U-Nets a sphere to look at (paper, point-cloud annealing), and through attention
alone they need a great many samples before different words give different bodies. The sketch is the short way from a
sentence to a coarse occupancy: some hundred learned basis solids, mixed by the sentence embedding. It sees thousands
of captions in the time that the U-Nets see one sample. The networks read it beside the points, believe it where there
are none, and draw the details.

A basis solid is not stored cell by cell. The grid is cut into blocks of a few cells a side, each block of a basis solid
is a short code, and one small matrix, the same everywhere, turns codes into cells. This is a sixth of the numbers, and
a loss may look at some of the blocks instead of all.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from latte3d_core.config import ModelConfig


class Sketch(nn.Module):
    """Sentence embedding to occupancy logits on a coarse grid over [-1, 1]³."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        sketch = config.sketch
        self.side, self.block = sketch.side, sketch.block
        self.channels = sketch.channels
        self.blocks = (sketch.side // sketch.block) ** 3
        self.net = nn.Sequential(
            nn.Linear(config.text.width, sketch.hidden), nn.SiLU(),
            nn.Linear(sketch.hidden, sketch.hidden), nn.SiLU(),
            nn.Linear(sketch.hidden, sketch.basis), nn.SiLU(),
        )  # fmt: skip
        self.codes = nn.Linear(sketch.basis, self.blocks * sketch.channels)
        self.cells = nn.Linear(sketch.channels, sketch.block**3)
        # Most of the box is empty: begin there.
        nn.init.normal_(self.codes.weight, std=0.02)
        nn.init.constant_(self.cells.bias, -2.0)

    def forward(self, sentence: Tensor) -> Tensor:
        """sentence (B, width), unit length; returns logits (B, 1, K, K, K), axes [z, y, x], positive inside."""
        return from_blocks(self.cells_of(sentence), self.side, self.block)[:, None]

    def cells_of(self, sentence: Tensor, chosen: Tensor | None = None) -> Tensor:
        """The logits block by block.

        Arguments:
            sentence: (B, width); chosen: (M,) indices of blocks, in [0, blocks); default: all, in order.

        Returns:
            (B, M, block³).
        """
        # Unit vectors of hundreds of channels have tiny entries.
        mixture = self.net(sentence * sentence.shape[-1] ** 0.5)
        weight, bias = self.codes.weight, self.codes.bias
        if chosen is not None:
            weight = weight.unflatten(0, (self.blocks, self.channels))[chosen].flatten(0, 1)
            bias = bias.unflatten(0, (self.blocks, self.channels))[chosen].flatten()
        return self.cells(F.linear(mixture, weight, bias).unflatten(1, (-1, self.channels)))


def to_blocks(grid: Tensor, block: int) -> Tensor:
    """(B, K, K, K) cut into (B, (K / block)³, block³)."""
    n = grid.shape[1] // block
    parts = grid.reshape(-1, n, block, n, block, n, block).permute(0, 1, 3, 5, 2, 4, 6)
    return parts.reshape(len(grid), n**3, block**3)


def from_blocks(blocks: Tensor, side: int, block: int) -> Tensor:
    """The inverse of ``to_blocks``: (B, (K / block)³, block³) to (B, K, K, K), K being ``side``."""
    n = side // block
    parts = blocks.reshape(-1, n, n, n, block, block, block).permute(0, 1, 4, 2, 5, 3, 6)
    return parts.reshape(len(blocks), side, side, side)


def sketch_targets(occupancy: Tensor, side: int) -> Tensor:
    """Share of each coarse cell that is inside.

    Arguments:
        occupancy: (R, R, R) in {0, 1}, index order [x, y, z], R at least ``side``.

    Returns:
        (side,)*3 in [0, 1], axes [z, y, x].
    """
    grid = occupancy.permute(2, 1, 0).float()[None, None]
    return F.adaptive_avg_pool3d(grid, side)[0, 0]
