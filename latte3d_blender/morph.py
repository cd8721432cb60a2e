"""Makes a morph of a ``PreparedMorph``: an object whose custom property "Blend" leads it from one prompt to another.

The in-betweens are ordinary shape keys, which other programs read too. Drivers turn each up and down as the slider
passes it, so one property is all there is to animate. The colours go over from one texture to the other by the same
property, which the material reads from the object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from .insert import largest_side, make_image
from .later import np

if TYPE_CHECKING:
    from .blend_task import PreparedMorph

#: The custom property.
SLIDER = "Blend"


def make_morph(obj: bpy.types.Object, prepared: PreparedMorph, factor: float) -> None:
    """Let ``obj``, which has the mesh and material of ``prepared.start``, go the whole way.

    The slider stands at ``factor``; one that is there already, and its keyframes, stay as they are.
    """
    if SLIDER not in obj:
        obj[SLIDER] = float(factor)
    obj.id_properties_ui(SLIDER).update(
        min=0.0, max=1.0, soft_min=0.0, soft_max=1.0, default=0.0, subtype="FACTOR",
        description="How far the object is on its way from the first prompt to the second",
    )  # fmt: skip
    obj.property_overridable_library_set(f'["{SLIDER}"]', True)
    obj.shape_key_add(name="Basis", from_mix=False)
    # An object that is made again keeps its size, so its mesh may not be as large as the prepared one.
    size = np.float32(largest_side(obj.data) / max(float(np.ptp(prepared.start.vertices, axis=0).max()), 1e-9))
    last = len(prepared.t) - 1
    for number in range(1, last + 1):
        key = obj.shape_key_add(name=f"{prepared.t[number]:.0%}", from_mix=False)
        key.data.foreach_set("co", (size * prepared.shapes[number]).ravel())
        _drive(obj, key, number, last)
    _mix_colors(obj.data.materials[0], prepared)


def is_morph(obj: bpy.types.Object | None) -> bool:
    """Whether the object has the slider."""
    return obj is not None and obj.type == "MESH" and obj.data.shape_keys is not None and SLIDER in obj


def _drive(obj: bpy.types.Object, key: bpy.types.ShapeKey, number: int, last: int) -> None:
    """Full at ``number`` of ``last`` steps of the slider, nothing one step before and after.

    The expression is one of those that Blender evaluates without Python, and so without asking whether it may.
    """
    driver = key.driver_add("value").driver
    driver.type = "SCRIPTED"
    variable = driver.variables.new()
    variable.name = "blend"
    variable.targets[0].id = obj
    variable.targets[0].data_path = f'["{SLIDER}"]'
    driver.expression = f"max(0, 1 - abs(blend * {last} - {number}))"


def _mix_colors(material: bpy.types.Material, prepared: PreparedMorph) -> None:
    """Between the two textures by the slider; the bumps of the first go as its colours do."""
    tree = material.node_tree
    nodes, links = tree.nodes, tree.links
    shader = next(node for node in nodes if node.type == "BSDF_PRINCIPLED")
    base = nodes["Base Color"]
    slider = nodes.new("ShaderNodeAttribute")
    slider.attribute_type, slider.attribute_name = "OBJECT", SLIDER
    slider.name = slider.label = SLIDER
    slider.location = (-600, 350)
    end = nodes.new("ShaderNodeTexImage")
    end.name = end.label = "Base Color at the End"
    end.image = make_image(f"{material.name} End", prepared.end_png, "sRGB")
    end.location = (-700, 50)
    mix = nodes.new("ShaderNodeMix")
    mix.data_type = "RGBA"
    mix.location = (-150, 250)
    # A Mix node has a set of sockets for each kind of data, under the same names.
    factor, first, second = (mix.inputs[index] for index in (0, 6, 7))
    links.new(slider.outputs["Fac"], factor)
    links.new(base.outputs["Color"], first)
    links.new(end.outputs["Color"], second)
    links.new(mix.outputs[2], shader.inputs["Base Color"])
    bump = next((node for node in nodes if node.type == "NORMAL_MAP"), None)
    if bump is not None:
        rest = nodes.new("ShaderNodeMath")
        rest.operation = "SUBTRACT"
        rest.inputs[0].default_value = 1.0
        rest.location = (-430, -420)
        links.new(slider.outputs["Fac"], rest.inputs[1])
        links.new(rest.outputs[0], bump.inputs["Strength"])
    nodes.active = base
