"""Geometry scores: occupancy IoU, Chamfer distance, F-score, normal consistency. All in core units.

IoU: occupancy at the centres of a grid over [-1, 1]³; the reference is the flood-filled solid of the asset's surface.
Surfaces: samples by area on each side; Chamfer is the sum of the two mean nearest distances; the F-score is the
harmonic mean of the shares within the threshold; normal consistency is the mean absolute cosine between the normals of
nearest samples. Distances include the 0.014 by which training thickens every surface.
"""

from __future__ import annotations

import numpy as np

from latte3d_core.data.gltf import plain_triangles
from latte3d_core.data.nearest import nearest_points
from latte3d_core.data.targets import face_normals, sample_surface
from latte3d_core.eval.protocol import F_THRESHOLDS, GRID, SEED
from latte3d_core.mesh.types import Mesh


def occupancy_iou(answer: np.ndarray, reference: np.ndarray) -> float:
    """Intersection over union of two bool arrays of one shape; 1 where both are empty."""
    union = (answer | reference).sum()
    return float((answer & reference).sum() / union) if union else 1.0


def occupancy_of(grid: np.ndarray) -> np.ndarray:
    """(GRID,)*3 bool at the centres of cells, from signed distances (GRID + 1,)*3 at their corners."""
    corners = [grid[i : GRID + i, j : GRID + j, k : GRID + k] for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    return np.mean(corners, axis=0) < 0


def surface_scores(mesh: Mesh | None, points: np.ndarray, normals: np.ndarray) -> dict[str, float]:
    """Scores of a mesh against reference samples.

    Arguments:
        mesh: the answer; None (no surface at all) scores the worst.
        points, normals: (N, 3) samples of the reference surface and their unit normals (either side).
    """
    if mesh is None:
        return {"chamfer": float("nan"), **{f"f@{t}": 0.0 for t in F_THRESHOLDS}, "normals": 0.0}
    soup = plain_triangles(mesh.vertices, mesh.faces)
    samples, face, _ = sample_surface(soup, len(points), np.random.default_rng(SEED))
    own = face_normals(soup, face)
    forward, to_points = nearest_points(points.astype(np.float32), samples.astype(np.float32))
    backward, to_samples = nearest_points(samples.astype(np.float32), points.astype(np.float32))
    scores = {"chamfer": float(forward.mean() + backward.mean())}
    for threshold in F_THRESHOLDS:
        precision, recall = (forward < threshold).mean(), (backward < threshold).mean()
        scores[f"f@{threshold}"] = float(2 * precision * recall / max(precision + recall, 1e-9))
    agree = np.abs(np.einsum("nk,nk->n", own, normals[to_points])).mean()
    agree += np.abs(np.einsum("nk,nk->n", normals, own[to_samples])).mean()
    return {**scores, "normals": float(agree / 2)}
