"""Blender with its window for the tests in this folder, or a word why there is none."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for the helper beside this file

import window as driving
from window import MODULE, Window, opened


@pytest.fixture(scope="session")
def installed() -> Iterator[Window]:
    """The extension, installed; no window yet."""
    driver = os.environ.get(driving.DRIVER)
    if not driver:
        pytest.skip(driving.NO_DRIVER)
    with driving.installed(driver, os.environ.get(driving.SHOTS)) as window:
        yield window


@pytest.fixture(scope="module")
def opened_window(installed: Window) -> Iterator[Window]:
    """One Blender for the tests of a file."""
    with opened(installed):
        assert installed.ask(f"{MODULE!r} in bpy.context.preferences.addons")
        # An opaque sidebar beside the view, not over it: pictures end where the panels do.
        installed.run("bpy.context.preferences.system.use_region_overlap = False")
        yield installed


@pytest.fixture
def window(opened_window: Window) -> Window:
    """An empty file, the tab in front, and a new session whose generator is the stand-in."""
    opened_window.new_file()
    opened_window.use_stand_in()
    return opened_window


@pytest.fixture(scope="module")
def real_session(opened_window: Window) -> Window:
    """A session with the core itself, where Blender's Python has what it needs."""
    missing = opened_window.ask(driving.MISSING)
    if missing:
        pytest.skip(f"Blender's Python has no {', '.join(missing)}")
    opened_window.run("module('session').open_session()")
    return opened_window
