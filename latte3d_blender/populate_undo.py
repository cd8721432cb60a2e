"""One undo step for a run of many results, made on the main thread when the last of them has come or failed."""

from __future__ import annotations

import bpy

from . import session, timer
from .populate import Plan

#: Group of jobs to the plan it works for: runs whose undo step is still to be made. Blender gives timers no owner but
#: the module.
_watched: dict[str, Plan] = {}


def watch(group: str, plan: Plan) -> None:
    """Make the undo step of ``group`` as soon as none of its jobs is open. Does nothing if that is seen to already."""
    _watched[group] = plan
    if not bpy.app.timers.is_registered(tick):
        bpy.app.timers.register(tick, first_interval=timer.INTERVAL, persistent=True)


def tick() -> float | None:
    """Make the steps that are due. Returns the seconds to the next look, or None when there is nothing to watch."""
    from . import populate_scene

    jobs = session.jobs()
    if jobs is None:
        _watched.clear()
    for group, plan in list(_watched.items()):
        if jobs is not None and any(not job.state.final or job.waiting for job in jobs.members(group)):
            continue
        if timer.obstacle(bpy.context):
            continue
        del _watched[group]
        # In another file there is nothing to undo.
        if populate_scene.find(plan.run) is not None:
            timer.push_undo(f"LATTE3D: {plan.title}")
    return timer.INTERVAL if _watched else None


def stop() -> None:
    """Forget what is watched, when the extension is disabled."""
    _watched.clear()
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
