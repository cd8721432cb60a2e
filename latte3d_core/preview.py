"""Quick looks: a small coloured mesh for a prompt that is still being typed, and small pictures of it.

The same fields as ever, on a grid of half the fineness, without UVs and textures: the colours are those at the
vertices.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from latte3d_core.api import QUICK_SIDE, Implicit, Latte3D, in_range
from latte3d_core.data.gltf import plain_triangles
from latte3d_core.mesh.simplify import simplify
from latte3d_core.progress import Progress
from latte3d_core.render.preview import Camera, render_asset

#: Faces of a quick look, unless fewer or more are asked for.
QUICK_FACES = 2000


@dataclass(frozen=True)
class PreviewMesh:
    """A coloured mesh without textures.

    Attributes:
        vertices: (V, 3) float32, core frame. faces: (F, 3) int32, counter-clockwise seen from outside; closed.
        colors: (V, 3) float32 sRGB in [0, 1].
        name, size_m, provenance, warnings, seconds: as those of a ``TexturedMesh``.
    """

    vertices: np.ndarray
    faces: np.ndarray
    colors: np.ndarray
    name: str = "object"
    size_m: float = 1.0
    provenance: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


def preview(
    model: Latte3D, fields: Implicit, faces: int = QUICK_FACES, progress: Progress | None = None
) -> PreviewMesh:
    """A quick look at fields of this model.

    Arguments:
        fields: of ``Latte3D.fields`` or ``blend``. faces: at most this many triangles, 100 to 20,000.
        progress: the one that ``Latte3D.fields`` was given, if warnings and seconds are to be those of the whole.

    Raises:
        SettingError: ``faces`` is out of its range. SurfaceError: the model file is damaged. Cancelled: as asked for.
    """
    progress = progress or Progress()
    faces = int(in_range("face budget", faces, 100, 20_000))
    dense, _ = model.surface(fields, progress, QUICK_SIDE)
    with progress.stage("simplify"):
        mesh = simplify(dense, faces, progress.check)
    with progress.stage("bake"):
        colors = np.clip(fields.color(mesh.vertices), 0, 1)
    return PreviewMesh(
        mesh.vertices, mesh.faces, colors, fields.name, fields.size_m,
        fields.provenance | {"preview": True, "faces": faces} | model.provenance, tuple(progress.warnings),
        dict(progress.seconds),
    )  # fmt: skip


def thumbnail(mesh: PreviewMesh, size: int = 128, azimuth: float = 30.0, elevation: float = 20.0) -> np.ndarray:
    """A picture (size, size, 4) uint8 RGBA of the mesh, filling the frame, on a transparent ground; row 0 at the top.

    Arguments:
        size: pixels along an edge, 8 to 2,048. azimuth, elevation: degrees, as those of a ``Camera``.

    Raises:
        SettingError: ``size`` is out of its range.
    """
    size = int(in_range("picture size", size, 8, 2048))
    asset = plain_triangles(mesh.vertices, mesh.faces, mesh.colors[mesh.faces])
    radius = float(np.linalg.norm(mesh.vertices, axis=1).max())
    fov = Camera().fov
    return render_asset(asset, Camera(azimuth, elevation, radius / math.sin(math.radians(fov / 2)), fov), size)
