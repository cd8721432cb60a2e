"""Prompts that no caption says: colour × noun and material × noun, drawn by a fixed seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latte3d_core.data.articles import set_article
from latte3d_core.data.colours import NAMED_COLOURS
from latte3d_core.data.materials import MATERIALS, painted
from latte3d_core.eval.protocol import SEED

#: Plain things that the libraries have in some colours and materials, never in all.
NOUNS = (
    "car", "chair", "sofa", "table", "lamp", "house", "pine tree", "bottle", "mug", "barrel", "treasure chest", "sword",
    "shield", "fish", "mushroom", "rock", "boat", "rocket", "robot", "bed", "bookcase", "bench", "vase", "teapot",
    "castle tower", "truck", "dragon", "cactus", "apple", "cake", "hat", "shoe",
)  # fmt: skip
#: What people say, and what it means.
SYNONYMS = (
    ("automobile", "car"), ("couch", "sofa"), ("seat", "chair"), ("cup", "mug"), ("vessel", "boat"), ("lorry", "truck"),
    ("stone", "rock"), ("dwelling", "house"), ("fir", "pine tree"), ("cask", "barrel"), ("fungus", "mushroom"),
    ("blade", "sword"), ("sneaker", "shoe"), ("bookshelf", "bookcase"), ("android", "robot"), ("spaceship", "rocket"),
    ("gateau", "cake"), ("desk light", "lamp"),
)  # fmt: skip
#: Materials that a scorer is asked to tell apart; stones of one colour look like half the library.
JUDGED = tuple(name for name in MATERIALS if name not in ("stone", "sandstone"))


def colour_prompts(count: int, seed: int = SEED) -> list[tuple[str, str]]:
    """(prompt, colour name), every colour in turn; a third put the colour behind the noun."""
    rng = np.random.default_rng([seed, 1])
    colours = list(NAMED_COLOURS)
    pairs = []
    for index in range(count):
        colour, noun = colours[index % len(colours)], NOUNS[rng.integers(len(NOUNS))]
        text = f"a {noun} in {colour}" if index % 3 == 2 else set_article(f"a {colour} {noun}")
        pairs.append((text, colour))
    return pairs


def material_prompts(count: int, nouns: Sequence[str] = NOUNS, seed: int = SEED) -> list[tuple[str, str]]:
    """(prompt, material name), every judged material in turn."""
    rng = np.random.default_rng([seed, 2])
    pairs = []
    for index in range(count):
        name = JUDGED[index % len(JUDGED)]
        pairs.append((painted(set_article(f"a {nouns[rng.integers(len(nouns))]}"), rng, name).caption, name))
    return pairs
