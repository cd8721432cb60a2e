"""Styles of an object: materials that take turns in its slots.

A style is linked to the object and not to its mesh (``MaterialSlot.link``). The mesh keeps its faces, their material
numbers and its materials; other objects that share it keep their look; and the original look, always the first entry,
comes back exactly. The one thing that a mesh without any slot gets is an empty one, since a material needs a slot.

What an entry looks like is written down when another takes over, so what the artist changes in the slots in between is
kept.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, IntProperty, PointerProperty, StringProperty

from .insert import make_material
from .later import np
from .mesh_copy import LAYER
from .provenance import StyleRecord, read_style
from .stylize import Styled
from .translations import tr

#: What the first entry is called.
ORIGINAL = "Original"
#: Letters of a prompt that make a style's name.
_LETTERS = 48


class LATTE3D_PG_slot(bpy.types.PropertyGroup):
    """One material slot of an entry."""

    __annotations__ = {
        "link": StringProperty(name="Link", description="Whether the slot shows the mesh's material or the object's"),
        "material": PointerProperty(
            name="Material", description="The object's own material in this slot", type=bpy.types.Material
        ),
    }


class LATTE3D_PG_variant(bpy.types.PropertyGroup):
    """One entry: the original look or a style."""

    __annotations__ = {
        "name": StringProperty(name="Name", description="What the style is called"),
        # Numbers and names change. Not set in files from before there were keys.
        "key": StringProperty(name="Key", description="Tells the style from the others of the object for good"),
        "prompt": StringProperty(name="Prompt", description="What the style was made from"),
        "slots": CollectionProperty(name="Slots", description="What each material slot holds", type=LATTE3D_PG_slot),
        "layer": StringProperty(name="UV Map", description="The UV map that is active while this look is shown"),
        # Not set for the original look, which each of the two has, and in files from before there was such a note.
        "refined": BoolProperty(
            name="For Refined", description="Whether the style was painted for the refined look of the object"
        ),
    }


def _choose(variants: Any, context: bpy.types.Context) -> None:
    """Another row of the list has been clicked."""
    _show(variants.id_data, variants.active)


class LATTE3D_PG_variants(bpy.types.PropertyGroup):
    """``object.latte3d_variants``: the entries, the first of them the original look; none before the first style."""

    __annotations__ = {
        "entries": CollectionProperty(
            name="Styles", description="The original look and the styles", type=LATTE3D_PG_variant
        ),
        "active": IntProperty(
            name="Style", description="Number of the look that the object wears", min=0, update=_choose
        ),
        "shown": IntProperty(name="Shown", description="Number of the look that the slots hold"),
        "previous": IntProperty(name="Previous", description="Number of the look before that"),
    }


def add_style(obj: bpy.types.Object, prompt: str, styled: Styled) -> str:
    """Give an object a new style, and show it. Returns the style's name. Object Mode is required."""
    from .refined import is_refined  # here, since it needs this module

    variants = obj.latte3d_variants
    mesh = obj.data
    if not variants.entries:
        variants.entries.add().name = ORIGINAL
        _start_over(variants)
    if not obj.material_slots:
        mesh.materials.append(None)
    name = _unique(" ".join(prompt.split())[:_LETTERS].strip(), [entry.name for entry in variants.entries])
    material, layer = _paint(mesh, f"{obj.name} {name}", styled)
    entry = variants.entries.add()
    entry.name, entry.prompt, entry.refined, entry.layer = name, prompt, is_refined(obj), layer
    entry.key = uuid.uuid4().hex
    for _ in obj.material_slots:
        slot = entry.slots.add()
        slot.link, slot.material = "OBJECT", material
    show(obj, len(variants.entries) - 1)
    return name


def renew_style(obj: bpy.types.Object, index: int, styled: Styled) -> str:
    """Give a style of an object a new material in place of its own, and show it. Returns the style's name. Object Mode
    is required.

    What the artist has put into the slots beside it stays. Other objects that wear the old material keep it.
    """
    entry, old = obj.latte3d_variants.entries[index], material_of(obj, index)
    material, layer = _paint(obj.data, f"{obj.name} {entry.name}", styled)
    show(obj, index)
    _write_down(obj, entry)
    for slot in entry.slots:
        if old is None or slot.material == old:
            slot.material = material
    _put_on(obj, entry, True)
    entry.layer = layer
    _activate(obj.data, layer)
    if old is not None and not old.users:
        name = old.name
        _discard(old)
        material.name = name
    return str(entry.name)


def _paint(mesh: bpy.types.Mesh, name: str, styled: Styled) -> tuple[bpy.types.Material, str]:
    """A style's material, and the name of the UV layer that it lies on, which is added where there is none."""
    layer = styled.layer if styled.loop_uvs is None else _add_layer(mesh, styled.loop_uvs)
    material = make_material(name, styled)
    _use_layer(material, layer)
    for key, value in styled.properties.items():
        material[key] = value
    return material, layer


def material_of(obj: bpy.types.Object, index: int) -> bpy.types.Material | None:
    """The material that was made for a style, which says how; None for the original look, and for a style all of whose
    slots the artist has filled anew."""
    variants = obj.latte3d_variants
    if index == 0:
        return None
    slots = obj.material_slots if index == variants.shown else variants.entries[index].slots
    return next((slot.material for slot in slots if slot.material and read_style(slot.material)), None)


def made_from(obj: bpy.types.Object, index: int) -> StyleRecord | None:
    """How a style was made; None for the original look."""
    material = material_of(obj, index)
    if material is not None:
        return read_style(material)
    if index == 0:
        return None
    # The entry remembers the prompt, whatever has become of the material.
    return read_style({"latte3d_prompt": obj.latte3d_variants.entries[index].prompt})


def key_of(obj: bpy.types.Object, index: int) -> str:
    """What ``find`` finds an entry by; a style without a key gets one."""
    entries = obj.latte3d_variants.entries
    if not 0 < index < len(entries):
        return ""
    entry = entries[index]
    entry.key = entry.key or uuid.uuid4().hex
    return str(entry.key)


def find(obj: bpy.types.Object, key: str) -> int | None:
    """The number of a style by its key, 0 for ""; None if there is no such style."""
    if not key:
        return 0
    entries = enumerate(obj.latte3d_variants.entries)
    return next((index for index, entry in entries if index and entry.key == key), None)


@contextlib.contextmanager
def wearing(obj: bpy.types.Object, index: int) -> Iterator[None]:
    """Let the slots hold what an entry says for as long as the body takes; afterwards all is as before."""
    variants = obj.latte3d_variants
    if index == variants.shown or not 0 <= variants.shown < len(variants.entries):
        yield
        return
    shown = variants.entries[variants.shown]
    _write_down(obj, shown)
    _put_on(obj, variants.entries[index], index > 0)
    try:
        yield
    finally:
        _put_on(obj, shown, variants.shown > 0)


def fault(obj: bpy.types.Object, entry: Any) -> str:
    """Why an object cannot wear one of its entries as it is, in a sentence for the artist; "" if it can.

    A refined object has two meshes that take turns, each with UVs of its own, and a style fits one of them.
    """
    from .refined import is_refined, other  # here, since it needs this module

    if other(obj) is None or not entry.is_property_set("refined") or entry.refined == is_refined(obj):
        return ""
    text = tr("“{style}” was painted for the look before refining: press Show Before first.")
    if entry.refined:
        text = tr("“{style}” was painted for the refined look: press Show Refined first.")
    return text.format(style=entry.name)


def show(obj: bpy.types.Object, index: int) -> None:
    """Let an object wear one of its entries. Does nothing if it does already, or if ``fault`` speaks against it."""
    obj.latte3d_variants.active = index  # which calls _choose


def _show(obj: bpy.types.Object, index: int) -> None:
    variants = obj.latte3d_variants
    if not 0 <= index < len(variants.entries) or index == variants.shown:
        return
    if fault(obj, variants.entries[index]):
        variants.active = variants.shown  # the click is taken back
        return
    if 0 <= variants.shown < len(variants.entries):
        _write_down(obj, variants.entries[variants.shown])
    if variants.shown == 0 and obj.data.uv_layers.active is not None:
        variants.entries[0].layer = obj.data.uv_layers.active.name
    _put_on(obj, variants.entries[index], index > 0)
    _activate(obj.data, variants.entries[index].layer)
    variants.previous, variants.shown = variants.shown, index


def remove(obj: bpy.types.Object, index: int) -> None:
    """Take a style off the list, and its material out of the file if nothing else uses it. With the last style the
    original's entry goes too, and no trace is left but the UV layer that was made, if any, and the empty slot of a mesh
    that had none."""
    variants = obj.latte3d_variants
    if variants.shown == index:
        show(obj, 0)
    materials = {slot.material for slot in variants.entries[index].slots} - {None}
    variants.entries.remove(index)
    shown, previous = (at - 1 if at > index else at for at in (variants.shown, variants.previous))
    variants.shown, variants.previous = shown, 0 if variants.previous == index else previous
    variants.active = shown  # changes nothing: it is shown already
    if len(variants.entries) == 1:
        forget(obj)
    for material in materials:
        if not material.users:
            _discard(material)


def remove_unfit(obj: bpy.types.Object) -> None:
    """Take the styles off the list that the object cannot wear as it is."""
    entries = obj.latte3d_variants.entries
    for index in reversed([index for index, entry in enumerate(entries) if fault(obj, entry)]):
        remove(obj, index)


def forget(obj: bpy.types.Object) -> None:
    """Empty the list; what the slots show stays, and the materials go when nothing uses them."""
    variants = obj.latte3d_variants
    variants.entries.clear()
    _start_over(variants)


def _start_over(variants: Any) -> None:
    variants.shown = variants.previous = 0
    variants.active = 0


def _discard(material: bpy.types.Material) -> None:
    images = {node.image for node in material.node_tree.nodes if node.type == "TEX_IMAGE"} - {None}
    bpy.data.materials.remove(material)
    for image in images:
        if not image.users:
            bpy.data.images.remove(image)


def _write_down(obj: bpy.types.Object, entry: Any) -> None:
    """What the slots hold now. A slot that shows the mesh's material has one of the object's as well, unseen."""
    entry.slots.clear()
    for slot in obj.material_slots:
        stored = entry.slots.add()
        stored.link = slot.link
        slot.link = "OBJECT"
        stored.material = slot.material
        slot.link = stored.link


def _put_on(obj: bpy.types.Object, entry: Any, style: bool) -> None:
    """Fill the slots. Slots that have been added since wear the style too, or stay as they are for the original."""
    for number, slot in enumerate(obj.material_slots):
        if number >= len(entry.slots) and not (style and entry.slots):
            continue
        stored = entry.slots[min(number, len(entry.slots) - 1)]
        slot.link = "OBJECT"
        slot.material = stored.material
        slot.link = stored.link


def _activate(mesh: bpy.types.Mesh, layer: str) -> None:
    """Make a UV layer the active one: the solid view draws textures on that one, whatever the material says. Not on a
    mesh that several share, for the others may show something else."""
    found = mesh.uv_layers.get(layer)
    if found is not None and mesh.users == 1:
        mesh.uv_layers.active = found


def _unique(name: str, taken: list[str]) -> str:
    names = (name if number == 1 else f"{name} ({number})" for number in range(1, len(taken) + 2))
    return next(one for one in names if one not in taken)


def _use_layer(material: bpy.types.Material, layer: str) -> None:
    """Let the texture lie on the UV layer by its name, whichever the artist makes active."""
    tree = material.node_tree
    node = tree.nodes.new("ShaderNodeUVMap")
    node.uv_map = layer
    node.location = (-650, 0)
    tree.links.new(node.outputs["UV"], tree.nodes["Base Color"].inputs["Vector"])


def _add_layer(mesh: bpy.types.Mesh, values: np.ndarray) -> str:
    """Add a UV layer, and return its name; one with the same values, made for another object of the mesh, will do."""
    for layer in mesh.uv_layers:
        if layer.name.startswith(LAYER):
            present = np.empty(2 * len(mesh.loops), np.float32)
            layer.uv.foreach_get("vector", present)
            if np.array_equal(present, values.ravel()):
                return str(layer.name)
    layer = mesh.uv_layers.new(name=LAYER, do_init=False)
    layer.uv.foreach_set("vector", np.ascontiguousarray(values.ravel()))
    mesh.update()
    return str(layer.name)


CLASSES = (LATTE3D_PG_slot, LATTE3D_PG_variant, LATTE3D_PG_variants)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Object.latte3d_variants = PointerProperty(type=LATTE3D_PG_variants)


def unregister() -> None:
    del bpy.types.Object.latte3d_variants
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
