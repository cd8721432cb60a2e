"""Paraphrases stay sentences, and words for proportions mean numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latte3d_core.data.wording import (
    PROPORTIONS,
    SYNONYMS,
    named_proportion,
    paraphrase,
    plural,
    with_proportion,
    with_typing_error,
)


@given(st.text(max_size=80), st.integers(0, 10**6))
def test_any_caption_survives(caption: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert isinstance(paraphrase(caption, rng), str)
    assert isinstance(with_proportion(caption, rng)[0], str)


def test_paraphrases_vary_and_keep_the_colour() -> None:
    told = {paraphrase("a red car", np.random.default_rng(n)) for n in range(300)}
    assert len(told) > 40
    assert {"an automobile in red", "a car that is red", "a toy red car", "red car"} & told
    without = [t for t in told if "red" not in t]
    assert len(without) < 0.1 * len(told)  # only a typing error can lose it


@pytest.mark.parametrize("caption", ["a red and brown medieval house", "a light brown rock"])
def test_paraphrases_keep_two_colours_and_shades(caption: str) -> None:
    for seed in range(200):
        told = paraphrase(caption, np.random.default_rng(seed))
        assert "lamp" not in told and "an and" not in told and "a and" not in told, told


def test_same_seed_same_words() -> None:
    first, second = (paraphrase("a blue sofa", np.random.default_rng(5)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("text", "many"),
    [("a car", "a cars"), ("a box with a lid", "a boxes with a lid"), ("a cherry", "a cherries"), ("keys", "keys"),
     ("a bush, green", "a bushes, green"), ("", "")],
)  # fmt: skip
def test_plural(text: str, many: str) -> None:
    assert plural(text) == many


def test_a_typing_error_is_one_letter() -> None:
    for seed in range(50):
        wrong = with_typing_error("a wooden bookcase", np.random.default_rng(seed))
        assert abs(len(wrong) - len("a wooden bookcase")) <= 1
        assert wrong.startswith("a ")
    assert with_typing_error("a red car", np.random.default_rng(0)) == "a red car"  # nothing long enough


def test_every_proportion_word_is_found_again() -> None:
    for proportion in PROPORTIONS:
        for word in proportion.words:
            assert named_proportion(f"a {word} red lamp") == proportion
    assert named_proportion("a low-poly lamp with a long cable") is None
    assert named_proportion("a flat screen tv") is None and named_proportion("a long sword") is None
    told, scale = with_proportion("an umbrella", np.random.default_rng(0))
    found = named_proportion(told)
    assert found is not None and np.allclose(found.scale, scale) and told.startswith("a ")


def test_synonyms_are_not_in_two_groups() -> None:
    words = [w for group in SYNONYMS for w in group]
    doubled = {w for w in words if words.count(w) > 1}
    assert doubled <= {"stone"}
