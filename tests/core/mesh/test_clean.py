"""Stray pieces, bubbles and smoothing."""

from __future__ import annotations

import fields
import numpy as np
import pytest

from latte3d_core.mesh.check import check
from latte3d_core.mesh.clean import drop_small_components, smooth
from latte3d_core.mesh.isosurface import extract

SIZE = 56


def union(*parts: np.ndarray) -> np.ndarray:
    return np.minimum.reduce(parts)


def test_small_pieces_go_and_large_ones_stay() -> None:
    large = fields.sphere(SIZE, 0.5, (-0.3, 0.0, 0.0))
    grid = union(large, fields.sphere(SIZE, 0.25, (0.6, 0.0, 0.0)), fields.sphere(SIZE, 0.06, (0.6, 0.7, 0.0)))
    mesh = extract(grid)
    assert check(mesh).components == 3
    kept = drop_small_components(mesh)
    assert check(kept).components == 2
    assert check(kept).ok
    assert check(drop_small_components(mesh, min_share=0.5)).components == 1
    assert check(drop_small_components(mesh, min_share=0.0)).components == 3
    assert check(drop_small_components(mesh, min_share=1.0, keep_at_least=2)).components == 2


def test_a_thin_plate_counts_by_its_surface() -> None:
    grid = union(fields.sphere(SIZE, 0.5, (-0.4, 0.0, 0.0)), fields.box(SIZE, (0.6, 0.0, 0.0), (0.04, 0.3, 0.3)))
    assert check(drop_small_components(extract(grid), min_share=0.1)).components == 2


def test_bubbles_and_what_is_in_them_go() -> None:
    hollow = np.maximum(fields.sphere(SIZE, 0.8), -fields.sphere(SIZE, 0.6))
    shell = extract(hollow)
    assert check(shell).components == 2
    solid = drop_small_components(shell)
    assert check(solid).components == 1
    assert check(solid).volume == pytest.approx(4.0 / 3.0 * np.pi * 0.8**3, rel=0.01)
    core = extract(union(hollow, fields.sphere(SIZE, 0.4)))
    assert check(core).components == 3
    assert check(drop_small_components(core)).components == 1


def test_a_piece_in_the_hole_of_a_ring_stays() -> None:
    grid = union(fields.torus(SIZE, 0.7, 0.15), fields.sphere(SIZE, 0.3))
    assert check(drop_small_components(extract(grid))).components == 2


def test_one_piece_is_returned_as_it_is() -> None:
    mesh = extract(fields.torus(24))
    assert drop_small_components(mesh) is mesh


def test_smoothing_keeps_the_volume_and_takes_the_steps() -> None:
    mesh = extract(np.sign(fields.sphere(40, 0.6)) * 0.5)  # signs only: all the grid's steps are in it
    smoothed = smooth(mesh, 10)
    assert check(smoothed).ok
    assert check(smoothed).volume == pytest.approx(check(mesh).volume, rel=0.01)
    rough, fine = (np.linalg.norm(m.vertices, axis=1).std() for m in (mesh, smoothed))
    assert fine < 0.6 * rough
    np.testing.assert_array_equal(mesh.faces, smoothed.faces)


def test_no_passes_no_change() -> None:
    mesh = extract(fields.sphere(16))
    assert smooth(mesh, 0) is mesh


@pytest.mark.parametrize("name", fields.SHAPES)
def test_the_result_is_sound(name: str) -> None:
    assert check(smooth(drop_small_components(extract(fields.SHAPES[name](48))))).ok
