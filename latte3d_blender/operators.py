"""Generate, and the dice for the seed."""

import random
from typing import Any

import bpy

from . import preferences, properties
from .generate import GenerateTask
from .submit import possible, submit

#: Setting names in the order of ``GenerateTask``.
SETTINGS = ("prompt", "seed", "alpha", "faces", "texture_size", "unwrap")


def _task(operator: bpy.types.Operator, context: bpy.types.Context) -> GenerateTask:
    """A snapshot: the operator's arguments where given, the scene's settings for the rest."""
    stored = context.scene.latte3d
    given = operator.properties
    values: dict[str, Any] = {
        name: getattr(operator if given.is_property_set(name) else stored, name) for name in SETTINGS
    }
    values["texture_size"] = int(values["texture_size"])
    device, model = preferences.read(context)
    cursor = tuple(context.scene.cursor.location)
    return GenerateTask(**values, cursor=cursor, size_m=preferences.size_m(context), device=device, model=model)


class LATTE3D_OT_generate(bpy.types.Operator):
    """Make a textured object from the prompt and put it at the 3D cursor; it waits in line while others are made"""

    bl_idname = "latte3d.generate"
    bl_label = "Generate"
    bl_options = {"REGISTER"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = properties.operator_properties()

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return possible(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        return submit(self, context, _task(self, context))


class LATTE3D_OT_random_seed(bpy.types.Operator):
    """Throw the dice for another seed"""

    bl_idname = "latte3d.random_seed"
    bl_label = "Random Seed"
    bl_options = {"INTERNAL"}  # noqa: RUF012 - Blender wants a set

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.scene.latte3d.seed = random.SystemRandom().randint(1, properties.SEED_MAX)
        return {"FINISHED"}


CLASSES = (LATTE3D_OT_generate, LATTE3D_OT_random_seed)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
