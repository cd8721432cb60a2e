"""Volume rendering of a signed distance field, after VolSDF (Yariv et al. 2021, arXiv 2106.12052).

The distance becomes a density, and a ray gathers colour on its way through it. Nothing here knows of networks: the
field comes as two functions, so that pretraining, distillation and closed forms in tests all take the same road.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

#: Points (B, N, 3) to values (B, N) or colours (B, N, 3).
FieldFunction = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class RayColors:
    """What R rays of each of B objects see.

    Attributes:
        rgb: (B, R, 3), in the field's colours, over the background.
        opacity: (B, R) in [0, 1].
        depth: (B, R) mean distance along the ray of what it sees, core units; 0 where it sees nothing.
    """

    rgb: Tensor
    opacity: Tensor
    depth: Tensor


def density(sdf: Tensor, sharpness: float) -> Tensor:
    """Density of any shape from signed distances, per core unit: ``sharpness`` deep inside, half of it on the surface,
    0 far outside.

    It is ``sharpness`` times the distribution function of a Laplace variable of scale 1 / sharpness at -sdf (VolSDF,
    equations 2 and 3; its beta is 1 / sharpness).
    """
    # Split by sign, so that neither exponent can overflow and the gradient on the surface itself is not lost.
    outside, inside = sdf.clamp(min=0), sdf.clamp(max=0)
    return sharpness * 0.5 * (torch.exp(-sharpness * outside) - torch.expm1(sharpness * inside))


def box_span(origins: Tensor, directions: Tensor) -> tuple[Tensor, Tensor]:
    """Where rays (..., 3) enter and leave the box [-1, 1]^3: near and far (...), in lengths of the direction.

    A ray that starts inside has near 0; one that misses, or leaves the box behind it, has near = far = 0.
    """
    # A direction of 0 along an axis would give 0 / 0 for an origin on the face; this small, the answer is the same.
    tiny = torch.finfo(directions.dtype).tiny ** 0.5
    safe = torch.where(directions.abs() < tiny, torch.full_like(directions, tiny), directions)
    first, second = (-1 - origins) / safe, (1 - origins) / safe
    near = torch.minimum(first, second).amax(-1).clamp(min=0)
    far = torch.maximum(first, second).amin(-1)
    # Misses end where they begin: far out, a field function might answer with what is not a number.
    hit = far > near
    return near * hit, far * hit


def render_rays(
    sdf_fn: FieldFunction,
    color_fn: FieldFunction,
    origins: Tensor,
    directions: Tensor,
    near: Tensor,
    far: Tensor,
    samples: int,
    sharpness: float,
    background: Tensor,
    generator: torch.Generator | None = None,
) -> RayColors:
    """Render rays with ``samples`` equal steps between near and far.

    A step of length s and density d hides 1 - exp(-s d) of what is behind it; a ray with near = far sees the
    background alone.

    Arguments:
        sdf_fn: points (B, N, 3) to signed distances (B, N), core units, negative inside.
        color_fn: points (B, N, 3) to colours (B, N, 3).
        origins, directions: (B, R, 3) core frame; directions of unit length.
        near, far: (B, R) distances from the origins, as ``box_span`` gives them.
        sharpness: see ``density``; steps should not be much longer than its inverse.
        background: colour, of a shape that broadcasts to (B, R, 3).
        generator: on the device of the rays. With one, each step is read at a random place of it; without, in its
            middle.
    """
    step = (far - near) / samples
    where = torch.full((*near.shape, samples), 0.5, dtype=origins.dtype, device=origins.device)
    if generator is not None:
        where = torch.rand(where.shape, dtype=where.dtype, device=where.device, generator=generator)
    distance = near[..., None] + (torch.arange(samples, device=origins.device) + where) * step[..., None]
    points = (origins[..., None, :] + distance[..., None] * directions[..., None, :]).flatten(1, 2)
    thickness = density(sdf_fn(points), sharpness).reshape(distance.shape) * step[..., None]
    # The product of all earlier exp(-thickness), as a sum: it has no zeros that a gradient would divide by.
    passed = torch.exp(thickness - thickness.cumsum(-1))
    weights = passed * -torch.expm1(-thickness)
    opacity = weights.sum(-1)
    seen = (weights[..., None] * color_fn(points).reshape(*distance.shape, 3)).sum(-2)
    depth = (weights * distance).sum(-1) / opacity.clamp(min=1e-6)
    return RayColors(seen + (1 - opacity)[..., None] * background, opacity, depth)
