"""Refine: work on one object's looks for a while, with a picture prior as the judge. No bpy at the top, see ``tasks``.

The object is made again from its prompt, seed and strength, its colours are moved by the prior (the core's
``train.refine``), and what comes of it takes the place of its mesh and material. The old mesh is kept beside it.

``RefineTask`` does so with an object that is there, ``RefinedTask`` with one that it makes itself.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .generate import GenerateTask, made
from .tasks import BlockRef, Placed, Task
from .translations import tr

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
        start: the object before, where it was made anew, too.
        gain: by how much the prior's error went down, as a share of what it was.
        steps: after how many.
    """

    object: PreparedObject | None
    gain: float
    steps: int
    warnings: tuple[str, ...]
    seconds: Mapping[str, float]
    start: PreparedObject | None = None


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
        return tr("Refine {name}").format(name=self.target.name)

    @property
    def given_seconds(self) -> float:
        return self.budget

    def run(self, generator: Generator, progress: Progress) -> RefinedObject:
        from latte3d_core.errors import SettingError

        if generator.provenance["model_sha256"] != self.digest:
            raise SettingError(
                f"“{self.target.name}” was made with another model: choose that one in the preferences, or make the "
                "object anew."
            )
        return refine(self, generator, progress)[1]

    def place(self, context: Any, job: Job, result: RefinedObject) -> Placed:
        from .blocks import require
        from .refined import put

        obj = require(self.target)
        if result.object is None:
            message = tr("“{name}” stays as it is: nothing better was found in the time")
            return Placed((), message.format(name=obj.name), undo=False)
        put(obj, result.object)
        return Placed((obj.name,), refined_text(obj.name, job, result))


@dataclass(frozen=True)
class RefinedTask(GenerateTask):
    """Make an object and refine it: what Generate and Refine do one after the other.

    Attributes:
        budget, reshape, prior: as those of ``RefineTask``.
    """

    budget: float = 20.0
    reshape: bool = False
    prior: str = PRIOR

    @property
    def given_seconds(self) -> float:
        return self.budget

    def run(self, generator: Generator, progress: Progress) -> RefinedObject:  # type: ignore[override]
        from .prepare import prepare

        fields, done = refine(self, generator, progress)
        mesh = generator.finish(fields, self.faces, self.texture_size, self.unwrap, progress)
        start = prepare(mesh, self.size_m or None)
        return replace(done, start=start, warnings=tuple(progress.warnings), seconds=dict(progress.seconds))

    def object_of(self, result: Any) -> PreparedObject:
        prepared: PreparedObject = result.start
        return prepared

    def complete(self, obj: Any, result: Any) -> None:
        from .refined import renew

        renew(obj, result.object)

    def summary(self, obj: Any, job: Job, result: Any) -> str:
        if result.object is None:
            return made(obj.name, len(result.start.faces), job)
        return refined_text(obj.name, job, result)


def refined_text(name: str, job: Job, result: RefinedObject) -> str:
    """What the panel says of a refined object."""
    text = tr("“{name}” refined in {seconds:.0f} s: {gain:.0%} nearer to the prompt, as the guidance model judges it")
    return text.format(name=name, seconds=job.seconds, gain=result.gain)


def refine(task: RefineTask | RefinedTask, generator: Generator, progress: Progress) -> tuple[Fields, RefinedObject]:
    """The fields that the networks gave, and what came of refining them. On the worker.

    Raises:
        SettingError, CheckpointError: there is no time, or no prior.
    """
    from latte3d_core.errors import SettingError
    from latte3d_core.progress import REFINE, refining
    from latte3d_core.train.refine import RefineSettings, refine_fields

    from .prepare import prepare

    if not task.budget > 0.0:
        raise SettingError("The time must be more than 0 seconds.")
    guidance = guidance_of(task.prior, task.reshape, generator)
    progress.plan(refining(task.budget))
    fields = generator.fields(task.prompt, seed=task.seed, alpha=task.alpha, progress=progress)
    settings = RefineSettings(seconds=task.budget, geometry=task.reshape)
    with progress.stage(REFINE):
        watched = Watched(guidance, progress, task.budget)
        better, done = refine_fields(fields, watched, settings, progress)
    gain = 1.0 - done.best.error / max(done.history[0].error, 1e-12)
    if done.best.step == 0:
        return fields, RefinedObject(None, 0.0, 0, tuple(progress.warnings), dict(progress.seconds))
    mesh = generator.finish(better, task.faces, task.texture_size, task.unwrap, progress)
    prepared = prepare(mesh)
    # What it takes to do it again, and how far it went. Of a prior of the artist's own the name: a path would tell
    # strangers about this computer, and theirs would be read on it.
    record = {
        "budget": task.budget, "reshape": task.reshape, "prior": Path(task.prior).name,
        "steps": done.best.step, "gain": round(gain, 4),
    }  # fmt: skip
    prepared = replace(prepared, properties={**prepared.properties, REFINED: json.dumps(record)})
    return fields, RefinedObject(prepared, gain, done.best.step, prepared.warnings, prepared.seconds)


def guidance_of(prior: str, reshape: bool, generator: Generator) -> Guidance:
    """A prior, by its name or path, that judges looks, or shapes too.

    Raises:
        CheckpointError: it cannot be read.
    """
    from latte3d_core.errors import CheckpointError
    from latte3d_core.model.text import CaptionCache, TextEncoder
    from latte3d_core.prior.checkpoint import load_prior
    from latte3d_core.train.guidance import REFINING, PriorGuidance

    try:
        loaded = load_prior(prior, generator.device)
    except CheckpointError as error:
        if prior != PRIOR:
            raise
        raise CheckpointError(
            "The guidance model cannot be read: reinstall the LATTE3D extension, or name the file of one of your own "
            f"({error})"
        ) from error
    same = loaded.config.text == generator.text.config
    encoder = generator.text if same else TextEncoder(loaded.config.text, generator.device)
    # One that sees depth keeps the shape; where the shape is to move, it must not.
    return PriorGuidance(loaded, CaptionCache(encoder), REFINING, depth=not reshape)
