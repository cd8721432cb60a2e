"""Stylize: the artist's mesh stays as it is to the byte, the colours lie where they belong, and looks come back."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import Extension
from test_extension import Recorder, texts

bpy = pytest.importorskip("bpy", reason="bpy (Blender as a module) is not installed")

from mathutils import Matrix  # noqa: E402 - comes with bpy

from latte3d_blender import artist_mesh, uv_choice  # noqa: E402 - after the check for bpy
from latte3d_core.mesh.check import uv_overlap  # noqa: E402
from latte3d_core.mesh.types import Mesh  # noqa: E402
from latte3d_core.progress import Progress  # noqa: E402

pytest.importorskip("torch", reason="these tasks run on the core, which needs torch")

SIZE = 128
#: How attributes give their values.
VALUES = {
    "FLOAT_VECTOR": ("vector", 3),
    "FLOAT2": ("vector", 2),
    "FLOAT_COLOR": ("color", 4),
    "BYTE_COLOR": ("color", 4),
    "INT32_2D": ("value", 2),
    "INT16_2D": ("value", 2),
    "QUATERNION": ("value", 4),
}


# --- meshes ------------------------------------------------------------------------------------------------------


def mesh_object(name: str, vertices: Any, faces: Any, edges: Any = (), uvs: Any = None) -> Any:
    """A selected, active object."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([tuple(map(float, vertex)) for vertex in vertices], list(edges), [list(face) for face in faces])
    if uvs is not None:
        mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", np.asarray(uvs, np.float32).ravel())
    return add(name, mesh)


def add(name: str, data: Any) -> Any:
    obj = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(obj)
    obj.select_set(True)
    bpy.context.view_layer.objects.active = obj
    return obj


def primitive(kind: str, **arguments: Any) -> Any:
    getattr(bpy.ops.mesh, f"primitive_{kind}_add")(**arguments)
    obj = bpy.context.object
    obj.data = obj.data.copy()
    return obj


def grid(side: int = 4, uv_scale: float = 0.9, name: str = "Grid") -> Any:
    """A bent sheet of quads with UVs that fill ``uv_scale`` of the square."""
    x, y = (axis.ravel() for axis in np.meshgrid(*[np.linspace(0, 1, side + 1)] * 2))
    at = np.arange((side + 1) ** 2).reshape(side + 1, side + 1)
    faces = np.stack([at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]], axis=-1).reshape(-1, 4)
    uvs = np.stack([x, y], axis=1)[faces] * uv_scale + 0.02
    return mesh_object(name, np.stack([x, y, 0.3 * x * x], axis=1), faces, uvs=uvs)


def plain_cube() -> Any:
    return primitive("cube", calc_uvs=False)


def ngon_fan() -> Any:
    turn = np.linspace(0, 2 * np.pi, 17)[:-1]
    ring = np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1)
    walls = [(k, (k + 1) % 16, 16 + (k + 1) % 16, 16 + k) for k in range(16)]
    return mesh_object(
        "Ngons", np.concatenate([ring, ring + np.array([0, 0, 2])]), [range(16)[::-1], range(16, 32), *walls]
    )


def loose_edges() -> Any:
    obj = grid()
    mesh = obj.data
    mesh.vertices.add(2)
    mesh.vertices[-1].co = (0, 0, 3)
    mesh.edges.add(1)
    mesh.edges[-1].vertices = (len(mesh.vertices) - 2, len(mesh.vertices) - 1)
    return obj


def many_materials() -> Any:
    obj = primitive("cube")
    for number in range(3):
        obj.data.materials.append(bpy.data.materials.new(f"M{number}"))
    for number, polygon in enumerate(obj.data.polygons):
        polygon.material_index = number % 3
    return obj


def stray_material_numbers() -> Any:
    obj = primitive("cube")
    for number, polygon in enumerate(obj.data.polygons):
        polygon.material_index = number
    return obj


def negative_scale() -> Any:
    obj = primitive("cube")
    obj.scale = (-1.0, 2.0, 0.5)
    return obj


def unapplied() -> Any:
    obj = primitive("cone")
    obj.location, obj.rotation_euler, obj.scale = (1e4, -3, 2), (0.3, 0.2, 2.5), (3, 0.1, 1)
    return obj


def sheared() -> Any:
    parent = bpy.data.objects.new("Parent", None)
    bpy.context.scene.collection.objects.link(parent)
    parent.scale, obj = (1, 4, 1), primitive("cube")
    obj.parent, obj.rotation_euler = parent, (0.4, 0.5, 0.6)
    return obj


def rigged() -> Any:
    bpy.ops.object.armature_add()
    bones = bpy.context.object
    obj = grid(name="Rigged")
    group = obj.vertex_groups.new(name="Bone")
    for vertex in obj.data.vertices:
        group.add([vertex.index], 0.1 + 0.8 * vertex.co.x, "REPLACE")
    obj.modifiers.new("Armature", "ARMATURE").object = bones
    bones.pose.bones["Bone"].location.z = 0.5
    bones.select_set(False)
    return obj


def shape_keys() -> Any:
    obj = grid(name="Keys")
    obj.shape_key_add(name="Basis")
    key = obj.shape_key_add(name="Up")
    for point in key.data:
        point.co.z += 1.0
    key.value = 0.7
    return obj


def modified(kind: str, make: Callable[[], Any] = grid, **settings: Any) -> Callable[[], Any]:
    def build() -> Any:
        obj = make()
        modifier = obj.modifiers.new(kind.title(), kind)
        for name, value in settings.items():
            setattr(modifier, name, value)
        return obj

    return build


def two_layers() -> Any:
    obj = grid()
    mesh = obj.data
    second = mesh.uv_layers.new(name="Zweite Schicht ü")
    second.active_render = True
    mesh.uv_layers.active = mesh.uv_layers["UVMap"]
    return obj


def all_layers() -> Any:
    obj = grid()
    for number in range(7):
        obj.data.uv_layers.new(name=f"UV{number}")
    return obj


def tiled() -> Any:
    return grid(uv_scale=6.0)


def stacked() -> Any:
    obj = grid()
    mesh = obj.data
    values = np.tile(np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32), (len(mesh.polygons), 1))
    mesh.uv_layers[0].uv.foreach_set("vector", values.ravel())
    return obj


def editing() -> Any:
    obj = primitive("cube")
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.subdivide()
    return obj


def marked() -> Any:
    obj = primitive("uv_sphere")
    mesh = obj.data
    for number, edge in enumerate(mesh.edges):
        edge.use_seam, edge.use_edge_sharp = number % 2 == 0, number % 3 == 0
    mesh.attributes.new("crease_edge", "FLOAT", "EDGE").data[3].value = 0.5
    mesh.attributes.new("own", "INT", "FACE").data[1].value = 7
    mesh.color_attributes.new("Tint", "BYTE_COLOR", "CORNER").data[5].color = (0.2, 0.4, 0.6, 1.0)
    mesh.polygons[3].hide = True
    mesh.normals_split_custom_set_from_vertices([vertex.co.normalized() for vertex in mesh.vertices])
    return obj


def shared() -> Any:
    first = grid()
    second = add("Second", first.data)
    second.location.x = 3
    first.select_set(False)
    return second


def triangle(scale: float = 1.0) -> Any:
    return mesh_object("Triangle", np.array([[0, 0, 0], [1, 0, 0], [0, 0, 1]]) * scale, [(0, 1, 2)])


def doubles() -> Any:
    obj = plain_cube()
    corner = np.array([vertex.co[:] for vertex in obj.data.vertices])
    faces = [list(polygon.vertices) for polygon in obj.data.polygons]
    loose = [[4 * number + k for k in range(4)] for number in range(6)]
    return mesh_object("Doubles", corner[np.array(faces)].reshape(-1, 3), [*loose, loose[0]])


def loose_vertices() -> Any:
    obj = grid()
    obj.data.vertices.add(5)
    obj.data.vertices[-1].co = (0, 0, -2)
    return obj


def without_area() -> Any:
    """A cube, and faces that are a line and a point."""
    corner = np.array([vertex.co[:] for vertex in plain_cube().data.vertices])
    faces = [list(polygon.vertices) for polygon in bpy.context.object.data.polygons]
    more = np.array([[0, 0, 3], [0, 0, 4], [0, 0, 5], [1, 0, 3], [1, 0, 3], [1, 0, 3]])
    return mesh_object("Slivers", np.concatenate([corner, more]), [*faces, (8, 9, 10), (11, 12, 13)])


def three_at_an_edge() -> Any:
    """Faces that share one edge, turned this way and that, and two parts that share one vertex."""
    points = [[0, 0, 0], [0, 0, 1], [1, 0, 0], [-1, 1, 0], [-1, -1, 0], [1, 0, -1], [0, 1, -1]]
    return mesh_object("Fan", points, [(0, 1, 2), (0, 1, 3), (1, 0, 4), (0, 5, 6)])


def concave() -> Any:
    """One face with a bay, bent so that it lies in no plane."""
    outline = [[0, 0, 0], [3, 0, 0.4], [3, 3, 0], [2, 3, 0], [2, 1, 0.3], [1, 1, 0], [1, 3, 0], [0, 3, 0.5]]
    return mesh_object("Bay", outline, [tuple(range(8))])


def vertex_colours() -> Any:
    obj = grid()
    layers = obj.data.color_attributes
    for number, (kind, domain) in enumerate((("FLOAT_COLOR", "POINT"), ("BYTE_COLOR", "CORNER"))):
        layer = layers.new(f"Farbe {number}", kind, domain)
        for at, item in enumerate(layer.data):
            item.color = (at / len(layer.data), 0.5, 0.25 * number, 1.0)
    layers.active_color_index, layers.render_color_index = 1, 0
    return obj


def own_looks() -> Any:
    """Materials in the slots of the object, one of them empty."""
    obj = many_materials()
    obj.material_slots[1].link = "OBJECT"
    obj.material_slots[1].material = bpy.data.materials.new("Own")
    obj.material_slots[2].link = "OBJECT"
    return obj


def animated() -> Any:
    obj = shape_keys()
    obj.keyframe_insert("location", frame=1)
    obj.data.shape_keys.key_blocks[1].keyframe_insert("value", frame=10)
    driver = obj.driver_add("scale", 2).driver
    driver.type, driver.expression = "SCRIPTED", "1.5"
    obj["own"], obj.data["own"] = 3, "mine"
    return obj


def geometry_nodes() -> Any:
    obj = grid()
    tree = bpy.data.node_groups.new("Finer", "GeometryNodeTree")
    for way in ("INPUT", "OUTPUT"):
        tree.interface.new_socket("Geometry", in_out=way, socket_type="NodeSocketGeometry")
    start, end = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    node = tree.nodes.new("GeometryNodeSubdivideMesh")
    tree.links.new(start.outputs[0], node.inputs["Mesh"])
    tree.links.new(node.outputs["Mesh"], end.inputs[0])
    obj.modifiers.new("Nodes", "NODES").node_group = tree
    return obj


def sculpted() -> Any:
    obj = grid()
    obj.modifiers.new("Multires", "MULTIRES")
    bpy.ops.object.multires_subdivide(modifier="Multires")
    bpy.ops.object.multires_subdivide(modifier="Multires")
    return obj


def hidden_parts() -> Any:
    """Half of it is hidden, it shows as wires, and renders do not show it at all."""
    obj = grid()
    obj.hide_render, obj.display_type = True, "WIRE"
    for polygon in obj.data.polygons[: len(obj.data.polygons) // 2]:
        polygon.hide = polygon.select = True
    return obj


def instanced() -> Any:
    """Stands on each face of its parent, and in two collections."""
    parent = grid(name="Ground")
    parent.instance_type = "FACES"
    parent.select_set(False)
    obj = primitive("cube", size=0.1)
    obj.parent = parent
    home = bpy.data.collections.new("Second home")
    bpy.context.scene.collection.children.link(home)
    home.objects.link(obj)
    return obj


AWKWARD: dict[str, Callable[[], Any]] = {
    "cube": lambda: primitive("cube"),
    "no UVs": plain_cube,
    "n-gons": ngon_fan,
    "loose edges": loose_edges,
    "many materials": many_materials,
    "stray material numbers": stray_material_numbers,
    "negative scale": negative_scale,
    "unapplied transform": unapplied,
    "sheared by its parent": sheared,
    "rig": rigged,
    "shape keys": shape_keys,
    "subdivision": modified("SUBSURF", levels=2),
    "subdivision without UVs": modified("SUBSURF", plain_cube, levels=2),
    "mirror": modified("MIRROR"),
    "mirror without UVs": modified("MIRROR", lambda: triangle()),
    "array": modified("ARRAY", count=5),
    "bevel": modified("BEVEL", lambda: primitive("cube"), width=0.2),
    "solidify": modified("SOLIDIFY", thickness=0.1),
    "decimate": modified("DECIMATE", lambda: primitive("ico_sphere"), ratio=0.5),
    "two UV layers": two_layers,
    "tiled UVs": tiled,
    "stacked UVs": stacked,
    "Edit Mode": editing,
    "seams, creases, attributes, custom normals": marked,
    "shared mesh": shared,
    "monkey": lambda: primitive("monkey"),
    "tiny": lambda: triangle(1e-4),
    "huge": lambda: triangle(1e4),
    "double vertices and faces": doubles,
    "loose vertices": loose_vertices,
    "faces without area": without_area,
    "three faces at an edge": three_at_an_edge,
    "concave face": concave,
    "colour attributes": vertex_colours,
    "materials of the object": own_looks,
    "animation, drivers, properties": animated,
    "geometry nodes": geometry_nodes,
    "multires": sculpted,
    "hidden parts": hidden_parts,
    "instanced": instanced,
}
#: Half a million faces, each with a place of its own on the UV map, without a UV map, and out of a modifier.
LARGE: dict[str, Callable[[], Any]] = {
    "large": lambda: grid(710),
    "large without UVs": lambda: without_uvs(grid(710)),
    "large by subdivision": modified("SUBSURF", lambda: grid(44), levels=4),
}


def without_uvs(obj: Any) -> Any:
    obj.data.uv_layers.remove(obj.data.uv_layers[0])
    return obj


def animation(owner: Any) -> Any:
    """Where the curves and drivers of a data-block lead."""
    data = owner and owner.animation_data
    if not data:
        return None
    return data.action and data.action.name, [(curve.data_path, curve.driver.expression) for curve in data.drivers]


def fingerprint(obj: Any) -> dict[str, str]:
    """Everything of an object that is the artist's, by name, but for UV layers of ours and the slots' contents."""
    mesh = obj.data
    found: dict[str, bytes] = {
        "size": repr([len(x) for x in (mesh.vertices, mesh.edges, mesh.loops, mesh.polygons)]).encode(),
        "transform": repr([obj.matrix_world, obj.matrix_parent_inverse, obj.parent]).encode(),
        "materials": repr([material and material.name for material in mesh.materials if material]).encode(),
        "layers": repr([layer.name for layer in mesh.uv_layers if not layer.name.startswith("LATTE3D")]).encode(),
        "render": repr([layer.name for layer in mesh.uv_layers if layer.active_render]).encode(),
        "active": repr(mesh.uv_layers.active and mesh.uv_layers.active.name).encode(),
        "colours": repr([mesh.color_attributes.active_color_name, mesh.color_attributes.default_color_name]).encode(),
        "properties": repr(
            [[item for item in owner.items() if item[0] != "latte3d_variants"] for owner in (obj, mesh)]
        ).encode(),
        "animation": repr([animation(owner) for owner in (obj, mesh, mesh.shape_keys)]).encode(),
        "homes": repr([home.name for home in obj.users_collection]).encode(),
        "shown": repr([obj.hide_render, obj.hide_get(), obj.display_type, obj.instance_type]).encode(),
        "groups": repr([group.name for group in obj.vertex_groups]).encode(),
        "weights": repr([[(g.group, g.weight) for g in vertex.groups] for vertex in mesh.vertices]).encode(),
    }
    corners = np.empty((2, len(mesh.polygons)), np.int32)
    for row, name in zip(corners, ("loop_start", "loop_total"), strict=True):
        mesh.polygons.foreach_get(name, row)
    found["corners"] = corners.tobytes()
    for attribute in mesh.attributes:
        if "LATTE3D" not in attribute.name and attribute.data_type != "STRING":
            prop, width = VALUES.get(attribute.data_type, ("value", 1))
            kind = {"BOOLEAN": bool, "INT": np.int32, "INT8": np.int32}.get(attribute.data_type, np.float32)
            values = np.empty(width * len(attribute.data), np.int32 if "INT" in attribute.data_type else kind)
            attribute.data.foreach_get(prop, values)
            found[f"attribute {attribute.name}"] = values.tobytes()
    if mesh.has_custom_normals:
        normals = np.empty(3 * len(mesh.loops), np.float32)
        mesh.corner_normals.foreach_get("vector", normals)
        found["custom normals"] = normals.tobytes()
    for key in mesh.shape_keys.key_blocks if mesh.shape_keys else ():
        found[f"key {key.name}"] = repr([key.value, [tuple(point.co) for point in key.data]]).encode()
    for modifier in obj.modifiers:
        names = [prop.identifier for prop in modifier.bl_rna.properties if prop.identifier != "execution_time"]
        found[f"modifier {modifier.name}"] = repr([str(getattr(modifier, name)) for name in names]).encode()
    return {name: hashlib.sha256(value).hexdigest() for name, value in found.items()}


def stylize(obj: Any, **settings: Any) -> Any:
    """Stylize the selected, in the background way; returns the last job."""
    bpy.ops.latte3d.stylize(**{"prompt": "a wooden toy", "texture_size": SIZE, **settings})
    assert bpy.context.mode == "OBJECT"
    return obj.latte3d_variants.entries[-1]


@pytest.mark.parametrize("name", [*AWKWARD, *(pytest.param(name, marks=pytest.mark.slow) for name in LARGE)])
def test_the_artists_mesh_stays_as_it_is(extension: Extension, name: str) -> None:
    obj = (AWKWARD | LARGE)[name]()
    bpy.context.view_layer.update()
    if obj.mode == "EDIT":
        obj.update_from_editmode()
        bpy.ops.object.mode_set(mode="OBJECT")
        before = fingerprint(obj)
        bpy.ops.object.mode_set(mode="EDIT")
    else:
        before = fingerprint(obj)
    first = bpy.data.meshes.get(obj.data.name)
    looks = [(slot.link, slot.material) for slot in obj.material_slots]
    style = stylize(obj)
    after = fingerprint(obj)
    if not any(layer.name == "UVMap" for layer in obj.data.uv_layers):  # the first layer of a mesh is active, of course
        for key in ("render", "active"):
            before.pop(key), after.pop(key)
    # The solid view draws on the active layer, so that is the style's while the style is shown.
    assert obj.data.uv_layers.active.name == style.layer or obj.data.users > 1
    assert {**after, "active": ""} == {**before, "active": ""}
    assert obj.data == first
    assert [(slot.link, slot.material) for slot in obj.material_slots] == [
        ("OBJECT", style.slots[0].material) for _ in range(max(1, len(looks)))
    ]
    stylize(obj, uv="new") if len(obj.data.uv_layers) < 8 else None
    bpy.ops.latte3d.variant_switch(index=0)
    assert [(slot.link, slot.material) for slot in obj.material_slots][: len(looks)] == looks
    assert fingerprint(obj).items() >= before.items()


def test_there_are_enough_awkward_meshes() -> None:
    assert len(AWKWARD) >= 20


# --- where the colours lie ---------------------------------------------------------------------------------------


def seen_mesh(obj: Any, layer: str) -> tuple[np.ndarray, np.ndarray]:
    """Corner positions (F, 3, 3) in the world and UVs (F, 3, 2) of the mesh as it is shown."""
    evaluated = obj.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    mesh.calc_loop_triangles()
    loop, vertex = np.empty(3 * len(mesh.loop_triangles), np.int32), np.empty(len(mesh.loops), np.int32)
    mesh.loop_triangles.foreach_get("loops", loop)
    mesh.loops.foreach_get("vertex_index", vertex)
    at, uvs = np.empty(3 * len(mesh.vertices)), np.empty(2 * len(mesh.loops))
    mesh.vertices.foreach_get("co", at)
    mesh.uv_layers[layer].uv.foreach_get("vector", uvs)
    world = np.array(obj.matrix_world)
    at = (at.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3])[vertex]
    loop, uvs = loop.reshape(-1, 3), uvs.reshape(-1, 2)
    evaluated.to_mesh_clear()
    return at[loop], uvs[loop]


def texture_of(material: Any) -> tuple[np.ndarray, str]:
    """The texture (H, W, 3) in [0, 1], row 0 at the bottom, and the UV layer that it lies on."""
    nodes = material.node_tree.nodes
    image = nodes["Base Color"].image
    pixels = np.empty(image.size[0] * image.size[1] * 4, np.float32)
    image.pixels.foreach_get(pixels)
    layer = nodes["Base Color"].inputs["Vector"].links[0].from_node.uv_map
    return pixels.reshape(image.size[1], image.size[0], 4)[:, :, :3], layer


def expected(points: np.ndarray, corners: np.ndarray, turn: float = 0.0) -> np.ndarray:
    """The stand-in's colours at points (N, 3) of the world, of a mesh with these corners, turned by ``turn``."""
    back = np.array([[math.cos(turn), math.sin(turn), 0], [-math.sin(turn), math.cos(turn), 0], [0, 0, 1]])
    points, corners = points @ back.T, corners.reshape(-1, 3) @ back.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    x, y, z = ((points - (low + high) / 2) * (0.9 / ((high - low).max() / 2))).T
    return np.stack([x, z, -y], axis=1) * 0.5 + 0.5


def errors(obj: Any, material: Any, turn: float = 0.0, only: Callable[..., Any] | None = None) -> np.ndarray:
    """(F,) largest difference between the texture and the right colour, in the middle of each triangle."""
    image, layer = texture_of(material)
    corner, uvs = seen_mesh(obj, layer)
    middle, place = corner.mean(axis=1), uvs.mean(axis=1) % 1.0
    shown = image[(place[:, 1] * len(image)).astype(int), (place[:, 0] * len(image)).astype(int)]
    wrong: np.ndarray = np.abs(shown - expected(middle, corner, turn)).max(axis=1)
    return wrong if only is None else wrong[only(middle)]


@pytest.mark.parametrize(
    "name",
    [
        "cube", "no UVs", "n-gons", "many materials", "negative scale", "shape keys", "rig", "subdivision", "bevel",
        "two UV layers", "tiled UVs", "stacked UVs", "monkey", "double vertices and faces",
    ],
)  # fmt: skip
def test_colours_lie_where_they_belong(extension: Extension, name: str) -> None:
    obj = AWKWARD[name]()
    style = stylize(obj, texture_size=512)
    wrong = errors(obj, style.slots[0].material)
    assert np.quantile(wrong, 0.98) < 0.03, np.sort(wrong)[-5:]


@pytest.mark.slow
@pytest.mark.parametrize("name", list(LARGE))
def test_colours_of_half_a_million_faces_lie_where_they_belong(extension: Extension, name: str) -> None:
    obj = LARGE[name]()
    style = stylize(obj, texture_size=2048)
    wrong = errors(obj, style.slots[0].material)
    assert len(wrong) >= 980_000
    assert wrong.max() < 0.03, np.sort(wrong)[-5:]


def test_polygons_are_cut_as_blender_cuts_them(extension: Extension) -> None:
    """Triangles and quads of all kinds, flat, bent, folded, with bays."""
    rng = np.random.default_rng(0)
    corners = rng.normal(size=(2000, 4, 3))
    corners[:500, :, 2] = 0.0
    corners[500:600, 2] = corners[500:600, 0]
    faces = [range(4 * k, 4 * k + 3 + k % 3 // 2) if k % 2 else range(4 * k, 4 * k + 4) for k in range(2000)]
    mesh = mesh_object("Pieces", corners.reshape(-1, 3), faces).data
    copy = extension.mesh_copy
    found, polygon = extension.mesh_arrays.cut(copy.faces(mesh))
    np.testing.assert_array_equal(found, copy._cuts(mesh))
    theirs = np.empty(len(mesh.loop_triangles), np.int32)
    mesh.loop_triangles.foreach_get("polygon_index", theirs)
    np.testing.assert_array_equal(polygon, theirs)


def test_colours_of_a_turned_object_are_those_of_its_own_front(extension: Extension) -> None:
    obj = primitive("monkey", rotation=(0.0, 0.0, 2.0), location=(3, -8, 1))
    style = stylize(obj, texture_size=512)
    assert np.quantile(errors(obj, style.slots[0].material, turn=2.0), 0.98) < 0.03


def test_a_model_that_came_lying_down_and_was_set_up_is_upright(extension: Extension) -> None:
    obj = primitive("monkey", rotation=(math.pi / 2, 0.0, 0.6))
    style = stylize(obj, texture_size=512)
    assert np.quantile(errors(obj, style.slots[0].material, turn=0.6), 0.98) < 0.03


def test_mirrored_parts_wear_the_colours_of_the_first(extension: Extension) -> None:
    obj = AWKWARD["mirror"]()
    style = stylize(obj, texture_size=512)
    assert errors(obj, style.slots[0].material, only=lambda at: at[:, 0] > 0).max() < 0.03
    assert errors(obj, style.slots[0].material, only=lambda at: at[:, 0] < 0).max() > 0.3
    assert "share their colours" in extension.session.jobs().last.warnings[0]
    assert [layer.name for layer in obj.data.uv_layers] == ["UVMap"]


def test_a_subdivided_mesh_without_uvs_is_painted_where_it_is_seen(extension: Extension) -> None:
    obj = AWKWARD["subdivision without UVs"]()
    style = stylize(obj, texture_size=512)
    assert [layer.name for layer in obj.data.uv_layers] == ["LATTE3D"]
    assert np.median(errors(obj, style.slots[0].material)) < 0.05, "smoothing moves the surface under the UVs a little"


def test_a_mirrored_half_without_uvs_is_shown_whole(extension: Extension) -> None:
    obj = modified("MIRROR", lambda: mesh_object("Half", [[0.5, 0, 0], [2, 0, 0], [2, 0, 1]], [(0, 1, 2)]))()
    style = stylize(obj, texture_size=256)
    assert errors(obj, style.slots[0].material, only=lambda at: at[:, 0] > 0).max() < 0.03, "scaled by the whole"


def test_the_uv_map_is_chosen_as_asked(extension: Extension) -> None:
    obj = grid()
    stylize(obj, uv="keep")
    assert [layer.name for layer in obj.data.uv_layers] == ["UVMap"]
    stylize(obj, uv="new")
    assert [layer.name for layer in obj.data.uv_layers] == ["UVMap", "LATTE3D"]
    stylize(obj)
    assert len(obj.data.uv_layers) == 2
    other = stacked()
    bpy.ops.object.select_all(action="DESELECT")
    other.select_set(True)
    stylize(other, uv="keep")
    assert [layer.name for layer in other.data.uv_layers] == ["UVMap"]
    stylize(other)
    assert [layer.name for layer in other.data.uv_layers] == ["UVMap", "LATTE3D"]
    assert "lie over each other" in extension.session.jobs().last.warnings[0]
    stylize(other)
    assert len(other.data.uv_layers) == 2, "the one that was made is used again"
    bpy.ops.object.select_all(action="DESELECT")
    tiled()
    with pytest.raises(RuntimeError, match=r"cannot carry the colours because .*: choose Automatic"):
        stylize(bpy.context.object, uv="keep")
    plain_cube()
    with pytest.raises(RuntimeError, match="no UV map to keep"):
        stylize(bpy.context.object, uv="keep")


def test_objects_that_share_a_mesh_share_a_new_layer(extension: Extension) -> None:
    first = plain_cube()
    second = add("Second", first.data)
    first.select_set(True)
    stylize(second)
    assert [layer.name for layer in first.data.uv_layers] == ["LATTE3D"]
    looks = {obj.material_slots[0].material.name for obj in (first, second)}
    assert len(looks) == 2
    assert not any(first.data.materials)


def test_full_uv_layers_are_one_sentence(extension: Extension) -> None:
    obj = all_layers()
    with pytest.raises(RuntimeError, match="8 UV maps, and Blender allows no more: remove one"):
        stylize(obj, uv="new")


def test_it_works_in_a_separate_process_too(separate: Extension) -> None:
    obj = primitive("monkey")
    style = stylize(obj, keep_colours=True)
    assert style.slots[0].material["latte3d_prompt"] == "a wooden toy"
    assert style.slots[0].material["latte3d_keep_colours"] is True


# --- what can go wrong -------------------------------------------------------------------------------------------


def test_what_cannot_be_stylized_says_why(extension: Extension, tmp_path: Path) -> None:
    def why(obj: Any) -> str:
        return str(extension.mesh_copy.refusal(obj))

    assert not bpy.ops.latte3d.stylize.poll(), "nothing is selected"
    bpy.ops.curve.primitive_bezier_circle_add()
    assert "Convert > Mesh" in why(bpy.context.object)
    assert not bpy.ops.latte3d.stylize.poll()
    bpy.ops.object.text_add()
    assert "Convert > Mesh" in why(bpy.context.object)
    bpy.ops.object.light_add()
    assert "select mesh objects" in why(bpy.context.object)
    herd = bpy.data.collections.new("Herd")
    bpy.ops.object.collection_instance_add(collection=herd.name)
    assert "Make Instances Real" in why(bpy.context.object)
    cube = primitive("cube")
    assert why(cube) == ""
    assert bpy.ops.latte3d.stylize.poll()
    bpy.data.libraries.write(str(tmp_path / "lib.blend"), {cube})
    with bpy.data.libraries.load(str(tmp_path / "lib.blend"), link=True) as (_, wanted):
        wanted.objects = ["Cube"]
    linked = wanted.objects[0]
    assert "Make Local" in why(linked)
    local = add("Local", linked.data)
    assert "no material slot" in why(local)


def test_a_linked_mesh_with_slots_can_be_worn_but_not_unwrapped(extension: Extension, tmp_path: Path) -> None:
    cube = primitive("cube")
    cube.data.materials.append(bpy.data.materials.new("M"))
    bpy.data.libraries.write(str(tmp_path / "lib.blend"), {cube.data})
    with bpy.data.libraries.load(str(tmp_path / "lib.blend"), link=True) as (_, wanted):
        wanted.meshes = [cube.data.name]
    bpy.data.objects.remove(cube)
    local = add("Local", wanted.meshes[0])
    before = fingerprint(local)
    style = stylize(local)
    assert local.material_slots[0].material == style.slots[0].material
    with pytest.raises(RuntimeError, match="belongs to another file, so no UV map can be added"):
        stylize(local, uv="new")
    bpy.ops.latte3d.variant_switch(index=0)
    assert local.material_slots[0].material == wanted.meshes[0].materials[0]
    assert fingerprint(local) == before


def test_meshes_without_faces_are_skipped_with_a_word(extension: Extension) -> None:
    empty = mesh_object("Wire", [[0, 0, 0], [1, 0, 0]], [], [(0, 1)])
    before = fingerprint(empty)
    with pytest.raises(RuntimeError, match=r"“Wire” has no faces"):
        stylize(empty)
    cube = primitive("cube")
    empty.select_set(True)
    stylize(cube)
    assert not empty.latte3d_variants.entries
    assert fingerprint(empty) == before
    assert len(cube.latte3d_variants.entries) == 2
    flat = mesh_object("Flat", np.zeros((3, 3)), [(0, 1, 2)])
    bpy.ops.object.select_all(action="DESELECT")
    flat.select_set(True)
    with pytest.raises(RuntimeError, match="lie in one point"):
        stylize(flat)
    assert not flat.latte3d_variants.entries


def test_vertices_that_are_nowhere_are_one_sentence(extension: Extension) -> None:
    obj = grid()
    obj.data.vertices[3].co.x = math.nan
    before = fingerprint(obj)
    with pytest.raises(RuntimeError, match="have no finite coordinates"):
        stylize(obj)
    assert fingerprint(obj) == before
    assert not obj.latte3d_variants.entries


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("where", ["mesh", "object"])
@pytest.mark.parametrize("scale", [1e-30, 1e-9, 1e11, 1e30])
def test_meshes_of_any_size_are_painted_alike(extension: Extension, scale: float, where: str) -> None:
    """The squares of such numbers do not fit into 32 bits, and rays miss what is so large or so small."""

    def cube(factor: float) -> Any:
        obj = modified("SUBSURF", plain_cube, levels=1, render_levels=1)()
        if where == "object":
            obj.scale = (factor, factor, factor)
        else:
            obj.data.transform(Matrix.Scale(factor, 4))
        bpy.context.view_layer.update()
        stylize(obj, keep_colours=True)
        return obj

    material, plain = cube(scale).active_material, cube(1.0).active_material
    assert material.diffuse_color[:] == pytest.approx(plain.diffuse_color[:], abs=0.01)
    difference = np.abs(texture_of(material)[0] - texture_of(plain)[0])
    assert np.quantile(difference, 0.99) < 0.05


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("where", ["mesh", "object", "both"])
def test_a_mesh_beyond_all_numbers_is_one_sentence(extension: Extension, where: str) -> None:
    obj = primitive("cube")
    obj.data.transform(Matrix.Scale({"mesh": 1e38, "object": 1.0, "both": 1e30}[where], 4))
    factor = {"mesh": 1.0, "object": 1e38, "both": 1e20}[where]
    obj.scale = (factor, factor, factor)
    with pytest.raises(RuntimeError, match=r"“Cube” reaches \de\+\d\d m from its origin: scale it down"):
        stylize(obj)
    assert not obj.latte3d_variants.entries


def test_a_lonely_vertex_far_away_does_not_matter(extension: Extension) -> None:
    obj = grid()
    obj.data.vertices.add(1)
    obj.data.vertices[-1].co = (1e38, 0.0, 0.0)
    stylize(obj)


def test_an_empty_style_and_the_cores_errors_are_one_sentence(extension: Extension) -> None:
    cube = primitive("cube")
    with pytest.raises(RuntimeError, match="The style is empty"):
        stylize(cube, prompt="  ")
    with pytest.raises(RuntimeError, match="use other words"):
        stylize(cube, prompt="FAIL")
    with pytest.raises(RuntimeError, match="texture size"):
        stylize(cube, texture_size=-5)
    assert not cube.latte3d_variants.entries
    assert len(bpy.data.images) == len(bpy.data.materials) == 0


def test_a_mesh_that_changes_meanwhile_takes_no_foreign_uvs(extension: Extension) -> None:
    obj = plain_cube()
    copy = extension.mesh_copy.copy_mesh(bpy.context, obj, False)
    task = extension.stylize.StylizeTask(
        prompt="a toy", texture_size=SIZE, target=extension.blocks.reference(obj), mesh=copy
    )
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.subdivide()
    bpy.ops.object.mode_set(mode="OBJECT")
    reports: list[str] = []
    operator = SimpleNamespace(report=lambda _, text: reports.append(text))
    assert extension.submit.submit(operator, bpy.context, task) == {"CANCELLED"}
    assert "have changed meanwhile" in reports[0]
    assert len(obj.data.uv_layers) == 0
    assert not obj.latte3d_variants.entries


def test_a_job_that_is_done_keeps_no_mesh(extension: Extension) -> None:
    cube = primitive("cube")
    stylize(cube)
    job = extension.session.jobs().last
    assert len(job.task.mesh.shown.vertices) == 0
    with pytest.raises(RuntimeError, match="select the object and start anew"):
        bpy.ops.latte3d.retry(job_id=job.id)
    assert "a wooden toy" in extension.job_operators.report_text(job)
    with pytest.raises(RuntimeError, match="use other words"):
        stylize(cube, prompt="FAIL")
    failed = extension.session.jobs().last
    assert len(failed.task.mesh.shown.vertices) == 8, "a failed one can be done again"


def test_a_modifier_that_sets_materials_is_told_of(extension: Extension) -> None:
    cube = primitive("cube")
    cube.data.materials.append(bpy.data.materials.new("M"))
    tree = bpy.data.node_groups.new("Paint", "GeometryNodeTree")
    for way in ("INPUT", "OUTPUT"):
        tree.interface.new_socket("Geometry", in_out=way, socket_type="NodeSocketGeometry")
    start, end = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    node = tree.nodes.new("GeometryNodeSetMaterial")
    node.inputs["Material"].default_value = bpy.data.materials.new("Other")
    tree.links.new(start.outputs[0], node.inputs["Geometry"])
    tree.links.new(node.outputs["Geometry"], end.inputs[0])
    cube.modifiers.new("Nodes", "NODES").node_group = tree
    stylize(cube)
    assert "hides the style" in extension.session.jobs().last.warnings[0]


# --- styles ------------------------------------------------------------------------------------------------------


def look(obj: Any) -> list[tuple[str, Any]]:
    return [(slot.link, slot.material) for slot in obj.material_slots]


def test_one_undo_step(extension: Extension) -> None:
    obj = many_materials()
    before = [(link, material.name) for link, material in look(obj)]
    bpy.ops.ed.undo_push(message="before")
    stylize(obj)
    bpy.ops.ed.undo()
    obj = bpy.data.objects["Cube"]
    assert [(link, material.name) for link, material in look(obj)] == before
    assert not obj.latte3d_variants.entries
    bpy.ops.ed.redo()
    obj = bpy.data.objects["Cube"]
    assert obj.material_slots[0].material.name == "Cube a wooden toy"


def test_looks_take_turns(extension: Extension) -> None:
    obj = many_materials()
    own = bpy.data.materials.new("Own")
    obj.material_slots[1].link, obj.material_slots[2].link = "OBJECT", "OBJECT"
    obj.material_slots[1].material, obj.material_slots[2].material = own, bpy.data.materials.new("Unseen")
    obj.material_slots[2].link = "DATA"
    original = look(obj)
    first, second = (stylize(obj, prompt=prompt).name for prompt in ("wood", "gold"))
    styles = obj.latte3d_variants
    assert [entry.name for entry in styles.entries] == ["Original", first, second] == ["Original", "wood", "gold"]
    gold = look(obj)
    bpy.ops.latte3d.variant_switch(index=1)
    wood = look(obj)
    assert len({material for _, material in wood}) == 1 and wood != gold
    bpy.ops.latte3d.variant_compare()
    assert look(obj) == original
    bpy.ops.latte3d.variant_compare()
    assert look(obj) == wood
    bpy.ops.latte3d.variant_switch(index=2)
    bpy.ops.latte3d.variant_compare(other="PREVIOUS")
    assert look(obj) == wood
    bpy.ops.latte3d.variant_compare(other="PREVIOUS")
    assert look(obj) == gold
    styles.active = 0  # a click in the list
    assert look(obj) == original
    obj.material_slots[2].link = "OBJECT"
    assert obj.material_slots[2].material.name == "Unseen", "even what was not to be seen"
    bpy.ops.latte3d.variant_rename(index=1, name="Oak")
    assert styles.entries[1].name == "Oak"
    assert stylize(obj, prompt="gold").name == "gold (2)"


def test_what_the_artist_changes_in_a_style_is_kept(extension: Extension) -> None:
    obj = many_materials()
    stylize(obj)
    glass = bpy.data.materials.new("Glass")
    obj.material_slots[1].material = glass
    obj.data.materials.append(bpy.data.materials.new("Late"))
    bpy.ops.latte3d.variant_switch(index=0)
    assert [slot.material.name for slot in obj.material_slots] == ["M0", "M1", "M2", "Late"]
    bpy.ops.latte3d.variant_switch(index=1)
    assert obj.material_slots[1].material == glass


def test_deleting_leaves_no_trace(extension: Extension) -> None:
    obj = many_materials()
    original = look(obj)
    stylize(obj, prompt="wood")
    stylize(obj, prompt="gold")
    assert (len(bpy.data.materials), len(bpy.data.images)) == (5, 2)
    with pytest.raises(RuntimeError, match="original look cannot be deleted"):
        bpy.ops.latte3d.variant_delete(index=0)
    with pytest.raises(RuntimeError, match="no style number 7: choose one up to 2"):
        bpy.ops.latte3d.variant_delete(index=7)
    bpy.ops.latte3d.variant_delete(index=1)
    assert obj.latte3d_variants.shown == obj.latte3d_variants.active == 1
    assert obj.material_slots[0].material.name.endswith("gold")
    bpy.ops.latte3d.variant_delete()
    assert look(obj) == original
    assert not obj.latte3d_variants.entries
    assert (len(bpy.data.materials), len(bpy.data.images)) == (3, 0)
    assert not bpy.ops.latte3d.variant_compare.poll()


def test_an_object_that_is_made_anew_lets_go_of_its_styles(extension: Extension) -> None:
    """Its slots would keep the style that was shown, unseen, and with it the file."""
    obj = extension.run("a ball", texture_size=SIZE)
    stylize(obj)
    bpy.ops.latte3d.regenerate(object=obj.name)
    bpy.data.orphans_purge(do_recursive=True)
    assert list(bpy.data.materials) == [obj.active_material]
    assert (obj.material_slots[0].link, len(obj.latte3d_variants.entries)) == ("DATA", 0)


def test_styles_are_saved_with_the_file(extension: Extension, tmp_path: Path) -> None:
    obj = many_materials()
    stylize(obj, prompt="wood")
    stylize(obj, prompt="gold")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "x.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "x.blend"))
    obj = bpy.data.objects["Cube"]
    bpy.ops.latte3d.variant_switch(index=1)
    material = obj.material_slots[0].material
    assert material.name == "Cube wood"
    assert material.node_tree.nodes["Base Color"].image.packed_file is not None
    bpy.ops.latte3d.variant_switch(index=0)
    assert [material.name for _, material in look(obj)] == ["M0", "M1", "M2"]


# --- reshape and colours -----------------------------------------------------------------------------------------


def test_reshape_stands_beside_in_the_same_collection(extension: Extension) -> None:
    home = bpy.data.collections.new("Home")
    bpy.context.scene.collection.children.link(home)
    cube = primitive("cube", location=(5, 2, 1), rotation=(0, 0, 0.5))
    bpy.context.scene.collection.objects.unlink(cube)
    home.objects.link(cube)
    bpy.ops.latte3d.stylize(prompt="a wooden toy", texture_size=SIZE, reshape=True, alpha=0.25)
    made = bpy.data.objects["a wooden toy"]
    assert list(made.users_collection) == [home]
    assert made.rotation_euler.z == pytest.approx(0.5)
    bpy.context.view_layer.update()
    right = max((cube.matrix_world @ vertex.co).x for vertex in cube.data.vertices)
    left = min((made.matrix_world @ vertex.co).x for vertex in made.data.vertices)
    assert right < left < right + 1.0
    assert made["latte3d_alpha"] == 0.25
    assert not cube.latte3d_variants.entries, "it stays as it was"
    assert made.select_get()


def material(color: Any = (0.5, 0.25, 0.125, 1)) -> tuple[Any, Any]:
    """A material with nodes, and its shader."""
    made = bpy.data.materials.new("M")
    if bpy.app.version < (5, 0, 0):
        made.use_nodes = True
    shader = made.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = color
    return made, shader


def image(pixels: np.ndarray) -> Any:
    made = bpy.data.images.new("I", pixels.shape[1], pixels.shape[0])
    opaque = np.concatenate([pixels, np.ones((*pixels.shape[:2], 1))], axis=2)
    made.pixels.foreach_set(opaque.ravel().astype(np.float32))
    return made


def colours_of(extension: Extension, obj: Any) -> Any:
    return extension.mesh_copy.copy_mesh(bpy.context, obj, True).triangulated().shown.colours


def test_present_colours_are_read_from_materials(extension: Extension) -> None:
    obj = grid(side=2)
    assert colours_of(extension, obj) is None
    plain, _ = material()
    pictured, shader = material()
    nodes, links = pictured.node_tree.nodes, pictured.node_tree.links
    texture = nodes.new("ShaderNodeTexImage")
    checks = np.zeros((4, 4, 3))
    checks[:2], checks[2:] = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
    texture.image = image(checks)
    mix = nodes.new("ShaderNodeHueSaturation")
    links.new(texture.outputs["Color"], mix.inputs["Color"])
    links.new(mix.outputs["Color"], shader.inputs["Base Color"])
    obj.data.materials.append(plain)
    obj.data.materials.append(pictured)
    obj.data.polygons[2].material_index = obj.data.polygons[3].material_index = 1
    colours = colours_of(extension, obj)
    np.testing.assert_allclose(colours.corner[0, 0], [0.735, 0.537, 0.389], atol=2e-3)
    assert list(colours.picture) == [-1, -1, -1, -1, 0, 0, 0, 0]
    copy = extension.mesh_copy.copy_mesh(bpy.context, obj, True)
    mesh, painted = artist_mesh.for_core(copy.triangulated())
    assert painted.all()
    assert len(mesh.triangles) > 1000, "split until the picture shows"
    upper = mesh.vertices[mesh.triangles].mean(axis=1)[:, 2] < -0.55  # Blender's y, the core's -z
    np.testing.assert_allclose(mesh.colors[upper].mean(axis=(0, 1)), [0.0, 1.0, 0.0])


def test_present_colours_are_read_from_attributes(extension: Extension) -> None:
    obj = grid(side=2)
    tint = obj.data.color_attributes.new("Tint", "FLOAT_COLOR", "POINT")
    for number, value in enumerate(tint.data):
        value.color = (number / 9, 0.0, 0.0, 1.0)
    assert np.unique(colours_of(extension, obj).corner[..., 0]).size == 9, "without a material, the active one"
    painted, shader = material()
    node = painted.node_tree.nodes.new("ShaderNodeVertexColor")
    node.layer_name = "Tint"
    painted.node_tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
    obj.data.materials.append(painted)
    assert np.unique(colours_of(extension, obj).corner[..., 0]).size == 9


def test_procedural_and_missing_textures_fall_back_to_the_viewport_colour(extension: Extension) -> None:
    obj = grid()
    made, shader = material()
    made.diffuse_color = (1.0, 0.0, 1.0, 1.0)
    noise = made.node_tree.nodes.new("ShaderNodeTexNoise")
    made.node_tree.links.new(noise.outputs["Color"], shader.inputs["Base Color"])
    obj.data.materials.append(made)
    np.testing.assert_allclose(colours_of(extension, obj).corner[0, 0], [1.0, 0.0, 1.0])
    texture = made.node_tree.nodes.new("ShaderNodeTexImage")
    texture.image = bpy.data.images.new("gone", 1, 1)
    texture.image.source, texture.image.filepath = "FILE", "//nowhere.png"
    made.node_tree.links.new(texture.outputs["Color"], shader.inputs["Base Color"])
    np.testing.assert_allclose(colours_of(extension, obj).corner[0, 0], [1.0, 0.0, 1.0])


def test_kept_colours_reach_the_generator(extension: Extension) -> None:
    obj = plain_cube()
    obj.data.materials.append(material((1.0, 0.0, 0.0, 1.0))[0])
    image_, _ = texture_of(stylize(obj, keep_colours=True).slots[0].material)
    np.testing.assert_allclose(image_.mean(axis=(0, 1)), [1.0, 0.0, 0.0], atol=0.01)


def test_kept_colours_change_where_the_prompt_names_one(extension: Extension) -> None:
    obj = grid()
    for color in ((0.0, 1.0, 0.0, 1.0), (0.0, 0.0, 0.2, 1.0)):
        obj.data.materials.append(material(color)[0])
    obj.data.polygons[3].material_index = 1
    mesh, _ = artist_mesh.for_core(extension.mesh_copy.copy_mesh(bpy.context, obj, True).triangulated())
    assert artist_mesh.recoloured(mesh, "a shiny leaf") is mesh
    red = artist_mesh.recoloured(mesh, "a red leaf")
    most = (mesh.colors[..., 1] > 0.9).all(axis=1)
    assert most.sum() == 30
    assert (red.colors[most, :, 0] > 0.5).all() and (red.colors[most, :, 1] < 0.3).all()
    np.testing.assert_allclose(red.colors[~most], mesh.colors[~most])


# --- UVs, without Blender ----------------------------------------------------------------------------------------


@given(st.integers(1, 30), st.integers(1, 4), st.booleans(), st.integers(0, 2**32 - 1))
def test_copies_yield_to_the_first(count: int, copies: int, flipped: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    corner = np.stack(np.divmod(np.arange(count), 6), axis=1)[:, None, :] / 6
    uvs = (corner + rng.random((count, 3, 2)) / 6).astype(np.float32)
    many = np.concatenate([uvs, *[uvs[:, ::-1] if flipped else uvs] * copies])
    first = uv_choice.first_comers(many)
    assert first[:count].all()
    assert not first[count:].any()


@given(st.integers(-4, 4), st.integers(-4, 4))
def test_tiles_are_moved_whole(u: int, v: int) -> None:
    inside = np.array([[[0.1, 0.2], [0.9, 0.3], [0.5, 1.0]]], np.float32)
    np.testing.assert_allclose(uv_choice.into_square(inside + np.float32([u, v])), inside, atol=1e-5)


@pytest.mark.parametrize("side", [1, 3, 12])
def test_a_layout_gives_one_uv_to_each_corner_of_a_polygon(side: int) -> None:
    rng = np.random.default_rng(side)
    x, y = (axis.ravel() for axis in np.meshgrid(*[np.linspace(-0.9, 0.9, side + 1)] * 2))
    vertices = np.stack([x, y, rng.uniform(-0.5, 0.5, x.shape)], axis=1).astype(np.float32)  # quads bent at will
    at = np.arange(len(x)).reshape(side + 1, side + 1)
    quads = np.stack([at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]], axis=-1).reshape(-1, 4)
    loops = np.arange(4 * len(quads)).reshape(-1, 4)
    split = [[0, 1, 2], [0, 2, 3]]
    triangles, loop = (each[:, split].reshape(-1, 3).astype(np.int32) for each in (quads, loops))
    polygon = np.repeat(np.arange(len(quads)), 2)
    uvs = uv_choice.polygon_layout(Mesh(vertices, triangles), polygon, loop, 512, Progress())
    values = np.zeros((loops.size, 2), np.float32)
    values[loop.ravel()] = uvs.reshape(-1, 2)
    np.testing.assert_array_equal(values[loop], uvs)
    assert uvs.min() >= 0.0 and uvs.max() <= 1.0
    assert uv_overlap(uvs, 512) < 0.002


# --- panel -------------------------------------------------------------------------------------------------------


class ListRecorder(Recorder):
    """Knows lists, too."""

    def __getattr__(self, name: str) -> Any:
        if name == "template_list":
            return lambda *args, **_: self.said.append((name, args[3]))
        if name in ("row", "column"):
            return lambda **_: ListRecorder(self.said)
        return super().__getattr__(name)


def test_the_panel_shows_every_setting_and_the_styles(extension: Extension) -> None:
    def drawn() -> list[tuple[str, str]]:
        said: list[tuple[str, str]] = []
        panel = extension.stylize_ui.LATTE3D_PT_stylize
        panel.draw(SimpleNamespace(layout=ListRecorder(said)), bpy.context)
        return said

    said = drawn()
    assert sorted(name for kind, name in said if kind == "prop") == sorted(extension.stylize_ui.SETTINGS)
    assert ("operator", "latte3d.stylize") in said
    assert ("template_list", "entries") not in said
    stylize(primitive("cube"))
    said = drawn()
    assert ("template_list", "entries") in said
    assert ("operator", "latte3d.variant_delete") in said
    assert "Styles of Cube" in texts(said)


def test_arguments_go_before_the_scenes_settings(extension: Extension) -> None:
    settings = bpy.context.scene.latte3d_stylize
    settings.prompt, settings.uv, settings.texture_size = "gold", "new", "256"
    primitive("cube")
    bpy.ops.latte3d.stylize(seed=9)
    task = extension.session.jobs().last.task
    assert (task.prompt, task.seed, task.uv, task.texture_size) == ("gold", 9, "new", 256)
    assert task.title == "Cube: gold"


def test_several_objects_are_one_batch(extension: Extension) -> None:
    cubes = [primitive("cube", location=(3 * k, 0, 0)) for k in range(3)]
    for cube in cubes:
        cube.select_set(True)
    stylize(cubes[0])
    assert extension.session.jobs().progress("a wooden toy").done == 3
    assert all(len(cube.latte3d_variants.entries) == 2 for cube in cubes)
