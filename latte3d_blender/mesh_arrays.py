"""A mesh as Blender holds it, in flat arrays, and the triangles that it is made of. No bpy here.

Blender's main thread copies the arrays, which takes milliseconds; what follows from them is worked out on the worker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .artist_mesh import Colours, Surface, Triangulated
from .later import np
from .prepare import to_core_axes

#: Share of the object's size by which a modifier may stretch an edge for it to be taken for the same one.
_NEAR = 0.1


@dataclass(frozen=True, eq=False)
class Coat:
    """What a material slot looks like: a picture, a colour attribute, or else a plain colour.

    Attributes:
        color: sRGB. picture: (H, W, 3) uint8 sRGB, row 0 at the bottom; it lies where ``uvs``, (L, 2), says.
        values: (V, 3) float32 sRGB, or (L, 3) with ``by_corner``.
    """

    color: tuple[float, float, float]
    picture: np.ndarray | None = None
    uvs: np.ndarray | None = None
    values: np.ndarray | None = None
    by_corner: bool = False


@dataclass(frozen=True, eq=False)
class MeshArrays:
    """A mesh of V vertices and P polygons with L corners in all.

    Attributes:
        vertices: (V, 3) float32, the object's own coordinates.
        corner_vertex: (L,) int32, the vertex of each corner. start: (P,) int32, the first corner of each polygon.
        cuts: (F, 3) int32, the corners of the triangles of one polygon after the other; None where there are only
            triangles and quads, which ``cut`` knows itself how to cut.
        slot: (P,) int32, the material slots; None if all have the first.
        uvs: (L, 2) float32 by the layer's name.
        coats: by slot, what the polygons look like; None where that is not to be kept, or cannot be told.
    """

    vertices: np.ndarray
    corner_vertex: np.ndarray
    start: np.ndarray
    cuts: np.ndarray | None
    slot: np.ndarray | None
    uvs: Mapping[str, np.ndarray]
    coats: Mapping[int, Coat] | None = None

    def same_faces(self, other: MeshArrays) -> bool:
        """Whether the polygons join the same vertices in the same order."""
        mine, others = ((a.corner_vertex, a.start) for a in (self, other))
        same = all(np.array_equal(*pair) for pair in zip(mine, others, strict=True))
        return same and len(self.vertices) == len(other.vertices)


@dataclass(frozen=True, eq=False)
class MeshCopy:
    """An object's mesh as it was when the button was pressed.

    Attributes:
        shown: the mesh as it is seen: modifiers, shape keys and pose applied.
        base: the mesh below the modifiers, which UV layers belong to; ``shown`` itself where they leave the faces as
            they are.
        turned: (3, 3) float64, from the object's coordinates to those of the upright frame that the generator sees:
            scale applied, turned to the front.
        layers: names of the UV layers that may carry the colours, the best first.
        locked: a sentence that says why no UV layer can be added, or "".
        notes: sentences that the artist should see.
    """

    shown: MeshArrays
    base: MeshArrays
    turned: np.ndarray
    layers: tuple[str, ...]
    locked: str
    notes: tuple[str, ...] = ()

    def triangulated(self) -> Triangulated:
        """The triangles, upright as in the scene and turned to the front; 0.5 s for a million of them."""
        shown, polygon, loop = _surface(self.shown, self.turned)
        if self.base is self.shown:
            return Triangulated(shown, shown, polygon, loop)
        base, polygon, loop = _surface(self.base, self.turned)
        return Triangulated(shown, _as_shown(base, shown), polygon, loop)


def nothing() -> MeshCopy:
    """A copy of no mesh at all."""
    corners = np.zeros(0, np.int32)
    empty = MeshArrays(np.zeros((0, 3), np.float32), corners, corners, None, None, {})
    return MeshCopy(empty, empty, np.eye(3), (), "")


def cut(mesh: MeshArrays) -> tuple[np.ndarray, np.ndarray]:
    """The corners (F, 3) and the polygons (F,) of the triangles, int32, as Blender itself cuts its polygons.

    A quad is cut from its first corner to its third; from its second to its fourth where the first way would fold it.
    """
    size = np.diff(mesh.start, append=len(mesh.corner_vertex))
    polygon = np.repeat(np.arange(len(size), dtype=np.int32), size - 2)
    if mesh.cuts is not None:
        return mesh.cuts, polygon
    first = np.cumsum(size - 2) - (size - 2)
    corners = np.empty((len(polygon), 3), np.int32)
    three, four = size == 3, size == 4
    corners[first[three]] = mesh.start[three, None] + np.arange(3)
    start, first = mesh.start[four], first[four]
    one, two, three, last = (mesh.vertices[mesh.corner_vertex[start + k]] for k in range(4))
    diagonal = three - one
    with np.errstate(over="ignore", invalid="ignore"):  # in 32 bits, as Blender itself decides
        folded = np.einsum("nd,nd->n", np.cross(two - one, diagonal), np.cross(last - one, diagonal)) > 0.0
    corners[first] = start[:, None] + np.where(folded[:, None], [0, 1, 3], [0, 1, 2])
    corners[first + 1] = start[:, None] + np.where(folded[:, None], [1, 2, 3], [0, 2, 3])
    return corners, polygon


def placed(mesh: MeshArrays, turned: np.ndarray) -> np.ndarray:
    """(V, 3) float64 vertices in the upright frame, Blender's axes."""
    points: np.ndarray = mesh.vertices.astype(np.float64) @ turned.T
    return points


def _surface(mesh: MeshArrays, turned: np.ndarray) -> tuple[Surface, np.ndarray, np.ndarray]:
    """The surface, and the polygon (F,) and the corners (F, 3) that each triangle belongs to."""
    loop, polygon = cut(mesh)
    if np.linalg.det(turned) < 0.0:  # mirrored, so the outside would lie inside
        loop = np.ascontiguousarray(loop[:, ::-1])
    triangles = mesh.corner_vertex[loop]
    uvs = {name: values[loop] for name, values in mesh.uvs.items()}
    colours = None if mesh.coats is None else _colours(mesh, mesh.coats, triangles, loop, polygon)
    return Surface(to_core_axes(placed(mesh, turned)), triangles, uvs, colours), polygon, loop


def _colours(
    mesh: MeshArrays, coats: Mapping[int, Coat], triangles: np.ndarray, loop: np.ndarray, polygon: np.ndarray
) -> Colours:
    count = len(triangles)
    slot = np.zeros(count, np.int32) if mesh.slot is None else mesh.slot[polygon]
    corner = np.empty((count, 3, 3), np.float32)
    picture, uvs = np.full(count, -1, np.int32), np.zeros((count, 3, 2), np.float32)
    pictures: list[np.ndarray] = []
    for index, coat in coats.items():
        mine = slot == index
        corner[mine] = coat.color
        if coat.values is not None:
            corner[mine] = coat.values[loop[mine] if coat.by_corner else triangles[mine]]
        elif coat.picture is not None and coat.uvs is not None:
            picture[mine], uvs[mine] = len(pictures), coat.uvs[loop[mine]]
            pictures.append(coat.picture)
    return Colours(corner, picture, uvs, tuple(pictures))


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
