"""Blender is closed in the middle of a job, and a saved object is opened where the extension is not."""

from __future__ import annotations

import json
import time

import pytest
from window import DriverError, Window, opened

pytestmark = pytest.mark.gui

#: Run by a Blender that has never heard of the extension; ``path`` is where it writes what it found.
_LOOK = """
import bpy, json, pathlib
(obj,) = [obj for obj in bpy.data.objects if obj.type == "MESH"]
tree = obj.active_material.node_tree
report = {
    "knows": hasattr(bpy.types.Scene, "latte3d"),
    "faces": len(obj.data.polygons),
    "uvs": [layer.name for layer in obj.data.uv_layers],
    "prompt": obj.get("latte3d_prompt"),
    "nodes": sorted(node.bl_idname for node in tree.nodes),
    "links": len(tree.links),
    "images": sorted([image.packed_file is not None, *image.size] for image in bpy.data.images if image.users),
    "colours": sorted({round(value, 2) for value in tree.nodes["Base Color"].image.pixels[:]}),
}
pathlib.Path(PATH).write_text(json.dumps(report))
"""


def submit(window: Window, prompt: str) -> None:
    window.run(f"bpy.ops.latte3d.generate(prompt={prompt!r})")


@pytest.mark.parametrize("backend", ["ThreadBackend", "ProcessBackend"])
def test_closing_blender_in_the_middle_of_a_job(installed: Window, backend: str) -> None:
    """It ends by itself, soon, and in good order: a crash would not come to what runs at the interpreter's exit."""
    sign = installed.scratch / f"ended-{backend}"
    with opened(installed):
        installed.new_file()
        installed.use_stand_in(backend)
        submit(installed, "SLOW ship")
        installed.wait_for("jobs().active and jobs().active.fraction > 0.0")
        installed.run(f"""
            import atexit, pathlib
            atexit.register(pathlib.Path({str(sign)!r}).write_text, "in good order")
            later(bpy.ops.wm.quit_blender)
        """)
        end = time.monotonic() + 60.0
        while not sign.exists() and time.monotonic() < end:
            time.sleep(0.1)
        assert sign.exists()
        time.sleep(2.0)
        with pytest.raises(DriverError):
            installed.run("pass")


def test_the_object_needs_no_extension(installed: Window) -> None:
    """Saved, and opened by a Blender with factory settings: mesh, UVs, material and packed textures are all there."""
    path, report = installed.scratch / "kept.blend", installed.scratch / "kept.json"
    with opened(installed):
        installed.new_file()
        installed.use_stand_in()
        submit(installed, "a ball")
        installed.wait_for("len(bpy.data.objects) == 1 and jobs().active is None")
        installed.run(f"bpy.ops.wm.save_as_mainfile(filepath={str(path)!r})")
    script = installed.scratch / "look.py"
    script.write_text(f"PATH = {str(report)!r}\n{_LOOK}", encoding="utf-8")
    installed.background("--factory-startup", "--background", str(path), "--python", str(script))
    found = json.loads(report.read_text(encoding="utf-8"))
    assert not found["knows"]
    assert found["faces"] > 1000 and found["uvs"] == ["UVMap"] and found["prompt"] == "a ball"
    assert found["images"] == [[True, 256, 256], [True, 256, 256]]
    assert found["nodes"] == sorted(
        [
            "ShaderNodeBsdfPrincipled",
            "ShaderNodeNormalMap",
            "ShaderNodeOutputMaterial",
            "ShaderNodeTexImage",
            "ShaderNodeTexImage",
        ]
    )
    assert found["links"] == 4
    assert found["colours"] == sorted({round(value / 255, 2) for value in (200, 30, 20, 40, 180, 255)})
