"""Twins and components against slow references."""

from __future__ import annotations

import fields
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from latte3d_core.mesh import topology
from latte3d_core.mesh.isosurface import extract


@given(count=st.integers(1, 40), data=st.data())
def test_components(count: int, data: st.DataObject) -> None:
    node = st.integers(0, count - 1)
    edges = data.draw(st.lists(st.tuples(node, node), max_size=60))
    expected = list(range(count))
    for a, b in edges:
        old, new = expected[b], expected[a]
        expected = [new if label == old else label for label in expected]
    ends = np.array(edges, dtype=np.int64).reshape(-1, 2)
    labels, found = topology.components(count, ends[:, 0], ends[:, 1])
    assert found == len(set(expected))
    for i in range(count):
        for j in range(i):
            assert (labels[i] == labels[j]) == (expected[i] == expected[j])
    assert sorted(set(labels.tolist())) == list(range(found))
    assert np.all(np.diff(np.unique(labels, return_index=True)[1]) > 0)  # numbered by the smallest node


def test_a_long_chain_is_one_component() -> None:
    path = np.random.default_rng(0).permutation(20000)
    assert topology.components(20000, path[:-1], path[1:])[1] == 1


def test_twins_run_the_other_way() -> None:
    faces = extract(fields.torus(24)).faces
    twin = topology.twins(faces)
    assert twin is not None
    start, end = topology.half_edges(faces)
    np.testing.assert_array_equal(start[twin], end)
    np.testing.assert_array_equal(end[twin], start)
    np.testing.assert_array_equal(twin[twin], np.arange(len(twin)))


def test_no_twins_where_the_mesh_is_not_sound() -> None:
    faces = extract(fields.sphere(16)).faces
    assert topology.twins(faces[1:]) is None
    flipped = faces.copy()
    flipped[0] = flipped[0, ::-1]
    assert topology.twins(flipped) is None
    assert topology.twins(np.concatenate([faces, faces])) is None
