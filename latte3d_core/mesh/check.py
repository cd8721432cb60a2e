"""Is this mesh fit to leave the house? Every claim the generator makes about its meshes is measured here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latte3d_core.mesh import geometry, raster_uv, topology
from latte3d_core.mesh.types import Mesh

#: A face is degenerate if its area (core units squared) or its smallest height (core units) is not above these.
MIN_AREA = 1e-10
MIN_HEIGHT = 1e-6

#: Vertices that fall together when their coordinates are rounded to this many decimals count as one place.
DECIMALS = 6


@dataclass(frozen=True)
class MeshReport:
    """What `check` found.

    Attributes:
        closed: no edge has a face on one side only, and there is at least one face.
        edge_manifold: no edge has more than two faces.
        vertex_manifold: the faces round each vertex form one fan.
        winding_consistent: neighbouring faces pass their common edge in opposite directions.
        degenerate_faces: faces with a repeated corner, without area, or with the same corners as an earlier face.
        coincident_vertices: vertices that share the place of another one (see ``DECIMALS``).
        components: pieces connected by shared vertices.
        euler: vertices - edges + faces (2 for each sphere, 0 for each torus).
        volume: enclosed volume in cubic core units, positive where the winding is outward.
        nan: some coordinate is not a finite number.
    """

    closed: bool
    edge_manifold: bool
    vertex_manifold: bool
    winding_consistent: bool
    degenerate_faces: int
    coincident_vertices: int
    components: int
    euler: int
    volume: float
    nan: bool

    @property
    def ok(self) -> bool:
        """Closed, manifold, outward, without degenerate faces, coincident vertices or NaN."""
        return (
            self.closed
            and self.edge_manifold
            and self.vertex_manifold
            and self.winding_consistent
            and self.degenerate_faces == 0
            and self.coincident_vertices == 0
            and self.volume > 0.0
            and not self.nan
        )


def degenerate(mesh: Mesh) -> np.ndarray:
    """(F,) bool: faces with a repeated corner, too little area or height, or the corners of an earlier face."""
    faces = mesh.faces
    corner = mesh.vertices.astype(np.float64)[faces]
    double_area = np.linalg.norm(geometry.face_vectors(mesh), axis=1)
    longest = np.linalg.norm(np.roll(corner, -1, axis=1) - corner, axis=2).max(axis=1, initial=0.0)
    bad = ~(double_area > np.maximum(2.0 * MIN_AREA, MIN_HEIGHT * longest))
    a, b, c = np.sort(faces, axis=1).T
    bad |= (a == b) | (b == c)
    order = np.lexsort((c, b, a))
    same = (a[order][1:] == a[order][:-1]) & (b[order][1:] == b[order][:-1]) & (c[order][1:] == c[order][:-1])
    bad[order[1:][same]] = True
    return bad


def coincident(mesh: Mesh) -> np.ndarray:
    """(V,) bool: vertices whose rounded place is already taken by an earlier one."""
    _, again = _same_place(mesh)
    taken = np.zeros(len(mesh.vertices), dtype=bool)
    taken[again] = True
    return taken


def _same_place(mesh: Mesh) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of vertices whose rounded coordinates agree; k vertices in one place make k - 1 pairs."""
    key = np.round(mesh.vertices.astype(np.float64), DECIMALS)
    order = np.lexsort(key.T)
    same = (key[order][1:] == key[order][:-1]).all(axis=1)
    return order[:-1][same], order[1:][same]


def _fans(faces: np.ndarray, count: int) -> np.ndarray:
    """(count,) int64: at each vertex, the fans there (faces round a vertex, connected across edges at that vertex)."""
    start, end = topology.half_edges(faces)
    follow = topology.next_half_edge(len(faces))
    # Corners that see each other across an edge: at the edge's smaller end, and at its larger end. Sorting all
    # half-edges by edge puts the corners to join next to each other, for any number of faces at an edge.
    low, high = np.minimum(start, end), np.maximum(start, end)
    at_low = np.where(start < end, np.arange(len(start)), follow)
    at_high = np.where(start < end, follow, np.arange(len(start)))
    key = low * count + high
    order = np.argsort(key, kind="stable")
    joined = key[order][1:] == key[order][:-1]
    one, two = order[:-1][joined], order[1:][joined]
    label, fans = topology.components(
        len(start), np.concatenate([at_low[one], at_high[one]]), np.concatenate([at_low[two], at_high[two]])
    )
    of_fan = np.zeros(fans, dtype=np.int64)
    of_fan[label] = start
    return np.bincount(of_fan, minlength=count)


def faults(mesh: Mesh) -> np.ndarray:
    """(V,) bool: the vertices at which a mesh is not closed, not manifold, wound inconsistently or degenerate.

    Both of two vertices that share a place are named. Finite coordinates are taken for granted.
    """
    count = len(mesh.vertices)
    start, end = topology.half_edges(mesh.faces)
    bad = _fans(mesh.faces, count) > 1
    bad[mesh.faces[degenerate(mesh)]] = True
    directed = np.sort(start * count + end)
    for half in (directed[:-1][directed[1:] == directed[:-1]], np.setxor1d(directed, end * count + start)):
        bad[half // count] = bad[half % count] = True
    for same in _same_place(mesh):
        bad[same] = True
    return bad


def check(mesh: Mesh) -> MeshReport:
    """Measure everything that a closed, well-formed mesh has to be. Never raises on a bad mesh; that is the point.

    Arguments:
        mesh: any triangle mesh, core frame. Faces index existing vertices.
    """
    faces = mesh.faces
    nan = not bool(np.isfinite(mesh.vertices).all())
    if len(faces) == 0:
        return MeshReport(False, True, True, True, 0, 0, 0, 0, 0.0, nan)
    start, end = topology.half_edges(faces)
    span = len(mesh.vertices)
    _, faces_at = np.unique(np.minimum(start, end) * span + np.maximum(start, end), return_counts=True)
    _, same_way = np.unique(start * span + end, return_counts=True)
    fans = _fans(faces, span)
    used = int((fans > 0).sum())
    with np.errstate(all="ignore"):  # NaN and infinity are reported, not warned about
        return MeshReport(
            closed=bool((faces_at >= 2).all()),
            edge_manifold=bool((faces_at <= 2).all()),
            vertex_manifold=bool((fans <= 1).all()),
            winding_consistent=bool((same_way == 1).all()),
            degenerate_faces=int(degenerate(mesh).sum()),
            coincident_vertices=int(coincident(mesh).sum()),
            components=topology.components(span, start, end)[1] - (span - used),
            euler=used - len(faces_at) + len(faces),
            volume=float(geometry.face_volumes(mesh).sum()),
            nan=nan,
        )


def uv_overlap(uvs: np.ndarray, size: int = 1024) -> float:
    """Share of the covered texels whose centre lies in more than one triangle.

    Arguments:
        uvs: (F, 3, 2) float, in [0, 1]. size: texels along each side of the square that is tested.

    Returns:
        0 to 1; 0 where nothing is covered. Triangles that share an edge do not count as overlapping along it.
    """
    count = raster_uv.cover_count(uvs, size)
    covered = int((count > 0).sum())
    return float((count > 1).sum()) / covered if covered else 0.0
