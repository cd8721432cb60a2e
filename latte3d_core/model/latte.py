"""LATTE3D's two networks in one module: prompt and points in, planes and heads out.

    prompt ─► TextEncoder (text.py) ─► tokens, sentence ─► Sketch (sketch.py) ─┐
    points ─► PointEncoder (points.py) ─► planes, statistics ─► VolumeNet (volume.py) ─┐
    alpha ──► Fourier features ─► condition ─► TriplaneEncoder ─┬─► TriplaneDecoder G ─► FieldHead ─► sdf
                                                                └─► TriplaneDecoder T ─► FieldHead ─► rgb

G is geometry, T is texture (paper, section 3). With ``share_encoders`` both read one way down; without, each has its
own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from latte3d_core.config import ModelConfig
from latte3d_core.field.triplane import sample_volume
from latte3d_core.model.detail import PlaneDetail
from latte3d_core.model.heads import FieldHead
from latte3d_core.model.points import PointEncoder
from latte3d_core.model.sketch import Sketch
from latte3d_core.model.triplane_unet import TriplaneDecoder, TriplaneEncoder
from latte3d_core.model.volume import VolumeNet


@dataclass(frozen=True)
class Conditions:
    """What a batch of B objects is made from.

    Attributes:
        tokens: (B, L, text width) token states; mask: (B, L) bool, true where there is a token.
        sentence: (B, text width) unit-length sentence embedding.
        points: (B, N, 3) core frame; colors: (B, N, 3) sRGB in [0, 1]; has_color: (B,) 0 or 1.
        alpha: (B,) shape strength in [0, 1]: how far the points are to be believed.
    """

    tokens: Tensor
    mask: Tensor
    sentence: Tensor
    points: Tensor
    colors: Tensor
    has_color: Tensor
    alpha: Tensor

    def to(self, device: torch.device | str) -> Conditions:
        return Conditions(**{name: value.to(device) for name, value in vars(self).items()})


@dataclass(frozen=True)
class Planes:
    """What the networks say of B objects.

    Attributes:
        geometry, texture: planes (B, 3, C, S, S) of G and T.
        geometry_volumes, texture_volumes: the volumes (B, V, E, E, E) that their heads read beside the planes.
        texture_film: (B, 2·hidden) scale and shift inside T's head, from the text.
        given_colors: the colours given with the points (coarse, fine); has_color: (B,) 0 or 1, whether there were any.
        sketch: (B, 1, K, K, K) occupancy logits from the words alone.
        texture_detail: (B, 3, C, 2S, 2S) finer planes of T, added to the others; None before stage 2.
    """

    geometry: Tensor
    texture: Tensor
    geometry_volumes: list[Tensor]
    texture_volumes: list[Tensor]
    texture_film: Tensor
    given_colors: list[Tensor]
    has_color: Tensor
    sketch: Tensor
    texture_detail: Tensor | None = None

    def one(self, index: int) -> Planes:
        """The planes of a single object, still with a batch axis."""
        return self.map(lambda x: x[index : index + 1])

    def map(self, change: Callable[[Tensor], Tensor]) -> Planes:
        """Every tensor changed."""

        def each(value: Any) -> Any:
            if isinstance(value, list):
                return [change(item) for item in value]
            return None if value is None else change(value)

        return Planes(**{name: each(value) for name, value in vars(self).items()})


class LatteNet(nn.Module):
    """G and T."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        width = config.unet.condition
        self.condition = nn.Sequential(nn.Linear(config.text.width + 17, width), nn.SiLU(), nn.Linear(width, width))
        self.sketch = Sketch(config)
        self.points = PointEncoder(config.point)
        self.volume = VolumeNet(config)
        self.encoder = TriplaneEncoder(config)
        if not config.share_encoders:
            self.texture_points = PointEncoder(config.point)
            self.texture_volume = VolumeNet(config)
            self.texture_encoder = TriplaneEncoder(config)
        self.geometry_decoder = TriplaneDecoder(config)
        self.texture_decoder = TriplaneDecoder(config)
        self.sdf_head = FieldHead(config, 1)
        # Red, green, blue, and how far a given colour is kept.
        self.color_head = FieldHead(config, 4, config.head.waves)
        self.color_film = nn.Linear(width, 2 * config.head.hidden)
        nn.init.zeros_(self.color_film.weight)
        nn.init.zeros_(self.color_film.bias)
        self.texture_detail = PlaneDetail(config) if config.texture_detail else None

    def forward(self, given: Conditions) -> Planes:
        """One pass of both networks."""
        condition = self._condition(given)
        text = (condition, given.tokens, given.mask)
        # The sketch learns from its own loss; through the networks it would learn to be a message, not a solid.
        sketch = self.sketch(given.sentence)
        of_points = for_texture = self.points(given.points, given.colors, given.has_color)
        learned, coarse = self.volume(of_points.detail, of_points.given[0][:, :1], sketch.detach(), condition)
        levels = self.encoder(of_points.planes, coarse, *text)
        geometry = self.geometry_decoder(levels, of_points.planes, *text)
        volumes = for_texture_volumes = [learned, of_points.detail]
        if not self.config.share_encoders:
            for_texture = self.texture_points(given.points, given.colors, given.has_color)
            learned, coarse = self.texture_volume(
                for_texture.detail, for_texture.given[0][:, :1], sketch.detach(), condition
            )
            levels = self.texture_encoder(for_texture.planes, coarse, *text)
            for_texture_volumes = [learned, for_texture.detail]
        texture = self.texture_decoder(levels, for_texture.planes, *text)
        return Planes(
            geometry, texture, volumes, for_texture_volumes, self.color_film(condition), for_texture.given,
            given.has_color, sketch,
            None if self.texture_detail is None else self.texture_detail(texture, given.sentence),
        )  # fmt: skip

    def sdf(self, planes: Planes, points: Tensor) -> Tensor:
        """Signed distance (B, N) at points (B, N, 3), core units, negative inside."""
        return self.sdf_head(planes.geometry, planes.geometry_volumes, points)[..., 0]

    def color(self, planes: Planes, points: Tensor) -> Tensor:
        """sRGB (B, N, 3) in [0, 1] at points (B, N, 3)."""
        raw = self.color_head(
            planes.texture, planes.texture_volumes, points, planes.texture_film, planes.texture_detail
        )
        color = to_color(raw[..., :3])
        given, near = given_color(planes.given_colors, points)
        return color + torch.sigmoid(raw[..., 3:] + 1) * planes.has_color[:, None, None] * near * (given - color)

    def _condition(self, given: Conditions) -> Tensor:
        # Alpha as Fourier features: a single number would be lost among hundreds of text channels.
        angle = given.alpha[:, None] * math.pi * 2.0 ** torch.arange(8, device=given.alpha.device)
        features = [given.sentence, given.alpha[:, None], angle.sin(), angle.cos()]
        return self.condition(torch.cat(features, 1))


def to_color(raw: Tensor) -> Tensor:
    """Head output to sRGB in [0, 1]; the sigmoid is stretched a little so that pure black and white can be reached."""
    return (torch.sigmoid(raw) * 1.02 - 0.01).clamp(0, 1)


def given_color(volumes: list[Tensor], points: Tensor) -> tuple[Tensor, Tensor]:
    """The colour of the input points near each query, and how near there are any.

    Copying colours through an MLP takes long to learn and blurs them; read from the statistics they are there from the
    first step, and the network only has to say how far to keep them. Fine cells count most; coarse ones reach a query
    that lies a little off the points, as the thickened surface does.

    Arguments:
        volumes: (B, 4, D, D, D) each, occupancy and colour minus one half, coarse first.

    Returns:
        (B, Q, 3) sRGB in [0, 1] and (B, Q, 1) in [0, 1].
    """
    total, weight = torch.zeros_like(points), torch.zeros_like(points[..., :1])
    for level, volume in enumerate(volumes):
        sampled = sample_volume(volume, points).transpose(1, 2) * 8.0**level
        total, weight = total + sampled[..., 1:], weight + sampled[..., :1]
    return (total / (weight + 1e-3) + 0.5).clamp(0, 1), weight / (weight + 0.05)
