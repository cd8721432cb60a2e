"""Words that become colours on the points before the network sees them.

The network was trained with points in the colours that the caption names, and keeps such colours from its first hours
of training on; inventing a pattern from words alone takes it far longer. So a material that a prompt names is painted
on the points by the same functions that painted the training samples (``data/materials.py``), and the network redraws
it. Where no material is named, nothing is painted.
"""

from __future__ import annotations

import numpy as np

from latte3d_core.data.materials import named_pattern
from latte3d_core.data.targets import flood_outside, voxel_index

#: Side of the grid in which normals are looked for: coarse enough for 16,384 points to close a surface.
_SIDE = 32


def estimated_normals(points: np.ndarray) -> np.ndarray:
    """Outward unit normals (N, 3) of surface points (N, 3) in the core frame: the slope of the blurred solid that the
    points enclose. Zero where the points lie too loosely to say."""
    blocked = np.zeros(_SIDE**3, dtype=bool)
    cell = voxel_index(points, _SIDE)
    blocked[cell] = True
    solid = np.pad((~flood_outside(blocked.reshape((_SIDE,) * 3))).astype(np.float32), 2)
    for _ in range(2):
        for axis in range(3):
            solid = 0.5 * solid + 0.25 * (np.roll(solid, 1, axis) + np.roll(solid, -1, axis))
    slope = -np.stack(np.gradient(solid), -1)[2:-2, 2:-2, 2:-2].reshape(-1, 3)[cell]
    return slope / np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 1e-6)


def paint(points: np.ndarray, colors: np.ndarray, prompt: str) -> np.ndarray | None:
    """Colours (N, 3) of the points (N, 3) in the material that the prompt names, over ``colors`` (N, 3), the ones they
    have now, sRGB in [0, 1]; None where it names none."""
    pattern = named_pattern(prompt)
    if pattern is None:
        return None
    return np.clip(pattern(points, estimated_normals(points), colors), 0, 1).astype(np.float32)
