"""Stories of an artist with mouse and keys: the generator is a stand-in, the panels are the real ones."""

from __future__ import annotations

import pytest
from window import MODULE, DriverError, Window

pytestmark = pytest.mark.gui

MESHES = "sorted(obj.name for obj in bpy.data.objects if obj.type == 'MESH')"

#: The artist's mesh, byte by byte.
_HASH = """[hash(tuple(value for vertex in bpy.data.meshes['Suzanne'].vertices for value in vertex.co)),
    hash(tuple(tuple(face.vertices) for face in bpy.data.meshes['Suzanne'].polygons)),
    [layer.name for layer in bpy.data.meshes['Suzanne'].uv_layers],
    hash(tuple(value for one in bpy.data.meshes['Suzanne'].uv_layers[0].uv for value in one.vector))]"""


def test_a_monkey_is_stylized(window: Window) -> None:
    window.new_file("stylize", "style")
    window.use_looks()
    window.run("""
        bpy.ops.mesh.primitive_monkey_add()
        bpy.context.scene.latte3d_stylize.prompt = "style"
        bpy.ops.ed.undo_push()
    """)
    before = window.ask(_HASH)
    for number, prompt in enumerate(("carved from wood", "covered in snow"), start=1):
        window.fill("style" if number == 1 else "carved from wood", prompt)
        window.press("latte3d.stylize(")
        window.wait_for(f"len(bpy.context.object.latte3d_variants.entries) == {number + 1}")
        assert prompt in window.ask("bpy.context.object.material_slots[0].material.name")
    assert window.ask(_HASH) == before
    window.shot("stylize_panel", "sidebar")
    window.press("latte3d.variant_copy_prompt", column=0.25, upwards=True)
    assert window.wait_for("bpy.context.window_manager.clipboard") == "covered in snow"
    for left, steps in ((2, 1), (0, 2)):  # typing the second style was a step of its own
        window.view_key(*["ctrl+z"] * steps)
        window.wait_for(f"len(bpy.context.object.latte3d_variants.entries) == {left}")
    assert window.ask(_HASH) == before
    window.view_key("ctrl+shift+z")
    window.wait_for("len(bpy.context.object.latte3d_variants.entries) == 2")


def test_empties_are_populated(window: Window) -> None:
    window.new_file("populate")
    window.use_looks()
    window.run("""
        for x, name in ((-2.0, "chair"), (0.0, "barrel"), (2.0, "chair")):
            bpy.ops.object.empty_add(location=(x, 0.0, 0.0))
            bpy.context.object.name = name
        for obj in bpy.data.objects:
            obj.select_set(True)
        bpy.context.scene.latte3d_populate.source = "EMPTIES"
        bpy.ops.ed.undo_push()
    """)
    window.shot("populate_panel", "sidebar")
    window.press("latte3d.populate(")
    window.wait_for(f"len({MESHES}) == 3 and jobs().active is None")
    places = window.ask("sorted(round(obj.location.x, 3) for obj in bpy.data.objects if obj.type == 'MESH')")
    assert places == [-2.0, 0.0, 2.0]
    assert window.ask("len([mesh for mesh in bpy.data.meshes if mesh.users])") == 2, "two chairs of one mesh"
    window.wait_for("not bpy.app.timers.is_registered(module('populate_undo').tick)")
    window.view_key("ctrl+z")
    window.wait_for(f"not {MESHES}")
    assert window.ask("len(bpy.data.objects)") == 3, "the empties stay"
    window.view_key("ctrl+shift+z")
    window.wait_for(f"len({MESHES}) == 3")


def test_a_batch_goes_on_after_blender_was_killed(window: Window) -> None:
    window.new_file("populate")
    window.use_looks()
    path = window.scratch / "killed.blend"
    window.run("""
        text = bpy.data.texts.new("list")
        text.write("a ball\\na cup\\na hat\\nSLOW ship\\na boot")
        settings = bpy.context.scene.latte3d_populate
        settings.source, settings.text, settings.placement, settings.mix = "TEXT", text, "GRID", False
        bpy.context.scene.latte3d.faces = 500
    """)
    window.press("latte3d.populate(")
    window.wait_for(f"len({MESHES}) == 3")
    window.run(f"later(lambda: bpy.ops.wm.save_as_mainfile(filepath={str(path)!r}))")
    window.wait_for(f"bpy.data.filepath == {str(path)!r} and not bpy.data.is_dirty")
    made = window.ask(MESHES)
    with pytest.raises(DriverError):
        window.run("import signal; os.kill(os.getpid(), signal.SIGKILL)")
    window.stop()
    window.start()
    assert window.ask(f"{MODULE!r} in bpy.context.preferences.addons")
    window.run("bpy.context.preferences.system.use_region_overlap = False")
    window.new_file("populate")
    window.use_looks()
    window.run("import fake_core; fake_core.Latte3D.patience = 0.0")
    window.run(f"later(lambda: bpy.ops.wm.open_mainfile(filepath={str(path)!r}))")
    window.wait_for(f"bpy.data.filepath == {str(path)!r}")
    window.open_tab()
    assert window.ask("jobs().active is None")
    assert window.ask(MESHES) == made
    window.press("latte3d.populate_resume", upwards=True)
    window.wait_for(f"len({MESHES}) == 5 and jobs().active is None")
    assert set(made) < set(window.ask(MESHES))
