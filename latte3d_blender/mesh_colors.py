"""What a mesh looks like at present, read from its materials: plain colours, image textures, colour attributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy

from .later import np
from .mesh_arrays import Coat

#: Pictures go to the worker with at most this many texels along each side: the generator sees nothing finer.
MOST_TEXELS = 1024
#: Nodes between the shader and the picture that are passed through, at most.
_DEPTH = 8


@dataclass(frozen=True)
class Source:
    """Where the colours of a material come from.

    Attributes:
        color: sRGB, for everything that is neither of the others.
        image: an image texture, or None. layer: its UV layer, "" for the one that renders use.
        attribute: name of a colour attribute, "" for the active one, or None.
    """

    color: tuple[float, float, float] = (0.8, 0.8, 0.8)
    image: bpy.types.Image | None = None
    layer: str = ""
    attribute: str | None = None


def to_srgb(linear: np.ndarray) -> np.ndarray:
    """sRGB in [0, 1] of linear values (IEC 61966-2-1)."""
    value = np.clip(np.nan_to_num(linear), 0.0, 1.0)
    return np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055)


def coats(
    mesh: bpy.types.Mesh,
    slot: np.ndarray | None,
    materials: Sequence[bpy.types.Material | None],
    pictures: dict[bpy.types.Image, np.ndarray | None],
) -> dict[int, Coat] | None:
    """What the material slots of a mesh look like that its polygons have, or None where nothing gives it any colour.

    Arguments:
        slot: (P,) slots of the polygons, within those of ``materials``; None if all have the first.
        pictures: those that have been read, to which is added what is read here.
    """
    if not any(materials) and not mesh.color_attributes:
        return None
    found: dict[int, Coat] = {}
    for index in (0,) if slot is None else map(int, np.unique(slot)):
        source = source_of(materials[index] if materials else None)
        found[index] = Coat(source.color)
        if source.attribute is not None:
            values = _attribute(mesh, source.attribute)
            if values is not None:
                found[index] = Coat(source.color, values=values[0], by_corner=values[1])
        elif source.image is not None:
            if source.image not in pictures:
                pictures[source.image] = _pixels(source.image)
            place = _layer(mesh, source.layer)
            if pictures[source.image] is not None and place is not None:
                found[index] = Coat(source.color, pictures[source.image], place)
    return found


def loop_uvs(mesh: bpy.types.Mesh, layer: bpy.types.MeshUVLoopLayer) -> np.ndarray:
    """(loops, 2) float32 of a UV layer."""
    values = np.empty(2 * len(mesh.loops), np.float32)
    layer.uv.foreach_get("vector", values)
    return values.reshape(-1, 2)


def source_of(material: bpy.types.Material | None) -> Source:
    """Where the base colour of a material comes from; of what cannot be followed, such as procedural textures, its
    viewport colour. A mesh without a material shows its active colour attribute."""
    if material is None:
        return Source(attribute="")
    shown = Source(_plain(material.diffuse_color))
    # From 5.0 on every material has nodes, and asking only warns.
    if material.node_tree is None or not (bpy.app.version >= (5, 0, 0) or material.use_nodes):
        return shown
    output = material.node_tree.get_output_node("ALL")
    surface = None if output is None else output.inputs.get("Surface")
    if surface is None or not surface.is_linked:
        return shown
    shader = surface.links[0].from_node
    if not any(name in shader.inputs for name in ("Base Color", "Color")):
        mixed = (node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
        shader = next(mixed, shader)
    socket = shader.inputs.get("Base Color") or shader.inputs.get("Color")
    return shown if socket is None else _follow(socket, shown)


def _follow(socket: bpy.types.NodeSocket, shown: Source) -> Source:
    """What comes into a socket: its own value, or what the nodes before it begin with."""
    for _ in range(_DEPTH):
        if not socket.is_linked:
            return Source(_plain(socket.default_value))
        node = socket.links[0].from_node
        match node.type:
            case "TEX_IMAGE":
                return shown if node.image is None else Source(shown.color, node.image, _layer_of(node))
            case "VERTEX_COLOR":
                return Source(shown.color, attribute=node.layer_name)
            case "ATTRIBUTE" if node.attribute_type == "GEOMETRY":
                return Source(shown.color, attribute=node.attribute_name)
            case "RGB":
                return Source(_plain(node.outputs[0].default_value))
        linked = (one for one in node.inputs if one.is_linked and one.type == "RGBA")
        following = next(linked, None)
        if following is None:
            return shown
        socket = following
    return shown


def _plain(color: Sequence[float]) -> tuple[float, float, float]:
    red, green, blue = to_srgb(np.array(color[:3], dtype=np.float64))
    return float(red), float(green), float(blue)


def _layer_of(node: bpy.types.Node) -> str:
    vector = node.inputs["Vector"]
    before = vector.links[0].from_node if vector.is_linked else None
    return before.uv_map if before is not None and before.type == "UVMAP" else ""


def _layer(mesh: bpy.types.Mesh, name: str) -> np.ndarray | None:
    """(loops, 2) float32 of the UV layer that a texture node uses, or None without one."""
    used = mesh.uv_layers.get(name) if name else next((one for one in mesh.uv_layers if one.active_render), None)
    return None if used is None else loop_uvs(mesh, used)


def _attribute(mesh: bpy.types.Mesh, name: str) -> tuple[np.ndarray, bool] | None:
    """(N, 3) float32 sRGB of a colour attribute, and whether it has one colour for each corner, not for each vertex;
    None without it."""
    colors = mesh.color_attributes
    found = colors.get(name) if name else colors.active_color or next(iter(colors), None)
    if found is None:
        return None
    values = np.empty(4 * len(found.data), np.float32)
    found.data.foreach_get("color_srgb", values)
    return np.clip(np.nan_to_num(values.reshape(-1, 4)[:, :3]), 0.0, 1.0), found.domain != "POINT"


def _pixels(image: bpy.types.Image) -> np.ndarray | None:
    """(H, W, 3) uint8 sRGB, row 0 at the bottom, thinned out to ``MOST_TEXELS``; None if the file is missing."""
    width, height = image.size
    if not width or not height:
        return None
    values = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(values)
    step = max(1, -(-max(width, height) // MOST_TEXELS))
    pixels = values.reshape(height, width, image.channels)[::step, ::step, :3]
    if pixels.shape[2] < 3:
        pixels = np.repeat(pixels[:, :, :1], 3, axis=2)
    if image.is_float:
        pixels = to_srgb(pixels)
    return (np.clip(np.nan_to_num(pixels), 0.0, 1.0) * 255 + 0.5).astype(np.uint8)
