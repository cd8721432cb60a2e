"""The volume network: what lies between and behind the points, in three dimensions.

The paper's networks are planes alone, and learn depth from a prior over months of GPU time. A small 3D U-Net beside
them says in minutes which side of a wall is inside. That is not a local question, so the network is told which cells
are seen from outside, and its levels go down to cells of an eighth of the box. It works at half the side of the
statistics (space to depth), where the arithmetic is cheap, and hands back the full side (depth to space).
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latte3d_core.config import ModelConfig
from latte3d_core.model.points import DETAIL_CHANNELS


class VolumeBlock(nn.Module):
    """Two 3×3×3 convolutions around a shift and scale by the condition; starts as the identity."""

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv3d(channels, channels, 3, padding=1)
        self.film = nn.Linear(condition, 2 * channels)
        for layer in (self.conv2, self.film):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """x (B, C, D, D, D); condition (B, K)."""
        scale, shift = self.film(condition)[:, :, None, None, None].chunk(2, 1)
        h = self.conv1(F.silu(x)) * (1 + scale) + shift
        return x + self.conv2(F.silu(h))


class VolumeNet(nn.Module):
    """Statistics, hull and sketch to a learned fine volume for the heads, and a coarse one for the planes."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        point, condition = config.point, config.unet.condition
        self.factor = point.detail_resolution // point.volume_resolution
        widths, cells = point.volume_channels, self.factor**3
        self.enter = nn.Conv3d(DETAIL_CHANNELS * cells, widths[0], 1)
        self.enter_hull = nn.Conv3d(7, widths[0], 1)
        self.enter_sketch = nn.Conv3d(1, widths[0], 1)
        pairs = list(pairwise(widths))
        self.down = nn.ModuleList(nn.Conv3d(fine, coarse, 3, stride=2, padding=1) for fine, coarse in pairs)
        self.down_blocks = nn.ModuleList(VolumeBlock(coarse, condition) for _, coarse in pairs)
        self.up = nn.ModuleList(nn.Conv3d(coarse, fine, 1) for fine, coarse in pairs[::-1])
        self.up_blocks = nn.ModuleList(VolumeBlock(fine, condition) for fine, _ in pairs[::-1])
        self.leave = nn.Conv3d(widths[0], point.volume_outputs * cells, 1)

    def forward(self, detail: Tensor, occupied: Tensor, sketch: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """detail (B, 7, E, E, E), axes [z, y, x]; occupied (B, 1, D, D, D) 0 or 1; sketch (B, 1, K, K, K) logits;
        condition (B, width).

        Returns:
            The learned volume (B, V, E, E, E), and the coarse one before it left (B, W, D, D, D), D = E / factor.
        """
        x = self.enter(space_to_depth_3d(detail, self.factor)) + self.enter_hull(seen_from_outside(occupied))
        hint = F.interpolate(sketch, size=x.shape[-3:], mode="trilinear", align_corners=False)
        # A logit of ten is as sure as one of three, and would drown the statistics.
        x = x + self.enter_sketch(torch.tanh(hint / 3).contiguous(memory_format=torch.channels_last_3d))
        levels = []
        for down, block in zip(self.down, self.down_blocks, strict=True):
            levels.append(x)
            x = block(down(F.silu(x)), condition)
        for up, block, skip in zip(self.up, self.up_blocks, levels[::-1], strict=True):
            x = block(skip + F.interpolate(up(x), scale_factor=2, mode="nearest"), condition)
        return depth_to_space_3d(self.leave(F.silu(x)), self.factor), x


def seen_from_outside(occupied: Tensor) -> Tensor:
    """From where each cell is seen: along six directions, the axes there and back, whether no occupied cell stands
    between it and the border, and whether that holds for any of the six.

    What is seen is outside; all but the deeper hollows of a shape are told apart by this alone, where convolutions need
    thousands of samples to find out.

    Arguments:
        occupied: (B, 1, D, D, D), 0 or 1.

    Returns:
        (B, 7, D, D, D), 0 or 1; occupied cells are not seen.
    """
    views = []
    for axis in (2, 3, 4):
        views += [occupied.cummax(axis).values, occupied.flip(axis).cummax(axis).values.flip(axis)]
    seen = 1 - torch.cat(views, 1)
    return torch.cat([seen, seen.amax(1, keepdim=True)], 1).contiguous(memory_format=torch.channels_last_3d)


def space_to_depth_3d(volume: Tensor, factor: int) -> Tensor:
    """(B, C, D, D, D) to (B, factor³·C, D/factor, ...); channels last in memory if the volume was."""
    batch, channels, side = volume.shape[:3]
    n, f = side // factor, factor
    parts = volume.permute(0, 2, 3, 4, 1).reshape(batch, n, f, n, f, n, f, channels)
    return parts.permute(0, 1, 3, 5, 2, 4, 6, 7).reshape(batch, n, n, n, f**3 * channels).permute(0, 4, 1, 2, 3)


def depth_to_space_3d(volume: Tensor, factor: int) -> Tensor:
    """The inverse of ``space_to_depth_3d``."""
    batch, deep, n = volume.shape[:3]
    f, channels = factor, deep // factor**3
    parts = volume.permute(0, 2, 3, 4, 1).reshape(batch, n, n, n, f, f, f, channels)
    full = parts.permute(0, 1, 4, 2, 5, 3, 6, 7).reshape(batch, n * f, n * f, n * f, channels)
    return full.permute(0, 4, 1, 2, 3)
