"""The checker finds each kind of fault, and only that."""

from __future__ import annotations

import fields
import numpy as np
import pytest

from latte3d_core.mesh.check import check, faults, uv_overlap
from latte3d_core.mesh.clean import compact
from latte3d_core.mesh.isosurface import extract
from latte3d_core.mesh.types import Mesh

TETRAHEDRON = Mesh(
    np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float32),
    np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], dtype=np.int32),
)


def together(first: Mesh, second: Mesh) -> Mesh:
    return Mesh(
        np.concatenate([first.vertices, second.vertices]),
        np.concatenate([first.faces, second.faces + len(first.vertices)]).astype(np.int32),
    )


def test_a_tetrahedron_is_fine() -> None:
    report = check(TETRAHEDRON)
    assert report.ok
    assert (report.components, report.euler) == (1, 2)
    assert report.volume == pytest.approx(1.0 / 6.0)
    assert not faults(TETRAHEDRON).any()


def test_a_hole() -> None:
    mesh = Mesh(TETRAHEDRON.vertices, TETRAHEDRON.faces[:3])
    report = check(mesh)
    assert not report.closed
    assert report.edge_manifold
    assert report.vertex_manifold
    assert not report.ok
    assert faults(mesh).tolist() == [False, True, True, True]


def test_a_flipped_face() -> None:
    faces = TETRAHEDRON.faces.copy()
    faces[3] = faces[3, ::-1]
    report = check(Mesh(TETRAHEDRON.vertices, faces))
    assert report.closed
    assert not report.winding_consistent
    assert not report.ok


def test_inside_out() -> None:
    report = check(Mesh(TETRAHEDRON.vertices, TETRAHEDRON.faces[:, ::-1]))
    assert report.winding_consistent
    assert report.volume < 0.0
    assert not report.ok


def test_two_solids_that_share_a_vertex() -> None:
    twin = Mesh(-TETRAHEDRON.vertices, TETRAHEDRON.faces[:, ::-1])
    both = together(TETRAHEDRON, twin)
    mesh = compact(both.vertices, np.where(both.faces == 4, 0, both.faces))
    report = check(mesh)
    assert report.edge_manifold
    assert not report.vertex_manifold
    assert not report.ok
    assert faults(mesh).tolist() == [True] + [False] * 6


def test_two_solids_that_share_an_edge() -> None:
    twin = Mesh(TETRAHEDRON.vertices * [1, -1, -1], TETRAHEDRON.faces[:, ::-1])
    both = together(TETRAHEDRON, twin)
    faces = np.where(both.faces == 4, 0, both.faces)
    mesh = Mesh(both.vertices, np.where(faces == 5, 1, faces))
    report = check(mesh)
    assert not report.edge_manifold
    assert not report.ok
    assert faults(mesh)[[0, 1]].all()


def test_degenerate_faces() -> None:
    flat = TETRAHEDRON.vertices.copy()
    flat[3] = [0.5, 0.5, 0.0]  # on the edge 1-2
    assert check(Mesh(flat, TETRAHEDRON.faces)).degenerate_faces == 1
    twice = np.concatenate([TETRAHEDRON.faces, TETRAHEDRON.faces[:1, ::-1]])
    assert check(Mesh(TETRAHEDRON.vertices, twice)).degenerate_faces == 1
    point = np.concatenate([TETRAHEDRON.faces, [[0, 0, 1]]])
    assert check(Mesh(TETRAHEDRON.vertices, point)).degenerate_faces == 1


def test_coincident_vertices() -> None:
    mesh = together(TETRAHEDRON, Mesh(TETRAHEDRON.vertices[[0, 2, 1, 3]] * [-1, -1, -1], TETRAHEDRON.faces))
    report = check(mesh)
    assert report.coincident_vertices == 1
    assert report.components == 2
    assert not report.ok
    assert np.flatnonzero(faults(mesh)).tolist() == [0, 4]


def test_nan_is_reported_not_raised() -> None:
    vertices = TETRAHEDRON.vertices.copy()
    vertices[0, 0] = np.nan
    report = check(Mesh(vertices, TETRAHEDRON.faces))
    assert report.nan
    assert not report.ok


def test_nothing_at_all() -> None:
    assert not check(Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32))).ok


def _bodies(mesh: Mesh) -> int:
    """Connected bodies, by merging sets of vertices one face at a time."""
    body = {v: {v} for v in range(len(mesh.vertices))}
    for face in mesh.faces.tolist():
        for a, b in ((0, 1), (1, 2)):
            one, two = body[face[a]], body[face[b]]
            if one is not two:
                if len(one) < len(two):
                    one, two = two, one
                one |= two
                for vertex in two:
                    body[vertex] = one
    return len({id(members) for members in body.values()})


def test_agrees_with_trimesh() -> None:
    trimesh = pytest.importorskip("trimesh")
    for name in ("torus", "noise"):
        mesh = extract(fields.SHAPES[name](32))
        other = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
        report = check(mesh)
        assert other.is_watertight
        assert other.is_winding_consistent
        assert report.euler == other.euler_number
        assert report.volume == pytest.approx(other.volume, rel=1e-5)
        assert report.components == _bodies(mesh)


def test_uv_overlap() -> None:
    square = np.array([[[0, 0], [1, 0], [1, 1]], [[0, 0], [1, 1], [0, 1]]], dtype=np.float32) * 0.5
    assert uv_overlap(square, 256) == 0.0  # a shared edge is no overlap
    assert uv_overlap(np.concatenate([square, square]), 256) == 1.0
    moved = np.concatenate([square, square + np.float32([0.25, 0.0])])
    assert uv_overlap(moved, 256) == pytest.approx(1.0 / 3.0)
    assert uv_overlap(np.zeros((0, 3, 2)), 64) == 0.0
