"""From an operator to the queue: the one way in which tasks are handed over, in a window and without one."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

import bpy

from . import preferences, session, timer
from .jobs import Job, JobQueue, JobState
from .tasks import Task
from .translations import retold, tr

log = logging.getLogger(__name__)


def possible(cls: type[bpy.types.Operator]) -> bool:
    """For ``poll`` of an operator that hands over tasks: whether there is a queue; says why not."""
    if session.jobs() is None:
        cls.poll_message_set("LATTE3D is being switched off")
        return False
    return True


def ready(context: bpy.types.Context) -> JobQueue | None:
    """The queue, with what the preferences say of the work: the threads, and the back end if it is free to change.

    None without a session.
    """
    session.choose_backend(preferences.backend(context), (sys.executable, *bpy.app.python_args))
    queue = session.jobs()
    if queue is not None:
        queue.threads = preferences.threads(context)
    return queue


def submit(operator: bpy.types.Operator, context: bpy.types.Context, *tasks: Task) -> set[str]:
    """Put ``tasks`` into the queue; the return value is the operator's.

    In a window this returns at once, and ``timer`` places the results. Without one nothing drives timers, and a script
    expects the results to be there afterwards: so this waits for all of them and places each as it comes. What fails is
    reported through ``operator``: as an error if nothing came of any task, else as a warning.
    """
    queue = ready(context)
    if queue is None:
        operator.report({"ERROR"}, "LATTE3D is being switched off: enable it again.")
        return {"CANCELLED"}
    return follow(operator, queue, [queue.submit(task) for task in tasks])


def follow(operator: bpy.types.Operator, queue: JobQueue, jobs: Sequence[Job]) -> set[str]:
    """See to ``jobs`` that have been put into the queue, as ``submit`` does."""
    if not bpy.app.background:
        timer.start()
        return {"FINISHED"}
    _wait(queue, jobs)
    failed = [job for job in jobs if job.state is JobState.FAILED]
    if not failed:
        return {"FINISHED"}
    if len(jobs) == 1:
        operator.report({"ERROR"}, retold(failed[0].message))
        return {"CANCELLED"}
    nothing = len(failed) == len(jobs)
    message = tr("{failed} of {count} failed, the first: {reason}")
    operator.report(
        {"ERROR" if nothing else "WARNING"},
        message.format(failed=len(failed), count=len(jobs), reason=retold(failed[0].message)),
    )
    return {"CANCELLED" if nothing else "FINISHED"}


def _wait(queue: JobQueue, jobs: Sequence[Job]) -> None:
    told: tuple[int, str] | None = None
    try:
        while any(not job.state.final or job.waiting for job in jobs):
            queue.drain(timeout=0.1)
            for job in jobs:
                if job.waiting:
                    timer.place(job.id)
                elif job.state is JobState.RUNNING and (job.id, job.stage) != told:
                    told = (job.id, job.stage)
                    log.info("%s", job.stage)
    except KeyboardInterrupt:
        for job in reversed(jobs):
            queue.cancel(job)
        raise
