"""Making an object anew, in its place or beside it. No bpy at the top, see ``tasks``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .generate import GenerateTask
from .tasks import BlockRef, Placed

if TYPE_CHECKING:
    from .jobs import Job
    from .prepare import PreparedObject

#: Share of its own width that a new object stands away from the one that it varies.
GAP = 0.2


@dataclass(frozen=True, kw_only=True)
class RegenerateTask(GenerateTask):
    """Make a textured object and put it in the place of ``target``.

    Attributes:
        target: the object. It keeps its name, transform, modifiers and size; others that share its mesh keep the old
            one.
    """

    target: BlockRef

    def place(self, context: Any, job: Job, result: PreparedObject) -> Placed:
        from .blocks import require
        from .insert import replace_object

        obj = require(self.target)
        replace_object(obj, result)
        return Placed((obj.name,), f"“{obj.name}” anew: {len(result.faces):,} faces in {job.seconds:.1f} s")


@dataclass(frozen=True, kw_only=True)
class VaryTask(GenerateTask):
    """Make a textured object and stand it beside ``target``, facing the same way.

    Attributes:
        target: the object. If it is gone by then, the new one stands at ``cursor``.
    """

    target: BlockRef

    def place(self, context: Any, job: Job, result: PreparedObject) -> Placed:
        from .beside import stand_beside
        from .blocks import find
        from .mesh_copy import heading

        original = find(self.target.kind, self.target.name, self.target.uid)
        if original is None:
            return super().place(context, job, result)
        obj = stand_beside(context, original, result, (0.0, 0.0, 0.0), heading(original), GAP)
        return Placed((obj.name,), f"“{obj.name}”: {len(result.faces):,} faces in {job.seconds:.1f} s")
