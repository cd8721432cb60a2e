"""Supervision against closed forms and slow references."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latte3d_core.data.gltf import HALF_EXTENT, load_glb
from latte3d_core.data.prepare import Prepared
from latte3d_core.data.targets import flood_outside, make_targets, sample_surface, voxel_index


def _flood_slowly(blocked: np.ndarray) -> np.ndarray:
    """One voxel further in every round, by shifting whole arrays."""
    free = np.pad(~blocked, 1, constant_values=True)
    reached = np.zeros_like(free)
    reached[0] = reached[-1] = True
    reached[:, 0] = reached[:, -1] = True
    reached[:, :, 0] = reached[:, :, -1] = True
    while True:
        grown = reached.copy()
        grown[1:] |= reached[:-1]
        grown[:-1] |= reached[1:]
        grown[:, 1:] |= reached[:, :-1]
        grown[:, :-1] |= reached[:, 1:]
        grown[:, :, 1:] |= reached[:, :, :-1]
        grown[:, :, :-1] |= reached[:, :, 1:]
        grown &= free
        if (grown == reached).all():
            return reached[1:-1, 1:-1, 1:-1]
        reached = grown


@given(st.integers(0, 10**6), st.floats(0.05, 0.75), st.integers(2, 9))
def test_flood_fill_equals_the_slow_one(seed: int, density: float, side: int) -> None:
    blocked = np.random.default_rng(seed).random((side,) * 3) < density
    np.testing.assert_array_equal(flood_outside(blocked), _flood_slowly(blocked))


def test_a_ball_has_the_distances_of_a_ball(asset_folder, small_targets) -> None:
    targets = make_targets(load_glb(asset_folder / "ball.glb"), small_targets, 0)
    radius = np.linalg.norm(targets.queries.astype(np.float64), axis=1)
    expected = radius - HALF_EXTENT - small_targets.thickness
    np.testing.assert_allclose(targets.sdf.astype(np.float64), expected, atol=0.012)  # the mesh is a polyhedron
    inside = np.unpackbits(targets.occupancy).mean() * 8
    assert abs(inside - 4 / 3 * np.pi * HALF_EXTENT**3) < 0.1


@pytest.mark.parametrize("flip", [False, True])
def test_normals_point_outward_whatever_the_winding(asset_folder, small_targets, flip: bool) -> None:
    triangles = load_glb(asset_folder / "ball.glb")
    if flip:
        triangles = dataclasses.replace(triangles, faces=triangles.faces[:, ::-1].copy())
    targets = make_targets(triangles, small_targets, 0)
    for places, normals in ((targets.points, targets.point_normals), (targets.queries, targets.query_normals)):
        radial = places.astype(np.float64)
        far = np.linalg.norm(radial, axis=1) > 0.3  # near the centre the nearest surface point is a matter of luck
        radial = radial[far] / np.linalg.norm(radial[far], axis=1, keepdims=True)
        assert (np.einsum("nk,nk->n", radial, normals[far] / 127) > 0.95).all()


def test_an_open_bowl_is_hollow_and_its_wall_solid(asset_folder, small_targets) -> None:
    targets = make_targets(load_glb(asset_folder / "bowl.glb"), small_targets, 0)
    points, sdf = targets.queries.astype(np.float64), targets.sdf.astype(np.float64)
    assert (sdf > -small_targets.thickness - 1e-3).all()  # nothing is further inside than the thickened sheet
    assert (sdf[np.abs(points).max(1) < 0.1] > 0).all()
    on_the_sheet = sdf[: small_targets.near_queries]
    assert (on_the_sheet < 0).mean() > 0.5


def test_same_seed_same_targets(asset_folder, small_targets) -> None:
    triangles = load_glb(asset_folder / "ring.glb")
    first, second = (make_targets(triangles, small_targets, 7) for _ in range(2))
    for name, array in first.arrays().items():
        np.testing.assert_array_equal(array, getattr(second, name))


def test_surface_samples_lie_on_their_faces_and_follow_area(asset_folder) -> None:
    triangles = load_glb(asset_folder / "box.glb")
    points, face, barycentric = sample_surface(triangles, 20000, np.random.default_rng(0))
    corner = triangles.vertices[triangles.faces[face]]
    np.testing.assert_allclose(points, np.einsum("nk,nkc->nc", barycentric, corner), atol=1e-6)
    assert (barycentric >= 0).all()
    area = np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1)
    by_face = np.bincount(face, minlength=len(triangles.faces)) / len(points)
    whole = np.zeros(len(triangles.faces))
    whole[face] = area
    np.testing.assert_allclose(by_face, whole / whole.sum(), atol=0.01)


def test_voxel_index_clamps() -> None:
    index = voxel_index(np.array([[-5.0, 0, 0], [0.999, 0.999, 5]]), 4)
    assert index.tolist() == [(0 * 4 + 2) * 4 + 2, 63]


def test_the_cache_is_reused_and_a_broken_asset_reported(prepared: list[Prepared], asset_folder, small_targets) -> None:
    from latte3d_core.data.manifest import Asset
    from latte3d_core.data.prepare import prepare

    before = prepared[0].cache.stat().st_mtime_ns
    bad = Asset("bad", asset_folder / "manifest.jsonl", ("x",))
    items, skipped = prepare([prepared[0].asset, bad], prepared[0].cache.parent, small_targets, workers=1)
    assert [i.asset.id for i in items] == [prepared[0].asset.id] and before == items[0].cache.stat().st_mtime_ns
    assert len(skipped) == 1 and skipped[0].startswith("bad: ")


@pytest.mark.slow
def test_preparing_in_two_processes_gives_the_same(prepared: list[Prepared], small_targets, tmp_path) -> None:
    from latte3d_core.data.prepare import prepare

    items, _ = prepare([p.asset for p in prepared], tmp_path, small_targets, workers=2)
    for mine, theirs in zip(items, prepared, strict=True):
        for name, array in mine.load().arrays().items():
            np.testing.assert_array_equal(array, getattr(theirs.load(), name))
