"""Styles and reshaped objects say how they were made, and are made again from it, whoever's file they are in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import Extension

from latte3d_blender.provenance import ReshapeRecord, StyleRecord, read, read_style

bpy = pytest.importorskip("bpy", reason="bpy (Blender as a module) is not installed")

from test_extension import coordinates, drawn, texts  # noqa: E402 - after the check for bpy
from test_stylize import (  # noqa: E402
    SIZE,
    all_layers,
    grid,
    look,
    many_materials,
    modified,
    plain_cube,
    primitive,
    stylize,
    tiled,
)

# --- what is said ------------------------------------------------------------------------------------------------

values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30), st.lists(st.integers(), max_size=3),
    st.text(min_size=300, max_size=400),
)  # fmt: skip
NAMES = ("prompt", "seed", "keep_colours", "from", "texture_size", "uv", "layer", "model", "model_sha256", "restyle",
         "shape", "reshape", "original")  # fmt: skip


@given(st.dictionaries(st.sampled_from([f"latte3d_{name}" for name in NAMES]), values))
def test_nothing_that_a_style_says_breaks_anything(properties: dict[str, Any]) -> None:
    how, obj = read_style(properties), read(properties)
    assert (how is None) == (obj is None)
    if how is None or obj is None:
        return
    assert 0 < len(how.prompt) <= 5000
    assert 0 <= how.seed < 2**31
    assert 64 <= how.texture_size <= 8192
    assert how.uv in ("auto", "keep", "new")
    assert isinstance(how.keep_colours, bool)
    assert all(len(text) <= 256 for text in (how.source, how.layer or "", how.model, how.digest, how.version))
    if obj.reshaped is not None:
        assert 0 < len(obj.reshaped.original) <= 256 and isinstance(obj.reshaped.keep_colours, bool)


def test_what_a_style_says_is_read() -> None:
    said = {"latte3d_prompt": "wood", "latte3d_seed": 4, "latte3d_keep_colours": 1, "latte3d_uv": "keep",
            "latte3d_layer": "", "latte3d_from": "ab", "latte3d_texture_size": 256, "latte3d_restyle": 1}  # fmt: skip
    assert read_style(said) == StyleRecord("wood", 4, True, "ab", 256, "keep", "")
    how = read_style({"latte3d_prompt": "wood"})
    assert how is not None and not how.again and how.layer is None
    assert read_style({"latte3d_prompt": "w" * 5001}) is None, "nobody has typed that, and it is drawn in full"


def test_a_reshaped_object_names_its_original() -> None:
    said = {"latte3d_prompt": "a toy", "latte3d_shape": "ab", "latte3d_reshape": True}
    how = read({**said, "latte3d_original": "Cube", "latte3d_keep_colours": True})
    assert how is not None and how.again and not how.plain and how.reshaped == ReshapeRecord("Cube", True)
    for broken in (
        {},
        {"latte3d_original": 3},
        {"latte3d_original": ""},
        {"latte3d_original": "x", "latte3d_blend": 1},
    ):
        how = read({**said, **broken})
        assert how is not None and not how.again


# --- styles ------------------------------------------------------------------------------------------------------


def png(obj: Any, index: int) -> bytes:
    """The texture of a style, to the byte."""
    (material,) = {slot.material for slot in obj.latte3d_variants.entries[index].slots} - {None}
    return base_color(material)


def base_color(material: Any) -> bytes:
    data: bytes = material.node_tree.nodes["Base Color"].image.packed_file.data
    return data


def panel(extension: Extension) -> list[tuple[str, str]]:
    return drawn(extension.style_ui.LATTE3D_PT_style)


def coloured() -> Any:
    """Red at one end, green at the other."""
    obj = grid()
    layer = obj.data.color_attributes.new("Tint", "FLOAT_COLOR", "POINT")
    for item, vertex in zip(layer.data, obj.data.vertices, strict=True):
        item.color = (vertex.co.x, 1 - vertex.co.x, 0, 1)
    return obj


def test_the_panel_tells_how_the_shown_style_was_made(extension: Extension) -> None:
    shown = extension.style_ui.LATTE3D_PT_style
    obj = grid()
    assert not shown.poll(bpy.context)
    prompt = "a wooden toy with " + " and ".join(f"a part {number}" for number in range(20))
    stylize(obj, prompt=prompt, seed=12, keep_colours=True, uv="keep")
    assert shown.poll(bpy.context)
    said = texts(panel(extension)).replace("\n", " ")
    for part in (prompt, "Seed: 12", f"{SIZE} px", "Keep Colours: Yes", "UV Map: Keep", "abababab"):
        assert part in said
    for name in ("regenerate", "vary", "copy_prompt", "recall"):
        assert ("operator", f"latte3d.variant_{name}") in panel(extension)
    extension.preferences.seen.digest = "cd" * 32
    assert "another model" in texts(panel(extension))
    extension.preferences.seen.digest = "ab" * 32
    assert "another model" not in texts(panel(extension))
    bpy.ops.latte3d.variant_switch(index=0)
    assert not shown.poll(bpy.context), "the original look was not made here"


def test_an_object_that_was_made_here_and_stylized_has_both_panels(extension: Extension) -> None:
    obj = extension.run("a ball", texture_size=SIZE, seed=5)
    of_object = extension.history_ui.LATTE3D_PT_object
    assert "lets go of the styles" not in texts(drawn(of_object))
    stylize(obj, prompt="gold", seed=7)
    assert extension.style_ui.LATTE3D_PT_style.poll(bpy.context) and of_object.poll(bpy.context)
    assert "“a ball”" in texts(drawn(of_object)) and "Seed: 5" in texts(drawn(of_object))
    assert "lets go of the styles" in texts(drawn(of_object)).replace("\n", " ")
    assert "“gold”" in texts(panel(extension)) and "Seed: 7" in texts(panel(extension))
    before = png(obj, 1)
    bpy.ops.latte3d.variant_regenerate()
    assert png(obj, 1) == before and obj["latte3d_prompt"] == "a ball"


def test_prompt_and_settings_are_recalled(extension: Extension) -> None:
    settings = bpy.context.scene.latte3d_stylize
    settings.reshape = True
    obj = grid()
    bpy.ops.latte3d.stylize(prompt="wood", seed=3, keep_colours=True, texture_size=256, uv="new", reshape=False)
    stylize(obj, prompt="gold", texture_size=100, keep_colours=False, uv="auto", reshape=False)
    assert bpy.ops.latte3d.variant_recall(index=1) == {"FINISHED"}
    found = {
        name: getattr(settings, name) for name in ("prompt", "seed", "keep_colours", "texture_size", "uv", "reshape")
    }
    assert found == {
        "prompt": "wood", "seed": 3, "keep_colours": True, "texture_size": "256", "uv": "new", "reshape": False,
    }  # fmt: skip
    bpy.ops.latte3d.variant_recall()
    assert (settings.prompt, settings.uv, settings.texture_size) == ("gold", "auto", "256"), "100 is not on the list"
    assert bpy.ops.latte3d.variant_copy_prompt(index=1) == {"FINISHED"}
    for name in ("copy_prompt", "recall", "regenerate", "vary"):
        operator = getattr(bpy.ops.latte3d, f"variant_{name}")
        with pytest.raises(RuntimeError, match="“Original” does not say how it was made"):
            operator(index=0)
        with pytest.raises(RuntimeError, match="no style number 9"):
            operator(index=9)
        bpy.context.view_layer.objects.active = None
        with pytest.raises(RuntimeError, match="has no styles: press Stylize first"):
            operator()
        bpy.context.view_layer.objects.active = obj


MESHES: dict[str, Callable[[], Any]] = {
    "own UV map": grid,
    "no UV map": plain_cube,
    "tiled UV map": tiled,
    "mirror without UVs": modified("MIRROR", plain_cube),
    "subdivided without UVs": modified("SUBSURF", plain_cube, levels=2),
    "several materials": many_materials,
}


@pytest.mark.parametrize(("name", "keep"), [(name, keep) for name in MESHES for keep in (False, True)])
def test_a_style_is_made_again_to_the_byte(extension: Extension, name: str, keep: bool) -> None:
    """Whatever other styles and UV maps there are by then."""
    obj = MESHES[name]()
    entry = stylize(obj, seed=7, keep_colours=keep)
    before, layer = png(obj, 1), entry.layer
    stylize(obj, prompt="gold", uv="new", texture_size=2 * SIZE)
    stylize(obj, prompt="silver", keep_colours=True)
    layers = obj.data.uv_layers.keys()
    colours = extension.session.jobs().last.task.source
    assert colours == obj.latte3d_variants.entries[2].key
    silver = png(obj, 3)
    obj.latte3d_variants.entries[1].name = "Mine"
    for index, same in ((1, before), (3, silver)):
        assert bpy.ops.latte3d.variant_regenerate(index=index) == {"FINISHED"}
        assert obj.latte3d_variants.shown == index
        assert png(obj, index) == same
    entries = obj.latte3d_variants.entries
    assert [entry.name for entry in entries] == ["Original", "Mine", "gold", "silver"]
    assert entries[1].layer == layer and obj.data.uv_layers.keys() == layers
    material = entries[1].slots[0].material
    assert material["latte3d_uv"] == "auto" and material["latte3d_seed"] == 7


def test_it_is_made_again_where_no_uv_map_can_be_added(extension: Extension) -> None:
    obj = all_layers()
    obj.data.uv_layers.remove(obj.data.uv_layers["UV6"])
    stylize(obj, uv="new")
    assert len(obj.data.uv_layers) == 8
    before = png(obj, 1)
    bpy.ops.latte3d.variant_regenerate()
    assert png(obj, 1) == before and len(obj.data.uv_layers) == 8
    obj.data.uv_layers.remove(obj.data.uv_layers["LATTE3D"])
    bpy.ops.latte3d.variant_regenerate()
    assert obj.latte3d_variants.entries[1].layer == "LATTE3D", "a UV map that is gone is made anew"


def test_the_style_keeps_its_place_and_what_is_beside_it(extension: Extension) -> None:
    obj = many_materials()
    stylize(obj, prompt="wood")
    stylize(obj, prompt="gold")
    bpy.ops.latte3d.variant_switch(index=1)
    glass = bpy.data.materials.new("Glass")
    obj.material_slots[1].material = glass
    wood = obj.material_slots[0].material
    wood.name = "My Wood"
    wood.node_tree.nodes.remove(wood.node_tree.nodes["Base Color"])  # it may look as it likes
    twin = bpy.data.objects.new("Twin", obj.data)
    bpy.context.scene.collection.objects.link(twin)
    twin.material_slots[0].link, twin.material_slots[0].material = "OBJECT", wood
    count = len(bpy.data.materials)
    bpy.ops.latte3d.variant_switch(index=2)
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.latte3d.variant_regenerate(index=1)
    obj, twin = bpy.data.objects["Cube"], bpy.data.objects["Twin"]
    new = obj.material_slots[0].material
    assert [material.name for _, material in look(obj)] == [new.name, "Glass", new.name]
    assert "Base Color" in new.node_tree.nodes
    assert twin.material_slots[0].material.name == "My Wood", "others that wear the old one keep it"
    bpy.ops.ed.undo()
    obj, twin = bpy.data.objects["Cube"], bpy.data.objects["Twin"]
    assert obj.latte3d_variants.shown == 2
    assert len(bpy.data.materials) == count
    bpy.ops.latte3d.variant_switch(index=1)
    assert [material.name for _, material in look(obj)] == ["My Wood", "Glass", "My Wood"]
    bpy.data.objects.remove(twin)
    bpy.ops.latte3d.variant_regenerate()
    assert obj.material_slots[0].material.name == "My Wood"
    assert len(bpy.data.materials) == count, "nothing is left behind"
    images = len(bpy.data.images)
    bpy.ops.latte3d.variant_regenerate()
    assert len(bpy.data.images) == images


def test_the_colours_are_those_of_the_look_that_it_began_with(extension: Extension) -> None:
    obj = coloured()
    stylize(obj, prompt="wood", seed=3, keep_colours=True)
    first = png(obj, 1)
    obj.data.materials.append(None)
    for index in (1, 0):
        bpy.ops.latte3d.variant_switch(index=index)
        active, shown = obj.data.uv_layers.active.name, look(obj)
        extension.again.copy_in_look(bpy.context, obj, True, "")
        assert (obj.data.uv_layers.active.name, look(obj), obj.latte3d_variants.shown) == (active, shown, index)
    bpy.ops.latte3d.variant_switch(index=1)
    bpy.ops.latte3d.variant_regenerate()
    assert png(obj, 1) == first
    stylize(obj, prompt="red", keep_colours=True)  # begins with wood
    bpy.ops.latte3d.variant_delete(index=1)
    with pytest.raises(RuntimeError, match="whose colours were kept is gone"):
        bpy.ops.latte3d.variant_regenerate()
    with pytest.raises(RuntimeError, match="whose colours were kept is gone"):
        bpy.ops.latte3d.variant_vary()


def test_vary_is_a_new_style_with_another_seed(extension: Extension) -> None:
    obj = coloured()
    stylize(obj, prompt="wood", seed=3, keep_colours=True)
    bpy.ops.latte3d.variant_vary(seed=9)
    bpy.ops.latte3d.variant_vary()
    entries = obj.latte3d_variants.entries
    assert [entry.name for entry in entries] == ["Original", "wood", "wood (2)", "wood (3)"]
    seeds = [entry.slots[0].material["latte3d_seed"] for entry in list(entries)[1:]]
    assert seeds[:2] == [3, 9] and seeds[2] not in (3, 9)
    assert png(obj, 1) != png(obj, 2), "from the colours of the original look, at other points"
    assert len({entry.key for entry in entries}) == 4
    assert len({entry.layer for entry in list(entries)[1:]}) == 1


def test_styles_are_made_again_from_a_saved_file(extension: Extension, tmp_path: Path) -> None:
    obj = plain_cube()
    stylize(obj, prompt="wood", seed=3)
    stylize(obj, prompt="gold", keep_colours=True)
    before = png(obj, 1), png(obj, 2)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "x.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "x.blend"))
    obj = bpy.data.objects["Cube"]
    for index in (1, 2):
        bpy.ops.latte3d.variant_regenerate(index=index)
        assert png(obj, index) == before[index - 1]


def test_styles_are_made_again_in_a_separate_process(separate: Extension) -> None:
    obj = grid()
    stylize(obj, seed=3)
    before = png(obj, 1)
    bpy.ops.latte3d.variant_regenerate()
    assert png(obj, 1) == before and len(obj.latte3d_variants.entries) == 2


def test_a_style_that_is_deleted_meanwhile_is_one_sentence(extension: Extension) -> None:
    obj = grid()
    stylize(obj)
    stylize(obj, prompt="gold")
    task = extension.stylize.RenewTask(
        prompt="a toy", texture_size=SIZE, target=extension.blocks.reference(obj), style="nobody",
        mesh=extension.mesh_copy.copy_mesh(bpy.context, obj, False),
    )  # fmt: skip
    reports: list[str] = []
    operator = SimpleNamespace(report=lambda _, text: reports.append(text))
    assert extension.submit.submit(operator, bpy.context, task) == {"CANCELLED"}
    assert "“a toy” of “Grid” is gone meanwhile" in reports[0]


def test_files_from_elsewhere_may_say_anything(extension: Extension) -> None:
    obj = grid()
    stylize(obj, prompt="wood")
    entry, other = obj.latte3d_variants.entries[1], bpy.data.materials.new("Other")
    material = entry.slots[0].material
    names = ("seed", "keep_colours", "from", "texture_size", "uv", "layer", "model", "model_sha256", "version",
             "restyle", "prompt")  # fmt: skip
    for value in (0, -5, 3.5, float("nan"), "what", "x" * 10_000, [1, 2], [0.5], {"a": 1}, other, True):
        for name in names:
            material[f"latte3d_{name}"] = value
        if extension.style_ui.LATTE3D_PT_style.poll(bpy.context):
            assert max(map(len, texts(panel(extension)).split())) <= 300
        bpy.ops.latte3d.variant_recall()  # where all else fails, the list knows the prompt
    material["latte3d_prompt"] = "x" * 10_000
    assert "“wood”" in texts(panel(extension))
    for key in [key for key in material.keys() if key.startswith("latte3d_")]:  # noqa: SIM118 - not a dict
        del material[key]
    with pytest.raises(RuntimeError, match="does not say all that it takes"):
        bpy.ops.latte3d.variant_regenerate()
    material["latte3d_prompt"], material["latte3d_restyle"] = "wood", True
    assert bpy.ops.latte3d.variant_regenerate() == {"FINISHED"}, "what is not said is as in a new scene"
    obj.latte3d_variants.shown = -3
    with pytest.raises(RuntimeError, match="no style number -3"):
        bpy.ops.latte3d.variant_regenerate()
    obj.latte3d_variants.shown = 99
    assert not extension.style_ui.LATTE3D_PT_style.poll(bpy.context)
    material = entry.slots[0].material
    material["latte3d_keep_colours"] = True
    assert bpy.ops.latte3d.variant_regenerate(index=1) == {"FINISHED"}


# --- reshaped objects --------------------------------------------------------------------------------------------


def reshaped(**settings: Any) -> tuple[Any, Any]:
    """A cube that is turned, and the object that was made after it."""
    cube = primitive("cube", location=(5, 2, 1), rotation=(0, 0, 0.5))
    values = {"prompt": "a wooden toy", "texture_size": 1024, "reshape": True, "alpha": 0.3, "seed": 4, **settings}
    bpy.ops.latte3d.stylize(**values)
    return cube, bpy.context.object


def test_a_reshaped_object_is_made_again_in_its_place(extension: Extension) -> None:
    bpy.context.scene.latte3d.faces = 700
    cube, obj = reshaped()
    assert obj["latte3d_original"] == "Cube"
    points, texture = coordinates(obj.data), base_color(obj.data.materials[0])
    obj.name, obj.location, obj.scale = "Mine", (1, 2, 3), (2, 1, 1)
    obj.modifiers.new("Thick", "SOLIDIFY")
    cube.location, cube.rotation_euler = (0, 0, 9), (0, 0, 1.5)
    cube.hide_set(True)
    before = obj.data
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.latte3d.regenerate(object="Mine") == {"FINISHED"}
    task = extension.session.jobs().last.task.work
    assert (task.alpha, task.seed) == (obj["latte3d_alpha"], 4)
    obj = bpy.data.objects["Mine"]
    assert obj.data != before and tuple(obj.location) == (1, 2, 3) and tuple(obj.scale) == (2, 1, 1)
    assert [modifier.name for modifier in obj.modifiers] == ["Thick"]
    np.testing.assert_array_equal(coordinates(obj.data), points)
    assert base_color(obj.data.materials[0]) == texture
    assert obj["latte3d_original"] == "Cube"
    assert len(bpy.data.objects) == 2
    bpy.ops.ed.undo()
    assert bpy.data.objects["Mine"].data.name == "a wooden toy"
    assert bpy.ops.latte3d.regenerate(object="Mine") == {"FINISHED"}


def test_vary_of_a_reshaped_object_stands_beside_it(extension: Extension) -> None:
    _, obj = reshaped()
    obj.location = (1, 2, 3)
    bpy.context.view_layer.update()
    bpy.ops.latte3d.vary(object=obj.name, seed=9)
    other = bpy.context.object
    assert other != obj and other["latte3d_seed"] == 9 and other["latte3d_original"] == "Cube"
    assert other.rotation_euler.z == pytest.approx(0.5)
    bpy.context.view_layer.update()
    right = max((obj.matrix_world @ vertex.co).x for vertex in obj.data.vertices)
    left = min((other.matrix_world @ vertex.co).x for vertex in other.data.vertices)
    assert right < left < right + 1.0
    assert other.location.z == pytest.approx(3)
    bpy.ops.latte3d.vary(object=other.name)
    assert bpy.context.object["latte3d_seed"] not in (4, 9)


def test_a_reshaped_object_is_told_of_and_recalled(extension: Extension) -> None:
    bpy.context.scene.latte3d.faces = 700
    _, obj = reshaped(keep_colours=True)
    obj["latte3d_faces"] = 900
    assert "Made After: Cube" in texts(drawn(extension.history_ui.LATTE3D_PT_object))
    plain, settings = bpy.context.scene.latte3d, bpy.context.scene.latte3d_stylize
    plain.prompt = "something else"
    bpy.ops.latte3d.recall(object=obj.name)
    assert plain.prompt == "something else" and plain.faces == 900
    assert (settings.prompt, settings.seed, settings.keep_colours, settings.reshape) == ("a wooden toy", 4, True, True)
    assert settings.alpha == pytest.approx(0.3)
    assert not extension.history_ui.prompts().search("wooden toy"), "it takes more than a prompt"
    with pytest.raises(RuntimeError, match="made from more than a prompt"):
        bpy.ops.latte3d.refine(object=obj.name)


def test_an_original_that_cannot_be_used_is_one_sentence(extension: Extension, tmp_path: Path) -> None:
    cube, obj = reshaped()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "x.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "x.blend"))
    cube, obj = bpy.data.objects["Cube"], bpy.data.objects["a wooden toy"]
    assert bpy.ops.latte3d.regenerate(object=obj.name) == {"FINISHED"}

    def refused(text: str) -> None:
        for operator in (bpy.ops.latte3d.regenerate, bpy.ops.latte3d.vary):
            with pytest.raises(RuntimeError, match=text):
                operator(object=obj.name)

    cube.hide_viewport = True
    refused("disabled or in another scene")
    cube.hide_viewport = False
    for vertex in cube.data.vertices:
        vertex.co.x = float("nan")
    refused("no finite coordinates")
    cube.data.clear_geometry()
    refused("“Cube” has no faces")
    cube.name = "Renamed"
    refused("“Cube”, which “a wooden toy” was made after, is not in this file: bring it back")
    bpy.data.objects.new("Cube", bpy.data.curves.new("Curve", "CURVE"))
    refused("“Cube” is not a mesh")
    for value in (3, "", [1, 2], "x" * 5000, cube):
        obj["latte3d_original"] = value
        refused("does not say all that it takes")
    obj["latte3d_original"] = obj.name  # harmless
    assert bpy.ops.latte3d.regenerate(object=obj.name) == {"FINISHED"}


def test_an_original_that_is_renamed_or_gone_while_the_work_goes_on(extension: Extension) -> None:
    cube, obj = reshaped()
    again, blocks = extension.again, extension.blocks
    work = again.reshape_again(bpy.context, obj, extension.history_ui.read(obj), 4)
    cube.name = "Die"
    operator = SimpleNamespace(report=lambda _, text: None)
    task = extension.history_ui.RegenerateTask(work=work, target=blocks.reference(obj))
    assert extension.submit.submit(operator, bpy.context, task) == {"FINISHED"}
    assert task.repeatable and not extension.session.jobs().last.task.repeatable, "the copy of the mesh is let go of"
    assert obj["latte3d_original"] == "Die"
    bpy.data.objects.remove(cube)
    assert extension.submit.submit(operator, bpy.context, task) == {"FINISHED"}, "what was copied is enough"


def test_a_reshaped_object_keeps_the_colours_of_the_look_of_then(extension: Extension) -> None:
    original = coloured()
    stylize(original, prompt="wood")
    bpy.ops.latte3d.stylize(prompt="a toy", texture_size=SIZE, reshape=True, keep_colours=True)
    obj = bpy.context.object
    assert obj["latte3d_from"] == original.latte3d_variants.entries[1].key
    before = coordinates(obj.data)
    bpy.context.view_layer.objects.active = original
    bpy.ops.latte3d.variant_switch(index=0)
    assert bpy.ops.latte3d.regenerate(object=obj.name) == {"FINISHED"}
    assert original.latte3d_variants.shown == 0
    np.testing.assert_array_equal(coordinates(obj.data), before)
    bpy.context.view_layer.objects.active = original
    bpy.ops.latte3d.variant_delete(index=1)
    with pytest.raises(RuntimeError, match="style of “Grid” whose colours were kept is gone"):
        bpy.ops.latte3d.regenerate(object=obj.name)
