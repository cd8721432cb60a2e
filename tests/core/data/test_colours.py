"""Colour words and recolouring."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latte3d_core.data.colours import (
    NAMED_COLOURS,
    has_colour,
    labels_of,
    main_colours,
    nearest_name,
    palette_of,
    recoloured_caption,
    recoloured_palette,
    strip_colours,
)


@pytest.mark.parametrize(
    ("caption", "bare"),
    [
        ("a red sports car", "a sports car"),
        ("an orange and white barrel", "a barrel"),
        ("a light brown wooden fence", "a wooden fence"),
        ("a low-poly alien character in teal and dark grey", "a low-poly alien character"),
        ("a low-poly rock, mostly grey with some red", "a low-poly rock"),
        ("a low-poly man, in brown, white and dark grey colors", "a low-poly man"),
        ("a blue-grey and white factory building", "a factory building"),
        ("a credit card", "a credit card"),
        ("a cream sofa", "a sofa"),
        ("an ice cream", "an ice cream"),
        ("an orange", "an orange"),
        ("an ice-cream truck", "an ice-cream truck"),
        ("red", "red"),
    ],
)
def test_strip(caption: str, bare: str) -> None:
    assert strip_colours(caption) == bare


@pytest.mark.parametrize(
    ("caption", "colour", "told"),
    [
        ("a brown park bench", "red", "a red park bench"),
        ("a brown park bench", "orange", "an orange park bench"),
        ("an umbrella", "green", "a green umbrella"),
        ("rocks", "blue", "blue rocks"),
        ("the castle", "pink", "the pink castle"),
    ],
)
def test_recoloured_caption(caption: str, colour: str, told: str) -> None:
    assert recoloured_caption(caption, colour) == told


def test_recoloured_caption_with_two_colours() -> None:
    assert recoloured_caption("a brown park bench", "orange", "blue") == "an orange and blue park bench"


@given(st.text(max_size=60), st.sampled_from(sorted(NAMED_COLOURS)))
def test_any_caption_comes_to_name_the_colour(caption: str, colour: str) -> None:
    told = recoloured_caption(caption, colour)
    assert colour in told and has_colour(told)


@pytest.mark.parametrize(
    ("prompt", "colours"),
    [
        ("a bright red car", ("red",)),
        ("a car in RED", ("red",)),
        ("a golden crown", ("yellow",)),
        ("a gray and white cat", ("grey", "white")),
        ("a red chair with blue cushions", ("red", "blue")),
        ("a red, green and blue kite", ("red", "green")),
        ("a house with a red door", ()),
        ("a bottle of red wine", ()),
        ("a plant in a white pot", ()),
        ("a credit card", ()),
        ("", ()),
    ],
)
def test_the_colours_of_the_whole_thing(prompt: str, colours: tuple[str, ...]) -> None:
    assert main_colours(prompt) == colours


def test_every_named_colour_is_nearest_to_itself() -> None:
    assert all(nearest_name(np.array(rgb)) == name for name, rgb in NAMED_COLOURS.items())


def test_palette_finds_the_colours_and_puts_the_commonest_first() -> None:
    rng = np.random.default_rng(0)
    true = np.array([[0.9, 0.1, 0.1], [0.1, 0.1, 0.9], [0.1, 0.8, 0.1]], dtype=np.float32)
    which = rng.choice(3, 3000, p=[0.6, 0.3, 0.1])
    colours = true[which] + rng.normal(0, 0.01, (3000, 3)).astype(np.float32)
    palette = palette_of(colours, size=3)
    np.testing.assert_allclose(palette, true, atol=0.02)
    assert (labels_of(colours, palette) == which).mean() == 1


def test_recolouring_moves_the_paint_and_leaves_the_tyres() -> None:
    palette = np.array([[0.8, 0.8, 0.8], [0.9, 0.9, 0.9], [0.1, 0.1, 0.1], [0.2, 0.3, 0.8]], dtype=np.float32)
    moved = recoloured_palette(palette, np.array([50, 20, 20, 10]), "red")
    # Lightness is measured from the mean of the paint, 0.83 here.
    np.testing.assert_allclose(moved[0], np.array(NAMED_COLOURS["red"]) - 0.6 * 0.02857, atol=1e-3)
    assert moved[1, 0] > moved[0, 0] and moved[1, 0] > 2 * moved[1, 1]  # the lit side stays lighter, and red
    np.testing.assert_array_equal(moved[2:], palette[2:])


def test_the_paint_that_is_moved_is_the_one_that_occurs_most_in_all_its_shades() -> None:
    palette = np.array([[0.9, 0.5, 0.1], [0.95, 0.95, 0.95], [0.9, 0.9, 0.9], [0.85, 0.85, 0.85]], dtype=np.float32)
    moved = recoloured_palette(palette, np.array([40, 25, 25, 10]), "blue")
    np.testing.assert_array_equal(moved[0], palette[0])
    assert all(nearest_name(color) == "blue" for color in moved[1:])


def test_a_second_colour_goes_to_the_second_paint() -> None:
    palette = np.array([[0.8, 0.8, 0.8], [0.1, 0.1, 0.1], [0.2, 0.3, 0.8], [0.16, 0.26, 0.74]], dtype=np.float32)
    moved = recoloured_palette(palette, np.array([50, 5, 20, 10]), "red", "green")
    np.testing.assert_allclose(moved[0], NAMED_COLOURS["red"], atol=1e-6)
    np.testing.assert_array_equal(moved[1], palette[1])
    np.testing.assert_allclose(moved[2], NAMED_COLOURS["green"], atol=0.01)
    assert nearest_name(moved[3]) == "green"
    one_paint = recoloured_palette(palette[:1], np.array([9]), "red", "green")
    np.testing.assert_allclose(one_paint[0], NAMED_COLOURS["red"], atol=1e-6)
