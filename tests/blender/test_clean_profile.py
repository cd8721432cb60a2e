"""What a new user does, with the real packages: install the zip, enable it, generate, and get rid of it all again.

Blender runs as a module in a Python that has Blender's own packages and no others, once for each start of Blender; a
module always begins with factory settings, so the extension is enabled each time. The user's folder has blanks and
umlauts in its path. Needs the wheels: ``python3 build.py wheels``.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import subprocess
import sys
import textwrap
import venv
from pathlib import Path

import pytest
from support import MODULE, ROOT

from latte3d_blender import publishing
from latte3d_blender.publishing import Workshop
from latte3d_blender.runtime_pack import this_platform
from latte3d_blender.wheel_lock import TARGETS, LockError, Target, is_complete

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("bpy") is None, reason="bpy (Blender as a module) is not installed"),
]

#: At the begin of each start of Blender: ``ops``, ``prefs``, ``module("name")``.
PRELUDE = f"""
import importlib, os, sys, bpy
MODULE, ops, prefs = {MODULE!r}, bpy.ops, bpy.context.preferences
def module(name):
    return importlib.import_module(MODULE + "." + name)
def generate(prompt):
    ops.latte3d.generate(prompt=prompt)
    job = module("session").jobs().last
    obj = bpy.data.objects[job.names[0]]
    images = [node.image for node in obj.active_material.node_tree.nodes if node.type == "TEX_IMAGE"]
    assert 1000 < len(obj.data.polygons) <= 5000 and len(obj.data.uv_layers) == 1, obj.data
    assert images and all(image.packed_file for image in images)
    size = max(obj.dimensions)
    assert 0.1 < size < 20, size
    print("GENERATED", obj.name)
def check():
    ops.latte3d.check_setup()
    print(module("doctor_ui").report_text())
    findings = module("doctor_ui").examination().findings
    return [finding.text for finding in findings if finding.state == module("doctor").FAULT]
def disable():
    ops.preferences.addon_disable(module=MODULE)
    left = [name for name in dir(bpy.types) if name.startswith("LATTE3D")]
    assert not left and not hasattr(bpy.types.Scene, "latte3d") and MODULE not in prefs.addons, left
def uninstall():
    repos = [repo.module for repo in prefs.extensions.repos]
    ops.extensions.package_uninstall(repo_index=repos.index("user_default"), pkg_id="latte3d")
"""

#: Ends without Blender's own clean-up: 4.2 as a module crashes there after any property with an update function.
END = """
print("ALL IS WELL")
sys.stdout.flush()
os._exit(0)
"""

INSTALL = """
ops.extensions.package_install_files(repo="user_default", filepath=sys.argv[1], enable_on_install=True)
assert MODULE in prefs.addons
"""

LEAN_WITHOUT_RUNTIME = """
try:
    ops.latte3d.generate(prompt="a wooden chair")
except RuntimeError as error:
    assert "Check Setup" in str(error), error
else:
    raise AssertionError("made without a runtime")
faults = check()
assert any("install the runtime" in text for text in faults), faults
"""

INSTALL_RUNTIME = """
assert ops.latte3d.install_runtime(filepath=sys.argv[2]) == {"FINISHED"}
generate("a wooden chair")
assert check() == []
"""

#: The second start: what was installed is in use at once. Its files are in use, so they go at the next start.
AGAIN = """
ops.preferences.addon_enable(module=MODULE)
generate("a red sports car")
assert ops.latte3d.remove_runtime() == {"FINISHED"}
"""

REMOVE = """
ops.preferences.addon_enable(module=MODULE)
tidying = module("runtime_ui")._tidying
if tidying is not None:
    tidying.join()
home = bpy.utils.extension_path_user(MODULE)
kept = [name for _, _, names in os.walk(os.path.join(home, "runtime")) for name in names]
assert kept == [], kept
assert check() != []
disable()
uninstall()
"""

FULL = """
generate("a wooden chair")
assert check() == []
"""

FULL_AGAIN = """
ops.preferences.addon_enable(module=MODULE)
generate("a red sports car")
disable()
"""

FULL_REMOVE = """
uninstall()
"""


class Profile:
    """A user's folder, a Python with Blender in it, and Blender started again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "Profil für Häuser"
        self.folder.mkdir()
        environment = folder / "python"
        venv.create(environment, with_pip=False, symlinks=True)
        tag = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        self.python = environment / "bin" / "python"
        self.site = environment / "lib" / tag / "site-packages"
        self.link("bpy")

    def link(self, package: str) -> None:
        """Show the new Python an installed package and what that needs."""
        found = importlib.metadata.distribution(package)
        for top in {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__")}:
            link = self.site / top
            if not link.exists():
                link.symlink_to(Path(str(found.locate_file(top))))
        for requirement in found.requires or ():
            if "extra ==" not in requirement:
                name = re.match(r"[\w.-]+", requirement)
                assert name is not None
                if importlib.util.find_spec(_module(name[0])) is not None:
                    self.link(name[0])

    def start(self, script: str, *arguments: str) -> str:
        """Run a script in a new Blender; returns what it printed."""
        run = subprocess.run(
            [str(self.python), "-c", PRELUDE + textwrap.dedent(script) + END, *arguments],
            env={"PATH": "/usr/bin:/bin", "BLENDER_USER_RESOURCES": str(self.folder), "HOME": str(self.folder.parent)},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert run.returncode == 0 and "ALL IS WELL" in run.stdout, f"{run.stdout}\n{run.stderr}"
        return run.stdout

    def left(self) -> set[str]:
        """Files that are not Blender's own notes and preferences."""
        own = {"compat.dat", "userpref.blend"}
        files = [path for path in self.folder.rglob("*") if not path.is_dir() and path.name not in own]
        return {str(path.relative_to(self.folder)) for path in files}


def _module(package: str) -> str:
    return {"attrs": "attr", "cython": "Cython"}.get(package.lower(), package.replace("-", "_"))


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    if sys.platform != "linux":
        pytest.skip("the clean Python is made of links, as on Linux")
    return Profile(tmp_path)


def target_with_wheels(shop: Workshop, accelerators: tuple[str, ...]) -> Target:
    """The first target for this Python whose wheels are all here."""
    why = []
    for accelerator in accelerators:
        target = Target(this_platform(), f"{sys.version_info[0]}.{sys.version_info[1]}", accelerator)
        try:
            missing = [wheel for wheel in shop.select(target) if not is_complete(wheel, shop.wheels)]
        except LockError as error:
            why.append(str(error))
            continue
        if not missing:
            return target
        words = f"--platform {target.platform} --python {target.python} --accelerator {accelerator}"
        why.append(f"{len(missing)} wheels are not here: python3 build.py wheels {words}")
    pytest.skip("; ".join(why))


def test_lean_zip_and_runtime_come_and_go(profile: Profile, tmp_path: Path) -> None:
    shop = Workshop(ROOT)
    target_with_wheels(shop, ("cpu", "cuda"))
    archive = publishing.build_lean(shop, tmp_path, TARGETS)
    profile.start(INSTALL + LEAN_WITHOUT_RUNTIME + INSTALL_RUNTIME, str(archive), str(shop.wheels))
    profile.start(AGAIN)
    profile.start(REMOVE)
    assert profile.left() == set()


def test_full_zip_comes_and_goes(profile: Profile, tmp_path: Path) -> None:
    shop = Workshop(ROOT)
    archive = publishing.build_full(shop, tmp_path, target_with_wheels(shop, ("cpu",)), own_use=True)
    profile.start(INSTALL + FULL, str(archive))
    profile.start(FULL_AGAIN)
    profile.start(FULL_REMOVE)
    # Blender takes away what it has unpacked, folders and files: what Python has compiled of a module that is a single
    # file stays, and is never read again.
    left = {path for path in profile.left() if "site-packages/__pycache__" not in path}
    assert left == set()
