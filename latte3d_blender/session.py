"""What lives between ``register`` and ``unregister`` and never goes into a .blend file: the queue of jobs.

Blender gives operators, panels and timers no common owner but the module, so the one session is kept here.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from .jobs import Backend, JobQueue
from .process import PYTHON, ProcessBackend
from .worker import ThreadBackend

log = logging.getLogger(__name__)

THREAD, PROCESS = "THREAD", "PROCESS"

_current: JobQueue | None = None
#: Which back end the session has by its own choice; None where it was given one, which then stays.
_kind: str | None = None


def open_session(backend: Backend | None = None) -> JobQueue:
    """Start a session, with ``backend`` for its whole life, or with the thread until ``choose_backend``."""
    global _current, _kind
    close_session()
    _current = JobQueue(backend or ThreadBackend())
    _kind = None if backend is not None else THREAD
    return _current


def choose_backend(kind: str, python: Sequence[str] = PYTHON) -> None:
    """Let the session work by the thread or by the process, as soon as no job is open.

    Arguments:
        kind: ``THREAD`` or ``PROCESS``.
        python: how the process starts Python.
    """
    global _kind
    if _current is None or _kind in (None, kind) or _current.active is not None:
        return
    if not _current.use(ProcessBackend(python=python) if kind == PROCESS else ThreadBackend()):
        log.warning("LATTE3D: the worker is still busy; it ends with its present step")
    _kind = kind


def close_session() -> None:
    """Cancel what runs, wait for the back end, forget the session. Does nothing without one."""
    global _current, _kind
    if _current is not None and not _current.close():
        log.warning("LATTE3D: the worker is still busy; it ends with its present step")
    _current = _kind = None


def jobs() -> JobQueue | None:
    """The jobs of this session; None while the extension is being disabled."""
    return _current


def register() -> None:
    open_session()


def unregister() -> None:
    close_session()
