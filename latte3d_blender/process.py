"""The back end that works in a separate process: nothing of torch enters Blender, and a job can be stopped at once.

The child is started with the first job from ``sys.executable``, which is Blender's own Python both in the official
builds (there ``bpy.app.binary_path`` is Blender itself, and no Python) and where Blender is a module. It keeps its
model between jobs. If it does not heed a cancel within ``GRACE`` seconds it is killed; if it dies, its job fails with
a sentence; either way the next job starts a new one. What goes over the pipes: see ``child``.

Two threads stay in Blender, one that waits for jobs and one that reads the answers; neither computes anything.
On Windows the child is started without a console window; that branch has not been run on Windows yet.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from .jobs import Event, Failed, Finished, Stopped
from .worker import LineBackend, Load, failure, load_generator

if TYPE_CHECKING:
    from .tasks import Task

log = logging.getLogger(__name__)

#: Seconds that a cancelled job may take to stop by itself before its process is killed.
GRACE = 1.0

#: Windows: no console window, and Blender goes first where both want the processor. Elsewhere ``child`` sees to that.
FLAGS = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)

#: How the child's Python is started: as Blender starts its own helpers, isolated from the user's environment.
PYTHON = (sys.executable, "-I")

_FINAL = (Finished, Failed, Stopped)


class ProcessBackend(LineBackend):
    """Runs the tasks in a child process.

    Arguments:
        load: makes the generator for a task, in the child; a function at the top of a module, since it goes there by
            its name.
        python: the command that starts Python.
    """

    def __init__(self, load: Load = load_generator, python: Sequence[str] = PYTHON) -> None:
        super().__init__()
        self._load = load
        self._python = tuple(python)
        self._child: _Child | None = None

    def fresh(self) -> ProcessBackend:
        return ProcessBackend(self._load, self._python)

    @property
    def resting(self) -> bool:
        return True  # the work is in another process

    def _work(self, job_id: int, task: Task) -> Event:
        try:
            pickled = pickle.dumps(task, pickle.HIGHEST_PROTOCOL)
            if self._child is None or not self._child.alive:
                self._leave()
                self._child = _Child(self._load, self._python)
        except OSError as error:
            return Failed(
                f"The separate process of LATTE3D cannot be started ({error.strerror or error}): "
                "choose “In Blender” in the preferences of the extension.",
                traceback.format_exc(),
            )
        except Exception as error:
            return failure(error)
        event = self._follow(self._child, job_id, pickled)
        if not self._child.alive:
            self._leave()
        return event

    def _follow(self, child: _Child, job_id: int, pickled: bytes) -> Event:
        """Hand the task over, pass on what the child says and what the main thread wishes, until the job ends."""
        self._mind_pause(child)  # first, so that the task does not slip through before it
        child.send("run", job_id, pickled)
        deadline: float | None = None
        while True:
            self._mind_pause(child)
            if deadline is None and self._wishes.unwanted(job_id):
                child.send("cancel", job_id)
                deadline = time.monotonic() + GRACE
            if deadline is not None and time.monotonic() > deadline:
                child.kill()
                return Stopped()
            try:
                news = child.news.get(timeout=0.05)
            except queue.Empty:
                continue
            if news is None:
                return Stopped() if self._wishes.unwanted(job_id) else child.obituary()
            number, event = news
            if number == job_id and isinstance(event, _FINAL):
                return event
            if number == job_id:
                self._emit(job_id, event)

    def _mind_pause(self, child: _Child) -> None:
        if child.paused != self._wishes.paused:
            child.paused = not child.paused
            child.send("pause" if child.paused else "resume")

    def _leave(self) -> None:
        if self._child is not None:
            self._child.close()
            self._child = None


class _Child:
    """One child process, with its pipes.

    Attributes:
        news: what it says, (job id, event); None when it says nothing more.
        paused: whether it has been told to rest.
    """

    def __init__(self, load: Load, python: Sequence[str]) -> None:
        package = __package__
        folder = Path(__file__).resolve().parent
        path = [entry for entry in sys.path if entry]
        self.news: queue.SimpleQueue[tuple[int, Event] | None] = queue.SimpleQueue()
        self.paused = False
        # A file, not a pipe: nobody has to read it for the child to go on, and after its death it tells why.
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        self._process = subprocess.Popen(
            [*python, str(folder / "child.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            creationflags=FLAGS,
            # Ctrl+C in a terminal is for Blender, and a kill reaches the children. Not a session of its own: Linux
            # shares the processor among sessions first, and would give the work as much as Blender, however nice it is.
            process_group=0 if os.name == "posix" else None,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._sink: IO[bytes] = self._process.stdin
        self._write(pickle.dumps({"package": package, "folder": str(folder), "path": path}))
        self._write(pickle.dumps(load))
        threading.Thread(target=self._listen, args=(self._process.stdout,), name="latte3d-answers", daemon=True).start()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, *command: object) -> None:
        """Give a command. A child that is gone says so through ``news``."""
        self._write(pickle.dumps(command, pickle.HIGHEST_PROTOCOL))

    def _write(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self._sink.write(data)
            self._sink.flush()

    def _listen(self, source: IO[bytes]) -> None:
        try:
            with source:
                while True:
                    self.news.put(pickle.load(source))
        except Exception as error:  # the end of the pipe, or a message that broke off in the middle
            if not isinstance(error, EOFError):
                log.debug("the separate process broke off", exc_info=True)
            self.news.put(None)

    def kill(self) -> None:
        """End it now, with whatever it has started itself."""
        if sys.platform == "win32":
            self._process.kill()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Let it end by itself, which takes a moment, or else kill it; then free what belongs to it."""
        with contextlib.suppress(OSError):
            self._sink.close()
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.kill()
        self._log.close()

    def obituary(self) -> Failed:
        """What to tell the artist about its death."""
        try:
            status = self._process.wait(GRACE)
        except subprocess.TimeoutExpired:  # it lives, but has stopped talking sense
            self.kill()
            status = 0
        self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, self._log.tell() - 4000))
        words = self._log.read().decode("utf-8", "replace")
        return Failed(
            f"The separate process of LATTE3D ended unexpectedly (exit status {status}), perhaps for lack of memory: "
            "press Retry, or choose “In Blender” in the preferences of the extension.",
            words or "It left no words.",
            fault=True,
        )
