"""Colours as artists name them: names, palettes and recolouring.

A caption such as "a red chair" and a sample whose dominant colour is red are one fact told twice. Recolouring tells it
for colours that the library does not have: the dominant cluster of an asset's palette moves to a named colour, shading
and texture within the cluster stay, and the caption is rewritten to say so.
"""

from __future__ import annotations

import re

import numpy as np

from latte3d_core.data.articles import set_article

#: sRGB of the colour words that recolouring uses and that evaluation looks for.
NAMED_COLOURS: dict[str, tuple[float, float, float]] = {
    "red": (0.80, 0.10, 0.10),
    "orange": (0.95, 0.50, 0.10),
    "yellow": (0.95, 0.83, 0.15),
    "green": (0.20, 0.60, 0.22),
    "teal": (0.10, 0.55, 0.55),
    "blue": (0.15, 0.30, 0.80),
    "purple": (0.48, 0.20, 0.65),
    "pink": (0.95, 0.50, 0.70),
    "brown": (0.45, 0.27, 0.13),
    "black": (0.08, 0.08, 0.09),
    "grey": (0.50, 0.50, 0.52),
    "white": (0.93, 0.93, 0.92),
}
_LUMA = np.array([0.3, 0.59, 0.11], dtype=np.float32)
_ALSO = (
    *("gray", r"(?<!ice[ -])cream", "beige", "tan", "golden", "gold", "silver", "turquoise", "magenta"),
    *("violet", "cyan", "maroon", "olive", "navy", "lime", "crimson", "scarlet"),
)
_SAME_AS = {
    "gray": "grey", "golden": "yellow", "gold": "yellow", "violet": "purple", "magenta": "pink", "turquoise": "teal",
    "cyan": "teal", "crimson": "red", "scarlet": "red", "navy": "blue", "lime": "green", "silver": "grey",
}  # fmt: skip
_MODIFIERS = ("light", "dark", "bright", "pale", "deep", "vivid", "pastel")
_COLOUR = rf"(?:(?:{'|'.join(_MODIFIERS)})[ -])?(?:{'|'.join([*NAMED_COLOURS, *_ALSO])})"
#: One colour phrase: "red", "light brown", "teal green", "brown and orange", "red, blue and white".
_PHRASE = re.compile(rf"\b{_COLOUR}(?:(?:, | and |[ -]){_COLOUR})*\b", re.IGNORECASE)
#: A trailing clause that only lists colours: ", in brown and grey", " in teal", ", mostly blue with some green".
_CLAUSE = re.compile(
    rf",?\s+(?:in|mostly)\s+(?:shades of\s+)?{_PHRASE.pattern}(?:\s+with some {_PHRASE.pattern})?(?:\s+colou?rs)?$",
    re.IGNORECASE,
)


def strip_colours(caption: str) -> str:
    """The caption without its colour words: "a brown park bench, in brown and grey" -> "a park bench"."""
    text = _CLAUSE.sub("", caption)
    text = _PHRASE.sub("", text)
    text = re.sub(r"\s+(?:with|in|and)\s*$", "", re.sub(r"\s{2,}", " ", text)).strip(" ,")
    if re.fullmatch(r"(?:an?|the)?", text, re.IGNORECASE):  # it was a colour alone, or an orange
        return caption
    return set_article(text)


def has_colour(caption: str) -> bool:
    """Whether the caption names a colour."""
    return _PHRASE.search(caption) is not None


def main_colours(prompt: str) -> tuple[str, ...]:
    """The names in ``NAMED_COLOURS``, none to two, of the colours that a prompt gives to the whole thing: "a bright red
    car" and "a car in red" are red, "a red and blue car" and "a red car with blue doors" are red and blue, "a house
    with a red door" has none."""
    head, *tail = re.split(r"\b(?:with|on|of|in an?|in the)\b", prompt.lower(), maxsplit=1)
    found = named_colours(head)[:2]
    return (*found, *named_colours(tail[0]))[:2] if len(found) == 1 and tail else found


def named_colours(text: str) -> tuple[str, ...]:
    """All names in ``NAMED_COLOURS`` that a text mentions, in order, each once; "crimson" counts as red."""
    words = (_SAME_AS.get(word, word) for word in re.findall(r"[a-z]+", text.lower()))
    return tuple(dict.fromkeys(word for word in words if word in NAMED_COLOURS))


def nearest_name(color: np.ndarray) -> str:
    """The name in ``NAMED_COLOURS`` nearest to an sRGB colour (3,) in [0, 1]."""
    return min(NAMED_COLOURS, key=lambda name: float(((np.asarray(NAMED_COLOURS[name]) - color) ** 2).sum()))


def recoloured_caption(caption: str, colour: str, second: str | None = None) -> str:
    """The caption told of another colour: ("a brown park bench", "red") -> "a red park bench", and with a second one
    "a red and blue park bench"."""
    text = strip_colours(caption)
    words = colour if second is None else f"{colour} and {second}"
    match = re.match(r"(an?|the|one|two|three|some)\s+", text, re.IGNORECASE)
    if match is None:
        return f"{words} {text}"
    return set_article(f"{match.group(1)} {words} {text[match.end() :]}")


def palette_of(colors: np.ndarray, size: int = 12, rounds: int = 8) -> np.ndarray:
    """k-means palette of an asset, most frequent colour first.

    Arguments:
        colors: (N, 3) float in [0, 1], sRGB.

    Returns:
        (size, 3) float32. Deterministic: seeds are picked farthest-first from the mean.
    """
    sample = colors[:: max(1, len(colors) // 2048)].astype(np.float32)
    centres = [sample[np.argmin(((sample - sample.mean(0)) ** 2).sum(1))]]
    distance = ((sample - centres[0]) ** 2).sum(1)
    for _ in range(size - 1):
        centres.append(sample[distance.argmax()])
        distance = np.minimum(distance, ((sample - centres[-1]) ** 2).sum(1))
    palette = np.stack(centres)
    for _ in range(rounds):
        label = labels_of(sample, palette)
        count = np.bincount(label, minlength=size)
        for channel in range(3):
            total = np.bincount(label, weights=sample[:, channel], minlength=size)
            palette[:, channel] = np.where(count > 0, total / np.maximum(count, 1), palette[:, channel])
    order = np.argsort(-np.bincount(labels_of(sample, palette), minlength=size), kind="stable")
    return palette[order]


def labels_of(colors: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Index (N,) uint8 of the nearest palette entry for each colour (N, 3)."""
    scores = (palette**2).sum(1)[None, :] - 2.0 * colors.astype(np.float32) @ palette.T
    return scores.argmin(1).astype(np.uint8)


def recoloured_palette(palette: np.ndarray, counts: np.ndarray, colour: str, second: str | None = None) -> np.ndarray:
    """Move the dominant cluster of a palette to a named colour, keeping the shading inside it, and with ``second`` the
    most frequent of the remaining clusters to another.

    Arguments:
        palette: (K, 3) float sRGB; counts: (K,) how often each entry occurs.

    Returns:
        (K, 3) float32, changed copy.
    """
    moved = palette.astype(np.float32).copy()
    first = _cluster(palette, counts)
    _move(moved, first, counts, colour)
    rest = np.where(first, 0, counts)
    if second is not None and rest.any():
        _move(moved, _cluster(palette, rest) & ~first, rest, second)
    return moved


def _cluster(palette: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(K,) bool: the entries of one paint in light and shadow, that is of about one chroma direction; of all such
    groups the one that occurs most."""
    luma = palette @ _LUMA
    chroma = palette - luma[:, None]
    near = np.linalg.norm(chroma[:, None] - chroma[None], axis=2) < 0.09
    # Greys share a chroma of nothing: black tyres must not join a white body, so they also need a near lightness.
    reach = np.where(np.linalg.norm(chroma, axis=1) < 0.08, 0.18, 0.45)[:, None]
    near &= np.abs(luma[:, None] - luma[None]) < reach
    np.fill_diagonal(near, True)
    return near[(near @ counts).argmax()]


def _move(palette: np.ndarray, chosen: np.ndarray, counts: np.ndarray, colour: str) -> None:
    """Set the chosen entries to a named colour, in place; 60 % of what makes each lighter or darker than their mean
    stays."""
    luma = palette @ _LUMA
    mean = np.average(luma[chosen], weights=counts[chosen]) if counts[chosen].any() else luma[chosen].mean()
    target = np.asarray(NAMED_COLOURS[colour], dtype=np.float32)
    palette[chosen] = np.clip(target + 0.6 * (luma[chosen] - mean)[:, None], 0.02, 0.98)
