"""Articles by sound."""

from __future__ import annotations

import pytest

from latte3d_core.data.articles import article, set_article


@pytest.mark.parametrize(
    "phrase",
    [
        "an orange chair", "a chair", "an hourglass", "a unicorn", "an umbrella", "a used car", "an unlit torch",
        "a one-handed axe", "an L-shaped desk", "an 8-bit robot", "a 3d model", "a utility pole", "an urn", "a urinal",
        "an x-ray", "an LED lamp", "a UFO", "a European house", "an SUV", "a house", "an unidentified object",
        "an 18-wheeler", "a 10-sided die", "a ukulele", "an upper deck", "a USB stick", "a UV lamp",
    ],
)  # fmt: skip
def test_articles_follow_the_sound(phrase: str) -> None:
    expected, words = phrase.split(" ", 1)
    assert article(words) == expected
    for given in ("a", "an", "A", "AN"):
        assert set_article(f"{given} {words}") == phrase


def test_quotation_marks_are_not_heard() -> None:
    assert article('"old" car') == article("(old) car") == "an"


@pytest.mark.parametrize("text", ["the orange chair", "orange chairs", "another chair", "a", "an", ""])
def test_only_a_leading_article_is_set(text: str) -> None:
    assert set_article(text) == text
