"""An installation of the runtime under way: a thread of its own, which Blender's main thread looks at. No bpy here.

It is no job of the queue: those stop when another file is opened, and their worker needs packages that are missing.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from pathlib import Path

from .runtime_pack import Listener, News, RuntimePackError


class Stopped(Exception):
    """The artist has cancelled."""


class Installation:
    """Runs ``work`` on a thread, and begins at once.

    Arguments:
        work: gets a listener for its news, and returns the folder of the packages; see ``runtime_pack.install_from``.

    Attributes:
        news: how far it is.
        site: what ``work`` returned; None while it runs, and if it came to nothing.
        error: one sentence about why it came to nothing; "" if it did not, or was cancelled.
        report: the technical side of that.
    """

    def __init__(self, work: Callable[[Listener], Path]) -> None:
        self.news = News("check", "", 0, 0)
        self.site: Path | None = None
        self.error = ""
        self.report = ""
        self._work = work
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="latte3d-runtime", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    @property
    def cancelled(self) -> bool:
        return self._end.is_set()

    def cancel(self) -> None:
        """Stop at the next piece of a file; nothing half done stays."""
        self._end.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Until it has ended, or for ``timeout`` seconds. False if it runs still."""
        self._thread.join(timeout)
        return not self.running

    def _run(self) -> None:
        try:
            self.site = self._work(self._listen)
        except Stopped:
            return
        except RuntimePackError as error:
            self.error, self.report = str(error), traceback.format_exc()
        except Exception as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            self.error = f"The installation met an unexpected fault ({reason}): send the report to the authors."
            self.report = traceback.format_exc()

    def _listen(self, news: News) -> None:
        self.news = news
        if self._end.is_set():
            raise Stopped
