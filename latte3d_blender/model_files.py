"""Model files, without torch: which there are, and what their headers say. No bpy here.

``latte3d_core.checkpoint`` reads and checks them for good, but brings in torch, which would hold Blender up for
seconds. Here only the first bytes are read: a safetensors file begins with the length of its JSON header.
"""

from __future__ import annotations

import importlib.util
import json
import struct
from dataclasses import dataclass
from pathlib import Path

#: Larger headers are foreign or damaged; the core has the same limit.
_MAX_HEADER = 100_000_000
SUFFIX = ".safetensors"


def locate(model: str) -> Path | None:
    """The file of a model by path, or by the name of one that comes with the core; None if there is none."""
    path = Path(model)
    if path.is_file():
        return path
    spec = importlib.util.find_spec("latte3d_core")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        shipped = Path(folder) / "weights" / f"{model}{SUFFIX}"
        if shipped.is_file():
            return shipped
    return None


@dataclass(frozen=True)
class About:
    """What a model file says of itself: the core checks it when it loads the model.

    Attributes:
        digest: SHA-256; "" where the file cannot be read or is no LATTE3D model file.
        licences: of what the model learned from, the most common first.
        size: of the file, in bytes; 0 where it cannot be read.
    """

    path: Path
    digest: str = ""
    licences: tuple[str, ...] = ()
    size: int = 0


def about(path: Path) -> About:
    """Read the header of a file."""
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            start = stream.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            raw = stream.read(length) if 0 < length <= _MAX_HEADER else b""
        header = json.loads(json.loads(raw)["__metadata__"]["latte3d"])
        digest, licences = header["sha256"], header.get("licences")
    except OSError:
        return About(path)
    except (ValueError, KeyError, TypeError):
        return About(path, size=size)
    if not isinstance(digest, str):
        return About(path, size=size)
    counts = licences.items() if isinstance(licences, dict) else ()
    known = [(name, count) for name, count in counts if isinstance(count, int)]
    return About(path, digest, tuple(name for name, _ in sorted(known, key=lambda one: -one[1])), size)


def in_folder(folder: Path) -> list[Path]:
    """The model files of a folder, by name."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == SUFFIX and path.is_file())
    except OSError:
        return []


def find_by_digest(wanted: str, models: list[str]) -> str | None:
    """The first of ``models`` (names or paths) whose header names the checksum ``wanted``."""
    for model in models:
        path = locate(model)
        if wanted and path is not None and about(path).digest == wanted:
            return model
    return None
