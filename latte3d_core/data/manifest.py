"""Asset folders: a ``manifest.jsonl`` and the GLB files it names.

Each line is one JSON object with at least ``id``, ``file`` and ``captions`` (a non-empty list of strings);
``category``, ``licence``, ``author``, ``source`` and ``front`` are read when present. Assets are Y up and centred, with
a largest half-extent of about 0.9 (``targets.load_asset`` normalises the rest).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from latte3d_core.errors import AssetError

#: An asset whose id hashes to 0 modulo this number is never trained on.
HOLD_OUT_MODULUS = 20


@dataclass(frozen=True)
class Asset:
    """One line of a manifest. ``path`` is where the GLB lies; ``captions`` holds at least one text."""

    id: str
    path: Path
    captions: tuple[str, ...]
    category: str = ""
    licence: str = ""
    author: str = ""
    source: str = ""
    front: str = "unknown"

    @property
    def held_out(self) -> bool:
        """The hold-out rule: the SHA-256 of the UTF-8 id, read as one big-endian integer, is 0 modulo 20."""
        return int.from_bytes(hashlib.sha256(self.id.encode()).digest(), "big") % HOLD_OUT_MODULUS == 0


def read_manifest(folder: str | Path) -> tuple[list[Asset], list[str]]:
    """Read one asset folder.

    Returns:
        The usable assets in file order, and one sentence for each line that is not usable.

    Raises:
        AssetError: the folder has no readable manifest.
    """
    folder = Path(folder)
    manifest = folder / "manifest.jsonl"
    try:
        lines = manifest.read_bytes().split(b"\n")
    except OSError as error:
        raise AssetError(
            f"No asset manifest at {manifest}: {error.strerror}; name a folder with a manifest.jsonl."
        ) from error
    assets: list[Asset] = []
    problems: list[str] = []
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            asset = _parse(line, folder)
            if asset.id in seen:
                raise ValueError(f"the id {asset.id!r} stands there twice")
            if not _is_file(asset.path):
                raise ValueError(f"its file {asset.path.name[:80]!r} is missing")
        except ValueError as error:
            problems.append(f"{manifest} line {number}: {error}.")
            continue
        seen.add(asset.id)
        assets.append(asset)
    return assets, problems


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that no file can have
        return False


def _parse(line: bytes, folder: Path) -> Asset:
    try:
        row = json.loads(line.decode("utf-8"))
        json.dumps(row, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except (UnicodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError("not a line of UTF-8 JSON") from error
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    for key in ("id", "file"):
        if not isinstance(row.get(key), str) or not row[key]:
            raise ValueError(f"{key!r} is missing or not a string")
    captions = row.get("captions")
    if not isinstance(captions, list) or not captions or not all(isinstance(c, str) and c.strip() for c in captions):
        raise ValueError("'captions' is missing or not a list of texts")
    path = folder / row["file"]
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"its file {row['file']!r} lies outside the folder")
    text = {k: row[k] for k in ("category", "licence", "author", "source", "front") if isinstance(row.get(k), str)}
    return Asset(id=row["id"], path=path, captions=tuple(captions), **text)
