"""Indefinite articles: "a" or "an", by sound."""

from __future__ import annotations

import re

#: Written with a vowel and spoken with a consonant ("a unicorn"), and the other way round ("an hourglass", "an LED").
_LIKE_CONSONANT = re.compile(
    r"uni(?![mn]|de)|u(?:s[abeiu]|t[eio]|k|zi\b|ran|rin|biq|fo\b|v\b|-)|eu|ewer?\b|one(?:s|\b)|once", re.IGNORECASE
)
_LIKE_VOWEL = re.compile(r"hour|honest|honou?r|heir|[fhlmnrsx]\b|(?:led|lcd|suv|rv|mp\d)\b|8|1[18]\b", re.IGNORECASE)


def article(words: str) -> str:
    """ "a" or "an", by the sound that ``words`` begin with: "a unicorn", "an hourglass", "an orange chair"."""
    words = words.lstrip("\"'(")
    vowel = words[:1].lower() in tuple("aeiou") and not _LIKE_CONSONANT.match(words)
    return "an" if vowel or _LIKE_VOWEL.match(words) else "a"


def set_article(text: str) -> str:
    """Set a leading "a" or "an" right after the words behind it have changed."""
    match = re.match(r"an?\s+(?=\w)", text, re.IGNORECASE)
    return text if match is None else f"{article(text[match.end() :])} {text[match.end() :]}"
