"""How a running generation talks to whoever started it.

One object goes down the whole pipeline. It carries news upwards (stage, fraction, warnings, seconds) and one wish
downwards (stop). The core never calls into Blender: the listener is a plain function, called on the worker's thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import accumulate

from latte3d_core.errors import Cancelled

#: Stage names in order, with the share of the whole time that each takes on two CPU cores.
STAGES: dict[str, float] = {
    "load": 0.0,
    "text": 0.03,
    "network": 0.12,
    "field": 0.15,
    "surface": 0.10,
    "simplify": 0.12,
    "unwrap": 0.15,
    "bake": 0.33,
}

#: The stage of a result that is refined, which comes right after the networks.
REFINE = "refine"
#: Seconds that all other stages take together beside it, roughly, on two CPU cores.
_OTHERS = 4.0


def refining(seconds: float) -> dict[str, float]:
    """The stages of a job that refines for ``seconds``, for ``Progress.plan``."""
    stages: dict[str, float] = {}
    for name, share in STAGES.items():
        stages[name] = _OTHERS * share
        if name == "network":
            stages[REFINE] = seconds
    return stages


class Progress:
    """Stage, fraction, warnings, timings and the cancel flag of one generation.

    Arguments:
        listener: called as ``listener(stage, fraction)`` with the stage's name and the finished share of the whole
            job in [0, 1], at every start and end of a stage and at every ``check`` that names a fraction.
    """

    def __init__(self, listener: Callable[[str, float], None] | None = None) -> None:
        self._listener = listener
        self._cancel = threading.Event()
        self._stage = ""
        self._start = 0.0
        self._share = 0.0
        self._stages = STAGES
        self.warnings: list[str] = []
        self.seconds: dict[str, float] = {}

    def plan(self, stages: Mapping[str, float]) -> None:
        """Let this job have other stages than ``STAGES``, before its first one.

        Arguments:
            stages: names in order, with the seconds that each may take; only their ratios matter. Their sum is above 0.
        """
        whole = sum(stages.values())
        self._stages = {name: seconds / whole for name, seconds in stages.items()}

    def cancel(self) -> None:
        """Ask the job to stop. Safe from any thread; the job raises ``Cancelled`` at its next check."""
        self._cancel.set()

    @property
    def cancelled(self) -> bool:
        return self._cancel.is_set()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Run the body as the stage ``name`` of ``STAGES``, or of the ``plan``; adds its wall time to ``seconds``."""
        self._stage, self._share = name, self._stages[name]
        # One after the other, as in ``check``: ``sum`` rounds better, and would begin before the end of the last one.
        starts = accumulate(self._stages.values(), initial=0.0)
        self._start = dict(zip(self._stages, starts, strict=False))[name]
        self.check(0.0)
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin
        self.check(1.0)

    def check(self, fraction: float | None = None) -> None:
        """Raise ``Cancelled`` if asked to stop; report ``fraction`` (0..1 of the current stage) if given."""
        if self._cancel.is_set():
            raise Cancelled(f"cancelled during {self._stage or 'start'}")
        if fraction is not None and self._listener is not None:
            self._listener(self._stage, min(1.0, self._start + fraction * self._share))

    def warn(self, message: str) -> None:
        """Record one sentence that the user must see beside the result."""
        self.warnings.append(message)
