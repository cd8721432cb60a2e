"""What stage 2 adds to T: planes twice as fine, from a residual perceptron that reads the text.

The paper upsamples T's planes and passes them through a residual MLP that exists only in T and only in stage 2. Here
the residual alone is kept at the fine side and is added to what the coarse planes say at a point: interpolation is
linear, so that is the sum of both planes, and with the last layer at zero the first step of stage 2 is stage 1
exactly, which a resampled plane would not be.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from latte3d_core.config import ModelConfig


class PlaneDetail(nn.Module):
    """Planes (B, 3, C, S, S) and the sentence to residual planes (B, 3, C, 2S, 2S)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        channels, hidden = config.head.channels, config.texture_detail
        self.enter = nn.Conv2d(channels, hidden, 1)
        self.text = nn.Linear(config.text.width, hidden)
        self.middle = nn.Conv2d(hidden, hidden, 1)
        self.leave = nn.Conv2d(hidden, channels, 1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]

    def forward(self, planes: Tensor, sentence: Tensor) -> Tensor:
        fine = F.interpolate(planes.flatten(0, 1), scale_factor=2, mode="bilinear", align_corners=False)
        text = self.text(sentence).repeat_interleave(3, 0)[:, :, None, None]
        x = F.silu(self.middle(F.silu(self.enter(fine) + text)))
        return self.leave(x).unflatten(0, planes.shape[:2])
