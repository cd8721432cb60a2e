"""Surface rendering: which triangle every pixel sees, and colours asked of a field there.

Stage 2 renders meshes, not densities (paper, section 3.3). Its shapes are frozen, so what sees them need not be
differentiable: a rasteriser says which face each ray meets and where on it, and the gradient runs through the colours
that the field has at those places (and through the vertices, for those who let them move: the place on a face is a
fixed mean of its corners).

Two rasterisers follow one protocol: Embree ray casting on the processor, which Open3D brings, and nvdiffrast on a CUDA
device for users who installed it themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from latte3d_core.errors import DependencyError
from latte3d_core.render.preview import Camera
from latte3d_core.render.raycast import first_hits, raycasting_scene

#: Rays a pixel along each axis, averaged: without, outlines jump from pixel to pixel.
OVERSAMPLING = 2


@dataclass(frozen=True)
class Fragments:
    """What V pictures of S × S pixels see of one mesh; row 0 at the top.

    Attributes:
        face: (V, S, S) int64, -1 where nothing is.
        barycentric: (V, S, S, 3) float32, of the face's corners in their order; 0 where nothing is.
    """

    face: Tensor
    barycentric: Tensor


class Rasteriser(Protocol):
    """Which face each pixel sees first, from either side.

    Arguments:
        vertices: (N, 3) float32 core frame; faces: (F, 3) int64.
        cameras: (V, 4): azimuth, elevation, distance, fov of a ``Camera``.
        size: pixels along an edge.

    Returns:
        Fragments on the device of the vertices; no gradient flows through them.
    """

    name: str

    def __call__(self, vertices: Tensor, faces: Tensor, cameras: Tensor, size: int) -> Fragments: ...


def rays_of(cameras: Tensor, size: int) -> Tensor:
    """Rays (V, size, size, 6) float32, origin and unit direction, of cameras (V, 4), on their device."""
    rays = np.stack([Camera(*map(float, camera)).rays(size) for camera in cameras.cpu().numpy()])
    return torch.from_numpy(rays).to(cameras.device)


class EmbreeRasteriser:
    """Ray casting on the processor. Runs everywhere."""

    name = "embree"

    @torch.no_grad()
    def __call__(self, vertices: Tensor, faces: Tensor, cameras: Tensor, size: int) -> Fragments:
        shape = (len(cameras), size, size)
        face = np.full(shape, -1, dtype=np.int64)
        barycentric = np.zeros((*shape, 3), dtype=np.float32)
        if len(faces):
            scene = raycasting_scene(vertices.detach().cpu().numpy(), faces.cpu().numpy())
            hits = first_hits(scene, rays_of(cameras.cpu(), size).numpy())
            face.reshape(-1)[hits.rays] = hits.face
            barycentric.reshape(-1, 3)[hits.rays] = hits.barycentric
        to = lambda array: torch.from_numpy(array).to(vertices.device)  # noqa: E731
        return Fragments(to(face), to(barycentric))


class NvdiffrastRasteriser:
    """nvdiffrast (Laine et al. 2020, arXiv 2011.03277) on a CUDA device, some ten times faster there.

    It is never required and never shipped: NVIDIA's source code licence for it allows research and evaluation only, so
    a studio has to decide for itself. Install it with ``pip install nvdiffrast``.

    Raises:
        DependencyError: it is not installed, or there is no CUDA device.
    """

    name = "nvdiffrast"

    def __init__(self, device: torch.device | str = "cuda") -> None:
        try:
            import nvdiffrast.torch as library
        except ImportError as error:
            raise DependencyError(
                "nvdiffrast is not installed; pip install nvdiffrast (its licence allows non-commercial use only), or "
                "use the rasteriser embree."
            ) from error
        if not torch.cuda.is_available():
            raise DependencyError("nvdiffrast needs a CUDA device, and there is none; use the rasteriser embree.")
        self._library: Any = library
        self._context = library.RasterizeCudaContext(device=torch.device(device))

    @torch.no_grad()
    def __call__(self, vertices: Tensor, faces: Tensor, cameras: Tensor, size: int) -> Fragments:
        placed = clip_space(vertices.detach().float(), cameras).contiguous()
        raster, _ = self._library.rasterize(self._context, placed, faces.int().contiguous(), (size, size))
        raster = raster.flip(1)  # its row 0 is at the bottom
        face = raster[..., 3].long() - 1
        first, second = raster[..., 0], raster[..., 1]
        barycentric = torch.stack([first, second, 1 - first - second], -1) * (face >= 0)[..., None]
        return Fragments(face, barycentric)


def rasteriser(name: str, device: torch.device | str = "cpu") -> Rasteriser:
    """A rasteriser by name: "embree", "nvdiffrast", or "auto", which is nvdiffrast where it runs, else Embree.

    Raises:
        DependencyError: see ``NvdiffrastRasteriser``; also an unknown name.
    """
    if name == "embree":
        return EmbreeRasteriser()
    if name == "nvdiffrast":
        return NvdiffrastRasteriser(device)
    if name != "auto":
        raise DependencyError(f"There is no rasteriser {name!r}; use auto, embree or nvdiffrast.")
    if torch.device(device).type == "cuda":
        try:
            return NvdiffrastRasteriser(device)
        except DependencyError:
            pass
    return EmbreeRasteriser()


def clip_space(vertices: Tensor, cameras: Tensor, near: float = 0.1, far: float = 20.0) -> Tensor:
    """Homogeneous clip coordinates (V, N, 4), OpenGL's conventions (x right, y up, z from -w at ``near`` to w at
    ``far``), of vertices (N, 3) before cameras (V, 4)."""
    azimuth, elevation, distance, fov = cameras.to(vertices).unbind(-1)
    azimuth, elevation = torch.deg2rad(azimuth), torch.deg2rad(elevation)
    flat = elevation.cos()
    back = torch.stack([flat * azimuth.sin(), elevation.sin(), flat * azimuth.cos()], -1)
    right = torch.stack([azimuth.cos(), torch.zeros_like(azimuth), -azimuth.sin()], -1)
    up = torch.linalg.cross(back, right)
    seen = vertices @ torch.stack([right, up, back], -1)  # (V, N, 3), camera frame, the viewer at +distance
    depth = distance[:, None] - seen[..., 2]
    scale = 1 / torch.tan(torch.deg2rad(fov) / 2)[:, None]
    z = (far + near) / (far - near) * depth - 2 * far * near / (far - near)
    return torch.stack([scale * seen[..., 0], scale * seen[..., 1], z, depth], -1)


@dataclass(frozen=True)
class SurfaceViews:
    """V pictures of one object: rgb (V, 3, S, S) over the background, opacity (V, S, S), and depth (V, S, S), the mean
    distance along the ray in core units, 0 where nothing is."""

    rgb: Tensor
    opacity: Tensor
    depth: Tensor


def render_surface(
    rasterise: Rasteriser,
    vertices: Tensor,
    faces: Tensor,
    cameras: Tensor,
    size: int,
    color_fn: Callable[[Tensor], Tensor],
    background: float,
) -> SurfaceViews:
    """Pictures of a mesh whose colours come from a field, unshaded.

    Arguments:
        vertices: (N, 3) core frame; faces: (F, 3); cameras: (V, 4).
        color_fn: places (N, 3) to sRGB (N, 3), differentiable.
        background: grey level behind the object, sRGB in [0, 1].
    """
    fine = size * OVERSAMPLING
    seen = rasterise(vertices, faces, cameras, fine)
    hit = seen.face >= 0
    places = (vertices[faces[seen.face[hit]]] * seen.barycentric[hit][..., None]).sum(1)
    color = places.new_full((*hit.shape, 3), background)
    if len(places):
        color = color.index_put((hit,), color_fn(places).to(color.dtype))
    depth = torch.zeros(hit.shape, dtype=places.dtype, device=places.device)
    depth = depth.index_put((hit,), (places - rays_of(cameras, fine)[hit][:, :3].to(places)).norm(dim=-1))
    cover = F.avg_pool2d(hit.to(places.dtype)[:, None], OVERSAMPLING)[:, 0]
    rgb = F.avg_pool2d(color.permute(0, 3, 1, 2), OVERSAMPLING)
    mean_depth = F.avg_pool2d(depth[:, None], OVERSAMPLING)[:, 0] / cover.clamp(min=1e-6)
    return SurfaceViews(rgb, cover, mean_depth)
