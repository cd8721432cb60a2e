"""Asset libraries without Blender: tags from prompts, the catalogue file, names of files."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

#: Where the assets are listed in the Asset Browser.
CATALOG = "LATTE3D"
CATALOG_FILE = "blender_assets.cats.txt"
#: The catalogue's own number, the same in every library, so that assets move between libraries and stay in it.
CATALOG_ID = str(uuid.uuid5(uuid.NAMESPACE_URL, "latte3d/catalog"))

_HEADER = "# This is an Asset Catalog Definition file for Blender.\n\nVERSION 1\n\n"

#: Words that say nothing about a thing.
_EMPTY = frozenset((
    "a", "an", "and", "are", "as", "at", "by", "for", "from", "has", "in", "into", "is", "it", "its", "made", "of",
    "on", "or", "out", "that", "the", "their", "this", "to", "under", "very", "with", "without",
))  # fmt: skip
MAX_TAGS = 12


def tags(prompt: str) -> tuple[str, ...]:
    """The words of a prompt that say something, in their order, at most ``MAX_TAGS``."""
    words = re.findall(r"[^\W\d_]+(?:[-'][^\W\d_]+)*", prompt.casefold())
    return tuple(dict.fromkeys(word for word in words if word not in _EMPTY and len(word) > 1))[:MAX_TAGS]


def with_catalog(text: str) -> tuple[str, str]:
    """A catalogue file's text with our catalogue in it, and the number that it has there.

    Arguments:
        text: what the file holds at present; empty if there is none.
    """
    lines = [line.split(":", 2) for line in text.splitlines() if not line.startswith("#")]
    for parts in lines:
        if len(parts) == 3 and parts[1].strip() == CATALOG and _is_id(parts[0]):
            return text, parts[0].strip()
    taken = {parts[0].strip() for parts in lines}
    number = CATALOG_ID if CATALOG_ID not in taken else str(uuid.uuid4())
    text = text or _HEADER
    return f"{text}{'' if text.endswith(chr(10)) else chr(10)}{number}:{CATALOG}:{CATALOG}\n", number


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text.strip())
    except ValueError:
        return False
    return True


def free_path(folder: Path, name: str) -> Path:
    """A .blend file in ``folder`` that does not exist yet; a number is added where ``name`` is taken."""
    stem = re.sub(r'[\x00-\x1f<>:"/\\|?*]+', "_", name).strip(" .")[:80].rstrip(" .") or "LATTE3D Object"
    number = 1
    while True:
        path = folder / f"{stem}{'' if number == 1 else f' {number}'}.blend"
        if not path.exists():
            return path
        number += 1
