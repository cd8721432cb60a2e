"""The settings of a generation: kept on the scene, and repeated as arguments of the Generate operator.

Only settings live in the file. What runs, has failed or waits is in ``session``.
"""

from typing import Any

import bpy
from bpy.props import EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

SEED_MAX = 2**31 - 1

UNWRAP_ITEMS = [
    ("fast", "Fast", "Box charts, packed tightly; a fraction of a second"),
    ("careful", "Careful", "Fewer seams and less stretching; several seconds on large meshes"),
]

TEXTURE_ITEMS = [
    (str(size), f"{size} px", f"Textures of {size} by {size} pixels") for size in (256, 512, 1024, 2048, 4096)
]

#: Name and description of every setting, shared by the scene's settings and the operator's arguments.
_TEXTS = {
    "prompt": {"name": "Prompt", "description": "What to make, in a few words"},
    "seed": {
        "name": "Seed",
        "description": "Same prompt and seed, same object; another seed, another shape that suits the prompt",
    },
    "alpha": {
        "name": "Shape Strength",
        "description": "How closely the result keeps to the shape that the seed picked; at 0 the prompt alone decides",
    },
    "faces": {"name": "Faces", "description": "Most triangles that the mesh may have"},
    "texture_size": {"name": "Texture", "description": "Width and height of the textures in pixels"},
    "unwrap": {"name": "Unwrap", "description": "How the UV map is made"},
}


def operator_properties() -> dict[str, Any]:
    """Arguments of the Generate operator, one per setting.

    Ranges are soft here: Blender would quietly clamp a script's value to a hard one, where the core's answer is a
    clear error. None is remembered between calls, so that a button always starts from the scene's settings.
    """
    skip = {"options": {"SKIP_SAVE"}}
    return {
        "prompt": StringProperty(**_TEXTS["prompt"], **skip),
        "seed": IntProperty(**_TEXTS["seed"], default=0, soft_min=0, **skip),
        "alpha": FloatProperty(**_TEXTS["alpha"], default=1.0, soft_min=0.0, soft_max=1.0, **skip),
        "faces": IntProperty(**_TEXTS["faces"], default=5000, soft_min=100, soft_max=200_000, **skip),
        "texture_size": IntProperty(**_TEXTS["texture_size"], default=1024, soft_min=64, soft_max=8192, **skip),
        "unwrap": EnumProperty(**_TEXTS["unwrap"], items=UNWRAP_ITEMS, default="fast", **skip),
    }


class LATTE3D_PG_settings(bpy.types.PropertyGroup):
    """``scene.latte3d``: what the panel edits."""

    __annotations__ = {
        "prompt": StringProperty(**_TEXTS["prompt"], default="a red sports car", options={"TEXTEDIT_UPDATE"}),
        "seed": IntProperty(**_TEXTS["seed"], default=0, min=0, max=SEED_MAX),
        "alpha": FloatProperty(**_TEXTS["alpha"], default=1.0, min=0.0, max=1.0, subtype="FACTOR"),
        "faces": IntProperty(**_TEXTS["faces"], default=5000, min=100, max=200_000, soft_max=50_000, step=500),
        "texture_size": EnumProperty(**_TEXTS["texture_size"], items=TEXTURE_ITEMS, default="1024"),
        "unwrap": EnumProperty(**_TEXTS["unwrap"], items=UNWRAP_ITEMS, default="fast"),
    }


CLASSES = (LATTE3D_PG_settings,)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.latte3d = PointerProperty(type=LATTE3D_PG_settings)


def unregister() -> None:
    del bpy.types.Scene.latte3d
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
