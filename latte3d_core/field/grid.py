"""The signed distance on a regular grid, coarse to fine, with the planes read once per lattice line.

On a lattice a triplane is separable: every plane is interpolated at R² places instead of R³, and the first linear layer
of the head is applied to the planes there, so that a lattice point costs three table look-ups and the rest of the MLP.
And only points near the surface are asked at all: a coarse grid finds the cells that may hold it, finer grids look
there only.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from latte3d_core.field.triplane import sample_volume
from latte3d_core.model.blocks import PLANE_AXES
from latte3d_core.model.latte import LatteNet, Planes

#: Side of the grid that is evaluated everywhere. Finer grids halve its cells.
COARSE = 33
#: Points per chunk of the MLP: large enough for the matrix product, small enough for the cache.
_CHUNK = 16384


def lattice(side: int, device: torch.device | str = "cpu") -> Tensor:
    """Sample places of a grid of ``side`` points along one axis of [-1, 1]."""
    return torch.linspace(-1, 1, side, device=device)


def dense_sdf(net: LatteNet, planes: Planes, side: int, chunk: int = 65536) -> Tensor:
    """The plain way: every point of the grid asked by itself. (side,)*3, index order [x, y, z]. Slow reference."""
    axis = lattice(side, planes.geometry.device)
    points = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(1, -1, 3)
    values = [net.sdf(planes, part) for part in points.split(chunk, 1)]
    return torch.cat(values, 1).reshape(side, side, side)


class LatticeReader:
    """Signed distances at lattice points (i, j, k) of a grid of ``side`` points, by tables of pre-activations."""

    def __init__(self, net: LatteNet, planes: Planes, side: int) -> None:
        head = net.sdf_head
        self.head, self.planes, self.side = head, planes, side
        first = head.first
        weight, channels = first.weight, planes.geometry.shape[2]
        axis = lattice(side, weight.device)
        v, u = torch.meshgrid(axis, axis, indexing="ij")
        where = torch.stack([u, v], -1).expand(3, -1, -1, -1)
        lines = F.grid_sample(planes.geometry[0], where, padding_mode="border", align_corners=False)
        of_point = weight[:, -3:]
        self.tables: list[Tensor] = []
        added: set[int] = set()
        for plane, axes in enumerate(PLANE_AXES):
            rows = lines[plane].flatten(1).T
            table = torch.addmm(first.bias, rows, weight[:, plane * channels : (plane + 1) * channels].T)
            if plane:
                table = table - first.bias
            for coordinate, name in ((u, axes[0]), (v, axes[1])):
                if name not in added:  # each coordinate enters the sum once
                    added.add(name)
                    table = table + coordinate.reshape(-1, 1) * of_point[:, name]
            self.tables.append(table)
        self.volume_weight = weight[:, head.plane_width : head.plane_width + head.volume_width]

    def __call__(self, flat: Tensor) -> Tensor:
        """Signed distances (N,) at flat lattice indices (N,), order [x, y, z]."""
        side = self.side
        out = torch.empty(len(flat), device=flat.device)
        for start in range(0, len(flat), _CHUNK):
            part = flat[start : start + _CHUNK]
            index = (part // (side * side), part // side % side, part % side)
            rows = [table[index[v] * side + index[u]] for table, (u, v) in zip(self.tables, PLANE_AXES, strict=True)]
            hidden = rows[0].add_(rows[1]).add_(rows[2])
            points = torch.stack(index, -1).float().mul_(2 / (side - 1)).sub_(1)[None]
            sampled = torch.cat([sample_volume(v, points)[0] for v in self.planes.geometry_volumes])
            hidden = torch.addmm(hidden, sampled.T, self.volume_weight.T)
            out[start : start + _CHUNK] = self.head.from_preactivation(hidden.T)[0]
        return out


def sdf_grid(net: LatteNet, planes: Planes, side: int = 129) -> Tensor:
    """Signed distances of the first object on a grid (side,)*3, index order [x, y, z], places ``lattice(side)``.

    Exact near the surface; elsewhere interpolated from a coarser grid (the sign is right unless a part thinner than a
    coarse cell hides in there).

    Arguments:
        side: (COARSE - 1)·2^n + 1 points: 33, 65, 129, 257.
    """
    levels = int(math.log2((side - 1) // (COARSE - 1)))
    if (COARSE - 1) * 2**levels + 1 != side:
        raise ValueError(f"the side of the grid must be 33, 65, 129, 257..., not {side}")
    device = planes.geometry.device
    grid = LatticeReader(net, planes, COARSE)(torch.arange(COARSE**3, device=device)).reshape((COARSE,) * 3)
    for level in range(1, levels + 1):
        here = (COARSE - 1) * 2**level + 1
        cell = 2.0 / (grid.shape[0] - 1)
        active = _active_cells(grid, cell)
        grid = F.interpolate(grid[None, None], size=(here,) * 3, mode="trilinear", align_corners=True)[
            0, 0
        ].contiguous()
        wanted = torch.nonzero(_points_of_cells(active, here).reshape(-1))[:, 0]
        grid.view(-1)[wanted] = LatticeReader(net, planes, here)(wanted)
    return grid


def blurred(grid: Tensor, passes: int) -> Tensor:
    """The grid (R, R, R) after ``passes`` of the binomial filter 1-2-1 along each axis, edges kept.

    A field that is read from planes of 64 cells holds nothing as fine as a cell of a 129-point grid; what there is at
    that scale is the ripple of the interpolation, which would show as streaks along the planes' axes.
    """
    for _ in range(passes):
        for axis in range(3):
            before = torch.cat([grid.narrow(axis, 0, 1), grid.narrow(axis, 0, grid.shape[axis] - 1)], axis)
            after = torch.cat([grid.narrow(axis, 1, grid.shape[axis] - 1), grid.narrow(axis, -1, 1)], axis)
            grid = grid * 0.5 + (before + after) * 0.25
    return grid


def _active_cells(grid: Tensor, cell: float) -> Tensor:
    """Cells (n-1,)*3 bool that may hold surface: the corners differ in sign, or one of them is nearer to the surface
    than half a cell's diagonal, as it is for every surface inside the cell of a true distance."""
    stacked = grid[None, None]
    high = F.max_pool3d(stacked, 2, 1)[0, 0]
    low = -F.max_pool3d(-stacked, 2, 1)[0, 0]
    near = 0.5 * cell * math.sqrt(3)
    return (low < near) & (high > -near)


def _points_of_cells(active: Tensor, side: int) -> Tensor:
    """Points (side,)*3 bool of the grid twice as fine that lie in or on an active cell."""
    fine = active.repeat_interleave(2, 0).repeat_interleave(2, 1).repeat_interleave(2, 2).float()[None, None]
    return (F.max_pool3d(F.pad(fine, (1,) * 6), 2, 1)[0, 0] > 0).reshape((side,) * 3)
