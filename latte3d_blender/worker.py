"""The in-process back end: one daemon thread that imports the core at its first job and keeps the model loaded.

No bpy here: the thread never touches Blender.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from .jobs import Advanced, Emit, Event, Failed, Finished, JobRequest, Started, Stopped

if TYPE_CHECKING:
    from latte3d_core.mesh.types import TexturedMesh
    from latte3d_core.progress import Progress

log = logging.getLogger(__name__)


class Generator(Protocol):
    """The part of ``latte3d_core.Latte3D`` that a job uses."""

    def generate(
        self,
        prompt: str,
        *,
        seed: int,
        alpha: float | None,
        faces: int,
        texture_size: int,
        unwrap: str,
        progress: Progress,
    ) -> TexturedMesh: ...


def load_generator(request: JobRequest) -> Generator:
    """Import the core and load the model that ``request`` names. Takes seconds the first time."""
    from latte3d_core import Latte3D

    generator: Generator = Latte3D.from_pretrained(request.model, device=request.device)
    return generator


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
                "install the LATTE3D extension that is made for this Blender version and system, then restart Blender."
            )
        return (
            f"The Python package “{package}”, which generation needs, cannot be loaded in this Blender: "
            "reinstall the LATTE3D extension and restart Blender."
        )
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "There is not enough memory: lower the texture size or the faces, or choose CPU in the preferences."
    return (
        f"LATTE3D met an unexpected fault ({type(error).__name__}): "
        "try another prompt or seed, and send the report to the authors."
    )


class ThreadBackend:
    """Runs jobs one after the other on one thread, which starts with the first job.

    Arguments:
        load: makes the generator for a request; called again only when the model or the device changes.
    """

    def __init__(self, load: Callable[[JobRequest], Generator] = load_generator) -> None:
        self._load = load
        self._line: queue.SimpleQueue[tuple[int, JobRequest, Emit] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._gate = threading.Event()
        self._gate.set()
        self._cancelled: set[int] = set()
        self._closing = threading.Event()
        self._cache: tuple[tuple[str, str], Generator] | None = None

    def start(self, job_id: int, request: JobRequest, emit: Emit) -> None:
        self._line.put((job_id, request, emit))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="latte3d-worker", daemon=True)
            self._thread.start()

    def cancel(self, job_id: int) -> None:
        # Adding to a set is one atomic step; the worker only asks and discards.
        self._cancelled.add(job_id)

    def pause(self) -> None:
        self._gate.clear()

    def resume(self) -> None:
        self._gate.set()

    def close(self, timeout: float) -> bool:
        self._closing.set()
        self._gate.set()
        self._line.put(None)
        if self._thread is None:
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (item := self._line.get()) is not None:
            job_id, request, emit = item
            if self._unwanted(job_id):
                event: Event = Stopped()
            else:
                emit(job_id, Started())
                event = self._work(job_id, request, emit)
            self._cancelled.discard(job_id)
            emit(job_id, event)
        self._cache = None

    def _unwanted(self, job_id: int) -> bool:
        return self._closing.is_set() or job_id in self._cancelled

    def _work(self, job_id: int, request: JobRequest, emit: Emit) -> Event:
        """One job from start to end; every way out is an event, since nobody would see an exception of this thread."""
        try:
            emit(job_id, Advanced("load", 0.0))
            from latte3d_core.errors import Cancelled
            from latte3d_core.progress import Progress

            from .prepare import prepare
        except Exception as error:
            return failure(error)

        def listen(stage: str, fraction: float) -> None:
            emit(job_id, Advanced(stage, fraction))
            while not self._gate.wait(0.05):
                if self._unwanted(job_id):
                    break
            if self._unwanted(job_id):
                progress.cancel()

        progress = Progress(listen)
        try:
            begin = time.perf_counter()
            generator = self._generator(request)
            loading = time.perf_counter() - begin
            if self._unwanted(job_id):
                return Stopped()
            mesh = generator.generate(
                request.prompt,
                seed=request.seed,
                alpha=request.alpha,
                faces=request.faces,
                texture_size=request.texture_size,
                unwrap=request.unwrap,
                progress=progress,
            )
            result = prepare(mesh)
            return Finished(replace(result, seconds={"load": loading, **result.seconds}))
        except Cancelled:
            return Stopped()
        except Exception as error:
            log.debug("job %d failed", job_id, exc_info=True)
            return failure(error)

    def _generator(self, request: JobRequest) -> Generator:
        key = (request.model, request.device)
        if self._cache is None or self._cache[0] != key:
            self._cache = None  # the old model goes before the new one comes: two may not fit
            self._cache = (key, self._load(request))
        return self._cache[1]
