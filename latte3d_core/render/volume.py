"""Volume rendering of a signed distance field, after VolSDF (Yariv et al. 2021, arXiv 2106.12052).

The distance becomes a density, and a ray gathers colour on its way through it. Nothing here knows of networks: the
field comes as two functions, so that pretraining, distillation and closed forms in tests all take the same road.

The sharpness of the density is a number, not learned and the same for all prompts, as in the public amortised systems
that render signed distances. Steps along a ray are equal, or short where a first look saw something (after NeRF,
Mildenhall et al. 2020, arXiv 2003.08934).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from latte3d_core.errors import SettingError

#: Points (B, N, 3) to values (B, N) or colours (B, N, 3).
FieldFunction = Callable[[Tensor], Tensor]

#: To each fine step that goes where the first look saw something, so many are spread evenly: it may have missed some.
_SPREAD = 0.1


@dataclass(frozen=True)
class RayColors:
    """What R rays of each of B objects see.

    Attributes:
        rgb: (B, R, 3), in the field's colours, over the background.
        opacity: (B, R) in [0, 1].
        depth: (B, R) mean distance along the ray of what it sees, core units; 0 where it sees nothing.
        normals: (B, R, 3) mean gradient of the signed distance over what a ray sees, core frame, outwards, not of unit
            length; 0 where it sees nothing. None where it was not asked for.
    """

    rgb: Tensor
    opacity: Tensor
    depth: Tensor
    normals: Tensor | None = None


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


def sdf_gradient(sdf_fn: FieldFunction, points: Tensor, step: float) -> Tensor:
    """Gradient (B, N, 3) of a signed distance at points (B, N, 3), by central differences ``step`` core units apart.

    Differences and not autograd: the gradient of a bilinear look-up in planes jumps at every cell border and hears of
    one cell alone, while a difference as wide as a cell reaches the neighbours too (Neuralangelo, Li et al. 2023, arXiv
    2306.03092).
    """
    axes = step * torch.eye(3, dtype=points.dtype, device=points.device)
    offsets = torch.cat([axes, -axes])
    around = (points[..., None, :] + offsets).flatten(1, 2)
    ahead, behind = sdf_fn(around).reshape(*points.shape[:-1], 2, 3).unbind(-2)
    return (ahead - behind) / (2 * step)


def quantile_steps(weights: Tensor, samples: int) -> Tensor:
    """Edges (..., samples + 1) in [0, 1] of steps that are short where P equal ones have large weights (..., P).

    Inverse transform sampling: the edges are quantiles, so that the steps fill the ray without gaps. They are those of
    the cube root of the weights. A step that is read in its middle errs by its weight times its length cubed; lengths
    that follow the weights themselves leave long steps on the slopes, where most of the error arises.
    """
    # A surface may lie beside the place where a step was read: each lends its weight to its neighbours (after mip-NeRF,
    # Barron et al. 2021, arXiv 2103.13415).
    padded = F.pad(weights, (1, 1))
    pairs = torch.maximum(padded[..., 1:], padded[..., :-1])
    share = ((pairs[..., 1:] + pairs[..., :-1]) / 2) ** (1 / 3)
    share = share / share.sum(-1, keepdim=True).clamp(min=torch.finfo(share.dtype).tiny) + _SPREAD / share.shape[-1]
    below = F.pad(share.cumsum(-1), (1, 0))
    # Divided by its own last value, so that rounding cannot leave the last edge before the end of the ray.
    below = below / below[..., -1:]
    levels = torch.linspace(0, 1, samples + 1, dtype=below.dtype, device=below.device)
    levels = levels.expand(*below.shape[:-1], -1).contiguous()
    index = torch.searchsorted(below, levels, right=True).clamp(1, share.shape[-1]) - 1
    first, last = below.gather(-1, index), below.gather(-1, index + 1)
    return (index + (levels - first) / (last - first)) / share.shape[-1]


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
    *,
    proposal: int = 0,
    chunk: int | None = None,
    normal_step: float | None = None,
) -> RayColors:
    """Render rays with ``samples`` steps between near and far, equal ones unless there is a ``proposal``.

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
        proposal: equal steps of a first look at the distances alone, without gradients, from which the lengths of the
            ``samples`` follow (see ``quantile_steps``). It pays where the visible layer is thin beside a step.
        chunk: rays of each object that are evaluated at once. The results are the same. What is held between the
            forward and the backward pass is the rays and their steps, while the field is evaluated a second time in
            the backward pass.
        normal_step: of the differences that give ``RayColors.normals``, core units; six more distances a sample.

    Raises:
        SettingError: a number is out of range.
    """
    least = {"samples": (samples, 1), "proposal": (proposal, 0), "chunk": (1 if chunk is None else chunk, 1)}
    for name, (value, bound) in least.items():
        if value < bound:
            raise SettingError(f"{name} must be at least {bound}, not {value}.")
    for name, size in {"sharpness": sharpness, "normal_step": normal_step}.items():
        if size is not None and not size > 0:
            raise SettingError(f"{name} must be positive, not {size}.")
    # Drawn for all rays before they are split: a chunk must not change what a ray draws.
    places = _places_in_steps(near, samples, generator)
    first_places = _places_in_steps(near, proposal, generator)
    size = max(1, near.shape[1]) if chunk is None else chunk
    parts = []
    for start in range(0, max(1, near.shape[1]), size):
        some = slice(start, start + size)
        rays = origins[:, some], directions[:, some]
        steps = _equal_steps(near[:, some], far[:, some], places[:, some])
        if proposal:
            with torch.no_grad():
                first, length = _equal_steps(near[:, some], far[:, some], first_places[:, some])
                weights = _visible(density(_along(sdf_fn, *rays, first), sharpness) * length)
                edges = quantile_steps(weights, samples)
            steps = _steps_between(edges, near[:, some], far[:, some], places[:, some])
        march = (sdf_fn, color_fn, *rays, *steps, sharpness, normal_step)
        # Chunks whose graphs were all kept until the backward pass would bound nothing.
        again = chunk is not None and torch.is_grad_enabled()
        parts.append(checkpoint(_march, *march, use_reentrant=False) if again else _march(*march))
    rgb, opacity, depth, *normals = (torch.cat(part, 1) for part in zip(*parts, strict=True))
    return RayColors(rgb + (1 - opacity)[..., None] * background, opacity, depth, normals[0] if normals else None)


def _places_in_steps(near: Tensor, steps: int, generator: torch.Generator | None) -> Tensor:
    """Where each of the steps of rays (B, R) is read: (B, R, steps) in [0, 1]."""
    shape = (*near.shape, steps)
    if generator is None:
        return torch.full(shape, 0.5, dtype=near.dtype, device=near.device)
    return torch.rand(shape, dtype=near.dtype, device=near.device, generator=generator)


def _equal_steps(near: Tensor, far: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """Distances (B, R, S) along rays at which S equal steps are read, and the length (B, R, 1) of a step."""
    step = ((far - near) / places.shape[-1])[..., None]
    return near[..., None] + (torch.arange(places.shape[-1], device=near.device) + places) * step, step


def _steps_between(edges: Tensor, near: Tensor, far: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """The same for steps between edges (B, R, S + 1), which are 0 at near and 1 at far: both (B, R, S)."""
    span, share = (far - near)[..., None], edges.diff(dim=-1)
    return near[..., None] + (edges[..., :-1] + places * share) * span, share * span


def _along(fn: FieldFunction, origins: Tensor, directions: Tensor, distance: Tensor) -> Tensor:
    """A field at distances (B, R, S) along rays (B, R, 3): (B, R, S) or (B, R, S, 3)."""
    values = fn((origins[..., None, :] + distance[..., None] * directions[..., None, :]).flatten(1, 2))
    return values.reshape(*distance.shape, *values.shape[2:])


def _visible(thickness: Tensor) -> Tensor:
    """Part of the ray that ends in each of its steps, from their optical thickness; both (B, R, S)."""
    # The product of all earlier exp(-thickness), as a sum: it has no zeros that a gradient would divide by.
    return torch.exp(thickness - thickness.cumsum(-1)) * -torch.expm1(-thickness)


def _march(
    sdf_fn: FieldFunction,
    color_fn: FieldFunction,
    origins: Tensor,
    directions: Tensor,
    distance: Tensor,
    length: Tensor,
    sharpness: float,
    normal_step: float | None,
) -> list[Tensor]:
    """Colours over black, opacity, depth and, where asked for, normals of rays with steps of known place and length."""
    weights = _visible(density(_along(sdf_fn, origins, directions, distance), sharpness) * length)
    opacity = weights.sum(-1)
    seen = (weights[..., None] * _along(color_fn, origins, directions, distance)).sum(-2)
    found = [seen, opacity, (weights * distance).sum(-1) / opacity.clamp(min=1e-6)]
    if normal_step is not None:
        slopes = _along(lambda points: sdf_gradient(sdf_fn, points, normal_step), origins, directions, distance)
        found.append((weights[..., None] * slopes).sum(-2) / opacity.clamp(min=1e-6)[..., None])
    return found
