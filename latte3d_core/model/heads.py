"""Heads: what the planes and volumes say at a point, as a signed distance or a colour."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latte3d_core.config import ModelConfig
from latte3d_core.field.triplane import sample_planes, sample_volume
from latte3d_core.model.points import DETAIL_CHANNELS


class FieldHead(nn.Module):
    """MLP from sampled features and the point itself to ``outputs`` numbers.

    Input channels in order: the three planes, the learned volume, the volume of statistics, x, y, z, and ``waves``
    octaves of sine and cosine of them. The point itself is needed to compare a depth stored in a plane with the query's
    own; the waves draw patterns that are finer than the planes.
    """

    def __init__(self, config: ModelConfig, outputs: int, waves: int = 0) -> None:
        super().__init__()
        head, point = config.head, config.point
        self.waves = waves
        self.plane_width = 3 * head.channels
        self.volume_width = point.volume_outputs + DETAIL_CHANNELS
        widths = [self.plane_width + self.volume_width + 3 + 6 * waves] + [head.hidden] * head.layers
        self.first, *rest = (nn.Linear(a, b) for a, b in pairwise(widths))
        self.rest = nn.ModuleList(rest)
        self.last = nn.Linear(widths[-1], outputs)

    def forward(
        self, planes: Tensor, volumes: list[Tensor], points: Tensor, film: Tensor | None = None,
        detail: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        """planes (B, 3, C, S, S); volumes [(B, V, D, D, D), ...]; points (B, N, 3) core frame; film (B, 2·hidden) scale
        and shift of the first layer's output; detail (B, 3, C, S', S') finer planes, added to what the planes say;
        returns (B, N, outputs)."""
        places = points.transpose(1, 2)
        of_planes = sample_planes(planes, points)
        if detail is not None:
            of_planes = of_planes + sample_planes(detail, points)
        parts = [of_planes, *(sample_volume(v, points) for v in volumes), places]
        if self.waves:
            octaves = torch.pi * 2.0 ** torch.arange(self.waves, device=points.device, dtype=points.dtype)
            angles = (places[:, None] * octaves[:, None, None]).flatten(1, 2)
            parts += [angles.sin(), angles.cos()]
        x = _apply(self.first, torch.cat([p.to(points.dtype) for p in parts], 1))
        if film is not None:
            scale, shift = film.to(x.dtype)[..., None].chunk(2, 1)
            x = x * (1 + scale) + shift
        return self.from_preactivation(x).transpose(1, 2)

    def from_preactivation(self, x: Tensor) -> Tensor:
        """The rest of the MLP after the first linear layer, for callers that summed its parts themselves.

        Arguments:
            x: (..., hidden, N), channels first: that is how samples come out of planes and volumes.

        Returns:
            (..., outputs, N).
        """
        for layer in (*self.rest, self.last):
            x = _apply(layer, F.relu(x, inplace=not torch.is_grad_enabled()))
        return x


def _apply(layer: nn.Module, x: Tensor) -> Tensor:
    """A linear layer over channels-first rows (..., C, N)."""
    assert isinstance(layer, nn.Linear)
    return (layer.weight @ x).add_(layer.bias[:, None])
