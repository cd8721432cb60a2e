"""Tasks for an artist's own mesh: new colours for it as it is, or a new object after it. No bpy at the top.

The artist's mesh never changes. The colours come as a material of its own, which ``variants`` hangs onto the object and
not onto the mesh, and a new UV layer is added where there is none that can carry them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .generate import made
from .later import np
from .tasks import BlockRef, Placed, PlaceError, Task
from .translations import tr

if TYPE_CHECKING:
    from latte3d_core import Latte3D
    from latte3d_core.mesh.types import TexturedMesh
    from latte3d_core.progress import Progress

    from .artist_mesh import MeshCopy
    from .jobs import Job
    from .prepare import PreparedObject

#: Share of its own width that a new object stands away from the mesh that it was made after.
GAP = 0.2


@dataclass(frozen=True, eq=False)
class Styled:
    """A texture for a mesh, ready for Blender; a ``prepare.Look``.

    Attributes:
        color: average colour of the surface, linear RGB. base_png: PNG file, sRGB. normal_png: None.
        layer: name of the mesh's own UV layer that the texture belongs to, or "" for a new one.
        loop_uvs: (loops, 2) float32, the new layer, or None.
        properties: custom properties of the material, by name.
        warnings: sentences that the artist should see. seconds: wall time by stage name.
    """

    color: tuple[float, float, float]
    base_png: bytes
    normal_png: bytes | None
    layer: str
    loop_uvs: np.ndarray | None
    properties: Mapping[str, str | int | float | bool]
    warnings: tuple[str, ...]
    seconds: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Reshaped:
    """A new object after a mesh.

    Attributes:
        prepared: the object, its origin in the middle of its base.
        base: where that is, Blender's axes, from the origin of the artist's object in its own upright frame.
        warnings, seconds: see ``tasks.Result``.
    """

    prepared: PreparedObject
    base: tuple[float, float, float]
    warnings: tuple[str, ...]
    seconds: Mapping[str, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class MeshTask(Task):
    """What both tasks are given.

    Attributes:
        prompt: what the mesh is to look like. seed: 0 to 2**31 - 1.
        keep_colours: show the generator the present colours, so that what the prompt does not change stays.
        texture_size: side of the square texture, in pixels.
        target: the object. mesh: a copy of its mesh.
    """

    prompt: str
    seed: int = 0
    keep_colours: bool = False
    texture_size: int = 1024
    target: BlockRef
    mesh: MeshCopy = field(repr=False)

    @property
    def title(self) -> str:
        return f"{self.target.name}: {' '.join(self.prompt.split())}"


@dataclass(frozen=True, kw_only=True, eq=False)
class StylizeTask(MeshTask):
    """Paint the mesh, and hang the result onto the object as a style.

    Attributes:
        uv: "auto" for the object's own UV layer if it can carry one texture, else a new one; "keep" for its own
            whatever it is, or an error; "new" for a new one.
        refined: whether ``mesh`` is the refined look of ``target``.
    """

    uv: str = "auto"
    refined: bool = False

    def run(self, generator: Latte3D, progress: Progress) -> Styled:
        from latte3d_core.errors import SettingError
        from latte3d_core.restyle import restyle

        from .artist_mesh import for_core, recoloured
        from .png import encode_png
        from .prepare import average_color, custom_properties
        from .uv_choice import choose

        choice = choose(self.mesh, self.uv, self.texture_size, progress)
        mesh, painted = for_core(self.mesh, choice.uvs, choice.painted, on_base=not choice.layer)
        styled = restyle(
            generator, recoloured(mesh, self.prompt), self.prompt, self.seed, self.texture_size, self.keep_colours,
            None if painted.all() else 1, progress,
        )  # fmt: skip
        if styled.new_uvs:
            raise SettingError("No UV map can be made for this mesh: unwrap it, then choose Keep for the UV Map.")
        color = average_color(mesh.vertices, mesh.triangles[painted], styled.uvs[painted], styled.base_color)
        loop_uvs = None
        if not choice.layer:
            loop_uvs = np.zeros((self.mesh.loops, 2), np.float32)
            loop_uvs[self.mesh.loop.ravel()] = choice.uvs.reshape(-1, 2)
        return Styled(
            color=color,
            base_png=encode_png(styled.base_color),
            normal_png=None,
            layer=choice.layer,
            loop_uvs=loop_uvs,
            properties=custom_properties(styled.provenance),
            warnings=(*self.mesh.notes, *choice.warnings, *styled.warnings),
            seconds=styled.seconds,
        )

    def place(self, context: Any, job: Job, result: Styled) -> Placed:
        from .blocks import require
        from .mesh_copy import topology
        from .refined import is_refined
        from .variants import add_style

        obj = require(self.target)
        if is_refined(obj) != self.refined:
            message = tr("“{name}” shows its other look meanwhile, before or after refining: stylize it anew.")
            raise PlaceError(message.format(name=obj.name))
        if result.loop_uvs is None:
            if obj.data.uv_layers.get(result.layer) is None:
                message = tr("The UV map “{layer}” of “{name}” is gone, and the colours with it: stylize it anew.")
                raise PlaceError(message.format(layer=result.layer, name=obj.name))
        elif topology(obj.data) != self.mesh.topology:
            message = tr("The faces of “{name}” have changed meanwhile: stylize it anew.")
            raise PlaceError(message.format(name=obj.name))
        style = add_style(obj, self.prompt, result)
        text = tr("“{name}” wears “{style}”, made in {seconds:.1f}\N{NO-BREAK SPACE}s")
        return Placed((obj.name,), text.format(name=obj.name, style=style, seconds=job.seconds))


@dataclass(frozen=True, kw_only=True, eq=False)
class ReshapeTask(MeshTask):
    """Make a new object after the mesh and stand it beside it.

    Attributes:
        alpha: shape strength in [0, 1]: 1 keeps close to the mesh, at 0 the prompt alone decides.
        faces: face budget, in triangles. unwrap: "fast" or "careful".
        turn: by how much the object is turned about the vertical axis, in radians.
    """

    alpha: float = 0.5
    faces: int = 5000
    unwrap: str = "fast"
    turn: float = 0.0

    def run(self, generator: Latte3D, progress: Progress) -> Reshaped:
        from latte3d_core.restyle import reshape

        from .artist_mesh import for_core, recoloured
        from .prepare import prepare

        mesh, _ = for_core(self.mesh)
        made = reshape(
            generator, recoloured(mesh, self.prompt), self.prompt, self.seed, self.alpha, self.faces,
            self.texture_size, self.unwrap, self.keep_colours, progress,
        )  # fmt: skip
        prepared = prepare(made)
        return Reshaped(prepared, base_of(made), prepared.warnings, prepared.seconds)

    def place(self, context: Any, job: Job, result: Reshaped) -> Placed:
        from .beside import stand_beside
        from .blocks import require

        obj = stand_beside(context, require(self.target), result.prepared, result.base, self.turn, GAP)
        return Placed((obj.name,), made(obj.name, len(result.prepared.faces), job))


def base_of(mesh: TexturedMesh) -> tuple[float, float, float]:
    """Middle of the base of the bounding box of a mesh in the core's axes, in Blender's axes."""
    low, high = mesh.vertices.min(axis=0).astype(float), mesh.vertices.max(axis=0).astype(float)
    x, _, z = (low + high) / 2
    return float(x), float(-z), float(low[1])
