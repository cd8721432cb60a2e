"""The texts of the interface in other languages. English is in the code, where the texts are used.

Blender looks names, tooltips, labels and whole reports up by itself, in its own table first, where "Fast" is German
for something else. So names of classes and properties and all that goes through ``tr`` have a context of their own. A
sentence that is put together goes through ``tr`` first, with its gaps in braces, as in
``tr("{count} jobs").format(count=3)``.

What is said on the worker, in the setup check, in an installation of the runtime and by the core is English where it is
made, for nothing there may ask Blender. Where it is shown it goes through ``retold``, which knows such a sentence again
by its words.

Reports go to the authors and are English: what ``tr`` gives remembers the English, and ``english`` asks for it.

No bpy at the top, see ``tasks``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from string import Formatter
from typing import Any

from .german import GERMAN
from .german_worker import SENTENCES as GERMAN_SENTENCES


@dataclass(frozen=True)
class Language:
    """One language, by the English.

    Attributes:
        texts: what the interface shows, for ``tr`` and for Blender itself.
        sentences: what is said elsewhere, for ``retold``.
    """

    texts: Mapping[str, str]
    sentences: Mapping[str, str]


#: The languages by Blender's codes for them: some versions name the country, some do not.
LANGUAGES = {("de_DE", "de"): Language(GERMAN, GERMAN_SENTENCES)}

#: That of the extension, in which Blender's own table has nothing, and that of labels and tooltips.
CONTEXT = "LATTE3D"
CONTEXTS = (CONTEXT, "*")


class Said(str):
    """A text in the language of the interface. To other processes it goes as a plain text.

    Attributes:
        english: the same in English.
    """

    english: str

    def __new__(cls, text: str, english: str) -> Said:
        said = super().__new__(cls, text)
        said.english = english
        return said

    def format(self, *values: object, **named: object) -> Said:
        plain = {name: english(value) if isinstance(value, str) else value for name, value in named.items()}
        return Said(super().format(*values, **named), self.english.format(*values, **plain))

    def strip(self, chars: str | None = None, /) -> Said:
        return Said(super().strip(chars), self.english.strip(chars))

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)


def english(text: str) -> str:
    """``text`` as a report has it."""
    return text.english if isinstance(text, Said) else text


def tr(text: str) -> str:
    """``text`` in the language of the interface; as it is where there is no translation. On the main thread only.

    A text that is none of ours is one of Blender's own, such as the name of a mode.
    """
    # Looked up, not imported: a process without Blender is not to load one.
    bpy: Any = sys.modules.get("bpy")
    if bpy is None or isinstance(text, Said):
        return text
    return Said(bpy.app.translations.pgettext_iface(text, CONTEXT if _ours(text) else "*"), text)


def _ours(text: str) -> bool:
    """Whether there is a translation here. Every language has them for the same English."""
    return text in GERMAN or text in GERMAN_SENTENCES


def retold(text: str) -> str:
    """What was said elsewhere, filled in already, in the language of the interface; as it is where nobody knows it, or
    where it is in that language already.

    Several sentences with spaces between are retold one after the other, as far as they are known from the first on.
    On the main thread only.
    """
    if isinstance(text, Said) or not _foreign():
        return text
    ends = [end.start() for end in re.finditer(r"(?<=[.!?]) ", text)]
    head = max((text[:end] for end in (len(text), *reversed(ends))), key=_weight)  # of equals the longest, the first
    if _weight(head) == 0:
        return text
    said, known = tr(head), _recognised(head)
    if said == head and known is not None:
        template, values = known
        said = tr(template).format(**{name: _Value(value) for name, value in values.items()})
    rest = text[len(head) + 1 :]
    return Said(f"{said} {retold(rest)}" if rest else said, text)


def _weight(text: str) -> int:
    """How many letters of ``text`` are words that have a translation; 0 for a text that nobody knows."""
    if _ours(text) and tr(text) != text:
        return len(text)
    known = _recognised(text)
    return 0 if known is None else len(text) - sum(map(len, known[1].values()))


class _Value(str):
    """What a gap of a sentence was filled with. As ``{name:retold}`` it is retold itself."""

    def __format__(self, form: str) -> str:
        return retold(str(self)) if form == "retold" else str(self)


def _foreign() -> bool:
    """Whether the interface has another language that knows such sentences: a look at one tells of all."""
    sentence = next(iter(GERMAN_SENTENCES))
    return tr(sentence) != sentence


@lru_cache(maxsize=256)  # panels ask for the same few at every drawing
def _recognised(text: str) -> tuple[str, dict[str, str]] | None:
    """The English sentence with gaps that ``text`` is, and what fills them; of several the one with most words."""
    for template, literals in _templates():
        if all(literal in text for literal in literals):
            found = _pattern(template).fullmatch(text)
            if found is not None:
                return template, found.groupdict()
    return None


@cache
def _templates() -> list[tuple[str, list[str]]]:
    """All English sentences with gaps, those with most words first, and what stands between the gaps of each."""
    found = [
        (sentence, [literal for literal, *_ in Formatter().parse(sentence)])
        for sentence in GERMAN_SENTENCES
        if "{" in sentence
    ]
    return sorted(found, key=lambda item: -sum(map(len, item[1])))


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """What a sentence with gaps looks like when they are filled."""
    parts = [
        re.escape(literal) + (f"(?P<{name}>.*?)" if name is not None else "")
        for literal, name, _, _ in Formatter().parse(template)
    ]
    return re.compile("".join(parts), re.DOTALL)


def claim(classes: Iterable[type]) -> None:
    """Let Blender look the names of classes and of their properties up in ``CONTEXT``, once they are registered."""
    import bpy

    for cls in classes:
        if issubclass(cls, (bpy.types.Operator, bpy.types.Panel, bpy.types.Menu)):
            setattr(cls, "bl_translation_context", CONTEXT)  # noqa: B010 - no attribute that mypy knows
        for prop in getattr(cls, "__annotations__", {}).values():
            if isinstance(given := getattr(prop, "keywords", None), dict):
                given["translation_context"] = CONTEXT


def table() -> dict[str, dict[tuple[str, str], str]]:
    """All texts, as ``bpy.app.translations.register`` wants them."""
    found = {}
    for codes, language in LANGUAGES.items():
        entries = {(context, text): said for text, said in language.texts.items() for context in CONTEXTS}
        entries.update({(CONTEXT, sentence): said for sentence, said in language.sentences.items()})
        found.update(dict.fromkeys(codes, entries))
    return found


def register() -> None:
    import bpy

    bpy.app.translations.register(__package__, table())


def unregister() -> None:
    import bpy

    bpy.app.translations.unregister(__package__)
