"""Asset libraries without Blender: tags from prompts, the catalogue file, names of files."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterable
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
    lines = [line.split(":", 2) for line in text.splitlines() if not line.lstrip().startswith("#")]
    there = {parts[0].strip().lower(): parts[1].strip() for parts in lines if len(parts) == 3 and _is_id(parts[0])}
    if CATALOG_ID in there:  # perhaps under the artist's name for it
        return text, CATALOG_ID
    for number, path in there.items():
        if path == CATALOG:
            return text, number
    text = text or _HEADER
    end = "\r\n" if "\r\n" in text else "\n"
    return f"{text}{'' if text.endswith(chr(10)) else end}{CATALOG_ID}:{CATALOG}:{CATALOG}{end}", CATALOG_ID


def home_of(blend: str, libraries: Iterable[str]) -> tuple[Path, bool] | None:
    """Where Blender keeps the catalogues of a file, and whether that is a library.

    It is the first library that the file lies in, else the file's own folder; None for a file that has not been saved.

    Arguments:
        blend: absolute path of the file, empty for an unsaved one. libraries: the folders of the asset libraries.
    """
    if not blend:
        return None
    file = Path(os.path.normcase(os.path.normpath(blend)))
    for library in filter(None, libraries):
        if file.is_relative_to(os.path.normcase(os.path.normpath(library))):
            return Path(library), True
    return Path(blend).parent, False


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
