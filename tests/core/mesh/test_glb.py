"""The file: its frame, its parts as other readers see them, and its errors."""

from __future__ import annotations

import errno
import json
import os
import struct
from dataclasses import replace
from pathlib import Path

import fields
import numpy as np
import pytest

from latte3d_core.errors import OutputError
from latte3d_core.mesh import geometry, glb
from latte3d_core.mesh.bake import bake
from latte3d_core.mesh.check import check
from latte3d_core.mesh.glb import save_glb, to_metres
from latte3d_core.mesh.isosurface import extract
from latte3d_core.mesh.simplify import simplify
from latte3d_core.mesh.types import Mesh, TexturedMesh
from latte3d_core.mesh.unwrap import unwrap


@pytest.fixture(scope="module")
def chair() -> TexturedMesh:
    grid = fields.chair(48).astype(np.float32)
    mesh = simplify(extract(grid), 600)
    uvs = unwrap(mesh, "fast", 128)
    base_color, normal_map = bake(mesh, uvs, 128, lambda p: (p + 1) / 2, grid)
    return TexturedMesh(
        mesh.vertices, mesh.faces, uvs, base_color, normal_map,
        name="red chair ✓", size_m=0.9, provenance={"prompt": "ein roter Stuhl ✓", "seed": 3},
    )  # fmt: skip


def parts(path: Path) -> tuple[dict, bytes]:
    data = path.read_bytes()
    magic, version, length = struct.unpack_from("<III", data)
    assert (magic, version, length) == (0x46546C67, 2, len(data))
    size, kind = struct.unpack_from("<II", data, 12)
    assert kind == 0x4E4F534A
    assert size % 4 == 0
    document = json.loads(data[20 : 20 + size])
    binary, kind = struct.unpack_from("<II", data, 20 + size)
    assert kind == 0x004E4942
    assert binary % 4 == 0
    return document, data[28 + size :]


def test_structure(chair: TexturedMesh, tmp_path: Path) -> None:
    path = save_glb(chair, tmp_path / "chair.glb")
    assert path == tmp_path / "chair.glb"
    document, binary = parts(path)
    assert document["asset"]["version"] == "2.0"
    assert document["asset"]["extras"] == dict(chair.provenance)
    assert document["nodes"][0]["name"] == chair.name
    assert 0 <= len(binary) - document["buffers"][0]["byteLength"] < 4  # the chunk is padded, the buffer is not
    for view in document["bufferViews"]:
        assert view["byteOffset"] % 4 == 0
        assert view["byteOffset"] + view["byteLength"] <= len(binary)
    material = document["materials"][0]
    assert material["pbrMetallicRoughness"]["metallicFactor"] == 0.0
    assert material["normalTexture"] == {"index": 1}
    position = document["accessors"][document["meshes"][0]["primitives"][0]["attributes"]["POSITION"]]
    assert np.max(np.array(position["max"]) - position["min"]) == pytest.approx(0.9)
    assert position["min"][1] == 0.0


def test_trimesh_reads_the_same_thing(chair: TexturedMesh, tmp_path: Path) -> None:
    trimesh = pytest.importorskip("trimesh")
    path = chair.save(tmp_path / "chair.glb")
    read = trimesh.load(path, force="mesh", process=False)
    assert len(read.faces) == len(chair.faces)
    place = to_metres(chair.vertices, chair.size_m)
    np.testing.assert_array_equal(read.vertices[read.faces].astype(np.float32), place[chair.faces])
    # trimesh makes normals of its own from the split mesh: read those in the file by hand.
    document, binary = parts(path)
    accessor = document["accessors"][document["meshes"][0]["primitives"][0]["attributes"]["NORMAL"]]
    start = document["bufferViews"][accessor["bufferView"]]["byteOffset"]
    stored = np.frombuffer(binary, dtype="<f4", count=3 * accessor["count"], offset=start).reshape(-1, 3)
    np.testing.assert_array_equal(stored[read.faces], geometry.vertex_normals(chair.mesh)[chair.faces])
    np.testing.assert_allclose(read.visual.uv[read.faces], chair.uvs, atol=1e-6)
    np.testing.assert_array_equal(np.asarray(read.visual.material.baseColorTexture.convert("RGB")), chair.base_color)
    np.testing.assert_array_equal(np.asarray(read.visual.material.normalTexture.convert("RGB")), chair.normal_map)
    # Vertices are split at seams and nowhere else, and merging by place makes the mesh whole again.
    assert len(chair.vertices) < len(read.vertices) < 3 * len(chair.faces)
    places, index = np.unique(read.vertices.round(6), axis=0, return_inverse=True)
    assert len(places) == len(chair.vertices)
    merged = Mesh(places.astype(np.float32), index.ravel()[read.faces].astype(np.int32))
    assert check(merged).ok


def test_without_a_normal_map(chair: TexturedMesh, tmp_path: Path) -> None:
    document, _ = parts(save_glb(replace(chair, normal_map=None), tmp_path / "plain.glb"))
    assert len(document["images"]) == 1
    assert "normalTexture" not in document["materials"][0]


def test_to_metres() -> None:
    place = to_metres(np.float32([[-1, -0.5, 0.2], [0, 0.5, 0.4], [0.5, 0.1, 0.3]]), 3.0)
    np.testing.assert_allclose(place.min(axis=0), [-1.5, 0.0, -0.2], atol=1e-6)
    np.testing.assert_allclose(place.max(axis=0), [1.5, 2.0, 0.2], atol=1e-6)


def assert_refused(chair: TexturedMesh, path: Path, word: str) -> None:
    with pytest.raises(OutputError, match=word) as caught:
        save_glb(chair, path)
    assert str(caught.value).endswith(".")


def test_wrong_suffix(chair: TexturedMesh, tmp_path: Path) -> None:
    assert_refused(chair, tmp_path / "chair.obj", r"\.glb")
    assert list(tmp_path.iterdir()) == []


def test_missing_folder(chair: TexturedMesh, tmp_path: Path) -> None:
    assert_refused(chair, tmp_path / "none" / "chair.glb", "no folder")


def test_a_folder_in_the_way(chair: TexturedMesh, tmp_path: Path) -> None:
    (tmp_path / "chair.glb").mkdir()
    assert_refused(chair, tmp_path / "chair.glb", "is a folder")
    assert [p.name for p in tmp_path.iterdir()] == ["chair.glb"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_protected_folder(chair: TexturedMesh, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert_refused(chair, tmp_path / "chair.glb", "protected")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("number", "word"),
    [(errno.ENOSPC, "disk is full"), (errno.EACCES, "protected"), (errno.EROFS, "protected"), (errno.EIO, "another")],
)
def test_failing_while_writing(
    chair: TexturedMesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, word: str
) -> None:
    """Nothing half-written stays behind, and an older file survives."""
    (tmp_path / "chair.glb").write_bytes(b"older")

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(glb.os, "fsync", fail)
    assert_refused(chair, tmp_path / "chair.glb", word)
    assert [p.name for p in tmp_path.iterdir()] == ["chair.glb"]
    assert (tmp_path / "chair.glb").read_bytes() == b"older"


def test_a_truly_full_disk(chair: TexturedMesh) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(OSError, match="space") as caught, full.open("wb", buffering=0) as file:
        file.write(b"x")
    assert "disk is full" in glb._reason(Path("a.glb"), caught.value)


def test_an_older_file_is_replaced(chair: TexturedMesh, tmp_path: Path) -> None:
    path = tmp_path / "chair.glb"
    path.write_bytes(b"older")
    save_glb(chair, str(path))
    assert path.read_bytes()[:4] == b"glTF"


def test_no_faces(chair: TexturedMesh, tmp_path: Path) -> None:
    empty = replace(chair, faces=np.zeros((0, 3), np.int32), uvs=np.zeros((0, 3, 2), np.float32))
    assert_refused(empty, tmp_path / "empty.glb", "no faces")
