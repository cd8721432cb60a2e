"""What the buttons do."""

import logging
import random
import sys
from typing import Any

import bpy
from bpy.props import IntProperty

from . import preferences, properties, session, timer
from .jobs import Job, JobQueue, JobRequest, JobState

log = logging.getLogger(__name__)

#: Setting names in the order of ``JobRequest``.
SETTINGS = ("prompt", "seed", "alpha", "faces", "texture_size", "unwrap")


def _request(operator: bpy.types.Operator, context: bpy.types.Context) -> JobRequest:
    """A snapshot: the operator's arguments where given, the scene's settings for the rest."""
    stored = context.scene.latte3d
    given = operator.properties
    values: dict[str, Any] = {
        name: getattr(operator if given.is_property_set(name) else stored, name) for name in SETTINGS
    }
    values["texture_size"] = int(values["texture_size"])
    device, model = preferences.read(context)
    return JobRequest(**values, cursor=tuple(context.scene.cursor.location), device=device, model=model)


class LATTE3D_OT_generate(bpy.types.Operator):
    """Make a textured object from the prompt and put it at the 3D cursor"""

    bl_idname = "latte3d.generate"
    bl_label = "Generate"
    bl_options = {"REGISTER"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = properties.operator_properties()

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        jobs = session.jobs()
        if jobs is None:
            return False
        if jobs.active is not None:
            cls.poll_message_set("An object is being made: wait for it, or cancel it")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        jobs = session.jobs()
        if jobs is None:
            return {"CANCELLED"}
        job = jobs.submit(_request(self, context))
        if bpy.app.background:
            return self._wait(jobs, job)
        timer.start()
        return {"FINISHED"}

    def _wait(self, jobs: JobQueue, job: Job) -> set[str]:
        """Without a window nothing drives timers, and a script expects the object to be there afterwards."""
        stage = ""
        try:
            while not job.state.final:
                jobs.drain(timeout=0.1)
                if job.stage != stage:
                    stage = job.stage
                    log.info("%s", stage)
        except KeyboardInterrupt:
            jobs.cancel(job)
            raise
        if job.state is JobState.DONE:
            timer.place(job.id)
        if job.state is JobState.FAILED:
            self.report({"ERROR"}, job.message)
            return {"CANCELLED"}
        return {"FINISHED"}


class LATTE3D_OT_cancel(bpy.types.Operator):
    """Stop making the object"""

    bl_idname = "latte3d.cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        jobs = session.jobs()
        if jobs is None or jobs.active is None:
            cls.poll_message_set("Nothing is being made")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        jobs = session.jobs()
        if jobs is None:
            return {"CANCELLED"}
        jobs.cancel_all()
        timer.redraw()
        return {"FINISHED"}


class LATTE3D_OT_insert(bpy.types.Operator):
    """Put the finished object into the scene; leaves Edit Mode and the like first"""

    bl_idname = "latte3d.insert"
    bl_label = "Place Now"
    # No UNDO flag: its step would be called "Place Now". The step pushed below bears the object's name.
    bl_options = {"INTERNAL"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = {
        "job_id": IntProperty(name="Job", description="Number of the finished job", options={"SKIP_SAVE"})
    }

    def execute(self, context: bpy.types.Context) -> set[str]:
        from .insert import insert_object

        jobs = session.jobs()
        job = jobs.get(self.job_id) if jobs is not None else None
        if jobs is None or job is None or not job.waiting:
            self.report({"ERROR"}, "This object is not there any more: press Generate to make it again.")
            return {"CANCELLED"}
        if context.mode != "OBJECT":
            bpy.ops.object.mode_set(mode="OBJECT")
        prepared = jobs.take(job)
        assert prepared is not None
        obj = insert_object(context, prepared, job.request.cursor)
        job.message = summary(job, len(prepared.faces), obj.name)
        job.object_name = obj.name
        bpy.ops.ed.undo_push(message=f"LATTE3D: {obj.name}")
        timer.redraw()
        return {"FINISHED"}


def summary(job: Job, faces: int, name: str) -> str:
    """The panel's last line after a success."""
    return f"“{name}”: {faces:,} faces in {job.seconds:.1f} s"


class LATTE3D_OT_random_seed(bpy.types.Operator):
    """Throw the dice for another seed"""

    bl_idname = "latte3d.random_seed"
    bl_label = "Random Seed"
    bl_options = {"INTERNAL"}  # noqa: RUF012 - Blender wants a set

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.scene.latte3d.seed = random.SystemRandom().randint(1, properties.SEED_MAX)
        return {"FINISHED"}


class LATTE3D_OT_copy_report(bpy.types.Operator):
    """Copy what happened, with the settings and versions, to the clipboard"""

    bl_idname = "latte3d.copy_report"
    bl_label = "Copy Report"
    bl_options = {"INTERNAL"}  # noqa: RUF012 - Blender wants a set

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        jobs = session.jobs()
        if jobs is None or jobs.last is None:
            cls.poll_message_set("Nothing has been made yet, so there is nothing to report")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        jobs = session.jobs()
        if jobs is None or jobs.last is None:
            return {"CANCELLED"}
        context.window_manager.clipboard = report_text(jobs.last)
        self.report({"INFO"}, "The report is on the clipboard")
        return {"FINISHED"}


def report_text(job: Job) -> str:
    """What the authors need to know about a job: message, settings, versions, times, traceback."""
    lines = [
        f"LATTE3D report: {job.state.value}",
        job.message,
        *job.warnings,
        "",
        f"Blender {bpy.app.version_string}, Python {sys.version.split()[0]}, {sys.platform}",
        f"{job.request}",
        f"stopped in stage: {job.stage or 'none'} at {job.fraction:.0%} after {job.seconds:.2f} s",
        *(f"{name}: {seconds:.3f} s" for name, seconds in job.timings.items()),
        "",
        job.report,
    ]
    return "\n".join(lines).strip() + "\n"


CLASSES = (
    LATTE3D_OT_generate,
    LATTE3D_OT_cancel,
    LATTE3D_OT_insert,
    LATTE3D_OT_random_seed,
    LATTE3D_OT_copy_report,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
