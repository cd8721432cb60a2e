"""Preferences of the extension: where to compute, and with which model."""

from typing import Any

import bpy
from bpy.props import EnumProperty, StringProperty

from . import session

DEFAULT_MODEL = "small"


class LATTE3D_AP_preferences(bpy.types.AddonPreferences):
    """Edit > Preferences > Add-ons > LATTE3D."""

    bl_idname = __package__

    __annotations__ = {
        "device": EnumProperty(
            name="Device",
            description="Where the generator computes",
            items=[
                ("auto", "Automatic", "A CUDA graphics card if there is one, else the processor"),
                ("cpu", "CPU", "The processor"),
                ("cuda", "CUDA", "An NVIDIA graphics card"),
            ],
            default="auto",
        ),
        "model": StringProperty(
            name="Model",
            description="A model file of your own (.safetensors); leave empty for the model that comes with LATTE3D",
            subtype="FILE_PATH",
        ),
        "backend": EnumProperty(
            name="Work",
            description="In which process the generator runs; a change holds from when no job is open",
            items=[
                (session.THREAD, "In Blender", "No time lost for starting and copying"),
                (
                    session.PROCESS,
                    "Separate Process",
                    "Blender stays out of harm's way, and Cancel always works within a second",
                ),
            ],
            default=session.THREAD,
        ),
    }

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(self, "device")
        layout.prop(self, "model", placeholder="The model that comes with LATTE3D")
        layout.row().prop(self, "backend", expand=True)


def read(context: bpy.types.Context) -> tuple[str, str]:
    """(device, model) as the core understands them. The defaults hold where the extension has no preferences entry,
    as when its modules are registered by hand in a test."""
    stored = _stored(context)
    if stored is None:
        return "auto", DEFAULT_MODEL
    path = stored.model.strip()
    return stored.device, bpy.path.abspath(path) if path else DEFAULT_MODEL


def backend(context: bpy.types.Context) -> str:
    """``session.THREAD`` or ``session.PROCESS``."""
    stored = _stored(context)
    return session.THREAD if stored is None else stored.backend


def _stored(context: bpy.types.Context) -> Any:
    addon = context.preferences.addons.get(__package__)
    return None if addon is None else addon.preferences


def register() -> None:
    bpy.utils.register_class(LATTE3D_AP_preferences)


def unregister() -> None:
    bpy.utils.unregister_class(LATTE3D_AP_preferences)
