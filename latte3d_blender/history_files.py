"""The prompt history as a file, to take along or to hand on."""

from pathlib import Path

import bpy
from bpy.props import BoolProperty, StringProperty

from . import atomic, history_ui, preferences, timer
from .submit import possible
from .translations import tr
from .wording import quantity

SUFFIX = ".json"
#: What the file browser offers.
NAME = "latte3d_history.json"
#: Larger files are no prompt history: that is 200 prompts.
_LARGEST = 20_000_000


def _filepath() -> StringProperty:
    return StringProperty(
        name="File", description="A JSON file with prompts", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )


def _filter() -> StringProperty:
    return StringProperty(
        name="Files",
        description="Names of the files that are shown",
        default=f"*{SUFFIX}",
        options={"HIDDEN", "SKIP_SAVE"},
    )


class LATTE3D_OT_export_history(bpy.types.Operator):
    """Write the prompts with their settings into a file"""

    bl_idname = "latte3d.export_history"
    bl_label = "Export History"

    __annotations__ = {
        "filepath": _filepath(),
        "filter_glob": _filter(),
        "check_existing": BoolProperty(
            name="Ask First",
            description="Ask before a file is replaced",
            default=True,
            options={"HIDDEN", "SKIP_SAVE"},
        ),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return history_ui.any_prompt(cls)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.properties.is_property_set("filepath"):
            self.filepath = NAME
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, context: bpy.types.Context) -> bool:
        """The file browser asks about the file that will be replaced, so it has to know the whole name."""
        before = self.filepath
        if Path(before).name:
            self.filepath = bpy.path.ensure_ext(before, SUFFIX)
        return self.filepath != before

    def execute(self, context: bpy.types.Context) -> set[str]:
        history = history_ui.prompts()
        given = bpy.path.abspath(self.filepath)
        if history is None or not given or Path(given).is_dir():
            self.report({"ERROR"}, "No file was given: name the file to write.")
            return {"CANCELLED"}
        path = Path(bpy.path.ensure_ext(given, SUFFIX))
        try:
            atomic.write(path, history.exported(), flush=True)
        except OSError as error:
            message = tr("{path} cannot be written: {reason}; choose another folder.")
            self.report({"ERROR"}, message.format(path=path, reason=error.strerror or error))
            return {"CANCELLED"}
        message = tr("{prompts} written to {path}")
        self.report({"INFO"}, message.format(prompts=quantity(len(history.entries), "prompt"), path=path))
        return {"FINISHED"}


class LATTE3D_OT_import_history(bpy.types.Operator):
    """Add the prompts of a file to the history"""

    bl_idname = "latte3d.import_history"
    bl_label = "Import History"

    __annotations__ = {"filepath": _filepath(), "filter_glob": _filter()}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return possible(cls)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        history, path = history_ui.prompts(), Path(bpy.path.abspath(self.filepath))
        if history is None:
            return {"CANCELLED"}
        try:
            with path.open("rb") as stream:
                data = stream.read(_LARGEST + 1)
        except OSError as error:
            message = tr("{path} cannot be read: {reason}; choose another file.")
            self.report({"ERROR"}, message.format(path=path, reason=error.strerror or error))
            return {"CANCELLED"}
        try:
            if len(data) > _LARGEST:
                raise ValueError("too large")
            taken = history_ui.take_in(history, data)
        except (ValueError, RecursionError):
            message = tr("{path} holds no prompt history: choose a file that Export History has written.")
            self.report({"ERROR"}, message.format(path=path))
            return {"CANCELLED"}
        preferences.measure(context)
        timer.redraw()
        message = tr("{prompts} came in; there already: {known}")
        if taken.left_out:
            message = tr("{prompts} came in; there already: {known}; too old or not readable: {rest}")
        prompts = quantity(taken.came, "prompt")
        self.report({"INFO"}, message.format(prompts=prompts, known=taken.known, rest=taken.left_out))
        return {"FINISHED"}


CLASSES = (LATTE3D_OT_export_history, LATTE3D_OT_import_history)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
