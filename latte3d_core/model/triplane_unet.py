"""The triplane U-Net: a way down (shared by G and T in pretraining and stage 1) and a way up (one for each)."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latte3d_core.config import ModelConfig
from latte3d_core.model.blocks import PLANE_AXES, PLANE_NORMALS, JointAttention, ResidualBlock
from latte3d_core.model.points import STATISTICS, space_to_depth


class TriplaneEncoder(nn.Module):
    """Scattered planes (B, 3, P, R, R) and the coarse volume (B, W, D, D, D) to one tensor (B·3, C, r, r) per level,
    finest first."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        unet, text = config.unet, config.text.width
        self.patch = unet.patch
        self.enter = nn.Conv2d((config.point.channels + STATISTICS) * unet.patch**2, unet.channels[0], 3, padding=1)
        self.enter_volume = nn.Conv2d(config.point.volume_channels[0], unet.channels[0], 1)
        self.levels = nn.ModuleList(
            nn.ModuleList(ResidualBlock(c, unet.condition, text, unet.heads) for _ in range(unet.blocks))
            for c in unet.channels
        )
        self.down = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairwise(unet.channels))
        self.joint = JointAttention(unet.channels[-1], unet.heads)
        self.middle = ResidualBlock(unet.channels[-1], unet.condition, text, unet.heads)

    def forward(self, planes: Tensor, volume: Tensor, condition: Tensor, tokens: Tensor, mask: Tensor) -> list[Tensor]:
        x = self.enter(space_to_depth(planes, self.patch).contiguous(memory_format=torch.channels_last))
        profiles = project(volume).flatten(0, 1)
        if profiles.shape[-2:] != x.shape[-2:]:
            profiles = F.interpolate(profiles, size=x.shape[-2:], mode="bilinear", align_corners=False)
        x = x + self.enter_volume(profiles.contiguous(memory_format=torch.channels_last))
        levels = []
        for index, blocks in enumerate(self.levels):
            for block in blocks:  # type: ignore[attr-defined]
                x = block(x, condition, tokens, mask)
            if index < len(self.down):
                levels.append(x)
                x = self.down[index](x)
        return [*levels, self.middle(self.joint(x), condition, tokens, mask)]


def project(volume: Tensor) -> Tensor:
    """Means of a volume (B, C, D, D, D), axes [z, y, x], along the normal of each plane: (B, 3, C, D, D)."""
    planes = []
    for (u, v), normal in zip(PLANE_AXES, PLANE_NORMALS, strict=True):
        mean = volume.mean(4 - normal)
        # What is left has the higher axis first; a plane has v along the rows.
        planes.append(mean if v > u else mean.transpose(2, 3))
    return torch.stack(planes, 1)


class TriplaneDecoder(nn.Module):
    """The levels of the way down to output planes (B, 3, C, S, S), S = R / patch · upsample.

    Skips are added, not concatenated: nearly as good for two thirds of the arithmetic. The scattered planes reach the
    output through one 1×1 convolution, which keeps edges that the strided levels blur.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        unet, text, head = config.unet, config.text.width, config.head
        self.upsample = head.upsample
        pairs = list(pairwise(unet.channels))[::-1]
        self.up = nn.ModuleList(nn.Conv2d(coarse, fine, 1) for fine, coarse in pairs)
        self.blocks = nn.ModuleList(ResidualBlock(fine, unet.condition, text, unet.heads) for fine, _ in pairs)
        self.leave = nn.Conv2d(unet.channels[0], head.channels * head.upsample**2, 3, padding=1)
        self.skip = nn.Conv2d(config.point.channels + STATISTICS, head.channels, 1)
        # Fresh planes are noise beside the volumes, which say where the points are from the first step on.
        for layer in (self.leave, self.skip):
            nn.init.normal_(layer.weight, std=0.02)

    def forward(self, levels: list[Tensor], planes: Tensor, condition: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
        x = levels[-1]
        for up, block, skip in zip(self.up, self.blocks, levels[-2::-1], strict=True):
            x = F.interpolate(up(x), scale_factor=2, mode="nearest") + skip
            x = block(x, condition, tokens, mask)
        x = F.pixel_shuffle(self.leave(F.silu(x)), self.upsample)
        skip_planes = self.skip(planes.flatten(0, 1))
        if skip_planes.shape[-1] != x.shape[-1]:
            skip_planes = F.interpolate(skip_planes, size=x.shape[-2:], mode="bilinear", align_corners=False)
        x = x + skip_planes
        return x.reshape(-1, 3, *x.shape[1:])
