"""Nearest neighbours among points."""

from __future__ import annotations

import numpy as np

from latte3d_core._open3d import load_open3d


def nearest_points(points: np.ndarray, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance (Q,) of each query (Q, 3) to the nearest of the points (N, 3), and its index (Q,) int64; all float32."""
    o3d = load_open3d()
    search = o3d.core.nns.NearestNeighborSearch(o3d.core.Tensor(np.ascontiguousarray(points)))
    search.knn_index()
    index, squared = search.knn_search(o3d.core.Tensor(np.ascontiguousarray(queries)), 1)
    return np.sqrt(squared.numpy()[:, 0]), index.numpy()[:, 0].astype(np.int64)
