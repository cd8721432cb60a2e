"""``Latte3D``: a prompt in, a textured mesh out. The order of the calls in ``generate`` is the order of the method."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from latte3d_core._version import __version__
from latte3d_core.checkpoint import Checkpoint, load_checkpoint
from latte3d_core.data.colours import main_colours
from latte3d_core.data.materials import named_pattern, subject
from latte3d_core.data.wording import named_proportion
from latte3d_core.devices import choose_device
from latte3d_core.errors import SettingError, SurfaceError
from latte3d_core.field.grid import blurred, sdf_grid
from latte3d_core.mesh.bake import bake
from latte3d_core.mesh.clean import drop_small_components, smooth
from latte3d_core.mesh.isosurface import extract
from latte3d_core.mesh.simplify import simplify
from latte3d_core.mesh.types import Mesh, TexturedMesh
from latte3d_core.mesh.unwrap import unwrap as unwrap_mesh
from latte3d_core.model.latte import Conditions, LatteNet, Planes
from latte3d_core.model.paint import paint
from latte3d_core.model.points import dummy_cloud
from latte3d_core.model.spelling import corrected
from latte3d_core.model.templates import OWN_CAPTION
from latte3d_core.model.text import TextEncoder, clean_prompt
from latte3d_core.progress import Progress
from latte3d_core.sizes import real_size

if TYPE_CHECKING:
    from latte3d_core.blend import Ends

#: Shape strength when none is asked for.
DEFAULT_ALPHA = 1.0
#: Points of the grid on which the surface is found.
GRID_SIDE = 129
#: Passes of the filter that takes the ripple out of the distances.
_BLUR = 2
#: Points of the grid of a quick look, whose cells are as thick as a chair's leg: the filter would eat it, and this
#: much, core units, has to be added to it.
QUICK_SIDE = 65
_QUICK_SKIN = 0.006
#: Taken off the surface, core units. Training thickens every surface by 0.014, so that sheets are solid; they do not
#: need a third of that, and without it held-out shapes come nearer to their originals (IoU 0.89 instead of 0.87).
SKIN = 0.004
#: The same for words alone, where the network hedges between the bodies that they may mean and is fatter than any.
WORDS_SKIN = 0.009
#: Nothing in the colour field is finer than this, core units: two thirds of a cell of its finest volume.
FIELD_DETAIL = 0.02
#: Points asked at once: their features just fit into a core's cache.
_CHUNK = 16384
_UNWRAPS = ("fast", "careful")


class Implicit(Protocol):
    """An object as functions of a point: all that ``Latte3D.surface`` and ``Latte3D.finish`` ask of one prompt's
    ``Fields`` or of a blend of two (``blend.py``)."""

    @property
    def name(self) -> str:
        """A short name for the object."""

    @property
    def size_m(self) -> float:
        """Largest dimension of the real thing in metres."""

    @property
    def provenance(self) -> dict[str, Any]:
        """What was asked for, as plain JSON values."""

    def sdf(self, points: np.ndarray) -> np.ndarray:
        """Signed distance (N,) float32, negative inside, at points (N, 3) in the core frame."""

    def color(self, points: np.ndarray) -> np.ndarray:
        """sRGB (N, 3) float32 in [0, 1] at points (N, 3) in the core frame."""

    def sdf_grid(self, side: int = GRID_SIDE) -> np.ndarray:
        """Signed distances (side,)*3 float32, index order [x, y, z], at ``np.linspace(-1, 1, side)`` along each
        axis."""


@dataclass(frozen=True)
class Fields:
    """The generated object as functions of a point, for those who want more than a mesh.

    Attributes:
        prompt, seed, alpha: what was asked for, cleaned.
        planes: what the networks put out; net: the networks whose heads read it.
        template: index of the template whose points were shown, or None.
        category: the template's category, or "".
        points, colors: (N, 3) points that the networks were shown, core frame, and their sRGB colours (N, 3) in
            [0, 1]; None where there were none.
    """

    prompt: str
    seed: int
    alpha: float
    net: LatteNet
    planes: Planes
    template: int | None
    category: str
    points: np.ndarray | None
    colors: np.ndarray | None

    @property
    def name(self) -> str:
        """A short object name, from the prompt."""
        return _object_name(self.prompt)

    @property
    def size_m(self) -> float:
        """Largest dimension in metres of what the prompt describes."""
        return real_size(self.prompt, self.category)

    @property
    def provenance(self) -> dict[str, Any]:
        """What was asked for; ``shape`` tells shapes of the caller's own apart."""
        asked = {"prompt": self.prompt, "seed": self.seed, "alpha": self.alpha,
                 "template": -1 if self.template is None else self.template}  # fmt: skip
        if self.points is not None and self.template is None:
            asked |= {"shape": fingerprint(self.points), "colors_given": self.colors is not None}
        return asked

    def sdf(self, points: np.ndarray) -> np.ndarray:
        """Signed distance (N,) float32, negative inside, at points (N, 3) in the core frame."""
        return self._ask(self.net.sdf, points) + np.float32(self.skin)

    @property
    def skin(self) -> float:
        """What is added to the network's distances."""
        return SKIN if self.alpha > 0 else WORDS_SKIN

    def color(self, points: np.ndarray) -> np.ndarray:
        """sRGB (N, 3) float32 in [0, 1] at points (N, 3) in the core frame."""
        return self._ask(self.net.color, points)

    def sdf_grid(self, side: int = GRID_SIDE) -> np.ndarray:
        """Signed distances (side,)*3 float32, index order [x, y, z], at ``np.linspace(-1, 1, side)`` along each
        axis."""
        with torch.inference_mode():
            return (sdf_grid(self.net, self.planes, side) + self.skin).float().cpu().numpy()

    def _ask(self, head: Callable[[Planes, torch.Tensor], torch.Tensor], points: np.ndarray) -> np.ndarray:
        device = self.planes.geometry.device
        with torch.inference_mode():
            given = torch.from_numpy(np.ascontiguousarray(points, dtype=np.float32)).to(device)
            parts = [head(self.planes, part[None])[0] for part in given.split(_CHUNK)]
            return torch.cat(parts).float().cpu().numpy()


class Latte3D:
    """A loaded model. Safe to keep; one call at a time."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device | str = "cpu") -> None:
        self.checkpoint = checkpoint
        self.device = torch.device(device)
        self.net = checkpoint.net.to(self.device)
        self.templates = checkpoint.templates
        self.text = TextEncoder(self.net.config.text, self.device)
        #: What ``blend.blended`` was asked for last.
        self.ends: Ends | None = None

    @classmethod
    def from_pretrained(cls, path_or_name: str | Path = "small", device: str = "auto") -> Latte3D:
        """Load a model file by path, or one that ships by name.

        Raises:
            CheckpointError: missing, truncated, altered, foreign or of a newer format.
            SettingError: the device is not there. DependencyError: the text encoder is not installed.
        """
        chosen = choose_device(device)
        return cls(load_checkpoint(path_or_name, chosen), chosen)

    def fields(
        self,
        prompt: str,
        seed: int = 0,
        alpha: float | None = None,
        points: np.ndarray | None = None,
        colors: np.ndarray | None = None,
        progress: Progress | None = None,
        painting: bool = True,
    ) -> Fields:
        """One forward pass: the prompt's signed-distance and colour fields.

        Arguments:
            prompt: 1 to 2,000 characters.
            seed: 0 is the amortised answer; any other picks another of the templates that suit the prompt.
            alpha: shape strength in [0, 1]: 0 the prompt alone, 1 close to the shape shown.
            points: (N, 3) surface points of a shape to follow, core frame; default: a template's. Ignored at alpha 0.
            colors: (N, 3) sRGB in [0, 1] of ``points``, to keep what the prompt does not change; default: none are
                given.
            painting: paint a material that the prompt names on the points first (``model/paint.py``); without, the
                network has to invent it.

        Raises:
            PromptError, SettingError: what was given is out of range.
        """
        progress = progress or Progress()
        prompt = clean_prompt(prompt)
        alpha = in_range("shape strength (alpha)", DEFAULT_ALPHA if alpha is None else alpha, 0.0, 1.0)
        seed = int(in_range("seed", seed, 0, 2**31 - 1))
        with progress.stage("text"):
            read = corrected(prompt, self.checkpoint.info.get("words", []), self.text.knows)
            if read != prompt:
                progress.warn(f"Read as: {read}")
            encoded = self.text.encode([read, subject(read)])
            about = encoded[2][1].cpu().numpy()
            tokens, mask, sentence = (part[:1] for part in encoded)
        with progress.stage("network"):
            template, category, likeness = None, "", 0.0
            count = self.net.config.point.points
            if len(self.templates):
                template, likeness = self.templates.choose(sentence[0].cpu().numpy(), about, seed)
                category = self.templates.categories[template]
            own_caption = likeness > OWN_CAPTION
            tint: np.ndarray | None = None
            if alpha == 0.0 or (points is None and template is None):
                shown, alpha, template, painting = dummy_cloud(count).numpy(), 0.0, None, False
            elif points is None:
                assert template is not None
                shown, tint = self._template_points(template, read, own_caption, seed)
                painting = painting and not own_caption
            else:
                shown, tint, template = *_resampled(points, colors, count, seed), None
            if painting:
                tint = self._painted(shown, tint, (tokens, mask, sentence), alpha, read)
            planes = self._planes((tokens, mask, sentence), shown, tint, alpha)
        points = shown if alpha > 0.0 else None
        return Fields(prompt, seed, alpha, self.net, planes, template, category, points, tint)

    def _planes(
        self,
        text: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
        points: np.ndarray,
        colors: np.ndarray | None,
        alpha: float,
    ) -> Planes:
        """One forward pass: tokens, mask and sentence of a prompt, points (N, 3), their colours (N, 3) if known."""
        tokens, mask, sentence = text
        given = Conditions(
            tokens=tokens, mask=mask, sentence=sentence,
            points=torch.from_numpy(points)[None],
            colors=torch.from_numpy(np.zeros_like(points) if colors is None else colors)[None],
            has_color=torch.tensor([0.0 if colors is None else 1.0]), alpha=torch.tensor([alpha]),
        )  # fmt: skip
        with torch.inference_mode():
            return self.net(given.to(self.device))

    def _painted(
        self,
        points: np.ndarray,
        colors: np.ndarray | None,
        text: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
        alpha: float,
        prompt: str,
    ) -> np.ndarray | None:
        """Colours (N, 3) of the points: the material that the prompt names over the given colours, or over what the
        network would paint where none are given; else the given ones."""
        if named_pattern(prompt) is None:
            return colors
        if colors is None:
            planes = self._planes(text, points, None, alpha)
            with torch.inference_mode():
                invented = self.net.color(planes, torch.from_numpy(points)[None].to(self.device))[0]
            colors = invented.float().cpu().numpy()
        return paint(points, colors, prompt)

    def _template_points(
        self, template: int, prompt: str, own_caption: bool, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Points (N, 3) of a template and their colours (N, 3), changed as the prompt's words ask: other colours, other
        proportions."""
        count = self.net.config.point.points
        colours = main_colours(prompt)
        if own_caption:
            # A caption of the template's own names what it has already; one colour is made sure of, since some captions
            # call dark red red.
            return self.templates.points(template, count, seed, colours if len(colours) == 1 else ())
        shown, tint = self.templates.points(template, count, seed, colours)
        proportion = named_proportion(prompt)
        if proportion is not None:
            shown = shown * np.array(proportion.scale, dtype=np.float32)
            shown *= 0.9 / np.abs(shown).max()
        return shown, tint

    def surface(
        self, fields: Implicit, progress: Progress | None = None, side: int = GRID_SIDE
    ) -> tuple[Mesh, np.ndarray]:
        """The undecimated surface of the fields, closed and manifold, and the distances (side,)*3 that it was found in.

        Arguments:
            side: points of the grid along each axis: ``GRID_SIDE``, or ``QUICK_SIDE`` for a quick look.

        Raises:
            SurfaceError: the field holds values that are not numbers, or no surface at all.
        """
        progress = progress or Progress()
        with progress.stage("field"):
            grid = fields.sdf_grid(side)
            if quick := side <= QUICK_SIDE:
                grid = grid - np.float32(_QUICK_SKIN)
            else:
                grid = blurred(torch.from_numpy(grid), _BLUR).numpy()
            grid = _with_surface(grid, progress)
        with progress.stage("surface"):
            mesh = drop_small_components(extract(grid))
            return mesh if quick else smooth(mesh, passes=2), grid

    def generate(
        self,
        prompt: str,
        seed: int = 0,
        alpha: float | None = None,
        faces: int = 5000,
        texture_size: int = 1024,
        unwrap: str = "fast",
        progress: Progress | None = None,
        points: np.ndarray | None = None,
        colors: np.ndarray | None = None,
    ) -> TexturedMesh:
        """From a prompt to a closed, unwrapped, textured mesh.

        Arguments:
            prompt, seed, alpha, points, colors: see ``fields``; ``surface_points`` reads points from a file.
            faces: at most this many triangles, 100 to 200,000.
            texture_size: side of the square textures in pixels, 64 to 8,192.
            unwrap: "fast" (box charts) or "careful" (xatlas, in a child process).
            progress: where to report; its ``cancel`` stops the work at the next check.

        Raises:
            PromptError, SettingError: what was given is out of range. Cancelled: ``progress.cancel`` was called.
        """
        progress = progress or Progress()
        faces, texture_size = checked_budgets(faces, texture_size, unwrap)
        fields = self.fields(prompt, seed, alpha, points, colors, progress)
        return self.finish(fields, faces, texture_size, unwrap, progress)

    def finish(
        self,
        fields: Implicit,
        faces: int = 5000,
        texture_size: int = 1024,
        unwrap: str = "fast",
        progress: Progress | None = None,
    ) -> TexturedMesh:
        """From fields to a closed, unwrapped, textured mesh; arguments and errors as in ``generate``."""
        progress = progress or Progress()
        faces, texture_size = checked_budgets(faces, texture_size, unwrap)
        dense, grid = self.surface(fields, progress)
        with progress.stage("simplify"):
            mesh = simplify(dense, faces, progress.check)
            if len(mesh.faces) > faces:
                progress.warn(
                    f"The shape has too many holes for {faces:,} faces; the closest sound mesh has {len(mesh.faces):,}."
                )
        with progress.stage("unwrap"):
            uvs = unwrap_mesh(mesh, unwrap, texture_size, progress=progress)
        with progress.stage("bake"):
            base_color, normal_map = bake(
                mesh, uvs, texture_size, fields.color, grid, progress=progress, detail=FIELD_DETAIL
            )
        return TexturedMesh(
            vertices=mesh.vertices, faces=mesh.faces, uvs=uvs, base_color=base_color, normal_map=normal_map,
            name=fields.name,
            size_m=fields.size_m,
            provenance=fields.provenance
            | {"faces": faces, "texture_size": texture_size, "unwrap": unwrap}
            | self.provenance,
            warnings=tuple(progress.warnings),
            seconds=dict(progress.seconds),
        )  # fmt: skip

    @property
    def provenance(self) -> dict[str, Any]:
        """Which model answers, as plain JSON values."""
        return {
            "model": str(self.checkpoint.info.get("name", self.checkpoint.path.stem)),
            "model_sha256": self.checkpoint.digest, "version": __version__, "device": self.device.type,
        }  # fmt: skip


def checked_budgets(faces: Any, texture_size: Any, unwrap: str) -> tuple[int, int]:
    """Face budget and texture size as integers.

    Raises:
        SettingError: one of them is out of its range, or there is no such unwrap method.
    """
    if unwrap not in _UNWRAPS:
        raise SettingError(f"Unknown unwrap method {unwrap!r}; use fast or careful.")
    return int(in_range("face budget", faces, 100, 200_000)), int(in_range("texture size", texture_size, 64, 8192))


def surface_points(path: str | Path, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points (count, 3) float32 on the surface of a .glb, in the core frame and fitted into it, and their sRGB colours
    (count, 3) in [0, 1]: a shape for ``Latte3D.generate`` to follow.

    Raises:
        AssetError: the file cannot be read, or holds no triangles.
    """
    from latte3d_core.data.gltf import load_glb
    from latte3d_core.data.targets import sample_surface

    triangles = load_glb(Path(path))
    points, face, barycentric = sample_surface(triangles, count, np.random.default_rng(0))
    return points.astype(np.float32), triangles.colors_at(face, barycentric).astype(np.float32)


def fingerprint(*arrays: np.ndarray) -> str:
    """Sixteen hexadecimal digits that tell arrays apart: the beginning of the SHA-256 over their bytes."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def in_range(name: str, value: Any, low: float, high: float) -> float:
    """A number that the user gave, as a float.

    Raises:
        SettingError: it is none, or lies outside [low, high].
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise SettingError(f"The {name} must be a number, not {value!r}.")
    if not low <= value <= high:  # also refuses not-a-number
        raise SettingError(f"The {name} must lie between {low:,} and {high:,}, not {value:,}.")
    return float(value)


def _resampled(
    points: np.ndarray, colors: np.ndarray | None, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """``count`` of the given points, drawn anew if there are fewer."""
    points = np.asarray(points, dtype=np.float32)
    if points.ndim != 2 or points.shape[1] != 3 or not len(points) or not np.isfinite(points).all():
        raise SettingError("The points must be a non-empty array of finite x, y, z rows.")
    if colors is not None and np.shape(colors) != points.shape:
        raise SettingError("The colours must come one to a point.")
    if colors is not None and not (np.min(colors) >= 0 and np.max(colors) <= 1):  # also refuses not-a-number
        raise SettingError("The colours must lie between 0 and 1.")
    chosen = np.random.default_rng(seed).choice(len(points), count, replace=len(points) < count)
    return np.clip(points[chosen], -1, 1), None if colors is None else np.asarray(colors, dtype=np.float32)[chosen]


def _with_surface(grid: np.ndarray, progress: Progress) -> np.ndarray:
    """The grid, or for a field without a surface (all empty or all solid) the same field at the level of its innermost
    points: an odd prompt gets an odd object, and a word about it, but never nothing."""
    if not np.isfinite(grid).all():
        raise SurfaceError("The model's answer holds values that are not numbers; the model file is damaged or unfit.")
    inner = grid[2:-2, 2:-2, 2:-2]
    solid = float((inner < 0).mean())
    if 1e-5 <= solid <= 0.9:
        return grid
    progress.warn(
        "The model found no clear shape for this prompt; the nearest it had to one was made. Try other words."
    )
    return grid - np.float32(np.quantile(inner, 0.01 if solid < 0.5 else 0.2))


def _object_name(prompt: str) -> str:
    """A short object name: the prompt without its article, at most 60 characters."""
    text = re.sub(r"^(?:an?|the)\s+", "", clean_prompt(prompt), flags=re.IGNORECASE)
    return text[:60].strip() or "object"
