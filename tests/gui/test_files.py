"""What becomes of a job when another file is opened."""

from __future__ import annotations

import pytest
from window import Window

pytestmark = pytest.mark.gui


def test_opening_a_file_stops_the_job(window: Window) -> None:
    """The result must not land in the other file; Retry makes it there."""
    path = str(window.scratch / "other.blend")
    window.run(f"""
        bpy.ops.mesh.primitive_cube_add()
        bpy.context.object.name = "other"
        bpy.ops.wm.save_as_mainfile(filepath={path!r})
    """)
    window.new_file()
    window.run("bpy.ops.latte3d.generate(prompt='SLOW ship')")
    window.wait_for("jobs().active and jobs().active.fraction > 0.0")
    window.run(f"later(lambda: bpy.ops.wm.open_mainfile(filepath={path!r}))")
    window.wait_for("list(bpy.data.objects.keys()) == ['other']")
    assert window.ask("[job.state.value for job in jobs().jobs]") == ["cancelled"]
    assert window.ask("not bpy.data.is_dirty")
    window.open_tab()
    window.shot("other_file", "sidebar")
    window.run("bpy.ops.latte3d.generate(prompt='a ball')")
    window.wait_for("len(bpy.data.objects) == 2")
