"""What can be done with jobs, whatever they make: place, cancel, retry, reorder, clear, report."""

import logging
import sys
import traceback
from typing import Any

import bpy
from bpy.props import EnumProperty, IntProperty, StringProperty

from . import history_ui, session, timer
from .jobs import Job, JobQueue
from .submit import follow, possible, ready
from .tasks import PlaceError
from .translations import english, retold, tr

log = logging.getLogger(__name__)

#: What an operator says whose job has left the list since its button was drawn.
GONE = "This job is not in the list any more: choose another one."


def _job_id(description: str) -> IntProperty:
    return IntProperty(name="Job", description=description, options={"SKIP_SAVE"})


def _group(description: str) -> StringProperty:
    return StringProperty(name="Group", description=description, options={"SKIP_SAVE"})


def _open_jobs(cls: type[bpy.types.Operator]) -> bool:
    jobs = session.jobs()
    if jobs is None or jobs.active is None:
        cls.poll_message_set("Nothing is being made")
        return False
    return True


class _OnJob:
    """An operator on one job or batch. Its tip names it in full, since the row beside the button may cut the name."""

    @classmethod
    def description(cls, context: bpy.types.Context, properties: Any) -> str:
        jobs = session.jobs()
        job = jobs.get(properties.job_id) if jobs is not None and "job_id" in properties.bl_rna.properties else None
        name = job.task.title if job is not None else getattr(properties, "group", "")
        tip = tr(cls.__doc__ or "")
        return f"{tip}\n\n{tr('“{name}”').format(name=name)}" if name else tip


class LATTE3D_OT_insert(_OnJob, bpy.types.Operator):
    """Put the finished result into the scene; leaves Edit Mode and the like first"""

    bl_idname = "latte3d.insert"
    bl_label = "Place Now"
    # No UNDO flag: its step would be called "Place Now". The step pushed below bears the result's name.
    bl_options = {"INTERNAL"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = {"job_id": _job_id("Number of the finished job")}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return possible(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        jobs = session.jobs()
        job = jobs.get(self.job_id) if jobs is not None else None
        if jobs is None or job is None or not job.waiting:
            self.report({"ERROR"}, "This result is not there any more: press Generate to make it again.")
            return {"CANCELLED"}
        if context.mode != "OBJECT":
            bpy.ops.object.mode_set(mode="OBJECT")
        placed = _place(context, jobs, job)
        timer.redraw()
        if not placed:
            self.report({"ERROR"}, retold(job.message))
            return {"CANCELLED"}
        return {"FINISHED"}


def _place(context: bpy.types.Context, jobs: JobQueue, job: Job) -> bool:
    """Let the task place its result, and make the undo step; a job that cannot do it has failed, and says why."""
    result = jobs.take(job)
    try:
        placed = job.task.place(context, job, result)
    except PlaceError as error:
        jobs.fail(job, error.args[0])  # str(error) would forget the English
        return False
    except Exception as error:
        log.debug("placing failed", exc_info=True)
        jobs.fail(job, timer.misplaced(error), traceback.format_exc())
        return False
    job.names, job.message, job.task = placed.names, placed.summary, job.task.kept()
    if placed.undo:
        timer.push_undo(f"LATTE3D: {placed.names[0] if placed.names else job.task.title}")
    history_ui.remember(job, result)
    return True


class LATTE3D_OT_cancel(_OnJob, bpy.types.Operator):
    """Stop this job, whether it runs or waits in line"""

    bl_idname = "latte3d.cancel"
    bl_label = "Cancel"

    __annotations__ = {"job_id": _job_id("Number of the job; 0 for the one that runs")}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _open_jobs(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        jobs = session.jobs()
        if jobs is None:
            return {"CANCELLED"}
        job = jobs.get(self.job_id) if self.job_id else jobs.active
        if job is None or job.state.final:
            self.report({"ERROR"}, "This job has ended already, so there is nothing to cancel.")
            return {"CANCELLED"}
        jobs.cancel(job)
        timer.redraw()
        return {"FINISHED"}


class LATTE3D_OT_cancel_all(_OnJob, bpy.types.Operator):
    """Stop what runs and what waits in line"""

    bl_idname = "latte3d.cancel_all"
    bl_label = "Cancel All"

    __annotations__ = {"group": _group("Name of the batch to stop; empty for all jobs")}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _open_jobs(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        jobs = session.jobs()
        if jobs is None:
            return {"CANCELLED"}
        if self.group:
            jobs.cancel_group(self.group)
        else:
            jobs.cancel_all()
        timer.redraw()
        return {"FINISHED"}


class LATTE3D_OT_retry(_OnJob, bpy.types.Operator):
    """Do this job again, with the same settings"""

    bl_idname = "latte3d.retry"
    bl_label = "Retry"

    __annotations__ = {
        "job_id": _job_id("Number of a job that has ended"),
        "group": _group("Name of the batch whose failed and cancelled jobs are done again; instead of a job"),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return possible(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        jobs = ready(context)
        if jobs is None:
            return {"CANCELLED"}
        if self.group:
            again = jobs.retry_failed(self.group)
            if not again:
                message = tr("Nothing of “{group}” has failed, so there is nothing to retry.")
                self.report({"ERROR"}, message.format(group=self.group))
                return {"CANCELLED"}
        else:
            job = jobs.get(self.job_id)
            if job is None or not job.state.final or job.waiting:
                self.report({"ERROR"}, GONE if job is None else "This job has not ended: wait for it, or cancel it.")
                return {"CANCELLED"}
            if not job.task.repeatable:
                self.report({"ERROR"}, "This job is done, and its mesh is not kept: select the object and start anew.")
                return {"CANCELLED"}
            again = [jobs.retry(job)]
        return follow(self, jobs, again)


class LATTE3D_OT_move(_OnJob, bpy.types.Operator):
    """Let this job change places with its neighbour in the line"""

    bl_idname = "latte3d.move"
    bl_label = "Move"
    bl_options = {"INTERNAL"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = {
        "job_id": _job_id("Number of a job that waits in line"),
        "direction": EnumProperty(
            name="Direction",
            description="Sooner or later",
            items=[("UP", "Sooner", "Before the one above it"), ("DOWN", "Later", "After the one below it")],
            options={"SKIP_SAVE"},
        ),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _open_jobs(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        jobs = session.jobs()
        job = jobs.get(self.job_id) if jobs is not None else None
        if jobs is None or job is None or not jobs.move(job, -1 if self.direction == "UP" else 1):
            self.report({"ERROR"}, "This job cannot be moved there: it has been begun, or there is no such place.")
            return {"CANCELLED"}
        timer.redraw()
        return {"FINISHED"}


class LATTE3D_OT_clear_finished(bpy.types.Operator):
    """Take the jobs that have ended off the list; objects in the scene stay"""

    bl_idname = "latte3d.clear_finished"
    bl_label = "Clear Finished"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        jobs = session.jobs()
        if jobs is None or not any(job.state.final and not job.waiting for job in jobs.jobs):
            cls.poll_message_set("No job in the list has ended")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        jobs = session.jobs()
        if jobs is None:
            return {"CANCELLED"}
        jobs.clear_finished()
        timer.redraw()
        return {"FINISHED"}


class LATTE3D_OT_copy_report(_OnJob, bpy.types.Operator):
    """Copy what happened, with the settings and versions, to the clipboard"""

    bl_idname = "latte3d.copy_report"
    bl_label = "Copy Report"
    bl_options = {"INTERNAL"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = {"job_id": _job_id("Number of the job; 0 for the one that ended last")}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        jobs = session.jobs()
        if jobs is None or jobs.last is None:
            cls.poll_message_set("Nothing has been made yet, so there is nothing to report")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        jobs = session.jobs()
        job = None if jobs is None else jobs.get(self.job_id) if self.job_id else jobs.last
        if job is None:
            self.report({"ERROR"}, GONE)
            return {"CANCELLED"}
        context.window_manager.clipboard = report_text(job)
        self.report({"INFO"}, "The report is on the clipboard")
        return {"FINISHED"}


def report_text(job: Job) -> str:
    """What the authors need to know about a job: message, settings, versions, times, traceback."""
    lines = [
        f"LATTE3D report: {job.state.value}",
        english(job.message),
        *map(english, job.warnings),
        "",
        f"Blender {bpy.app.version_string}, Python {sys.version.split()[0]}, {sys.platform}",
        f"{job.task}",
        f"stopped in stage: {job.stage or 'none'} at {job.fraction:.0%} after {job.seconds:.2f} s",
        *(f"{name}: {seconds:.3f} s" for name, seconds in job.timings.items()),
        "",
        job.report,
    ]
    return "\n".join(lines).strip() + "\n"


CLASSES = (
    LATTE3D_OT_insert,
    LATTE3D_OT_cancel,
    LATTE3D_OT_cancel_all,
    LATTE3D_OT_retry,
    LATTE3D_OT_move,
    LATTE3D_OT_clear_finished,
    LATTE3D_OT_copy_report,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
