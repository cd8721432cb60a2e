"""Read a GLB asset into plain arrays: triangles with a colour at every surface point."""

from __future__ import annotations

import base64
import io
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from latte3d_core.errors import AssetError

#: Larger images are refused before they are decoded: a small file can unpack to gigabytes.
MAX_IMAGE_PIXELS = 8192 * 8192
#: Largest half-extent of an asset in the core frame; leaves a margin to the box [-1, 1]^3.
HALF_EXTENT = 0.9


@dataclass(frozen=True)
class ColouredTriangles:
    """A triangle soup with colour, core frame, centred, largest half-extent 0.9.

    Attributes:
        vertices: (V, 3) float32.
        faces: (F, 3) int64.
        uvs: (F, 3, 2) float32, origin bottom left; only meaningful where ``texture[f] >= 0``.
        texture: (F,) int64, index into ``images``, or -1 for plain faces.
        corner_colors: (F, 3, 3) float32 in [0, 1], sRGB: factor or vertex colour, multiplied with the image.
        images: decoded sRGB images, each (H, W, 3) float32 in [0, 1], row 0 at the top.
    """

    vertices: np.ndarray
    faces: np.ndarray
    uvs: np.ndarray
    texture: np.ndarray
    corner_colors: np.ndarray
    images: tuple[np.ndarray, ...]

    def colors_at(self, face: np.ndarray, barycentric: np.ndarray) -> np.ndarray:
        """sRGB colour (N, 3) in [0, 1] at ``barycentric`` (N, 3) on ``face`` (N,); nearest texel."""
        color = np.einsum("nk,nkc->nc", barycentric, self.corner_colors[face])
        uv = np.einsum("nk,nkc->nc", barycentric, self.uvs[face])
        for index, image in enumerate(self.images):
            mine = np.flatnonzero(self.texture[face] == index)
            height, width = image.shape[:2]
            u = uv[mine] % 1.0
            column = np.minimum((u[:, 0] * width).astype(np.int64), width - 1)
            row = np.minimum(((1.0 - u[:, 1]) * height).astype(np.int64), height - 1)
            color[mine] *= image[row, column]
        return np.clip(color, 0.0, 1.0)


def plain_triangles(
    vertices: np.ndarray, faces: np.ndarray, corner_colors: np.ndarray | None = None
) -> ColouredTriangles:
    """Triangles without textures, in white or with sRGB colours (F, 3, 3) in [0, 1] at their corners."""
    if corner_colors is None:
        corner_colors = np.ones((len(faces), 3, 3), dtype=np.float32)
    return ColouredTriangles(
        np.ascontiguousarray(vertices, dtype=np.float32), np.asarray(faces, dtype=np.int64),
        np.zeros((len(faces), 3, 2), dtype=np.float32), np.full(len(faces), -1), corner_colors, (),
    )  # fmt: skip


def load_glb(path: str | Path) -> ColouredTriangles:
    """Read a self-contained GLB.

    Raises:
        AssetError: unreadable, no triangles, not finite, references other files, or an image over the limit.
    """
    import trimesh

    path = Path(path)
    _check_container(path)
    try:
        scene = trimesh.load_scene(str(path))
        parts = [g for g in scene.dump() if isinstance(g, trimesh.Trimesh) and len(g.faces)]
    except Exception as error:  # trimesh raises whatever its parsers raise; the file is at fault in every case
        raise AssetError(f"{path.name} cannot be read as a GLB ({type(error).__name__}); export it again.") from error
    if not parts:
        raise AssetError(f"{path.name} holds no triangles; export it with its mesh.")
    images: list[np.ndarray] = []
    vertices, faces, uvs, texture, corner = [], [], [], [], []
    offset = 0
    for part in parts:
        part_uv, part_colors, image = _appearance(part)
        vertices.append(np.asarray(part.vertices, dtype=np.float64))
        faces.append(np.asarray(part.faces, dtype=np.int64) + offset)
        offset += len(part.vertices)
        index = -1
        if image is not None and part_uv is not None:
            index = len(images)
            images.append(image)
        uvs.append(np.zeros((len(part.faces), 3, 2)) if part_uv is None else part_uv[part.faces])
        texture.append(np.full(len(part.faces), index, dtype=np.int64))
        corner.append(part_colors[part.faces])
    points = np.concatenate(vertices)
    used = np.concatenate(faces)
    if not np.isfinite(points[used]).all() or not all(np.isfinite(u).all() for u in uvs):
        raise AssetError(f"{path.name} holds coordinates that are not numbers; repair and export it again.")
    low, high = points[used].reshape(-1, 3).min(0), points[used].reshape(-1, 3).max(0)
    extent = float((high - low).max()) / 2
    if extent < 1e-9:
        raise AssetError(f"{path.name} has no size; every vertex lies in one place.")
    points = (points - (low + high) / 2) * (HALF_EXTENT / extent)
    return ColouredTriangles(
        points.astype(np.float32),
        used,
        np.concatenate(uvs).astype(np.float32),
        np.concatenate(texture),
        np.concatenate(corner).astype(np.float32),
        tuple(images),
    )


def _appearance(part: Any) -> tuple[np.ndarray | None, np.ndarray, np.ndarray | None]:
    """(uv per vertex or None, colour per vertex (V, 3), image or None) of one trimesh part."""
    visual = part.visual
    white = np.ones((len(part.vertices), 3))
    if visual.kind == "texture":
        material = visual.material
        if hasattr(material, "to_pbr") and not hasattr(material, "baseColorFactor"):
            material = material.to_pbr()
        factor = getattr(material, "baseColorFactor", None)
        if factor is not None:
            white = white * _linear_to_srgb(np.asarray(factor, dtype=np.float64)[:3] / 255.0)
        picture = getattr(material, "baseColorTexture", None)
        if picture is not None:
            return np.asarray(visual.uv), white, np.asarray(picture.convert("RGB"), dtype=np.float32) / 255.0
        return None, white, None
    if visual.kind in ("vertex", "face"):
        return None, _linear_to_srgb(np.asarray(visual.vertex_colors)[:, :3] / 255.0), None
    return None, white * 0.8, None


def _linear_to_srgb(linear: np.ndarray) -> np.ndarray:
    """glTF factors and vertex colours are linear, images are sRGB."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.clip(linear, 1e-9, None) ** (1 / 2.4) - 0.055)


def _check_container(path: Path) -> None:
    """Refuse what a parser should never be given: foreign files, outside references, giant images."""
    try:
        blob = path.read_bytes()
    except OSError as error:
        raise AssetError(f"{path} cannot be read: {error.strerror}.") from error
    if len(blob) < 20 or blob[:4] != b"glTF":
        raise AssetError(f"{path.name} is not a GLB file; export the asset as binary glTF.")
    length, kind = struct.unpack_from("<II", blob, 12)
    if kind != 0x4E4F534A or 20 + length > len(blob):
        raise AssetError(f"{path.name} is truncated; copy or export it again.")
    try:
        header = json.loads(blob[20 : 20 + length])
        _check_header(path.name, header, memoryview(blob)[20 + length + 8 :])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise AssetError(f"{path.name} has a broken header; export it again.") from error


def _check_header(name: str, header: dict[str, Any], body: memoryview) -> None:
    """The header's references; ``body`` is the binary chunk. Errors of the wrong kind mean a broken header."""
    from PIL import Image

    for entry in [*header.get("buffers", []), *header.get("images", [])]:
        if "uri" in entry and not str(entry["uri"]).startswith("data:"):
            raise AssetError(f"{name} refers to other files; export it as one self-contained GLB.")
    views = header.get("bufferViews", [])
    for entry in header.get("images", []):
        if "uri" in entry:
            blob = base64.b64decode(entry["uri"].partition(",")[2])
        elif "bufferView" in entry and 0 <= entry["bufferView"] < len(views):
            view = views[entry["bufferView"]]
            start = view.get("byteOffset", 0)
            blob = bytes(body[start : start + view["byteLength"]])
        else:
            continue
        try:
            with Image.open(io.BytesIO(blob)) as picture:
                width, height = picture.size
        except Image.DecompressionBombError:
            width = height = MAX_IMAGE_PIXELS
        except OSError as error:
            raise AssetError(f"{name} holds an image that cannot be read; export it with PNG or JPEG.") from error
        if width * height > MAX_IMAGE_PIXELS:
            raise AssetError(f"{name} holds an image of {width} x {height} pixels; shrink it to 8192 or less.")
