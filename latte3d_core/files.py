"""Writing files whole or not at all."""

from __future__ import annotations

import contextlib
import glob
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from latte3d_core.errors import OutputError


def remove_leftovers(path: Path) -> None:
    """Remove what writers of ``path`` left beside it when they were killed; none may be at work on it."""
    for temporary in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        with contextlib.suppress(OSError):
            temporary.unlink()


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file that is either the old one or the whole new one, even if the machine stops halfway.

    Raises:
        OutputError: no permission, no space...
    """
    with open_atomically(path) as stream:
        stream.write(data)


@contextlib.contextmanager
def open_atomically(path: Path) -> Iterator[BinaryIO]:
    """As ``write_atomically``, for what is written piece by piece: the file appears when the body has ended well."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}; free space or choose another place.") from error
    finally:
        with contextlib.suppress(OSError):  # the folder itself is out of reach: nothing was written there
            temporary.unlink(missing_ok=True)
