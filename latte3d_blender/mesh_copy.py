"""Copies an object's mesh out of Blender for the worker. Reads only: nothing of the artist's is written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import bpy
from mathutils import Matrix, Quaternion

from .later import np
from .mesh_arrays import MeshArrays, MeshCopy, placed
from .mesh_colors import coats, loop_uvs
from .translations import tr

#: What new UV layers are called.
LAYER = "LATTE3D"
#: UV layers that Blender allows to a mesh.
MOST_LAYERS = 8
#: How far from the object's origin its faces may reach, in the scene's units: sums of what is farther leave 32 bits.
_FARTHEST = 1e37


class Refused(Exception):
    """The object cannot be stylized. The message is one sentence for the artist."""


def refusal(obj: bpy.types.Object) -> str:
    """Why an object cannot be stylized, as far as can be told at a glance, or an empty string."""
    text = ""
    if obj.type == "EMPTY" and obj.instance_type == "COLLECTION":
        text = tr("“{name}” is an instance of a collection: use Object > Apply > Make Instances Real first.")
    elif obj.type in {"CURVE", "CURVES", "SURFACE", "FONT", "META"}:
        text = tr("“{name}” is not a mesh: use Object > Convert > Mesh first.")
    elif obj.type != "MESH":
        text = tr("“{name}” is not a mesh: select mesh objects.")
    elif obj.library is not None or obj.override_library is not None:
        text = tr("“{name}” belongs to another file: use Object > Relations > Make Local first.")
    elif obj.data.library is not None and not obj.material_slots:
        text = tr("The mesh of “{name}” belongs to another file and has no material slot: make it local first.")
    return text.format(name=obj.name)


def heading(obj: bpy.types.Object) -> float:
    """By how much the object is turned about the world's vertical axis, in radians."""
    world = obj.matrix_world.to_3x3()
    flips: tuple[tuple[float, float, float], ...] = ((1, 1, 1),)
    if world.is_negative:  # mirrored; along which axis nobody can tell, so the one that leaves the least to turn
        flips = ((-1, 1, 1), (1, -1, 1), (1, 1, -1))
    turns = [(world @ Matrix.Diagonal(flip)).normalized().to_quaternion() for flip in flips]
    turn: Quaternion = min(turns, key=lambda quaternion: 1 - abs(quaternion.w))
    return 0.0 if math.hypot(turn.w, turn.z) < 1e-6 else 2 * math.atan2(turn.z, turn.w)


def copy_mesh(context: bpy.types.Context, obj: bpy.types.Object, keep_colours: bool) -> MeshCopy:
    """The object's mesh. Of one with 500,000 faces it takes about 40 ms, and 0.15 s if some have more than four sides.

    Raises:
        Refused: it has no faces, or reaches too far.
    """
    editing = obj.mode == "EDIT"
    if editing:
        obj.update_from_editmode()
    seen = obj.evaluated_get(context.evaluated_depsgraph_get())  # brings the transforms up to date as well
    turned = np.array(Matrix.Rotation(-heading(obj), 3, "Z") @ obj.matrix_world.to_3x3(), np.float64)
    # A mesh in Edit Mode hides its UVs, a copy of it does not.
    base = obj.to_mesh() if editing else obj.data
    shown = seen.to_mesh() if seen.is_evaluated else base
    try:
        if not len(shown.polygons):
            message = tr("“{name}” has no faces: give it some, or select another object.")
            raise Refused(message.format(name=obj.name))
        if not len(base.polygons):
            message = tr("All faces of “{name}” come from a modifier: apply it first.")
            raise Refused(message.format(name=obj.name))
        layers = [name for name in _candidates(base) if name in shown.uv_layers]
        materials = [slot.material for slot in obj.material_slots]
        pictures: dict[bpy.types.Image, np.ndarray | None] | None = {} if keep_colours else None
        above = arrays(shown, layers, materials, pictures)
        below = faces(base)
        if below.same_faces(above):
            below = above
        else:
            below = arrays(base, layers, materials, pictures)
        far = max(_reach(mesh, turned) for mesh in (above, below))
        if _FARTHEST < far < math.inf:  # what is not finite, the core counts
            message = tr("“{name}” reaches {far:.0e} m from its origin: scale it down, or delete what lies far off.")
            raise Refused(message.format(name=obj.name, far=far))
        notes: tuple[str, ...] = ()
        if len(shown.materials) > max(len(obj.material_slots), 1):
            note = tr("A modifier of “{name}” gives some faces a material of its own, which hides the style there.")
            notes = (note.format(name=obj.name),)
        return MeshCopy(above, below, turned, tuple(layers), _locked(obj), notes)
    finally:
        if seen.is_evaluated:
            seen.to_mesh_clear()
        if editing:
            obj.to_mesh_clear()


def faces(mesh: bpy.types.Mesh) -> MeshArrays:
    """The vertices and polygons of a mesh, without what lies on them.

    Attributes are copied as they are, a hundred times faster than what Blender works out for each element.
    """
    vertices = np.empty(3 * len(mesh.vertices), np.float32)
    corner_vertex = np.empty(len(mesh.loops), np.int32)
    start = np.empty(len(mesh.polygons), np.int32)
    if len(vertices):
        mesh.attributes["position"].data.foreach_get("vector", vertices)
    if len(corner_vertex):
        mesh.attributes[".corner_vert"].data.foreach_get("value", corner_vertex)
    mesh.polygons.foreach_get("loop_start", start)
    return MeshArrays(vertices.reshape(-1, 3), corner_vertex, start, None, None, {})


def arrays(
    mesh: bpy.types.Mesh,
    layers: Sequence[str],
    materials: Sequence[bpy.types.Material | None],
    pictures: dict[bpy.types.Image, np.ndarray | None] | None,
) -> MeshArrays:
    """A mesh with these UV layers and, unless ``pictures`` is None, with what it looks like; see ``coats``."""
    found = faces(mesh)
    size = np.diff(found.start, append=len(found.corner_vertex))
    slot = None
    if "material_index" in mesh.attributes:
        slot = np.empty(len(size), np.int32)
        mesh.attributes["material_index"].data.foreach_get("value", slot)
        slot = np.clip(slot, 0, max(len(materials), 1) - 1)
    return replace(
        found,
        cuts=None if ((size == 3) | (size == 4)).all() else _cuts(mesh),
        slot=slot,
        uvs={name: loop_uvs(mesh, mesh.uv_layers[name]) for name in layers},
        coats=None if pictures is None else coats(mesh, slot, materials, pictures),
    )


def _cuts(mesh: bpy.types.Mesh) -> np.ndarray:
    """The corners (F, 3) of the triangles into which Blender cuts the polygons."""
    mesh.calc_loop_triangles()
    corners = np.empty(3 * len(mesh.loop_triangles), np.int32)
    mesh.loop_triangles.foreach_get("loops", corners)
    return corners.reshape(-1, 3)


def _reach(mesh: MeshArrays, turned: np.ndarray) -> float:
    """How far from the object's origin the vertices of its faces reach along the axes, at most."""
    most = float(np.abs(mesh.vertices).max(initial=0.0)) * float(np.abs(turned).sum(axis=1).max())
    if most <= _FARTHEST:  # the rule; there one look at all vertices is enough
        return most
    with np.errstate(invalid="ignore"):
        return float(np.abs(placed(mesh, turned)).max(axis=1)[mesh.corner_vertex].max(initial=0.0))


def _candidates(mesh: bpy.types.Mesh) -> list[str]:
    """UV layers for the colours: the one that renders use, then the newest that was made for an earlier style."""
    names = [layer.name for layer in mesh.uv_layers if layer.active_render]
    made = [layer.name for layer in mesh.uv_layers if layer.name.startswith(LAYER)]
    return list(dict.fromkeys([*names, *made[::-1]]))


def _locked(obj: bpy.types.Object) -> str:
    if obj.data.library is not None:
        text = tr("The mesh of “{name}” belongs to another file, so no UV map can be added: make it local first.")
        return text.format(name=obj.name)
    if len(obj.data.uv_layers) >= MOST_LAYERS:
        text = tr("“{name}” has {count} UV maps, and Blender allows no more: remove one first.")
        return text.format(name=obj.name, count=MOST_LAYERS)
    return ""
