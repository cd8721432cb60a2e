"""The life of a generation job, without Blender and without threads of its own.

A job goes queued -> running -> done, failed or cancelled. The ``JobQueue`` lives on the main thread and is the only one
to change a ``Job``; a back end does the work elsewhere and talks back through ``emit``, which is safe from any thread.
The back end is behind a protocol because Blender does not vouch for threads that outlive a script: a child process
can take the thread's place without a change here.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .prepare import PreparedObject

#: How many finished jobs the queue remembers, for the panel's last line and the report.
HISTORY = 20


class JobState(Enum):
    """Where a job stands. The last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True)
class JobRequest:
    """Everything a job needs, copied from Blender at the press of the button; the worker sees nothing else.

    Attributes:
        prompt: what to make.
        seed: 0 to 2**31 - 1; picks one of the shapes that suit the prompt.
        alpha: shape strength in [0, 1], or None for the model's own default.
        faces: face budget, in triangles.
        texture_size: side of the square textures, in pixels.
        unwrap: "fast" or "careful".
        cursor: where the object is to stand, in metres, Blender's frame.
        device: "auto", "cpu" or "cuda".
        model: name of a model that comes with the core, or the path of a model file.
    """

    prompt: str
    seed: int = 0
    alpha: float | None = None
    faces: int = 5000
    texture_size: int = 1024
    unwrap: str = "fast"
    cursor: tuple[float, float, float] = (0.0, 0.0, 0.0)
    device: str = "auto"
    model: str = "small"


@dataclass(frozen=True)
class Started:
    """The back end took the job up."""


@dataclass(frozen=True)
class Advanced:
    """The job entered ``stage`` or moved on in it; ``fraction`` of the whole job is done."""

    stage: str
    fraction: float


@dataclass(frozen=True)
class Finished:
    """The job came to its end with a result."""

    result: PreparedObject


@dataclass(frozen=True)
class Failed:
    """The job cannot be done: one sentence for the artist, and the technical report.

    ``fault`` is True where the mistake lies in the program, not in what was asked of it.
    """

    message: str
    report: str
    fault: bool = False


@dataclass(frozen=True)
class Stopped:
    """The back end has dropped the job, because it was asked to."""


Event = Started | Advanced | Finished | Failed | Stopped
Emit = Callable[[int, Event], None]


class Backend(Protocol):
    """What does the work. All methods are called on the main thread and return at once."""

    def start(self, job_id: int, request: JobRequest, emit: Emit) -> None:
        """Take the job into the line; call ``emit(job_id, event)`` as it goes, the last event being a final one."""

    def cancel(self, job_id: int) -> None:
        """Drop the job as soon as possible, started or not. Unknown ids are ignored."""

    def pause(self) -> None:
        """Rest at the next step of the work, until ``resume``."""

    def resume(self) -> None:
        """Go on working."""

    def close(self, timeout: float) -> bool:
        """Drop everything and end. Returns False if the work has not ended after ``timeout`` seconds."""


@dataclass
class Job:
    """One generation, as the panel sees it. Changed on the main thread only.

    Attributes:
        message: one sentence about the outcome, empty while there is none.
        report: the technical side of a failure.
        fault: the failure is a mistake of the program.
        result: the finished object, until it is taken.
        warnings: sentences that belong beside the result.
        timings: seconds by stage name.
        object_name: what the object is called in the scene.
        created, ended: on the monotonic clock, in seconds.
    """

    id: int
    request: JobRequest
    state: JobState = JobState.QUEUED
    stage: str = ""
    fraction: float = 0.0
    message: str = ""
    report: str = ""
    fault: bool = False
    result: PreparedObject | None = None
    warnings: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    object_name: str = ""
    created: float = field(default_factory=time.monotonic)
    ended: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds from the press of the button to now, or to the end."""
        return (self.ended if self.ended is not None else time.monotonic()) - self.created

    @property
    def waiting(self) -> bool:
        """True for a result that has not been put into the scene yet."""
        return self.state is JobState.DONE and self.result is not None


class JobQueue:
    """The jobs of one Blender session, oldest first."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._events: queue.SimpleQueue[tuple[int, Event]] = queue.SimpleQueue()
        self._next_id = 1
        self._paused = False
        self.jobs: list[Job] = []

    @property
    def active(self) -> Job | None:
        """The job that runs now or comes next; None when there is nothing to do."""
        return next((job for job in self.jobs if not job.state.final), None)

    @property
    def waiting(self) -> list[Job]:
        """Finished jobs whose result has not been put into the scene."""
        return [job for job in self.jobs if job.waiting]

    @property
    def last(self) -> Job | None:
        """The job that ended last."""
        ended = [job for job in self.jobs if job.state.final]
        return max(ended, key=lambda job: job.ended or 0.0, default=None)

    @property
    def paused(self) -> bool:
        return self._paused

    def get(self, job_id: int) -> Job | None:
        return next((job for job in self.jobs if job.id == job_id), None)

    def submit(self, request: JobRequest) -> Job:
        """Put a job at the end of the line."""
        job = Job(self._next_id, request)
        self._next_id += 1
        self.jobs.append(job)
        self._backend.start(job.id, request, lambda job_id, event: self._events.put((job_id, event)))
        return job

    def cancel(self, job: Job, message: str = "") -> None:
        """Call the job off. It counts as cancelled from now on, whatever the back end may still send."""
        if job.state.final:
            return
        self._end(job, JobState.CANCELLED, message)
        self._backend.cancel(job.id)

    def cancel_all(self, message: str = "") -> None:
        for job in list(self.jobs):
            self.cancel(job, message)

    def drop_all(self, message: str) -> None:
        """Cancel what runs, and forget results that have not been put into the scene."""
        self.cancel_all(message)
        for job in self.waiting:
            job.result = None
            self._end(job, JobState.CANCELLED, message)

    def fail(self, job: Job, message: str, report: str) -> None:
        """Mark a job whose result could not be put into the scene."""
        job.result = None
        self._end(job, JobState.FAILED, message)
        job.report, job.fault = report, True

    def take(self, job: Job) -> PreparedObject | None:
        """Hand over the result once, and forget it: a job in the history holds no big arrays."""
        result, job.result = job.result, None
        return result

    def drain(self, timeout: float = 0.0) -> list[Job]:
        """Take in what the back end has sent, and return the jobs that changed.

        Arguments:
            timeout: seconds to wait for the first event; 0 returns at once.
        """
        changed: dict[int, Job] = {}
        wait = timeout > 0.0
        while True:
            try:
                job_id, event = self._events.get(block=wait, timeout=timeout if wait else None)
            except queue.Empty:
                break
            wait = False
            job = self.get(job_id)
            # News of a job that is already cancelled comes late, and is no news.
            if job is not None and not job.state.final:
                self._apply(job, event)
                changed[job_id] = job
        return list(changed.values())

    def pause(self) -> None:
        """Let the back end rest, while a render needs the machine."""
        self._paused = True
        self._backend.pause()

    def resume(self) -> None:
        self._paused = False
        self._backend.resume()

    def close(self, timeout: float = 10.0) -> bool:
        """Cancel everything and end the back end. Returns False if it did not end in time."""
        self.cancel_all()
        return self._backend.close(timeout)

    def _apply(self, job: Job, event: Event) -> None:
        match event:
            case Started():
                job.state = JobState.RUNNING
            case Advanced(stage, fraction):
                job.state, job.stage = JobState.RUNNING, stage
                # The bar never walks back, not even if stages are repeated.
                job.fraction = max(job.fraction, min(1.0, fraction))
            case Finished(result):
                job.result = result
                job.warnings, job.timings = result.warnings, result.seconds
                self._end(job, JobState.DONE, "")
            case Failed(message, report, fault):
                self._end(job, JobState.FAILED, message)
                job.report, job.fault = report, fault
            case Stopped():
                self._end(job, JobState.CANCELLED, "")

    def _end(self, job: Job, state: JobState, message: str) -> None:
        job.state, job.message, job.ended = state, message, time.monotonic()
        if state is JobState.DONE:
            job.fraction = 1.0
        finished = [old for old in self.jobs if old.state.final and not old.waiting]
        for old in finished[:-HISTORY]:
            self.jobs.remove(old)
