"""Tasks for an artist's own mesh: new colours for it as it is, or a new object after it. No bpy at the top.

The artist's mesh never changes. The colours come as a material of its own, which ``variants`` hangs onto the object and
not onto the mesh, and a new UV layer is added where there is none that can carry them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .generate import made
from .later import np
from .tasks import BlockRef, Placed, PlaceError, Task
from .translations import tr

if TYPE_CHECKING:
    from latte3d_core import Latte3D
    from latte3d_core.mesh.types import TexturedMesh
    from latte3d_core.progress import Progress

    from .jobs import Job
    from .mesh_arrays import MeshCopy
    from .prepare import PreparedObject

#: Stages of painting a mesh, with the share of the time that each takes on two CPU cores.
STAGES = {"mesh": 0.35, "text": 0.05, "network": 0.2, "unwrap": 0.1, "bake": 0.3}

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
        source: the look that has these colours, see ``variants.key_of``.
        texture_size: side of the square texture, in pixels.
        target: the object. mesh: a copy of its mesh.
    """

    prompt: str
    seed: int = 0
    keep_colours: bool = False
    source: str = ""
    texture_size: int = 1024
    target: BlockRef
    mesh: MeshCopy = field(repr=False)

    @property
    def title(self) -> str:
        return f"{self.target.name}: {' '.join(self.prompt.split())}"

    @property
    def repeatable(self) -> bool:
        return len(self.mesh.shown.start) > 0

    def kept(self) -> MeshTask:
        from .mesh_arrays import nothing

        return replace(self, mesh=nothing())


@dataclass(frozen=True, kw_only=True, eq=False)
class StylizeTask(MeshTask):
    """Paint the mesh, and hang the result onto the object as a style.

    Attributes:
        uv: "auto" for the object's own UV layer if it can carry one texture, else a new one; "keep" for its own
            whatever it is, or an error; "new" for a new one.
        asked: what the artist chose for ``uv``, where that is what came of the choice before; "" for ``uv`` itself.
        refined: whether ``mesh`` is the refined look of ``target``.
    """

    uv: str = "auto"
    asked: str = ""
    refined: bool = False

    def run(self, generator: Latte3D, progress: Progress) -> Styled:
        from latte3d_core.errors import SettingError
        from latte3d_core.restyle import restyle

        from .artist_mesh import for_core, recoloured
        from .png import encode_png
        from .prepare import average_color, custom_properties
        from .uv_choice import choose

        progress.plan(STAGES)
        with progress.stage("mesh"):
            source = self.mesh.triangulated()
            choice = choose(source, self.mesh.layers, self.mesh.locked, self.uv, self.texture_size, progress)
        mesh, painted = for_core(source, choice.uvs, choice.painted, on_base=not choice.layer)
        styled = restyle(
            generator, recoloured(mesh, self.prompt), self.prompt, self.seed, self.texture_size, self.keep_colours,
            None if painted.all() else 1, progress,
        )  # fmt: skip
        if styled.new_uvs:
            raise SettingError("No UV map can be made for this mesh: unwrap it, then choose Keep for the UV Map.")
        color = average_color(mesh.vertices, mesh.triangles[painted], styled.uvs[painted], styled.base_color)
        loop_uvs = None
        if not choice.layer:
            loop_uvs = np.zeros((len(self.mesh.base.corner_vertex), 2), np.float32)
            loop_uvs[source.loop.ravel()] = choice.uvs.reshape(-1, 2)
        return Styled(
            color=color,
            base_png=encode_png(styled.base_color),
            normal_png=None,
            layer=choice.layer,
            loop_uvs=loop_uvs,
            properties=custom_properties(
                {**styled.provenance, "uv": self.asked or self.uv, "layer": choice.layer, "from": self.source}
            ),
            warnings=(*self.mesh.notes, *choice.warnings, *styled.warnings),
            seconds=styled.seconds,
        )

    def place(self, context: Any, job: Job, result: Styled) -> Placed:
        obj = self.fitting(result)
        style = self.hang(obj, result)
        text = tr("“{name}” wears “{style}”, made in {seconds:.1f}\N{NO-BREAK SPACE}s")
        return Placed((obj.name,), text.format(name=obj.name, style=style, seconds=job.seconds))

    def hang(self, obj: Any, result: Styled) -> str:
        """Make the result a style of the object, and show it. Returns the style's name."""
        from .variants import add_style

        return add_style(obj, self.prompt, result)

    def fitting(self, result: Styled) -> Any:
        """The object.

        Raises:
            PlaceError: the result does not fit it any more.
        """
        from .blocks import require
        from .mesh_copy import faces
        from .refined import is_refined

        obj = require(self.target)
        if is_refined(obj) != self.refined:
            message = tr("“{name}” shows its other look meanwhile, before or after refining: stylize it anew.")
            raise PlaceError(message.format(name=obj.name))
        if result.loop_uvs is None:
            if obj.data.uv_layers.get(result.layer) is None:
                message = tr("The UV map “{layer}” of “{name}” is gone, and the colours with it: stylize it anew.")
                raise PlaceError(message.format(layer=result.layer, name=obj.name))
        elif not self.mesh.base.same_faces(faces(obj.data)):
            message = tr("The faces of “{name}” have changed meanwhile: stylize it anew.")
            raise PlaceError(message.format(name=obj.name))
        return obj


@dataclass(frozen=True, kw_only=True, eq=False)
class RenewTask(StylizeTask):
    """Paint a style of the object anew, in its place in the list.

    Attributes:
        style: the style, see ``variants.key_of``.
    """

    style: str

    @property
    def kind(self) -> type:
        return StylizeTask

    def hang(self, obj: Any, result: Styled) -> str:
        from .variants import find, renew_style

        index = find(obj, self.style)
        if index is None:
            message = tr("The style “{style}” of “{name}” is gone meanwhile: stylize the object anew.")
            raise PlaceError(message.format(style=" ".join(self.prompt.split()), name=obj.name))
        return renew_style(obj, index, result)


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

        mesh, _ = for_core(self.mesh.triangulated())
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
        self.complete(obj, result)
        return Placed((obj.name,), self.summary(obj, job, result))

    def object_of(self, result: Reshaped) -> PreparedObject:
        """See ``GenerateTask.object_of``."""
        return result.prepared

    def complete(self, obj: Any, result: Reshaped) -> None:
        """See ``GenerateTask.complete``: the object says what it was made after, which may have another name by now."""
        from .blocks import find

        original = find(self.target.kind, self.target.name, self.target.uid)
        obj["latte3d_original"] = self.target.name if original is None else original.name
        obj["latte3d_from"] = self.source

    def summary(self, obj: Any, job: Job, result: Reshaped) -> str:
        """See ``GenerateTask.summary``."""
        return made(obj.name, len(result.prepared.faces), job)


def base_of(mesh: TexturedMesh) -> tuple[float, float, float]:
    """Middle of the base of the bounding box of a mesh in the core's axes, in Blender's axes."""
    low, high = mesh.vertices.min(axis=0).astype(float), mesh.vertices.max(axis=0).astype(float)
    x, _, z = (low + high) / 2
    return float(x), float(-z), float(low[1])
