"""The life of a job, without Blender and without threads of its own.

A job goes queued -> running -> done, failed or cancelled. The ``JobQueue`` lives on the main thread and is the only one
to change a ``Job``; a back end does the work elsewhere and talks back through ``emit``, which is safe from any thread.
Between them stands the ``Line``: the jobs that nobody has begun, in their order; the back end takes the next.
The back end is behind a protocol because Blender does not vouch for threads that outlive a script: the one in
``process`` keeps the work out of Blender.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .tasks import Result, Task

#: How many finished jobs the queue remembers, for the list and the report. A group counts as one, and as finished when
#: all of it is.
HISTORY = 20

#: Seconds that the main thread waits for a back end that is let go; one that takes longer ends beside the next.
PATIENCE = 0.3

#: How many of the last jobs of a kind the estimate of the time left is taken from.
MEMORY = 10


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
class Started:
    """The back end took the job up."""


@dataclass(frozen=True)
class Advanced:
    """The job entered ``stage`` or moved on in it; ``fraction`` of the whole job is done."""

    stage: str
    fraction: float


@dataclass(frozen=True)
class Finished:
    """The job came to its end with a result; loading the model took ``load_seconds`` of its time."""

    result: Result
    load_seconds: float = 0.0


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


class Line:
    """The jobs that wait to be begun, in their order. The main thread changes it, the back end takes from its front."""

    def __init__(self) -> None:
        self._items: list[tuple[int, Task]] = []
        self._changed = threading.Condition()
        self._closed = False

    @property
    def ids(self) -> list[int]:
        """The waiting jobs, next one first."""
        with self._changed:
            return [job_id for job_id, _ in self._items]

    def append(self, job_id: int, task: Task) -> None:
        with self._changed:
            self._items.append((job_id, task))
            self._changed.notify()

    def remove(self, job_id: int) -> bool:
        """Take a job out. False if it is not in the line: then somebody has begun it."""
        with self._changed:
            kept = [item for item in self._items if item[0] != job_id]
            found = len(kept) < len(self._items)
            self._items = kept
            return found

    def place(self, job_id: int, step: int) -> int | None:
        """Index of the place ``step`` behind the job (negative: ahead); None if there is none, or no such job."""
        with self._changed:
            at = next((i for i, item in enumerate(self._items) if item[0] == job_id), None)
            return at + step if at is not None and 0 <= at + step < len(self._items) else None

    def swap(self, job_id: int, step: int) -> int | None:
        """Change places with the job at ``place``. Returns the other's id, or None if there is no such place."""
        with self._changed:  # the lock may be taken twice by one thread
            to = self.place(job_id, step)
            if to is None:
                return None
            items = self._items
            items[to - step], items[to] = items[to], items[to - step]
            return items[to - step][0]

    def take(self) -> tuple[int, Task] | None:
        """Wait for the next job and take it out; None once the line is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._items)
            return None if self._closed else self._items.pop(0)

    def close(self) -> None:
        """Nothing is given out any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class Backend(Protocol):
    """What does the work. All methods are called on the main thread; all but ``close`` return at once."""

    def attach(self, line: Line, emit: Emit) -> None:
        """Called once, before anything else. For each job taken from ``line``, ``emit(job_id, event)`` is to be called
        as it goes, the last event being a final one."""

    def wake(self) -> None:
        """A job has come into the line."""

    def cancel(self, job_id: int) -> None:
        """Drop a job that has been taken from the line, as soon as possible. Unknown ids are ignored."""

    def pause(self) -> None:
        """Rest at the next step of the work, until ``resume``."""

    def resume(self) -> None:
        """Go on working."""

    @property
    def resting(self) -> bool:
        """Whether nothing of a job computes in this process; during a pause it stays so."""

    def close(self, timeout: float) -> bool:
        """Drop everything and end. The line is closed by then. Returns False if the work has not ended after
        ``timeout`` seconds."""

    def fresh(self) -> Backend:
        """Another one of the same kind, which holds nothing yet."""


@dataclass(eq=False)
class Job:
    """One task on its way, as the panel sees it. Changed on the main thread only.

    Attributes:
        message: one sentence about the outcome, empty while there is none.
        report: the technical side of a failure.
        fault: the failure is a mistake of the program.
        result: what the task made, until it is taken.
        warnings: sentences that belong beside the result.
        timings: seconds by stage name.
        names: what the placed result is called in the scene, the most important first.
        created, started, ended: on the monotonic clock, in seconds.
    """

    id: int
    task: Task
    state: JobState = JobState.QUEUED
    stage: str = ""
    fraction: float = 0.0
    message: str = ""
    report: str = ""
    fault: bool = False
    result: Result | None = None
    warnings: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    created: float = field(default_factory=time.monotonic)
    started: float | None = None
    ended: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds from the press of the button to now, or to the end."""
        return (self.ended if self.ended is not None else time.monotonic()) - self.created

    @property
    def waiting(self) -> bool:
        """True for a result that has not been put into the scene yet."""
        return self.state is JobState.DONE and self.result is not None


@dataclass(frozen=True)
class GroupProgress:
    """How a batch stands: number of jobs by state, and the finished share in [0, 1]."""

    name: str
    total: int
    done: int
    failed: int
    cancelled: int
    fraction: float

    @property
    def open(self) -> int:
        """Jobs that have not come to an end."""
        return self.total - self.done - self.failed - self.cancelled


class JobQueue:
    """The jobs of one Blender session, oldest first; those that wait stand in the order in which they will be done.

    Attributes:
        threads: goes into the tasks that are handed in from now on.
    """

    def __init__(self, backend: Backend) -> None:
        self._events: queue.SimpleQueue[tuple[int, Event, float]] = queue.SimpleQueue()
        self._next_id = 1
        self._paused = False
        self._durations: defaultdict[type, deque[float]] = defaultdict(lambda: deque(maxlen=MEMORY))
        self._leaving: list[Backend] = []
        self._attach(backend)
        self.jobs: list[Job] = []
        self.threads = 0

    def _attach(self, backend: Backend) -> None:
        self._line = Line()
        self._backend = backend
        # The time is taken here: the main thread may be late to look.
        backend.attach(self._line, lambda job_id, event: self._events.put((job_id, event, time.monotonic())))

    # --- looking ---

    @property
    def active(self) -> Job | None:
        """The job that runs now or comes next; None when there is nothing to do."""
        return next((job for job in self.jobs if not job.state.final), None)

    @property
    def open(self) -> list[Job]:
        """The job that runs and those that wait to, next one first."""
        return [job for job in self.jobs if not job.state.final]

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

    @property
    def leaving(self) -> bool:
        """Whether a back end that was let go still works, and holds its memory until its present step ends."""
        self._leaving = [backend for backend in self._leaving if not backend.close(0.0)]
        return bool(self._leaving)

    def get(self, job_id: int) -> Job | None:
        return next((job for job in self.jobs if job.id == job_id), None)

    def members(self, group: str) -> list[Job]:
        """The jobs of a group that are still remembered."""
        return [job for job in self.jobs if job.task.group == group]

    def progress(self, group: str) -> GroupProgress | None:
        """How a group stands; None if none of its jobs is remembered."""
        members = self.members(group)
        if not group or not members:
            return None
        states = [job.state for job in members]
        share = sum(1.0 if job.state.final else job.fraction for job in members) / len(members)
        return GroupProgress(
            name=group,
            total=len(members),
            done=states.count(JobState.DONE),
            failed=states.count(JobState.FAILED),
            cancelled=states.count(JobState.CANCELLED),
            fraction=share,
        )

    def seconds_left(self, jobs: Iterable[Job]) -> float | None:
        """An estimate for ``jobs`` one after the other, from the mean of the last jobs of each one's kind; of work that
        goes on for a given time, from that time and its progress.

        None as long as a kind among the others has no finished job.
        """
        total, now = 0.0, time.monotonic()
        means = {kind: sum(known) / len(known) for kind, known in self._durations.items()}
        for job in jobs:
            if job.state.final:
                continue
            if job.task.given_seconds:
                total += job.task.given_seconds * (1.0 - job.fraction)
                continue
            mean = means.get(job.task.kind)
            if mean is None:
                return None
            total += mean if job.started is None else max(0.0, mean - (now - job.started))
        return total

    # --- changing ---

    def new_group(self, title: str) -> str:
        """A name for a batch that no remembered job bears: ``title``, or ``title`` with a number."""
        taken = {job.task.group for job in self.jobs}
        names = (title if number == 1 else f"{title} ({number})" for number in range(1, len(taken) + 2))
        return next(name for name in names if name not in taken)

    def submit(self, task: Task) -> Job:
        """Put a task at the end of the line."""
        if task.threads != self.threads:
            task = replace(task, threads=self.threads)
        job = Job(self._next_id, task)
        self._next_id += 1
        self.jobs.append(job)
        self._line.append(job.id, task)
        self._backend.wake()
        return job

    def retry(self, job: Job) -> Job:
        """A new job, at the end of the line, with the task of one that has ended; the old one is forgotten.

        Raises:
            ValueError: the job has not ended, or its result waits to be placed.
        """
        if not job.state.final or job.waiting:
            raise ValueError(f"job {job.id} has not ended")
        if job in self.jobs:
            self.jobs.remove(job)
        return self.submit(job.task)

    def retry_failed(self, group: str) -> list[Job]:
        """Retry what failed or was cancelled of a group."""
        ended = (JobState.FAILED, JobState.CANCELLED)
        return [self.retry(job) for job in self.members(group) if job.state in ended]

    def movable(self, job: Job, step: int) -> bool:
        """Whether ``move`` would do anything."""
        return self._line.place(job.id, step) is not None

    def move(self, job: Job, step: int) -> bool:
        """Let a job that waits to be begun change places with the one ``step`` places behind it (negative: ahead).

        Returns False if it has been begun, or if there is no such place.
        """
        other_id = self._line.swap(job.id, step)
        other = self.get(other_id) if other_id is not None else None
        if other is None:
            return False
        mine, theirs = self.jobs.index(job), self.jobs.index(other)
        self.jobs[mine], self.jobs[theirs] = other, job
        return True

    def cancel(self, job: Job, message: str = "") -> None:
        """Call the job off. It counts as cancelled from now on, whatever the back end may still send."""
        if job.state.final:
            return
        begun = not self._line.remove(job.id)
        self._end(job, JobState.CANCELLED, message, time.monotonic())
        if begun:
            self._backend.cancel(job.id)

    def cancel_group(self, group: str, message: str = "") -> None:
        # From the end of the line, so that the worker does not begin one after the other on the way.
        for job in reversed(self.members(group)):
            self.cancel(job, message)

    def cancel_all(self, message: str = "") -> None:
        for job in reversed(self.jobs[:]):
            self.cancel(job, message)

    def drop_all(self, message: str) -> None:
        """Cancel what runs, and forget results that have not been put into the scene."""
        self.cancel_all(message)
        for job in self.waiting:
            job.result = None
            self._end(job, JobState.CANCELLED, message, time.monotonic())

    def clear_finished(self) -> None:
        """Forget the jobs that have ended, except for results that have not been put into the scene."""
        self.jobs = [job for job in self.jobs if not job.state.final or job.waiting]

    def fail(self, job: Job, message: str, report: str = "") -> None:
        """Mark a job whose result could not be put into the scene; with a ``report`` it is a mistake of the program."""
        job.result = None
        self._end(job, JobState.FAILED, message, time.monotonic())
        job.report, job.fault = report, bool(report)

    def take(self, job: Job) -> Result | None:
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
                job_id, event, at = self._events.get(block=wait, timeout=timeout if wait else None)
            except queue.Empty:
                break
            wait = False
            job = self.get(job_id)
            # News of a job that is already cancelled comes late, and is no news.
            if job is not None and not job.state.final:
                self._apply(job, event, at)
                changed[job_id] = job
        return list(changed.values())

    def pause(self) -> None:
        """Let the back end rest, while a render needs the machine."""
        self._paused = True
        self._backend.pause()

    def resume(self) -> None:
        self._paused = False
        self._backend.resume()

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """For the length of the body nothing of a job computes in this process; waits until that is so."""
        self._backend.pause()
        try:
            while not all(backend.resting for backend in (self._backend, *self._leaving)):
                time.sleep(0.002)
            yield
        finally:
            if not self._paused:
                self._backend.resume()

    def use(self, backend: Backend, timeout: float = PATIENCE) -> bool:
        """Change the back end; returns what ``close`` of the old one does.

        Raises:
            ValueError: jobs are still open.
        """
        if self.active is not None:
            raise ValueError("jobs are still open")
        self._line.close()
        ended = self._backend.close(timeout)
        if not ended:
            self._leaving.append(self._backend)
        self._attach(backend)
        if self._paused:
            backend.pause()
        return ended

    def release(self, timeout: float = PATIENCE) -> bool:
        """Let go of the model and of whatever else the back end keeps between jobs; returns and raises as ``use``."""
        return self.use(self._backend.fresh(), timeout)

    def close(self, timeout: float = 10.0) -> bool:
        """Cancel everything and end the back end. Returns False if it did not end in time."""
        self.cancel_all()
        self._line.close()
        ended = [backend.close(timeout) for backend in (self._backend, *self._leaving)]
        return all(ended)

    def _apply(self, job: Job, event: Event, at: float) -> None:
        match event:
            case Started():
                job.state, job.started = JobState.RUNNING, at
            case Advanced(stage, fraction):
                job.state, job.stage = JobState.RUNNING, stage
                # The bar never walks back, not even if stages are repeated.
                job.fraction = max(job.fraction, min(1.0, fraction))
            case Finished(result, load_seconds):
                job.result = result
                job.warnings, job.timings = result.warnings, {"load": load_seconds, **result.seconds}
                if job.started is not None:
                    # The model is loaded once, not for each job.
                    self._durations[job.task.kind].append(max(0.0, at - job.started - load_seconds))
                self._end(job, JobState.DONE, "", at)
            case Failed(message, report, fault):
                self._end(job, JobState.FAILED, message, at)
                job.report, job.fault = report, fault
            case Stopped():
                self._end(job, JobState.CANCELLED, "", at)

    def _end(self, job: Job, state: JobState, message: str, at: float) -> None:
        job.state, job.message, job.ended = state, message, at
        if state is JobState.DONE:
            job.fraction = 1.0
        unfinished = {other.task.group for other in self.jobs if not other.state.final or other.waiting} - {""}
        finished = [
            old for old in self.jobs if old.state.final and not old.waiting and old.task.group not in unfinished
        ]
        # In the order in which they were complete; the last member of a group comes last.
        rows = list(dict.fromkeys(old.task.group or old.id for old in reversed(finished)))
        forgotten = set(rows[HISTORY:])
        for old in finished:
            if (old.task.group or old.id) in forgotten:
                self.jobs.remove(old)
