"""Sampling planes and volumes at points. Cell centres lie at (i + 0.5) / S · 2 - 1; beyond the border the edge is
kept."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from latte3d_core.model.blocks import PLANE_AXES


def sample_planes(planes: Tensor, points: Tensor) -> Tensor:
    """Bilinear samples of planes (B, 3, C, H, W) at points (B, N, 3) in [-1, 1]^3.

    Returns:
        (B, 3·C, N), plane by plane; channels first, as the sampler leaves them.
    """
    batch, _, channels = planes.shape[:3]
    where = torch.stack([points[..., list(axes)] for axes in PLANE_AXES], 1).flatten(0, 1).unsqueeze(1)
    # In single precision: half of it would round the places to a tenth of a cell.
    sampled = F.grid_sample(planes.flatten(0, 1).to(where.dtype), where, padding_mode="border", align_corners=False)
    return sampled.reshape(batch, 3 * channels, -1)


def sample_volume(volume: Tensor, points: Tensor) -> Tensor:
    """Trilinear samples of a volume (B, C, D, D, D), axes [z, y, x], at points (B, N, 3).

    Returns:
        (B, C, N).
    """
    sampled = F.grid_sample(volume.to(points.dtype), points[:, None, None], padding_mode="border", align_corners=False)
    return sampled[:, :, 0, 0]
