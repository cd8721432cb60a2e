"""Between two prompts: one object on the way from the one to the other, or one that goes the whole way by shape keys.

No bpy at the top, see ``tasks``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from .generate import GenerateTask
from .translations import tr

if TYPE_CHECKING:
    import numpy as np

    from latte3d_core.api import Fields, Implicit
    from latte3d_core.mesh.types import TexturedMesh
    from latte3d_core.progress import Progress

    from .jobs import Job
    from .prepare import PreparedObject


class Generator(Protocol):
    """The part of ``latte3d_core.Latte3D`` that this task uses itself."""

    def fields(self, prompt: str, *, seed: int, alpha: float | None, progress: Progress) -> Fields: ...

    def finish(
        self, fields: Implicit, faces: int, texture_size: int, unwrap: str, progress: Progress
    ) -> TexturedMesh: ...


@dataclass(frozen=True, eq=False)
class PreparedMorph:
    """An object that goes from one prompt to another.

    Attributes:
        start: the object at the first prompt.
        t: (K,) ascending from 0 to 1.
        shapes: (K, V, 3) float32, metres, Blender's frame: where the vertices of ``start`` are at each.
        end_png: PNG file, sRGB: the colours of the second prompt on the UVs of ``start``.
    """

    start: PreparedObject
    t: tuple[float, ...]
    shapes: np.ndarray = field(repr=False)
    end_png: bytes = field(repr=False)

    @property
    def warnings(self) -> tuple[str, ...]:
        return self.start.warnings

    @property
    def seconds(self) -> Mapping[str, float]:
        return self.start.seconds

    @property
    def picture_png(self) -> bytes | None:
        return self.start.picture_png


@dataclass(frozen=True)
class BlendTask(GenerateTask):
    """Make the object at ``factor`` of the way from ``prompt`` to ``prompt_b``.

    Attributes:
        prompt_b: the other end; seed and alpha hold for both.
        factor: in [0, 1].
        shape_keys: make the start, with a shape key for each of the ``steps`` - 1 steps to the end, set to ``factor``.
    """

    prompt_b: str = ""
    factor: float = 0.5
    shape_keys: bool = False
    steps: int = 5

    @property
    def title(self) -> str:
        start, end = (" ".join(prompt.split()) for prompt in (self.prompt, self.prompt_b))
        return tr("{start} to {end}").format(start=start, end=end)

    def run(self, generator: Generator, progress: Progress) -> PreparedObject | PreparedMorph:  # type: ignore[override]
        from latte3d_core.blend import blend, morph_targets

        from .prepare import prepare, to_blender_frame

        start, end = (
            generator.fields(prompt, seed=self.seed, alpha=self.alpha, progress=progress)
            for prompt in (self.prompt, self.prompt_b)
        )
        if not self.shape_keys:
            between = blend(generator, start, end, self.factor, progress)  # type: ignore[arg-type] # the smaller part
            return prepare(
                generator.finish(between, self.faces, self.texture_size, self.unwrap, progress), self.size_m or None
            )
        import numpy as np

        from .png import encode_png

        made = morph_targets(
            generator,  # type: ignore[arg-type] # the smaller part
            start, end, self.steps, self.faces, self.texture_size, progress,
        )  # fmt: skip
        shapes = [
            to_blender_frame(shape, self.size_m or float(size))
            for shape, size in zip(made.shapes, made.sizes_m, strict=True)
        ]
        times = tuple(float(t) for t in made.t)
        return PreparedMorph(
            prepare(made.basis, self.size_m or None), times, np.stack(shapes), encode_png(made.end_color)
        )

    def object_of(self, result: Any) -> PreparedObject:
        prepared: PreparedObject = result.start if self.shape_keys else result
        return prepared

    def complete(self, obj: Any, result: Any) -> None:
        if self.shape_keys:
            from .morph import make_morph

            make_morph(obj, result, self.factor)

    def summary(self, obj: Any, job: Job, result: Any) -> str:
        if not self.shape_keys:
            return super().summary(obj, job, result)
        text = tr("“{name}”: {count} shape keys in {seconds:.1f}\N{NO-BREAK SPACE}s")
        return text.format(name=obj.name, count=len(result.t) - 1, seconds=job.seconds)
