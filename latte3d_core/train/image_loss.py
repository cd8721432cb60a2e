"""The paper's reconstruction loss (equation 1): rendered colour and opacity against those of the asset.

Whole pictures cost too much where field samples are cheap. A few hundred rays of one view of each sample say the same
in expectation and double the time of a step of the preset ``small``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from latte3d_core.data.samples import Sample
from latte3d_core.data.views import PreparedViews, draw_rays
from latte3d_core.model.latte import LatteNet, Planes
from latte3d_core.render.volume import RayColors, box_span, render_rays

#: Rays a sample and steps a ray.
RAYS = 256
STEPS = 48
#: Sharpness of the density (1 / beta of VolSDF), per core unit: soft, so that the gradient reaches from where random
#: weights have their surface to where it should be.
SHARPNESS = 100.0


@dataclass(frozen=True)
class RayBatch:
    """R rays for each of B objects, with what they should see.

    Attributes:
        origins, directions: (B, R, 3) core frame, unit directions.
        colors: (B, R, 3) sRGB over ``background`` (B, 1, 3); opacity, weights of the colours: (B, R).
        shown: (B, 1) 1 where the pictures show what the sample asks for, 0 for a morph, of which there are none.
        generators: (B,) on the same device, for the places along the rays of each object.
    """

    origins: Tensor
    directions: Tensor
    colors: Tensor
    opacity: Tensor
    weights: Tensor
    shown: Tensor
    background: Tensor
    generators: list[torch.Generator]


def draw_ray_batch(
    views: Sequence[PreparedViews], samples: Sequence[Sample], seed: int, positions: range, device: torch.device
) -> RayBatch:
    """Rays for the samples at ``positions`` of a run; all random choices come from (seed, position) alone, and from
    other generators than the samples' own."""
    drawn, backgrounds, generators = [], [], []
    for sample, position in zip(samples, positions, strict=True):
        rng = np.random.default_rng([seed, 3, position])
        drawn.append(draw_rays(views[sample.asset].load(), sample, rng, RAYS))
        # A ground of any colour: on a fixed one, an object of that colour could be left out unpunished.
        backgrounds.append(rng.random((1, 3), dtype=np.float32))
        along = int(np.random.default_rng([seed, 4, position]).integers(2**62))
        generators.append(torch.Generator(device).manual_seed(along))
    stack = lambda name: torch.from_numpy(np.stack([getattr(d, name) for d in drawn])).to(device)  # noqa: E731
    background = torch.from_numpy(np.stack(backgrounds)).to(device)
    opacity = stack("opacity")
    colors = stack("colors") + (1 - opacity)[..., None] * background
    shown = torch.tensor([[0.0 if s.morphed else 1.0] for s in samples], device=device)
    return RayBatch(
        stack("origins"), stack("directions"), colors, opacity, stack("weights"), shown, background, generators
    )


def render_each(
    net: LatteNet,
    planes: Planes,
    origins: Tensor,
    directions: Tensor,
    steps: int,
    sharpness: float,
    background: Tensor,
    generators: Sequence[torch.Generator] | None = None,
    proposal: int = 0,
) -> RayColors:
    """Volume-render R rays of each of B objects, one object after the other: the places along its rays come from its
    own generator, and so do not depend on which other objects are in the batch.

    Arguments:
        origins, directions: (B, R, 3) core frame, unit directions; steps: places along a ray.
        sharpness: of the density, see ``density``.
        background: (B, 1, 3) sRGB.
        generators: (B,) on the same device; None: the middle of each step.
        proposal: places along a ray of a first look, see ``render_rays``.
    """
    parts = []
    for index in range(len(origins)):
        own, rays = planes.one(index), (origins[index : index + 1], directions[index : index + 1])
        sdf, color = partial(net.sdf, own), partial(net.color, own)
        here, generator = background[index : index + 1], generators[index] if generators else None
        span = box_span(*rays)
        parts.append(render_rays(sdf, color, *rays, *span, steps, sharpness, here, generator, proposal=proposal))
    return RayColors(*(torch.cat([getattr(p, name) for p in parts]) for name in ("rgb", "opacity", "depth")))


def image_loss(net: LatteNet, planes: Planes, rays: RayBatch) -> Tensor:
    """Mean squared error of the colours plus that of the opacities (weights 1 : 1, as the paper prints them)."""
    with torch.autocast(rays.origins.device.type, enabled=False):
        seen = render_each(
            net, planes, rays.origins, rays.directions, STEPS, SHARPNESS, rays.background, rays.generators
        )
    color = (seen.rgb - rays.colors).square().mean(-1) * rays.weights
    return ((color + (seen.opacity - rays.opacity).square()) * rays.shown).mean()
