"""What a job does: the one protocol between the features of the extension and the machinery that runs them.

A feature describes its work as a frozen dataclass that derives from ``Task``. The machinery (``jobs``, ``worker``,
``process``) never asks what kind it is. Neither this module nor one that defines a task imports bpy at its top: the
separate process imports them too, and has no Blender.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from latte3d_core.progress import Progress

    from .jobs import Job


class PlaceError(Exception):
    """A result cannot be put into the file. The message is one sentence for the artist."""


class Result(Protocol):
    """What every result carries, whatever else it is. It must be picklable and hold no reference into Blender."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences that the artist should see."""

    @property
    def seconds(self) -> Mapping[str, float]:
        """Wall time by stage name."""


@dataclass(frozen=True)
class Placed:
    """What ``Task.place`` made.

    Attributes:
        names: of the objects (or other data-blocks) that were made or changed, the most important first.
        summary: one line for the panel.
        undo: False leaves out the undo step, for a batch whose last result makes one step for all.
    """

    names: tuple[str, ...]
    summary: str
    undo: bool = True


@dataclass(frozen=True)
class BlockRef:
    """Names a data-block of the open file. A bpy reference would be invalid after an undo step; this one is not.

    Attributes:
        kind: the collection of ``bpy.data`` that holds it, as "objects" or "collections".
        name: its name when the reference was taken.
        uid: its ``session_uid``, which stays the same through renaming, undo and redo.
    """

    kind: str
    name: str
    uid: int


@dataclass(frozen=True, kw_only=True)
class Task(ABC):
    """Everything a job needs, copied from Blender at the press of the button; the worker sees nothing else.

    Fields must be picklable: numbers, text, tuples, arrays, ``BlockRef``, never bpy references. A task that holds
    arrays should say ``eq=False``, and ``field(repr=False)`` for them, since the report prints the task.

    Attributes:
        model: name of a model that comes with the core, or the path of a model file.
        device: "auto", "cpu", "cuda" or "mps".
        group: names the batch that the task belongs to (see ``JobQueue.new_group``), or "" for none.
        threads: processor threads to compute with; 0 for as many as torch chooses. The queue fills it in.
        needs_generator: False for work without the model, which then is not loaded; ``run`` gets None for it.
        quiet: True for work that comes and goes many times a minute, which the panels do not tell of.
    """

    needs_generator: ClassVar[bool] = True
    quiet: ClassVar[bool] = False

    model: str = "small"
    device: str = "auto"
    group: str = ""
    threads: int = 0

    @property
    @abstractmethod
    def title(self) -> str:
        """What the artist knows the job by, such as its prompt. One line. Asked on the main thread only."""

    @property
    def kind(self) -> type:
        """Tasks of one kind take about the same time."""
        return type(self)

    @property
    def given_seconds(self) -> float:
        """How long the work goes on by the artist's own wish, in seconds; 0 for work that takes as long as it takes."""
        return 0.0

    @property
    def repeatable(self) -> bool:
        """Whether ``run`` can still be called; False only for what ``kept`` has returned."""
        return True

    def kept(self) -> Task:
        """What the list of jobs keeps once the result is in the scene: a task with big arrays lets go of them."""
        return self

    @abstractmethod
    def run(self, generator: Any, progress: Progress) -> Result:
        """Do the work, on the worker: no bpy here, not even imported.

        Arguments:
            generator: a ``latte3d_core.Latte3D`` with the task's model; annotate it with a protocol of what is used.
            progress: to be handed to the core. A long loop calls ``progress.check()``, which ends a cancelled job.

        Raises:
            Latte3DError: its message is shown to the artist as it is. Cancelled: let it pass.
        """

    @abstractmethod
    def place(self, context: Any, job: Job, result: Any) -> Placed:
        """Put what ``run`` returned into the file: main thread, Object Mode. Import modules that need bpy inside.

        The undo step is made by the caller.

        Raises:
            PlaceError: what the result belongs to is gone.
        """
