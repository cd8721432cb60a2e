"""Where the extension keeps files of its own: one folder of the user's, which outlives updates of the extension.

history.jsonl   the prompts        (``history``), unless the preferences name another folder for these two
pictures/       their pictures
models/         imported models, unless the preferences name another folder
"""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Iterable
from pathlib import Path

import bpy

log = logging.getLogger(__name__)

HISTORY, PICTURES, MODELS = "history.jsonl", "pictures", "models"


def user_folder() -> Path:
    """The folder, made if need be. Where Blender has none for us, as when the modules are registered by hand, or
    cannot make it, a temporary one that is the same for the whole session."""
    try:
        path = bpy.utils.extension_path_user(__package__, create=True)
    except (ValueError, OSError) as error:
        log.debug("no user folder: %s", error)
        path = ""
    if path:  # empty if Blender could not make it
        return Path(path)
    folder = Path(bpy.app.tempdir or tempfile.gettempdir()) / "latte3d"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def size_of(files: Iterable[Path]) -> int:
    """Bytes of ``files``. Those that are not there or cannot be looked at are not counted."""
    total = 0
    for path in files:
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total


def size_text(size: int) -> str:
    """Bytes in words, as "37.8 MB"."""
    if size >= 1e9:
        return f"{size / 1e9:,.1f} GB"
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.0f} kB"
