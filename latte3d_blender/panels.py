"""The tab "LATTE3D" in the sidebar of the 3D view. Drawing reads; it neither writes nor computes nor touches files."""

import bpy

from . import session, timer
from .jobs import Job, JobState
from .translations import retold, tr
from .wording import lines, shortened

#: What the progress bar says in each stage of the core.
STAGE_TEXTS = {
    "": "Starting",
    "load": "Loading the model",
    "mesh": "Looking at the mesh",
    "text": "Reading the prompt",
    "network": "Imagining",
    "refine": "Refining",
    "field": "Feeling out the shape",
    "surface": "Finding the surface",
    "simplify": "Reducing the faces",
    "unwrap": "Unwrapping",
    "bake": "Painting the textures",
}

HINT = "Type what to make, then press Generate. The object will stand at the 3D cursor."


def letters(context: bpy.types.Context, icons: int = 1, dialog: int = 0) -> int:
    """How many letters stand in one line of the sidebar beside so many icons or small buttons.

    Arguments:
        dialog: width of the dialog that is drawn, as it was asked for. The region is that below it.
    """
    scale = context.preferences.system.ui_scale or 1.0  # 0 without a window
    width = context.region.width if context.region is not None else 300
    # A letter of the interface font is about 6.5 px wide; margins take about 40 px, an icon 20.
    return max(16, int(((dialog or width / scale) - 40 - 20 * icons) / 6.5))


def wrapped(
    layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str = "NONE", most: int = 0
) -> None:
    """A paragraph of labels, broken to lines of ``most`` letters, or to the width of the sidebar; Blender's labels do
    not wrap."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    for line in lines(retold(text), most or letters(context)):
        column.label(text=line, icon=icon, translate=False)
        icon = "BLANK1" if icon != "NONE" else "NONE"


class SidebarPanel:
    """Where the panels of the extension stand. A feature's panel derives from it and bpy.types.Panel, and sets
    ``bl_parent_id = "LATTE3D_PT_main"``, ``bl_order`` (10 for the details, 90 for the jobs) and ``bl_idname``."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "LATTE3D"


class LATTE3D_PT_main(SidebarPanel, bpy.types.Panel):
    """Prompt, Generate, progress, last result."""

    bl_idname = "LATTE3D_PT_main"
    bl_label = "LATTE3D"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        settings = context.scene.latte3d
        jobs = session.jobs()
        if jobs is None:
            return
        layout.prop(settings, "prompt", text="", placeholder="a red sports car")

        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        row = column.row(align=True)
        row.prop(settings, "seed")
        row.operator("latte3d.random_seed", text="", icon="FILE_REFRESH")
        column.prop(settings, "alpha")

        column = layout.column()
        column.scale_y = 1.5
        column.operator("latte3d.generate", icon="MESH_MONKEY")
        # Blender takes the first nameless item here for the bar that was under the mouse, and lights it up; a gap has
        # nothing to light up.
        layout.separator(factor=0.2)
        active = next((job for job in jobs.open if not job.task.quiet), None)
        if active is not None:
            draw_progress(layout, active, jobs.paused)
        elif jobs.waiting:
            draw_waiting(layout, context, jobs.waiting[0])
        elif jobs.last is not None:
            draw_outcome(layout, context, jobs.last)
        elif _ready():
            wrapped(layout, context, HINT, "INFO")


def _ready() -> bool:
    """Whether Generate could make something; where it could not, the panel of the runtime says why."""
    from . import runtime_ui  # here, since it needs this module

    return not runtime_ui.found.missing


class LATTE3D_PT_details(SidebarPanel, bpy.types.Panel):
    """Settings that one rarely changes."""

    bl_idname = "LATTE3D_PT_details"
    bl_parent_id = "LATTE3D_PT_main"
    bl_label = "Mesh and Textures"
    bl_order = 10

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        settings = context.scene.latte3d
        layout.prop(settings, "faces")
        layout.prop(settings, "texture_size")
        layout.row().prop(settings, "unwrap", expand=True)


def draw_progress(layout: bpy.types.UILayout, job: Job, paused: bool) -> None:
    """Bar with the stage's name, and Cancel."""
    row = layout.split(factor=0.7, align=True)
    text = tr("Resting while Blender renders") if paused else stage_text(job)
    row.progress(factor=job.fraction, type="BAR", text=text)
    row.operator("latte3d.cancel").job_id = job.id


def stage_text(job: Job) -> str:
    """What a job does at the moment, in the artist's words."""
    return tr(STAGE_TEXTS.get(job.stage, job.stage.capitalize()))


def draw_waiting(layout: bpy.types.UILayout, context: bpy.types.Context, job: Job) -> None:
    """A finished result that cannot be placed right now."""
    text = tr("“{title}” is ready and waits {obstacle}.")
    text = text.format(title=shortened(job.task.title, 60), obstacle=timer.obstacle(context))
    wrapped(layout, context, text, "INFO")
    layout.operator("latte3d.insert").job_id = job.id


def draw_outcome(layout: bpy.types.UILayout, context: bpy.types.Context, job: Job) -> None:
    """How the last job ended."""
    if job.state is JobState.CANCELLED:
        wrapped(layout, context, job.message or "Cancelled.", "INFO")
        return
    failed = job.state is JobState.FAILED
    column = layout.column()
    column.alert = failed
    wrapped(column, context, job.message, "ERROR" if failed else "CHECKMARK")
    for warning in job.warnings:
        wrapped(layout, context, warning, "INFO")
    if failed or job.warnings:
        layout.operator("latte3d.copy_report", icon="COPYDOWN").job_id = job.id


CLASSES = (LATTE3D_PT_main, LATTE3D_PT_details)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
