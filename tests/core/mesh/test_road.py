"""From a grid to a file, over every shape: each promise about a mesh that leaves the generator."""

from __future__ import annotations

from pathlib import Path

import fields
import numpy as np
import pytest

from latte3d_core.mesh.bake import bake
from latte3d_core.mesh.check import check, uv_overlap
from latte3d_core.mesh.clean import drop_small_components, smooth
from latte3d_core.mesh.isosurface import extract
from latte3d_core.mesh.simplify import simplify
from latte3d_core.mesh.types import Mesh, TexturedMesh
from latte3d_core.mesh.unwrap import unwrap


@pytest.mark.parametrize("faces", [5000, 500])
@pytest.mark.parametrize("name", fields.SHAPES)
def test_the_whole_road(name: str, faces: int, tmp_path: Path) -> None:
    trimesh = pytest.importorskip("trimesh")
    grid = fields.SHAPES[name](72).astype(np.float32)
    mesh = simplify(smooth(drop_small_components(extract(grid))), faces)
    uvs = unwrap(mesh, "fast", 512)
    base_color, normal_map = bake(mesh, uvs, 512, lambda points: (points + 1.0) / 2.0, grid)
    result = TexturedMesh(mesh.vertices, mesh.faces, uvs, base_color, normal_map, name=name, size_m=0.5)

    report = check(result.mesh)
    assert report.ok, report
    assert len(result.faces) <= faces or name == "lattice"
    assert np.isfinite(uvs).all()
    assert uvs.min() >= 0.0
    assert uvs.max() <= 1.0
    assert uv_overlap(uvs, 512) <= 0.001
    assert base_color.shape == (512, 512, 3)
    assert normal_map is not None
    assert normal_map.shape == (512, 512, 3)
    assert normal_map[:, :, 2].min() > 127  # never from below the surface

    read = trimesh.load(result.save(tmp_path / "out.glb"), force="mesh", process=False)
    assert len(read.faces) == len(mesh.faces)
    places, index = np.unique(np.round(read.vertices, 6), axis=0, return_inverse=True)
    merged = Mesh(places.astype(np.float32), index.ravel()[read.faces].astype(np.int32))
    again = check(merged)
    assert again.closed
    assert again.edge_manifold
    assert again.vertex_manifold
    assert again.winding_consistent
    assert trimesh.Trimesh(places, merged.faces, process=False).is_volume
