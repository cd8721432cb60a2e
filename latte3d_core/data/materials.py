"""Procedural materials: colours as functions of place and normal, and the words for them.

A captioned library says little about materials on shapes that do not have them. These functions say it for any shape
("a mossy stone dragon", "a sofa made of marble"): they paint training samples, and the caption is rewritten to say so.
Each is a fixed function of the place, so that the same words on the same shape always mean the same colours. Details
are no finer than about 0.1 core units, which planes of 64 cells can still hold.

Arguments of every pattern: places (N, 3) in the core frame, outward unit normals (N, 3), and the colours (N, 3) that
the surface had before; all return sRGB (N, 3) in [0, 1]. Coverings (moss, snow, rust) keep part of the old colours.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from latte3d_core.data.articles import set_article
from latte3d_core.data.colours import NAMED_COLOURS, named_colours, strip_colours

Pattern = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def noise(places: np.ndarray, frequency: float, shift: float = 0.0) -> np.ndarray:
    """Smooth noise (N,) in about [-1, 1]: products of sines along three skewed directions, two octaves.

    Arguments:
        frequency: waves to a core unit.
    """
    x, y, z = (places * (2 * np.pi * frequency)).T
    first = np.sin(x + 0.7 * y + shift) * np.sin(y - 0.6 * z + 1.3 + shift) + np.sin(z + 0.5 * x + 2.1 - shift)
    second = np.sin(2.1 * x - 1.7 * z + 0.4 + shift) * np.sin(1.9 * y + 1.1 * x + 0.9)
    return (first * 0.6 + second * 0.4) / 1.3


def mixed(first: tuple[float, ...] | np.ndarray, second: tuple[float, ...] | np.ndarray, t: np.ndarray) -> np.ndarray:
    """Colours (N, 3) between two colours by ``t`` (N,), which is clipped to [0, 1]."""
    t = np.clip(t, 0, 1)[:, None]
    return np.asarray(first) * (1 - t) + np.asarray(second) * t


def wood(places: np.ndarray, normals: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Rings about a trunk that leans a little, wavering along it."""
    radius = np.hypot(places[:, 0] + 0.12 * places[:, 1], places[:, 2] + 0.08 * places[:, 1])
    rings = np.sin(2 * np.pi * 5 * radius + 1.2 * noise(places, 0.5))
    return mixed((0.36, 0.21, 0.10), (0.66, 0.44, 0.24), 0.5 + 0.5 * rings)


def marble(places: np.ndarray, normals: np.ndarray, old: np.ndarray) -> np.ndarray:
    """White stone with thin grey veins where a warped wave crosses zero."""
    wave = np.abs(np.sin(np.pi * 1.6 * (places[:, 0] + places[:, 1] * 0.8 + 0.5 * noise(places, 0.7))))
    return mixed((0.42, 0.43, 0.47), (0.94, 0.93, 0.91), wave * 2.6)


def brick(places: np.ndarray, normals: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Rows of red bricks with light mortar, every other row shifted by half a brick."""
    height, length = 0.16, 0.34
    row = np.floor(places[:, 1] / height)
    # Walls face x or z; the joint that runs along the normal would be seen as a plain band.
    along = np.where(np.abs(normals[:, 0]) > np.abs(normals[:, 2]), places[:, 2], places[:, 0]) / length + 0.5 * row
    joint = np.minimum(_from_edge(places[:, 1] / height) * height, _from_edge(along) * length)
    tint = 0.07 * np.sin(row * 2.4 + np.floor(along) * 1.7)
    bricks = np.clip(np.array([0.62, 0.25, 0.18]) + tint[:, None], 0, 1)
    return np.where(joint[:, None] < 0.022, np.array([0.78, 0.74, 0.69]), bricks)


def _from_edge(x: np.ndarray) -> np.ndarray:
    """Distance (N,) to the nearest whole number."""
    return np.abs(x - np.round(x))


def gold(places: np.ndarray, normals: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Yellow metal: a bright sky above, a dark horizon, a warm ground."""
    return _metal(normals, (0.50, 0.33, 0.06), (0.98, 0.80, 0.30))


def silver(places: np.ndarray, normals: np.ndarray, old: np.ndarray) -> np.ndarray:
    """White metal, lit as gold is."""
    return _metal(normals, (0.38, 0.40, 0.44), (0.93, 0.94, 0.96))


def copper(places: np.ndarray, normals: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Red metal, lit as gold is."""
    return _metal(normals, (0.42, 0.17, 0.09), (0.93, 0.58, 0.42))


def _metal(normals: np.ndarray, dark: tuple[float, ...], bright: tuple[float, ...]) -> np.ndarray:
    up = normals[:, 1]
    return mixed(dark, bright, 0.55 + 0.45 * np.sin(np.pi * (up * 1.1 + 0.25)) + 0.15 * up)


def lava(places: np.ndarray, normals: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Black crust with glowing cracks."""
    crack = np.abs(noise(places, 1.0))
    glow = mixed((1.0, 0.85, 0.25), (0.90, 0.22, 0.04), crack / 0.22)
    return np.where(crack[:, None] < 0.24, glow, np.array([0.11, 0.07, 0.07]))


def ice(places: np.ndarray, normals: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Pale blue with white frost on edges of the noise."""
    return mixed((0.52, 0.78, 0.93), (0.92, 0.97, 1.0), 0.5 + 0.9 * noise(places, 0.8))


def stone(places: np.ndarray, normals: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Grey granite: broad mottling and darker specks."""
    mottle = 0.5 + 0.5 * noise(places, 1.1)
    grey = mixed((0.36, 0.36, 0.37), (0.63, 0.62, 0.60), mottle)
    return np.where((noise(places, 2.2, 4.0) > 0.75)[:, None], grey * 0.55, grey)


def sandstone(places: np.ndarray, normals: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Tan beds, one above the other, gently folded."""
    beds = np.sin(2 * np.pi * 3.2 * (places[:, 1] + 0.06 * noise(places, 0.5)))
    return mixed((0.68, 0.50, 0.31), (0.89, 0.76, 0.55), 0.5 + 0.5 * beds)


def jade(places: np.ndarray, normals: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Milky green stone, cloudy."""
    return mixed((0.10, 0.44, 0.28), (0.50, 0.78, 0.58), 0.5 + 0.7 * noise(places, 0.7, 2.0))


def camouflage(places: np.ndarray, normals: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Four flat colours in blots."""
    colours = np.array([[0.20, 0.24, 0.13], [0.36, 0.40, 0.20], [0.55, 0.47, 0.31], [0.10, 0.11, 0.08]])
    which = (noise(places, 0.9) > 0).astype(int) + 2 * (noise(places, 1.1, 2.5) > 0.25).astype(int)
    return colours[which]


def zebra(places: np.ndarray, normals: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Black and white bands that bend."""
    bands = np.sin(2 * np.pi * 2.6 * (places[:, 0] * 0.4 + places[:, 2] + 0.16 * noise(places, 0.7)))
    return np.where((bands > 0)[:, None], np.array([0.93, 0.92, 0.90]), np.array([0.08, 0.08, 0.08]))


def leopard(places: np.ndarray, normals: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Dark rings on tan, where a noise passes a narrow range of values."""
    level = noise(places, 1.5, 1.0)
    fur = np.where((level > 0.62)[:, None], np.array([0.66, 0.42, 0.17]), np.array([0.87, 0.67, 0.36]))
    return np.where(((level > 0.3) & (level < 0.62))[:, None], np.array([0.14, 0.09, 0.06]), fur)


def rainbow(places: np.ndarray, normals: np.ndarray, old: np.ndarray) -> np.ndarray:
    """The spectrum from the foot (red) to the top (violet)."""
    hue = np.clip((places[:, 1] + 0.9) / 1.8, 0, 1) * 0.8
    phase = hue[:, None] * 6 + np.array([0.0, 4.0, 2.0])
    return np.clip(np.abs(phase % 6 - 3) - 1, 0, 1) * 0.82 + 0.1


def moss(places: np.ndarray, normals: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Green on what faces up, thinning out in blots on the sides; below, the old colours."""
    cover = normals[:, 1] + 0.55 * noise(places, 0.9)
    green = mixed((0.16, 0.30, 0.08), (0.40, 0.55, 0.17), 0.5 + 0.5 * noise(places, 1.6))
    return np.where((cover > 0.12)[:, None], green, old * 0.85)


def snow(places: np.ndarray, normals: np.ndarray, old: np.ndarray) -> np.ndarray:
    """White on what faces up; elsewhere the old colours."""
    cover = normals[:, 1] + 0.2 * noise(places, 0.9)
    return np.where((cover > 0.32)[:, None], np.array([0.95, 0.97, 0.99]), old)


def rust(places: np.ndarray, normals: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Brown and orange patches over about two thirds; between them the old colours, dulled."""
    level = noise(places, 1.0, 3.0)
    rusty = mixed((0.30, 0.13, 0.06), (0.72, 0.36, 0.13), 0.5 + 0.8 * noise(places, 1.8))
    dull = old * 0.6 + 0.4 * old.mean(1, keepdims=True) * np.array([0.95, 0.85, 0.75])
    return np.where((level > -0.25)[:, None], rusty, dull)


def stripes(first: np.ndarray, second: np.ndarray) -> Pattern:
    """Level bands of two colours, 0.2 core units high."""
    return lambda places, normals, old: np.where((np.sin(2 * np.pi * 2.5 * places[:, 1]) > 0)[:, None], first, second)


def dots(first: np.ndarray, second: np.ndarray) -> Pattern:
    """Balls of the first colour in a cubic lattice, the rest the second."""

    def paint(places: np.ndarray, normals: np.ndarray, old: np.ndarray) -> np.ndarray:
        cell = places / 0.3
        cell = cell + 0.5 * (np.floor(cell[:, 1:2]) % 2) * np.array([1.0, 0.0, 1.0])
        return np.where((np.linalg.norm(cell - np.floor(cell) - 0.5, axis=1) < 0.36)[:, None], first, second)

    return paint


def checker(first: np.ndarray, second: np.ndarray) -> Pattern:
    """Cubes of two colours, 0.25 core units wide."""

    def paint(places: np.ndarray, normals: np.ndarray, old: np.ndarray) -> np.ndarray:
        # An offset keeps faces at round coordinates from lying on the border of two cubes.
        odd = np.floor((places + 0.037) / 0.25).sum(1) % 2 > 0
        return np.where(odd[:, None], first, second)

    return paint


@dataclass(frozen=True)
class Material:
    """A named material.

    Attributes:
        phrases: how a caption says it; "{}" stands for the object without its article.
        pattern: paints it; None where ``two_tone`` does.
        two_tone: makes the pattern from two colours, which the phrases name as {first} and {second}.
        covering: the object's own colours show through, so that words for them stay in the caption.
    """

    phrases: tuple[str, ...]
    pattern: Pattern | None = None
    two_tone: Callable[[np.ndarray, np.ndarray], Pattern] | None = None
    covering: bool = False


MATERIALS: dict[str, Material] = {
    "wood": Material(("a wooden {}", "a {} made of wood", "a {} carved from wood", "a {} with wood grain"), wood),
    "marble": Material(("a marble {}", "a {} made of marble", "a {} carved from white marble"), marble),
    "brick": Material(("a brick {}", "a {} made of bricks", "a {} built of red brick"), brick),
    "gold": Material(("a gold {}", "a golden {}", "a {} made of gold", "a solid gold {}"), gold),
    "silver": Material(("a silver {}", "a {} made of silver", "a {} of polished silver", "a chrome {}"), silver),
    "copper": Material(("a copper {}", "a {} made of copper", "a bronze {}"), copper),
    "lava": Material(("a lava {}", "a {} made of lava", "a {} of molten lava"), lava),
    "ice": Material(("an ice {}", "a {} made of ice", "a frozen {}", "an icy {}"), ice),
    "stone": Material(("a stone {}", "a {} made of stone", "a granite {}", "a {} carved from rock"), stone),
    "sandstone": Material(("a sandstone {}", "a {} made of sandstone", "a {} carved from sand"), sandstone),
    "jade": Material(("a jade {}", "a {} made of jade", "a {} carved from jade"), jade),
    "camouflage": Material(("a camouflage {}", "a {} in camouflage", "a camo {}", "a {} in army camo"), camouflage),
    "zebra": Material(("a zebra-striped {}", "a zebra print {}", "a {} with zebra stripes"), zebra),
    "leopard": Material(("a leopard print {}", "a {} with leopard spots", "a leopard-spotted {}"), leopard),
    "rainbow": Material(("a rainbow {}", "a rainbow coloured {}", "a {} in rainbow colours"), rainbow),
    "moss": Material(("a mossy {}", "a {} covered in moss", "a {} overgrown with moss"), moss, covering=True),
    "snow": Material(("a snowy {}", "a {} covered in snow", "a snow-covered {}"), snow, covering=True),
    "rust": Material(("a rusty {}", "a {} covered in rust", "a rusted {}", "a {} of rusty metal"), rust, covering=True),
    "stripes": Material(
        (
            "a {first} and {second} striped {}", "a {} with {first} and {second} stripes",
            "a striped {} in {first} and {second}",
        ),
        two_tone=stripes,
    ),
    "dots": Material(
        (
            "a {second} {} with {first} dots", "a {} with {first} polka dots on {second}",
            "a {second} {} dotted in {first}",
        ),
        two_tone=dots,
    ),
    "checker": Material(
        (
            "a {first} and {second} checkered {}", "a {} with a {first} and {second} checker pattern",
            "a {first} and {second} chequered {}",
        ),
        two_tone=checker,
    ),
}  # fmt: skip

_MATERIAL_WORDS = re.compile(
    r"\b(?:wooden|wood|oak|pine wood|beech|metal|metallic|steel|iron|stone|plastic|glass|marble|brick|ceramic|mossy"
    r"|snowy|rusty|icy|golden|gold|silver|bronze|copper)\s+(?!(?:and|of|with|on|in)\b)(?=\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Painted:
    """A caption that names a material, and the pattern that it means."""

    name: str
    caption: str
    pattern: Pattern


def painted(caption: str, rng: np.random.Generator, name: str | None = None) -> Painted:
    """The caption told of a material: ("a brown park bench", ...) -> "a park bench made of marble".

    Arguments:
        name: a key of ``MATERIALS``; default: any.
    """
    name = name or list(MATERIALS)[rng.integers(len(MATERIALS))]
    material = MATERIALS[name]
    text = caption if material.covering else _MATERIAL_WORDS.sub("", strip_colours(caption))
    noun = re.sub(r"^(?:an?|the)\s+", "", text, flags=re.IGNORECASE)
    phrase = material.phrases[rng.integers(len(material.phrases))]
    if material.two_tone is None:
        assert material.pattern is not None
        return Painted(name, set_article(phrase.format(noun)), material.pattern)
    first, second = (list(NAMED_COLOURS)[i] for i in rng.choice(len(NAMED_COLOURS), 2, replace=False))
    pattern = material.two_tone(np.asarray(NAMED_COLOURS[first]), np.asarray(NAMED_COLOURS[second]))
    return Painted(name, set_article(phrase.format(noun, first=first, second=second)), pattern)


#: How prompts name materials, first the ones that say it outright. Words that are mostly parts of other names ("ice
#: cream", "a snow globe", "a lava lamp", "a goldfish") are left out of each.
_WORDS: dict[str, str] = {
    "camouflage": r"\bcamo(?:uflaged?)?\b",
    "zebra": r"\bzebra[- ](?:striped|stripes|print|pattern)",
    "leopard": r"\bleopard[- ](?:print|spots|spotted|pattern)",
    "rainbow": r"\brainbow\b(?! ?(?:trout|fish|bridge))",
    "checker": r"\b(?:checker|chequer|checkered|chequered|checkerboard)\b",
    "dots": r"\bpolka|\bdotted\b|\bdots\b",
    "stripes": r"\bstriped\b|\bstripes\b",
    "moss": r"\bmossy\b|\bmoss-covered\b|\b(?:covered|overgrown) (?:in|with) moss\b",
    "snow": r"\bsnowy\b|\bsnow-covered\b|\bcovered (?:in|with) snow\b",
    "rust": r"\brust(?:y|ed)\b|\bcovered (?:in|with) rust\b",
    "marble": r"\bmarble\b(?! ?(?:cake|run))",
    "sandstone": r"\bsandstone\b|\bcarved from sand\b",
    "jade": r"\bjade\b(?! ?plant)",
    "lava": r"\blava\b(?! ?lamp)|\bmolten\b",
    "ice": r"\bmade of ice\b|\bicy\b|\bfrozen\b(?! (?:food|pizza|yogh?urt|dinner))"
    r"|\ban ice (?!cream|cube|skate|axe|hockey|box|bucket|pop|pick|rink|tea|lolly)",
    "brick": r"\bbricks?\b",
    "gold": r"\bgold(?:en)?\b(?! ?(?:fish|retriever|eagle|rod|digger|gate|ore|mine))",
    "silver": r"\bsilver\b(?!fish|ware| ?(?:fox|\w* ?(?:car|truck|van|suv|sedan|coupe|bike|motorcycle|laptop|phone)))"
    r"|\bchrome\b",
    "copper": r"\bcopper\b|\bbronze\b",
    "wood": r"\bwood(?:en)?\b",
    "stone": r"\bstone\b|\bgranite\b|(?<=carved from )rock\b",
}
_NAMED = re.compile("|".join(rf"(?P<{name}>{words})" for name, words in _WORDS.items()), re.IGNORECASE)
#: The library has wooden chairs, brick houses and stone wells of its own, which look better than a pattern over
#: something else: these count only where the prompt says what the thing is made of.
_NATURAL = ("wood", "brick", "stone")
_MADE_OF = re.compile(r"\b(?:made|built|carved|constructed)\s+(?:out\s+)?(?:of|from)\s+(?:\w+\s+)?$", re.IGNORECASE)
#: What comes behind these words is a part ("a car with gold rims"), unless it is a pattern ("with white stripes") or a
#: clause at the end that says what all is made of ("a house with a roof, built of bricks").
_PART = re.compile(r"\b(?:(?<!covered )(?<!overgrown )with|holding|wearing|carrying|on an?|in an?)\b", re.IGNORECASE)
_PATTERN_CLAUSE = re.compile(r"^with\b[\w\s-]*\b(?:stripes|spots|dots|pattern|grain)\b", re.IGNORECASE)


def named_material(prompt: str) -> str | None:
    """The key of ``MATERIALS`` that a prompt gives to the whole thing, if any. Of several the first that the library
    would not have by itself: "a stone dragon covered in moss" is mossy."""
    prompt = prompt.rstrip(" .,;!?")
    part = _PART.search(prompt)
    if part is not None:
        clause = _PATTERN_CLAUSE.match(prompt[part.start() :]) or _CLAUSES.search(prompt, part.start())
        prompt = prompt[: part.start()] + (clause.group(0) if clause else "")
    names = []
    for match in _NAMED.finditer(prompt):
        name = match.lastgroup
        assert name is not None
        grain = name == "wood" and re.match(r"\s+grain\b", prompt[match.end() :], re.IGNORECASE)
        if name in _NATURAL and not grain and not _MADE_OF.search(prompt[: match.start()]):
            continue
        names.append(name)
    return next((name for name in names if name not in _NATURAL), names[0] if names else None)


_DOTS_COLOUR = re.compile(r"(\w+)\s+(?:polka[- ]?)?dots?\b|dotted in (\w+)", re.IGNORECASE)


def named_pattern(prompt: str) -> Pattern | None:
    """The pattern that a prompt asks for, in its own colours where it names them: "a red and white striped sofa".
    Stripes, dots and checks of no colour at all are left to the library."""
    name = named_material(prompt)
    if name is None:
        return None
    material = MATERIALS[name]
    if material.two_tone is None:
        return material.pattern
    colours = named_colours(prompt)
    if not colours:
        return None
    if name == "dots":
        match = _DOTS_COLOUR.search(prompt)
        dot = next((c for c in named_colours(match.group(0)) if c in colours), None) if match else None
        if dot is not None:
            colours = (dot, *(c for c in colours if c != dot))
    first = colours[0]
    second = colours[1] if len(colours) > 1 else ("white" if first != "white" else "black")
    return material.two_tone(np.asarray(NAMED_COLOURS[first]), np.asarray(NAMED_COLOURS[second]))


_CLAUSES = re.compile(
    r",?\s*\b(?:(?:solid|all|entirely)\s+)?(?:(?:made|built|carved|constructed)\s+(?:out\s+)?(?:of|from)"
    r"|covered\s+(?:in|with)|overgrown\s+with|dotted\s+in|wrapped\s+in|of\s+(?:polished|molten|rusty|solid))\s+(?:\w+\s+)*?\w+$"
    r"|,?\s*\bin\s+(?:(?:army\s+)?camo(?:uflage)?|rainbow\s+colou?rs)$"
    r"|,?\s*\bwith\s+(?:an?\s+)?(?:\w+[ -])*?(?:stripes|spots|grain|dots|pattern)(?:\s+on\s+\w+)?$",
    re.IGNORECASE,
)
_ADJECTIVES = re.compile(
    r"\b(?:solid\s+gold|gold(?:en)?|silver|chrome|copper|bronze|marble|brick|lava|molten|icy|frozen|ice(?!\s+(?:cream|cube))"
    r"|jade|sandstone|granite|camouflaged?|camo|zebra(?:[- ](?:striped|print|patterned))|leopard[- ](?:print|spotted)"
    r"|rainbow(?:[- ]colou?red)?|mossy|snowy|snow-covered|rust(?:y|ed)|striped|chequered|checkered"
    r"|polka[- ]?dot(?:ted)?|dotted)\s+(?!(?:of|with|on|in|at|from)\b)(?=\w)",
    re.IGNORECASE,
)


def subject(prompt: str) -> str:
    """What a prompt is about, without the colours and materials that it names: "a red boat made of ice" -> "a boat".
    A prompt that would lose everything stays as it is."""
    text = strip_colours(_ADJECTIVES.sub("", _CLAUSES.sub("", prompt.rstrip(" .,;!?"))))
    text = re.sub(r"\b(an?|the)\s+and\s+", r"\1 ", text, flags=re.IGNORECASE)
    text = re.sub(r"\s+(?:with|in|and)\s*$", "", re.sub(r"\s{2,}", " ", text)).strip(" ,")
    return set_article(text) if re.search(r"\w", re.sub(r"^(?:an?|the)\b", "", text)) else prompt
