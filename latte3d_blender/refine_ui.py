"""Refine: the active object gets better looks in the background, and can go back."""

from typing import Any

import bpy
from bpy.props import BoolProperty, FloatProperty, PointerProperty, StringProperty

from . import blocks, preferences, provenance, refined
from .panels import SidebarPanel, wrapped
from .refine_task import PRIOR, REFINED, RefineTask
from .submit import possible, submit
from .translations import tr

_TEXTS = {
    "seconds": {"name": "Time", "description": "Seconds to work on the object; more time, better looks"},
    "reshape": {"name": "Change Shape Too", "description": "Move the shape as well as the colours; takes longer"},
}


class LATTE3D_PG_refine(bpy.types.PropertyGroup):
    """``scene.latte3d_refine``."""

    __annotations__ = {
        "seconds": FloatProperty(**_TEXTS["seconds"], default=20.0, min=1.0, max=3600.0, soft_max=300.0, precision=0),
        "reshape": BoolProperty(**_TEXTS["reshape"], default=False),
    }


def _object_name() -> StringProperty:
    return StringProperty(
        name="Object", description="Name of the object; empty for the active one", options={"SKIP_SAVE"}
    )


def _target(operator: bpy.types.Operator, context: bpy.types.Context) -> bpy.types.Object | None:
    """The object that the operator is about; says so if there is none."""
    if not operator.object:
        return context.active_object
    obj = context.scene.objects.get(operator.object)
    if obj is None:
        message = tr("The scene has no object “{name}”: name another one.")
        operator.report({"ERROR"}, message.format(name=operator.object))
    return obj


def made_from(obj: bpy.types.Object) -> provenance.Provenance:
    """How to make ``obj`` again.

    Raises:
        ValueError: it cannot be made again; the message is a sentence for the artist.
    """
    # An object that was refined before is made again from its start, like any other.
    how = provenance.read({key: obj[key] for key in obj.keys() if key != REFINED})  # noqa: SIM118 - not a dict
    if how is None or not how.digest or obj.type != "MESH":
        message = tr("“{name}” does not say how it was made: refine an object that LATTE3D has generated.")
        raise ValueError(message.format(name=obj.name))
    if not how.plain:
        message = tr("“{name}” was made from more than a prompt, such as a blend: refine an object made by Generate.")
        raise ValueError(message.format(name=obj.name))
    return how


class LATTE3D_OT_refine(bpy.types.Operator):
    """Work on the looks of the active object in the background; its place and name stay, and it can go back"""

    bl_idname = "latte3d.refine"
    bl_label = "Refine"
    bl_options = {"REGISTER"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = {
        "object": _object_name(),
        "seconds": FloatProperty(**_TEXTS["seconds"], default=20.0, soft_min=1.0, options={"SKIP_SAVE"}),
        "reshape": BoolProperty(**_TEXTS["reshape"], default=False, options={"SKIP_SAVE"}),
        "prior": StringProperty(
            name="Guidance Model",
            description="File of a model of your own that judges the looks; empty for the one that comes with LATTE3D",
            options={"SKIP_SAVE"},
        ),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not possible(cls):
            return False
        obj = context.active_object
        if obj is None and not bpy.app.background:
            cls.poll_message_set("Select an object that LATTE3D has made")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        obj = _target(self, context)
        if obj is None:
            if not self.object:
                self.report({"ERROR"}, "No object is active: select one that LATTE3D has made.")
            return {"CANCELLED"}
        try:
            how = made_from(obj)
        except ValueError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        stored, given = context.scene.latte3d_refine, self.properties
        device, model = preferences.read(context)
        task = RefineTask(
            target=blocks.reference(obj), prompt=how.prompt, digest=how.digest, seed=how.seed, alpha=how.alpha,
            faces=how.faces, texture_size=how.texture_size, unwrap=how.unwrap,
            budget=self.seconds if given.is_property_set("seconds") else stored.seconds,
            reshape=self.reshape if given.is_property_set("reshape") else stored.reshape,
            prior=bpy.path.abspath(self.prior) if self.prior else PRIOR, device=device, model=model,
        )  # fmt: skip
        return submit(self, context, task)


def _has_other(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    if context.mode != "OBJECT":
        cls.poll_message_set("Leave the present mode first")
        return False
    if refined.other(context.active_object) is None and not bpy.app.background:
        cls.poll_message_set("The active object has not been refined, or only one of its looks was kept")
        return False
    return True


class _OnRefined:
    """An operator on an object with two looks."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _has_other(cls, context)

    def execute(self: Any, context: bpy.types.Context) -> set[str]:
        obj = _target(self, context)
        if obj is None or refined.other(obj) is None:
            if obj is not None or not self.object:
                self.report({"ERROR"}, "This object has one look only: refine it first.")
            return {"CANCELLED"}
        if not obj.is_editable:
            message = tr("“{name}” belongs to another file: make it local first.")
            self.report({"ERROR"}, message.format(name=obj.name))
            return {"CANCELLED"}
        self.change(obj)
        return {"FINISHED"}


class LATTE3D_OT_refine_revert(_OnRefined, bpy.types.Operator):
    """Go back to the object as it was before refining, and, pressed again, to the refined one"""

    bl_idname = "latte3d.refine_revert"
    bl_label = "Show Before"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = {"object": _object_name()}

    def change(self, obj: bpy.types.Object) -> None:
        refined.swap(obj)


class LATTE3D_OT_refine_keep(_OnRefined, bpy.types.Operator):
    """Keep what is shown, and let go of the other look and its styles"""

    bl_idname = "latte3d.refine_keep"
    bl_label = "Keep This Look"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = {"object": _object_name()}

    def change(self, obj: bpy.types.Object) -> None:
        refined.settle(obj)


class LATTE3D_PT_refine(SidebarPanel, bpy.types.Panel):
    """The active object, better."""

    bl_idname = "LATTE3D_PT_refine"
    bl_parent_id = "LATTE3D_PT_main"
    bl_label = "Refine"
    bl_order = 24
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender wants a set

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        settings, obj = context.scene.latte3d_refine, context.active_object
        if obj is None:
            wrapped(layout, context, tr("Select an object that LATTE3D has made."), "INFO")
        else:
            layout.label(text=obj.name, icon="OBJECT_DATA", translate=False)
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "seconds")
        column.prop(settings, "reshape")
        layout.operator("latte3d.refine", icon="SHADERFX")
        if obj is not None and refined.other(obj) is not None:
            row = layout.row(align=True)
            row.operator(
                "latte3d.refine_revert",
                text="Show Before" if refined.is_refined(obj) else "Show Refined",
                icon="ARROW_LEFTRIGHT",
            )
            row.operator("latte3d.refine_keep")


CLASSES = (
    LATTE3D_PG_refine,
    LATTE3D_OT_refine,
    LATTE3D_OT_refine_revert,
    LATTE3D_OT_refine_keep,
    LATTE3D_PT_refine,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.latte3d_refine = PointerProperty(type=LATTE3D_PG_refine)


def unregister() -> None:
    del bpy.types.Scene.latte3d_refine
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
