"""Making an object anew, in its place or beside it. No bpy at the top, see ``tasks``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from .blend_task import BlendTask
from .generate import GenerateTask
from .refine_task import RefinedTask
from .tasks import BlockRef, Placed, Result, Task
from .translations import tr

if TYPE_CHECKING:
    from latte3d_core.progress import Progress

    from .jobs import Job
    from .prepare import PreparedObject
    from .provenance import Provenance

#: Share of its own width that a new object stands away from the one that it varies.
GAP = 0.2


def work_of(how: Provenance, seed: int, prior: str = "", **common: Any) -> GenerateTask:
    """The task that makes an object as one was made that says ``how``.

    Arguments:
        seed: in place of its own.
        prior: path of the prior file that refines it, for one that was not refined with the core's own.
        common: other fields of ``GenerateTask``.
    """
    common |= {
        "seed": seed, "alpha": how.alpha, "faces": how.faces, "texture_size": how.texture_size, "unwrap": how.unwrap,
    }  # fmt: skip
    if how.blend is not None:
        task = BlendTask(how.blend.start, prompt_b=how.blend.end, factor=how.blend.factor, **common)
        return replace(task, shape_keys=True, steps=how.blend.steps) if how.blend.steps else task
    if how.refined is not None:
        refined = how.refined
        return RefinedTask(
            how.prompt, budget=refined.budget, reshape=refined.reshape, prior=prior or refined.prior, **common
        )
    return GenerateTask(how.prompt, **common)


class Work(Protocol):
    """The task that makes an object: ``GenerateTask`` and what derives from it, or ``ReshapeTask``."""

    @property
    def title(self) -> str: ...

    @property
    def kind(self) -> type: ...

    @property
    def given_seconds(self) -> float: ...

    @property
    def repeatable(self) -> bool: ...

    def kept(self) -> Any: ...

    def run(self, generator: Any, progress: Progress) -> Any: ...

    def place(self, context: Any, job: Job, result: Any) -> Placed: ...

    def object_of(self, result: Any) -> PreparedObject: ...

    def complete(self, obj: Any, result: Any) -> None: ...

    def summary(self, obj: Any, job: Job, result: Any) -> str: ...


@dataclass(frozen=True, kw_only=True, eq=False)
class AgainTask(Task):
    """Do ``work``, and put what comes of it elsewhere than it would do itself.

    Attributes:
        target: the object that it is made in place of, or beside.
    """

    work: Work
    target: BlockRef

    @property
    def title(self) -> str:
        return self.work.title

    @property
    def kind(self) -> type:
        return self.work.kind

    @property
    def given_seconds(self) -> float:
        return self.work.given_seconds

    @property
    def repeatable(self) -> bool:
        return self.work.repeatable

    def kept(self) -> AgainTask:
        return replace(self, work=self.work.kept())

    def run(self, generator: Any, progress: Progress) -> Result:
        result: Result = self.work.run(generator, progress)
        return result


@dataclass(frozen=True, kw_only=True, eq=False)
class RegenerateTask(AgainTask):
    """Put what comes of it in the place of ``target``, which keeps its name, transform, modifiers and size; others that
    share its mesh keep the old one."""

    def place(self, context: Any, job: Job, result: Any) -> Placed:
        from .blocks import require
        from .insert import replace_object

        obj = require(self.target)
        prepared = self.work.object_of(result)
        replace_object(obj, prepared)
        self.work.complete(obj, result)
        text = tr("“{name}” anew: {faces:,} faces in {seconds:.1f}\N{NO-BREAK SPACE}s")
        return Placed((obj.name,), text.format(name=obj.name, faces=len(prepared.faces), seconds=job.seconds))


@dataclass(frozen=True, kw_only=True, eq=False)
class VaryTask(AgainTask):
    """Stand what comes of it beside ``target``, facing the same way; where the work says, if that is gone by then."""

    def place(self, context: Any, job: Job, result: Any) -> Placed:
        from .beside import stand_beside
        from .blocks import find
        from .mesh_copy import heading

        original = find(self.target.kind, self.target.name, self.target.uid)
        if original is None:
            return self.work.place(context, job, result)
        prepared = self.work.object_of(result)
        obj = stand_beside(context, original, prepared, (0.0, 0.0, 0.0), heading(original), GAP)
        self.work.complete(obj, result)
        return Placed((obj.name,), self.work.summary(obj, job, result))
