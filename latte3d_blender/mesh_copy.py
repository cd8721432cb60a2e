"""Copies an object's mesh out of Blender for the worker. Reads only: nothing of the artist's is written."""

from __future__ import annotations

import hashlib
import math

import bpy
from mathutils import Matrix, Quaternion

from .artist_mesh import Colours, MeshCopy, Surface
from .later import np
from .mesh_colors import base_colours, loop_uvs
from .prepare import to_core_axes
from .translations import tr

#: What new UV layers are called.
LAYER = "LATTE3D"
#: UV layers that Blender allows to a mesh.
MOST_LAYERS = 8
#: Share of the object's size by which a modifier may stretch an edge for it to be taken for the same one.
_NEAR = 0.1
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
    """The mesh as it is seen: modifiers, shape keys, pose and scale applied, upright as in the scene, turned to the
    front.

    Raises:
        Refused: it has no faces, or reaches too far.
    """
    editing = obj.mode == "EDIT"
    if editing:
        obj.update_from_editmode()
    seen = obj.evaluated_get(context.evaluated_depsgraph_get())  # brings the transforms up to date as well
    turned = Matrix.Rotation(-heading(obj), 3, "Z") @ obj.matrix_world.to_3x3()
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
        one, _, _ = _read(shown, turned, layers, obj, keep_colours)
        below, polygon, loop = _read(base, turned, layers, obj, keep_colours)
        same = topology(shown) == topology(base)
        if not same:
            below = _as_shown(below, one)
        notes: tuple[str, ...] = ()
        if len(shown.materials) > max(len(obj.material_slots), 1):
            note = tr("A modifier of “{name}” gives some faces a material of its own, which hides the style there.")
            notes = (note.format(name=obj.name),)
        return MeshCopy(
            shown=one,
            base=one if same else below,
            polygon=polygon,
            loop=loop,
            loops=len(base.loops),
            layers=tuple(layers),
            locked=_locked(obj),
            topology=topology(base),
            notes=notes,
        )
    finally:
        if seen.is_evaluated:
            seen.to_mesh_clear()
        if editing:
            obj.to_mesh_clear()


def topology(mesh: bpy.types.Mesh) -> str:
    """The same for two meshes whose polygons join the same vertices in the same order."""
    digest = hashlib.sha256(f"{len(mesh.vertices)}".encode())
    for items, name in ((mesh.loops, "vertex_index"), (mesh.polygons, "loop_start")):
        values = np.empty(len(items), np.int32)
        items.foreach_get(name, values)
        digest.update(values.tobytes())
    return digest.hexdigest()


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


def _read(
    mesh: bpy.types.Mesh, turned: Matrix, layers: list[str], obj: bpy.types.Object, keep_colours: bool
) -> tuple[Surface, np.ndarray, np.ndarray]:
    """The surface, and the polygon (F,) and the corners (F, 3) that each triangle belongs to.

    Raises:
        Refused: it reaches too far.
    """
    mesh.calc_loop_triangles()
    count = len(mesh.loop_triangles)
    vertices = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", vertices)
    triangles, loop = np.empty(3 * count, np.int32), np.empty(3 * count, np.int32)
    polygon, material = np.empty(count, np.int32), np.empty(count, np.int32)
    mesh.loop_triangles.foreach_get("vertices", triangles)
    mesh.loop_triangles.foreach_get("loops", loop)
    mesh.loop_triangles.foreach_get("polygon_index", polygon)
    mesh.loop_triangles.foreach_get("material_index", material)
    triangles, loop = triangles.reshape(-1, 3), loop.reshape(-1, 3)
    if turned.is_negative:
        triangles, loop = np.ascontiguousarray(triangles[:, ::-1]), np.ascontiguousarray(loop[:, ::-1])
    points = vertices.reshape(-1, 3).astype(np.float64) @ np.array(turned.transposed())
    far = float(np.abs(points).max(axis=1)[triangles].max(initial=0.0))
    if _FARTHEST < far < math.inf:  # what is not finite, the core counts
        message = tr("“{name}” reaches {far:.0e} m from its origin: scale it down, or delete what lies far off.")
        raise Refused(message.format(name=obj.name, far=far))
    uvs = {name: loop_uvs(mesh, mesh.uv_layers[name])[loop] for name in layers}
    colours: Colours | None = None
    if keep_colours:
        colours = base_colours(mesh, triangles, loop, material, [slot.material for slot in obj.material_slots])
    return Surface(to_core_axes(points), triangles, uvs, colours), polygon, loop


def _as_shown(base: Surface, shown: Surface) -> Surface:
    """The base with its vertices where the modifiers put them.

    Subdivision Surface, Mirror, Array and Solidify keep the vertices they are given, and keep them first. Others do
    not, which is seen from edges of quite another length; then the vertices stay where they are.
    """
    count = len(base.vertices)
    if len(shown.vertices) < count:
        return base
    moved = Surface(shown.vertices[:count], base.triangles, base.uvs, base.colours)
    before, after = (_edges(surface) for surface in (base, moved))
    if not np.abs(after - before).max(initial=0.0) <= _NEAR * float(np.ptp(shown.vertices, axis=0).max()):
        return base
    return moved


def _edges(surface: Surface) -> np.ndarray:
    """(F, 3) lengths of the sides of the triangles."""
    corner = surface.vertices.astype(np.float64)[surface.triangles]
    lengths: np.ndarray = np.linalg.norm(corner - np.roll(corner, 1, axis=1), axis=2)
    return lengths
