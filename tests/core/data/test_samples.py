"""Samples: drawn without state, and true to the changes that their captions tell of."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from latte3d_core.data.gltf import HALF_EXTENT, load_glb
from latte3d_core.data.materials import MATERIALS
from latte3d_core.data.prepare import Prepared
from latte3d_core.data.samples import BURIED, SampleSettings, SampleSource, distances_to_points, without_buried_walls
from latte3d_core.data.targets import TargetSettings, make_targets

PLAIN = SampleSettings(
    near=256, band=128, uniform=128, dummy_start=0, dummy_end=0, full_alpha=1, other=0, quantise=0, given_color=1,
    changed_color=1, material=0, recolour=0, proportion=0, turn=0, reword=0,
)  # fmt: skip


def source(prepared: list[Prepared], name: str | None = None, **changes: float) -> SampleSource:
    chosen = [p for p in prepared if name in (None, p.asset.id)]
    neighbours = np.zeros((len(chosen), 1), dtype=np.int64)
    return SampleSource(chosen, neighbours, 512, dataclasses.replace(PLAIN, **changes), 0)


def test_a_sample_depends_on_its_position_alone(prepared: list[Prepared]) -> None:
    changes = {"material": 0.3, "recolour": 0.4, "turn": 0.5, "reword": 1.0, "proportion": 0.2, "full_alpha": 0.5}
    first, second = source(prepared, **changes), source(prepared, **changes)
    for position in (17, 3, 17):
        a, b = first.draw(position, 0.5), second.draw(position, 0.5)
        assert a.caption == b.caption
        for field in ("points", "colors", "queries", "sdf", "query_colors", "frame"):
            np.testing.assert_array_equal(getattr(a, field), getattr(b, field))


def test_everything_is_in_range(prepared: list[Prepared]) -> None:
    lively = source(
        prepared, material=0.4, recolour=0.4, second_colour=0.5, turn=1, reword=1, proportion=0.3, full_alpha=0.5,
        dummy_end=0.3, quantise=0.5, changed_color=0.5,
    )  # fmt: skip
    for position in range(60):
        sample = lively.draw(position, 1.0)
        assert sample.caption
        for array in (sample.points, sample.queries):
            assert array.dtype == np.float32 and np.abs(array).max() <= 1
        for array in (sample.colors, sample.query_colors):
            assert array.dtype == np.float32 and array.min() >= 0 and array.max() <= 1
        assert sample.sdf.dtype == np.float32 and np.isfinite(sample.sdf).all()


def test_the_distances_of_a_turned_ball_are_those_of_a_smaller_ball(prepared: list[Prepared]) -> None:
    balls = source(prepared, "ball", turn=1)
    for position in range(5):
        sample = balls.draw(position, 0)
        scale = np.cbrt(abs(np.linalg.det(sample.frame)))
        np.testing.assert_allclose(sample.frame @ sample.frame.T, np.eye(3) * scale**2, atol=1e-5)
        expected = np.linalg.norm(sample.queries, axis=1) - scale * HALF_EXTENT - 0.014
        np.testing.assert_allclose(sample.sdf, expected, atol=0.012)
        np.testing.assert_allclose(np.linalg.norm(sample.points, axis=1), scale * HALF_EXTENT, atol=0.02)


def test_the_distances_of_a_flattened_box_are_those_of_a_flat_box(prepared: list[Prepared]) -> None:
    boxes = source(prepared, "box", proportion=1)
    seen = set()
    for position in range(12):
        sample = boxes.draw(position, 0)
        seen.add(tuple(np.round(np.diag(sample.frame), 2)))
        half = np.abs(sample.points).max(0) + 0.014
        outside = np.linalg.norm(np.maximum(np.abs(sample.queries) - half, 0), axis=1)
        exact = outside + np.minimum((np.abs(sample.queries) - half).max(1), 0)
        near = np.abs(exact) < 0.03
        assert near.sum() > 100
        assert np.abs(sample.sdf[near] - exact[near]).mean() < 0.006
        assert ((sample.sdf < 0) == (exact < 0))[np.abs(exact) > 0.012].mean() > 0.97
    assert len(seen) > 2


def test_a_material_paints_queries_and_points_alike(prepared: list[Prepared]) -> None:
    sample = source(prepared, "ball", material=1).draw(2, 0)
    assert sample.painted
    near = np.abs(sample.sdf) < 0.01
    distance = np.linalg.norm(sample.queries[near][:, None] - sample.points[None], axis=2)
    close = distance.min(1) < 0.03
    difference = np.abs(sample.query_colors[near][close] - sample.colors[distance.argmin(1)][close])
    assert np.median(difference) < 0.1


def test_old_colours_may_be_shown_under_a_new_name(prepared: list[Prepared]) -> None:
    sample = source(prepared, "ball", material=1, changed_color=0).draw(2, 0)
    plain = source(prepared, "ball").draw(2, 0)
    np.testing.assert_array_equal(np.unique(sample.colors, axis=0), np.unique(plain.colors, axis=0))
    assert np.abs(sample.query_colors - plain.query_colors[0]).max() > 0.05


def test_recolouring_changes_what_the_caption_says(prepared: list[Prepared]) -> None:
    sample = source(prepared, "ball", recolour=1, second_colour=0).draw(4, 0)
    assert np.abs(sample.shift).max() > 0 and not sample.painted
    np.testing.assert_allclose(sample.query_colors.mean(0), sample.colors.mean(0), atol=0.02)


def test_without_a_shape_there_is_the_dummy(prepared: list[Prepared]) -> None:
    sample = source(prepared, dummy_start=1, dummy_end=1).draw(0, 0)
    assert sample.alpha == 0 and sample.has_color == 0
    np.testing.assert_allclose(np.linalg.norm(sample.points, axis=1), 0.5, atol=1e-5)


@pytest.mark.parametrize("name", MATERIALS)
def test_there_are_words_for_every_material(name: str) -> None:
    assert len(MATERIALS[name].phrases) >= 3
    assert (MATERIALS[name].pattern is None) != (MATERIALS[name].two_tone is None)


def test_walls_within_walls_are_buried() -> None:
    occupied = np.zeros((32, 32, 32), dtype=bool)
    occupied[4:28, 4:28, 4:28] = True  # core units: -0.75 to 0.75
    queries = np.array([[0, 0, 0], [0.7, 0, 0], [0, -0.74, 0], [0.9, 0, 0]], dtype=np.float16)
    sdf = np.array([-0.014, -0.014, 0.01, 0.15], dtype=np.float16)
    found = without_buried_walls(queries, sdf, occupied)
    np.testing.assert_array_equal(found, np.array([-BURIED, -0.014, 0.01, 0.15], dtype=np.float16))
    deep = without_buried_walls(queries, np.full(4, -0.2, np.float16), occupied)
    np.testing.assert_array_equal(deep, np.full(4, -0.2, np.float16))


def test_a_morph_goes_from_the_words_to_the_shape(prepared: list[Prepared]) -> None:
    """A caption of the box, points of the ball: at alpha 1 the target is the ball, below it lies between the two."""
    pair = [p for p in prepared if p.asset.id in ("ball", "box")]
    ball = [p.asset.id for p in pair].index("ball")
    settings = dataclasses.replace(PLAIN, other=1, full_alpha=0, near=2048, band=1024, uniform=1024)
    drawn = SampleSource(pair, np.array([[1], [0]]), 512, settings, 0)
    seen = 0
    for position in range(24):
        sample = drawn.draw(position, 0)
        if sample.asset == ball or not sample.morphed:
            continue
        radius = np.linalg.norm(sample.queries, axis=1)
        np.testing.assert_allclose(np.linalg.norm(sample.points, axis=1), HALF_EXTENT, atol=0.02)
        assert sample.reach < 0.1
        of_ball = np.clip(radius - HALF_EXTENT - 0.014, -sample.reach, sample.reach)
        half = np.abs(pair[1 - ball].load().points.astype(np.float32)).max(0) + 0.014
        beyond = np.abs(sample.queries) - half
        of_box = np.linalg.norm(np.maximum(beyond, 0), axis=1) + np.minimum(beyond.max(1), 0)
        expected = sample.alpha * of_ball + (1 - sample.alpha) * np.clip(of_box, -sample.reach, sample.reach)
        assert np.abs(sample.sdf - expected).mean() < 0.004
        seen += 1
    assert seen > 5


def test_colours_of_a_morph_are_the_given_ones_where_the_shape_prevails(prepared: list[Prepared]) -> None:
    pair = [p for p in prepared if p.asset.id in ("ball", "box")]
    drawn = SampleSource(pair, np.array([[1], [0]]), 512, dataclasses.replace(PLAIN, other=1, full_alpha=0), 0)
    own = [np.unique(p.load().query_colors, axis=0) / 255 for p in pair]
    for position in range(24):
        sample = drawn.draw(position, 0)
        if sample.morphed:
            whose = own[1 - sample.asset if sample.alpha >= 0.5 else sample.asset]
            away = np.abs(sample.query_colors[:, None] - whose[None]).max(2).min(1)
            assert away.max() < 0.02


def test_distances_without_stored_ones(prepared: list[Prepared]) -> None:
    for item in prepared:
        target = make_targets(load_glb(item.asset.path), TargetSettings(), 0)
        places = target.queries.astype(np.float32)
        found, nearest = distances_to_points(target, target.occupancy & ~target.surface, places)
        error = np.abs(np.clip(found, -0.04, 0.04) - np.clip(target.sdf.astype(np.float32), -0.04, 0.04))
        assert error.mean() < 0.003, item.asset.id
        gaps = np.linalg.norm(places[::50, None] - target.points.astype(np.float32)[None], axis=2)
        np.testing.assert_allclose(gaps[np.arange(len(gaps)), nearest[::50]], gaps.min(1), atol=1e-3)
