"""How an object was made and what to do with that, and the prompts that were used before."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import bpy
import bpy.utils.previews
from bpy.props import IntProperty, PointerProperty, StringProperty

from . import preferences, properties, storage, stylize_ui, timer
from .again import model_of, reshape_again
from .blocks import reference
from .history import Entry, History, TakenIn, entry_of
from .jobs import Job
from .mesh_copy import Refused
from .morph import SLIDER, is_morph
from .panels import SidebarPanel, wrapped
from .provenance import Provenance, read
from .refine_task import PRIOR
from .regenerate import RegenerateTask, VaryTask, Work, work_of
from .submit import possible, submit
from .translations import tr

log = logging.getLogger(__name__)

#: Prompts on one page of the list.
ROWS = 8

_history: History | None = None
#: The pictures of the list, as icons.
_icons: Any = None


def prompts() -> History | None:
    """The prompts of this user; None while the extension is switched off."""
    return _history


def read_history(context: bpy.types.Context) -> None:
    """Show the prompts of the folder that the preferences name."""
    global _history
    if _icons is None:  # switched off, or not on yet
        return
    folder = preferences.cache_folder(context)
    _icons.clear()
    _history = History(folder / storage.HISTORY, folder / storage.PICTURES)
    _show(_history.entries)


def remember(job: Job, result: Any) -> None:
    """Put what was just placed into the history, with its picture. Nothing that goes wrong here undoes the placing."""
    if _history is None or not job.names:
        return
    obj = bpy.data.objects.get(job.names[0])
    how = entry_of(obj) if obj is not None else None
    if obj is None or how is None:
        return
    try:
        before = {entry.id for entry in _history.entries}
        entry = _history.add(obj.name, how, getattr(result, "picture_png", None))
        # The same prompt may have got another picture.
        _hide(before - {kept.id for kept in _history.entries} | {entry.id})
        _show([entry])
    except Exception:
        log.warning("LATTE3D: the prompt could not be put into the history", exc_info=True)


def take_in(history: History, data: bytes) -> TakenIn:
    """``History.take_in``; the icons of those that had to make room go, too."""
    before = {entry.id for entry in history.entries}
    taken = history.take_in(data)
    _hide(before - {entry.id for entry in history.entries})
    return taken


def _hide(entry_ids: Iterable[str]) -> None:
    for entry_id in entry_ids:
        if entry_id in _icons:
            del _icons[entry_id]


def _show(entries: Sequence[Entry]) -> None:
    """Make icons of the pictures. Blender reads the files when they are first drawn."""
    if _history is None:
        return
    for entry in entries:
        path = _history.picture(entry)
        if entry.id not in _icons and path.is_file():
            _icons.load(entry.id, str(path), "IMAGE")


def _target(context: bpy.types.Context, name: str) -> bpy.types.Object | None:
    return bpy.data.objects.get(name) if name else context.object


def _made_here(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """For ``poll``: whether the active object says how it was made. Scripts may name another one, so this alone does
    not refuse."""
    if not possible(cls):
        return False
    if not bpy.data.objects:
        cls.poll_message_set(tr("There is no object in this file"))
        return False
    return True


def _object_name() -> StringProperty:
    return StringProperty(
        name="Object", description="Name of the object; empty for the active one", options={"SKIP_SAVE"}
    )


def _how(operator: Any, context: bpy.types.Context) -> tuple[bpy.types.Object, Provenance] | None:
    """The operator's object and how it was made; reports why there is none."""
    obj = _target(context, operator.object)
    if obj is None:
        message = tr("There is no object “{name}”: choose another one.") if operator.object else tr("Select an object.")
        operator.report({"ERROR"}, message.format(name=operator.object))
        return None
    how = read(obj)
    if how is None:
        message = tr("“{name}” does not say how it was made: choose an object that LATTE3D has made.")
        operator.report({"ERROR"}, message.format(name=obj.name))
        return None
    return obj, how


def _prior() -> StringProperty:
    return StringProperty(
        name="Guidance Model",
        description="File of the model that judges the looks, for an object that was refined with one of your own",
        options={"SKIP_SAVE"},
    )


def _again(operator: Any, context: bpy.types.Context, seed: int | None = None) -> dict[str, Any] | None:
    """The fields of ``AgainTask`` for the operator's object; reports why it cannot be made again.

    Arguments:
        seed: None for the object's own.
    """
    found = _how(operator, context)
    if found is None:
        return None
    obj, how = found
    if not how.again:
        message = tr("“{name}” does not say all that it takes to make it again: use the panel that made it.")
        operator.report({"ERROR"}, message.format(name=obj.name))
        return None
    if how.refined is not None and how.refined.prior != PRIOR and not operator.prior:
        message = tr(
            "“{name}” was refined with a guidance model of your own, {prior}: name its file, or refine the object anew."
        )
        operator.report({"ERROR"}, message.format(name=obj.name, prior=how.refined.prior))
        return None
    device, model = model_of(operator, context, obj.name, how)
    common = {"device": device, "model": model}
    seed = how.seed if seed is None else seed
    work: Work
    if how.reshaped is not None:
        try:
            work = reshape_again(context, obj, how, seed)
        except Refused as error:
            operator.report({"ERROR"}, str(error))
            return None
        return {"work": work, "target": reference(obj), **common}
    if how.blend is not None and is_morph(obj) and isinstance(obj[SLIDER], int | float):
        how = replace(how, blend=replace(how.blend, factor=float(obj[SLIDER])))
    work = work_of(
        how,
        seed,
        bpy.path.abspath(operator.prior) if operator.prior else "",
        cursor=tuple(obj.matrix_world.translation),
        size_m=preferences.size_m(context),
    )
    return {"work": work, "target": reference(obj), **common}


class LATTE3D_OT_regenerate(bpy.types.Operator):
    """Make this object again with the same settings; it keeps its place, name, size and modifiers"""

    bl_idname = "latte3d.regenerate"
    bl_label = "Regenerate"

    __annotations__ = {"object": _object_name(), "prior": _prior()}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _made_here(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        values = _again(self, context)
        return {"CANCELLED"} if values is None else submit(self, context, RegenerateTask(**values))


class LATTE3D_OT_vary(bpy.types.Operator):
    """Make another one from the same prompt, beside this object"""

    bl_idname = "latte3d.vary"
    bl_label = "Vary"

    __annotations__ = {
        "object": _object_name(),
        "seed": IntProperty(
            name="Seed", description="Seed of the new object; -1 throws the dice", default=-1, options={"SKIP_SAVE"}
        ),
        "prior": _prior(),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _made_here(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        seed = self.seed if self.seed >= 0 else random.SystemRandom().randint(1, properties.SEED_MAX)
        values = _again(self, context, seed)
        return {"CANCELLED"} if values is None else submit(self, context, VaryTask(**values))


class LATTE3D_OT_copy_prompt(bpy.types.Operator):
    """Copy the prompt of this object to the clipboard"""

    bl_idname = "latte3d.copy_prompt"
    bl_label = "Copy Prompt"

    __annotations__ = {"object": _object_name()}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _made_here(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        found = _how(self, context)
        if found is None:
            return {"CANCELLED"}
        context.window_manager.clipboard = found[1].prompt
        self.report({"INFO"}, "The prompt is on the clipboard")
        return {"FINISHED"}


class LATTE3D_OT_recall(bpy.types.Operator):
    """Put this prompt and its settings into the panel"""

    bl_idname = "latte3d.recall"
    bl_label = "Recall"

    __annotations__ = {
        "entry": StringProperty(
            name="Entry", description="Name of the entry in the history; empty for the newest", options={"SKIP_SAVE"}
        ),
        "object": StringProperty(
            name="Object", description="Name of an object to take them from, instead of an entry", options={"SKIP_SAVE"}
        ),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return possible(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        if self.object:
            found = _how(self, context)
            how = found[1] if found is not None else None
            if how is None:
                return {"CANCELLED"}
        else:
            entry = _entry(self.entry)
            if entry is None:
                self.report({"ERROR"}, "This prompt is not in the history any more: choose another one.")
                return {"CANCELLED"}
            how = entry.how
        settings = context.scene.latte3d
        if how.reshaped is None:
            settings.prompt, settings.seed, settings.alpha = how.prompt, how.seed, how.alpha
        else:
            stylize_ui.fill(context, how, alpha=how.alpha, keep_colours=how.reshaped.keep_colours, reshape=True)
        if how.blend is not None:
            ends = context.scene.latte3d_blend
            settings.prompt, ends.prompt_b, ends.factor = how.blend.start, how.blend.end, how.blend.factor
            ends.shape_keys = how.blend.steps > 0
            if ends.shape_keys:
                ends.steps = how.blend.steps
        if how.refined is not None:
            wish = context.scene.latte3d_refine
            wish.seconds, wish.reshape = how.refined.budget, how.refined.reshape
        settings.faces, settings.unwrap = how.faces, how.unwrap
        if how.reshaped is None and str(how.texture_size) in {item[0] for item in properties.TEXTURE_ITEMS}:
            settings.texture_size = str(how.texture_size)
        timer.redraw()
        return {"FINISHED"}


def _entry(entry_id: str) -> Entry | None:
    if _history is None:
        return None
    _history.load()
    return _history.get(entry_id) if entry_id else next(iter(_history.entries), None)


class LATTE3D_OT_forget(bpy.types.Operator):
    """Take this prompt out of the history; objects stay"""

    bl_idname = "latte3d.forget"
    bl_label = "Forget Prompt"

    __annotations__ = {
        "entry": StringProperty(
            name="Entry", description="Name of the entry in the history", options={"SKIP_SAVE"}
        ),
    }  # fmt: skip

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return any_prompt(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        if _history is None or not _history.remove(self.entry):
            self.report({"ERROR"}, "This prompt is not in the history any more: choose another one.")
            return {"CANCELLED"}
        _hide([self.entry])
        timer.redraw()
        return {"FINISHED"}


class LATTE3D_OT_clear_history(bpy.types.Operator):
    """Forget all prompts and their pictures; objects stay"""

    bl_idname = "latte3d.clear_history"
    bl_label = "Clear History"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return any_prompt(cls)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        message = tr("Forget all prompts and their pictures; objects stay")
        return context.window_manager.invoke_confirm(self, event, message=message, confirm_text=tr("Clear"))

    def execute(self, context: bpy.types.Context) -> set[str]:
        if _history is None:
            return {"CANCELLED"}
        _history.clear()
        _icons.clear()
        preferences.measure(context)
        timer.redraw()
        return {"FINISHED"}


def any_prompt(cls: type[bpy.types.Operator]) -> bool:
    if _history is None or not _history.entries:
        cls.poll_message_set(tr("The history is empty"))
        return False
    return True


class LATTE3D_PG_history(bpy.types.PropertyGroup):
    """``scene.latte3d_history``: what of the list is shown."""

    __annotations__ = {
        "search": StringProperty(
            name="Search", description="Show the prompts that have these words", options={"TEXTEDIT_UPDATE"}
        ),
        "page": IntProperty(name="Page", description="Which part of the list is shown", default=1, min=1, max=100),
    }


def draw_facts(layout: bpy.types.UILayout, *facts: tuple[str, str]) -> None:
    """Small lines "name: value" for the values that are not empty."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    for name, value in facts:
        if value:
            column.label(text=f"{name}: {value}", translate=False)


def draw_model(layout: bpy.types.UILayout, context: bpy.types.Context, digest: str) -> None:
    """A word where something was made with another model than the chosen one."""
    if preferences.seen.digest and digest and digest != preferences.seen.digest:
        text = tr("Made with another model than the chosen one: made again with that, it will differ.")
        wrapped(layout, context, text, "INFO")


class LATTE3D_PT_object(SidebarPanel, bpy.types.Panel):
    """How the active object was made."""

    bl_idname = "LATTE3D_PT_object"
    bl_parent_id = "LATTE3D_PT_main"
    bl_label = "This Object"
    bl_order = 20

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.object is not None and read(context.object) is not None

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        how = read(context.object) if context.object is not None else None
        if how is None:
            return
        wrapped(layout, context, tr("“{name}”").format(name=how.prompt))
        draw_facts(
            layout,
            (tr("Seed"), str(how.seed)),
            (tr("Shape Strength"), f"{how.alpha:.2f}"),
            (tr("Model"), f"{how.model} {how.digest[:8]}".strip()),
            (tr("Version"), how.version),
            (tr("Blend"), "" if how.blend is None or how.blend.steps else f"{how.blend.factor:.2f}"),
            (tr("Refined"), "" if how.refined is None else f"{how.refined.budget:.0f} s"),
            (tr("Made After"), "" if how.reshaped is None else how.reshaped.original),
        )
        draw_model(layout, context, how.digest)
        if context.object.latte3d_variants.entries:
            text = tr("Regenerate lets go of the styles, which were painted for this mesh.")
            wrapped(layout, context, text, "INFO")
        row = layout.row(align=True)
        row.operator("latte3d.regenerate", icon="FILE_REFRESH")
        row.operator("latte3d.vary", icon="DUPLICATE")
        row = layout.row(align=True)
        row.operator("latte3d.copy_prompt", icon="COPYDOWN")
        row.operator("latte3d.recall", text="Use Settings", icon="LOOP_BACK").object = context.object.name


class LATTE3D_PT_history(SidebarPanel, bpy.types.Panel):
    """The prompts that were used, newest first."""

    bl_idname = "LATTE3D_PT_history"
    bl_parent_id = "LATTE3D_PT_main"
    bl_label = "History"
    bl_order = 80
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender wants a set

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        if _history is None:
            return
        if _history.notice:
            wrapped(layout, context, _history.notice, "INFO")
        if not _history.entries:
            row = layout.row(align=True)
            row.label(text="Prompts that you use will be listed here", icon="INFO")
            row.operator("latte3d.import_history", text="", icon="IMPORT")
            return
        settings = context.scene.latte3d_history
        layout.prop(settings, "search", text="", icon="VIEWZOOM", placeholder="Search")  # Blender's own stays English
        entries = _history.search(settings.search)
        pages = max(1, -(-len(entries) // ROWS))
        page = min(settings.page, pages)
        column = layout.column(align=True)
        for entry in entries[(page - 1) * ROWS : page * ROWS]:
            _row(column, entry)
        if not entries:
            column.label(text="No prompt has these words", icon="INFO")
        row = layout.row(align=True)
        if pages > 1:
            row.prop(settings, "page", text=tr("Page {page} of {pages}").format(page=page, pages=pages))
        row.operator("latte3d.export_history", text="", icon="EXPORT")
        row.operator("latte3d.import_history", text="", icon="IMPORT")
        row.operator("latte3d.clear_history", text="Clear")


def _row(layout: bpy.types.UILayout, entry: Entry) -> None:
    row = layout.row(align=True)
    icon = {"icon_value": _icons[entry.id].icon_id} if entry.id in _icons else {"icon": "MESH_DATA"}
    text = f"{' '.join(entry.how.prompt.split())} · {entry.how.seed}"
    row.operator("latte3d.recall", text=text, translate=False, **icon).entry = entry.id
    row.operator("latte3d.forget", text="", icon="X").entry = entry.id


CLASSES = (
    LATTE3D_OT_regenerate,
    LATTE3D_OT_vary,
    LATTE3D_OT_copy_prompt,
    LATTE3D_OT_recall,
    LATTE3D_OT_forget,
    LATTE3D_OT_clear_history,
    LATTE3D_PG_history,
    LATTE3D_PT_object,
    LATTE3D_PT_history,
)


def register() -> None:
    global _icons
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.latte3d_history = PointerProperty(type=LATTE3D_PG_history)
    _icons = bpy.utils.previews.new()
    read_history(bpy.context)


def unregister() -> None:
    global _history, _icons
    bpy.utils.previews.remove(_icons)
    _history = _icons = None
    del bpy.types.Scene.latte3d_history
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
