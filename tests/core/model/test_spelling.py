"""Typing errors are mended, and nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latte3d_core.config import TextConfig
from latte3d_core.model.spelling import corrected, vocabulary
from latte3d_core.model.text import TextEncoder

WORDS = vocabulary(
    ["a wooden chair", "a wooden table", "a dragon with wings", "a house", "a red car"] * 3 + ["a swrod"]
)


def test_the_vocabulary_is_ordered_by_frequency_and_without_short_little_and_seldom_words() -> None:
    assert WORDS == ["wooden", "chair", "dragon", "house", "table", "wings"]


@pytest.mark.parametrize(
    ("prompt", "meant"),
    [
        ("a woden chiar", "a wooden chair"),  # dropped, swapped
        ("a wwooden chaix, please", "a wooden chair, please"),  # added, changed
        ("a Dragom", "a dragon"),
        ("a horse in a house", "a horse in a house"),  # a horse is no typing error
        ("a dragoon made of tabels", "a dragoon made of tables"),
        ("a houseé, a houße", "a houseé, a houße"),  # a part of a word is no word
        ("a scone", "a scone"),
        ("中文 🚗 xyzzyq", "中文 🚗 xyzzyq"),
        ("", ""),
    ],
)
def test_one_letter(prompt: str, meant: str) -> None:
    words = [*WORDS, "tables", "stone"]
    assert corrected(prompt, words, {"horse", "dragoon", "please", "made"}.__contains__) == meant


@given(st.text(max_size=60))
def test_known_words_never_change(prompt: str) -> None:
    assert corrected(prompt, WORDS, lambda word: True) == prompt
    assert isinstance(corrected(prompt, WORDS, lambda word: False), str)


def test_the_encoder_knows_words_and_not_their_misspellings() -> None:
    encoder = TextEncoder(TextConfig())
    assert all(encoder.knows(word) for word in ("horse", "chair", "wooden", "dragon"))
    assert not any(encoder.knows(word) for word in ("chiar", "woden", "dragom"))
