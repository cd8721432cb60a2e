"""latte3d_core: text to a textured, unwrapped 3D object in one forward pass. Knows nothing of Blender.

    >>> from latte3d_core import Latte3D
    >>> model = Latte3D.from_pretrained("small")
    >>> model.generate("a red sports car").save("car.glb")

The names below are the whole public face. They are loaded at first use, so that importing the package costs nothing
and pulls in neither torch nor transformers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from latte3d_core._version import __version__

if TYPE_CHECKING:
    from latte3d_core.api import Fields, Latte3D
    from latte3d_core.errors import (
        AssetError,
        Cancelled,
        CheckpointError,
        DependencyError,
        Latte3DError,
        OutputError,
        PromptError,
        SettingError,
        SurfaceError,
    )
    from latte3d_core.mesh.types import Mesh, TexturedMesh
    from latte3d_core.progress import Progress

_HOME = {
    "Latte3D": "latte3d_core.api",
    "Fields": "latte3d_core.api",
    "Mesh": "latte3d_core.mesh.types",
    "TexturedMesh": "latte3d_core.mesh.types",
    "Progress": "latte3d_core.progress",
    "AssetError": "latte3d_core.errors",
    "Cancelled": "latte3d_core.errors",
    "CheckpointError": "latte3d_core.errors",
    "DependencyError": "latte3d_core.errors",
    "Latte3DError": "latte3d_core.errors",
    "OutputError": "latte3d_core.errors",
    "PromptError": "latte3d_core.errors",
    "SettingError": "latte3d_core.errors",
    "SurfaceError": "latte3d_core.errors",
}

__all__ = [
    "AssetError",
    "Cancelled",
    "CheckpointError",
    "DependencyError",
    "Fields",
    "Latte3D",
    "Latte3DError",
    "Mesh",
    "OutputError",
    "Progress",
    "PromptError",
    "SettingError",
    "SurfaceError",
    "TexturedMesh",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'latte3d_core' has no attribute {name!r}")
