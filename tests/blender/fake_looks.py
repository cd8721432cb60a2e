"""Stand-ins for what is made of fields: quick looks, blends, morphs, refinements. They answer in milliseconds.

The fields themselves are a small record; the words of the prompt are the remote control, as in ``fake_core``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import fake_core
import numpy as np

from latte3d_core.errors import PromptError
from latte3d_core.mesh.types import TexturedMesh
from latte3d_core.progress import Progress

if TYPE_CHECKING:
    import pytest

DIGEST = "ab" * 32


@dataclass(frozen=True)
class Fields:
    """What was asked for; ``template`` goes round with the seed, so that far seeds show nothing new."""

    prompt: str
    seed: int = 0
    alpha: float | None = None
    template: int | None = 0

    @property
    def width(self) -> float:
        """Of the ball along X, core units."""
        return 0.5 + 0.1 * self.seed


@dataclass(frozen=True)
class Blended:
    start: Fields
    end: Fields
    t: float

    @property
    def prompt(self) -> str:
        return f"{self.start.prompt} to {self.end.prompt}"

    seed = 0
    alpha = 1.0
    width = 1.0


class Latte3D(fake_core.Latte3D):
    """The generator. ``shapes``: how many templates its seeds choose from."""

    shapes = 5
    provenance: Mapping[str, Any] = {"model_sha256": DIGEST}
    text = SimpleNamespace(config=None)
    device = "cpu"

    def fields(  # type: ignore[override] # the other one is for artists' own shapes
        self, prompt: str, seed: int = 0, alpha: float | None = None, progress: Progress | None = None
    ) -> Fields:
        progress = progress or Progress()
        if prompt.startswith("FAIL"):
            raise PromptError("This prompt cannot be read: use other words.")
        with progress.stage("text"):
            deadline = time.monotonic() + (20.0 if prompt.startswith("SLOW") else 0.0)
            while time.monotonic() < deadline:
                progress.check(0.5)
                time.sleep(0.01)
        return Fields(prompt, seed, alpha, seed % (1 if prompt.startswith("ONE") else self.shapes))

    def finish(
        self, fields: Any, faces: int, texture_size: int, unwrap: str, progress: Progress | None = None
    ) -> TexturedMesh:
        more = {"blend": fields.t, **ends(fields.start, fields.end)} if isinstance(fields, Blended) else {}
        return fake_core.textured_ball(
            fields.prompt, fields.prompt, min(texture_size, 64), seed=fields.seed, alpha=fields.alpha,
            faces=faces, unwrap=unwrap, model_sha256=DIGEST, **more,
        )  # fmt: skip


def ends(start: Fields, end: Fields) -> dict[str, Any]:
    """What a blend says of its two ends."""
    return {
        name: {"prompt": side.prompt, "seed": side.seed, "alpha": side.alpha}
        for name, side in (("start", start), ("end", end))
    }


def load(task: object) -> Latte3D:
    """What a back end takes for ``load``."""
    return Latte3D()


def preview(model: Any, fields: Any, faces: int = 2000, progress: Progress | None = None) -> Any:
    vertices, triangles, _, _ = fake_core.ball(rings=8, segments=12)
    vertices = vertices - vertices.mean(axis=0)
    vertices[:, 0] *= fields.width / np.ptp(vertices[:, 0])
    shown = vertices * 2.0  # the ball is 0.8 tall, and so its largest side is along Y or X
    colors = np.full_like(shown, 0.25)
    colors[:, 0] = 0.75
    return SimpleNamespace(
        vertices=shown.astype(np.float32), faces=triangles, colors=colors.astype(np.float32), size_m=2.0,
        warnings=(), seconds={}, fields=fields,
    )  # fmt: skip


def thumbnail(mesh: Any, size: int = 128) -> np.ndarray:
    picture = np.zeros((size, size, 4), np.uint8)
    picture[: size // 2] = (255, 0, 0, 255)  # the upper half
    return picture


def blend(model: Any, start: Fields, end: Fields, t: float, progress: Progress | None = None) -> Blended:
    return Blended(start, end, t)


def blended(
    model: Latte3D, prompt: str, prompt_b: str, t: float, seed: int, alpha: float | None, progress: Progress
) -> Blended:
    return Blended(*(model.fields(side, seed, alpha, progress) for side in (prompt, prompt_b)), t)


def morph_targets(
    model: Latte3D, start: Fields, end: Fields, steps: int, faces: int, texture_size: int, progress: Progress
) -> Any:
    """A ball that grows taller towards the end, from 1 m to 2 m."""
    name = f"{start.prompt} to {end.prompt}"
    basis = fake_core.textured_ball(
        name, name, 64, seed=start.seed, alpha=start.alpha, faces=faces, steps=steps, **ends(start, end)
    )
    t = np.linspace(0, 1, steps)
    shapes = np.stack([basis.vertices * [1, 1 + share, 1] for share in t]).astype(np.float32)
    green = np.zeros((64, 64, 3), np.uint8)
    green[..., 1] = 200
    return SimpleNamespace(basis=basis, t=t, shapes=shapes, end_color=green, sizes_m=1 + t)


@dataclass
class Refining:
    """What the stand-in for the refinement was asked, and how well it is to do."""

    better: bool = True
    asked: tuple[Any, ...] = ()
    times: int = 0

    def __call__(self, fields: Fields, guidance: Any, settings: Any, progress: Progress) -> tuple[Fields, Any]:
        self.asked = (fields, settings)
        self.times += 1
        deadline = time.monotonic() + (20.0 if "slowly" in fields.prompt else 0.0)
        guidance(None, [fields.prompt], 0.0, [])
        while time.monotonic() < deadline:
            guidance(None, [fields.prompt], 0.0, [])
            time.sleep(0.01)
        first, last = SimpleNamespace(step=0, error=0.4), SimpleNamespace(step=50, error=0.3)
        return fields, SimpleNamespace(best=last if self.better else first, history=(first, last))


def no_guidance(seen: Any, prompts: Sequence[str], progress: float, generators: Sequence[Any]) -> None:
    """A prior without an opinion."""


def install(monkeypatch: pytest.MonkeyPatch) -> Refining:
    """Put the stand-ins where the tasks look for the core's functions."""
    refining = Refining()
    monkeypatch.setattr("latte3d_core.preview.preview", preview)
    monkeypatch.setattr("latte3d_core.preview.thumbnail", thumbnail)
    monkeypatch.setattr("latte3d_core.blend.blend", blend)
    monkeypatch.setattr("latte3d_core.blend.blended", blended)
    monkeypatch.setattr("latte3d_core.blend.morph_targets", morph_targets)
    monkeypatch.setattr("latte3d_core.train.refine.refine_fields", refining)
    return refining
