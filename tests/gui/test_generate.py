"""From the sidebar to the scene with mouse and keys: generate, undo, redo, cancel, the line of jobs, Edit Mode."""

from __future__ import annotations

import pytest
from window import TAB, Window

pytestmark = pytest.mark.gui

MESHES = "[obj.name for obj in bpy.data.objects if obj.type == 'MESH']"


def generate(window: Window, prompt: str, before: str = "a red sports car") -> tuple[int, int]:
    """Type the prompt over ``before`` and press Generate; returns the button's place."""
    window.fill(before, prompt)
    return window.press("latte3d.generate")


def test_the_tab_is_found_by_its_label(window: Window) -> None:
    """Closed sidebar, N over the view, and then a click on each label until the tab is in front."""
    window.run("""
        region("UI").active_panel_category = "View"
        view()[1].spaces.active.show_region_ui = False
    """)
    window.view_key("n")
    window.wait_for("region('UI').width > 50")
    left, top, width, height = window.ask("box('UI')")
    for y in range(top + 20, top + min(height, 500), 25):
        window.click(left + width - 10, y)
        if window.ask("region('UI').active_panel_category") == TAB:
            break
    window.wait_for(f"region('UI').active_panel_category == {TAB!r}", 10.0)
    window.shot("panel", "sidebar")


def test_generate_undo_redo(window: Window) -> None:
    window.run("bpy.context.scene.cursor.location = (1.0, 2.0, 0.5)")
    generate(window, "a blue ball")
    assert window.ask("bpy.context.scene.latte3d.prompt") == "a blue ball"
    (name,) = window.wait_for(MESHES)
    assert window.ask("list(bpy.context.object.location)") == [1.0, 2.0, 0.5]
    assert window.ask("[obj.name for obj in bpy.context.selected_objects]") == [name]
    faces = window.ask("len(bpy.context.object.data.polygons)")
    assert faces > 1000
    assert window.ask("sorted([image.packed_file is not None, image.users] for image in bpy.data.images)") == [
        [True, 1],
        [True, 1],
    ]

    window.view_key("ctrl+z")
    window.wait_for(f"not {MESHES}")
    assert window.ask("bpy.context.scene.latte3d.prompt") == "a blue ball"  # the insertion is one step, and the last
    window.view_key("ctrl+shift+z")
    assert window.wait_for(MESHES) == [name]
    assert window.ask(f"len(bpy.data.objects[{name!r}].data.polygons)") == faces
    # An image that cannot be read has no size.
    assert window.ask(f"bpy.data.objects[{name!r}].active_material.node_tree.nodes.active.image.size[0]") == 256


def test_generate_while_something_is_generated(window: Window) -> None:
    """The button stays, and the second job waits in line."""
    generate(window, "SLOW bus")
    window.wait_for("jobs().active and jobs().active.state.value == 'running'")
    window.fill("SLOW bus", "a ball")
    window.press("latte3d.generate")
    window.wait_for("len(jobs().open) == 2")
    window.run("jobs().cancel(jobs().active)")
    assert window.wait_for(MESHES) == ["a ball"]


def test_cancel_in_the_middle(window: Window) -> None:
    _, y = generate(window, "SLOW ship")
    window.wait_for("jobs().active and 0.0 < jobs().active.fraction < 1.0")
    window.shot("running", "sidebar")
    window.press("latte3d.cancel", column=0.9, below=y + 24)
    window.wait_for("jobs().last and jobs().last.state.value == 'cancelled'")
    generate(window, "a ball", before="SLOW ship")
    assert window.wait_for(MESHES) == ["a ball"]


def test_the_line_of_jobs(window: Window) -> None:
    """Three jobs: the last is moved ahead, then all are stopped by the button under the list."""
    window.run("""
        for prompt in ("SLOW lighthouse", "a small red house with a very long description of its garden", "a tree"):
            bpy.ops.latte3d.generate(prompt=prompt)
    """)
    window.wait_for("jobs().active.state.value == 'running'")
    third = window.ask("jobs().open[-1].id")
    window.shot("jobs", "sidebar")
    window.press(f"latte3d.move(job_id={third}", column=0.82, upwards=True)
    assert window.wait_for("[job.task.title for job in jobs().open][1]") == "a tree"
    window.press("latte3d.cancel_all", column=0.25, upwards=True)
    window.wait_for("not jobs().open")
    assert window.ask("[job.state.value for job in jobs().jobs]") == ["cancelled"] * 3
    assert not window.ask(MESHES)


def test_a_failure_is_told_in_the_panel(window: Window) -> None:
    generate(window, "FAIL to read")
    window.wait_for("jobs().last and jobs().last.state.value == 'failed'")
    window.shot("failed", "sidebar")
    window.press("latte3d.copy_report")
    assert "This prompt cannot be read" in window.wait_for("bpy.context.window_manager.clipboard")


def test_a_result_waits_until_edit_mode_is_left(window: Window) -> None:
    window.run("bpy.ops.mesh.primitive_cube_add()")
    window.view_key("Tab")
    window.wait_for("bpy.context.mode == 'EDIT_MESH'")
    generate(window, "a ball")
    window.wait_for("jobs().waiting")
    window.shot("waiting", "sidebar")
    assert window.ask("bpy.context.mode") == "EDIT_MESH" and window.ask("len(bpy.data.objects)") == 1
    window.press("latte3d.insert")
    window.wait_for("len(bpy.data.objects) == 2")
    assert window.ask("bpy.context.mode") == "OBJECT"
