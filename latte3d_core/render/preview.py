"""Quick looks at textured meshes: Embree ray casting, one soft key light, transparent background."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from latte3d_core.data.gltf import ColouredTriangles
from latte3d_core.mesh.geometry import vertex_normals
from latte3d_core.mesh.types import TexturedMesh
from latte3d_core.render.raycast import first_hits, raycasting_scene


@dataclass(frozen=True)
class Camera:
    """An orbit camera that looks at the origin.

    Attributes:
        azimuth: degrees from the front (+Z) towards +X; elevation: degrees above the horizon.
        distance: from the origin, core units; fov: vertical field of view in degrees.
    """

    azimuth: float = 30.0
    elevation: float = 20.0
    distance: float = 4.2
    fov: float = 32.0

    def rays(self, size: int) -> np.ndarray:
        """Rays (size, size, 6) float32, origin and unit direction, row 0 at the top."""
        azimuth, elevation = math.radians(self.azimuth), math.radians(self.elevation)
        back = np.array(
            [math.cos(elevation) * math.sin(azimuth), math.sin(elevation), math.cos(elevation) * math.cos(azimuth)]
        )
        right = np.cross([0.0, 1.0, 0.0], back)
        right /= np.linalg.norm(right)
        up = np.cross(back, right)
        steps = (np.arange(size) + 0.5) / size * 2 - 1
        x, y = np.meshgrid(steps, -steps)
        reach = math.tan(math.radians(self.fov) / 2)
        direction = (x[..., None] * right + y[..., None] * up) * reach - back
        direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
        origin = np.broadcast_to(back * self.distance, direction.shape)
        return np.concatenate([origin, direction], -1).astype(np.float32)


def render_mesh(mesh: TexturedMesh, camera: Camera | None = None, size: int = 192, shaded: bool = True) -> np.ndarray:
    """A picture (size, size, 4) uint8 RGBA of a generated mesh, as it lies in the core frame."""
    height, width = mesh.base_color.shape[:2]

    def color(face: np.ndarray, barycentric: np.ndarray) -> np.ndarray:
        uv = np.einsum("nk,nkc->nc", barycentric, mesh.uvs[face])
        column = np.clip((uv[:, 0] * width).astype(np.int64), 0, width - 1)
        row = np.clip(((1 - uv[:, 1]) * height).astype(np.int64), 0, height - 1)
        return mesh.base_color[row, column] / 255.0

    normals = vertex_normals(mesh.mesh)[mesh.faces]
    return _render(mesh.vertices, mesh.faces, color, normals, camera or Camera(), size, shaded)


def render_asset(
    asset: ColouredTriangles, camera: Camera | None = None, size: int = 192, shaded: bool = True
) -> np.ndarray:
    """A picture (size, size, 4) uint8 RGBA of a library asset."""
    return _render(asset.vertices, asset.faces, asset.colors_at, None, camera or Camera(), size, shaded)


def _render(
    vertices: np.ndarray,
    faces: np.ndarray,
    color: Callable[[np.ndarray, np.ndarray], np.ndarray],
    normals: np.ndarray | None,
    camera: Camera,
    size: int,
    shaded: bool,
) -> np.ndarray:
    fine = camera.rays(size * 2)
    hits = first_hits(raycasting_scene(vertices, faces), fine)
    found, face, barycentric = hits.rays, hits.face, hits.barycentric
    rgba = np.zeros((fine.shape[0] * fine.shape[1], 4))
    rgb = color(face, barycentric)
    if shaded:
        if normals is None:
            normal = hits.normal.copy()
        else:
            normal = np.einsum("nk,nkc->nc", barycentric, normals[face])
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
        view = -fine.reshape(-1, 6)[found, 3:]
        normal *= np.where((normal * view).sum(1, keepdims=True) < 0, -1.0, 1.0)  # single-sided assets face the viewer
        back = -camera.rays(1)[0, 0, 3:]
        right = np.cross([0.0, 1.0, 0.0], back)
        light = back + 0.7 * np.array([0.0, 1.0, 0.0]) - 0.6 * right / np.linalg.norm(right)
        light /= np.linalg.norm(light)
        shade = 0.5 + 0.15 * normal[:, 1] + 0.5 * np.clip(normal @ light, 0, 1)
        rgb = np.clip(rgb * shade[:, None], 0, 1)
    rgba[found, :3], rgba[found, 3] = rgb, 1.0
    # Average of 2 × 2 samples; colours weighted by coverage, so that the edge takes nothing from the background.
    quad = rgba.reshape(size, 2, size, 2, 4)
    alpha = quad[..., 3].mean((1, 3))
    mixed = (quad[..., :3] * quad[..., 3:]).sum((1, 3)) / np.maximum(quad[..., 3:].sum((1, 3)), 1e-9)
    return np.round(np.concatenate([mixed, alpha[..., None]], -1) * 255).astype(np.uint8)


def contact_sheet(pictures: Sequence[np.ndarray], labels: Sequence[str], columns: int = 8) -> np.ndarray:
    """Pictures (S, S, 4) RGBA of one size on a light ground, each with its label below; (H, W, 3) uint8."""
    from PIL import Image, ImageDraw, ImageFont

    size, band = pictures[0].shape[0], 30
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * size, rows * (size + band)), (236, 236, 238))
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(11)
    for index, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        x, y = index % columns * size, index // columns * (size + band)
        image = Image.fromarray(picture)
        sheet.paste(image, (x, y), image)
        lines = _wrapped(
            label.encode("latin-1", "replace").decode("latin-1"), size - 8, lambda t: draw.textlength(t, font)
        )
        for line, text in enumerate(lines[:2]):
            draw.text((x + 4, y + size + 1 + 13 * line), text, (40, 40, 45), font)
    return np.asarray(sheet)


def _wrapped(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    lines = [""]
    for word in text.split():
        trial = f"{lines[-1]} {word}".strip()
        if measure(trial) <= width or not lines[-1]:
            lines[-1] = trial
        else:
            lines.append(word)
    return lines


def save_png(image: np.ndarray, path: str | Path) -> None:
    """Write an (H, W, 3) or (H, W, 4) uint8 image as PNG, whole or not at all."""
    import io

    from PIL import Image

    from latte3d_core.files import write_atomically

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", optimize=True)
    write_atomically(Path(path), buffer.getvalue())
