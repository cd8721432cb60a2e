"""Materials painted on points before the network sees them."""

from __future__ import annotations

import numpy as np
import pytest

from latte3d_core.data.colours import NAMED_COLOURS
from latte3d_core.data.materials import MATERIALS, named_pattern
from latte3d_core.model.paint import estimated_normals, paint


def _sphere(count: int = 16384, radius: float = 0.8) -> np.ndarray:
    points = np.random.default_rng(0).standard_normal((count, 3))
    return (points * (radius / np.linalg.norm(points, axis=1, keepdims=True))).astype(np.float32)


def test_normals_of_a_sphere_point_outward() -> None:
    points = _sphere()
    agreement = (estimated_normals(points) * points / 0.8).sum(1)
    assert agreement.mean() > 0.95 and agreement.min() > 0.5


def test_a_sheet_and_a_lone_point_do_no_harm() -> None:
    rng = np.random.default_rng(0)
    sheet = np.stack([rng.uniform(-0.9, 0.9, 3000), np.zeros(3000), rng.uniform(-0.9, 0.9, 3000)], 1)
    for points in (sheet, np.array([[0.99, -0.99, 0.5]])):
        normals = estimated_normals(points)
        assert normals.shape == points.shape and np.isfinite(normals).all()
        assert np.linalg.norm(normals, axis=1).max() <= 1 + 1e-6


def test_a_prompt_without_a_material_paints_nothing() -> None:
    points = _sphere(100)
    assert paint(points, np.full((100, 3), 0.5), "a red car") is None
    for prompt in ("a wooden chair", "a striped rug"):  # the library has those
        assert paint(points, np.full((100, 3), 0.5), prompt) is None


@pytest.mark.parametrize("name", ["gold", "marble", "lava", "wood"])
def test_a_material_covers_everything(name: str) -> None:
    points = _sphere(2000)
    found = paint(points, np.full((2000, 3), 0.5), f"a thing made of {name}")
    assert found is not None and found.dtype == np.float32
    pattern = MATERIALS[name].pattern
    assert pattern is not None
    np.testing.assert_allclose(found, pattern(points, estimated_normals(points), found), atol=1e-6)


def test_moss_keeps_what_is_below() -> None:
    points = _sphere()
    found = paint(points, np.tile([0.8, 0.1, 0.1], (len(points), 1)), "a mossy red ball")
    assert found is not None
    low, high = found[points[:, 1] < -0.5].mean(0), found[points[:, 1] > 0.6].mean(0)
    assert low[0] > 3 * low[1] and high[1] > high[0]


@pytest.mark.parametrize(
    ("prompt", "first", "second"),
    [
        ("a red and white striped sofa", "red", "white"),
        ("a black and yellow checkered cup", "black", "yellow"),
        ("a green teapot with pink dots", "pink", "green"),
        ("a teapot with blue polka dots on orange", "blue", "orange"),
        ("a white ball dotted in teal", "teal", "white"),
        ("a white striped rug", "white", "black"),
    ],
)
def test_two_tone_patterns_take_the_prompt_s_colours(prompt: str, first: str, second: str) -> None:
    pattern = named_pattern(prompt)
    assert pattern is not None
    points = _sphere(3000)
    seen = {tuple(np.round(c, 3)) for c in pattern(points, points, points)}
    assert seen == {tuple(np.round(NAMED_COLOURS[n], 3)) for n in (first, second)}
    if "dot" in prompt:  # dots cover less than what lies between them
        dots = (np.abs(pattern(points, points, points) - NAMED_COLOURS[first]).max(1) < 1e-6).mean()
        assert 0.1 < dots < 0.5
