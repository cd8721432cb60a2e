"""The door to Open3D."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from latte3d_core import _open3d
from latte3d_core.errors import DependencyError


def test_missing_open3d_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "open3d", None)
    with pytest.raises(DependencyError, match="open3d-cpu"):
        _open3d.load_open3d()


def test_open3d_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise ImportError("libusb-1.0.so.0: cannot open shared object file")

    monkeypatch.delitem(sys.modules, "open3d", raising=False)
    monkeypatch.setattr(_open3d.importlib, "import_module", fail)
    with pytest.raises(DependencyError, match="libusb"):
        _open3d.load_open3d()


def test_drawing_packages_are_stood_in_for_and_taken_away_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With a package that imports what Open3D's drawing module imports, on a system without plotly and dash."""
    (tmp_path / "open3d.py").write_text(
        "import plotly.graph_objects as go\nfrom dash import Dash, dcc, html\nseen = go.__name__\n"
    )
    kept = [name for name in sys.modules if name.partition(".")[0] in {"open3d", "plotly", "dash"}]
    for name in kept:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(_open3d, "_load_blenders_tbb", lambda: None)
    find = importlib.util.find_spec
    monkeypatch.setattr(
        _open3d.importlib.util, "find_spec", lambda name: None if name in {"plotly", "dash"} else find(name)
    )
    monkeypatch.syspath_prepend(tmp_path)
    try:
        assert _open3d.load_open3d().seen == "plotly.graph_objects"
        assert not {"plotly", "plotly.graph_objects", "dash"} & set(sys.modules)
    finally:
        sys.modules.pop("open3d", None)


@pytest.mark.skipif(importlib.util.find_spec("bpy") is None, reason="bpy is not installed")
def test_blender_can_be_imported_after_open3d() -> None:
    """Their two versions of libtbb must not get in each other's way, whichever module comes first."""
    code = "from latte3d_core._open3d import load_open3d; load_open3d(); import bpy; print(bpy.app.version_string)"
    root = Path(_open3d.__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()[0].isdigit()
