"""The point encoder: a per-point network scattered to three planes, and two volumes that keep depth.

PointNet features on planes follow the convolutional occupancy networks (arXiv 2003.04618). Planes alone fall into the
visual hull: each knows its silhouette, none knows which front belongs to which back, and a ball comes back as a box.
Three cues undo that: the least and greatest depth behind every plane cell, a fine volume of plain statistics (how many
points, where in the cell, of what colour) that the heads read directly, and what a small 3D network makes of those
statistics (``volume.py``).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latte3d_core.config import PointConfig
from latte3d_core.model.blocks import PLANE_AXES, PLANE_NORMALS

#: Channels of the volume of statistics: occupancy, colour (3), offset in the cell (3).
DETAIL_CHANNELS = 7
#: The first of them say where which colour was given.
_GIVEN_CHANNELS = 4
#: Plane channels beside the learned ones: occupancy, least and greatest depth.
STATISTICS = 3
#: Radius of the sphere that stands in for a shape when there is none.
DUMMY_RADIUS = 0.5


def dummy_cloud(count: int, device: torch.device | str = "cpu") -> Tensor:
    """The fixed cloud of a prompt without a shape: ``count`` points (count, 3) spread evenly on a sphere (paper,
    section on point-cloud annealing; the spiral is Fibonacci's)."""
    index = torch.arange(count, dtype=torch.float64) + 0.5
    y = 1 - 2 * index / count
    angle = math.pi * (1 + 5**0.5) * index
    ring = (1 - y * y).sqrt()
    sphere = torch.stack([ring * angle.cos(), y, ring * angle.sin()], 1)
    return (DUMMY_RADIUS * sphere).float().to(device)


def cell_index(coordinate: Tensor, cells: int) -> Tensor:
    """Cell (long) of coordinates in [-1, 1]; what lies outside goes to the border cell."""
    return ((coordinate + 1) * (cells / 2)).long().clamp_(0, cells - 1)


class PointFeatures(NamedTuple):
    """What the points say: ``planes`` (B, 3, channels + 3, R, R) for the U-Net; the ``detail`` volume of statistics
    (B, 7, E, E, E); and the ``given`` colours at two sizes, occupancy and colour minus one half (B, 4, D, D, D), coarse
    first. Volumes have the axes [z, y, x]."""

    planes: Tensor
    detail: Tensor
    given: list[Tensor]


class PointEncoder(nn.Module):
    """Points, with or without colours, to planes and volumes."""

    def __init__(self, config: PointConfig) -> None:
        super().__init__()
        self.config = config
        self.net = nn.Sequential(
            nn.Linear(10, config.hidden), nn.SiLU(), nn.Linear(config.hidden, config.hidden), nn.SiLU(),
            nn.Linear(config.hidden, config.channels),
        )  # fmt: skip

    def forward(self, points: Tensor, colors: Tensor, has_color: Tensor) -> PointFeatures:
        """points (B, N, 3) core frame; colors (B, N, 3) sRGB in [0, 1]; has_color (B,) 1 where colours are given."""
        flag = has_color[:, None, None].expand(-1, points.shape[1], 1)
        colors = (colors - 0.5) * flag
        cell = (points + 1) * (self.config.plane_resolution / 2)
        features = self.net(torch.cat([points, cell - cell.floor() - 0.5, colors, flag], -1))
        planes = torch.stack([self._scatter_plane(points, features, p) for p in range(3)], 1)
        detail = self._statistics(points, colors, self.config.detail_resolution)
        coarse = self._statistics(points, colors, self.config.volume_resolution)
        return PointFeatures(planes, detail, [coarse[:, :_GIVEN_CHANNELS], detail[:, :_GIVEN_CHANNELS]])

    def _scatter_plane(self, points: Tensor, features: Tensor, plane: int) -> Tensor:
        side = self.config.plane_resolution
        u, v = (cell_index(points[..., axis], side) for axis in PLANE_AXES[plane])
        cell = v * side + u
        depth = points[..., PLANE_NORMALS[plane]]
        empty = torch.zeros(len(points), side * side, device=points.device)
        low = empty.scatter_reduce(1, cell, depth, "amin", include_self=False)
        high = empty.scatter_reduce(1, cell, depth, "amax", include_self=False)
        mean = scatter_mean(torch.cat([features, torch.ones_like(features[..., :1])], -1), cell, side * side)
        planes = torch.cat([mean, torch.stack([low, high], 1).to(mean.dtype)], 1)
        return planes.reshape(*planes.shape[:2], side, side)

    @staticmethod
    def _statistics(points: Tensor, colors: Tensor, side: int) -> Tensor:
        """Means per cell (B, 7, side, side, side), axes [z, y, x]: occupancy, colour (3), offset in the cell (3)."""
        x, y, z = (cell_index(points[..., axis], side) for axis in range(3))
        scaled = (points + 1) * (side / 2)
        rows = torch.cat([torch.ones_like(points[..., :1]), colors, scaled - scaled.floor() - 0.5], -1)
        return scatter_mean(rows, (z * side + y) * side + x, side**3).reshape(len(points), -1, side, side, side)


def scatter_mean(rows: Tensor, cell: Tensor, cells: int) -> Tensor:
    """Mean of the rows (B, N, C) that fall into each cell; ``cell`` (B, N) in [0, cells).

    Whole rows are added at a time, which is several times faster than channel by channel, and each is weighted by one
    over its cell's count first, so that no work is done on empty cells.

    Returns:
        (B, C, cells), zero where nothing fell; channels last in memory.
    """
    batch, _, channels = rows.shape
    rows = rows.float()  # half precision cannot count beyond 256
    index = (cell + torch.arange(batch, device=cell.device)[:, None] * cells).reshape(-1)
    count = torch.zeros(batch * cells, device=rows.device, dtype=rows.dtype)
    count.index_add_(0, index, torch.ones_like(index, dtype=rows.dtype))
    weighted = rows.reshape(-1, channels) / count[index][:, None]
    total = torch.zeros(batch * cells, channels, device=rows.device, dtype=rows.dtype).index_add_(0, index, weighted)
    return total.reshape(batch, cells, channels).transpose(1, 2)


def space_to_depth(planes: Tensor, factor: int) -> Tensor:
    """(B, 3, C, R, R) to (B·3, C·factor², R/factor, R/factor)."""
    return F.pixel_unshuffle(planes.flatten(0, 1), factor)
