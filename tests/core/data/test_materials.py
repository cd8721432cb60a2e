"""Procedural materials: bounded colours, fixed patterns, and words that say which."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latte3d_core.data.materials import MATERIALS, named_material, painted, subject


def _ball(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    normals = rng.standard_normal((count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return normals * 0.8, normals, np.full((count, 3), 0.5)


@pytest.mark.parametrize("name", MATERIALS)
def test_colours_are_colours_and_follow_the_place_alone(name: str) -> None:
    pattern = painted("a chair", np.random.default_rng(0), name).pattern
    places, normals, old = _ball(4000)
    colors = pattern(places, normals, old)
    assert colors.shape == (4000, 3) and np.isfinite(colors).all()
    assert colors.min() >= -1e-6 and colors.max() <= 1 + 1e-6
    part = slice(100, 200)
    np.testing.assert_array_equal(pattern(places[part], normals[part], old[part]), colors[part])
    assert colors.std(0).max() > 0.02, "one flat colour is no material"


def test_materials_differ_from_each_other() -> None:
    places, normals, old = _ball(2000)
    means = [painted("a chair", np.random.default_rng(0), n).pattern(places, normals, old) for n in MATERIALS]
    for i, a in enumerate(means):
        for b in means[:i]:
            assert np.abs(a - b).mean() > 0.05


@pytest.mark.parametrize("name", ["moss", "snow"])
def test_coverings_lie_on_what_faces_up(name: str) -> None:
    places, normals, old = _ball(4000)
    colors = MATERIALS[name].pattern(places, normals, old)
    changed = np.abs(colors - old).max(1) > 0.2
    assert changed[normals[:, 1] > 0.8].all()
    assert not changed[normals[:, 1] < -0.6].any()


def test_bricks_have_mortar_and_stripes_two_colours() -> None:
    rng = np.random.default_rng(0)
    places = np.stack([rng.uniform(-0.9, 0.9, 5000), rng.uniform(-0.9, 0.9, 5000), np.zeros(5000)], 1)
    normals = np.tile([0.0, 0.0, 1.0], (5000, 1))
    bricks = MATERIALS["brick"].pattern(places, normals, places)
    mortar = (bricks[:, 2] > 0.6).mean()
    assert 0.15 < mortar < 0.5
    stripes = MATERIALS["stripes"].two_tone(np.array([1.0, 0, 0]), np.array([0, 0, 1.0]))(places, normals, places)
    assert 0.4 < (stripes[:, 0] == 1).mean() < 0.6 and set(stripes.sum(1)) == {1.0}


@pytest.mark.parametrize(
    ("caption", "name", "told"),
    [
        ("a brown park bench", "marble", {"a marble park bench", "a park bench made of marble",
                                          "a park bench carved from white marble"}),
        ("a grey umbrella", "ice", {"an ice umbrella", "an umbrella made of ice", "a frozen umbrella",
                                   "an icy umbrella"}),
        ("a wooden chair", "gold", {"a gold chair", "a golden chair", "a chair made of gold", "a solid gold chair"}),
        ("a red rock", "moss", {"a mossy red rock", "a red rock covered in moss", "a red rock overgrown with moss"}),
    ],
)  # fmt: skip
def test_the_caption_says_it(caption: str, name: str, told: set[str]) -> None:
    assert {painted(caption, np.random.default_rng(n), name).caption for n in range(40)} == told


@given(st.text(max_size=60), st.integers(0, 10**6))
def test_any_caption_can_be_painted(caption: str, seed: int) -> None:
    paint = painted(caption, np.random.default_rng(seed))
    assert paint.name in MATERIALS and paint.caption


@pytest.mark.parametrize("name", MATERIALS)
def test_a_named_material_is_found_again(name: str) -> None:
    for seed in range(30):
        paint = painted("a chair", np.random.default_rng(seed), name)
        natural = name in ("wood", "brick", "stone") and not any(
            w in paint.caption for w in ("made", "built", "carved")
        )
        if not natural and "grain" not in paint.caption:
            assert named_material(paint.caption) == name, paint.caption


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("a golden crown", "gold"), ("a goldfish", None), ("a gold fish", None), ("a mossy stone dragon", "moss"),
        ("a snowman", None), ("a snowy pine tree", "snow"), ("an ice cream", None), ("an icy throne", "ice"),
        ("a camo jacket", "camouflage"), ("a polka dot teapot", "dots"), ("a striped rug", "stripes"),
        ("a zebra", None),
        ("a leopard", None), ("a zebra-striped sofa", "zebra"), ("a dragon made of jade", "jade"), ("a red car", None),
        ("a house with a gable roof in camouflage", "camouflage"),
        ("a crate with its lid off built of red brick", "brick"),
        ("a flag on a pole overgrown with moss", "moss"), ("a bed with a roof made of gold", "gold"),
        ("a stone dragon covered in moss", "moss"), ("a wooden chair made of gold", "gold"),
        ("a stone statue made of jade", "jade"), ("a wooden deck chair with blue and white stripes", "stripes"),
        ("a king with a golden crown", None), ("a black car with gold rims", None), ("a snow globe", None),
        ("an ice skate", None), ("a lava lamp", None), ("a jade plant", None), ("a moss green sofa", None),
        ("a golden retriever", None), ("a silver car", None), ("a silver sports car", None),
        ("a silver spoon", "silver"), ("a silver fish", "silver"), ("a silverfish", None),
        ("a stone well", None), ("a well made of stone", "stone"), ("a chair with wood grain", "wood"),
        ("a brick", None), ("a wooden table", None), ("a rust-coloured chair", None),
    ],
)  # fmt: skip
def test_named_material(prompt: str, name: str | None) -> None:
    assert named_material(prompt) == name


@pytest.mark.parametrize(
    ("prompt", "about"),
    [
        ("a red boat made of ice", "a boat"), ("a solid gold apple", "an apple"),
        ("a bottle made of bricks", "a bottle"),
        ("a zebra-striped shield", "a shield"), ("a zebra", "a zebra"), ("an ice cream", "an ice cream"),
        ("a red and white striped sofa", "a sofa"), ("a mug with a red and blue checker pattern", "a mug"),
        ("a barrel covered in rust", "a barrel"), ("a barrel of rusty metal", "a barrel"), ("a bottle of wine",
        "a bottle of wine"), ("a teapot with pink polka dots on white", "a teapot"), ("a car with a roof rack",
        "a car with a roof rack"), ("marble", "marble"), ("a tank in army camo", "a tank"), ("x", "x"), ("", ""),
        ("a golden", "a golden"), ("a gold and silver ring", "a ring"), ("a brick with holes", "a brick with holes"),
        ("a boat made of ice.", "a boat"), ("a house with a red door", "a house with a door"),
    ],
)  # fmt: skip
def test_subject(prompt: str, about: str) -> None:
    assert subject(prompt) == about


@given(st.text(max_size=80))
def test_any_prompt_has_a_subject(prompt: str) -> None:
    assert subject(prompt) or not prompt


@pytest.mark.parametrize("name", [n for n in MATERIALS if n not in ("wood", "stone")])
def test_the_subject_of_a_painted_caption_is_the_caption(name: str) -> None:
    for seed in range(20):
        told = painted("a teapot", np.random.default_rng(seed), name).caption
        assert subject(told) == "a teapot", told
