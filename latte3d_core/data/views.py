"""Rendered views of assets: what the image loss compares with. Unshaded colour and a mask, ray cast once and cached.

The rays go through the middle of pixels, one each, so that a pixel is exactly what its ray sees. Colours are the bare
surface's: the network's colour field holds no light either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from latte3d_core.data.colours import labels_of
from latte3d_core.data.gltf import ColouredTriangles
from latte3d_core.data.manifest import Asset
from latte3d_core.data.prepare import Prepared, cached, make_cache, run_jobs
from latte3d_core.data.samples import Sample
from latte3d_core.render.preview import Camera
from latte3d_core.render.raycast import first_hits, raycasting_scene

#: Rays "near the mask" are at most this many pixels away from it: the outline is learnt from both of its sides.
_MARGIN = 4
#: Pixels this close outside the mask are not drawn. Field targets are thickened (``TargetSettings.thickness``) and a
#: density has a soft edge, so the rays that just miss an asset do see its perfect field; asking them not to would
#: starve it. Over a 64² view of a perfect ball this takes the loss's floor from 0.043 to 0.004 (sharpness 100).
_DOUBTFUL = 1


@dataclass(frozen=True)
class ViewSettings:
    """What ``make_views`` renders. A change makes a new cache entry.

    Attributes:
        views: pictures an asset, one in each equal sector about the vertical axis; size: their side in pixels.
        lowest, highest: bounds of the elevation, degrees.
        distance, fov: as in ``Camera``.
        version: of the code; raise it when the meaning changes.
    """

    views: int = 8
    size: int = 64
    lowest: float = -30.0
    highest: float = 70.0
    distance: float = 4.2
    fov: float = 32.0
    version: int = 1


@dataclass(frozen=True)
class Views:
    """V pictures of one asset.

    Attributes:
        cameras: (V, 4) float32: azimuth, elevation, distance, fov of a ``Camera``.
        colors: (V, S, S, 3) uint8 sRGB, unshaded, row 0 at the top; 0 outside the mask.
        mask: (V, S, S) bool, true where the pixel's ray hits the asset.
    """

    cameras: np.ndarray
    colors: np.ndarray
    mask: np.ndarray

    def rays(self, view: int) -> np.ndarray:
        """Rays (S, S, 6) float32 of one view's pixels: origin and unit direction, core frame."""
        return _camera(self.cameras[view]).rays(self.mask.shape[1])

    def arrays(self) -> dict[str, np.ndarray]:
        return dict(vars(self))


@dataclass(frozen=True)
class PreparedViews:
    """An asset with the cache file of its views."""

    asset: Asset
    cache: Path

    def load(self) -> Views:
        with np.load(self.cache) as arrays:
            return Views(**arrays)


@dataclass(frozen=True)
class RayTargets:
    """R rays and what they should see, float32: ``origins``, unit ``directions`` and ``colors`` (R, 3), ``opacity``
    (R,) 0 or 1, ``weights`` (R,) of the colours. Colours are 0 where the opacity is; where the sample has a material
    that the picture does not show, the weight is 0."""

    origins: np.ndarray
    directions: np.ndarray
    colors: np.ndarray
    opacity: np.ndarray
    weights: np.ndarray


def _camera(numbers: np.ndarray) -> Camera:
    return Camera(*(float(n) for n in numbers))


def make_views(triangles: ColouredTriangles, settings: ViewSettings, seed: int) -> Views:
    """Render an asset from all round (a few ms a view on one core)."""
    rng = np.random.default_rng(seed)
    count, size = settings.views, settings.size
    cameras = np.empty((count, 4), dtype=np.float32)
    cameras[:, 0] = (np.arange(count) + rng.random(count)) * (360 / count)
    cameras[:, 1] = rng.uniform(settings.lowest, settings.highest, count)
    cameras[:, 2:] = settings.distance, settings.fov
    rays = np.stack([_camera(c).rays(size) for c in cameras])
    hits = first_hits(raycasting_scene(triangles.vertices, triangles.faces), rays, threads=1)
    mask = np.zeros(count * size * size, dtype=bool)
    colors = np.zeros((len(mask), 3), dtype=np.uint8)
    mask[hits.rays] = True
    colors[hits.rays] = np.round(triangles.colors_at(hits.face, hits.barycentric) * 255)
    return Views(cameras, colors.reshape(count, size, size, 3), mask.reshape(count, size, size))


def prepare_views(
    prepared: Sequence[Prepared],
    cache: str | Path,
    settings: ViewSettings | None = None,
    workers: int | None = None,
) -> list[PreparedViews]:
    """Make or find the cached views of prepared assets, in their order. Arguments as in ``prepare``.

    Raises:
        AssetError: an asset's file has been damaged since it was prepared.
    """
    cache = make_cache(cache)
    return run_jobs(_prepare_one, [(p.asset, cache, settings or ViewSettings()) for p in prepared], workers)


def _prepare_one(job: tuple[Asset, Path, ViewSettings]) -> PreparedViews:
    asset, cache, settings = job
    path = cached(asset, cache, settings, lambda shape, seed: make_views(shape, settings, seed).arrays(), "-views")
    return PreparedViews(asset, path)


def draw_rays(views: Views, sample: Sample, rng: np.random.Generator, count: int) -> RayTargets:
    """``count`` rays of one view, half of them on or near the mask, turned and recoloured as the sample was.

    Rays that pass the outline closely on its outer side are left out.
    """
    view = int(rng.integers(len(views.mask)))
    mask = views.mask[view].ravel()
    sure = mask | ~_grown(views.mask[view], _DOUBTFUL).ravel()
    near = np.flatnonzero(sure & _grown(views.mask[view], _MARGIN).ravel())
    chosen = rng.choice(np.flatnonzero(sure), count)
    if len(near):
        chosen[: count // 2] = rng.choice(near, count // 2)
    rays = views.rays(view).reshape(-1, 6)[chosen]
    directions = rays[:, 3:] @ sample.frame.T
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)  # the frame may scale
    opacity = mask[chosen].astype(np.float32)
    colors = views.colors[view].reshape(-1, 3)[chosen] / np.float32(255)
    colors = np.clip(colors + sample.shift[labels_of(colors, sample.palette)], 0, 1) * opacity[:, None]
    weights = 1 - opacity * np.float32(sample.painted)
    return RayTargets(rays[:, :3] @ sample.frame.T, directions, colors, opacity, weights)


def _grown(mask: np.ndarray, margin: int) -> np.ndarray:
    """The mask (S, S) and all pixels at most ``margin`` rows and columns from it."""
    padded = np.pad(mask, margin)
    return np.lib.stride_tricks.sliding_window_view(padded, (2 * margin + 1,) * 2).any((-1, -2))
