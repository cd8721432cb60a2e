"""Which model makes the objects: import, choose, free its memory."""

import ctypes
import gc
import sys
from pathlib import Path

import bpy
from bpy.props import EnumProperty, StringProperty

from . import model_files, panels, preferences, runtime_ui, session
from .import_model import ImportModelTask
from .jobs import Job
from .storage import size_text
from .submit import possible, submit
from .translations import tr


class LATTE3D_MT_models(bpy.types.Menu):
    """The models that can be chosen. Looks into the folder when it is opened."""

    bl_idname = "LATTE3D_MT_models"
    bl_label = "Choose Model"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator("latte3d.choose_model", text="Included Model").filepath = ""
        for path in model_files.in_folder(preferences.model_folder(context)):
            layout.operator("latte3d.choose_model", text=path.stem, translate=False).filepath = str(path)


class LATTE3D_OT_choose_model(bpy.types.Operator):
    """Make new objects with this model"""

    bl_idname = "latte3d.choose_model"
    bl_label = "Choose Model"

    __annotations__ = {
        "filepath": StringProperty(
            name="Model File",
            description="A model file; empty for the model that comes with LATTE3D",
            subtype="FILE_PATH",
            options={"SKIP_SAVE"},
        ),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return preferences.available(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        if self.filepath and not Path(bpy.path.abspath(self.filepath)).is_file():
            message = tr("There is no model file {path}: choose another one, or import it again.")
            self.report({"ERROR"}, message.format(path=self.filepath))
            return {"CANCELLED"}
        preferences.choose_model(context, self.filepath)
        return {"FINISHED"}


class LATTE3D_OT_choose_device(bpy.types.Operator):
    """Compute on this device from the next object on"""

    bl_idname = "latte3d.choose_device"
    bl_label = "Choose Device"

    __annotations__ = {
        "device": EnumProperty(
            name="Device",
            description="What computes: the processor or a graphics card",
            items=preferences.DEVICE_ITEMS,
            default="auto",
            options={"SKIP_SAVE"},
        ),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return preferences.available(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        preferences.choose_device(context, self.device)
        return {"FINISHED"}


class LATTE3D_OT_import_model(bpy.types.Operator):
    """Check a model file, copy it into the folder for models and choose it"""

    bl_idname = "latte3d.import_model"
    bl_label = "Import Model"

    __annotations__ = {
        "filepath": StringProperty(
            name="Model File", description="The model file to take in", subtype="FILE_PATH", options={"SKIP_SAVE"}
        ),
        "filter_glob": StringProperty(
            name="Files",
            description="Names of the files that are shown",
            default=f"*{model_files.SUFFIX}",
            options={"HIDDEN", "SKIP_SAVE"},
        ),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return possible(cls) and preferences.available(cls, context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.abspath(self.filepath))
        if not path.is_file():
            self.report({"ERROR"}, "No model file was given: choose a file that ends in .safetensors.")
            return {"CANCELLED"}
        done = submit(self, context, ImportModelTask(source=path, folder=preferences.model_folder(context)))
        if not bpy.app.background and not bpy.app.timers.is_registered(follow):
            bpy.app.timers.register(follow, first_interval=0.2, persistent=True)
        return done


class LATTE3D_OT_delete_model(bpy.types.Operator):
    """Delete this imported model from the disk"""

    bl_idname = "latte3d.delete_model"
    bl_label = "Delete Model"

    __annotations__ = {
        "filepath": StringProperty(
            name="Model File", description="A file in the folder for models", subtype="FILE_PATH", options={"SKIP_SAVE"}
        ),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return preferences.available(cls, context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        message = tr("“{name}” is deleted from the disk.").format(name=Path(self.filepath).stem)
        return context.window_manager.invoke_confirm(self, event, message=message, confirm_text=tr("Delete"))

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.abspath(self.filepath))
        if path not in model_files.in_folder(preferences.model_folder(context)):
            message = tr("{path} is not in the folder for models, so it is left alone: delete it by hand.")
            self.report({"ERROR"}, message.format(path=self.filepath))
            return {"CANCELLED"}
        try:
            path.unlink()
        except OSError as error:
            message = tr("{path} cannot be deleted: {reason}; close what uses it, or delete it by hand.")
            self.report({"ERROR"}, message.format(path=path, reason=error.strerror or error))
            return {"CANCELLED"}
        if Path(preferences.read(context)[1]) == path:
            preferences.choose_model(context, "")
        preferences.measure(context)
        return {"FINISHED"}


def newest_import() -> Job | None:
    """The import that was asked for last, as long as the list of jobs has it."""
    jobs = session.jobs()
    known = jobs.jobs if jobs is not None else []
    return next((job for job in reversed(known) if isinstance(job.task, ImportModelTask)), None)


def follow() -> float | None:
    """The timer while a model is imported: the preferences show it too, where the button is."""
    runtime_ui.redraw()
    job = newest_import()
    return 0.2 if job is not None and (job.waiting or not job.state.final) else None


def draw_models(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The imported models: a click chooses one."""
    chosen = preferences.read(context)[1]
    for model in preferences.seen.imported:
        row = layout.row(align=True)
        licences = ", ".join(model.licences[:3]) or tr("Licence unknown")
        text = f"{model.path.stem} · {size_text(model.size)} · {licences}" if model.digest else model.path.stem
        icon = "RADIOBUT_ON" if Path(chosen) == model.path else "RADIOBUT_OFF"
        row.operator("latte3d.choose_model", text=text, translate=False, icon=icon).filepath = str(model.path)
        row.operator("latte3d.delete_model", text="", icon="TRASH").filepath = str(model.path)


def draw_import(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """How an import goes, and how it ended, until another job ends."""
    jobs, job = session.jobs(), newest_import()
    if jobs is None or job is None:
        return
    if job.waiting:
        panels.draw_waiting(layout, context, job)
    elif not job.state.final:
        panels.draw_progress(layout, job, jobs.paused)
    elif job is jobs.last:
        panels.draw_outcome(layout, context, job)


class LATTE3D_OT_free_memory(bpy.types.Operator):
    """Let go of the loaded model; the next object takes a few seconds longer. A separate process is ended"""

    bl_idname = "latte3d.free_memory"
    bl_label = "Free Memory"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not possible(cls):
            return False
        jobs = session.jobs()
        if jobs is not None and jobs.active is not None:
            cls.poll_message_set(tr("Objects are being made: cancel them first, or wait"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        jobs = session.jobs()
        if jobs is None:
            return {"CANCELLED"}
        # A script waits, so that the memory is free afterwards; in a window nothing may hold up the artist.
        if not jobs.release(*((10.0,) if bpy.app.background else ())):
            self.report({"INFO"}, "The memory becomes free as soon as the worker has ended its present step")
            if not bpy.app.timers.is_registered(trim_later):
                bpy.app.timers.register(trim_later, first_interval=0.2, persistent=True)
            return {"FINISHED"}
        trim()
        self.report({"INFO"}, "The memory of the model is free")
        return {"FINISHED"}


def trim_later() -> float | None:
    """The timer after Free Memory, while the worker that was let go ends its present step."""
    jobs = session.jobs()
    if jobs is not None and jobs.leaving:
        return 0.2
    trim()
    return None


def trim() -> None:
    """Give memory that nobody uses any more back to the system; Python and torch would keep it for later."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if sys.platform == "linux":
        try:
            ctypes.CDLL(None).malloc_trim(0)
        except AttributeError:  # a C library other than GNU's
            return


CLASSES = (
    LATTE3D_MT_models,
    LATTE3D_OT_choose_model,
    LATTE3D_OT_choose_device,
    LATTE3D_OT_import_model,
    LATTE3D_OT_delete_model,
    LATTE3D_OT_free_memory,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for timer in (follow, trim_later):
        if bpy.app.timers.is_registered(timer):
            bpy.app.timers.unregister(timer)
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
