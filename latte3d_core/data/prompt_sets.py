"""Prompt sets: many prompts made of few words, and which of them a model must not have been trained on.

LATTE3D ties each prompt to shapes of a library; sets that combine words (animal × activity × garment) and hold some of
the combinations out come from ATT3D (arXiv 2306.07349). Here templates with slots ("a {colour} {subject}") are
multiplied with the words for each slot. The products are far larger than any set that is drawn from them, so no product
is ever written down: a number stands for a combination (mixed radix), and a permutation of the numbers draws them at
random without remembering which were drawn.

Which combinations are unseen follows from their names, but for a few that are always seen, so that every word has been
trained on (``Product.anchor``). Sets of the same words agree about it, whatever their seeds and templates.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from latte3d_core.data.articles import article
from latte3d_core.data.colours import NAMED_COLOURS
from latte3d_core.data.manifest import Asset
from latte3d_core.data.materials import MATERIALS, subject
from latte3d_core.data.wording import PROPORTIONS
from latte3d_core.errors import PromptError, SettingError
from latte3d_core.files import open_atomically
from latte3d_core.jsonl import read_objects
from latte3d_core.model.text import clean_prompt

log = logging.getLogger(__name__)

SEEN, UNSEEN = "seen", "unseen"
#: The slot whose words name shapes of the library.
SUBJECT = "subject"
#: At most so many shapes are paired with a prompt.
MAX_SHAPES = 8

#: From the shortest to the longest; those with the same slots say the same in other words.
TEMPLATES = (
    "a {subject}", "a 3d model of a {subject}",
    "a {colour} {subject}", "a {subject} in {colour}",
    "a {subject} {material}",
    "a {style} {subject}",
    "a {proportion} {subject}",
    "a {subject} {accessory}",
    "a {proportion} {colour} {subject}", "a {proportion} {subject} in {colour}",
    "a {colour} {subject} {accessory}",
    "a {style} {subject} {material}",
    "a {style} {proportion} {colour} {subject}",
    "a {proportion} {subject} {material} {accessory}",
    "a {style} {proportion} {colour} {subject} {accessory}",
)  # fmt: skip
STYLES = ("low-poly", "cartoon", "realistic", "stylised", "toy", "futuristic", "steampunk", "gothic")
ACCESSORIES = (
    "with a small flag on top", "with a ribbon around it", "with flowers growing on it", "with wings", "with spikes",
    "with a crown on top", "on wheels", "on a round pedestal",
)  # fmt: skip


@dataclass(frozen=True)
class PromptLine:
    """One line of a prompt set.

    Attributes:
        id: 16 hexadecimal digits of a hash of the prompt; the same prompt has the same id in every set.
        split: "seen" or "unseen".
        slots: the name of the chosen word for each slot of the template; empty for a caption.
        assets: ids of the library's shapes to pair with it, none to eight; never a held-out one where seen.
    """

    id: str
    prompt: str
    split: str
    slots: Mapping[str, str]
    assets: tuple[str, ...]


@dataclass(frozen=True)
class PromptSetSettings:
    """How a set is drawn.

    Attributes:
        unseen: share of the combinations that is held out, in [0, 1).
        limit: combinations to draw; None for all. Templates with the same slots make one prompt each of a combination.
        seed: of the draw and its order; it moves no combination to the other split.
        captions: also take the library's captions as prompts.
    """

    unseen: float = 0.1
    limit: int | None = 100_000
    seed: int = 0
    captions: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.unseen < 1:
            raise SettingError("The share of unseen combinations must be at least 0 and less than 1.")
        if self.limit is not None and self.limit < 0:
            raise SettingError("The number of combinations must be at least 0.")


# Templates ------------------------------------------------------------------------------------------------------------

_LAST_ARTICLE = re.compile(r"\b(a)n?(\s+)$", re.IGNORECASE)


@dataclass(frozen=True)
class Template:
    """A text with slots, as pieces: a literal text and the slot behind it, or None at the end."""

    pieces: tuple[tuple[str, str | None], ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """ "a {colour} {subject}"; doubled braces stand for themselves.

        Raises:
            PromptError: an open brace, or something in braces that is not a plain word.
        """
        try:
            pieces = list(string.Formatter().parse(text))
            if any(slot is not None and (spec or way or not slot.isidentifier()) for _, slot, spec, way in pieces):
                raise ValueError("not a plain word")
        except ValueError:
            raise PromptError(
                f"The template {text[:80]!r} is wrong; write each slot as a word in braces, such as {{colour}}."
            ) from None
        return cls(tuple((literal, slot) for literal, slot, _, _ in pieces))

    @property
    def slots(self) -> tuple[str, ...]:
        """Each slot once, sorted."""
        return tuple(sorted({slot for _, slot in self.pieces if slot is not None}))

    def fill(self, words: Mapping[str, str]) -> str:
        """The text with words in its slots. An article before a slot is set right: "a {colour} chair" with "orange"
        is "an orange chair"."""
        text = ""
        for literal, slot in reversed(self.pieces):
            if slot is not None:
                text = words[slot] + text
                match = _LAST_ARTICLE.search(literal)
                if match is not None:
                    literal = literal[: match.start()] + match[1] + article(text)[1:] + match[2]
            text = literal + text
        return text


@dataclass(frozen=True)
class Grammar:
    """Templates, and for each of their slots the words: their names, and how a prompt says them."""

    templates: tuple[Template, ...]
    slots: Mapping[str, Mapping[str, str]]


def builtin_slots(subjects: Iterable[str]) -> dict[str, dict[str, str]]:
    """The words for the slots of ``TEMPLATES``: the project's colours, materials and proportions. Materials of two
    colours (stripes, dots, checks) are left out, because the slot for the colour cannot say which is which."""
    clauses = {name: _clause(material.phrases) for name, material in MATERIALS.items() if material.two_tone is None}
    plain: dict[str, Iterable[str]] = {
        SUBJECT: subjects,
        "colour": NAMED_COLOURS,
        "style": STYLES,
        "proportion": [proportion.words[0] for proportion in PROPORTIONS],
        "accessory": ACCESSORIES,
    }
    return {**{slot: {word: word for word in words} for slot, words in plain.items()}, "material": clauses}


def _clause(phrases: Sequence[str]) -> str:
    """What stands behind the object in the first phrase that says the material there: "made of wood"."""
    return next(phrase.removeprefix("a {} ") for phrase in phrases if phrase.startswith("a {} "))


def make_grammar(templates: Iterable[str], slots: Mapping[str, Mapping[str, str]]) -> Grammar:
    """A grammar of those slots that the templates use. Words whose names differ in capitals or white space only are
    one word.

    Raises:
        PromptError: a template is wrong, or a slot has no words.
    """
    parsed = tuple(dict.fromkeys(Template.parse(text) for text in templates))
    used = sorted({slot for template in parsed for slot in template.slots})
    for slot in used:
        if not slots.get(slot):
            raise PromptError(
                f"The slot {{{slot}}} has no words; list them under 'slots' of a template file"
                f"{', or give folders of captioned assets' if slot == SUBJECT else ''}."
            )
    cleaned: dict[str, dict[str, str]] = {}
    for slot in used:
        names: dict[str, tuple[str, str]] = {}
        for name, words in slots[slot].items():
            names.setdefault(normal(name), (clean_prompt(name), clean_prompt(words)))
        cleaned[slot] = dict(names.values())
    return Grammar(parsed, cleaned)


def read_grammar(path: str | Path, slots: Mapping[str, Mapping[str, str]]) -> Grammar:
    """A template file: ``{"templates": [...], "slots": {"subject": [...], "material": {"wood": "made of wood"}}}``.

    The words of a slot are a list, or an object of names and how prompts say them. Without "templates" the built-in
    ones are taken; slots that the file does not list have the words of ``slots``.

    Raises:
        PromptError: the file cannot be read or used.
    """
    path = Path(path)
    try:
        row = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise PromptError(f"The template file {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise PromptError(f"The template file {path} is not UTF-8 JSON.") from error
    if not isinstance(row, dict) or not row or not row.keys() <= {"templates", "slots"}:
        raise PromptError(f'The template file {path} must be an object of "templates" and "slots".')
    templates, own = row.get("templates", list(TEMPLATES)), row.get("slots", {})
    if not isinstance(templates, list) or not templates or not all(isinstance(t, str) and t.strip() for t in templates):
        raise PromptError(f"'templates' of {path} must be a list of texts.")
    if not isinstance(own, dict):
        raise PromptError(f"'slots' of {path} must be an object of lists.")
    merged = {**slots, **{slot: _words(slot, words) for slot, words in own.items()}}
    grammar = make_grammar(templates, merged)
    unused = sorted(own.keys() - grammar.slots.keys())
    if unused:
        raise PromptError(f"No template uses the slot {unused[0]!r} of {path}; write it into one or remove it.")
    return grammar


def _words(slot: str, words: Any) -> dict[str, str]:
    if isinstance(words, list) and all(isinstance(word, str) for word in words):
        words = {word: word for word in words}
    texts = [*words, *words.values()] if isinstance(words, dict) else []
    if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        raise PromptError(f"The slot {slot!r} must be a list of texts, or an object of names and texts.")
    return words


def normal(text: str) -> str:
    """The text for comparison: without differences in capitals and white space."""
    return " ".join(text.split()).casefold()


# The library's shapes -------------------------------------------------------------------------------------------------

_NAME = re.compile(r"(?:an?|the)\s+(\S+(?:\s+\S+){0,3})", re.IGNORECASE)
_NO_NAME = re.compile(r"[,;]|\b(?:with|without|in|on|and|that)\b", re.IGNORECASE)
_STYLE = re.compile(rf"(?:(?:{'|'.join(STYLES)})\s+)+", re.IGNORECASE)


def _first_words() -> Iterator[str]:
    """What the slots for proportion and material say, where it stands before the name."""
    for proportion in PROPORTIONS:
        yield from proportion.words
    for material in MATERIALS.values():
        matches = (re.fullmatch(r"an? ([^{}]+) \{\}", phrase) for phrase in material.phrases)
        yield from (match[1] for match in matches if match)


_SAID_ELSEWHERE = re.compile(rf"\b(?:{'|'.join(map(re.escape, _first_words()))})\s+\w", re.IGNORECASE)


def subject_names(asset: Asset) -> tuple[str, ...]:
    """Short names of what an asset is: its captions without colours, materials and styles, if no more than four words
    are left; else its category. "a red box, in red and grey" is a "box"."""
    names = []
    for caption in asset.captions:
        match = _NAME.fullmatch(subject(_clean_or_empty(caption)))
        name = _STYLE.sub("", match[1], count=1) if match and not _NO_NAME.search(match[1]) else ""
        if re.search(r"\w", name) and not _SAID_ELSEWHERE.search(name):
            names.append(name)
    if not names and re.fullmatch(r"[A-Za-z]+(?: [A-Za-z]+)*", asset.category):
        names = [asset.category]
    return tuple(dict.fromkeys(names))


def _clean_or_empty(text: str) -> str:
    """The text as ``clean_prompt`` gives it, or nothing where it gives an error."""
    try:
        return clean_prompt(text)
    except PromptError as error:
        log.warning("skipped the caption %.40r: %s", text, error)
        return ""


class _Shapes:
    """Ids of assets that one thing is said of."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self.training: list[str] = []

    def add(self, asset: Asset) -> None:
        if asset.id not in self.all[-1:]:
            self.all.append(asset.id)
            if not asset.held_out:
                self.training.append(asset.id)

    def some(self, split: str, turn: int) -> tuple[str, ...]:
        """Up to ``MAX_SHAPES``, from another place for another ``turn``; held-out ones only where unseen."""
        ids = self.training if split == SEEN else self.all
        return tuple(ids[(turn + k) % len(ids)] for k in range(min(len(ids), MAX_SHAPES)))


class Library:
    """The assets by what they are called, and by what their captions say.

    Attributes:
        subjects: names of the assets that are trained on. Held-out assets add shapes to a name, never a name.
    """

    def __init__(self, assets: Iterable[Asset]) -> None:
        self.subjects: list[str] = []
        self._named: dict[str, _Shapes] = {}
        self._kinds: dict[str, _Shapes] = {}
        self._captions: dict[str, tuple[str, _Shapes]] = {}
        for asset in assets:
            for name in subject_names(asset):
                shapes = self._named.setdefault(normal(name), _Shapes())
                if not shapes.training and not asset.held_out:
                    self.subjects.append(name)
                shapes.add(asset)
            self._kinds.setdefault(normal(asset.category), _Shapes()).add(asset)
            for caption in filter(None, map(_clean_or_empty, asset.captions)):
                self._captions.setdefault(normal(caption), (caption, _Shapes()))[1].add(asset)

    def shapes(self, name: str, split: str, turn: int) -> tuple[str, ...]:
        """Ids of assets whose captions name ``name``, or, if none does, of that category."""
        found = self._named.get(normal(name)) or self._kinds.get(normal(name))
        return found.some(split, turn) if found else ()

    def captions(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """(caption, split, assets), each caption once: seen if an asset says it that is trained on."""
        for caption, shapes in self._captions.values():
            split = SEEN if shapes.training else UNSEEN
            yield caption, split, shapes.some(split, 0)


# Combinations ---------------------------------------------------------------------------------------------------------


class Permutation:
    """A bijection of the whole numbers below ``size`` that looks random, without a table: a generalised Feistel cipher
    with cycle walking (Black and Rogaway, Ciphers with Arbitrary Finite Domains, 2002). ``size`` may be of any
    length."""

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        self._rows = math.isqrt(max(0, size - 1)) + 1
        self._columns = max(1, -(-size // self._rows))
        self._key = hashlib.sha256(f"{seed} {size}".encode()).digest()

    def __call__(self, index: int) -> int:
        while True:
            row, column = divmod(index, self._columns)
            for step in (0, 2):
                row = (row + self._hash(step, column)) % self._rows
                column = (column + self._hash(step + 1, row)) % self._columns
            index = row * self._columns + column
            if index < self.size:  # else once more: the cycle comes back below size, since it began there
                return index

    def __iter__(self) -> Iterator[int]:
        return map(self, range(self.size))

    def _hash(self, step: int, value: int) -> int:
        digest = hashlib.blake2b(f"{step} {value}".encode(), key=self._key, digest_size=16)
        return int.from_bytes(digest.digest(), "big")


class Combination(NamedTuple):
    """One word for each slot of a product.

    Attributes:
        product: its number in the list of products.
        digits: the number of the word in each slot.
    """

    product: int
    digits: tuple[int, ...]


class Product:
    """All combinations of words for one set of slots, and the templates that say them.

    Attributes:
        slots: sorted names of slots.
        names: for each slot the names of its words.
        size: number of combinations; 1 where there is no slot.
    """

    def __init__(self, templates: Sequence[Template], words: Mapping[str, Mapping[str, str]]) -> None:
        self.templates = tuple(templates)
        self.slots = self.templates[0].slots
        self.names = tuple(tuple(words[slot]) for slot in self.slots)
        self.size = math.prod(map(len, self.names))
        self._words = words

    def digits(self, index: int) -> tuple[int, ...]:
        """The combination with this number, below ``size``: its digits in mixed radix."""
        digits = []
        for names in reversed(self.names):
            index, digit = divmod(index, len(names))
            digits.append(digit)
        return tuple(reversed(digits))

    def chosen(self, digits: Sequence[int]) -> dict[str, str]:
        """Slot to name of the word."""
        return {slot: names[d] for slot, names, d in zip(self.slots, self.names, digits, strict=True)}

    def prompts(self, digits: Sequence[int]) -> Iterator[str]:
        """What each template makes of a combination."""
        words = {slot: self._words[slot][name] for slot, name in self.chosen(digits).items()}
        return (template.fill(words) for template in self.templates)

    def anchor(self, row: int) -> tuple[int, ...]:
        """Digits on the diagonal. Its combinations are always seen; row d holds word d of every slot that has one. A
        product that has no other combinations, as every product of one slot, has none to hold out."""
        return tuple(row % len(names) for names in self.names)

    def is_anchor(self, digits: Sequence[int]) -> bool:
        """Whether a combination lies on the diagonal."""
        sizes = [len(names) for names in self.names]
        return not digits or self.anchor(digits[sizes.index(max(sizes))]) == tuple(digits)

    def hash(self, digits: Sequence[int]) -> int:
        """64 bits that follow from the names of the slots and words, and from nothing else."""
        pairs = [(slot, normal(name)) for slot, name in self.chosen(digits).items()]
        return int.from_bytes(_digest(json.dumps(pairs)), "big")

    def split(self, digits: Sequence[int], unseen: float) -> str:
        """The split that a combination belongs to, whichever template says it. ``unseen``: share, in [0, 1)."""
        return UNSEEN if self.hash(digits) < unseen * 2**64 and not self.is_anchor(digits) else SEEN


def products_of(grammar: Grammar) -> list[Product]:
    """The templates of a grammar by their sets of slots."""
    groups: dict[tuple[str, ...], list[Template]] = {}
    for template in grammar.templates:
        groups.setdefault(template.slots, []).append(template)
    return [Product(templates, grammar.slots) for templates in groups.values()]


def combinations(products: Sequence[Product], seed: int) -> Iterator[Combination]:
    """Every combination once, at random, from the products in turn while they last: short prompts are few beside the
    long ones, and nearly all of a plain draw would be long."""
    walks = {number: iter(Permutation(product.size, seed)) for number, product in enumerate(products)}
    while walks:
        for number in list(walks):
            index = next(walks[number], None)
            if index is None:
                del walks[number]
            else:
                yield Combination(number, products[number].digits(index))


# The set --------------------------------------------------------------------------------------------------------------


def prompt_lines(grammar: Grammar, library: Library, settings: PromptSetSettings) -> Iterator[PromptLine]:
    """The lines of a prompt set, streamed. What is remembered is 64 bits a line, and the words that were said.

    - No two prompts differ in capitals or white space only; the first stays.
    - All prompts of a combination are in one split; a longer combination that includes it has a split of its own. No
      combination of one slot is unseen.
    - Every word of an unseen line also occurs in a seen line before it. Where the draw has not said a word yet, a
      combination from the diagonal of the product is drawn ahead of its turn.
    - Captions come last. One that is worded like an unseen line gives way to it; one that tells an unseen combination
      in other words is not noticed. Those of held-out assets are unseen.

    Raises:
        PromptError: a prompt is too long.
    """
    products = products_of(grammar)
    lines = _Lines(library)
    ahead: set[Combination] = set()
    left = math.inf if settings.limit is None else settings.limit
    for combination in combinations(products, settings.seed):
        if left < 1:
            break
        if combination in ahead:
            continue
        product = products[combination.product]
        split = product.split(combination.digits, settings.unseen)
        if split == UNSEEN:
            missing = lines.unsaid(product, combination.digits)
            anchors = [Combination(combination.product, product.anchor(digit)) for digit in missing]
            anchors = [anchor for anchor in dict.fromkeys(anchors) if anchor not in ahead]
            if len(anchors) + 1 > left:
                continue
            for anchor in anchors:
                ahead.add(anchor)
                left -= 1
                yield from lines.say(product, anchor.digits, SEEN)
            if lines.unsaid(product, combination.digits):  # the anchor's own wording was taken
                continue
        left -= 1
        yield from lines.say(product, combination.digits, split)
    if settings.captions:
        for caption, split, assets in library.captions():
            yield from lines.new(caption, split, {}, assets)


class _Lines:
    """Makes lines and remembers what was said."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._prompts: set[bytes] = set()
        self._seen: set[tuple[str, str]] = set()

    def unsaid(self, product: Product, digits: Sequence[int]) -> list[int]:
        """The digits of those words that no seen line has."""
        pairs = product.chosen(digits).items()
        return [digit for digit, pair in zip(digits, pairs, strict=True) if pair not in self._seen]

    def say(self, product: Product, digits: Sequence[int], split: str) -> Iterator[PromptLine]:
        """The lines of a combination."""
        slots = product.chosen(digits)
        assets = self._library.shapes(slots[SUBJECT], split, product.hash(digits)) if SUBJECT in slots else ()
        for prompt in product.prompts(digits):
            for line in self.new(clean_prompt(prompt), split, slots, assets):
                if split == SEEN:
                    self._seen.update(slots.items())
                yield line

    def new(self, prompt: str, split: str, slots: Mapping[str, str], assets: tuple[str, ...]) -> Iterator[PromptLine]:
        """The line, if its prompt is a new one."""
        digest = _digest(normal(prompt))
        if digest not in self._prompts:
            self._prompts.add(digest)
            yield PromptLine(digest.hex(), prompt, split, slots, assets)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


# Files ----------------------------------------------------------------------------------------------------------------


def write_prompt_set(lines: Iterable[PromptLine], path: str | Path) -> Counter[str]:
    """Write lines as they come; the file appears when it is whole. Returns how many there are of each split.

    Raises:
        OutputError: no permission, no space...
    """
    count: Counter[str] = Counter()
    with open_atomically(Path(path)) as stream:
        for line in lines:
            stream.write(json.dumps(vars(line), ensure_ascii=False).encode() + b"\n")
            count[line.split] += 1
    return count


def read_prompt_set(path: str | Path, strict: bool = True) -> Iterator[PromptLine]:
    """The lines of a prompt set, streamed; empty lines are skipped.

    Arguments:
        strict: whether a line that cannot be used is an error; else it is logged and skipped.

    Raises:
        PromptError: the file cannot be read; or, if ``strict``, a line is longer than a megabyte, is not a UTF-8 JSON
            object, or lacks something. The error names the line.
    """
    for number, row in read_objects(path):
        try:
            yield _line(row)
        except ValueError as error:
            problem = f"{path} line {number}: {error}"
            if strict:
                raise PromptError(problem) from None
            log.warning("skipped: %s", problem)


def _line(row: dict[str, Any] | str) -> PromptLine:
    if isinstance(row, str):
        raise ValueError(row)
    slots, assets = row.get("slots"), row.get("assets")
    for key in ("id", "prompt"):
        if not isinstance(row.get(key), str):
            raise ValueError(f"{key!r} is missing or not a text.")
    if not isinstance(slots, dict) or not all(isinstance(name, str) for name in slots.values()):
        raise ValueError("'slots' is missing or not an object of texts.")
    if not isinstance(assets, list) or not all(isinstance(name, str) for name in assets):
        raise ValueError("'assets' is missing or not a list of ids.")
    if row.get("split") not in (SEEN, UNSEEN):
        raise ValueError("'split' is missing or neither 'seen' nor 'unseen'.")
    try:
        prompt = clean_prompt(row["prompt"])
    except PromptError as error:
        raise ValueError(str(error)) from None
    return PromptLine(row["id"], prompt, row["split"], slots, tuple(assets))
