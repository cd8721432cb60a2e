"""Live: a rough object that follows the prompt and the sliders. Here: the task, and when it is time for the next one.

No bpy at the top, see ``tasks``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from .tasks import Placed, Task
from .translations import tr

if TYPE_CHECKING:
    import numpy as np

    from latte3d_core.api import Fields
    from latte3d_core.progress import Progress

    from .jobs import Job

#: Seconds without a change after which the newest wish is worked on, whatever else is being worked on.
QUIET = 0.15


class Generator(Protocol):
    """The part of ``latte3d_core.Latte3D`` that this task uses itself."""

    def fields(self, prompt: str, *, seed: int, alpha: float | None, progress: Progress) -> Fields: ...


@dataclass(frozen=True, eq=False)
class PreparedPreview:
    """A rough object, ready for Blender.

    Attributes:
        vertices: (V, 3) float32, metres, Blender's frame, as in ``PreparedObject``.
        faces: (F, 3) int32. colors: (V, 4) float32 sRGB with alpha 1, in [0, 1].
        warnings, seconds: as those of every result.
    """

    vertices: np.ndarray = field(repr=False)
    faces: np.ndarray = field(repr=False)
    colors: np.ndarray = field(repr=False)
    warnings: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class PreviewTask(Task):
    """Make the rough object. Two equal tasks make the same one.

    Attributes:
        prompt, seed, alpha, size_m: as those of ``GenerateTask``.
        prompt_b: the other end of a blend, or "" for none; factor: how far towards it, in [0, 1].
    """

    quiet: ClassVar[bool] = True

    prompt: str
    seed: int = 0
    alpha: float | None = None
    size_m: float = 0.0
    prompt_b: str = ""
    factor: float = 0.0

    @property
    def title(self) -> str:
        return tr("Live: {prompt}").format(prompt=" ".join(self.prompt.split()))

    def run(self, generator: Generator, progress: Progress) -> PreparedPreview:
        import numpy as np

        from latte3d_core.blend import blended
        from latte3d_core.preview import preview

        from .prepare import to_blender_frame

        shown: Any
        if self.prompt_b:
            shown = blended(
                generator,  # type: ignore[arg-type] # the smaller part
                self.prompt, self.prompt_b, self.factor, self.seed, self.alpha, progress,
            )  # fmt: skip
        else:
            shown = generator.fields(self.prompt, seed=self.seed, alpha=self.alpha, progress=progress)
        mesh = preview(generator, shown, progress=progress)  # type: ignore[arg-type] # the smaller part
        return PreparedPreview(
            vertices=to_blender_frame(mesh.vertices, self.size_m or mesh.size_m),
            faces=np.ascontiguousarray(mesh.faces, np.int32),
            colors=np.concatenate([mesh.colors, np.ones_like(mesh.colors[:, :1])], axis=1, dtype=np.float32),
            warnings=mesh.warnings,
            seconds=mesh.seconds,
        )

    def place(self, context: Any, job: Job, result: PreparedPreview) -> Placed:
        from .live_ui import show

        show(context, result)
        return Placed((), tr("The live preview is up to date"), undo=False)


class Follower:
    """Says when the newest wish is to be worked on.

    A wish that has stood for ``QUIET`` seconds goes to work, and what is being worked on is given up for it. While
    wishes keep coming, as under a slider that is dragged, the newest goes to work whenever nothing else does: so the
    preview keeps up as well as it can, and never works on something that nobody wants any more.
    """

    def __init__(self) -> None:
        self._asked: PreviewTask | None = None
        self._wanted: PreviewTask | None = None
        self._first = self._last = 0.0

    def look(self, wanted: PreviewTask, now: float, busy: bool) -> PreviewTask | None:
        """What to work on from now, or None to leave things as they are.

        Arguments:
            wanted: what would be right at the moment.
            now: seconds on a steady clock.
            busy: whether the task returned last is still being worked on.
        """
        if wanted != self._wanted:
            if self._wanted == self._asked:
                self._first = now
            self._wanted, self._last = wanted, now
        if self._wanted == self._asked:
            return None
        since = self._first if not busy else self._last
        if now - since < QUIET:
            return None
        self._asked = wanted
        return wanted

    def renew(self) -> None:
        """Work on the present wish again."""
        self._asked = self._wanted = None
