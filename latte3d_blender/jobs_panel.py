"""The list of jobs, drawn by hand from the queue: nothing of it is a property, so nothing of it gets into a file.

A batch is one row, however many jobs it has, and below it those that failed.
"""

from collections.abc import Iterable

import bpy

from . import session, timer
from .jobs import GroupProgress, Job, JobQueue, JobState
from .panels import SidebarPanel, letters, stage_text, wrapped
from .translations import tr
from .wording import duration, shortened

#: How many rows are drawn, and how many failed members of a batch below its row; the rest is counted.
ROWS, FAILED_ROWS = 12, 4

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
                    group_row(column, context, jobs, progress)
            else:
                job_row(column, context, jobs, entry)
        if len(entries) > ROWS:
            more = tr("… and {count} more").format(count=len(entries) - ROWS)
            column.label(text=more, icon="BLANK1", translate=False)
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
        count = tr("1 job") if len(waiting) == 1 else tr("{count} jobs").format(count=len(waiting))
        layout.label(text=with_left(count, jobs, waiting), translate=False)


def with_left(text: str, jobs: JobQueue, among: Iterable[Job]) -> str:
    """``text`` and how long ``among`` may take, as "2 jobs, about 40 s left"; alone where it cannot be told or the
    worker rests."""
    seconds = None if jobs.paused else jobs.seconds_left(among)
    if seconds is None:
        return text
    left = tr("almost done") if seconds < 1.0 else tr("{time} left").format(time=duration(seconds))
    return f"{text}, {left}"


def job_row(layout: bpy.types.UILayout, context: bpy.types.Context, jobs: JobQueue, job: Job) -> None:
    """Icon, title, where it stands, and the buttons that make sense; below it the bar of one that runs.

    A title that is too long is cut; the tips of the buttons have the whole of it.
    """
    movable = [] if job.state is not JobState.QUEUED else [step for step in (-1, 1) if jobs.movable(job, step)]
    reported = job.state.final and not job.waiting and bool(job.report or job.warnings)
    room = letters(context, icons=2 + len(movable) + reported)
    row = layout.row(align=True)
    row.label(text=shortened(job.task.title, room), icon="PAUSE" if job.waiting else ICONS[job.state], translate=False)
    if job.waiting:
        row.operator("latte3d.insert", text="", icon="IMPORT").job_id = job.id
        wrapped(layout, context, tr("Waits {obstacle}.").format(obstacle=timer.obstacle(context)), "BLANK1")
        return
    for step in movable:
        direction, icon = ("UP", "TRIA_UP") if step < 0 else ("DOWN", "TRIA_DOWN")
        button = row.operator("latte3d.move", text="", icon=icon)
        button.job_id, button.direction = job.id, direction
    if not job.state.final:
        row.operator("latte3d.cancel", text="", icon="X").job_id = job.id
    else:
        row.operator("latte3d.retry", text="", icon="FILE_REFRESH").job_id = job.id
        if reported:
            row.operator("latte3d.copy_report", text="", icon="COPYDOWN").job_id = job.id
    if job.state is JobState.RUNNING:
        draw_bar(layout, context, job.fraction, stage_text(job), with_left(stage_text(job), jobs, [job]))


def draw_bar(layout: bpy.types.UILayout, context: bpy.types.Context, factor: float, text: str, more: str) -> None:
    """A bar with ``more`` on it, or with ``text`` only where that does not fit."""
    room = letters(context, icons=0)
    layout.progress(factor=factor, type="BAR", text=more if len(more) <= room else shortened(text, room))


def group_row(layout: bpy.types.UILayout, context: bpy.types.Context, jobs: JobQueue, group: GroupProgress) -> None:
    """A batch: how many of it are made, and one button for all that are not."""
    row = layout.row(align=True)
    icon = ICONS[JobState.RUNNING] if group.open else "CHECKMARK" if group.done == group.total else "ERROR"
    row.label(text=shortened(group.name, letters(context, icons=2)), icon=icon, translate=False)
    if group.open:
        row.operator("latte3d.cancel_all", text="", icon="X").group = group.name
    elif group.failed or group.cancelled:
        row.operator("latte3d.retry", text="", icon="FILE_REFRESH").group = group.name
    text = tr("{done} of {total}").format(done=group.done, total=group.total)
    if group.failed:
        text += tr(", {count} failed").format(count=group.failed)
    if group.open:
        draw_bar(layout, context, group.fraction, text, with_left(text, jobs, jobs.members(group.name)))
    else:
        layout.label(text=text, icon="BLANK1", translate=False)
    failed = [job for job in jobs.members(group.name) if job.state is JobState.FAILED]
    for job in failed[:FAILED_ROWS]:
        job_row(layout, context, jobs, job)
        wrapped(layout, context, job.message, "BLANK1")
    if len(failed) > FAILED_ROWS:
        more = tr("… and {count} more").format(count=len(failed) - FAILED_ROWS)
        layout.label(text=more, icon="BLANK1", translate=False)


CLASSES = (LATTE3D_PT_jobs,)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
