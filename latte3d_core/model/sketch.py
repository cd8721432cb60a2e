"""The sketch: a rough solid from the words alone, by one small multilayer perceptron.

A prompt without a shape gives the U-Nets a sphere to look at (paper, point-cloud annealing), and through attention
alone they need a great many samples before different words give different bodies. The sketch is the short way from a
sentence to a coarse occupancy: a few hundred learned basis solids, mixed by the sentence embedding. It sees two
hundred captions in the time that the U-Nets see one sample. The networks read it beside the points, believe it where
there are none, and draw the details.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from latte3d_core.config import ModelConfig


class Sketch(nn.Module):
    """Sentence embedding to occupancy logits on a coarse grid over [-1, 1]³."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        sketch = config.sketch
        self.side = sketch.side
        self.net = nn.Sequential(
            nn.Linear(config.text.width, sketch.hidden), nn.SiLU(),
            nn.Linear(sketch.hidden, sketch.hidden), nn.SiLU(),
            nn.Linear(sketch.hidden, sketch.basis), nn.SiLU(),
        )  # fmt: skip
        self.basis = nn.Linear(sketch.basis, sketch.side**3)
        # Most of the box is empty: begin there.
        nn.init.normal_(self.basis.weight, std=0.02)
        nn.init.constant_(self.basis.bias, -2.0)

    def forward(self, sentence: Tensor) -> Tensor:
        """sentence (B, width), unit length; returns logits (B, 1, K, K, K), axes [z, y, x], positive inside."""
        # Unit vectors of hundreds of channels have tiny entries.
        logits = self.basis(self.net(sentence * sentence.shape[-1] ** 0.5))
        return logits.reshape(-1, 1, self.side, self.side, self.side)


def sketch_targets(occupancy: Tensor, side: int) -> Tensor:
    """Share of each coarse cell that is inside.

    Arguments:
        occupancy: (R, R, R) in {0, 1}, index order [x, y, z], R at least ``side``.

    Returns:
        (side,)*3 in [0, 1], axes [z, y, x].
    """
    grid = occupancy.permute(2, 1, 0).float()[None, None]
    return torch.nn.functional.adaptive_avg_pool3d(grid, side)[0, 0]
