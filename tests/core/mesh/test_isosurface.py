"""The isosurface is closed and manifold for whatever numbers the grid holds."""

from __future__ import annotations

from collections import Counter

import fields
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latte3d_core.errors import SurfaceError
from latte3d_core.mesh import check as checks
from latte3d_core.mesh.isosurface import extract
from latte3d_core.mesh.types import Mesh


def assert_sound(mesh: Mesh) -> None:
    """The definition of a closed two-manifold, spelled out slowly and without the code under test."""
    faces = mesh.faces.tolist()
    directed = Counter((face[i], face[(i + 1) % 3]) for face in faces for i in range(3))
    assert max(directed.values()) == 1
    assert all((b, a) in directed for a, b in directed)
    follow: dict[int, dict[int, int]] = {}
    for face in faces:
        assert len(set(face)) == 3
        for i in range(3):
            follow.setdefault(face[i], {})[face[(i + 1) % 3]] = face[(i + 2) % 3]
    assert set(follow) == set(range(len(mesh.vertices)))
    for ring in follow.values():
        start = at = next(iter(ring))
        steps = 0
        while True:
            at, steps = ring[at], steps + 1
            if at == start:
                break
        assert steps == len(ring)
    assert len({tuple(sorted(face)) for face in faces}) == len(faces)
    corner = mesh.vertices.astype(np.float64)[mesh.faces]
    area = np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1)
    assert area.min() > 0.0
    assert len(np.unique(mesh.vertices, axis=0)) == len(mesh.vertices)


def outside_of(mesh: Mesh) -> float:
    return checks.check(mesh).volume


@pytest.mark.parametrize("block", range(8))
def test_every_sign_pattern_of_a_cube(block: int) -> None:
    """All 256, each cube surrounded by outside samples and by random ones."""
    random = np.random.default_rng(block)
    for case in range(32 * block, 32 * block + 32):
        inside = np.array([case >> c & 1 for c in range(8)]).reshape(2, 2, 2).T  # bit 0 is x, the first index
        for around in (1.0, random.normal(size=(6, 6, 6))):
            grid = np.full((6, 6, 6), 1.0) * around
            grid[2:4, 2:4, 2:4] = np.where(inside, -1.0, 1.0) * random.uniform(0.1, 1.0, size=(2, 2, 2))
            if (grid[1:-1, 1:-1, 1:-1] >= 0.0).all():
                continue
            mesh = extract(grid)
            assert_sound(mesh)
            assert outside_of(mesh) > 0.0


@given(size=st.integers(3, 8), seed=st.integers(0, 2**32 - 1), share=st.floats(0.05, 0.95))
def test_noise(size: int, seed: int, share: float) -> None:
    random = np.random.default_rng(seed)
    grid = random.normal(size=(size, size, size)).astype(np.float32)
    grid -= np.quantile(grid, share)
    inner = grid[1:-1, 1:-1, 1:-1]
    if (inner >= 0.0).all():
        with pytest.raises(SurfaceError):
            extract(grid)
        return
    mesh = extract(grid)
    assert_sound(mesh)
    assert checks.check(mesh).ok


@given(
    values=st.lists(
        st.sampled_from([0.0, -0.0, 1e-45, -1e-45, 1e-30, -1e-30, 1.0, -1.0, 3e38, -3e38]), min_size=27, max_size=27
    )
)
def test_zeros_and_extreme_numbers(values: list[float]) -> None:
    grid = np.ones((5, 5, 5), dtype=np.float32)
    grid[1:4, 1:4, 1:4] = np.reshape(values, (3, 3, 3))
    grid[2, 2, 2] = -1.0
    mesh = extract(grid)
    assert_sound(mesh)
    assert np.isfinite(mesh.vertices).all()
    assert checks.check(mesh).ok


def test_sphere_is_where_it_should_be() -> None:
    mesh = extract(fields.sphere(48, 0.5, (0.2, -0.1, 0.05)))
    distance = np.linalg.norm(mesh.vertices - [0.2, -0.1, 0.05], axis=1)
    assert np.abs(distance - 0.5).max() < 0.003
    report = checks.check(mesh)
    assert report.ok
    assert (report.euler, report.components) == (2, 1)
    assert report.volume == pytest.approx(4.0 / 3.0 * np.pi * 0.5**3, rel=0.01)


def test_torus_has_one_handle() -> None:
    report = checks.check(extract(fields.torus(48)))
    assert report.ok
    assert (report.euler, report.components) == (0, 1)
    assert report.volume == pytest.approx(2.0 * np.pi**2 * 0.6 * 0.22**2, rel=0.02)


def test_axes_are_not_swapped() -> None:
    mesh = extract(fields.box(40, (0.3, 0.0, -0.2), (0.5, 0.3, 0.1)))
    np.testing.assert_allclose(mesh.vertices.min(axis=0), [-0.2, -0.3, -0.3], atol=0.01)
    np.testing.assert_allclose(mesh.vertices.max(axis=0), [0.8, 0.3, -0.1], atol=0.01)


def test_a_solid_that_leaves_the_grid_is_closed_at_the_border() -> None:
    report = checks.check(extract(fields.sphere(24, 1.4)))
    assert report.ok
    assert report.volume == pytest.approx(8.0, rel=0.3)


def test_diagonal_neighbours_are_joined() -> None:
    grid = np.ones((6, 6, 6), dtype=np.float32)
    grid[2, 2, 2] = grid[3, 3, 2] = -1.0
    assert checks.check(extract(grid)).components == 1


@pytest.mark.parametrize(
    ("grid", "word"),
    [
        (np.full((8, 8, 8), np.nan), "not numbers"),
        (np.where(np.indices((8, 8, 8))[0] == 3, np.inf, -1.0), "not numbers"),
        (np.ones((8, 8, 8)), "no solid"),
        (np.zeros((8, 8, 8)), "no solid"),
        (-np.ones((8, 8, 8)), "solid everywhere"),
        (np.where(np.indices((8, 8, 8)).min(axis=0) == 0, -1.0, 1.0), "border"),
        (np.ones((8, 8)), "shape"),
        (np.ones((8, 8, 7)), "shape"),
    ],
)
def test_grids_without_a_surface(grid: np.ndarray, word: str) -> None:
    with pytest.raises(SurfaceError, match=word) as caught:
        extract(grid)
    assert str(caught.value).endswith(".")


def test_the_grid_is_left_alone() -> None:
    grid = fields.sphere(16, 1.2).astype(np.float32)
    before = grid.copy()
    extract(grid)
    np.testing.assert_array_equal(grid, before)
