"""An artist's own mesh: new colours for it as it is, or a new object after it.

``restyle`` leaves the geometry alone. The networks are shown points of the mesh, and every texel of its own UV layout
asks the colour field at the texel's own place on the surface. Meshes come as they are: open or closed, in loose parts,
not manifold, with faces of no area. Where the layout cannot carry one texture, a new one is made and a word said about
it.

``reshape`` gives the networks the same points with a shape strength of less than one: an ordinary mesh, in the place
and the units of the artist's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from latte3d_core.api import FIELD_DETAIL, Latte3D, checked_budgets, fingerprint, in_range
from latte3d_core.data.gltf import HALF_EXTENT, plain_triangles
from latte3d_core.data.targets import sample_surface
from latte3d_core.errors import SettingError
from latte3d_core.mesh import charts, geometry, topology
from latte3d_core.mesh.bake import bake
from latte3d_core.mesh.check import uv_overlap
from latte3d_core.mesh.pack import pack
from latte3d_core.mesh.types import Mesh, TexturedMesh
from latte3d_core.mesh.unwrap import padding_px
from latte3d_core.progress import Progress

#: UVs may lie this far outside [0, 1]: rounding, not tiling.
_RIM = 1e-4
#: Share of the covered texels that may be used twice, share of the surface that may have no texels, and share of the
#: texture that has to be used. An artist's layout is kept if it can be: small faults are the artist's to mend.
_MOST_TWICE, _MOST_FLAT, _LEAST_USED = 0.03, 0.01, 0.01
#: Side of the raster on which a layout is judged, and on which charts are laid over each other at most.
_JUDGED, _LAID = 1024, 2048
#: Rows of texels to a triangle, over all triangles, that a raster may have: slivers as tall as the texture would fill
#: the memory.
_MOST_ROWS = 4_000_000
#: Rounds in which covered faces are lifted into layers of their own; what is covered after that lies by itself.
_MOST_LAYERS = 12
#: Charts that are packed, at most; of a mesh in more pieces, every face gets a place of its own on a grid.
_MOST_CHARTS = 20_000


@dataclass(frozen=True)
class ArtistMesh:
    """A triangle mesh as it comes, any units, axes as those of the core frame (+Y up, front +Z).

    Attributes:
        vertices: (V, 3) float. triangles: (F, 3) int.
        uvs: (F, 3, 2) float at the corners, origin at the bottom left, or None.
        colors: sRGB in [0, 1], (V, 3) at the vertices or (F, 3, 3) at the corners, or None.
        material: (F,) int, the material slot of each triangle, or None.
    """

    vertices: np.ndarray
    triangles: np.ndarray
    uvs: np.ndarray | None = None
    colors: np.ndarray | None = None
    material: np.ndarray | None = None


@dataclass(frozen=True)
class Placement:
    """Where a mesh lies: ``(vertex - centre) * scale`` is in the core frame, its largest half-extent 0.9.

    Attributes:
        centre: (3,) float64, middle of the bounding box in the artist's units. scale: core units to one of these.
    """

    centre: np.ndarray
    scale: float

    def to_core(self, points: np.ndarray) -> np.ndarray:
        """Points (N, 3) of the artist's as (N, 3) float32 in the core frame."""
        return ((np.asarray(points, dtype=np.float64) - self.centre) * self.scale).astype(np.float32)

    def from_core(self, points: np.ndarray) -> np.ndarray:
        """Points (N, 3) of the core frame as (N, 3) float32 in the artist's units."""
        return (np.asarray(points, dtype=np.float64) / self.scale + self.centre).astype(np.float32)


@dataclass(frozen=True)
class StyledTexture:
    """New colours for a mesh.

    Attributes:
        base_color: (S, S, 3) uint8 sRGB, row 0 at the top.
        uvs: (F, 3, 2) float32 in [0, 1], origin at the bottom left, that the texture belongs to. Triangles of other
            materials than the asked one keep theirs.
        new_uvs: whether they are not the mesh's own; ``warnings`` says why.
        warnings: sentences that the user should see. seconds: wall time by stage name.
        provenance: plain JSON values, enough to make it again; ``shape`` tells meshes apart.
    """

    base_color: np.ndarray
    uvs: np.ndarray
    new_uvs: bool
    warnings: tuple[str, ...]
    seconds: Mapping[str, float]
    provenance: Mapping[str, Any]


def placement(mesh: ArtistMesh) -> Placement:
    """How the mesh is fitted into the core frame: by the box round the vertices that triangles use.

    Raises:
        SettingError: the mesh cannot be used; the sentence says why.
    """
    _checked(mesh)
    vertices = np.asarray(mesh.vertices, dtype=np.float64)
    named = np.zeros(len(vertices), dtype=bool)
    named[np.ravel(mesh.triangles)] = True
    used = vertices[named]
    low, high = used.min(axis=0), used.max(axis=0)
    half = float((high - low).max()) / 2
    if not half > 0.0:
        raise SettingError("All faces of the mesh lie in one point; scale it up or choose another.")
    return Placement((low + high) / 2, HALF_EXTENT / half)


def restyle(
    model: Latte3D,
    mesh: ArtistMesh,
    prompt: str,
    seed: int = 0,
    texture_size: int = 1024,
    keep_colours: bool = False,
    material: int | None = None,
    progress: Progress | None = None,
) -> StyledTexture:
    """Colours for a mesh as it is.

    Arguments:
        mesh: see ``ArtistMesh``; half a million triangles are not too many.
        prompt: what it is to look like. seed: another picks other points of the mesh, which changes little.
        texture_size: texels along each side, 64 to 8,192.
        keep_colours: show the networks the mesh's colours, so that what the prompt does not change stays.
        material: paint the triangles of this slot only; the others are shown to the networks, but get no texels.
        progress: where to report; its ``cancel`` stops the work at the next check.

    Raises:
        PromptError, SettingError: what was given is out of range, or the mesh cannot be used. Cancelled: as asked for.
    """
    progress = progress or Progress()
    _, texture_size = checked_budgets(100, texture_size, "fast")
    place = placement(mesh)
    painted = _painted_faces(mesh, material)
    vertices, triangles = place.to_core(mesh.vertices), np.asarray(mesh.triangles)
    points, colors = _shown(model, mesh, place, seed, keep_colours, progress)
    fields = model.fields(prompt, seed, 1.0, points, colors, progress)
    part = Mesh(vertices, triangles[painted].astype(np.int32))
    uvs = np.zeros((len(triangles), 3, 2), dtype=np.float32)
    if mesh.uvs is not None:
        uvs[:] = mesh.uvs
    with progress.stage("unwrap"):
        fault = "the mesh has no UVs" if mesh.uvs is None else uv_fault(part, uvs[painted])
        if fault is None:
            uvs[painted] = np.clip(uvs[painted], 0.0, 1.0)
        else:
            progress.warn(f"A new UV layout was made because {fault}.")
            uvs[painted] = layout(part, texture_size, progress)
    with progress.stage("bake"):
        base_color, _ = bake(
            part, uvs[painted], texture_size, fields.color, dilate_px=max(8, padding_px(texture_size)),
            progress=progress, detail=FIELD_DETAIL,
        )  # fmt: skip
    provenance = fields.provenance | {
        "texture_size": texture_size, "keep_colours": keep_colours, "material": -1 if material is None else material,
        "new_uvs": fault is not None, "shape": fingerprint(np.asarray(mesh.vertices), triangles), "restyle": True,
    }  # fmt: skip
    return StyledTexture(
        base_color, uvs, fault is not None, tuple(progress.warnings), dict(progress.seconds),
        provenance | model.provenance,
    )  # fmt: skip


def reshape(
    model: Latte3D,
    mesh: ArtistMesh,
    prompt: str,
    seed: int = 0,
    alpha: float = 0.5,
    faces: int = 5000,
    texture_size: int = 1024,
    unwrap: str = "fast",
    keep_colours: bool = False,
    progress: Progress | None = None,
) -> TexturedMesh:
    """A new object after the shape of a mesh.

    Arguments:
        mesh: see ``ArtistMesh``. alpha: shape strength, 1 close to the mesh, 0 the prompt alone.
        keep_colours: see ``restyle``. prompt, seed, faces, texture_size, unwrap, progress: see ``Latte3D.generate``.

    Returns:
        a mesh like any other, but for its vertices, which are in the artist's units and where the artist's mesh is;
        ``size_m`` is its largest dimension in these units.

    Raises:
        PromptError, SettingError: what was given is out of range, or the mesh cannot be used. Cancelled: as asked for.
    """
    progress = progress or Progress()
    place = placement(mesh)
    points, colors = _shown(model, mesh, place, seed, keep_colours, progress)
    made = model.generate(prompt, seed, alpha, faces, texture_size, unwrap, progress, points, colors)
    vertices = place.from_core(made.vertices)
    shape = fingerprint(np.asarray(mesh.vertices), np.asarray(mesh.triangles))
    return replace(
        made, vertices=vertices, size_m=float(np.ptp(vertices.astype(np.float64), axis=0).max()),
        provenance={**made.provenance, "shape": shape, "keep_colours": keep_colours, "reshape": True},
    )  # fmt: skip


def _checked(mesh: ArtistMesh) -> None:
    vertices, triangles = np.asarray(mesh.vertices), np.asarray(mesh.triangles)
    count = len(triangles)
    if count == 0:
        raise SettingError("The mesh has no faces, only loose points or edges; give it faces.")
    if vertices.ndim != 2 or vertices.shape[1] != 3 or triangles.ndim != 2 or triangles.shape[1] != 3:
        raise SettingError("The mesh must come as rows of x, y, z and rows of three vertex numbers.")
    if triangles.dtype.kind not in "iu" or triangles.min() < 0 or triangles.max() >= len(vertices):
        raise SettingError("Some triangles name vertices that are not there; give numbers from 0 on.")
    bad = int((~np.isfinite(vertices)).any(axis=1).sum())
    if bad:
        raise SettingError(f"{bad:,} of the mesh's vertices have no finite coordinates; clean the mesh up.")
    if mesh.uvs is not None and np.shape(mesh.uvs) != (count, 3, 2):
        raise SettingError("The UVs must come one to a corner of each triangle.")
    if mesh.material is not None and np.shape(mesh.material) != (count,):
        raise SettingError("The material slots must come one to a triangle.")
    if mesh.colors is not None:
        if np.shape(mesh.colors) not in ((len(vertices), 3), (count, 3, 3)):
            raise SettingError("The colours must come one to a vertex or one to a corner of each triangle.")
        if not (np.min(mesh.colors) >= 0 and np.max(mesh.colors) <= 1):  # also refuses not-a-number
            raise SettingError("The colours must lie between 0 and 1.")


def _painted_faces(mesh: ArtistMesh, material: int | None) -> np.ndarray:
    """(F,) bool: the triangles that get new colours."""
    if material is None:
        return np.ones(len(mesh.triangles), dtype=bool)
    painted = np.zeros(len(mesh.triangles), dtype=bool)
    if mesh.material is not None:
        painted = np.asarray(mesh.material) == material
    if not painted.any():
        raise SettingError(f"No triangle of the mesh has the material slot {material}; choose another.")
    return painted


def _shown(
    model: Latte3D, mesh: ArtistMesh, place: Placement, seed: int, keep_colours: bool, progress: Progress
) -> tuple[np.ndarray, np.ndarray | None]:
    """Points (N, 3) of the mesh in the core frame, drawn by area, and their colours (N, 3) if they are to be kept."""
    progress.check()
    vertices, triangles = place.to_core(mesh.vertices), np.asarray(mesh.triangles)
    if not np.linalg.norm(geometry.face_vectors(Mesh(vertices, triangles)), axis=1).any():
        raise SettingError("No face of the mesh has an area; give it some width.")
    colors = None
    if keep_colours and mesh.colors is not None:
        colors = np.asarray(mesh.colors, dtype=np.float32)
        colors = colors[triangles] if colors.ndim == 2 else colors
    elif keep_colours:
        progress.warn("The mesh has no colours to keep, so that all of them are new.")
    soup = plain_triangles(vertices, triangles, colors)
    rng = np.random.default_rng(int(in_range("seed", seed, 0, 2**31 - 1)))
    points, face, barycentric = sample_surface(soup, model.net.config.point.points, rng)
    progress.check()
    kept = None if colors is None else soup.colors_at(face, barycentric).astype(np.float32)
    return points.astype(np.float32), kept


def uv_fault(mesh: Mesh, uvs: np.ndarray) -> str | None:
    """Why a layout (F, 3, 2) cannot carry one texture of the mesh, in words that follow "because", or None."""
    if not np.isfinite(uvs).all():
        return "some UVs are not numbers"
    if uvs.min() < -_RIM or uvs.max() > 1 + _RIM:
        return "the UVs leave the texture, as those of tiled textures do"
    share = _shares(uvs)
    area = np.linalg.norm(geometry.face_vectors(mesh), axis=1)
    if area[share == 0.0].sum() > _MOST_FLAT * area.sum():
        return "some faces have no place on the texture"
    if share.sum() < _LEAST_USED:
        return "the UVs use next to nothing of the texture"
    # Looked at before anything is drawn: triangles that all fill the texture would fill the memory too.
    twice = share.sum() > 1 + _MOST_TWICE or np.ptp(uvs[:, :, 1], axis=1).sum() * _JUDGED > _MOST_ROWS
    if twice or uv_overlap(uvs, _JUDGED) > _MOST_TWICE:
        return "parts of the UVs lie over each other"
    return None


def _shares(uvs: np.ndarray) -> np.ndarray:
    """(F,) float64: the area of each triangle of (F, 3, 2) UVs, as a share of the texture."""
    edge1, edge2 = (uvs[:, k].astype(np.float64) - uvs[:, 0] for k in (1, 2))
    return np.abs(edge1[:, 0] * edge2[:, 1] - edge1[:, 1] * edge2[:, 0]) / 2


def layout(mesh: Mesh, texture_size: int, progress: Progress | None = None) -> np.ndarray:
    """A layout of any mesh: the box charts of ``charts.cut``, which wants a closed one, cut wherever faces do not meet
    two by two.

    Arguments:
        mesh: core frame; open, in pieces, not manifold or with faces of no area.
        texture_size: texels along the side of the texture to come.

    Returns:
        (F, 3, 2) float32 UVs in [0, 1]; faces of no area may have none here either.
    """
    progress = progress or Progress()
    count, padding = len(mesh.faces), padding_px(texture_size)
    most = min(_MOST_CHARTS, texture_size**2 // (4 * padding**2))  # more would be nothing but padding
    across = topology.neighbours(_welded(mesh))
    look, flat, height, laid = charts.projected(mesh, across)
    if not laid > 0.0:
        return _grid(count, texture_size)
    density = np.sqrt(charts.FILL * min(texture_size, _LAID) ** 2 / laid)
    key = look.astype(np.int64)
    for layer in range(_MOST_LAYERS + 1):
        progress.check(0.3 + 0.4 * layer / _MOST_LAYERS)
        chart, parts = charts.label(key, across)
        if parts > most:
            return _grid(count, texture_size)
        if layer == _MOST_LAYERS:
            break
        hidden = charts.lie_under(flat, height, chart, parts, density)
        if not hidden.any():
            break
        lifted = key[hidden] + len(charts.LOOKS)
        key[hidden] = key.max() + 1 + np.arange(len(lifted)) if layer == _MOST_LAYERS - 1 else lifted
    uvs = pack(flat, chart, parts, texture_size, padding)
    # Needles and hairs, true to scale, would pass between the centres of the texels.
    return uvs if _shares(uvs).sum() >= _LEAST_USED else _grid(count, texture_size)


def _welded(mesh: Mesh) -> np.ndarray:
    """The faces (F, 3) int64 with vertices in one place, to a millionth of the core's cube, as one."""
    cell = np.rint((mesh.vertices.astype(np.float64) + 1) * (2**20 - 1)).astype(np.int64)
    return np.unique((cell[:, 0] << 42) | (cell[:, 1] << 21) | cell[:, 2], return_inverse=True)[1][mesh.faces]


def _grid(count: int, texture_size: int) -> np.ndarray:
    """UVs (count, 3, 2) of triangles that have nothing to do with each other: two to a cell of a square grid."""
    cells = int(np.ceil(np.sqrt(np.ceil(count / 2))))
    margin = min(0.1, 0.75 * cells / texture_size)
    corner = np.array([[margin, margin], [1 - 3 * margin, margin], [margin, 1 - 3 * margin]])
    number, upper = np.divmod(np.arange(count), 2)
    within = np.where(upper[:, None, None] == 1, 1 - corner, corner)
    place = np.stack(np.divmod(number, cells)[::-1], axis=1)[:, None, :]
    return ((place + within) / cells).astype(np.float32)
