"""Refine: work on one object's looks for a while, with a picture prior as the judge. No bpy at the top, see ``tasks``.

The object is made again from its prompt, seed and strength, its colours are moved by the prior (the core's
``train.refine``), and what comes of it takes the place of its mesh and material. The old mesh is kept beside it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from .tasks import BlockRef, Placed, Task

if TYPE_CHECKING:
    import torch

    from latte3d_core.api import Fields, Implicit
    from latte3d_core.mesh.types import TexturedMesh
    from latte3d_core.model.text import TextEncoder
    from latte3d_core.progress import Progress
    from latte3d_core.train.guidance import Advice, Guidance, Rendered

    from .jobs import Job
    from .prepare import PreparedObject

#: The prior that comes with the core.
PRIOR = "prior"
#: The custom property, on the refined mesh and on its object, that tells what was done.
REFINED = "latte3d_refined"


class Generator(Protocol):
    """The part of ``latte3d_core.Latte3D`` that this task uses."""

    @property
    def provenance(self) -> Mapping[str, Any]: ...

    @property
    def text(self) -> TextEncoder: ...

    @property
    def device(self) -> torch.device: ...

    def fields(self, prompt: str, *, seed: int, alpha: float | None, progress: Progress) -> Fields: ...

    def finish(
        self, fields: Implicit, faces: int, texture_size: int, unwrap: str, progress: Progress
    ) -> TexturedMesh: ...


class Watched:
    """A guidance that lets a cancelled job end, and tells how much of the time is used up."""

    def __init__(self, inner: Guidance, progress: Progress, seconds: float) -> None:
        self._inner, self._progress, self._seconds = inner, progress, seconds
        self._begin = time.perf_counter()

    def __call__(
        self, seen: Rendered, prompts: Sequence[str], progress: float, generators: Sequence[torch.Generator]
    ) -> Advice:
        used = (time.perf_counter() - self._begin) / self._seconds
        self._progress.check(min(1.0, used))
        return self._inner(seen, prompts, progress, generators)


@dataclass(frozen=True, eq=False)
class RefinedObject:
    """What came of it.

    Attributes:
        object: None where no state was found that the prior likes better than the start.
        gain: by how much the prior's error went down, as a share of what it was.
        steps: after how many.
    """

    object: PreparedObject | None
    gain: float
    steps: int
    warnings: tuple[str, ...]
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class RefineTask(Task):
    """Refine ``target``.

    Attributes:
        target: the object. prompt, seed, alpha, faces, texture_size, unwrap: how it was made.
        digest: SHA-256 of the model that made it.
        budget: seconds to work on it; the mesh and its textures take a little more.
        reshape: move the shape too, not only its colours.
        prior: name of a prior that comes with the core, or the path of a prior file.
    """

    target: BlockRef
    prompt: str
    digest: str
    seed: int = 0
    alpha: float | None = None
    faces: int = 5000
    texture_size: int = 1024
    unwrap: str = "fast"
    budget: float = 20.0
    reshape: bool = False
    prior: str = PRIOR

    @property
    def title(self) -> str:
        return f"Refine {self.target.name}"

    def run(self, generator: Generator, progress: Progress) -> RefinedObject:
        from latte3d_core.errors import SettingError
        from latte3d_core.train.refine import RefineSettings, refine_fields

        from .prepare import prepare

        if generator.provenance["model_sha256"] != self.digest:
            raise SettingError(
                f"“{self.target.name}” was made with another model: choose that one in the preferences, or make the "
                "object anew."
            )
        if not self.budget > 0.0:
            raise SettingError("The time must be more than 0 seconds.")
        guidance = self._guidance(generator)
        fields = generator.fields(self.prompt, seed=self.seed, alpha=self.alpha, progress=progress)
        settings = RefineSettings(seconds=self.budget, geometry=self.reshape)
        with progress.stage("network"):
            watched = Watched(guidance, progress, self.budget)
            fields, done = refine_fields(fields, watched, settings, progress)
        gain = 1.0 - done.best.error / max(done.history[0].error, 1e-12)
        if done.best.step == 0:
            return RefinedObject(None, 0.0, 0, tuple(progress.warnings), dict(progress.seconds))
        mesh = generator.finish(fields, self.faces, self.texture_size, self.unwrap, progress)
        made = prepare(mesh)
        # Whole numbers of the artist's own; the measures tell how far it went.
        record = {"budget": self.budget, "reshape": self.reshape, "steps": done.best.step, "gain": round(gain, 4)}
        made = replace(made, properties={**made.properties, REFINED: json.dumps(record)})
        return RefinedObject(made, gain, done.best.step, made.warnings, made.seconds)

    def _guidance(self, generator: Generator) -> Guidance:
        from latte3d_core.errors import CheckpointError
        from latte3d_core.model.text import CaptionCache, TextEncoder
        from latte3d_core.prior.checkpoint import load_prior
        from latte3d_core.train.guidance import DistillationSettings, PriorGuidance

        try:
            prior = load_prior(self.prior, generator.device)
        except CheckpointError as error:
            if self.prior != PRIOR:
                raise
            raise CheckpointError(
                "The prior that judges the looks cannot be read: reinstall the LATTE3D extension, or name a prior file "
                f"of your own ({error})"
            ) from error
        same = prior.config.text == generator.text.config
        encoder = generator.text if same else TextEncoder(prior.config.text, generator.device)
        # One that sees depth keeps the shape; where the shape is to move, it must not.
        return PriorGuidance(prior, CaptionCache(encoder), DistillationSettings(), depth=not self.reshape)

    def place(self, context: Any, job: Job, result: RefinedObject) -> Placed:
        from .blocks import require
        from .refined import put

        obj = require(self.target)
        if result.object is None:
            return Placed((), f"“{obj.name}” stays as it is: nothing better was found in the time", undo=False)
        put(obj, result.object)
        return Placed((obj.name,), f"“{obj.name}” refined in {job.seconds:.0f} s: error down by {result.gain:.0%}")
