"""Tells transformers which numpy there is, where Blender keeps quiet about it.

transformers asks for the metadata of the packages that it needs and refuses to start without them. Blender's own numpy
may be the bare package: on Linux its build copies ``numpy`` into Blender's Python and no ``.dist-info`` beside it.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
from collections.abc import Iterable
from email.message import Message
from pathlib import Path
from typing import Any


class _Numpy(importlib.metadata.Distribution):
    """The numpy that can be imported."""

    def read_text(self, filename: str) -> str | None:
        import numpy

        if filename != "METADATA":
            return None
        headers = Message()
        headers["Metadata-Version"], headers["Name"], headers["Version"] = "2.1", "numpy", numpy.__version__
        return headers.as_string()

    def locate_file(self, path: str | os.PathLike[str]) -> Any:
        import numpy

        return Path(numpy.__file__).parents[1] / path


class _Finder(importlib.metadata.DistributionFinder):
    """Finds the metadata of numpy and no modules."""

    def find_spec(self, *_: Any) -> None:
        return None

    def find_distributions(self, context: Any = None) -> Iterable[importlib.metadata.Distribution]:
        return [_Numpy()] if getattr(context, "name", None) == "numpy" else []


def ensure_numpy_metadata() -> None:
    """Let ``importlib.metadata`` know the numpy that can be imported, unless it does already."""
    try:
        importlib.metadata.version("numpy")
    except importlib.metadata.PackageNotFoundError:
        sys.meta_path.append(_Finder())
