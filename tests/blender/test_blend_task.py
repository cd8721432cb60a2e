"""Blend: between two prompts, as one object and as shape keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fake_looks
import numpy as np
import pytest
from support import Extension
from test_extension import coordinates, drawn, texts

pytest.importorskip("torch", reason="these tasks run on the core, which needs torch")

bpy = pytest.importorskip("bpy", reason="bpy (Blender as a module) is not installed")


@pytest.fixture
def looks(extension: Extension, monkeypatch: pytest.MonkeyPatch) -> Extension:
    """As ``extension``, with a generator that gives fields, too."""
    fake_looks.install(monkeypatch)
    extension.session.open_session(extension.worker.ThreadBackend(fake_looks.load))
    return extension


def morph(**settings: Any) -> Any:
    """A morph from a ball to an egg, texture 64."""
    bpy.ops.latte3d.blend(prompt="a ball", prompt_b="an egg", texture_size=64, shape_keys=True, **settings)
    return bpy.context.view_layer.objects.active


def evaluated(obj: Any, value: float) -> np.ndarray:
    """Vertices with the slider at ``value``."""
    obj["Blend"] = value
    obj.update_tag()
    return coordinates(obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).data)


def test_one_object_between(looks: Extension) -> None:
    bpy.context.scene.cursor.location = (1.0, 2.0, 3.0)
    bpy.ops.latte3d.blend(prompt="a ball", prompt_b="an egg", factor=0.25, texture_size=64)
    (obj,) = bpy.data.objects
    assert tuple(obj.location) == (1.0, 2.0, 3.0)
    assert (obj["latte3d_prompt"], obj["latte3d_blend"]) == ("a ball to an egg", 0.25)
    assert obj.data.shape_keys is None
    assert looks.session.jobs().last.task.title == "a ball to an egg"


def test_the_scenes_settings_hold_where_nothing_is_given(looks: Extension) -> None:
    scene = bpy.context.scene
    scene.latte3d.prompt, scene.latte3d.faces, scene.latte3d.texture_size = "a ball", 900, "256"
    scene.latte3d_blend.prompt_b, scene.latte3d_blend.factor = "an egg", 0.75
    bpy.ops.latte3d.blend(seed=4)
    task = looks.session.jobs().last.task
    assert (task.prompt, task.prompt_b, task.factor, task.seed) == ("a ball", "an egg", 0.75, 4)
    assert (task.faces, task.texture_size, task.shape_keys) == (900, 256, False)


def test_a_slider_leads_through_all_shapes(looks: Extension) -> None:
    obj = morph(steps=5, factor=0.5)
    keys = obj.data.shape_keys.key_blocks
    assert [key.name for key in keys] == ["Basis", "25%", "50%", "75%", "100%"]
    assert obj["Blend"] == 0.5
    shapes = [coordinates(obj.data)]
    for key in keys[1:]:
        flat = np.empty(3 * len(key.data), np.float32)
        key.data.foreach_get("co", flat)
        shapes.append(flat.reshape(-1, 3))
    assert np.ptp(shapes[0], axis=0).max() == pytest.approx(fake_looks.fake_core.SIZE_M, rel=1e-4)
    assert np.ptp(shapes[4], axis=0).max() == pytest.approx(2.0, rel=1e-4)
    for step in range(5):
        np.testing.assert_allclose(evaluated(obj, step / 4), shapes[step], atol=1e-5)
        assert evaluated(obj, step / 4)[:, 2].min() == pytest.approx(0.0, abs=1e-5), (
            "it stands on the floor all the way"
        )
    np.testing.assert_allclose(evaluated(obj, 0.6), 0.6 * shapes[2] + 0.4 * shapes[3], atol=1e-5)


def test_colours_go_with_the_slider(looks: Extension) -> None:
    obj = morph()
    tree = obj.active_material.node_tree
    shader = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    mix = shader.inputs["Base Color"].links[0].from_node
    sources = {link.to_socket.identifier: link.from_node for link in tree.links if link.to_node == mix}
    assert sources["Factor_Float"].attribute_name == "Blend"
    assert sources["Factor_Float"].attribute_type == "OBJECT"
    assert sources["A_Color"].name == "Base Color"
    end = sources["B_Color"].image
    assert (end.packed_file is not None, end.colorspace_settings.name) == (True, "sRGB")
    np.testing.assert_allclose(np.array(end.pixels[:3]) * 255, (0, 200, 0), atol=0.6)
    bump = shader.inputs["Normal"].links[0].from_node
    assert bump.inputs["Strength"].is_linked, "the start's bumps are not those of the end"


def test_the_slider_can_be_animated_and_survives_saving(looks: Extension, tmp_path: Path) -> None:
    obj = morph(steps=3)
    obj["Blend"] = 0.0
    obj.keyframe_insert('["Blend"]', frame=1)
    obj["Blend"] = 1.0
    obj.keyframe_insert('["Blend"]', frame=11)
    name = obj.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "x.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "x.blend"))
    bpy.context.scene.frame_set(6)
    keys = bpy.data.objects[name].data.shape_keys.key_blocks
    assert [key.value for key in keys[1:]] == pytest.approx([1.0, 0.0], abs=1e-4)
    assert all(driver.driver.is_simple_expression for driver in bpy.data.shape_keys[0].animation_data.drivers)


def test_one_undo_step(looks: Extension) -> None:
    bpy.ops.ed.undo_push(message="before")
    name = morph().name
    bpy.ops.ed.undo()
    assert name not in bpy.data.objects
    bpy.ops.ed.redo()
    assert len(bpy.data.objects[name].data.shape_keys.key_blocks) == 5


def test_a_copy_has_a_slider_of_its_own_and_the_drivers_stay_with_the_first(looks: Extension) -> None:
    """Blender's own way of copying an object with its data turns the drivers to the copy."""
    obj = morph(steps=3)
    bpy.ops.object.duplicate()
    copy = bpy.context.view_layer.objects.active
    assert copy != obj
    drivers = copy.data.shape_keys.animation_data.drivers
    assert drivers[0].driver.variables[0].targets[0].id == copy
    assert not np.allclose(evaluated(copy, 1.0), evaluated(obj, 0.0))


def test_a_blend_is_made_again(looks: Extension) -> None:
    bpy.ops.latte3d.blend(prompt="a ball", prompt_b="an egg", factor=0.25, texture_size=64, seed=5, alpha=0.5)
    obj = bpy.context.object
    obj.name, obj.location = "Mine", (1.0, 2.0, 3.0)
    before = obj.data.name
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.latte3d.regenerate() == {"FINISHED"}
    obj = bpy.data.objects["Mine"]
    assert obj.data.name != before and tuple(obj.location) == (1.0, 2.0, 3.0)
    assert (obj["latte3d_prompt"], obj["latte3d_blend"]) == ("a ball to an egg", 0.25)
    work = looks.session.jobs().last.task.work
    assert (work.prompt, work.prompt_b, work.factor, work.seed, work.alpha) == ("a ball", "an egg", 0.25, 5, 0.5)
    bpy.ops.ed.undo()
    assert bpy.data.objects["Mine"].data.name == before, "one step"


def test_vary_and_copy_prompt_work_on_a_blend(looks: Extension) -> None:
    bpy.ops.latte3d.blend(prompt="a ball", prompt_b="an egg", factor=0.25, texture_size=64, seed=5)
    obj = bpy.context.object
    bpy.ops.latte3d.vary(seed=9)
    assert json.loads(bpy.context.object["latte3d_end"])["seed"] == 9
    assert bpy.context.object != obj
    assert bpy.ops.latte3d.copy_prompt(object=obj.name) == {"FINISHED"}
    bpy.ops.latte3d.recall(object=obj.name)
    scene = bpy.context.scene
    assert (scene.latte3d.prompt, scene.latte3d.seed) == ("a ball", 5)
    assert (scene.latte3d_blend.prompt_b, scene.latte3d_blend.factor) == ("an egg", 0.25)
    assert not scene.latte3d_blend.shape_keys


def test_a_morph_is_made_again_with_its_slider(looks: Extension) -> None:
    obj = morph(steps=3)
    obj["Blend"] = 0.0
    obj.keyframe_insert('["Blend"]', frame=1)
    obj["Blend"] = 0.75
    obj.data.transform(((0.5, 0, 0, 0), (0, 0.5, 0, 0), (0, 0, 0.5, 0), (0, 0, 0, 1)), shape_keys=True)
    half = [evaluated(obj, at) for at in (0.0, 1.0)]
    before, obj["Blend"] = obj.data, 0.75
    assert bpy.ops.latte3d.regenerate() == {"FINISHED"}
    assert obj.data != before
    assert [key.name for key in obj.data.shape_keys.key_blocks] == ["Basis", "50%", "100%"]
    assert obj["Blend"] == 0.75 and obj.animation_data.action is not None
    for at, expected in zip((0.0, 1.0), half, strict=True):
        np.testing.assert_allclose(evaluated(obj, at), expected, atol=1e-4)
    obj["Blend"] = 0.75
    bpy.ops.latte3d.vary(seed=2)
    other = bpy.context.object
    assert other != obj and looks.morph.is_morph(other) and other["Blend"] == 0.75


def test_the_size_of_the_preferences_holds(looks: Extension) -> None:
    preferences = bpy.context.preferences.addons[looks.preferences.__package__].preferences
    preferences.size = "UNIT"
    try:
        bpy.ops.latte3d.blend(prompt="a ball", prompt_b="an egg", factor=0.25, texture_size=64)
        obj = morph()
    finally:
        preferences.size = "REAL"
    assert max(bpy.data.objects["a ball to an egg"].dimensions) == pytest.approx(1.0, rel=1e-4)
    for at in (0.0, 0.5, 1.0):
        assert np.ptp(evaluated(obj, at), axis=0).max() == pytest.approx(1.0, rel=1e-4)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"prompt_b": " "}, "second prompt is empty"),
        ({"prompt_b": "FAIL"}, "use other words"),
        ({"prompt": "FAIL", "prompt_b": "an egg"}, "use other words"),
    ],
)
def test_mistakes_are_one_sentence(looks: Extension, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(RuntimeError, match=words):
        bpy.ops.latte3d.blend(**{"prompt": "a ball", **settings})
    assert len(bpy.data.objects) == 0


def test_the_panel_shows_the_slider_of_a_morph(looks: Extension) -> None:
    panel = looks.blend_ui.LATTE3D_PT_blend
    said = drawn(panel)
    assert ("prop", "factor") in said
    assert ("prop", "steps") not in said
    assert ("operator", "latte3d.live") in said
    bpy.context.scene.latte3d_blend.shape_keys = True
    assert ("prop", "steps") in drawn(panel)
    bpy.ops.mesh.primitive_cube_add()
    assert "Cube" not in texts(drawn(panel))
    assert not looks.morph.is_morph(None)
    assert looks.morph.is_morph(morph())


@pytest.mark.slow
def test_with_the_model_that_ships() -> None:
    """The stand-ins above have the shape of the real thing."""
    latte3d_core = pytest.importorskip("latte3d_core")
    pytest.importorskip("torch")
    from latte3d_blender.blend_task import BlendTask
    from latte3d_core.progress import Progress

    model = latte3d_core.Latte3D.from_pretrained("small", "cpu")
    small = {"faces": 600, "texture_size": 64}
    between = BlendTask("a stool", prompt_b="a chair", factor=0.5, **small).run(model, Progress())
    assert between.properties["latte3d_blend"] == 0.5
    assert json.loads(between.properties["latte3d_start"])["prompt"] == "a stool"
    made = BlendTask("a stool", prompt_b="a chair", shape_keys=True, steps=3, **small).run(model, Progress())
    assert made.shapes.shape == (3, len(made.start.vertices), 3)
    np.testing.assert_allclose(made.shapes[0], made.start.vertices, atol=1e-6)
    assert made.t == (0.0, 0.5, 1.0)
    assert made.end_png.startswith(b"\x89PNG")
