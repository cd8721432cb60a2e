"""Reading GLB assets, good and bad."""

from __future__ import annotations

import base64
import io
import json
import struct
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from latte3d_core.data import gltf
from latte3d_core.errors import AssetError


def _textured(folder: Path, image: Image.Image) -> Path:
    """A unit quad whose texture is ``image``."""
    mesh = trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], [[0, 1, 2], [0, 2, 3]], process=False)
    material = trimesh.visual.material.PBRMaterial(baseColorTexture=image)
    mesh.visual = trimesh.visual.TextureVisuals(uv=[[0, 0], [1, 0], [1, 1], [0, 1]], material=material)
    mesh.export(str(folder / "quad.glb"))
    return folder / "quad.glb"


def _glb(header: dict, body: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 4)
    body += b"\0" * (-len(body) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    if body:
        chunks += struct.pack("<II", len(body), 0x004E4942) + body
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def test_centred_scaled_and_coloured(asset_folder: Path) -> None:
    triangles = gltf.load_glb(asset_folder / "box.glb")
    low, high = triangles.vertices.min(0), triangles.vertices.max(0)
    np.testing.assert_allclose(low + high, 0, atol=1e-6)
    assert np.isclose((high - low).max() / 2, gltf.HALF_EXTENT)
    face = np.zeros(5, dtype=np.int64)
    barycentric = np.random.default_rng(0).dirichlet(np.ones(3), 5)
    colours = triangles.colors_at(face, barycentric)
    assert colours.shape == (5, 3) and np.allclose(colours, colours[0])


def test_the_texture_is_the_right_way_up(tmp_path: Path) -> None:
    pixels = np.zeros((2, 2, 3), dtype=np.uint8)
    pixels[0, 0] = (255, 0, 0)  # top left of the image: u 0, v 1 with the origin at the bottom left
    triangles = gltf.load_glb(_textured(tmp_path, Image.fromarray(pixels)))
    # The second triangle is (0,0), (1,1), (0,1); its last corner is the quad's top left.
    red = triangles.colors_at(np.array([1]), np.array([[0.05, 0.05, 0.9]]))
    black = triangles.colors_at(np.array([1]), np.array([[0.9, 0.05, 0.05]]))
    np.testing.assert_allclose(red[0], [1, 0, 0], atol=0.01)
    np.testing.assert_allclose(black[0], 0, atol=0.01)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "not a GLB"),
        (b"PNG" * 100, "not a GLB"),
        (_glb({"asset": {"version": "2.0"}})[:30], "truncated"),
        (struct.pack("<4sIIII", b"glTF", 2, 24, 4, 0x4E4F534A) + b"{]  ", "broken"),
        (_glb({"asset": {"version": "2.0"}, "buffers": [{"byteLength": 4, "uri": "mesh.bin"}]}), "other files"),
        (_glb({"asset": {"version": "2.0"}, "images": [{"uri": "/etc/passwd"}]}), "other files"),
        (_glb([]), "broken"),
        (_glb({"buffers": None}), "broken"),
        (_glb({"images": [3]}), "broken"),
        (_glb({"bufferViews": [{}], "images": [{"bufferView": 0}]}), "broken"),
        (_glb({"images": [{"uri": "data:image/png;base64,!"}]}), "broken|cannot be read"),
        (_glb({"asset": {"version": "2.0"}, "scenes": [{"nodes": []}], "scene": 0}), "no triangles|cannot be read"),
    ],
)
def test_bad_files_get_one_sentence(tmp_path: Path, data: bytes, word: str) -> None:
    path = tmp_path / "bad.glb"
    path.write_bytes(data)
    with pytest.raises(AssetError, match=word) as caught:
        gltf.load_glb(path)
    assert "\n" not in str(caught.value) and "bad.glb" in str(caught.value)


def test_not_a_number_is_refused(tmp_path: Path) -> None:
    mesh = trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [0, 1, np.nan]], [[0, 1, 2]], process=False)
    mesh.export(str(tmp_path / "nan.glb"))
    with pytest.raises(AssetError, match=r"not numbers|cannot be read"):
        gltf.load_glb(tmp_path / "nan.glb")


def test_a_giant_image_is_refused_before_it_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _textured(tmp_path, Image.new("RGB", (64, 64)))
    monkeypatch.setattr(gltf, "MAX_IMAGE_PIXELS", 63 * 64)
    with pytest.raises(AssetError, match="64 x 64"):
        gltf.load_glb(path)


def test_a_bomb_of_an_image_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("1", (20000, 20000)).save(buffer, "PNG")  # 400 megapixels in 50 kB
    data = buffer.getvalue()
    header = {
        "asset": {"version": "2.0"}, "buffers": [{"byteLength": len(data)}],
        "bufferViews": [{"buffer": 0, "byteLength": len(data)}], "images": [{"bufferView": 0, "mimeType": "image/png"}],
    }  # fmt: skip
    path = tmp_path / "bomb.glb"
    path.write_bytes(_glb(header, data))
    with pytest.raises(AssetError, match="shrink"):
        gltf.load_glb(path)
    inline = {"images": [{"uri": "data:image/png;base64," + base64.b64encode(data).decode()}]}
    path.write_bytes(_glb(inline))
    with pytest.raises(AssetError, match="shrink"):
        gltf.load_glb(path)
