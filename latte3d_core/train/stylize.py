"""Stylization (paper, section 4.4): pairs of a shape and a style prompt; the shape's own points stay, its look follows
the words.

It is stage 2 on such pairs. Beside the prior stands a teacher that needs no prior: procedural materials (``data/
materials.py``) say exactly what "a chair made of marble" is to look like, on any shape. Combinations of asset and
material that ``combination_held_out`` names are never trained on and measure what was understood.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from latte3d_core.data.materials import MATERIALS, Pattern, named_pattern, painted
from latte3d_core.data.prepare import Prepared
from latte3d_core.data.prompt_sets import PromptLine
from latte3d_core.model.latte import Conditions, LatteNet
from latte3d_core.render.surface import Rasteriser
from latte3d_core.train.guidance import Guidance
from latte3d_core.train.pairs import Pair
from latte3d_core.train.stage2 import Stage2Settings, Stage2Trainer, SurfaceBatch

#: One combination in so many is held out.
_HELD_OUT = 10


@dataclass(frozen=True)
class StylizeSettings(Stage2Settings):
    """Stage 2's settings, and:

    Attributes:
        teacher_weight: of the mean absolute colour error against the procedural material, beside distillation.
        guidance_weight: of distillation; 0: the teacher alone, and no prior is asked.
        given_color: share of samples whose points carry the shape's old colours.
        places: surface points a sample at which the teacher is asked.
    """

    alpha: float | None = 1.0
    dummy_share: float = 0.0
    teacher_weight: float = 2.0
    guidance_weight: float = 1.0
    given_color: float = 0.5
    places: int = 2048


@dataclass(frozen=True)
class StyledBatch(SurfaceBatch):
    """With ``places`` (B, N, 3) on the surfaces, the teacher's ``colors`` (B, N, 3) there, and ``taught`` (B,) 1 where
    the teacher has something to say."""

    places: Tensor
    colors: Tensor
    taught: Tensor


def combination_held_out(asset: str, material: str) -> bool:
    """Whether a material on an asset is kept for testing: a fixed tenth of all combinations."""
    digest = hashlib.sha256(f"{asset}\n{material}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % _HELD_OUT == 0


class StylizeTrainer(Stage2Trainer):
    """A stylization run in a folder; arguments as ``Stage2Trainer``'s.

    Without a prompt set every sample's caption is told of a material; with one its prompts are taken as they are, and
    those that name no material the teacher leaves alone.

    Arguments:
        guidance: None: the teacher alone.
    """

    settings: StylizeSettings

    def __init__(
        self,
        prepared: Sequence[Prepared],
        guidance: Guidance | None,
        rasterise: Rasteriser,
        folder: str | Path,
        net: LatteNet,
        origin: str,
        settings: StylizeSettings,
        device: torch.device | str = "cpu",
        lines: Iterable[PromptLine] | None = None,
    ) -> None:
        if guidance is None:
            settings = dataclasses.replace(settings, guidance_weight=0.0)
        self.shapes = [p.load() for p in prepared]
        self.styled_lines = lines is not None
        super().__init__(prepared, guidance, rasterise, folder, net, origin, settings, device, lines)

    def batch(self) -> StyledBatch:
        """The coming step's samples: stage 2's, told of a material each."""
        s, pairs = self.settings, [self.pairs.draw(p, 0.0, self.settings.alpha) for p in self.positions()]
        prompts, points, colors, has_color, places, targets, taught = [], [], [], [], [], [], []
        for position, pair in zip(self.positions(), pairs, strict=True):
            rng, shape = np.random.default_rng([s.seed, 12, position]), self.shapes[pair.asset]
            prompt, pattern = self._style(pair, rng)
            prompts.append(prompt)
            taught.append(float(pattern is not None))
            chosen = rng.choice(len(shape.points), self.config.point.points, replace=True)
            points.append(shape.points[chosen].astype(np.float32))
            carries = rng.random() < s.given_color
            has_color.append(float(carries))
            colors.append(shape.point_colors[chosen] / np.float32(255) * carries)
            asked = rng.choice(len(shape.points), s.places, replace=True)
            where = shape.points[asked].astype(np.float32)
            old = shape.point_colors[asked] / np.float32(255)
            normals = shape.point_normals[asked].astype(np.float32) / 127
            places.append(where)
            targets.append(np.clip(pattern(where, normals, old), 0, 1) if pattern else old)
        tokens, mask, sentence = self.captions(prompts)
        stack = lambda arrays: torch.from_numpy(np.stack(arrays).astype(np.float32)).to(self.device)  # noqa: E731
        alpha = [p.alpha for p in pairs]
        given = Conditions(tokens, mask, sentence, *map(stack, (points, colors, has_color, alpha))).to(self.device)
        return StyledBatch(given, prompts, *self.views(pairs), stack(places), stack(targets), stack(taught))

    def _style(self, pair: Pair, rng: np.random.Generator) -> tuple[str, Pattern | None]:
        """The sample's prompt, and what the teacher says of it: a material that is not held out for its asset."""
        if self.styled_lines:
            return pair.prompt, named_pattern(pair.prompt)
        name = self.prepared[pair.asset].asset.id
        allowed = [m for m in MATERIALS if not combination_held_out(name, m)]
        look = painted(pair.prompt, rng, allowed[int(rng.integers(len(allowed)))])
        return look.caption, look.pattern

    def losses(self, batch: SurfaceBatch) -> dict[str, Tensor]:
        assert isinstance(batch, StyledBatch)
        s, planes = self.settings, self.net(batch.given)
        with torch.autocast(self.device.type, enabled=False):
            error = (self.net.color(planes, batch.places) - batch.colors).abs().mean((1, 2))
            error = (error * batch.taught).mean()
            if s.guidance_weight == 0:
                return {"loss": s.teacher_weight * error, "teacher": error}
            found = self.distil(planes, batch)
        return {**found, "loss": s.guidance_weight * found["loss"] + s.teacher_weight * error, "teacher": error}
