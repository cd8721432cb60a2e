"""Decimation keeps every promise, also where the library breaks the mesh."""

from __future__ import annotations

import fast_simplification
import fields
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latte3d_core.errors import Cancelled, SettingError
from latte3d_core.mesh import simplify as module
from latte3d_core.mesh.check import check
from latte3d_core.mesh.clean import drop_small_components, smooth
from latte3d_core.mesh.collapse import collapse
from latte3d_core.mesh.isosurface import extract
from latte3d_core.mesh.simplify import simplify
from latte3d_core.mesh.types import Mesh


def prepared(name: str, size: int = 64) -> Mesh:
    return smooth(drop_small_components(extract(fields.SHAPES[name](size))))


@pytest.mark.parametrize("name", fields.SHAPES)
@pytest.mark.parametrize("faces", [3000, 900])
def test_budget_and_soundness(name: str, faces: int) -> None:
    mesh = prepared(name)
    result = simplify(mesh, faces)
    report = check(result)
    assert report.ok
    assert len(result.faces) <= faces
    if name in ("blob", "torus", "chair"):
        before = check(mesh)
        assert (report.components, report.euler) == (before.components, before.euler)
        assert report.volume == pytest.approx(before.volume, rel=0.05)


@pytest.mark.parametrize("name", ["noise", "rods", "chair"])
def test_in_many_calls_it_is_as_sound(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call of the library is short, and what broke over several of them can be taken back as well."""
    mesh = prepared(name)
    once = simplify(mesh, 900)
    calls, library = [], fast_simplification.simplify

    def counted(vertices: np.ndarray, faces: np.ndarray, **options: object) -> object:
        calls.append(len(faces))
        return library(vertices, faces, **options)

    monkeypatch.setattr(fast_simplification, "simplify", counted)
    monkeypatch.setattr(module, "_AT_ONCE", 800)
    often = simplify(mesh, 900)
    assert len(calls) > 2 and check(often).ok
    assert len(often.faces) <= 1.1 * len(once.faces)
    away = np.array([np.linalg.norm(mesh.vertices - v, axis=1).min() for v in often.vertices])
    assert away.max() < 0.1


def test_the_library_alone_would_fail() -> None:
    """If this ever passes, the repair can go."""
    broken = 0
    for name in ("noise", "rods", "lattice"):
        mesh = prepared(name)
        vertices, faces = fast_simplification.simplify(mesh.vertices, mesh.faces, target_count=600)
        broken += not check(Mesh(vertices.astype(np.float32), faces.astype(np.int32))).ok
    assert broken > 0


def test_a_mesh_within_the_budget_keeps_its_faces() -> None:
    mesh = prepared("torus", 24)
    np.testing.assert_array_equal(simplify(mesh, 100000).faces, mesh.faces)


def test_a_budget_that_cannot_be_met_gives_the_closest() -> None:
    mesh = prepared("lattice")
    result = simplify(mesh, 100)
    assert check(result).ok
    assert 100 < len(result.faces) < 0.2 * len(mesh.faces)


def test_too_small_a_budget() -> None:
    with pytest.raises(SettingError, match="100"):
        simplify(prepared("torus", 24), 99)


def test_cancelling() -> None:
    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        simplify(prepared("noise", 48), 300, stop)


@pytest.mark.parametrize("name", ["blob", "torus", "plate", "rods"])
def test_collapse_keeps_the_topology(name: str) -> None:
    mesh = prepared(name, 48)
    result = collapse(mesh, 400)
    before, after = check(mesh), check(result)
    assert after.ok
    assert len(result.faces) <= 400
    assert (after.components, after.euler) == (before.components, before.euler)


def test_collapse_stays_near_the_surface() -> None:
    result = collapse(extract(fields.sphere(64, 0.7)), 1000)
    distance = np.abs(np.linalg.norm(result.vertices, axis=1) - 0.7)
    assert distance.max() < 0.01


def test_collapse_keeps_flat_faces_flat_and_edges_sharp() -> None:
    result = collapse(extract(fields.box(48, (0.0, 0.0, 0.0), (0.5, 0.4, 0.3))), 300)
    assert check(result).volume == pytest.approx(8 * 0.5 * 0.4 * 0.3, rel=0.02)


def test_collapse_ends_at_a_tetrahedron() -> None:
    result = collapse(extract(fields.sphere(12, 0.6)), 0)
    assert check(result).ok
    assert len(result.faces) <= 12


@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.2, 0.8), faces=st.integers(100, 400))
@settings(max_examples=25)
def test_noise(seed: int, share: float, faces: int) -> None:
    """Grids of noise are the worst that can come: nothing but handles, specks and pinches."""
    grid = np.random.default_rng(seed).normal(size=(12, 12, 12)).astype(np.float32)
    mesh = extract(grid - np.quantile(grid, share))
    result = simplify(mesh, faces)
    assert check(result).ok
    assert len(result.faces) <= len(mesh.faces)
