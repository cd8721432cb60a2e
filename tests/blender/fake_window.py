"""Stand-ins for the core in Blender's window, whose Python may have nothing of what the core needs.

Live previews and blends come from ``fake_looks``, as large as the prompt is long; styles are one colour.
"""

from __future__ import annotations

import sys
import types
from types import SimpleNamespace
from typing import Any

import fake_core
import fake_looks
import numpy as np


def preview(model: Any, fields: Any, faces: int = 2000, progress: Any = None) -> Any:
    """A ball as many decimetres tall as the prompt has letters, and one more at the far end of a blend."""
    mesh = fake_looks.preview(model, fields)
    size = len(fields.prompt) / 10 if not hasattr(fields, "t") else 1.0 + fields.t / 10
    size += 0.0 if fields.alpha is None or hasattr(fields, "t") else fields.alpha / 100
    return SimpleNamespace(**{**vars(mesh), "size_m": size})


def styled(task: Any, generator: Any, progress: Any) -> Any:
    """What ``StylizeTask.run`` returns: brown, on the mesh's own UV map or on a new one."""
    package = sys.modules[type(task).__module__.rpartition(".")[0]]
    with progress.stage("bake"):
        texture = np.full((64, 64, 3), (120, 70, 30), np.uint8)
    layer = next(iter(task.mesh.layers), "")
    loops = None if layer else np.zeros((len(task.mesh.base.corner_vertex), 2), np.float32)
    return package.stylize.Styled(
        color=(0.2, 0.06, 0.01),
        base_png=package.png.encode_png(texture),
        normal_png=None,
        layer=layer,
        loop_uvs=loops,
        properties={"latte3d_prompt": task.prompt, "latte3d_seed": task.seed},
        warnings=(),
        seconds={},
    )


def install(stylize: types.ModuleType) -> None:
    """Put the stand-ins where the tasks look for the core.

    Arguments:
        stylize: the extension's module.
    """
    for name, functions in {
        "preview": {"preview": preview, "thumbnail": fake_looks.thumbnail},
        "blend": {"blend": fake_looks.blend, "blended": fake_looks.blended, "morph_targets": fake_looks.morph_targets},
    }.items():
        module = types.ModuleType(f"latte3d_core.{name}")
        vars(module).update(functions)
        sys.modules[module.__name__] = module
    stylize.StylizeTask.run = styled


def load(task: object) -> fake_core.Latte3D:
    """What a back end takes for ``load``."""
    return fake_looks.Latte3D()
