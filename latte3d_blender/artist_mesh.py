"""A copy of an artist's mesh, and how it goes to the core. No bpy here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from .later import np

if TYPE_CHECKING:
    from latte3d_core.restyle import ArtistMesh

#: Triangles under a picture are split until each has at most this share of the surface, since the core reads colours
#: at corners; in so many rounds at most, and only as long as there are fewer than so many triangles.
_FINEST, _ROUNDS, _MOST = 1 / 8000, 8, 200_000
#: Triangles that are looked at to learn which colours a mesh has, spread evenly over its surface.
_SAMPLES = 4096


@dataclass(frozen=True, eq=False)
class Colours:
    """What a surface looks like at present.

    Attributes:
        corner: (F, 3, 3) float32 sRGB in [0, 1] at the corners of triangles without a picture.
        picture: (F,) int32 number of the picture that lies on each triangle, or -1.
        uvs: (F, 3, 2) float32, where on its picture a triangle lies; pictures repeat beyond [0, 1].
        pictures: (H, W, 3) uint8 sRGB each, row 0 at the bottom as Blender has them.
    """

    corner: np.ndarray
    picture: np.ndarray
    uvs: np.ndarray
    pictures: tuple[np.ndarray, ...]


@dataclass(frozen=True, eq=False)
class Surface:
    """Triangles of a mesh, with what lies at their corners.

    Attributes:
        vertices: (V, 3) float32, the core's axes, the scene's units, from the object's own origin.
        triangles: (F, 3) int32, counter-clockwise seen from outside.
        uvs: (F, 3, 2) float32 by the layer's name.
        colours: None where they are not to be kept, or cannot be told.
    """

    vertices: np.ndarray
    triangles: np.ndarray
    uvs: Mapping[str, np.ndarray]
    colours: Colours | None


@dataclass(frozen=True, eq=False)
class Triangulated:
    """The triangles of an artist's object.

    Attributes:
        shown: the object as it is seen: modifiers, shape keys and pose applied, scale too, upright as in the scene.
        base: the mesh below the modifiers, which UV layers belong to; ``shown`` itself where they leave the faces as
            they are.
        polygon, loop: (F,) and (F, 3) int32, the polygons and their corners, by Blender's numbers, that the triangles
            of ``base`` belong to.
    """

    shown: Surface
    base: Surface
    polygon: np.ndarray
    loop: np.ndarray

    @property
    def same(self) -> bool:
        """Whether the modifiers leave the faces as they are."""
        return self.base is self.shown


def for_core(
    source: Triangulated, uvs: np.ndarray | None = None, painted: np.ndarray | None = None, on_base: bool = False
) -> tuple[ArtistMesh, np.ndarray]:
    """The mesh as the core takes it, and which of its triangles are to be painted, (F,) bool.

    Arguments:
        uvs: (F, 3, 2) of the triangles of ``source.shown`` or, with ``on_base``, of those of ``source.base``.
        painted: (F,) bool, which of them to paint; all without it.
        on_base: paint the base. Where it has other faces, it is laid onto what is shown, and that goes in as well, for
            the generator to see.
    """
    from latte3d_core.restyle import ArtistMesh

    surface = source.base if on_base else source.shown
    count = len(surface.triangles)
    uvs = np.zeros((count, 3, 2), np.float32) if uvs is None else uvs
    painted = np.ones(count, bool) if painted is None else painted
    laid = on_base and not source.same
    if surface.colours is None and not laid:
        return ArtistMesh(surface.vertices, surface.triangles, uvs, None, painted.astype(np.int64)), painted
    parts = [_fine(surface, uvs, painted, everywhere=laid)]
    if laid:
        parts[0].points[:] = _onto(parts[0].points, source.shown)
        extra = len(source.shown.triangles)
        parts.append(_fine(source.shown, np.zeros((extra, 3, 2), np.float32), np.zeros(extra, bool)))
    points, uvs, colors, painted = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    triangles = np.arange(3 * len(points), dtype=np.int32).reshape(-1, 3)
    known = surface.colours is not None and source.shown.colours is not None
    mesh = ArtistMesh(points.reshape(-1, 3), triangles, uvs, colors if known else None, painted.astype(np.int64))
    return mesh, painted


class _Part(NamedTuple):
    """Triangles by their corners: (T, 3, 3) places, (T, 3, 2) UVs, (T, 3, 3) sRGB colours; (T,) whether painted."""

    points: np.ndarray
    uvs: np.ndarray
    colors: np.ndarray
    painted: np.ndarray


def _fine(surface: Surface, uvs: np.ndarray, painted: np.ndarray, everywhere: bool = False) -> _Part:
    """The triangles, small enough for their pictures, or all of them small."""
    count = len(surface.triangles)
    colours = surface.colours
    if colours is None:
        colours = Colours(np.ones((count, 3, 3)), np.full(count, -1), np.zeros((count, 3, 2)), ())
    corner = np.concatenate([surface.vertices[surface.triangles], uvs, colours.corner, colours.uvs], axis=2)
    number = np.arange(count)
    for _ in range(_ROUNDS):
        edge1, edge2 = (corner[:, k, :3].astype(np.float64) - corner[:, 0, :3] for k in (1, 2))
        area = np.linalg.norm(np.cross(edge1, edge2), axis=1)
        large = (area > _FINEST * area.sum()) & (everywhere | (colours.picture[number] >= 0))
        if not large.any() or len(corner) > _MOST:
            break
        a, b, c = (corner[large, k] for k in range(3))
        ab, bc, ca = (a + b) / 2, (b + c) / 2, (c + a) / 2
        parts = [np.stack(part, axis=1) for part in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))]
        corner = np.concatenate([corner[~large], *parts])
        number = np.concatenate([number[~large], *[number[large]] * 4])
    corner = corner.astype(np.float32)
    colors = colors_at(colours, number, corner[..., 5:8], corner[..., 8:10])
    return _Part(np.ascontiguousarray(corner[..., :3]), np.ascontiguousarray(corner[..., 3:5]), colors, painted[number])


def _onto(points: np.ndarray, shown: Surface) -> np.ndarray:
    """The nearest places (T, 3, 3) on a surface."""
    from latte3d_core._open3d import load_open3d
    from latte3d_core.render.raycast import raycasting_scene
    from latte3d_core.restyle import ArtistMesh, placement

    # In the core's frame, since distances are wrong where the units are very large or very small.
    place = placement(ArtistMesh(shown.vertices, shown.triangles))
    scene = raycasting_scene(place.to_core(shown.vertices), shown.triangles)
    asked = load_open3d().core.Tensor(place.to_core(points.reshape(-1, 3)))
    nearest: np.ndarray = scene.compute_closest_points(asked, nthreads=1)["points"].numpy()
    return place.from_core(nearest).reshape(points.shape)


def colors_at(colours: Colours, number: np.ndarray, corner: np.ndarray, uvs: np.ndarray) -> np.ndarray:
    """sRGB (T, 3, 3) float32 in [0, 1] at the corners of parts of triangles; nearest texel.

    Arguments:
        number: (T,) triangles. corner: (T, 3, 3) their colours. uvs: (T, 3, 2) their places on their pictures.
    """
    colors = corner.astype(np.float32)
    for index, picture in enumerate(colours.pictures):
        mine = np.flatnonzero(colours.picture[number] == index)
        height, width = picture.shape[:2]
        place = np.nan_to_num(uvs[mine]) % 1.0
        column = np.minimum((place[..., 0] * width).astype(np.int64), width - 1)
        row = np.minimum((place[..., 1] * height).astype(np.int64), height - 1)
        colors[mine] = picture[row, column] / np.float32(255)
    return np.clip(colors, 0.0, 1.0)


def recoloured(mesh: ArtistMesh, prompt: str) -> ArtistMesh:
    """With the one or two colours that a prompt gives to the whole thing in place of those that most of it has; shades
    and everything else stay. Colours are shown to the generator as what is to stay, so it would keep these too."""
    from latte3d_core.data.colours import labels_of, main_colours, palette_of, recoloured_palette

    names = main_colours(prompt)
    if mesh.colors is None or not names:
        return mesh
    corner = mesh.vertices[mesh.triangles].astype(np.float64)
    area = np.cumsum(np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1))
    sample = mesh.colors[np.searchsorted(area, (np.arange(_SAMPLES) + 0.5) / _SAMPLES * area[-1])].reshape(-1, 3)
    palette = palette_of(sample)
    counts = np.bincount(labels_of(sample, palette), minlength=len(palette))
    change = recoloured_palette(palette, counts, *names) - palette
    colors = mesh.colors + change[labels_of(mesh.colors.reshape(-1, 3), palette)].reshape(mesh.colors.shape)
    return replace(mesh, colors=np.clip(colors, 0.0, 1.0))
