"""Writing files whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from latte3d_core.errors import OutputError


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file that is either the old one or the whole new one, even if the machine stops halfway.

    Raises:
        OutputError: no permission, no space...
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}; free space or choose another place.") from error
    finally:
        with contextlib.suppress(OSError):  # the folder itself is out of reach: nothing was written there
            temporary.unlink(missing_ok=True)
