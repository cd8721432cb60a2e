"""A generated object looks the same however Blender shows it, also where the extension is not installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support import Extension, in_a_new_blender

bpy = pytest.importorskip("bpy", reason="bpy (Blender as a module) is not installed")

SIZE = 96

#: Run in a Blender of its own: there OpenGL is started, and a file is shown that nobody has prepared.
_RENDER = """
    import sys
    import bpy
    from mathutils import Vector

    bpy.ops.wm.open_mainfile(filepath=sys.argv[1])
    assert not hasattr(bpy.types.Scene, "latte3d")
    scene, obj = bpy.context.scene, bpy.data.objects["a ball"]
    scene.render.resolution_x = scene.render.resolution_y = {size}
    scene.render.film_transparent = True
    scene.view_settings.view_transform = "Standard"
    world = scene.world = bpy.data.worlds.new("White")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (1, 1, 1, 1)
    camera = scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    middle = sum((obj.matrix_world @ Vector(corner) for corner in obj.bound_box), Vector()) / 8
    back = Vector((0.2, -1.0, 0.2)).normalized()
    camera.location = middle + back * 2 * max(obj.dimensions)
    camera.rotation_euler = (-back).to_track_quat("-Z", "Y").to_euler()
    scene.display.shading.light, scene.display.shading.color_type = "FLAT", "TEXTURE"
    scene.cycles.samples, scene.cycles.use_denoising = 8, False
    for engine in ("BLENDER_WORKBENCH", sys.argv[3], "CYCLES"):
        scene.render.engine = engine
        scene.render.filepath = sys.argv[2] + "/" + engine + ".png"
        bpy.ops.render.render(write_still=True)
"""


@pytest.mark.parametrize("style", [False, True])
def test_solid_view_eevee_and_cycles_show_the_same(extension: Extension, tmp_path: Path, style: bool) -> None:
    """``style``: of a mesh that the artist has made, on a UV layer of its own beside the artist's."""
    if style:
        pytest.importorskip("torch", reason="stylizing runs on the core, which needs torch")
        bpy.ops.mesh.primitive_uv_sphere_add()
        obj = bpy.context.object
        obj.name = "a ball"
        bpy.ops.latte3d.stylize(prompt="a toy", texture_size=128, uv="new")
        assert [layer.name for layer in obj.data.uv_layers] == ["UVMap", "LATTE3D"]
    else:
        extension.run("a ball")
    path = tmp_path / "ball.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True)
    eevee = "BLENDER_EEVEE_NEXT" if (4, 2, 0) <= bpy.app.version < (5, 0, 0) else "BLENDER_EEVEE"
    run = in_a_new_blender(_RENDER.format(size=SIZE), tmp_path, str(path), str(tmp_path), eevee)
    pictures = [tmp_path / f"{engine}.png" for engine in ("BLENDER_WORKBENCH", eevee, "CYCLES")]
    assert all(picture.exists() for picture in pictures), run.stdout + run.stderr
    solid, fast, traced = (np.asarray(Image.open(picture).convert("RGBA"), np.float64) / 255 for picture in pictures)
    inside = np.minimum(np.minimum(solid, fast), traced)[..., 3] > 0.99
    assert inside.mean() > 0.05
    for other in (fast, traced):
        assert abs((other[..., 3] > 0.5).mean() - (solid[..., 3] > 0.5).mean()) < 0.01
        # Both halves of the texture, red and blue, where they are; a glossy surface in white light is lighter.
        warm, warm_solid = (view[inside][:, 0] > view[inside][:, 2] for view in (other, solid))
        assert 0.05 < warm_solid.mean() < 0.95
        assert (warm == warm_solid).mean() > 0.97
        assert np.abs(other - solid)[inside][:, :3].mean() < 0.2
    assert np.abs(fast - traced)[inside][:, :3].mean() < 0.05
