"""What lives between ``register`` and ``unregister`` and never goes into a .blend file: the queue of jobs.

Blender gives operators, panels and timers no common owner but the module, so the one session is kept here.
"""

from __future__ import annotations

import logging

from .jobs import Backend, JobQueue
from .worker import ThreadBackend

log = logging.getLogger(__name__)

_current: JobQueue | None = None


def open_session(backend: Backend | None = None) -> JobQueue:
    """Start a session; ``backend`` is the thread unless another one is given."""
    global _current
    close_session()
    _current = JobQueue(backend or ThreadBackend())
    return _current


def close_session() -> None:
    """Cancel what runs, wait for the back end, forget the session. Does nothing without one."""
    global _current
    if _current is not None and not _current.close():
        log.warning("LATTE3D: the worker is still busy; it ends with its present step")
    _current = None


def jobs() -> JobQueue | None:
    """The jobs of this session; None while the extension is being disabled."""
    return _current
