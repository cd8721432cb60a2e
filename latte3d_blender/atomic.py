"""Files that are there whole or not at all. No bpy, and the standard library alone: the build tool uses it as well.

``latte3d_core.files`` does the same for the core, whose errors are sentences of its own.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def replacing(path: Path, *, flush: bool) -> Iterator[BinaryIO]:
    """A stream for what ``path`` is to hold: that is the old file until the body has ended well, then the new one.

    Arguments:
        flush: wait until it is on the disk. Else a power cut may cost the file, but Blender never waits for the disk.

    Raises:
        OSError: no permission, no space...
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            yield stream
            if flush:
                stream.flush()
                os.fsync(stream.fileno())
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write(path: Path, data: bytes, *, flush: bool) -> None:
    """``replacing`` for what is in the memory already."""
    with replacing(path, flush=flush) as stream:
        stream.write(data)
