"""Building blocks of the triplane U-Net. A triplane is a tensor (B, 3, C, H, W); a convolution sees it as (B·3, C, H,
W).

Plane p spans the two axes ``PLANE_AXES[p]`` = (u, v): u runs along the columns (W), v along the rows (H), both from -1
to 1. The three planes cover the three pairs of axes once each; the axes of the first public triplane code repeat a
pair.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

#: (u, v) axes of the planes xy, xz and zy; the remaining axis is the plane's normal.
PLANE_AXES: tuple[tuple[int, int], ...] = ((0, 1), (0, 2), (2, 1))
PLANE_NORMALS: tuple[int, ...] = (2, 1, 0)


def group_norm(channels: int) -> nn.GroupNorm:
    """Group normalisation in groups of 16 channels (or 8, where 16 does not divide)."""
    return nn.GroupNorm(max(1, channels // (16 if channels % 16 == 0 else 8)), channels)


class TextAttention(nn.Module):
    """Cross-attention from every cell of the planes to the text tokens (paper: in each residual block).

    Large planes ask at half their side: the text says the same to neighbouring cells. The last projection starts at
    zero, so that a fresh block is a plain residual block.
    """

    LARGE = 32

    def __init__(self, channels: int, text_width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = group_norm(channels)
        self.query = nn.Linear(channels, channels)
        self.key_value = nn.Linear(text_width, 2 * channels)
        self.out = nn.Linear(channels, channels)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
        """x (B·3, C, H, W); tokens (B, L, text width); mask (B, L) bool, true where there is a token."""
        batch, length, _ = tokens.shape
        asking = self.norm(x)
        pooled = x.shape[-1] >= self.LARGE
        if pooled:
            asking = F.avg_pool2d(asking, 2)
        channels, height, width = asking.shape[1:]
        query = self.query(asking.flatten(2).transpose(1, 2)).reshape(batch, -1, self.heads, channels // self.heads)
        key, value = self.key_value(tokens).reshape(batch, length, 2, self.heads, -1).unbind(2)
        mixed = F.scaled_dot_product_attention(
            query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2), attn_mask=mask[:, None, None, :]
        )
        mixed = self.out(mixed.transpose(1, 2).reshape(len(x), height * width, channels))
        mixed = mixed.transpose(1, 2).reshape(asking.shape)
        return x + (F.interpolate(mixed, scale_factor=2, mode="nearest") if pooled else mixed)


class PlaneMixing(nn.Module):
    """Let each plane see the other two: a plane's mean along one axis is a profile over its other axis, and that
    profile is laid out over every plane that has this axis (axis pooling; linear in the number of cells)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.along_u = nn.Linear(channels, channels)
        self.along_v = nn.Linear(channels, channels)
        for layer in (self.along_u, self.along_v):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        planes = x.reshape(-1, 3, *x.shape[1:])
        # profile[axis] = [(plane, (B, C, N) mean over the plane's other axis), ...]
        profile: dict[int, list[tuple[int, Tensor]]] = {0: [], 1: [], 2: []}
        for p, (u, v) in enumerate(PLANE_AXES):
            profile[u].append((p, planes[:, p].mean(2)))
            profile[v].append((p, planes[:, p].mean(3)))
        mixed = []
        for p, (u, v) in enumerate(PLANE_AXES):
            from_u = next(t for q, t in profile[u] if q != p)
            from_v = next(t for q, t in profile[v] if q != p)
            add_u = self.along_u(from_u.transpose(1, 2)).transpose(1, 2)[:, :, None, :]
            add_v = self.along_v(from_v.transpose(1, 2)).transpose(1, 2)[:, :, :, None]
            mixed.append(planes[:, p] + add_u + add_v)
        return torch.stack(mixed, 1).reshape(x.shape)


class JointAttention(nn.Module):
    """Self-attention over the cells of all planes of an object together; affordable at the lowest levels only.

    Arguments:
        planes: of an object; a multi-view network has views in their place.
    """

    def __init__(self, channels: int, heads: int, planes: int = 3) -> None:
        super().__init__()
        self.heads, self.planes = heads, planes
        self.norm = nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor) -> Tensor:
        """x (B·planes, C, H, W)."""
        rows, channels, height, width = x.shape
        objects, planes = rows // self.planes, self.planes
        cells = x.reshape(objects, planes, channels, height * width).transpose(2, 3).reshape(objects, -1, channels)
        q, k, v = self.qkv(self.norm(cells)).reshape(*cells.shape[:2], 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(cells.shape)
        cells = cells + self.out(mixed)
        return cells.reshape(objects, planes, height * width, channels).transpose(2, 3).reshape(x.shape)


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions, shifted and scaled by the condition, then attention to the text and plane mixing."""

    def __init__(self, channels: int, condition: int, text_width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = group_norm(channels), group_norm(channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.film = nn.Linear(condition, 2 * channels)
        self.attend = TextAttention(channels, text_width, heads)
        self.mix = PlaneMixing(channels)
        nn.init.zeros_(self.film.weight)
        nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor, condition: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
        """x (B·3, C, H, W); condition (B, D)."""
        h = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.film(condition).repeat_interleave(3, 0)[:, :, None, None].chunk(2, 1)
        h = self.conv2(F.silu(self.norm2(h) * (1 + scale) + shift))
        return self.mix(self.attend(x + h, tokens, mask))
