"""The one door to Open3D, which is imported late and only by the steps that need it.

Two things make a bare ``import open3d`` unfit here:

- Its drawing module imports plotly and dash, a web server and a plotting library that nothing here uses. They stand
  in as empty modules for the time of the import, where they are not installed.
- On Linux it carries an older libtbb.so.12 than Blender as a module (``bpy``) does, and the first one loaded serves
  both. So Blender's is loaded first where ``bpy`` is installed and not imported yet.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from latte3d_core.errors import DependencyError

_LOCK = threading.Lock()


def load_open3d() -> Any:
    """The ``open3d`` module. Safe to call from any thread and as often as you like.

    Raises:
        DependencyError: it is not installed, or a library of the system that it needs is missing.
    """
    with _LOCK:
        loaded = sys.modules.get("open3d")
        if loaded is not None:
            return loaded
        _load_blenders_tbb()
        try:
            with _stand_ins():
                return importlib.import_module("open3d")
        except ModuleNotFoundError as error:
            raise DependencyError(
                "Open3D is not installed; install the package open3d-cpu (on Windows and macOS: open3d)."
            ) from error
        except (ImportError, OSError) as error:
            raise DependencyError(f"Open3D does not start ({error}); install the library that it names.") from error


def _load_blenders_tbb() -> None:
    """Load the libtbb of an installed but not yet imported ``bpy``, so that both modules can live in one process."""
    if not sys.platform.startswith("linux") or "bpy" in sys.modules:
        return
    # find_spec of a top-level name looks for the package without running it.
    spec = importlib.util.find_spec("bpy")
    if spec is None or spec.origin is None:
        return
    for library in sorted((Path(spec.origin).parent / "lib").glob("libtbb.so.12")):
        ctypes.CDLL(str(library))


@contextmanager
def _stand_ins() -> Iterator[None]:
    """Put empty ``plotly`` and ``dash`` modules in place of missing ones while the body runs.

    They are taken away again: other packages look into ``sys.modules`` to learn what is installed.
    """
    added: list[str] = []

    def add(name: str, **attributes: Any) -> ModuleType:
        module = ModuleType(name)
        module.__dict__.update(attributes)
        sys.modules[name] = module
        added.append(name)
        return module

    try:
        if importlib.util.find_spec("plotly") is None:
            add("plotly", __path__=[], graph_objects=add("plotly.graph_objects"))
        if importlib.util.find_spec("dash") is None:
            add("dash", html=None, dcc=None, Dash=None)
        yield
    finally:
        for name in added:
            sys.modules.pop(name, None)
