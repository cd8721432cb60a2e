"""Rendered views: what they show, how they are cached, and that their rays follow the sample they are drawn for."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from latte3d_core.data.gltf import HALF_EXTENT, load_glb
from latte3d_core.data.prepare import Prepared, gather, prepare
from latte3d_core.data.samples import Sample, SampleSettings, SampleSource
from latte3d_core.data.views import RayTargets, Views, ViewSettings, draw_rays, make_views, prepare_views
from latte3d_core.errors import AssetError

SMALL = ViewSettings(views=4, size=32)


def test_a_ball_is_round_in_every_view(asset_folder: Path) -> None:
    ball = load_glb(asset_folder / "ball.glb")
    views = make_views(ball, ViewSettings(views=5, size=48), 0)
    assert views.colors.shape == (5, 48, 48, 3) and views.colors.dtype == np.uint8 and views.mask.dtype == bool
    for view in range(5):
        rays = views.rays(view).astype(np.float64)
        passed = np.linalg.norm(np.cross(rays[..., :3], rays[..., 3:]), axis=-1)
        assert views.mask[view][passed < HALF_EXTENT - 0.01].all()
        assert not views.mask[view][passed > HALF_EXTENT + 1e-3].any()
        assert (views.colors[view][~views.mask[view]] == 0).all()
        own = np.round(ball.corner_colors[0, 0] * 255)
        assert np.abs(views.colors[view][views.mask[view]] - own).max() <= 1  # no shading


def test_views_look_from_all_round_and_up_is_up(asset_folder: Path) -> None:
    views = make_views(load_glb(asset_folder / "cone.glb"), SMALL, 3)
    assert (np.diff(views.cameras[:, 0]) > 0).all() and (views.cameras[:, 0] // 90).tolist() == [0, 1, 2, 3]
    assert views.cameras[:, 1].min() >= SMALL.lowest and views.cameras[:, 1].max() <= SMALL.highest
    again, other = (make_views(load_glb(asset_folder / "cone.glb"), SMALL, seed) for seed in (3, 4))
    for name, array in views.arrays().items():
        np.testing.assert_array_equal(array, again.arrays()[name])
    assert (other.cameras != views.cameras).any()
    for view in range(4):
        directions = views.rays(view)[..., 3:]
        assert (directions[0, :, 1] > directions[-1, :, 1]).all()


def test_views_are_cached_beside_the_targets(prepared: list[Prepared], tmp_path: Path) -> None:
    first = prepare_views(prepared, tmp_path, SMALL, workers=1)
    assert [v.asset.id for v in first] == [p.asset.id for p in prepared]
    stamps = [v.cache.stat().st_mtime_ns for v in first]
    second = prepare_views(prepared, tmp_path, SMALL, workers=1)
    assert [v.cache for v in second] == [v.cache for v in first]
    assert [v.cache.stat().st_mtime_ns for v in second] == stamps
    larger = prepare_views(prepared[:1], tmp_path, dataclasses.replace(SMALL, size=40), workers=1)
    assert larger[0].cache != first[0].cache and larger[0].load().mask.shape == (4, 40, 40)
    assert not list(tmp_path.glob(".*")) and len(list(tmp_path.iterdir())) == len(prepared) + 1


def test_the_targets_cache_keeps_its_names(prepared: list[Prepared], small_targets) -> None:
    """The key of caches that exist: the file's bytes, then the settings as sorted JSON."""
    import hashlib

    settings = json.dumps(dataclasses.asdict(small_targets), sort_keys=True).encode()
    for item in prepared:
        key = hashlib.sha256(item.asset.path.read_bytes() + settings).hexdigest()[:16]
        assert item.cache.name == f"{item.asset.id}-{key}.npz"


def test_an_asset_that_broke_meanwhile_is_named(prepared: list[Prepared], tmp_path: Path) -> None:
    broken = tmp_path / "broken.glb"
    broken.write_bytes(b"not a model")
    item = dataclasses.replace(prepared[0], asset=dataclasses.replace(prepared[0].asset, path=broken))
    with pytest.raises(AssetError, match=r"broken\.glb"):
        prepare_views([item], tmp_path / "cache", SMALL, workers=1)
    assert not list((tmp_path / "cache").iterdir())


@pytest.fixture(scope="module")
def lopsided(tmp_path_factory: pytest.TempPathFactory, small_targets) -> tuple[list[Prepared], Views]:
    """An object that no turn and no mirror leaves as it was, red below and blue above."""
    import trimesh

    folder = tmp_path_factory.mktemp("lopsided")
    boxes = []
    for extents, centre, colour in (
        ((1.6, 0.2, 0.5), (0, -0.5, 0), (200, 20, 20)),
        ((0.3, 1.0, 0.3), (0.6, 0.1, 0.1), (20, 20, 200)),
        ((0.3, 0.3, 0.9), (-0.6, -0.3, 0.5), (200, 20, 20)),
    ):
        box = trimesh.creation.box(extents)
        box.apply_translation(centre)
        box.visual = trimesh.visual.ColorVisuals(box, vertex_colors=np.tile([*colour, 255], (len(box.vertices), 1)))
        boxes.append(box)
    trimesh.util.concatenate(boxes).export(str(folder / "it.glb"))
    row = {"id": "it", "file": "it.glb", "captions": ["a thing"], "category": "prop", "licence": "CC0-1.0",
           "author": "nobody", "source": "tests:it"}  # fmt: skip
    (folder / "manifest.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    prepared, _ = prepare(gather([folder])[0], folder / "cache", small_targets, workers=1)
    return prepared, prepare_views(prepared, folder / "cache", ViewSettings(), workers=1)[0].load()


def _distance(rays: RayTargets, rows: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(rows, points) distances of points from the rays' lines."""
    offset = points[None].astype(np.float64) - rays.origins[rows][:, None]
    return np.linalg.norm(np.cross(offset, rays.directions[rows][:, None]), axis=-1)


def _agreement(sample: Sample, rays: RayTargets) -> tuple[float, float]:
    """How far the rays that hit pass from the points, at most; how deep the ones that miss cut into the field."""
    hit, missed = np.flatnonzero(rays.opacity == 1), np.flatnonzero(rays.opacity == 0)
    far = float(_distance(rays, hit, sample.points).min(1).max())
    inside = sample.sdf < 0
    deep = float((-sample.sdf[inside] - _distance(rays, missed, sample.queries[inside])).max())
    return far, deep


def test_rays_turn_with_the_sample(lopsided: tuple[list[Prepared], Views], small_targets) -> None:
    prepared, views = lopsided
    settings = SampleSettings(
        near=500, band=500, uniform=500, dummy_start=0, dummy_end=0, full_alpha=1.0, quantise=0, turn=0.9
    )
    source = SampleSource(prepared, np.zeros((1, 1), np.int64), 2048, settings, seed=1)
    rng, frames, misled = np.random.default_rng(0), [], 0
    for position in range(24):
        sample = source.draw(position, 0.0)
        rays = draw_rays(views, sample, rng, 300)
        np.testing.assert_allclose(np.linalg.norm(rays.directions, axis=1), 1, atol=1e-5)
        far, deep = _agreement(sample, rays)
        assert far < 0.1 and deep < small_targets.thickness + 0.02
        if (sample.frame != np.eye(3)).any():
            frames.append(sample.frame)
            untold = draw_rays(views, dataclasses.replace(sample, frame=np.eye(3, dtype=np.float32)), rng, 300)
            far, deep = _agreement(sample, untold)
            misled += far > 0.1 or deep > small_targets.thickness + 0.02
    signs = {(np.linalg.det(f) > 0, bool(abs(f[0, 0]) > 0.1), bool(f[:, 0].sum() > 0)) for f in frames}
    assert len(signs) > 4  # turns and mirrors of most kinds were among them
    assert misled > 0.6 * len(frames)  # and the check above does see a wrong frame, unless it is nearly the right one


def test_rays_are_recoloured_with_the_sample(lopsided: tuple[list[Prepared], Views]) -> None:
    prepared, views = lopsided
    settings = SampleSettings(near=500, band=0, uniform=0, recolour=1.0, material=0.0)
    source = SampleSource(prepared, np.zeros((1, 1), np.int64), 256, settings, seed=1)
    rng, changed = np.random.default_rng(0), 0
    for position in range(12):
        sample = source.draw(position, 0.0)
        rays = draw_rays(views, sample, rng, 300)
        seen = rays.colors[rays.opacity == 1]
        # The asset is of two colours, so those of the queries, recoloured, are all there is to see.
        apart = np.abs(seen[:, None] - sample.query_colors[None]).max(-1).min(1)
        assert apart.max() < 0.01
        assert (rays.colors[rays.opacity == 0] == 0).all()
        changed += np.abs(sample.shift).max() > 0.1
    assert changed > 8


def test_half_of_the_rays_look_at_the_object_and_none_at_its_very_edge(asset_folder: Path) -> None:
    views = make_views(load_glb(asset_folder / "pole.glb"), ViewSettings(views=2, lowest=0.0, highest=10.0), 0)
    assert views.mask.mean() < 0.1
    nothing = np.zeros((1, 3), dtype=np.float32)
    any_ = np.zeros(0)
    sample = Sample("", any_, any_, 0.0, 0.0, any_, any_, any_, 0, np.eye(3, dtype=np.float32), nothing, nothing, False)
    rays = draw_rays(views, sample, np.random.default_rng(0), 4000)
    assert 0.12 < rays.opacity.mean() < 0.5
    empty = dataclasses.replace(views, mask=np.zeros_like(views.mask))
    assert (draw_rays(empty, sample, np.random.default_rng(0), 100).opacity == 0).all()
    radius = 0.1 * HALF_EXTENT  # the pole lies along z; half of its length is 1 before scaling
    off = np.flatnonzero(rays.opacity == 0)
    middle = np.linspace(-0.8, 0.8, 200)[:, None] * np.array([0, 0, 1])
    # A pixel is 0.0376 wide at the object; pixels that touch the mask from outside are left out.
    assert _distance(rays, off, middle).min() > radius + 0.025


def test_rays_do_not_ask_for_a_material_that_the_picture_does_not_show(lopsided: tuple[list[Prepared], Views]) -> None:
    prepared, views = lopsided
    for material in (0.0, 1.0):
        settings = SampleSettings(near=50, band=0, uniform=0, recolour=0.0, material=material)
        sample = SampleSource(prepared, np.zeros((1, 1), np.int64), 256, settings, seed=1).draw(0, 0.0)
        rays = draw_rays(views, sample, np.random.default_rng(0), 300)
        np.testing.assert_array_equal(rays.weights, 1 - rays.opacity if material else np.ones(300))
