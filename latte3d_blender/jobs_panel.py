"""The list of jobs, drawn by hand from the queue: nothing of it is a property, so nothing of it gets into a file.

A batch is one row, however many jobs it has.
"""

from collections.abc import Iterable

import bpy

from . import session, timer
from .jobs import GroupProgress, Job, JobQueue, JobState
from .panels import SidebarPanel, stage_text

#: How many rows are drawn; the rest is counted.
ROWS = 12

ICONS = {
    JobState.QUEUED: "SORTTIME",
    JobState.RUNNING: "PLAY",
    JobState.DONE: "CHECKMARK",
    JobState.FAILED: "ERROR",
    JobState.CANCELLED: "CANCEL",
}


class LATTE3D_PT_jobs(SidebarPanel, bpy.types.Panel):
    """What is being made, what waits, and how the last ones ended."""

    bl_idname = "LATTE3D_PT_jobs"
    bl_parent_id = "LATTE3D_PT_main"
    bl_label = "Jobs"
    bl_order = 90

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        jobs = session.jobs()
        if jobs is None:
            return
        if not jobs.jobs:
            layout.label(text="No jobs yet", icon="INFO")
            return
        head(layout, jobs)
        entries = arrange(jobs)
        column = layout.column(align=True)
        for entry in entries[:ROWS]:
            if isinstance(entry, str):
                progress = jobs.progress(entry)
                if progress is not None:
                    group_row(column, jobs, progress)
            else:
                job_row(column, jobs, entry)
        if len(entries) > ROWS:
            column.label(text=f"… and {len(entries) - ROWS} more", icon="BLANK1")
        row = layout.row(align=True)
        row.operator("latte3d.cancel_all").group = ""
        row.operator("latte3d.clear_finished")


def arrange(jobs: JobQueue) -> list[Job | str]:
    """The rows, as jobs and names of groups: what runs and waits in its order, then what has ended, newest first."""
    ended = sorted((job for job in jobs.jobs if job.state.final), key=lambda job: -(job.ended or 0.0))
    # A dict keeps the first place of each; a group stands where its first open job does.
    return list(dict.fromkeys(_entries([*jobs.open, *ended])))


def _entries(jobs: Iterable[Job]) -> Iterable[Job | str]:
    for job in jobs:
        if not job.task.quiet:
            yield job.task.group or job


def head(layout: bpy.types.UILayout, jobs: JobQueue) -> None:
    """How many jobs are open and how long they may take."""
    waiting = [job for job in jobs.open if not job.task.quiet]
    if waiting:
        count = "1 job" if len(waiting) == 1 else f"{len(waiting)} jobs"
        layout.label(text=f"{count}{left_text(jobs, waiting)}")


def left_text(jobs: JobQueue, among: Iterable[Job]) -> str:
    """As ", about 40 s left", or nothing where it cannot be told or the worker rests."""
    seconds = None if jobs.paused else jobs.seconds_left(among)
    if seconds is None:
        return ""
    if seconds < 1.0:
        return ", almost done"
    return f", about {seconds:.0f} s left" if seconds < 90.0 else f", about {seconds / 60.0:.0f} min left"


def job_row(layout: bpy.types.UILayout, jobs: JobQueue, job: Job) -> None:
    """Icon, title, where it stands, and the buttons that make sense."""
    row = layout.row(align=True)
    if job.state is JobState.RUNNING:
        text = f"{job.task.title}: {stage_text(job)}{left_text(jobs, [job])}"
        row.progress(factor=job.fraction, type="BAR", text=text)
    elif job.waiting:
        row.label(text=f"{job.task.title}: waits {timer.obstacle(bpy.context)}", icon="PAUSE")
        row.operator("latte3d.insert", text="", icon="IMPORT").job_id = job.id
        return
    else:
        row.label(text=job.task.title, icon=ICONS[job.state])
    if job.state is JobState.QUEUED:
        for step, direction, icon in ((-1, "UP", "TRIA_UP"), (1, "DOWN", "TRIA_DOWN")):
            if jobs.movable(job, step):
                button = row.operator("latte3d.move", text="", icon=icon)
                button.job_id, button.direction = job.id, direction
    if job.state.final:
        row.operator("latte3d.retry", text="", icon="FILE_REFRESH").job_id = job.id
        if job.report or job.warnings:
            row.operator("latte3d.copy_report", text="", icon="COPYDOWN").job_id = job.id
    else:
        row.operator("latte3d.cancel", text="", icon="X").job_id = job.id


def group_row(layout: bpy.types.UILayout, jobs: JobQueue, group: GroupProgress) -> None:
    """A batch: how many of it are made, and one button for all that are not."""
    row = layout.row(align=True)
    failed = f", {group.failed} failed" if group.failed else ""
    text = f"{group.name}: {group.done} of {group.total}{failed}"
    if group.open:
        row.progress(factor=group.fraction, type="BAR", text=text + left_text(jobs, jobs.members(group.name)))
        row.operator("latte3d.cancel_all", text="", icon="X").group = group.name
        return
    row.label(text=text, icon="CHECKMARK" if group.done == group.total else "ERROR")
    if group.failed or group.cancelled:
        row.operator("latte3d.retry", text="", icon="FILE_REFRESH").group = group.name


CLASSES = (LATTE3D_PT_jobs,)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
