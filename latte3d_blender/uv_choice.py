"""Which UVs are to carry the colours: a layer of the mesh's own, or a new one. No bpy here.

A mesh is painted as it is shown, but its UV layers belong to what lies below the modifiers. Mirrored and repeated
parts have the same UVs, so the first of them is painted, and the others wear its colours. A new layout is made for the
base, by the core's box charts; these know triangles only, so a polygon whose triangles fell into different charts gets
a place of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .later import np

if TYPE_CHECKING:
    from latte3d_core.mesh.types import Mesh
    from latte3d_core.progress import Progress

    from .artist_mesh import Surface, Triangulated

#: Side of the raster that tells which triangles lie over each other, and how many rows of it triangles may have in all:
#: more would fill the memory.
_RASTER, _MOST_ROWS = 1024, 4_000_000


@dataclass(frozen=True, eq=False)
class Choice:
    """UVs for the colours.

    Attributes:
        layer: name of the mesh's own UV layer, or "" for a new one.
        uvs: (F, 3, 2) float32 in [0, 1], of the shown triangles for an own layer, else of the base's.
        painted: (F,) bool, the triangles to paint; the others share the place of one that is.
        warnings: sentences that the artist should see.
    """

    layer: str
    uvs: np.ndarray
    painted: np.ndarray
    warnings: tuple[str, ...] = ()


def choose(
    mesh: Triangulated, layers: Sequence[str], locked: str, wish: str, texture_size: int, progress: Progress
) -> Choice:
    """Choose, and make a new layout where need be.

    Arguments:
        layers, locked: see ``mesh_arrays.MeshCopy``.
        wish: "auto", "keep" or "new"; see ``stylize.StylizeTask``.

    Raises:
        SettingError: what is wished for cannot be had, or the mesh cannot be used; the sentence says why.
    """
    from latte3d_core.errors import SettingError
    from latte3d_core.mesh.types import Mesh
    from latte3d_core.restyle import ArtistMesh, placement, uv_fault

    def of_core(surface: Surface) -> Mesh:
        place = placement(ArtistMesh(surface.vertices, surface.triangles))
        return Mesh(place.to_core(surface.vertices), surface.triangles)

    progress.check(0.1)
    shown = of_core(mesh.shown)
    base = shown if mesh.same else of_core(mesh.base)
    fault = "the mesh has none"
    if wish == "keep" and not layers:
        raise SettingError("The mesh has no UV map to keep: unwrap it, or choose Automatic for the UV Map.")
    for layer in {"auto": layers, "keep": layers[:1], "new": ()}[wish]:
        uvs = mesh.shown.uvs[layer]
        found = None
        if wish == "auto":
            found = uv_fault(base, mesh.base.uvs[layer])
        progress.check(0.4)
        if found is None:
            uvs = into_square(uvs)
            painted = first_comers(uvs)
            progress.check(0.7)
            known_good = wish == "auto" and mesh.same and painted.all()
            found = None if known_good else uv_fault(Mesh(shown.vertices, shown.faces[painted]), uvs[painted])
        if found is None:
            shared = f"Parts that share their place on the UV map “{layer}” share their colours too."
            return Choice(layer, uvs, painted, () if painted.all() else (shared,))
        if wish == "keep":
            raise SettingError(
                f"The UV map “{layer}” cannot carry the colours because {found}: choose Automatic for the UV Map."
            )
        if layer == layers[0]:
            fault = found
    if locked:
        raise SettingError(locked)
    progress.check(0.5)
    uvs = polygon_layout(base, mesh.polygon, mesh.loop, texture_size, progress)
    warnings = () if wish == "new" else (f"A new UV map was added because {fault}.",)
    return Choice("", uvs, np.ones(len(uvs), bool), warnings)


def into_square(uvs: np.ndarray) -> np.ndarray:
    """UVs (F, 3, 2) moved by whole tiles, so that each triangle that fits between two whole numbers lies in [0, 1]."""
    middle = np.nan_to_num((uvs.min(axis=1) + uvs.max(axis=1)) / 2)
    tile = np.floor(middle)[:, None, :]
    return np.where(tile == 0.0, uvs, uvs - tile).astype(np.float32)


def first_comers(uvs: np.ndarray) -> np.ndarray:
    """(F,) bool: the triangles that have their place on the texture to themselves, or came first to it.

    Arguments:
        uvs: (F, 3, 2). Copies of a triangle, mirrored or not, yield to it; of others, those that have lost more than
            half of their place.
    """
    from latte3d_core.mesh.raster_uv import rasterise, spans_of

    count = len(uvs)
    place = np.rint(np.nan_to_num(uvs.astype(np.float64)) * 2**16).clip(-(2**24), 2**24).astype(np.int64)
    corner = np.sort((place[..., 0] << 26) + place[..., 1], axis=1)
    first = np.zeros(count, bool)
    first[np.unique(corner, axis=0, return_index=True)[1]] = True
    rest = np.flatnonzero(first)
    if not np.isfinite(uvs).all() or np.ptp(uvs[rest, :, 1], axis=1).sum() * _RASTER > _MOST_ROWS:
        return first
    spans = spans_of(uvs[rest].astype(np.float64) * [1, -1] * _RASTER + [0, _RASTER], _RASTER, _RASTER)
    texels = np.bincount(spans.face, weights=spans.length, minlength=len(rest))
    owned = np.bincount(rasterise(uvs[rest], _RASTER)[0], minlength=len(rest))
    first[rest[owned < texels / 2]] = False
    return first


def _areas(uvs: np.ndarray) -> np.ndarray:
    """(F,) float64: the area of each triangle of (F, 3, 2) UVs, as a share of the texture."""
    edge1, edge2 = (uvs[:, k].astype(np.float64) - uvs[:, 0] for k in (1, 2))
    return np.abs(edge1[:, 0] * edge2[:, 1] - edge1[:, 1] * edge2[:, 0]) / 2


def polygon_layout(
    mesh: Mesh, polygon: np.ndarray, loop: np.ndarray, texture_size: int, progress: Progress
) -> np.ndarray:
    """UVs (F, 3, 2) float32 in [0, 1] for the triangles of polygons; one to each corner of a polygon.

    Arguments:
        mesh: core frame, its faces in the order of ``polygon``, (F,), which does not fall, and ``loop``, (F, 3).
    """
    from latte3d_core.restyle import layout

    uvs = layout(mesh, texture_size, progress)
    value = np.zeros((int(loop.max()) + 1, 2), np.float32)
    value[loop.ravel()] = uvs.reshape(-1, 2)
    torn = np.zeros(int(polygon.max()) + 1, bool)
    torn[polygon[(np.abs(value[loop] - uvs).max(axis=(1, 2)) > 0.0)]] = True
    apart = torn[polygon]
    if not apart.any():
        return uvs
    flat, number = _flattened(mesh, polygon, loop, apart)
    count = int(number.max()) + 1
    mean = float(_areas(uvs[apart]).sum()) / count
    # Cells twice as large as the polygons are on average, in rows along the top; everything else makes room.
    across = max(np.ceil(np.sqrt(2 * count)), np.floor(1 / np.sqrt(max(2 * mean, 1e-9))))
    height = np.ceil(count / across) / across
    margin = min(0.15, 2 * across / texture_size)
    row, column = np.divmod(number, across)
    corner = np.stack([column / across, 1 - (row + 1) / across], axis=1)
    result = uvs * np.float32(1 - height)
    result[apart] = corner[:, None, :] + (margin + (1 - 2 * margin) * flat) / across
    return result


def _flattened(mesh: Mesh, polygon: np.ndarray, loop: np.ndarray, apart: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Triangles of some polygons laid flat, each polygon in the square [0, 1]²: (N, 3, 2), and its number (N,).

    A polygon that is bent so much that it would fold becomes a regular one, which cannot.
    """
    from latte3d_core.mesh import geometry
    from latte3d_core.mesh.types import Mesh

    loop = loop[apart]
    number = np.unique(polygon[apart], return_inverse=True)[1]
    count = int(number.max()) + 1
    corner = mesh.vertices.astype(np.float64)[mesh.faces[apart]]
    vector = geometry.face_vectors(Mesh(mesh.vertices, mesh.faces[apart]))
    normal = geometry.unit(np.stack([np.bincount(number, weights=vector[:, k]) for k in range(3)], axis=1))
    right = geometry.unit(np.cross(np.eye(3)[np.abs(normal).argmin(axis=1)], normal))
    up = np.cross(normal, right)
    flat = np.stack([np.einsum("fid,fd->fi", corner, axis[number]) for axis in (right, up)], axis=2)
    folded = np.zeros(count, bool)
    folded[number[np.einsum("fd,fd->f", vector, normal[number]) <= 0.0]] = True
    first, last = np.full(count, loop.max()), np.zeros(count, loop.dtype)
    np.minimum.at(first, number, loop.min(axis=1))
    np.maximum.at(last, number, loop.max(axis=1))
    angle = 2 * np.pi * (loop - first[number][:, None]) / (last - first + 1)[number][:, None]
    bent = folded[number]
    flat[bent] = np.stack([np.cos(angle), np.sin(angle)], axis=2)[bent]
    low, high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
    np.minimum.at(low, number, flat.min(axis=1))
    np.maximum.at(high, number, flat.max(axis=1))
    side = np.maximum((high - low).max(axis=1), 1e-30)
    return (flat - low[number][:, None, :]) / side[number][:, None, None], number
