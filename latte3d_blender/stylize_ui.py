"""Stylize: operators and panel for new looks of the selected meshes."""

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from . import preferences, properties, session, variants
from .blocks import reference
from .mesh_copy import Refused, copy_mesh, heading, refusal
from .panels import SidebarPanel, wrapped
from .provenance import Provenance, StyleRecord
from .refined import is_refined
from .stylize import MeshTask, ReshapeTask, StylizeTask
from .submit import possible, ready, submit
from .translations import tr

#: Setting names, shared by the scene's settings and the operator's arguments.
SETTINGS = ("prompt", "seed", "alpha", "keep_colours", "texture_size", "uv", "reshape")

UV_ITEMS = [
    ("auto", "Automatic", "The object's own UV map if it can carry one texture, else a new one beside it"),
    ("keep", "Keep", "The object's own UV map, even where parts of it lie over each other"),
    ("new", "New", "A new UV map beside the object's own"),
]

_TEXTS = {
    "prompt": {"name": "Style", "description": "What the selected objects are to look like, in a few words"},
    "seed": {"name": "Seed", "description": "Same style and seed, same colours"},
    "alpha": {
        "name": "Shape Strength",
        "description": "How closely the new object keeps to the shape of the selected one",
    },
    "keep_colours": {
        "name": "Keep Colours",
        "description": "Start from the present colours, so that those stay which the style does not name",
    },
    "texture_size": {"name": "Texture", "description": "Width and height of the texture in pixels"},
    "uv": {"name": "UV Map", "description": "Where the texture is to lie"},
    "reshape": {
        "name": "Reshape Too",
        "description": "Leave the selected object as it is and make a new one in that style beside it, after its shape",
    },
}


def operator_properties() -> dict[str, Any]:
    """Arguments of Stylize; as for Generate, ranges are soft and nothing is remembered between calls."""
    skip = {"options": {"SKIP_SAVE"}}
    return {
        "prompt": StringProperty(**_TEXTS["prompt"], **skip),
        "seed": IntProperty(**_TEXTS["seed"], default=0, soft_min=0, **skip),
        "alpha": FloatProperty(**_TEXTS["alpha"], default=0.5, soft_min=0.0, soft_max=1.0, **skip),
        "keep_colours": BoolProperty(**_TEXTS["keep_colours"], default=False, **skip),
        "texture_size": IntProperty(**_TEXTS["texture_size"], default=1024, soft_min=64, soft_max=8192, **skip),
        "uv": EnumProperty(**_TEXTS["uv"], items=UV_ITEMS, default="auto", **skip),
        "reshape": BoolProperty(**_TEXTS["reshape"], default=False, **skip),
    }


class LATTE3D_PG_stylize(bpy.types.PropertyGroup):
    """``scene.latte3d_stylize``: what the panel edits."""

    __annotations__ = {
        "prompt": StringProperty(**_TEXTS["prompt"], default=""),
        "seed": IntProperty(**_TEXTS["seed"], default=0, min=0, max=properties.SEED_MAX),
        "alpha": FloatProperty(**_TEXTS["alpha"], default=0.5, min=0.0, max=1.0, subtype="FACTOR"),
        "keep_colours": BoolProperty(**_TEXTS["keep_colours"], default=False),
        "texture_size": EnumProperty(**_TEXTS["texture_size"], items=properties.TEXTURE_ITEMS, default="1024"),
        "uv": EnumProperty(**_TEXTS["uv"], items=UV_ITEMS, default="auto"),
        "reshape": BoolProperty(**_TEXTS["reshape"], default=False),
    }


def fill(context: bpy.types.Context, how: Provenance | StyleRecord, **more: Any) -> None:
    """Put what something was made from into the panel.

    Arguments:
        more: further settings of ``LATTE3D_PG_stylize``.
    """
    settings = context.scene.latte3d_stylize
    settings.prompt, settings.seed = how.prompt, how.seed
    if str(how.texture_size) in {item[0] for item in properties.TEXTURE_ITEMS}:
        settings.texture_size = str(how.texture_size)
    for name, value in more.items():
        setattr(settings, name, value)


def _refusals(context: bpy.types.Context) -> str:
    """Why none of the selected objects can be stylized, or an empty string if one can."""
    selected = context.selected_objects
    if not selected:
        return tr("Select one or more mesh objects")
    first = ""
    for obj in selected:
        why = refusal(obj)
        if not why:
            return ""
        first = first or why
    return first


class LATTE3D_OT_stylize(bpy.types.Operator):
    """Give the selected meshes a new look from the prompt; their shapes stay, and the old look can be brought back"""

    bl_idname = "latte3d.stylize"
    bl_label = "Stylize"
    bl_options = {"REGISTER"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = operator_properties()

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        why = _refusals(context)
        if why:
            cls.poll_message_set(why.removesuffix("."))
            return False
        return possible(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        values = _values(self, context)
        if not values["prompt"].strip():
            self.report({"ERROR"}, "The style is empty: type what the selected objects are to look like.")
            return {"CANCELLED"}
        tasks, skipped = _tasks(context, values)
        if not tasks:
            self.report({"ERROR"}, skipped[0])
            return {"CANCELLED"}
        if skipped:
            more = tr("({count} objects were skipped)").format(count=len(skipped)) if len(skipped) > 1 else ""
            self.report({"WARNING"}, f"{skipped[0]} {more}".strip())
        return submit(self, context, *tasks)


def _values(operator: bpy.types.Operator, context: bpy.types.Context) -> dict[str, Any]:
    """The operator's arguments where given, the scene's settings for the rest."""
    stored = context.scene.latte3d_stylize
    given = operator.properties
    values = {name: getattr(operator if given.is_property_set(name) else stored, name) for name in SETTINGS}
    values["texture_size"] = int(values["texture_size"])
    return values


def _tasks(context: bpy.types.Context, values: dict[str, Any]) -> tuple[list[MeshTask], list[str]]:
    """One task for each selected mesh, and why other objects have none."""
    usable, skipped = [], []
    for obj in context.selected_objects:
        why = refusal(obj)
        if why:
            skipped.append(why)
            continue
        try:
            usable.append((obj, copy_mesh(context, obj, values["keep_colours"])))
        except Refused as error:
            skipped.append(str(error))
    queue = ready(context)
    device, model = preferences.read(context)
    group = ""
    if queue is not None and len(usable) > 1:
        group = queue.new_group(" ".join(values["prompt"].split()))
    tasks: list[MeshTask] = []
    for obj, mesh in usable:
        common = {name: values[name] for name in ("prompt", "seed", "keep_colours", "texture_size")}
        common |= {"target": reference(obj), "mesh": mesh, "device": device, "model": model, "group": group}
        if values["keep_colours"]:
            common["source"] = variants.key_of(obj, obj.latte3d_variants.shown)
        if values["reshape"]:
            budget = {"faces": context.scene.latte3d.faces, "unwrap": context.scene.latte3d.unwrap}
            tasks.append(ReshapeTask(alpha=values["alpha"], turn=heading(obj), **budget, **common))
        else:
            tasks.append(StylizeTask(uv=values["uv"], refined=is_refined(obj), **common))
    return tasks, skipped


# --- styles ------------------------------------------------------------------------------------------------------


def index_property() -> IntProperty:
    return IntProperty(
        name="Number",
        description="Number of the style in the list, 0 for the original look; -1 for the one that is shown",
        default=-1,
        min=-1,
        options={"SKIP_SAVE"},
    )


class StyleOperator:
    """What the operators for the active object's styles share."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        obj = context.object
        why = ""
        if obj is None or not obj.latte3d_variants.entries:
            why = tr("The active object has no styles: press Stylize first")
        elif obj.library is not None or obj.override_library is not None:
            why = refusal(obj).removesuffix(".")
        if why:
            cls.poll_message_set(why)  # type: ignore[attr-defined]
        return not why

    def chosen(self, context: bpy.types.Context) -> int | None:
        """The number that is meant, or None, with a report, if there is no such entry."""
        styles = context.object.latte3d_variants
        index: int = styles.shown if self.index < 0 else self.index  # type: ignore[attr-defined]
        if 0 <= index < len(styles.entries):  # in a file from elsewhere the shown one may be none of them
            return index
        message = tr("“{name}” has no style number {index}: choose one up to {last}.")
        message = message.format(name=context.object.name, index=index, last=len(styles.entries) - 1)
        self.report({"ERROR"}, message)  # type: ignore[attr-defined]
        return None

    def wear(self, obj: bpy.types.Object, index: int) -> set[str]:
        """Let the object wear this entry, or report why it cannot."""
        fault = variants.fault(obj, obj.latte3d_variants.entries[index])
        if fault:
            self.report({"ERROR"}, fault)  # type: ignore[attr-defined]
            return {"CANCELLED"}
        variants.show(obj, index)
        return {"FINISHED"}


class LATTE3D_OT_variant_switch(StyleOperator, bpy.types.Operator):
    """Let the active object wear this style"""

    bl_idname = "latte3d.variant_switch"
    bl_label = "Switch Style"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = {"index": index_property()}

    def execute(self, context: bpy.types.Context) -> set[str]:
        index = self.chosen(context)
        return {"CANCELLED"} if index is None else self.wear(context.object, index)


class LATTE3D_OT_variant_compare(StyleOperator, bpy.types.Operator):
    """Change between the shown style and the original look, or the look before"""

    bl_idname = "latte3d.variant_compare"
    bl_label = "Compare"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = {
        "other": EnumProperty(
            name="With",
            description="What to compare with",
            items=[
                ("ORIGINAL", "Original", "The look from before the first style"),
                ("PREVIOUS", "Previous", "The look that was shown last"),
            ],
            options={"SKIP_SAVE"},
        )
    }

    def execute(self, context: bpy.types.Context) -> set[str]:
        styles = context.object.latte3d_variants
        original = self.other == "ORIGINAL" and styles.shown != 0
        return self.wear(context.object, 0 if original else styles.previous)


class LATTE3D_OT_variant_rename(StyleOperator, bpy.types.Operator):
    """Give this style another name"""

    bl_idname = "latte3d.variant_rename"
    bl_label = "Rename Style"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = {
        "index": index_property(),
        "name": StringProperty(name="Name", description="The new name", options={"SKIP_SAVE"}),
    }

    def execute(self, context: bpy.types.Context) -> set[str]:
        index = self.chosen(context)
        if index is None:
            return {"CANCELLED"}
        name = self.name.strip()
        if not name:
            self.report({"ERROR"}, "The name is empty: type one.")
            return {"CANCELLED"}
        context.object.latte3d_variants.entries[index].name = name
        return {"FINISHED"}


class LATTE3D_OT_variant_delete(StyleOperator, bpy.types.Operator):
    """Take this style off the list for good; the original look cannot be deleted"""

    bl_idname = "latte3d.variant_delete"
    bl_label = "Delete Style"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = {"index": index_property()}

    def execute(self, context: bpy.types.Context) -> set[str]:
        index = self.chosen(context)
        if index is None:
            return {"CANCELLED"}
        if index == 0:
            self.report({"ERROR"}, "The original look cannot be deleted: choose a style.")
            return {"CANCELLED"}
        variants.remove(context.object, index)
        return {"FINISHED"}


# --- panel -------------------------------------------------------------------------------------------------------


class LATTE3D_UL_variants(bpy.types.UIList):
    """The looks of an object; a click shows one, a double click renames it. Those that do not fit are grey."""

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: Any,
        item: Any,
        icon: int,
        active_data: Any,
        active_property: str,
        index: int = 0,
        flt_flag: int = 0,
    ) -> None:
        layout.active = not variants.fault(data.id_data, item)
        layout.prop(item, "name", text="", emboss=False, icon="MATERIAL" if index else "LOOP_BACK")


class LATTE3D_PT_stylize(SidebarPanel, bpy.types.Panel):
    """New looks for the selected meshes."""

    bl_idname = "LATTE3D_PT_stylize"
    bl_parent_id = "LATTE3D_PT_main"
    bl_label = "Stylize Selected"
    bl_order = 20
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender wants a set

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        if session.jobs() is None:
            return
        settings = context.scene.latte3d_stylize
        layout.prop(settings, "prompt", text="", placeholder="a rusty old robot")
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "keep_colours")
        column.prop(settings, "seed")
        column.prop(settings, "texture_size")
        column.prop(settings, "uv")
        column.prop(settings, "reshape")
        row = column.row()
        row.active = settings.reshape
        row.prop(settings, "alpha")
        row = layout.row()
        row.scale_y = 1.3
        row.operator("latte3d.stylize", icon="BRUSH_DATA")
        obj = context.object
        if obj is not None and obj.latte3d_variants.entries:
            draw_styles(layout, context, obj)


def draw_styles(layout: bpy.types.UILayout, context: bpy.types.Context, obj: bpy.types.Object) -> None:
    """The looks of the active object."""
    styles = obj.latte3d_variants
    layout.label(text=tr("Styles of {name}").format(name=obj.name), translate=False)
    layout.template_list("LATTE3D_UL_variants", "", styles, "entries", styles, "active", rows=3)
    unfit = next(filter(None, (variants.fault(obj, entry) for entry in styles.entries)), "")
    if unfit:
        wrapped(layout, context, unfit, "INFO")
    row = layout.row(align=True)
    row.operator("latte3d.variant_compare").other = "ORIGINAL"
    row.operator("latte3d.variant_compare", text="Previous").other = "PREVIOUS"
    row.operator("latte3d.variant_delete", text="", icon="TRASH").index = styles.shown


CLASSES = (
    LATTE3D_PG_stylize,
    LATTE3D_OT_stylize,
    LATTE3D_OT_variant_switch,
    LATTE3D_OT_variant_compare,
    LATTE3D_OT_variant_rename,
    LATTE3D_OT_variant_delete,
    LATTE3D_UL_variants,
    LATTE3D_PT_stylize,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.latte3d_stylize = PointerProperty(type=LATTE3D_PG_stylize)


def unregister() -> None:
    del bpy.types.Scene.latte3d_stylize
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
