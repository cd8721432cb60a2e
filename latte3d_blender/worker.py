"""How tasks are run, and the in-process back end: one daemon thread that keeps the model loaded.

The core is imported at the first job. No bpy here: the thread never touches Blender.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .jobs import Advanced, Emit, Event, Failed, Finished, Line, Started, Stopped

if TYPE_CHECKING:
    from .tasks import Task

log = logging.getLogger(__name__)

#: Makes the generator for a task. What comes out goes to ``Task.run``.
Load = Callable[["Task"], Any]

#: Seconds after which the worker must let Blender's main thread have Python's lock while a job runs. Drawing the
#: panels takes the lock a dozen times, and Python's own value, 5 ms, would be waited for each time.
SWITCH = 0.0005


def load_generator(task: Task) -> Any:
    """Import the core and load the model that ``task`` names. Takes seconds the first time."""
    from latte3d_core import Latte3D

    return Latte3D.from_pretrained(task.model, device=task.device)


def failure(error: Exception) -> Failed:
    """The error that is being handled, as the last event of its job."""
    expected = _is_expected(error)
    return Failed(
        str(error) if expected else explain(error),
        traceback.format_exc(),
        fault=not (expected or isinstance(error, ImportError | MemoryError)),
    )


def _is_expected(error: Exception) -> bool:
    """True for the core's own errors, whose messages are meant for the artist."""
    try:
        from latte3d_core.errors import Latte3DError
    except ImportError:
        return False
    return isinstance(error, Latte3DError)


def explain(error: Exception) -> str:
    """One sentence for the artist about an error that the core did not foresee."""
    if isinstance(error, ImportError):
        package = (error.name or "latte3d_core").partition(".")[0]
        if isinstance(error, ModuleNotFoundError):
            return (
                f"The Python package “{package}”, which generation needs, is not installed in this Blender: "
                "press Check Setup under Setup in the sidebar, which says how to get it."
            )
        return (
            f"The Python package “{package}”, which generation needs, cannot be loaded in this Blender: "
            "press Check Setup under Setup in the sidebar, which says why and what to do."
        )
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "There is not enough memory: lower the texture size or the faces, or choose CPU in the preferences."
    return (
        f"LATTE3D met an unexpected fault ({type(error).__name__}): "
        "try another prompt or seed, and send the report to the authors."
    )


class Wishes:
    """What the main thread wants of the work. Set and asked from any thread."""

    def __init__(self) -> None:
        self._gate = threading.Event()
        self._gate.set()
        self._idle = threading.Event()
        self._idle.set()
        self._cancelled: set[int] = set()
        self._end = threading.Event()

    def cancel(self, job_id: int) -> None:
        # Adding to a set is one atomic step; the worker only asks.
        self._cancelled.add(job_id)

    def pause(self) -> None:
        self._gate.clear()

    def resume(self) -> None:
        self._gate.set()

    def end(self) -> None:
        self._end.set()
        self._gate.set()

    @property
    def paused(self) -> bool:
        return not self._gate.is_set()

    def unwanted(self, job_id: int) -> bool:
        return self._end.is_set() or job_id in self._cancelled

    @property
    def idle(self) -> bool:
        """Whether the work has come to rest. Asked during a pause it stays so until ``resume``."""
        return self._idle.is_set()

    def rest(self, job_id: int) -> None:
        """Return when there is no pause, or the job is unwanted."""
        while True:
            # In this order: a pause that comes between the two steps sees work that is not at rest.
            self._idle.clear()
            if self._gate.is_set() or self.unwanted(job_id):
                return
            self._idle.set()
            self._gate.wait(0.05)

    def done(self) -> None:
        """The work on a job has ended."""
        self._idle.set()


class Threads:
    """How many threads torch computes with. To be used by one thread only, since torch counts for each by itself.

    Arguments:
        spare: of as many as torch chooses by itself, one for each core, so many are left to Blender. The threads of a
            computation wait for each other many times a second, so that one which shares its core holds all of them up:
            beside a busy main thread a job took 12 s on both of two cores, and 0.8 s on one.
    """

    def __init__(self, spare: int = 0) -> None:
        self._spare = spare
        self._own = 0
        self._now = 0 if spare == 0 else -1  # torch's own choice is that of 0 unless some are to be left

    def use(self, number: int) -> None:
        """Compute with ``number`` threads; 0 leaves the choice to torch, if that is there at all."""
        if number == self._now:
            return
        if number == 0 and "torch" not in sys.modules:
            return  # a stand-in for the core computes without
        import torch

        self._own = self._own or torch.get_num_threads()
        torch.set_num_threads(number or max(1, self._own - self._spare))
        self._now = number


class Runner:
    """Runs one task at a time on the calling thread, and keeps the model for the next.

    Arguments:
        load: makes the generator for a task; called again only when the model or the device changes.
        spare: threads that are left to Blender, see ``Threads``.
    """

    def __init__(self, load: Load, wishes: Wishes, spare: int = 0) -> None:
        self._load = load
        self._wishes = wishes
        self._cache: tuple[tuple[str, str], Any] | None = None
        self._threads = Threads(spare)

    def run(self, job_id: int, task: Task, emit: Emit) -> Event:
        """One task from start to end; every way out is an event, since nobody would see an exception of the worker."""
        try:
            emit(job_id, Advanced("load", 0.0))
            from latte3d_core.errors import Cancelled
            from latte3d_core.progress import Progress
        except Exception as error:
            return failure(error)

        def listen(stage: str, fraction: float) -> None:
            emit(job_id, Advanced(stage, fraction))
            self._wishes.rest(job_id)
            if self._wishes.unwanted(job_id):
                progress.cancel()

        progress = Progress(listen)
        try:
            begin = time.perf_counter()
            generator = self._generator(task) if task.needs_generator else None
            self._threads.use(task.threads)
            loading = time.perf_counter() - begin
            if self._wishes.unwanted(job_id):
                return Stopped()
            return Finished(task.run(generator, progress), loading)
        except Cancelled:
            return Stopped()
        except Exception as error:
            log.debug("job %d failed", job_id, exc_info=True)
            return failure(error)

    def forget(self) -> None:
        """Let go of the model."""
        self._cache = None

    def _generator(self, task: Task) -> Any:
        key = (task.model, task.device)
        if self._cache is None or self._cache[0] != key:
            self._cache = None  # the old model goes before the new one comes: two may not fit
            self._cache = (key, self._load(task))
        return self._cache[1]


class LineBackend(ABC):
    """A back end with one daemon thread, started by the first job, that takes the jobs from the line one by one."""

    def __init__(self) -> None:
        self._wishes = Wishes()
        self._thread: threading.Thread | None = None
        self._line: Line
        self._emit: Emit

    def attach(self, line: Line, emit: Emit) -> None:
        self._line, self._emit = line, emit

    def wake(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="latte3d-worker", daemon=True)
            self._thread.start()

    def cancel(self, job_id: int) -> None:
        self._wishes.cancel(job_id)

    def pause(self) -> None:
        self._wishes.pause()

    def resume(self) -> None:
        self._wishes.resume()

    @property
    def resting(self) -> bool:
        return self._wishes.idle

    def close(self, timeout: float) -> bool:
        self._wishes.end()
        if self._thread is None:
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (item := self._line.take()) is not None:
            job_id, task = item
            self._wishes.rest(job_id)
            self._emit(job_id, Started())
            event = Stopped() if self._wishes.unwanted(job_id) else self._work(job_id, task)
            self._wishes.done()
            self._emit(job_id, event)
        self._leave()

    @abstractmethod
    def _work(self, job_id: int, task: Task) -> Event:
        """Do the task, emitting its progress, and return its last event. Raises nothing."""

    @abstractmethod
    def _leave(self) -> None:
        """Let go of what was kept for the next job."""


class ThreadBackend(LineBackend):
    """Runs the tasks on the thread itself, inside Blender: nothing to start, nothing to copy.

    Arguments:
        load: makes the generator for a task; called again only when the model or the device changes.
    """

    def __init__(self, load: Load = load_generator) -> None:
        super().__init__()
        self._load = load
        self._runner = Runner(load, self._wishes)

    def fresh(self) -> ThreadBackend:
        return ThreadBackend(self._load)

    def _work(self, job_id: int, task: Task) -> Event:
        interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH)
        try:
            return self._runner.run(job_id, task, self._emit)
        finally:
            sys.setswitchinterval(interval)

    def _leave(self) -> None:
        self._runner.forget()
