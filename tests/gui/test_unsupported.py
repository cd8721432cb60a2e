"""A Blender whose Python no package is made for: the extension can be installed there, says so, and goes again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from window import DEADLINE, MODULE, ROOT, Window, install_with_core, opened

from latte3d_blender.publishing import Workshop, build_lean
from latte3d_blender.wheel_lock import PYTHONS, TARGETS

pytestmark = pytest.mark.gui

#: What the extension has registered.
CLASSES = "[name for name in dir(bpy.types) if name.startswith('LATTE3D_')]"


@pytest.fixture
def lean(installed: Window) -> Iterator[str]:
    """Installs the zip without packages, and gives Blender's Python as "3.14"; puts back what was there."""
    version = installed.python()
    if version in PYTHONS:
        pytest.skip(f"there are packages for Python {version}, which this Blender runs")
    installed.install(build_lean(Workshop(ROOT), installed.scratch, TARGETS))
    yield version
    install_with_core(installed)


def test_a_python_without_packages_is_told_and_harms_nothing(installed: Window, lean: str) -> None:
    with opened(installed):
        installed.run("bpy.context.preferences.system.use_region_overlap = False")
        installed.new_file("runtime")
        refusal = installed.ask("module('runtime_ui').found.refusal")
        assert f"it runs Python {lean}" in refusal and "install the official Blender" in refusal
        installed.shot("unsupported", "sidebar")
        # Pressed all the same, each button answers with a sentence.
        installed.press("latte3d.generate")
        installed.wait_for("jobs().last and jobs().last.state.value == 'failed'")
        assert "Check Setup" in installed.ask("jobs().last.message")
        installed.new_file("setup")
        installed.press("latte3d.check_setup", upwards=True)
        check = "module('doctor_ui').examination()"
        installed.wait_for(f"{check} and not {check}.running", DEADLINE)
        texts = dict(installed.ask(f"[[finding.check, finding.text] for finding in {check}.findings]"))
        assert texts["Runtime"] == refusal
        assert "see above" in texts["Package torch"]
        installed.run(f"bpy.ops.preferences.addon_disable(module={MODULE!r})")
        assert installed.ask(CLASSES) == []
        installed.run(f"bpy.ops.preferences.addon_enable(module={MODULE!r})")
        assert "LATTE3D_PT_main" in installed.ask(CLASSES)
    installed.background("--command", "extension", "remove", "latte3d")
    with opened(installed):
        assert not installed.ask(f"{MODULE!r} in bpy.context.preferences.addons")
        assert installed.ask(CLASSES) == []
