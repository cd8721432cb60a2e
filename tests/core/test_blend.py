"""Between two prompts: the ends stay the ends, what lies between moves steadily, shape keys end on their surfaces."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latte3d_core import Cancelled, Latte3D, Progress, SettingError
from latte3d_core.blend import blend, blended, matching, morph_targets, onto_surface
from latte3d_core.mesh.check import check
from latte3d_core.preview import preview

PLACES = np.random.default_rng(0).uniform(-0.9, 0.9, (500, 3)).astype(np.float32)


def cloud(seed: int, levels: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(2**levels, 3)).astype(np.float32)


@given(seed=st.integers(0, 2**31), levels=st.integers(0, 8))
@settings(deadline=None)
def test_every_point_has_one_partner(seed: int, levels: int) -> None:
    i, j = matching(cloud(seed, levels), cloud(seed + 1, levels))
    for index in (i, j):
        np.testing.assert_array_equal(np.sort(index), np.arange(2**levels))


@given(seed=st.integers(0, 2**31), scale=st.floats(0.1, 10), offset=st.floats(-5, 5))
@settings(deadline=None)
def test_points_moved_and_scaled_alike_are_matched_to_themselves(seed: int, scale: float, offset: float) -> None:
    points = cloud(seed, 6).astype(np.float64)
    order = np.random.default_rng(seed).permutation(64)
    i, j = matching(points, points[order] * scale + offset)
    np.testing.assert_array_equal(i, order[j])


def test_partners_lie_near_each_other() -> None:
    """Nearer by far than at random, and not much further than the best matching along a line, which is known there."""
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(1024, 3)), rng.normal(size=(1024, 3)) * [2, 1, 0.5]
    i, j = matching(a, b)
    at_random = np.linalg.norm(a - b, axis=1).mean()
    assert np.linalg.norm(a[i] - b[j], axis=1).mean() < 0.5 * at_random
    line = np.zeros((1024, 3))
    line[:, 0] = rng.normal(size=1024)
    i, j = matching(line, line * 3)
    np.testing.assert_array_equal(i, j)


def test_the_ends_are_the_ends(tiny_model: Latte3D) -> None:
    start, end = tiny_model.fields("a red box"), tiny_model.fields("a blue ball")
    for t, expected in ((0.0, start), (1.0, end)):
        mixed = blend(tiny_model, start, end, t)
        np.testing.assert_array_equal(mixed.sdf(PLACES), expected.sdf(PLACES))
        np.testing.assert_array_equal(mixed.color(PLACES), expected.color(PLACES))
        np.testing.assert_array_equal(mixed.sdf_grid(33), expected.sdf_grid(33))
        assert mixed.size_m == pytest.approx(expected.size_m)


def test_a_slider_works_its_ends_out_once(tiny_model: Latte3D, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    fields = tiny_model.fields

    def counted(prompt: str, *given: Any, progress: Progress | None = None, **named: Any) -> Any:
        asked.append(prompt)
        if progress is not None:
            progress.warn(f"about {prompt}")
        return fields(prompt, *given, progress=progress, **named)

    monkeypatch.setattr(tiny_model, "fields", counted)
    monkeypatch.setattr(tiny_model, "ends", None)
    start, end = fields("a red ball", 3), fields("a bench", 3)
    for t in (0.25, 0.75, 0.0):
        progress = Progress()
        shown, slow = (
            blended(tiny_model, "a red ball", "a bench", t, 3, progress=progress),
            blend(tiny_model, start, end, t),
        )
        np.testing.assert_array_equal(shown.sdf(PLACES), slow.sdf(PLACES))
        np.testing.assert_array_equal(shown.color(PLACES), slow.color(PLACES))
        assert progress.warnings == ["about a red ball", "about a bench"], "said each time"
    assert len(asked) == 2 + 2 * 2 * 2, "the ends once, and each in-between by both ways"
    blended(tiny_model, "a red ball", "a bench", 0.0, 4)
    assert len(asked) == 12, "another seed, other ends"


def ends() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    ball = PLACES / np.linalg.norm(PLACES, axis=1, keepdims=True) * np.float32(0.7)
    return [
        ({"prompt": "a red box"}, {"prompt": "a golden ring", "seed": 3}),
        ({"prompt": "a box made of gold", "alpha": 0.6}, {"prompt": "a ball", "alpha": 0.2}),
        ({"prompt": "a box"}, {"prompt": "a ball", "points": ball}),
        ({"prompt": "a box", "points": ball, "colors": (ball + 1) / 2}, {"prompt": "a cone"}),
    ]


@pytest.mark.parametrize("number", range(4))
def test_nothing_jumps(tiny_model: Latte3D, number: int) -> None:
    """Next to an end the answer is next to the end's, and the middle lies between."""
    start, end = (tiny_model.fields(**asked) for asked in ends()[number])
    far = np.abs(start.sdf(PLACES) - end.sdf(PLACES)).mean()
    for t, expected in ((1e-4, start), (1 - 1e-4, end)):
        mixed = blend(tiny_model, start, end, t)
        # A shape that came without colours is shown those that the network invented, and it sees that there are some.
        known = expected.colors is not None
        assert np.abs(mixed.sdf(PLACES) - expected.sdf(PLACES)).mean() < (0.02 if known else 0.2) * far
        if known:
            assert np.abs(mixed.color(PLACES) - expected.color(PLACES)).mean() < 0.01
    middle = blend(tiny_model, start, end, 0.5)
    for side in (start, end):
        assert np.abs(middle.sdf(PLACES) - side.sdf(PLACES)).mean() < 1.5 * far
    np.testing.assert_allclose(middle.sdf_grid(33)[::4, ::4, ::4].ravel(), middle.sdf(lattice(9)), atol=1e-4)


def lattice(side: int) -> np.ndarray:
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)


def test_words_alone_can_be_an_end(tiny_model: Latte3D) -> None:
    start, end = tiny_model.fields("a box", alpha=0.0), tiny_model.fields("a ball")
    middle = blend(tiny_model, start, end, 0.5)
    assert [side.alpha for side in middle.sides] == [0.5, 0.5]
    assert np.isfinite(middle.sdf(PLACES)).all()


def test_a_blend_becomes_a_mesh_like_any_other(tiny_model: Latte3D) -> None:
    start, end = tiny_model.fields("a red box"), tiny_model.fields("a ball", seed=2)
    mesh = tiny_model.finish(blend(tiny_model, start, end, 0.25), faces=600, texture_size=64)
    assert check(mesh.mesh).ok
    assert mesh.name == "red box to ball"
    said = json.loads(json.dumps(dict(mesh.provenance)))
    assert said["blend"] == 0.25 and said["model_sha256"] == tiny_model.checkpoint.digest
    assert (said["start"]["prompt"], said["end"]["prompt"], said["end"]["seed"]) == ("a red box", "a ball", 2)
    # What the provenance says is enough to make it again.
    sides = [tiny_model.fields(*(said[k][n] for n in ("prompt", "seed", "alpha"))) for k in ("start", "end")]
    again = tiny_model.finish(blend(tiny_model, *sides, said["blend"]), faces=said["faces"], texture_size=64)
    np.testing.assert_array_equal(mesh.vertices, again.vertices)
    np.testing.assert_array_equal(mesh.base_color, again.base_color)


@pytest.mark.parametrize("t", [-0.1, 1.1, float("nan"), "half", True])
def test_blends_out_of_range(tiny_model: Latte3D, t: Any) -> None:
    fields = tiny_model.fields("a box")
    with pytest.raises(SettingError):
        blend(tiny_model, fields, fields, t)


@pytest.mark.parametrize("steps", [1, 65, float("nan")])
def test_steps_out_of_range(tiny_model: Latte3D, steps: Any) -> None:
    fields = tiny_model.fields("a box")
    with pytest.raises(SettingError):
        morph_targets(tiny_model, fields, fields, steps)


@pytest.mark.parametrize("stage", ["network", "field", "surface", "simplify", "unwrap", "bake"])
def test_cancel_is_heard_in_every_stage(tiny_model: Latte3D, stage: str) -> None:
    start, end = tiny_model.fields("a box"), tiny_model.fields("a ball")
    progress = Progress(lambda name, _: progress.cancel() if name == stage else None)
    with pytest.raises(Cancelled, match=stage):
        morph_targets(tiny_model, start, end, 2, faces=300, texture_size=64, progress=progress)
    if stage == "network":
        again = Progress(lambda *_: again.cancel())
        with pytest.raises(Cancelled):
            blend(tiny_model, start, end, 0.5, again)


@dataclass(frozen=True)
class Ball:
    """A ball of radius 0.5 at ``centre``, its distances scaled by ``steep``: Newton's method has to find that out."""

    steep: float = 1.0
    name = "ball"
    size_m = 1.0
    provenance: Any = None

    def sdf(self, points: np.ndarray) -> np.ndarray:
        return ((np.linalg.norm(points, axis=1) - 0.5) * self.steep).astype(np.float32)

    def color(self, points: np.ndarray) -> np.ndarray:
        return np.zeros_like(points)

    def sdf_grid(self, side: int = 129) -> np.ndarray:
        return self.sdf(lattice(side)).reshape((side,) * 3)


@pytest.mark.parametrize("steep", [0.5, 1.0, 3.0])
def test_points_find_the_surface_by_the_shortest_way(steep: float) -> None:
    rng = np.random.default_rng(0)
    direction = rng.normal(size=(200, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    points = direction * rng.uniform(0.3, 0.8, (200, 1))
    found = onto_surface(Ball(steep), points)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 0.5, atol=2e-4)
    np.testing.assert_allclose(found, direction * 0.5, atol=5e-3)  # the quotients' error turns the way a little


def test_shape_keys_have_one_topology(tiny_model: Latte3D) -> None:
    start, end = tiny_model.fields("a red box"), tiny_model.fields("a blue ball")
    made = morph_targets(tiny_model, start, end, steps=3, faces=400, texture_size=64)
    np.testing.assert_array_equal(made.t, [0, 0.5, 1])
    assert made.shapes.shape == (3, len(made.basis.vertices), 3) and made.shapes.dtype == np.float32
    np.testing.assert_array_equal(made.shapes[0], made.basis.vertices)
    plain = tiny_model.finish(start, faces=400, texture_size=64)
    np.testing.assert_array_equal(made.basis.vertices, plain.vertices)
    np.testing.assert_array_equal(made.basis.base_color, plain.base_color)
    assert made.end_color.shape == (64, 64, 3)
    assert np.isfinite(made.shapes).all() and np.abs(made.shapes[1:]).max() <= 1
    assert made.off[-1] == pytest.approx(np.abs(end.sdf(made.shapes[-1])).mean(), abs=1e-6)
    assert made.sizes_m == pytest.approx([start.size_m, (start.size_m * end.size_m) ** 0.5, end.size_m])
    said = json.loads(json.dumps(dict(made.basis.provenance)))
    assert said["steps"] == 3 and said["end"]["prompt"] == "a blue ball" and "blend" not in said


@pytest.fixture(scope="module")
def model() -> Latte3D:
    return Latte3D.from_pretrained("small", "cpu")


def test_legs_stay_on_the_way_from_a_chair_to_a_sofa(model: Latte3D) -> None:
    """The reason for the method: a mean of the distances where they lie has no legs from the first tenth on."""
    start, end = model.fields("a wooden chair"), model.fields("a green sofa")
    mixed = [preview(model, blend(model, start, end, t)).vertices for t in (0.0, 0.1, 0.3, 0.6, 1.0)]
    heights = [np.ptp(v[:, 1]) for v in mixed]
    assert heights == sorted(heights, reverse=True)
    assert heights[1] > 0.9 * heights[0]
    widths = [np.ptp(v[:, 0]) for v in mixed]
    assert widths == sorted(widths)


def test_shape_keys_end_on_their_surfaces(model: Latte3D) -> None:
    start, end = model.fields("a grey wolf"), model.fields("a brown horse")
    made = morph_targets(model, start, end, steps=3, faces=1500, texture_size=64)
    assert (made.off[1:] < 1e-3).all()
    assert np.quantile(np.abs(end.sdf(made.shapes[-1])), 0.99) < 2e-3
    # And not all in one place: the last shape fills the box that the horse fills.
    box = preview(model, end).vertices
    np.testing.assert_allclose(np.ptp(made.shapes[-1], axis=0), np.ptp(box, axis=0), rtol=0.15)
    sides = made.shapes[-1][made.basis.faces]
    area = np.linalg.norm(np.cross(sides[:, 1] - sides[:, 0], sides[:, 2] - sides[:, 0]), axis=1).sum()
    target = box[preview(model, end).faces]
    expected = np.linalg.norm(np.cross(target[:, 1] - target[:, 0], target[:, 2] - target[:, 0]), axis=1).sum()
    assert 0.7 < area / expected < 1.3
