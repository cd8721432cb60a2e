"""Typing errors: a word that the text encoder has to take apart, one letter away from one that the captions use."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
#: Shorter words are one letter away from too many others.
_SHORTEST = 4
#: A word that the captions use more seldom may be a typing error itself.
_SELDOM = 3
#: Words that no typing error of an object's name should be read as.
_LITTLE_WORDS = frozenset(
    ("with", "some", "from", "mostly", "that", "this", "their", "over", "into", "under", "behind")
)
#: Words spelt right that the text encoder does not hold whole, one letter away from words of the library.
_RIGHT = frozenset(
    (
        "scone",
        "sloth",
        "mousse",
        "beagle",
        "trowel",
        "tart",
        "puma",
        "crepe",
        "quiche",
        "otter",
        "gecko",
        "moped",
        "tiara",
    )
)


def vocabulary(captions: Iterable[str]) -> list[str]:
    """The longer words that the captions use more than once or twice, lower case, most frequent first."""
    counts = Counter(word for caption in captions for word in re.findall(r"[a-z]+", caption.lower()))
    kept = (w for w, n in counts.items() if len(w) >= _SHORTEST and n >= _SELDOM and w not in _LITTLE_WORDS)
    return sorted(kept, key=lambda word: (-counts[word], word))


def corrected(prompt: str, words: Sequence[str], known: Callable[[str], bool]) -> str:
    """The prompt with each unknown word replaced by the most frequent of ``words`` that is one letter dropped, added,
    changed or swapped away; words without such a neighbour stay.

    Arguments:
        known: whether a word is one of the language's, and so no typing error.
    """
    rank = {word: number for number, word in enumerate(words)}

    def repair(match: re.Match[str]) -> str:
        word = match.group(0).lower()
        if len(word) < _SHORTEST or word in rank or word in _RIGHT or known(word):
            return match.group(0)
        near = [other for other in _one_letter_away(word) if other in rank]
        return min(near, key=lambda other: rank[other]) if near else match.group(0)

    return re.sub(r"(?<!\w)[A-Za-z]+(?!\w)", repair, prompt)


def _one_letter_away(word: str) -> set[str]:
    halves = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    dropped = {a + b[1:] for a, b in halves if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in halves if len(b) > 1}
    changed = {a + c + b[1:] for a, b in halves if b for c in _LETTERS}
    added = {a + c + b for a, b in halves for c in _LETTERS}
    return dropped | swapped | changed | added
