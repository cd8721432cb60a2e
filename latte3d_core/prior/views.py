"""Pictures that the prior learns from: sets of four views of each asset, a quarter turn apart.

Cameras follow MVDream's rules (a random first azimuth, one elevation for the four), at one distance and field of view.
Beside colour and cover there are depth, for the depth-conditioned variant, and normals, so that a set can be painted
in a procedural material when it is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from latte3d_core.data.gltf import ColouredTriangles
from latte3d_core.data.manifest import Asset
from latte3d_core.data.prepare import Prepared, cached, make_cache, run_jobs
from latte3d_core.render.preview import Camera
from latte3d_core.render.raycast import first_hits, raycasting_scene

#: Views of a set.
VIEWS = 4
#: Rays a pixel along each axis: without averaging, outlines and fine patterns flicker from view to view.
_OVERSAMPLING = 2


@dataclass(frozen=True)
class SetSettings:
    """What ``make_view_sets`` renders. A change makes a new cache entry.

    Attributes:
        sets: of four views, an asset; size: side of a picture in pixels.
        lowest, highest: bounds of the elevation, degrees; distance, fov: as in ``Camera``.
        version: of the code; raise it when the meaning changes.
    """

    sets: int = 3
    size: int = 32
    lowest: float = 0.0
    highest: float = 30.0
    distance: float = 4.2
    fov: float = 32.0
    version: int = 1


@dataclass(frozen=True)
class ViewSets:
    """N sets of four views.

    Attributes:
        cameras: (N, 4, 4) float32: azimuth, elevation, distance, fov of a ``Camera``.
        colors: (N, 4, S, S, 3) uint8 sRGB, unshaded, mean over what the pixel sees of the asset; row 0 at the top.
        cover: (N, 4, S, S) uint8, share of the pixel that the asset covers, of 255.
        depth: (N, 4, S, S) float16, distance from the camera along the ray, core units; 0 where nothing is.
        normals: (N, 4, S, S, 3) int8, the unit normal towards the viewer times 127.
    """

    cameras: np.ndarray
    colors: np.ndarray
    cover: np.ndarray
    depth: np.ndarray
    normals: np.ndarray

    def places(self, chosen: int) -> np.ndarray:
        """Where the pixels of one set lie on the surface: (4, S, S, 3) float32, core frame."""
        size = self.cover.shape[-1]
        rays = np.stack([Camera(*map(float, c)).rays(size) for c in self.cameras[chosen]])
        return rays[..., :3] + rays[..., 3:] * self.depth[chosen].astype(np.float32)[..., None]

    def arrays(self) -> dict[str, np.ndarray]:
        return dict(vars(self))


@dataclass(frozen=True)
class PreparedSets:
    """An asset with the cache file of its sets."""

    asset: Asset
    cache: Path

    def load(self) -> ViewSets:
        with np.load(self.cache) as arrays:
            return ViewSets(**arrays)


def draw_orbit(settings: SetSettings, rng: np.random.Generator) -> np.ndarray:
    """Four cameras (4, 4) float32 a quarter turn apart: azimuth, elevation, distance, fov."""
    first, elevation = rng.uniform(0, 360), rng.uniform(settings.lowest, settings.highest)
    return np.array(
        [[(first + 90 * k) % 360, elevation, settings.distance, settings.fov] for k in range(VIEWS)], dtype=np.float32
    )


def make_view_sets(triangles: ColouredTriangles, settings: SetSettings, seed: int) -> ViewSets:
    """Render all sets of one asset (0.1 s on one core)."""
    rng = np.random.default_rng(seed)
    return render_sets(triangles, np.stack([draw_orbit(settings, rng) for _ in range(settings.sets)]), settings.size)


def render_sets(triangles: ColouredTriangles, cameras: np.ndarray, size: int) -> ViewSets:
    """Render an asset from cameras (N, 4, 4)."""
    scene, factor = raycasting_scene(triangles.vertices, triangles.faces), _OVERSAMPLING
    fine = size * factor
    rays = np.stack([Camera(*map(float, c)).rays(fine) for group in cameras for c in group])
    hits = first_hits(scene, rays, threads=1)
    corners = triangles.vertices[triangles.faces[hits.face]].astype(np.float64)
    places = np.einsum("nk,nkc->nc", hits.barycentric, corners)
    flat = rays.reshape(-1, 6)[hits.rays]
    normals = hits.normal / np.maximum(np.linalg.norm(hits.normal, axis=1, keepdims=True), 1e-9)
    normals *= np.where((normals * flat[:, 3:]).sum(1, keepdims=True) > 0, -1.0, 1.0)

    def means(values: np.ndarray) -> np.ndarray:
        """Sums over the fine pixels of each coarse one: (N, 4, S, S, C)."""
        grid = np.zeros((len(rays) * fine * fine, values.shape[1]), dtype=np.float32)
        grid[hits.rays] = values
        shape = (len(cameras), VIEWS, size, factor, size, factor, values.shape[1])
        return grid.reshape(shape).sum((3, 5))

    count = means(np.ones((len(hits.rays), 1)))
    some = np.maximum(count, 1)
    unit = means(normals)
    unit /= np.maximum(np.linalg.norm(unit, axis=-1, keepdims=True), 1e-6)
    distance = np.linalg.norm(places - flat[:, :3], axis=1, keepdims=True)
    return ViewSets(
        cameras,
        np.round(np.clip(means(triangles.colors_at(hits.face, hits.barycentric)) / some, 0, 1) * 255).astype(np.uint8),
        np.round(count[..., 0] / factor**2 * 255).astype(np.uint8),
        (means(distance) / some)[..., 0].astype(np.float16),
        np.round(unit * 127).astype(np.int8),
    )


def prepare_view_sets(
    prepared: Sequence[Prepared], cache: str | Path, settings: SetSettings | None = None, workers: int | None = None
) -> list[PreparedSets]:
    """Make or find the sets of assets that ``prepare`` could use, in the same order."""
    cache = make_cache(cache)
    return run_jobs(_prepare_one, [(p.asset, cache, settings or SetSettings()) for p in prepared], workers)


def _prepare_one(job: tuple[Asset, Path, SetSettings]) -> PreparedSets:
    asset, cache, settings = job
    path = cached(asset, cache, settings, lambda shape, seed: make_view_sets(shape, settings, seed).arrays(), "-sets")
    return PreparedSets(asset, path)
