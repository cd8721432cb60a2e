"""The first kind of task: from a prompt to an object at the 3D cursor. No bpy at the top, see ``tasks``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .tasks import Placed, Task
from .translations import tr

if TYPE_CHECKING:
    from latte3d_core.mesh.types import TexturedMesh
    from latte3d_core.progress import Progress

    from .jobs import Job
    from .prepare import PreparedObject


class Generator(Protocol):
    """The part of ``latte3d_core.Latte3D`` that this task uses."""

    def generate(
        self,
        prompt: str,
        *,
        seed: int,
        alpha: float | None,
        faces: int,
        texture_size: int,
        unwrap: str,
        progress: Progress,
    ) -> TexturedMesh: ...


@dataclass(frozen=True)
class GenerateTask(Task):
    """Make a textured object and stand it at ``cursor``.

    Attributes:
        prompt: what to make.
        seed: 0 to 2**31 - 1; picks one of the shapes that suit the prompt.
        alpha: shape strength in [0, 1], or None for the model's own default.
        faces: face budget, in triangles.
        texture_size: side of the square textures, in pixels.
        unwrap: "fast" or "careful".
        cursor: where the object is to stand, in metres, Blender's frame.
        size_m: the largest side in metres; 0 for that of the real thing.
    """

    prompt: str
    seed: int = 0
    alpha: float | None = None
    faces: int = 5000
    texture_size: int = 1024
    unwrap: str = "fast"
    cursor: tuple[float, float, float] = (0.0, 0.0, 0.0)
    size_m: float = 0.0

    @property
    def title(self) -> str:
        return " ".join(self.prompt.split())

    def run(self, generator: Generator, progress: Progress) -> PreparedObject:
        from .prepare import prepare

        mesh = generator.generate(
            self.prompt,
            seed=self.seed,
            alpha=self.alpha,
            faces=self.faces,
            texture_size=self.texture_size,
            unwrap=self.unwrap,
            progress=progress,
        )
        return prepare(mesh, self.size_m or None)

    def object_of(self, result: Any) -> PreparedObject:
        """The object in what ``run`` returned."""
        prepared: PreparedObject = result
        return prepared

    def complete(self, obj: Any, result: Any) -> None:
        """Give ``obj``, which has the mesh, the material and the properties of ``object_of``, what it needs besides:
        main thread, Object Mode."""

    def summary(self, obj: Any, job: Job, result: Any) -> str:
        """One line for the panel about the object that was made."""
        return made(obj.name, len(self.object_of(result).faces), job)

    def place(self, context: Any, job: Job, result: Any) -> Placed:
        from .insert import insert_object

        obj = insert_object(context, self.object_of(result), self.cursor)
        self.complete(obj, result)
        return Placed((obj.name,), self.summary(obj, job, result))


def made(name: str, faces: int, job: Job) -> str:
    """What the panel says of a new object."""
    text = tr("“{name}”: {faces:,} faces in {seconds:.1f}\N{NO-BREAK SPACE}s")
    return text.format(name=name, faces=faces, seconds=job.seconds)
