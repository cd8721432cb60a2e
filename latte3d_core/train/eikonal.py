"""Keep a distance field a distance field while only pictures are looked at.

A mask can be met without a surface: a fog of small positive distances hides what is behind it as well as a wall does,
and marching cubes finds nothing in it. The gradient of a signed distance has length 1, that of a fog is near 0. The
paper names no such term; public amortised systems that render signed distances have one (ScaleDreamer, TriplaneTurbo;
the term is of Gropp et al. 2020, arXiv 2002.10099).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from latte3d_core.model.latte import LatteNet, Planes
from latte3d_core.render.volume import FieldFunction, sdf_gradient

#: Distances, in core units, that count: pretraining teaches none larger than 0.1, where a field may be flat.
BAND = 0.08
#: Between the two points of a difference, core units: half a cell of the networks' grids of 64.
STEP = 1 / 64
#: Places at which each object is looked at.
POINTS = 8192


def eikonal_loss(sdf_fn: FieldFunction, points: Tensor) -> Tensor:
    """Mean of (|gradient| - 1)² at those of one object's points (1, N, 3) that lie within ``BAND`` of the surface, as
    the field has it; 0 where none does. Which points count is not learned."""
    with torch.no_grad():
        near = sdf_fn(points)[0].abs() < BAND
    if not near.any():
        return points.new_zeros(())
    length = sdf_gradient(sdf_fn, points[:, near], STEP).square().sum(-1).clamp(min=1e-12).sqrt()
    return (length - 1).square().mean()


def field_eikonal(net: LatteNet, planes: Planes, generators: Sequence[torch.Generator]) -> Tensor:
    """Mean of ``eikonal_loss`` over the B objects of the planes, each at ``POINTS`` places.

    Arguments:
        generators: (B,) of those places, on the planes' device.
    """
    device = planes.geometry.device
    each = [
        eikonal_loss(partial(net.sdf, planes.one(index)), places(POINTS, generator, device))
        for index, generator in enumerate(generators)
    ]
    return torch.stack(each).mean()


def places(count: int, generator: torch.Generator, device: torch.device) -> Tensor:
    """``count`` points (1, count, 3) anywhere in the box [-1, 1]^3."""
    return torch.rand(1, count, 3, generator=generator, device=device) * 2 - 1
