"""Blend: two prompts and a slider."""

from typing import Any

import bpy
from bpy.props import BoolProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from . import live_ui, operators, preferences, properties
from .arguments import asked
from .blend_task import BlendTask
from .morph import SLIDER, is_morph
from .panels import SidebarPanel
from .submit import possible, submit

_TEXTS = {
    "prompt_b": {"name": "Into", "description": "What the first prompt turns into, in a few words"},
    "factor": {"name": "Blend", "description": "0 is the first prompt, 1 the second"},
    "shape_keys": {
        "name": "As Shape Keys",
        "description": "One object that can be moved all the way from the first prompt to the second, to animate it",
    },
    "steps": {"name": "Steps", "description": "Shapes on the way, both ends among them; more take longer"},
}


def _operator_properties() -> dict[str, Any]:
    """As ``properties.operator_properties``: soft ranges, and nothing is remembered."""
    skip = {"options": {"SKIP_SAVE"}}
    return {
        "prompt_b": StringProperty(**_TEXTS["prompt_b"], **skip),
        "factor": FloatProperty(**_TEXTS["factor"], default=0.5, soft_min=0.0, soft_max=1.0, **skip),
        "shape_keys": BoolProperty(**_TEXTS["shape_keys"], default=False, **skip),
        "steps": IntProperty(**_TEXTS["steps"], default=5, soft_min=2, soft_max=64, **skip),
    }


class LATTE3D_PG_blend(bpy.types.PropertyGroup):
    """``scene.latte3d_blend``."""

    __annotations__ = {
        "prompt_b": StringProperty(**_TEXTS["prompt_b"], default="", options={"TEXTEDIT_UPDATE"}),
        "factor": FloatProperty(**_TEXTS["factor"], default=0.5, min=0.0, max=1.0, subtype="FACTOR"),
        "shape_keys": BoolProperty(**_TEXTS["shape_keys"], default=False),
        "steps": IntProperty(**_TEXTS["steps"], default=5, min=2, max=64, soft_max=16),
    }


class LATTE3D_OT_blend(bpy.types.Operator):
    """Make an object on the way from one prompt to another and put it at the 3D cursor"""

    bl_idname = "latte3d.blend"
    bl_label = "Generate Blend"
    bl_options = {"REGISTER"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = {**properties.operator_properties(), **_operator_properties()}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return possible(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        values = asked(self, operators.SETTINGS, scene.latte3d) | asked(self, _TEXTS, scene.latte3d_blend)
        if not values["prompt_b"].strip():
            self.report({"ERROR"}, "The second prompt is empty: type what to blend into.")
            return {"CANCELLED"}
        device, model = preferences.read(context)
        values |= {"cursor": tuple(scene.cursor.location), "size_m": preferences.size_m(context)}
        return submit(self, context, BlendTask(**values, device=device, model=model))


class LATTE3D_PT_blend(SidebarPanel, bpy.types.Panel):
    """From the prompt above into another."""

    bl_idname = "LATTE3D_PT_blend"
    bl_parent_id = "LATTE3D_PT_main"
    bl_label = "Blend"
    bl_order = 22
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender wants a set

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        settings = context.scene.latte3d_blend
        layout.prop(settings, "prompt_b", text="", placeholder="a blue van")
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "factor", slider=True)
        column.prop(settings, "shape_keys")
        if settings.shape_keys:
            column.prop(settings, "steps")
        row = layout.row(align=True)
        row.operator("latte3d.blend", icon="ARROW_LEFTRIGHT")
        live_ui.draw_button(row, "BLEND", "")
        live_ui.draw_state(layout, context, "BLEND")
        obj = context.active_object
        if is_morph(obj):
            layout.label(text=obj.name, icon="SHAPEKEY_DATA")
            layout.prop(obj, f'["{SLIDER}"]', slider=True)


CLASSES = (LATTE3D_PG_blend, LATTE3D_OT_blend, LATTE3D_PT_blend)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.latte3d_blend = PointerProperty(type=LATTE3D_PG_blend)


def unregister() -> None:
    del bpy.types.Scene.latte3d_blend
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
