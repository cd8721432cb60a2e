"""Model files, without torch: which there are, and the checksum that their headers name. No bpy here.

``latte3d_core.checkpoint`` reads and checks them for good, but brings in torch, which would hold Blender up for
seconds. Here only the first bytes are read: a safetensors file begins with the length of its JSON header.
"""

from __future__ import annotations

import importlib.util
import json
import struct
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


def digest(path: Path) -> str:
    """The SHA-256 that the file's header names; "" where it cannot be read or is no LATTE3D model file.

    It is what the file says of itself: the core checks it when it loads the model.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            raw = stream.read(length) if 0 < length <= _MAX_HEADER else b""
        value = json.loads(json.loads(raw)["__metadata__"]["latte3d"])["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return value if isinstance(value, str) else ""


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
        if wanted and path is not None and digest(path) == wanted:
            return model
    return None
