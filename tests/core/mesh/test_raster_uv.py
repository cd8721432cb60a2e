"""The rasteriser against a slow one that asks every texel about every triangle."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from latte3d_core.mesh.raster_uv import cover_count, rasterise


def barycentric_of(triangle: np.ndarray, point: np.ndarray) -> np.ndarray:
    a, b, c = triangle.astype(np.float64)
    matrix = np.array([[a[0], b[0], c[0]], [a[1], b[1], c[1]], [1.0, 1.0, 1.0]])
    if abs(np.linalg.det(matrix)) < 1e-12:
        return np.full(3, -1.0)
    return np.linalg.solve(matrix, [point[0], point[1], 1.0])


def centre(texel: int, size: int) -> np.ndarray:
    """UV of a texel's centre, origin at the bottom left."""
    row, column = divmod(texel, size)
    return np.array([(column + 0.5) / size, 1.0 - (row + 0.5) / size])


@given(seed=st.integers(0, 2**32 - 1), size=st.sampled_from([1, 7, 16]), count=st.integers(1, 6))
def test_against_the_slow_one(seed: int, size: int, count: int) -> None:
    uvs = np.random.default_rng(seed).uniform(-0.2, 1.2, size=(count, 3, 2)).astype(np.float32)
    face, barycentric, texel = rasterise(uvs, size)
    found = dict(zip(texel.tolist(), face.tolist(), strict=True))
    assert len(found) == len(texel)
    counts = cover_count(uvs, size)
    for t in range(size * size):
        weights = np.array([barycentric_of(triangle, centre(t, size)) for triangle in uvs])
        within = weights.min(axis=1)
        if (np.abs(within) < 1e-6).any():
            continue  # on an edge: either answer will do
        hits = np.flatnonzero(within > 0.0)
        assert counts[t] == len(hits)
        assert found.get(t) == (hits[0] if len(hits) else None)
        if len(hits):
            given_weights = barycentric[np.flatnonzero(texel == t)[0]]
            np.testing.assert_allclose(given_weights, weights[hits[0]], atol=2e-3)
            np.testing.assert_allclose(given_weights @ uvs[hits[0]], centre(t, size), atol=1e-5)


@given(seed=st.integers(0, 2**32 - 1), steps=st.integers(1, 6))
def test_a_tiling_covers_each_texel_exactly_once(seed: int, steps: int) -> None:
    """Vertices on texel centres, level and upright edges: everything where a rule for ties is needed."""
    size = 16
    random = np.random.default_rng(seed)
    lines = np.linspace(0.0, 1.0, steps + 1)
    u, v = np.meshgrid(lines, lines)
    inner = np.zeros_like(u, dtype=bool)
    inner[1:-1, 1:-1] = True
    grid = np.stack([u, v], axis=-1)
    grid[inner] += random.uniform(-0.3, 0.3, size=grid[inner].shape) / steps
    grid = np.where(random.random((steps + 1, steps + 1, 1)) < 0.5, np.round(grid * 2 * size) / (2 * size), grid)
    faces = []
    for i in range(steps):
        for j in range(steps):
            a, b, c, d = grid[i, j], grid[i, j + 1], grid[i + 1, j + 1], grid[i + 1, j]
            faces += [[a, b, c], [a, c, d]] if random.random() < 0.5 else [[b, c, d], [a, b, d]]
    uvs = np.array(faces, dtype=np.float32)
    edge1, edge2 = uvs[:, 1] - uvs[:, 0], uvs[:, 2] - uvs[:, 0]
    if (edge1[:, 0] * edge2[:, 1] <= edge1[:, 1] * edge2[:, 0]).any():
        return  # the shifted vertices folded a triangle over: not a tiling
    assert (cover_count(uvs, size) == 1).all()


def test_rows_and_columns() -> None:
    """The texel at the top left belongs to a triangle at u = 0, v = 1."""
    face, barycentric, texel = rasterise(np.float32([[[0.0, 1.0], [0.0, 0.9], [0.1, 1.0]]]), 8)
    assert face.dtype == np.int32
    assert texel.dtype == np.int32
    assert barycentric.dtype == np.float32
    assert texel.tolist() == [] or texel.tolist() == [0]
    _, _, texel = rasterise(np.float32([[[0.0, 1.0], [0.0, 0.7], [0.3, 1.0]]]), 8)
    assert texel.tolist() == [0, 1, 8]


def test_the_first_face_wins() -> None:
    triangle = np.float32([[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]])
    face, _, texel = rasterise(np.stack([triangle, triangle]), 32)
    assert len(texel) > 100
    assert set(face.tolist()) == {0}


def test_faces_without_area_and_no_faces() -> None:
    assert len(rasterise(np.full((3, 3, 2), 0.5, dtype=np.float32), 16)[0]) == 0
    assert len(rasterise(np.zeros((0, 3, 2), dtype=np.float32), 16)[0]) == 0


def test_weights_are_convex() -> None:
    uvs = np.random.default_rng(0).uniform(size=(50, 3, 2)).astype(np.float32)
    _, barycentric, _ = rasterise(uvs, 128)
    assert barycentric.min() >= 0.0
    np.testing.assert_allclose(barycentric.sum(axis=1), 1.0, atol=1e-6)
