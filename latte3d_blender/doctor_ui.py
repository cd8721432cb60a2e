"""The setup check: starts it, shows what it finds, mends what can be mended by a button."""

from __future__ import annotations

import importlib.machinery
import logging
import sys
from pathlib import Path

import bpy

from . import doctor, preferences, runtime_ui, storage
from .panels import SidebarPanel, wrapped
from .translations import Said, english, retold, tr

log = logging.getLogger(__name__)

ICONS = {doctor.OK: "CHECKMARK", doctor.NOTE: "INFO", doctor.FAULT: "ERROR"}

_examination: doctor.Examination | None = None


def examination() -> doctor.Examination | None:
    """The last one, or the one that runs."""
    return _examination


def patient(context: bpy.types.Context) -> doctor.Patient:
    """A snapshot of what the checks need to know of Blender."""
    device, model = preferences.read(context)
    loaded = {
        name: str(spec.origin)
        for name in doctor.CLASHING
        if isinstance(spec := getattr(sys.modules.get(name), "__spec__", None), importlib.machinery.ModuleSpec)
        and spec.origin
    }
    folders = [*bpy.utils.script_paths(subdir="addons", use_user=True), bpy.utils.user_resource("EXTENSIONS")]
    return doctor.Patient(
        path=tuple(sys.path),
        user_folder=str(storage.user_folder()),
        model_folder=str(preferences.model_folder(context)),
        cache_folder=str(preferences.cache_folder(context)),
        model=model,
        device=device,
        threads=preferences.threads(context),
        loaded=loaded,
        addon_folders=tuple(folder for folder in folders if folder and Path(folder).is_dir()),
        runtime=tuple(map(english, runtime_ui.verdict() or ())),
        online=bool(bpy.app.online_access),
    )


def follow() -> float | None:
    """The timer while the checks run."""
    if _examination is None:
        return None
    running = _examination.look()
    runtime_ui.redraw()
    return 0.2 if running else None


class LATTE3D_OT_check_setup(bpy.types.Operator):
    """Look whether everything that generation needs is there and works; takes some seconds"""

    bl_idname = "latte3d.check_setup"
    bl_label = "Check Setup"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if _examination is not None and _examination.running:
            cls.poll_message_set(tr("The check runs already"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        global _examination
        try:
            _examination = doctor.Examination(patient(context), (sys.executable, *bpy.app.python_args))
        except OSError as error:
            log.debug("no examination", exc_info=True)
            message = tr("Python cannot be started for the check ({reason}): reinstall Blender.")
            self.report({"ERROR"}, message.format(reason=error.strerror))
            return {"CANCELLED"}
        if not bpy.app.background:
            bpy.app.timers.register(follow, first_interval=0.2, persistent=True)
            return {"FINISHED"}
        _examination.wait()
        faults = [finding for finding in _examination.findings if finding.state == doctor.FAULT]
        if faults:
            self.report({"WARNING"}, row_text(faults[0]))
        else:
            self.report({"INFO"}, "Everything that generation needs is there")
        return {"FINISHED"}


class LATTE3D_OT_copy_setup(bpy.types.Operator):
    """Copy what the check has found to the clipboard"""

    bl_idname = "latte3d.copy_setup"
    bl_label = "Copy Report"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if runtime_ui.outcome.well and (_examination is None or not _examination.findings):
            cls.poll_message_set(tr("Nothing has been checked yet"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.clipboard = report_text()
        self.report({"INFO"}, "The report is on the clipboard")
        return {"FINISHED"}


def report_text() -> str:
    """The findings, with versions."""
    version = f"Blender {bpy.app.version_string}, Python {sys.version.split()[0]}, {sys.platform}"
    head = [version, *runtime_ui.report_lines()]
    return doctor.report([] if _examination is None else _examination.findings, head)


def row_text(finding: doctor.Finding) -> str:
    """What the artist reads of a finding."""
    return Said(f"{retold(finding.check)}: {retold(finding.text)}", f"{finding.check}: {finding.text}")


def draw_findings(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The button, what was found, and a button for each thing that can be mended. Faults come first."""
    row = layout.row(align=True)
    row.operator("latte3d.check_setup", icon="VIEWZOOM")
    row.operator("latte3d.copy_setup", text="", icon="COPYDOWN")
    if _examination is None:
        return
    if _examination.running:
        text = tr("Checking: {name} …").format(name=retold(_examination.current))
        layout.label(text=text, icon="SORTTIME", translate=False)
    order = (doctor.FAULT, doctor.NOTE, doctor.OK)
    for finding in sorted(_examination.findings, key=lambda finding: order.index(finding.state)):
        column = layout.column(align=True)
        column.alert = finding.state == doctor.FAULT
        wrapped(column, context, row_text(finding), ICONS[finding.state])
        draw_fix(layout, finding.fix)


def draw_fix(layout: bpy.types.UILayout, fix: str) -> None:
    """The button that mends a finding."""
    match fix:
        case "included_model":
            layout.operator("latte3d.choose_model", text="Use the Included Model").filepath = ""
        case "any_device":
            layout.operator("latte3d.choose_device", text="Choose Automatic").device = "auto"
        case "free_memory":
            layout.operator("latte3d.free_memory")
        case "open_folder":
            layout.operator("latte3d.open_folder")
        case "runtime":
            runtime_ui.draw_buttons(layout)


class LATTE3D_PT_setup(SidebarPanel, bpy.types.Panel):
    """Whether all is well, and how to mend it."""

    bl_idname = "LATTE3D_PT_setup"
    bl_parent_id = "LATTE3D_PT_main"
    bl_label = "Setup"
    bl_order = 95
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender wants a set

    def draw(self, context: bpy.types.Context) -> None:
        if not runtime_ui.LATTE3D_PT_runtime.poll(context):  # else it has a panel of its own
            runtime_ui.draw(self.layout, context)
        draw_findings(self.layout, context)
        self.layout.operator("latte3d.free_memory")


CLASSES = (LATTE3D_OT_check_setup, LATTE3D_OT_copy_setup, LATTE3D_PT_setup)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    global _examination
    if bpy.app.timers.is_registered(follow):
        bpy.app.timers.unregister(follow)
    if _examination is not None:
        _examination.stop()
        _examination = None
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
