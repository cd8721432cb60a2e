"""What the tests in Blender share. (A conftest must not be imported by name: it would run twice.)"""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MODULE = "bl_ext.user_default.latte3d"
#: The modules of the extension that tests reach into.
MODULES = (
    "blocks", "generate", "insert", "job_operators", "jobs", "jobs_panel", "operators", "panels", "preferences",
    "prepare", "process", "session", "submit", "tasks", "timer", "worker",
    "artist_mesh", "mesh_arrays", "mesh_colors", "mesh_copy", "stylize", "stylize_ui", "uv_choice", "variants",
    "again", "style_ui",
    "blend_task", "blend_ui", "live", "live_ui", "morph", "refine_task", "refine_ui", "refined",
    "thumbnails", "variations", "variations_ui",
    "command_line", "history_files",
    "assets_ui", "doctor", "doctor_ui", "german", "history", "history_ui", "menus_ui", "models_ui", "runtime_ui",
    "storage", "translations",
    "populate", "populate_scene", "populate_ui", "populate_undo",
)  # fmt: skip


class Extension(SimpleNamespace):
    """The modules of the installed extension by name, and what tests do with them."""

    def run(self, prompt: str = "a ball", **settings: Any) -> Any:
        """Generate in the background way and return the object."""
        import bpy

        bpy.ops.latte3d.generate(prompt=prompt, **settings)
        job = self.session.jobs().last
        return bpy.data.objects[job.names[0]]


def in_a_new_blender(script: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process that may import bpy anew, with an empty user profile in ``folder``."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *arguments],
        env={"PATH": "/usr/bin:/bin", "BLENDER_USER_RESOURCES": str(folder / "profile"), "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
    )
