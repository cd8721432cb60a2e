"""The prior's network: four noisy views of one object to their velocities, seen together.

After MVDream (arXiv 2308.16512): an image U-Net whose attention runs over the pixels of all views, told the camera of
each. Small and in pixel space: what two cores can train. Every picture has four channels, colour and cover; outside
the object colour is mid-grey. Pictures that are given (depth, coarse colour) enter as further channels; where there are
none they are zero and a flag says so, so that one network serves both stages of distillation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latte3d_core.config import TextConfig
from latte3d_core.model.blocks import JointAttention, TextAttention, group_norm
from latte3d_core.prior.views import VIEWS

#: Channels of a picture: red, green, blue, cover, all in [-1, 1].
PICTURE = 4
#: Channels of what is given: depth, coarse colour (3), and the flag.
GIVEN = 5
#: What lies behind the object in every picture, sRGB.
GREY = 0.5


@dataclass(frozen=True)
class PriorConfig:
    """Everything that fixes the shape of the prior's network.

    Attributes:
        size: side of a picture; patch: space-to-depth factor on the way in.
        channels: width of each level; each level halves the side of the one before.
        blocks: residual blocks a level, on the way down and on the way up.
        condition: width of the vector (time, camera, sentence) that shifts and scales every block.
    """

    name: str = "prior"
    text: TextConfig = field(default_factory=TextConfig)
    size: int = 32
    patch: int = 2
    channels: tuple[int, ...] = (96, 192, 256)
    blocks: int = 1
    heads: int = 4
    condition: int = 256


@dataclass(frozen=True)
class PriorConditions:
    """What B sets of four views are to show.

    Attributes:
        tokens: (B, L, text width); mask: (B, L) bool; sentence: (B, text width). Without a prompt: all zero, and a mask
            whose first entry alone is true.
        cameras: (B, 4, 4): azimuth, elevation, distance, fov of a ``Camera``.
        given: (B, 4, 5, S, S): depth, coarse colour, flag; see ``given_pictures``.
    """

    tokens: Tensor
    mask: Tensor
    sentence: Tensor
    cameras: Tensor
    given: Tensor

    def to(self, device: torch.device | str) -> PriorConditions:
        return PriorConditions(**{name: value.to(device) for name, value in vars(self).items()})

    def without_prompt(self) -> PriorConditions:
        """The same views of nothing in particular, for classifier-free guidance."""
        mask = torch.zeros_like(self.mask)
        mask[:, 0] = True
        return PriorConditions(
            torch.zeros_like(self.tokens), mask, torch.zeros_like(self.sentence), self.cameras, self.given
        )


class ViewBlock(nn.Module):
    """Two 3×3 convolutions, shifted and scaled by the condition, then attention to the text, and below to all views."""

    def __init__(self, channels: int, config: PriorConfig, joint: bool) -> None:
        super().__init__()
        self.norm1, self.norm2 = group_norm(channels), group_norm(channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.film = nn.Linear(config.condition, 2 * channels)
        self.attend = TextAttention(channels, config.text.width, config.heads)
        self.joint = JointAttention(channels, config.heads, VIEWS) if joint else nn.Identity()
        for layer in (self.film, self.conv2):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, condition: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
        """x (B·4, C, H, W); condition (B·4, D)."""
        h = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.film(condition)[:, :, None, None].chunk(2, 1)
        h = self.conv2(F.silu(self.norm2(h) * (1 + scale) + shift))
        return self.joint(self.attend(x + h, tokens, mask))


class Level(nn.Module):
    """The blocks of one side length."""

    def __init__(self, channels: int, config: PriorConfig, joint: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(ViewBlock(channels, config, joint) for _ in range(config.blocks))

    def forward(self, x: Tensor, condition: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x, condition, tokens, mask)
        return x


class PriorNet(nn.Module):
    """The U-Net."""

    def __init__(self, config: PriorConfig) -> None:
        super().__init__()
        self.config = config
        widths, cells = config.channels, config.patch**2
        self.time = nn.Sequential(
            nn.Linear(32, config.condition), nn.SiLU(), nn.Linear(config.condition, config.condition)
        )
        self.camera = nn.Sequential(
            nn.Linear(6, config.condition), nn.SiLU(), nn.Linear(config.condition, config.condition)
        )
        self.sentence = nn.Linear(config.text.width, config.condition)
        self.enter = nn.Conv2d((PICTURE + GIVEN) * cells, widths[0], 3, padding=1)
        levels = range(len(widths))
        self.down = nn.ModuleList(Level(widths[k], config, joint=k > 0) for k in levels)
        self.shrink = nn.ModuleList(nn.Conv2d(widths[k], widths[k + 1], 2, stride=2) for k in levels[:-1])
        self.up = nn.ModuleList(Level(widths[k], config, joint=k > 0) for k in levels[:-1])
        self.grow = nn.ModuleList(nn.Conv2d(widths[k + 1], widths[k], 1) for k in levels[:-1])
        self.norm = group_norm(widths[0])
        self.leave = nn.Conv2d(widths[0], PICTURE * cells, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]

    def forward(self, noisy: Tensor, time: Tensor, given: PriorConditions) -> Tensor:
        """Velocities (B, 4, 4, S, S) of noisy pictures (B, 4, 4, S, S), axes view, channel, row, column, at times
        (B,)."""
        batch = len(noisy)
        condition = self._condition(time, given)
        pictures = torch.cat([noisy, given.given], 2).flatten(0, 1)
        x = self.enter(F.pixel_unshuffle(pictures, self.config.patch))
        levels = []
        for number, level in enumerate(self.down):
            x = level(x, condition, given.tokens, given.mask)
            if number < len(self.shrink):
                levels.append(x)
                x = self.shrink[number](x)
        for level, grow, skip in zip(reversed(self.up), reversed(self.grow), reversed(levels), strict=True):
            x = skip + F.interpolate(grow(x), scale_factor=2, mode="nearest")
            x = level(x, condition, given.tokens, given.mask)
        out = F.pixel_shuffle(self.leave(F.silu(self.norm(x))), self.config.patch)
        return out.reshape(batch, VIEWS, *out.shape[1:])

    def _condition(self, time: Tensor, given: PriorConditions) -> Tensor:
        """(B·4, D)."""
        angle = time[:, None] * math.pi * 2.0 ** (torch.arange(16, device=time.device) * 0.5)
        azimuth, elevation, distance, fov = given.cameras.unbind(-1)
        azimuth, elevation = torch.deg2rad(azimuth), torch.deg2rad(elevation)
        lens = torch.tan(torch.deg2rad(fov) / 2)
        views = torch.stack(
            [azimuth.sin(), azimuth.cos(), elevation.sin(), elevation.cos(), distance / 4.2, lens / 0.2867], -1
        )
        shared = self.time(torch.cat([angle.sin(), angle.cos()], 1)) + self.sentence(given.sentence)
        return F.silu(shared[:, None] + self.camera(views)).flatten(0, 1)


def given_pictures(depth: Tensor, cover: Tensor, colors: Tensor, distance: float) -> Tensor:
    """What the depth-conditioned variant is shown: (B, 4, 5, S, S).

    Depth becomes 1 for the nearest that an object in the box can be and -1 for the farthest, as a depth ControlNet has
    it (near is bright); colours are coarse, so that the prior adds to them and does not repeat them.

    Arguments:
        depth: (B, 4, S, S) distances along the rays, core units; cover: (B, 4, S, S) in [0, 1].
        colors: (B, 4, 3, S, S) in [0, 1], over mid-grey; distance: of the cameras from the origin.
    """
    reach = math.sqrt(3.0)
    near = ((distance - depth) / reach).clamp(-1, 1) * cover - (1 - cover)
    flat = colors.flatten(0, 1)
    coarse = F.interpolate(F.avg_pool2d(flat, 4), size=flat.shape[-2:], mode="bilinear", align_corners=False)
    coarse = coarse.reshape(colors.shape) * 2 - 1
    return torch.cat([near[:, :, None], coarse, torch.ones_like(near[:, :, None])], 2)
