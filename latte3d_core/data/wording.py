"""Other words for the same thing: paraphrases, typing errors, and words for proportions.

A library's captions have one tone of voice; artists do not. Each function returns a caption that still means the
asset, or says what has to change in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from latte3d_core.data.articles import set_article
from latte3d_core.data.colours import NAMED_COLOURS

#: Groups of words that mean the same object here. The first is the library's usual word.
SYNONYMS: tuple[tuple[str, ...], ...] = (
    ("car", "automobile", "motorcar"), ("sofa", "couch", "settee"), ("chair", "seat"),
    ("cabinet", "cupboard"), ("wardrobe", "closet"), ("rug", "carpet"), ("trash can", "garbage can", "rubbish bin"),
    ("rock", "boulder", "stone"), ("spaceship", "spacecraft", "starship"), ("house", "home", "cottage"),
    ("building", "structure"), ("shop", "store"), ("truck", "lorry"), ("airplane", "aeroplane", "plane"),
    ("boat", "small ship"), ("bookcase", "bookshelf"), ("tv", "television"), ("fridge", "refrigerator"),
    ("mobile phone", "smartphone", "cell phone"), ("laptop", "notebook computer"), ("mug", "cup"),
    ("pan", "skillet"), ("cooker", "stove"), ("armchair", "easy chair"), ("stool", "backless seat"),
    ("desk", "writing table"), ("plant", "houseplant"), ("bush", "shrub"), ("pine tree", "conifer", "fir tree"),
    ("mushroom", "toadstool"), ("gun", "firearm"), ("sword", "blade"), ("axe", "hatchet"), ("shield", "buckler"),
    ("potion", "elixir"), ("chest", "coffer"), ("coin", "gold piece"), ("barrel", "cask", "keg"), ("crate", "box"),
    ("grave", "tombstone", "gravestone"), ("fence", "railing"), ("road", "street"), ("bicycle", "bike"),
    ("motorcycle", "motorbike"), ("person", "human"), ("man", "guy"), ("woman", "lady"), ("robot", "android"),
    ("monster", "creature"), ("dog", "hound"), ("cat", "kitty"), ("bunny", "rabbit"), ("donut", "doughnut"),
    ("hamburger", "burger"), ("fries", "chips"), ("soda", "soft drink"), ("candle", "taper"), ("door", "gate"),
    ("statue", "sculpture"), ("tap", "faucet"), ("bathtub", "bath"), ("garbage", "trash", "rubbish"),
    ("sneaker", "trainer"), ("shoe", "footwear"), ("bag", "sack"), ("suitcase", "luggage"), ("container", "holder"),
)  # fmt: skip
_SYNONYM = {word: group for group in SYNONYMS for word in group}
_SYNONYM_WORD = re.compile(rf"\b({'|'.join(sorted(map(re.escape, _SYNONYM), key=len, reverse=True))})\b", re.IGNORECASE)
_PREFIXES = (
    "a 3d model of {}", "a model of {}", "a low-poly model of {}", "a stylised {n}", "a cartoon {n}", "a toy {n}",
    "a simple {n}", "a 3d {n}", "a game asset of {}", "a picture of {}", "a nice {n}", "a beautiful {n}", "one {n}",
    "the {n}", "{n}", "{n}, 3d model", "low-poly {n}", "a detailed {n}", "a realistic {n}", "my {n}",
)  # fmt: skip
_ARTICLE = re.compile(r"^(an?|the)\s+", re.IGNORECASE)
_COLOUR_FIRST = re.compile(rf"^(?:an?\s+)?({'|'.join(NAMED_COLOURS)})\s+(?!and\b)(.+)$", re.IGNORECASE)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def paraphrase(caption: str, rng: np.random.Generator) -> str:
    """Another way to say it: synonyms, another order, another frame of words, now and then a plural or a typing error.
    One caption in four stays as it is."""
    if rng.random() < 0.25:
        return caption
    text = caption
    if rng.random() < 0.4:
        text = _SYNONYM_WORD.sub(lambda m: str(rng.choice(_SYNONYM[m.group(1).lower()])), text)
    if rng.random() < 0.35:
        text = _reordered(text, rng)
    if rng.random() < 0.35:
        text = re.sub(r"\blow-poly\s+", "", text)
        noun = _ARTICLE.sub("", text)
        text = str(rng.choice(_PREFIXES)).format(text, n=noun)
    if rng.random() < 0.06 and _ARTICLE.match(text):
        text = _ARTICLE.sub("some " if rng.random() < 0.5 else "", plural(text))
    if rng.random() < 0.08:
        text = with_typing_error(text, rng)
    return set_article(text)


def _reordered(text: str, rng: np.random.Generator) -> str:
    """ "a red car" as "a car in red", "a car that is red", "car, red", or "a red-coloured car"."""
    match = _COLOUR_FIRST.match(text)
    if match is None:
        return text
    colour, noun = match.group(1).lower(), match.group(2)
    ways = ("a {n} in {c}", "a {n} that is {c}", "a {n}, {c}", "a {c}-coloured {n}", "a {c} colored {n}", "{n} {c}")
    return set_article(str(rng.choice(ways)).format(n=noun, c=colour))


def plural(text: str) -> str:
    """The phrase with the last word before a preposition in the plural: "a car with a roof" -> "a cars with a roof"."""
    if not text:
        return text
    head, *tail = re.split(r"(?=\s(?:with|in|on|of|and|that)\b|,)", text, maxsplit=1)
    if head[-1:].lower() in "sxz" or head[-2:].lower() in ("sh", "ch"):
        head += "" if head.lower().endswith("s") and not head.lower().endswith("ss") else "es"
    elif head[-1:].lower() == "y" and head[-2:-1].lower() not in "aeiou":
        head = head[:-1] + "ies"
    elif head[-1:].isalpha():
        head += "s"
    return head + "".join(tail)


def with_typing_error(text: str, rng: np.random.Generator) -> str:
    """One letter of one longer word dropped, doubled, swapped with its neighbour or replaced."""
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if len(word) >= 5 and word.isalpha()]
    if not long:
        return text
    which = long[rng.integers(len(long))]
    word = words[which]
    at = int(rng.integers(1, len(word) - 1))
    words[which] = (
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        word[:at] + _LETTERS[rng.integers(26)] + word[at + 1 :],
    )[rng.integers(4)]
    return " ".join(words)


@dataclass(frozen=True)
class Proportion:
    """Words for a change of proportions, and the factors of x, y and z that they mean."""

    words: tuple[str, ...]
    scale: tuple[float, float, float]


#: Sizes as such ("small", "huge") mean nothing here: every object fills the same box.
PROPORTIONS: tuple[Proportion, ...] = (
    Proportion(("tall", "elongated"), (1.0, 1.4, 1.0)),
    Proportion(("flat", "squat"), (1.0, 0.65, 1.0)),
    Proportion(("wide", "broad"), (1.4, 1.0, 1.0)),
    Proportion(("long",), (1.0, 1.0, 1.4)),
    Proportion(("fat", "chubby"), (1.3, 1.0, 1.3)),
    Proportion(("thin", "slim", "slender"), (0.7, 1.0, 0.7)),
)
#: Names that hold such a word and mean nothing by it.
_FIXED = re.compile(r"\b(?:flat[- ](?:screen|bed|iron)|thin[- ]crust|long[- ](?:sword|bow|boat|ship|horn|coat|house))")
_PROPORTION = {word: p for p in PROPORTIONS for word in p.words}


def with_proportion(caption: str, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """The caption with a word for other proportions, and the factors (3,) float32 that they mean."""
    proportion = PROPORTIONS[rng.integers(len(PROPORTIONS))]
    word = str(rng.choice(proportion.words))
    match = _ARTICLE.match(caption)
    text = f"{match.group(1)} {word} {caption[match.end() :]}" if match else f"{word} {caption}"
    return set_article(text), np.array(proportion.scale, dtype=np.float32)


def named_proportion(prompt: str) -> Proportion | None:
    """The proportion that the first words of a prompt name, if any: "a tall red lamp"."""
    head = _FIXED.sub("", re.split(r"\b(?:with|on|of|and|in)\b", prompt.lower())[0])
    return next((_PROPORTION[word] for word in re.findall(r"[a-z]+", head) if word in _PROPORTION), None)
