"""The separate process: runs tasks that come in through its standard input, and answers through its standard output.

Started by ``process`` as a script, with Blender's Python but without Blender, so the extension's package, whose name
only Blender knows, is put up here first. Everything that is unpickled comes from the process that started this one,
over a pipe that nobody else holds, and the answers go back the same way; nothing is ever read from a file or a network.

The messages, each one pickle after the other: a dict (package, folder, path), the ``load`` function, and then commands:
("run", job id, pickled task), ("cancel", job id), ("pause",), ("resume",). The answers are (job id, event).
The process ends as soon as its standard input does, so it cannot outlive Blender.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import pickle
import queue
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

#: How far the work stands back where Blender wants the processor too, on systems without a class for that.
NICENESS = 10

#: Threads that are left to Blender: one for its main thread.
SPARE = 1


def main() -> None:
    """Serve until the other end is gone; does not return."""
    source = sys.stdin.buffer
    # What libraries print must not get between the answers: their standard output becomes standard error.
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    stand_back()
    hello = pickle.load(source)
    sys.path[:] = hello["path"]
    mount(hello["package"], Path(hello["folder"]))
    worker = importlib.import_module(f"{hello['package']}.worker")
    tasks: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()
    wishes = worker.Wishes()
    load = pickle.load(source)
    threading.Thread(target=_listen, args=(source, tasks, wishes), daemon=True).start()
    runner = worker.Runner(load, wishes, SPARE)

    def emit(job_id: int, event: Any) -> None:
        _send(sink, pickle.dumps((job_id, event), pickle.HIGHEST_PROTOCOL))

    while True:
        job_id, pickled = tasks.get()
        # A task that cannot be read and a result that cannot be sent must not end the process.
        try:
            emit(job_id, runner.run(job_id, pickle.loads(pickled), emit))
        except Exception as error:
            emit(job_id, worker.failure(error))


def stand_back() -> None:
    """Let Blender have the processor whenever it wants it; where it does not, nothing is lost.

    On Linux a nice process still keeps its core for a while after Blender's main thread has woken up, and drawing a
    panel takes several such waits; the idle class gives way at once. On Windows see ``process.FLAGS``.
    """
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    if hasattr(os, "SCHED_IDLE"):
        with contextlib.suppress(OSError):  # a container may forbid it; being nice is left
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def mount(package: str, folder: Path) -> None:
    """Make ``package`` importable from ``folder``, whatever its name, with empty packages for its parents."""
    parts = package.split(".")
    for depth in range(1, len(parts)):
        parent = ModuleType(".".join(parts[:depth]))
        parent.__path__ = []
        sys.modules[parent.__name__] = parent
    spec = importlib.util.spec_from_file_location(
        package, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"no package in {folder}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[package] = module
    spec.loader.exec_module(module)


def _listen(source: BinaryIO, tasks: queue.SimpleQueue[tuple[int, bytes]], wishes: Any) -> None:
    try:
        while True:
            match pickle.load(source):
                case ("run", job_id, pickled):
                    tasks.put((job_id, pickled))
                case ("cancel", job_id):
                    wishes.cancel(job_id)
                case ("pause",):
                    wishes.pause()
                case ("resume",):
                    wishes.resume()
    finally:
        os._exit(0)  # the other end is gone; a computation on the main thread would go on without this


def _send(sink: BinaryIO, data: bytes) -> None:
    try:
        sink.write(data)
        sink.flush()
    except OSError:
        os._exit(0)


if __name__ == "__main__":
    main()
