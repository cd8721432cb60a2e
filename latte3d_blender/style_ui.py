"""How the shown style of the active object was made, and what to do with that."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import bpy
from bpy.props import IntProperty

from . import properties, timer, variants
from .again import copy_in_look, model_of
from .blocks import reference
from .history_ui import draw_facts, draw_model
from .mesh_copy import Refused, refusal
from .panels import SidebarPanel, wrapped
from .provenance import StyleRecord
from .refined import is_refined
from .stylize import RenewTask, StylizeTask
from .stylize_ui import UV_ITEMS, StyleOperator, fill, index_property
from .submit import possible, submit
from .translations import tr


class RecordOperator(StyleOperator):
    """What the operators share that need to know how a style was made."""

    def record(self, context: bpy.types.Context) -> tuple[int, StyleRecord] | None:
        """The number of the style that is meant and how it was made, or None, with a report."""
        index = self.chosen(context)
        if index is None:
            return None
        how = variants.made_from(context.object, index)
        if how is None:
            name = context.object.latte3d_variants.entries[index].name
            message = tr("“{style}” does not say how it was made: choose a style that LATTE3D has made.")
            self.report({"ERROR"}, message.format(style=name))  # type: ignore[attr-defined]
            return None
        return index, how


class LATTE3D_OT_variant_copy_prompt(RecordOperator, bpy.types.Operator):
    """Copy the prompt of this style to the clipboard"""

    bl_idname = "latte3d.variant_copy_prompt"
    bl_label = "Copy Prompt of Style"

    __annotations__ = {"index": index_property()}

    def execute(self, context: bpy.types.Context) -> set[str]:
        found = self.record(context)
        if found is None:
            return {"CANCELLED"}
        context.window_manager.clipboard = found[1].prompt
        self.report({"INFO"}, "The prompt is on the clipboard")
        return {"FINISHED"}


class LATTE3D_OT_variant_recall(RecordOperator, bpy.types.Operator):
    """Put the prompt of this style and its settings into the panel"""

    bl_idname = "latte3d.variant_recall"
    bl_label = "Recall Style"

    __annotations__ = {"index": index_property()}

    def execute(self, context: bpy.types.Context) -> set[str]:
        found = self.record(context)
        if found is None:
            return {"CANCELLED"}
        how = found[1]
        fill(context, how, keep_colours=how.keep_colours, uv=how.uv, reshape=False)
        timer.redraw()
        return {"FINISHED"}


class AgainOperator(RecordOperator):
    """What the operators share that make a style again."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return super().poll(context) and possible(cls)

    def fields(self, context: bpy.types.Context, seed: int | None = None) -> tuple[int, dict[str, Any]] | None:
        """The number of the style that is meant and the fields of ``StylizeTask`` for it, or None, with a report.

        Arguments:
            seed: None for the style's own.
        """
        found = self.record(context)
        if found is None:
            return None
        index, how = found
        obj = context.object
        entry = obj.latte3d_variants.entries[index]
        why = refusal(obj) or variants.fault(obj, entry)
        if not how.again and not why:
            why = tr("“{style}” does not say all that it takes to make it again: press Use Settings, then Stylize.")
            why = why.format(style=entry.name)
        try:
            if why:
                raise Refused(why)
            mesh = copy_in_look(context, obj, how.keep_colours, how.source)
        except Refused as error:
            self.report({"ERROR"}, str(error))  # type: ignore[attr-defined]
            return None
        device, model = model_of(self, context, entry.name, how)
        fields = {
            "prompt": how.prompt, "seed": how.seed if seed is None else seed, "keep_colours": how.keep_colours,
            "source": how.source, "texture_size": how.texture_size, "target": reference(obj), "device": device,
            "model": model, "mesh": mesh, "uv": how.uv, "asked": how.uv, "refined": is_refined(obj),
        }  # fmt: skip
        # As it was chosen then: there may be more UV maps to choose from by now.
        if how.layer == "" and not mesh.locked:
            fields["uv"] = "new"  # the same again, which is found to be there already
        elif how.layer is not None:
            layer = how.layer or entry.layer
            if layer in mesh.layers:
                fields["mesh"], fields["uv"] = replace(mesh, layers=(layer,)), "keep" if how.uv == "keep" else "auto"
            else:
                message = tr(
                    "The UV map “{layer}” of “{style}” is gone or not the one of renders: the style may lie elsewhere."
                )
                self.report({"WARNING"}, message.format(layer=layer, style=entry.name))  # type: ignore[attr-defined]
        return index, fields


class LATTE3D_OT_variant_regenerate(AgainOperator, bpy.types.Operator):
    """Make this style again with the same settings; it keeps its name and its place in the list"""

    bl_idname = "latte3d.variant_regenerate"
    bl_label = "Regenerate Style"

    __annotations__ = {"index": index_property()}

    def execute(self, context: bpy.types.Context) -> set[str]:
        found = self.fields(context)
        if found is None:
            return {"CANCELLED"}
        index, fields = found
        return submit(self, context, RenewTask(style=variants.key_of(context.object, index), **fields))


class LATTE3D_OT_variant_vary(AgainOperator, bpy.types.Operator):
    """Make another style from the same prompt"""

    bl_idname = "latte3d.variant_vary"
    bl_label = "Vary Style"

    __annotations__ = {
        "index": index_property(),
        "seed": IntProperty(
            name="Seed", description="Seed of the new style; -1 throws the dice", default=-1, options={"SKIP_SAVE"}
        ),
    }

    def execute(self, context: bpy.types.Context) -> set[str]:
        seed = self.seed if self.seed >= 0 else random.SystemRandom().randint(1, properties.SEED_MAX)
        found = self.fields(context, seed)
        return {"CANCELLED"} if found is None else submit(self, context, StylizeTask(**found[1]))


class LATTE3D_PT_style(SidebarPanel, bpy.types.Panel):
    """How the shown style of the active object was made."""

    bl_idname = "LATTE3D_PT_style"
    bl_parent_id = "LATTE3D_PT_main"
    bl_label = "This Style"
    bl_order = 20

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.object is None:
            return False
        styles = context.object.latte3d_variants
        return 0 < styles.shown < len(styles.entries) and variants.made_from(context.object, styles.shown) is not None

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        styles = context.object.latte3d_variants
        how = variants.made_from(context.object, styles.shown)
        if how is None:
            return
        wrapped(layout, context, tr("“{name}”").format(name=how.prompt))
        uv = next(name for value, name, _ in UV_ITEMS if value == how.uv)
        draw_facts(
            layout,
            (tr("Seed"), str(how.seed)),
            (tr("Keep Colours"), tr("Yes") if how.keep_colours else ""),
            (tr("Texture"), f"{how.texture_size} px"),
            (tr("UV Map"), "" if how.uv == "auto" else tr(uv)),
            (tr("Model"), f"{how.model} {how.digest[:8]}".strip()),
            (tr("Version"), how.version),
        )
        draw_model(layout, context, how.digest)
        row = layout.row(align=True)
        row.operator("latte3d.variant_regenerate", text="Regenerate", icon="FILE_REFRESH")
        row.operator("latte3d.variant_vary", text="Vary", icon="DUPLICATE")
        row = layout.row(align=True)
        row.operator("latte3d.variant_copy_prompt", text="Copy Prompt", icon="COPYDOWN")
        row.operator("latte3d.variant_recall", text="Use Settings", icon="LOOP_BACK")


CLASSES = (
    LATTE3D_OT_variant_copy_prompt,
    LATTE3D_OT_variant_recall,
    LATTE3D_OT_variant_regenerate,
    LATTE3D_OT_variant_vary,
    LATTE3D_PT_style,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
