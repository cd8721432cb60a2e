"""Numbers and long texts as the interface says them. No bpy here."""

from __future__ import annotations

import re
import textwrap
from functools import lru_cache

from .translations import tr

_ONE = {"prompt": "1 prompt", "place": "1 place", "object": "1 object", "line": "1 line"}
_MANY = {
    "prompt": "{count:,} prompts",
    "place": "{count:,} places",
    "object": "{count:,} objects",
    "line": "{count:,} lines",
}


def quantity(count: int, noun: str) -> str:
    """As "1 prompt" or "1,200 places"."""
    return tr(_ONE[noun] if count == 1 else _MANY[noun]).format(count=count)


def duration(seconds: float) -> str:
    """As "about 40 s" or "about 2 min"."""
    if seconds < 90.0:
        return tr("about {seconds:.0f} s").format(seconds=max(1.0, seconds))
    return tr("about {minutes:.0f} min").format(minutes=seconds / 60.0)


def shortened(text: str, letters: int) -> str:
    """``text`` in one line of at most ``letters`` letters, 2 or more, with "…" in place of what is left out."""
    text = " ".join(text.split())
    return text if len(text) <= letters else text[: letters - 1].rstrip() + "…"


class _Wrapper(textwrap.TextWrapper):
    """Breaks long words behind the separators of a path, and elsewhere only where there are none."""

    def _split(self, text: str) -> list[str]:
        return [piece for chunk in super()._split(text) for piece in re.findall(r"[^/\\]*[/\\]+|[^/\\]+", chunk)]


def lines(text: str, letters: int) -> list[str]:
    """``text`` in lines of at most ``letters`` letters, at least one line."""
    return list(_broken(text, letters))


@lru_cache(maxsize=64)  # panels ask for the same few at every drawing, and a long prompt takes a millisecond
def _broken(text: str, letters: int) -> tuple[str, ...]:
    return tuple(_Wrapper(letters).wrap(text)) or ("",)
