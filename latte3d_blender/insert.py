"""Puts a ``PreparedObject`` into Blender: mesh, UVs, material with packed textures, custom properties.

Everything goes over in whole arrays (``foreach_set``); nothing here loops over vertices or pixels.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

import bpy

from .later import np
from .tasks import PlaceError
from .translations import tr

if TYPE_CHECKING:
    from .prepare import Look, PreparedObject

UV_NAME = "UVMap"


def make_mesh(name: str, prepared: PreparedObject) -> bpy.types.Mesh:
    """A mesh data-block with smooth shading and the UV layer "UVMap"."""
    mesh = bpy.data.meshes.new(name)
    count = len(prepared.faces)
    mesh.vertices.add(len(prepared.vertices))
    mesh.vertices.foreach_set("co", prepared.vertices.ravel())
    mesh.loops.add(3 * count)
    mesh.loops.foreach_set("vertex_index", prepared.faces.ravel())
    mesh.polygons.add(count)
    mesh.polygons.foreach_set("loop_start", np.arange(0, 3 * count, 3, dtype=np.int32))
    layer = mesh.uv_layers.new(name=UV_NAME, do_init=False)
    layer.uv.foreach_set("vector", prepared.uvs.ravel())
    mesh.update(calc_edges=True)
    mesh.shade_smooth()
    return mesh


def make_image(name: str, png: bytes, colorspace: str) -> bpy.types.Image:
    """A packed image. Blender takes the PNG file as it is and decodes it when it is first shown."""
    image = bpy.data.images.new(name, 1, 1)
    image.pack(data=png, data_len=len(png))
    image.source = "FILE"
    # A path gives "Unpack" a file name to write to; as long as the image is packed nothing is read from there.
    image.filepath_raw = f"//textures/{bpy.path.clean_name(name)}.png"
    image.colorspace_settings.name = colorspace
    return image


def make_material(name: str, prepared: Look) -> bpy.types.Material:
    """A Principled material: base colour from an sRGB image, normals from a Non-Color one if there is any."""
    material = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0, 0):  # from 5.0 on every material has nodes, and setting this only warns
        material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    output.location = (300, 0)
    shader = tree.nodes.new("ShaderNodeBsdfPrincipled")
    shader.inputs["Roughness"].default_value = 0.6
    tree.links.new(shader.outputs["BSDF"], output.inputs["Surface"])

    base = tree.nodes.new("ShaderNodeTexImage")
    base.name = base.label = "Base Color"
    base.location = (-400, 100)
    base.image = make_image(f"{name} Base Color", prepared.base_png, "sRGB")
    tree.links.new(base.outputs["Color"], shader.inputs["Base Color"])

    if prepared.normal_png is not None:
        texture = tree.nodes.new("ShaderNodeTexImage")
        texture.name = texture.label = "Normal"
        texture.location = (-600, -250)
        texture.image = make_image(f"{name} Normal", prepared.normal_png, "Non-Color")
        normal = tree.nodes.new("ShaderNodeNormalMap")
        normal.location = (-250, -250)
        normal.space = "TANGENT"
        normal.uv_map = UV_NAME
        tree.links.new(texture.outputs["Color"], normal.inputs["Color"])
        tree.links.new(normal.outputs["Normal"], shader.inputs["Normal"])
    material.diffuse_color = (*prepared.color, 1.0)  # for Solid view, which does not read the nodes
    # The active node is what Solid view's Texture colour and texture paint show.
    tree.nodes.active = base
    return material


def target_collection(context: bpy.types.Context) -> bpy.types.Collection:
    """The active collection, or the scene's own where that one belongs to a library."""
    collection = context.view_layer.active_layer_collection.collection
    return collection if collection.is_editable else context.scene.collection


def insert_object(
    context: bpy.types.Context, prepared: PreparedObject, cursor: tuple[float, float, float]
) -> bpy.types.Object:
    """Make the object, stand it at ``cursor`` (metres) and make it the only selected one. Object Mode is required."""
    mesh = make_mesh(prepared.name, prepared)
    mesh.materials.append(make_material(prepared.name, prepared))
    obj = bpy.data.objects.new(prepared.name, mesh)
    for key, value in prepared.properties.items():
        obj[key] = value
    obj.location = cursor
    target_collection(context).objects.link(obj)
    for other in context.view_layer.objects.selected[:]:
        other.select_set(False)
    # An excluded collection takes the object, but the view layer then has no place for it and says so.
    with contextlib.suppress(RuntimeError):
        obj.select_set(True)
        context.view_layer.objects.active = obj
    return obj


def replace_object(obj: bpy.types.Object, prepared: PreparedObject) -> None:
    """Give ``obj`` the prepared mesh, material and properties; name, transform, modifiers and size stay.

    The old mesh and its material are left to Blender, which drops what nobody uses when the file is saved. So are the
    styles: they were painted for the old mesh, and would lie wrongly on the new one.

    Raises:
        PlaceError: the object's data belongs to a library file.
    """
    if obj.type != "MESH" or not obj.is_editable:
        message = tr("“{name}” cannot be changed: make it local (Object > Library Override, or Make Local).")
        raise PlaceError(message.format(name=obj.name))
    from .variants import forget, show  # here, since it needs this module

    old = largest_side(obj.data)
    new = float(np.ptp(prepared.vertices, axis=0).max())
    # Equal sizes but for rounding: the same settings are to give the same numbers.
    if old > 0.0 and not 0.999 < old / new < 1.001:
        prepared = replace(prepared, vertices=prepared.vertices * np.float32(old / new))
    mesh = make_mesh(prepared.name, prepared)
    mesh.materials.append(make_material(prepared.name, prepared))
    show(obj, 0)  # else the slots would hold on to the style that is shown, unseen
    forget(obj)
    obj.data = mesh
    for slot in obj.material_slots:
        slot.link = "DATA"  # a material of the object's own was painted for the old UV map
    for key, value in prepared.properties.items():
        obj[key] = value


def largest_side(mesh: bpy.types.Mesh) -> float:
    """Of the box around the mesh as it is stored, without modifiers; 0 if it has no vertices."""
    points = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", points)
    return float(np.ptp(points.reshape(-1, 3), axis=0).max()) if len(points) else 0.0
