"""What happens on Blender's main thread while a job runs: an app timer that takes in news and puts results in place.

Also the handlers that let the worker rest during a render and stop it when another file is opened.
"""

import logging
import time
import traceback
from contextlib import nullcontext
from typing import Any

import bpy
from bpy.app.handlers import persistent

from . import session
from .translations import tr

log = logging.getLogger(__name__)

#: Seconds between two looks at the queue; the panel is drawn anew at most this often.
INTERVAL = 0.1

#: Seconds after which one tick places no further results, so that a batch does not make the window stutter.
PATIENCE = 0.03


def start() -> None:
    """Run ``tick`` until nothing is left to do. The timer outlives the opening of another file."""
    if not bpy.app.timers.is_registered(tick):
        bpy.app.timers.register(tick, first_interval=INTERVAL, persistent=True)


def tick() -> float | None:
    """One look at the queue. Returns the seconds to the next, or None when everything is done."""
    jobs = session.jobs()
    if jobs is None:
        return None
    if jobs.paused and not bpy.app.is_job_running("RENDER"):
        jobs.resume()  # a render that ends with an error does not always say so
    changed = jobs.drain()
    begin = time.perf_counter()
    for job in jobs.waiting:
        if time.perf_counter() - begin < PATIENCE and obstacle(bpy.context) == "":
            place(job.id)
            changed.append(job)
    # What comes and goes many times a minute has no bar that would have to move.
    if changed or (jobs.active is not None and not jobs.active.task.quiet):
        redraw()
    return INTERVAL if jobs.active is not None or jobs.waiting else None


def obstacle(context: bpy.types.Context) -> str:
    """Why a finished result must wait, or an empty string.

    An undo step in the middle of an edit belongs to that edit's own undo system and would tear it, and nobody wants to
    be thrown out of Edit Mode: so the result waits.
    """
    jobs = session.jobs()
    if jobs is not None and jobs.paused:
        return tr("until the render is done")
    window = context.window or next(iter(context.window_manager.windows), None)
    if window is None:
        return ""
    if any(op.bl_idname.startswith("TRANSFORM_OT") for op in window.modal_operators):
        return tr("until you have moved what you are moving")
    active = window.view_layer.objects.active
    if active is not None and active.mode != "OBJECT":
        mode = bpy.types.Object.bl_rna.properties["mode"].enum_items[active.mode].name
        named = tr(mode) if mode.endswith("Mode") else tr("{mode} Mode").format(mode=tr(mode))
        return tr("until you leave {mode}").format(mode=named)
    return ""


def place(job_id: int) -> None:
    """Put the result of a finished job into the scene; a job whose result cannot be placed counts as failed."""
    jobs = session.jobs()
    job = jobs.get(job_id) if jobs is not None else None
    if jobs is None or job is None:
        return
    try:
        # A timer runs without a window, and operators want one where there is one.
        windows = bpy.context.window_manager.windows
        with bpy.context.temp_override(**({"window": windows[0]} if windows and not bpy.app.background else {})):
            bpy.ops.latte3d.insert("EXEC_DEFAULT", job_id=job_id)
    except Exception as error:
        if job.waiting:  # not even begun: the operator itself tells of what goes wrong in placing
            log.debug("placing failed", exc_info=True)
            jobs.fail(job, misplaced(error), traceback.format_exc())


def misplaced(error: Exception) -> str:
    """What to say of a result that cannot be placed for a reason that nobody foresaw."""
    return tr("The result could not be put into the scene: {reason}").format(reason=error).strip()


def push_undo(message: str) -> None:
    """Make an undo step.

    Without a window Blender's undo was seen to crash, once in some twenty times, beside a thread that computes: there
    it is done while the worker rests.
    """
    jobs = session.jobs()
    with jobs.at_rest() if jobs is not None and bpy.app.background else nullcontext():
        bpy.ops.ed.undo_push(message=message)


def redraw() -> None:
    """Ask for a redraw of the sidebars of all 3D views."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()


@persistent
def _pause(*_: Any) -> None:
    jobs = session.jobs()
    if jobs is not None:
        jobs.pause()


@persistent
def _resume(*_: Any) -> None:
    jobs = session.jobs()
    if jobs is not None:
        jobs.resume()


@persistent
def _stop(*_: Any) -> None:
    """The result would land in a file that nobody asked it for."""
    jobs = session.jobs()
    if jobs is not None:
        jobs.drop_all(tr("Stopped, because another file was opened: press Retry in the list of jobs to make it here."))


def _handlers() -> list[tuple[list[Any], Any]]:
    handlers = bpy.app.handlers
    return [
        (handlers.render_init, _pause),
        (handlers.render_complete, _resume),
        (handlers.render_cancel, _resume),
        (handlers.load_pre, _stop),
    ]


def register() -> None:
    for line, handler in _handlers():
        line.append(handler)


def unregister() -> None:
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    for line, handler in _handlers():
        line.remove(handler)
