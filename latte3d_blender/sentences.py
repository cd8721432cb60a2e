"""A scene in a sentence: "a wooden table with two chairs and a lamp on it". No bpy, no model: words and boxes.

``read`` takes the sentence apart into things and where the words put them; ``arrange`` stands them accordingly, once
it is known how large they are. What the sentence leaves open is decided in a fixed way and told in ``Scene.notes``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

from .translations import tr
from .wishes import PopulateError, Wish, check_total


class Relation(Enum):
    """Where a thing stands as seen from another one's front."""

    FREE = "free"
    ON = "on"
    UNDER = "under"
    BESIDE = "beside"
    LEFT = "left"
    RIGHT = "right"
    AROUND = "around"
    FRONT = "front"
    BEHIND = "behind"


@dataclass(frozen=True)
class Thing:
    """One kind of object in the sentence.

    Attributes:
        prompt: what to make, as "a wooden table".
        count: how many of it.
        relation: where they stand.
        ground: index of the thing that the relation refers to; -1 for none.
    """

    prompt: str
    count: int = 1
    relation: Relation = Relation.FREE
    ground: int = -1


@dataclass(frozen=True)
class Scene:
    """What a sentence describes. ``notes`` are sentences about what it left open; no ``ground`` leads in a circle."""

    things: tuple[Thing, ...]
    notes: tuple[str, ...] = ()


# --- words -------------------------------------------------------------------------------------------------------

#: Words that say where, longest first where one begins another. "with" and "and" are treated apart.
_RELATIONS = {
    "on top of": Relation.ON, "on": Relation.ON, "upon": Relation.ON, "atop": Relation.ON,
    "under": Relation.UNDER, "underneath": Relation.UNDER, "beneath": Relation.UNDER, "below": Relation.UNDER,
    "to the left of": Relation.LEFT, "on the left of": Relation.LEFT, "left of": Relation.LEFT,
    "to the right of": Relation.RIGHT, "on the right of": Relation.RIGHT, "right of": Relation.RIGHT,
    "beside": Relation.BESIDE, "next to": Relation.BESIDE, "near": Relation.BESIDE, "close to": Relation.BESIDE,
    "by": Relation.BESIDE, "alongside": Relation.BESIDE, "inside": Relation.BESIDE,
    "around": Relation.AROUND, "at": Relation.AROUND,
    "in front of": Relation.FRONT, "behind": Relation.BEHIND, "in back of": Relation.BEHIND,
}  # fmt: skip
#: Words after which comes what stands there, not what it stands at.
_INVERSE = {"with": Relation.FREE, "surrounded by": Relation.AROUND, "topped with": Relation.ON}
_BETWEEN, _AND = "between", "and"
_CONNECTORS = sorted([*_RELATIONS, *_INVERSE, _BETWEEN, _AND, ","], key=lambda text: -len(text.split()))
#: Words before "on the table" that add nothing.
_POSTURES = {"standing", "sitting", "lying", "placed", "resting", "stands", "sits", "lies", "is", "are", "hanging"}
_PRONOUNS = {"it", "them", "which"}
#: These say where only before a thing: "at a table", but not "at night".
_NARROW = {"at", "by"}
_ARTICLES = {"a", "an", "the", "another", "its", "their", "this", "that", "each", "every"}

_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "twenty": 20, "thirty": 30, "both": 2, "some": 3, "several": 4, "many": 8,
    "a few": 3, "few": 3, "a couple of": 2, "a pair of": 2, "a dozen": 12, "a row of": 5, "a group of": 4,
    "rows of": 10,
}  # fmt: skip
#: Number words that leave the number open.
_VAGUE = {"some", "several", "many", "a few", "few", "a row of", "a group of", "rows of"}
#: A pair of these is one object.
_PAIRED = {"shoes", "boots", "glasses", "scissors", "trousers", "jeans", "gloves", "headphones", "pliers", "sandals",
           "sunglasses", "binoculars", "socks", "skis", "pants", "shorts", "tongs", "goggles", "slippers"}  # fmt: skip
#: What comes with a thing as a part of it or is worn: "a table with four legs" is one object.
_PARTS = {
    "arm", "armrest", "back", "backrest", "base", "beak", "beard", "bristle", "button", "cap", "chimney", "collar",
    "cushion", "detail", "dial", "door", "drawer", "ear", "edge", "engine", "eye", "feather", "finger", "fin",
    "flap", "foot", "frame", "fringe", "fur", "glass", "grip", "hair", "handle", "hat", "headlight", "helmet", "hole",
    "hood", "horn", "key", "knob", "lace", "leaf", "leg", "lid", "lock", "mane", "mast", "mouth", "nose", "paddle",
    "paw", "pattern", "pedal", "pocket", "roof", "sail", "scale", "scarf", "screen", "seat", "shade", "shelf", "shell",
    "sleeve", "spike", "spoiler", "spot", "spout", "stem", "stilt", "strap", "string", "stripe", "sword", "tail",
    "tooth", "top", "trunk", "tusk", "wheel", "whisker", "window", "wing", "zipper", "crown", "shield", "finish",
}  # fmt: skip
#: Those of them that a thing stands on.
_SUPPORTS = {"wheel", "leg", "stilt", "base"}
#: Before "and" they go on: "a black and white cat" is one animal.
_ADJECTIVES = {
    "black", "white", "red", "green", "blue", "yellow", "orange", "purple", "pink", "brown", "grey", "gray", "gold",
    "golden", "silver", "beige", "turquoise", "violet", "wooden", "metal", "round", "big", "small", "old", "tall",
    "soft", "dark", "light", "bright", "large", "little", "long", "short", "thin", "thick", "shiny", "rusty", "striped",
}  # fmt: skip
_IRREGULAR = {
    "people": "person", "men": "man", "women": "woman", "children": "child", "mice": "mouse", "geese": "goose",
    "feet": "foot", "teeth": "tooth", "leaves": "leaf", "knives": "knife", "shelves": "shelf", "wolves": "wolf",
    "loaves": "loaf", "halves": "half", "bookshelves": "bookshelf", "dice": "die", "cacti": "cactus", "oxen": "ox",
    "movies": "movie", "cookies": "cookie", "pies": "pie", "ties": "tie", "shoes": "shoe", "canoes": "canoe",
    "buses": "bus", "gases": "gas", "scarves": "scarf", "elves": "elf", "dwarves": "dwarf", "thieves": "thief",
    "calves": "calf",
}  # fmt: skip
#: Singulars that end in a single s.
_UNCHANGED = {
    "sheep", "fish", "deer", "canvas", "lens", "gas", "atlas", "christmas",
}  # fmt: skip


def singular(word: str) -> str:
    """One of what ``word`` names: "chairs" to "chair". A word that is no plural comes back as it is."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in _UNCHANGED or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "zzes", "oes")):
        return word[:-2]
    return word[:-1] if len(word) > 2 else word


def _head(phrase: str) -> tuple[str, str]:
    """A noun phrase in two, the first ending with the noun that everything else describes: "bottles", "of wine"."""
    parts = re.split(r"(?= (?:of|made|with|in|from|for|on) )", phrase, maxsplit=1)
    return parts[0], parts[1] if len(parts) > 1 else ""


def _noun(phrase: str) -> str:
    return singular(_head(phrase)[0].rpartition(" ")[2])


def _article(phrase: str) -> str:
    """ "a" or "an", by sound."""
    try:
        from latte3d_core.data.articles import article
    except ImportError:  # of the whole core, which the jobs will miss and tell about
        return "a"
    return article(phrase)


@dataclass
class _Segment:
    """What stands between two connectors: the one before it, and the words."""

    connector: str
    words: str


def _segments(sentence: str) -> list[_Segment]:
    """The sentence cut at its connectors, less those that are part of a noun phrase."""
    # Letters of any language, digits, hyphens and apostrophes make words; the rest parts them.
    tokens = re.findall(r"[^\W_]+(?:[-'’][^\W_]+)*|,", re.sub(r"[.;:!?]", ",", sentence.lower()))
    while tokens[:2] in (["there", "is"], ["there", "are"]):
        tokens = tokens[2:]
    found = [_Segment("", "")]
    at = 0
    while at < len(tokens):
        connector = next((text for text in _CONNECTORS if tokens[at : at + len(text.split())] == text.split()), "")
        after = tokens[at + 1] if at + 1 < len(tokens) else ""
        if connector in _NARROW and after not in _ARTICLES | _PRONOUNS | set(_NUMBERS):
            connector = ""
        if connector:
            if connector in _RELATIONS or connector == _BETWEEN:
                found[-1].words = _without_posture(found[-1].words)
            found.append(_Segment(connector, ""))
            at += len(connector.split())
        else:
            found[-1].words = f"{found[-1].words} {tokens[at]}".strip()
            at += 1
    return _glued(found)


def _without_posture(words: str) -> str:
    *rest, last = words.split() or [""]
    return " ".join(rest) if last in _POSTURES else words


def _glued(segments: list[_Segment]) -> list[_Segment]:
    """Put back together what was cut within a noun phrase: "black | and white cat", "table | with four legs"."""
    result: list[_Segment] = []
    for number, segment in enumerate(segments):
        before = result[-1] if result else None
        after = segments[number + 1] if number + 1 < len(segments) else None
        if before is not None and before.words and segment.words:
            counted, noun = _counted(segment.words), _noun(segment.words)
            adjective = before.words.rpartition(" ")[2] in _ADJECTIVES and counted[0] == 0
            placed = after is not None and after.words.partition(" ")[0] in _PRONOUNS
            part = noun in _PARTS and not placed
            match segment.connector:
                case "and" | ",":
                    belongs = adjective or (part and " with " in before.words)
                case "with":
                    belongs = part
                case "on":
                    belongs = part and noun in _SUPPORTS
                case _:
                    belongs = False
            if belongs:
                joint = ", " if segment.connector == "," else f" {segment.connector} "
                before.words += joint + segment.words
                continue
        result.append(segment)
    return result


def _counted(phrase: str) -> tuple[int, str, bool]:
    """How many, of what, and whether the number is a guess; 0 where the phrase says nothing about it."""
    for word in sorted(_NUMBERS, key=len, reverse=True):
        if phrase.startswith(word + " "):
            rest = phrase[len(word) + 1 :]
            if word == "a pair of" and _head(rest)[0].rpartition(" ")[2] in _PAIRED:
                return 1, phrase.removeprefix("a "), False
            return _NUMBERS[word], rest, word in _VAGUE
    first, _, rest = phrase.partition(" ")
    if first.isdecimal() and rest and len(first) < 7:
        return max(1, int(first)), rest, False
    if first in _ARTICLES and rest:
        inner = _counted(rest)
        return (inner if inner[0] > 1 else (1, rest, False)) if first in ("the", "its", "their") else (1, rest, False)
    return 0, phrase, False


class _Reader:
    """Goes through the segments from left to right and remembers what the next one may refer to."""

    def __init__(self) -> None:
        self.things: list[Thing] = []
        self.notes: list[str] = []
        self.figures: list[int] = []  # named, and not put anywhere yet
        self.anchor = -1  # what "it" and a list after "with" refer to
        self.listing: Relation | None = None  # where a list after "with" stands; None outside one
        self.pending: tuple[Relation, int] | None = None  # "on the table, a lamp and a mug": holds for both
        self.between: list[int] = []  # "between a chair": waits for "and a table"
        self.grounds: list[int] = []
        self.guessed: dict[int, str] = {}  # notes that a later word may make needless

    def read(self, segments: Sequence[_Segment]) -> Scene:
        for segment in segments:
            connector, words = segment.connector, segment.words
            if self.between and not (connector == _AND and words):
                self._put_between()
            if not words or words in _ARTICLES or (words in _PRONOUNS and connector not in _RELATIONS):
                continue
            if self.between:
                self.grounds.append(self._name(words))
                self._put_between()
            elif connector == _BETWEEN:
                self.between, self.grounds = self._placeable(), [self._name(words)]
            elif connector in _RELATIONS:
                self._relate(_RELATIONS[connector], words)
                if connector == "inside":
                    self.notes.append(tr("“inside” cannot be followed, since things are solid: it stands beside."))
            elif connector in _INVERSE:
                self.anchor = self.figures[-1] if self.figures else self.anchor
                self.pending = None
                self.listing, self.figures = _INVERSE[connector], []
                self._enumerate(words)
            else:
                self._enumerate(words)
        if self.between:
            self._put_between()
        return self._scene()

    def _scene(self) -> Scene:
        if not self.things:
            raise PopulateError(
                tr("The sentence names nothing that can be made: write something like “a table with two chairs”.")
            )
        free = [thing.prompt for thing in self.things if thing.relation is Relation.FREE]
        notes = [*self.notes, *self.guessed.values()]
        if len(free) > 1:
            note = tr("The sentence does not say how {things} stand to each other: they stand side by side.")
            things = tr("{things} and {last}").format(things=", ".join(free[:-1]), last=free[-1])
            notes.append(note.format(things=things))
        for thing in self.things:
            check_total(thing.count)
        check_total(sum(thing.count for thing in self.things))
        return Scene(tuple(self.things), tuple(notes))

    def _name(self, words: str) -> int:
        """The thing that ``words`` name: one that was named before if they say "the", else a new one."""
        count, phrase, vague = _counted(words)
        if words.startswith(("the ", "this ", "that ")):
            noun = _noun(phrase)
            known = [index for index, thing in enumerate(self.things) if _noun(thing.prompt) == noun]
            if known:
                return known[-1]
        head, tail = _head(phrase)
        first, _, noun = head.rpartition(" ")
        if count == 0 and noun in _PAIRED:
            count, phrase = 1, f"pair of {phrase}"
        elif count == 0 and singular(noun) != noun:
            count, vague = 3, True
        if count > 1:
            phrase = f"{first} {singular(noun)}".strip() + tail
        # Without an article the words stay as they are: they may be of another language.
        prompt = phrase if count == 0 else f"{_article(phrase)} {phrase}"
        count = max(count, 1)
        self.things.append(Thing(prompt, count))
        if vague:
            note = tr("The sentence does not say how many of “{prompt}”: {count} are made.")
            self.notes.append(note.format(prompt=prompt, count=count))
        return len(self.things) - 1

    def _put(self, figure: int, relation: Relation, ground: int) -> None:
        at = ground
        while at >= 0 and at != figure:
            at = self.things[at].ground
        if at == figure:
            note = tr("The sentence leads in a circle: {prompt} stands where it was first.")
            self.notes.append(note.format(prompt=self.things[figure].prompt))
            return
        self.things[figure] = replace(self.things[figure], relation=relation, ground=ground)
        self.guessed.pop(figure, None)

    def _placeable(self) -> list[int]:
        """What the coming relation places: what was just named, or else what that was placed at."""
        figures = self.figures if self.listing is None else self.figures[-1:]
        return figures or ([self.anchor] if self.anchor >= 0 else [])

    def _relate(self, relation: Relation, words: str) -> None:
        pronoun, _, rest = words.partition(" ")
        figures = self._placeable()
        if pronoun not in _PRONOUNS:
            ground = self._name(words)
            self.listing = None
            self.pending = None if figures else (relation, ground)
        else:
            ground = self.anchor
            if ground < 0 and rest and figures:
                ground = figures[-1]
            elif ground < 0 and len(figures) > 1:
                figures, ground = figures[-1:], figures[-2]
            if rest:  # "and beside it a chair"
                figures = [self._name(rest)]
            if ground < 0:
                note = tr("It is not clear what “{pronoun}” refers to, so those words change nothing.")
                self.notes.append(note.format(pronoun=pronoun))
                return
        for figure in figures:
            self._put(figure, relation, ground)
        self.figures, self.anchor = [], ground

    def _put_between(self) -> None:
        """What something stands between stands on both sides of it."""
        for figure in self.between:
            if len(self.grounds) == 1:
                self._put(self.grounds[0], Relation.BESIDE, figure)
            else:
                self._put(self.grounds[0], Relation.LEFT, figure)
                self._put(self.grounds[1], Relation.RIGHT, figure)
        self.anchor = self.between[-1] if self.between else self.grounds[-1]
        self.figures, self.between, self.grounds, self.listing = [], [], [], None

    def _enumerate(self, words: str) -> None:
        """A thing after "and", a comma or "with"."""
        index = self._name(words)
        if self.pending is not None:
            self._put(index, *self.pending)
        elif self.listing is not None and self.anchor >= 0:
            relation = self.listing
            if relation is Relation.FREE:
                relation = Relation.AROUND if self.things[index].count > 1 else Relation.BESIDE
            self._put(index, relation, self.anchor)
            if self.listing is Relation.FREE and relation is Relation.BESIDE:
                prompt = self.things[index].prompt
                note = tr("“with {prompt}” does not say where: it stands beside.")
                self.guessed[index] = note.format(prompt=prompt)
            self.figures = [index]
        else:
            self.figures.append(index)


def read(sentence: str) -> Scene:
    """Take a sentence apart.

    Raises:
        PopulateError: it names nothing, or too much.
    """
    return _Reader().read(_segments(sentence))


def wishes(scene: Scene) -> tuple[Wish, ...]:
    """The things of a scene as a list, for those who place them otherwise."""
    return tuple(Wish(thing.prompt, thing.count) for thing in scene.things)


# --- places ------------------------------------------------------------------------------------------------------

#: Space between neighbours, metres, and its share of the smaller one's width.
_GAP, _GAP_SHARE = 0.02, 0.1


class Shape(Protocol):
    """What is known of an object: it stands on z = 0, centred on x = y = 0, its front along -Y."""

    @property
    def size(self) -> tuple[float, float, float]:
        """Width, depth and height in metres."""

    def support(self, x: float, y: float, width: float, depth: float) -> float:
        """Height in metres at which something of that footprint, centred on (x, y), would come to rest on it."""


@dataclass(frozen=True)
class Box:
    """Stands in for an object that has not been made yet."""

    size: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def support(self, x: float, y: float, width: float, depth: float) -> float:
        return self.size[2]


@dataclass(frozen=True)
class Spot:
    """Where one object of a scene stands: metres, and radians about the vertical axis."""

    x: float
    y: float
    z: float
    yaw: float = 0.0


@dataclass(frozen=True)
class _Rect:
    """A piece of the floor or of a top: middle and half sides."""

    x: float
    y: float
    w: float
    d: float


def arrange(scene: Scene, shapes: Sequence[Shape]) -> list[list[Spot]]:
    """Stand the things of a scene where the sentence says, the first one at the origin.

    What stands on the floor keeps clear of what else does; what is on or under something belongs to that.

    Arguments:
        shapes: one per thing of the scene.

    Returns:
        for each thing a spot per object.
    """
    return _Arranger(scene, shapes).run()


class _Arranger:
    def __init__(self, scene: Scene, shapes: Sequence[Shape]) -> None:
        self.things, self.shapes = scene.things, shapes
        self.spots: list[list[Spot]] = [[] for _ in scene.things]
        self.taken: dict[int, list[_Rect]] = {}  # by the thing on whose top it is; -1 is the floor

    def run(self) -> list[list[Spot]]:
        for index, thing in enumerate(self.things):
            if thing.ground < 0:
                self._row(index, (1.0, 0.0), Spot(0.0, 0.0, 0.0))
                self._dependants(index)
        return self.spots

    def _dependants(self, ground: int) -> None:
        mine = [index for index, thing in enumerate(self.things) if thing.ground == ground]
        for index in mine:
            self._stand(index, ground)
        for index in mine:
            self._dependants(index)

    def _stand(self, index: int, ground: int) -> None:
        relation = self.things[index].relation
        first, shape = self.spots[ground][0], self.shapes[ground]
        # What is too tall to go under stands before it instead of sticking through.
        tall = relation is Relation.UNDER and self.shapes[index].size[2] > shape.size[2]
        if relation in (Relation.ON, Relation.UNDER) and not tall:
            self._stack(index, ground)
        elif relation is Relation.AROUND:
            self._ring(index, first)
        elif relation is Relation.BESIDE:
            for number in range(self.things[index].count):
                self._row(index, (1.0 - 2.0 * (number % 2), 0.0), first, one=True)
        else:
            directions = {Relation.LEFT: (-1.0, 0.0), Relation.RIGHT: (1.0, 0.0), Relation.BEHIND: (0.0, 1.0)}
            self._row(index, directions.get(relation, (0.0, -1.0)), first)

    def _level(self, index: int) -> list[_Rect]:
        """What is taken where a thing stands: of the floor, or of the top of what it is on or beside something on."""
        thing = self.things[index]
        while thing.ground >= 0 and thing.relation is not Relation.ON:
            thing = self.things[thing.ground]
        return self.taken.setdefault(thing.ground, [])

    def _row(self, index: int, direction: tuple[float, float], origin: Spot, one: bool = False) -> None:
        """A block of the thing's objects (or one of them), moved from ``origin`` that way until nothing is in the way.

        Directions are those of the ground, which may be turned itself.
        """
        width, depth, _ = self.shapes[index].size
        gap = _GAP + _GAP_SHARE * min(width, depth)
        count = 1 if one else self.things[index].count
        columns = count if count <= 4 else math.ceil(math.sqrt(count))
        rows = math.ceil(count / columns)
        block = ((width + gap) * columns / 2, (depth + gap) * rows / 2)
        push = _turned(*direction, origin.yaw)
        level = self._level(index)
        base = _free(level, origin.x, origin.y, push, *_bounds(*block, origin.yaw))
        level.append(base)
        for number in range(count):
            x = (number % columns - (columns - 1) / 2) * (width + gap)
            y = (number // columns - (rows - 1) / 2) * (depth + gap)
            dx, dy = _turned(x, y, origin.yaw)
            self.spots[index].append(Spot(base.x + dx, base.y + dy, origin.z, origin.yaw))

    def _ring(self, index: int, centre: Spot) -> None:
        """Evenly around the ground, each facing it."""
        width, depth, _ = self.shapes[index].size
        gap = _GAP + _GAP_SHARE * min(width, depth)
        count = self.things[index].count
        for number in range(count):
            # Two stand at the narrow ends' sides, as at a table: right and left of it.
            angle = 2 * math.pi * number / count + centre.yaw
            away = (math.cos(angle), math.sin(angle))
            # The front (-Y) of an object turned by yaw looks along (sin yaw, -cos yaw).
            yaw = math.atan2(-away[0], away[1])
            level = self._level(index)
            rect = _free(level, centre.x, centre.y, away, *_bounds((width + gap) / 2, (depth + gap) / 2, yaw))
            level.append(rect)
            self.spots[index].append(Spot(rect.x, rect.y, centre.z, yaw))

    def _stack(self, index: int, ground: int) -> None:
        """On top of the ground's objects or beneath them, shared out evenly."""
        below, hosts = self.shapes[ground], self.spots[ground]
        width, depth, _ = self.shapes[index].size
        thing = self.things[index]
        # All that is on the ground shares its top, whatever it is.
        alike = [
            at for at, other in enumerate(self.things) if (other.ground, other.relation) == (ground, thing.relation)
        ]
        before = sum(self.things[at].count for at in alike if at < index)
        count = sum(self.things[at].count for at in alike)
        for number in range(before, before + thing.count):
            host = hosts[number % len(hosts)]
            mine = len(range(number % len(hosts), count, len(hosts)))
            columns = mine if mine <= 4 else math.ceil(math.sqrt(mine))
            rows = math.ceil(mine / columns)
            at = number // len(hosts)
            x = ((at % columns + 0.5) / columns - 0.5) * below.size[0]
            y = ((at // columns + 0.5) / rows - 0.5) * below.size[1]
            on = thing.relation is Relation.ON
            height = below.support(x, y, width, depth) if on else 0.0
            dx, dy = _turned(x, y, host.yaw)
            self.spots[index].append(Spot(host.x + dx, host.y + dy, host.z + height, host.yaw))
            if on:
                self._level(index).append(_Rect(host.x + dx, host.y + dy, *_bounds(width / 2, depth / 2, host.yaw)))


def _free(taken: Sequence[_Rect], x: float, y: float, direction: tuple[float, float], w: float, d: float) -> _Rect:
    """The nearest free piece of floor with half sides (w, d) on the ray from (x, y) along ``direction``."""
    # For each piece that is taken the ray has one interval in which the two overlap; step over them in turn.
    intervals = []
    for other in taken:
        low, high = -math.inf, math.inf
        for start, way, middle, reach in (
            (x, direction[0], other.x, other.w + w),
            (y, direction[1], other.y, other.d + d),
        ):
            if abs(way) < 1e-12:
                if abs(start - middle) >= reach:
                    low, high = math.inf, -math.inf
            else:
                ends = sorted(((middle - reach - start) / way, (middle + reach - start) / way))
                low, high = max(low, ends[0]), min(high, ends[1])
        if low < high:
            intervals.append((low, high))
    distance = 0.0
    for low, high in sorted(intervals):
        if low - 1e-9 < distance < high:
            distance = high
    return _Rect(x + direction[0] * distance, y + direction[1] * distance, w, d)


def _turned(x: float, y: float, yaw: float) -> tuple[float, float]:
    c, s = math.cos(yaw), math.sin(yaw)
    return c * x - s * y, s * x + c * y


def _bounds(w: float, d: float, yaw: float) -> tuple[float, float]:
    """Half sides, along the axes, of a rectangle with half sides (w, d) that is turned by ``yaw``."""
    c, s = abs(math.cos(yaw)), abs(math.sin(yaw))
    return c * w + s * d, s * w + c * d
