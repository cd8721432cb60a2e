"""The two mesh types of the core. Everything is NumPy: nothing here needs torch.

Frame (all of ``latte3d_core``): right-handed, +Y up, front +Z, the object inside [-1, 1]^3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Mesh:
    """A triangle mesh without texture.

    Attributes:
        vertices: (V, 3) float32, core frame.
        faces: (F, 3) int32, counter-clockwise seen from outside.
    """

    vertices: np.ndarray
    faces: np.ndarray


@dataclass(frozen=True)
class TexturedMesh:
    """What leaves the generator, and the only thing that crosses the border to Blender.

    Attributes:
        vertices: (V, 3) float32, core frame; shared between faces, so that the mesh is closed by index.
        faces: (F, 3) int32, counter-clockwise seen from outside.
        uvs: (F, 3, 2) float32, one UV per face corner, in [0, 1], origin at the bottom left.
        base_color: (H, W, 3) uint8, sRGB, row 0 at the top.
        normal_map: (H, W, 3) uint8 or None; tangent space, +X right, +Y up (the OpenGL and glTF convention), row 0
            at the top, linear ("Non-Color").
        name: a short name for the object, made from the prompt.
        size_m: largest dimension of the real thing in metres.
        provenance: prompt, seed, alpha, model hash, version...: plain JSON values, enough to make it again.
        warnings: sentences that the user should see.
        seconds: wall time by stage name.
    """

    vertices: np.ndarray
    faces: np.ndarray
    uvs: np.ndarray
    base_color: np.ndarray
    normal_map: np.ndarray | None = None
    name: str = "object"
    size_m: float = 1.0
    provenance: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def mesh(self) -> Mesh:
        return Mesh(self.vertices, self.faces)

    def save(self, path: str | Path) -> Path:
        """Write a binary glTF (.glb) with embedded PNG textures, in metres, standing on y = 0.

        Raises:
            OutputError: the suffix is not .glb, or the file cannot be written; nothing half-written stays behind.
        """
        from latte3d_core.mesh.glb import save_glb

        return save_glb(self, path)
