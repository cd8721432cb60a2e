"""Blender as a module, once per run, with the extension installed from its zip into a throw-away profile.

This folder is collected before tests/core, so that bpy is imported before open3d: both carry a TBB, and the first one
loaded serves both.
"""

from __future__ import annotations

import atexit
import importlib
import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

HAS_BPY = importlib.util.find_spec("bpy") is not None

sys.path.insert(0, str(Path(__file__).parent))  # for the helpers beside this file

if HAS_BPY:
    _profile = tempfile.mkdtemp(prefix="latte3d-tests-")
    atexit.register(shutil.rmtree, _profile, ignore_errors=True)
    os.environ["BLENDER_USER_RESOURCES"] = _profile
    import bpy

from support import MODULE, MODULES, ROOT, Extension  # noqa: E402 - needs the path above


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The extension, installed and enabled by Blender's own installer."""
    if not HAS_BPY:
        pytest.skip("bpy (Blender as a module) is not installed")
    from latte3d_blender.packing import build_extension

    archive = build_extension(ROOT, tmp_path_factory.mktemp("zip"))
    bpy.ops.extensions.package_install_files(repo="user_default", filepath=str(archive), enable_on_install=True)
    yield importlib.import_module(MODULE)
    if MODULE in bpy.context.preferences.addons:
        bpy.ops.preferences.addon_disable(module=MODULE)  # Blender 4.2 crashes at exit otherwise


@pytest.fixture
def extension(installed: ModuleType) -> Iterator[Extension]:
    """A fresh file and a fresh session whose generator is the stand-in."""
    import fake_core

    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    modules = {name: importlib.import_module(f"{MODULE}.{name}") for name in MODULES}
    modules["session"].open_session(modules["worker"].ThreadBackend(fake_core.load))
    yield Extension(**modules)
    modules["session"].open_session()


@pytest.fixture
def separate(extension: Extension) -> Extension:
    """As ``extension``, with the stand-in in a separate process."""
    import fake_core

    extension.session.open_session(extension.process.ProcessBackend(fake_core.load))
    return extension
