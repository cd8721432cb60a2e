"""Stage 1 (paper, section 3.2): both networks, volume rendering, distillation from a prior that sees four views, and
masks that tie each prompt to its paired shape.

    loss = (1 - alpha) · distillation + alpha · mask_weight · mean((opacity - mask)²) + eikonal_weight · eikonal

Alpha is drawn for every sample and is a condition of the networks: one model answers for all of its values (paper,
equation 3 and "amortised alpha"). The points of the paired shape give way to the dummy sphere over the run (point-cloud
annealing); the masks stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from latte3d_core.config import ModelConfig
from latte3d_core.data.prepare import Prepared
from latte3d_core.data.prompt_sets import PromptLine
from latte3d_core.errors import SettingError
from latte3d_core.model.latte import Conditions, LatteNet, Planes
from latte3d_core.model.text import CaptionCache, TextEncoder
from latte3d_core.prior.model import GREY
from latte3d_core.prior.views import PreparedSets
from latte3d_core.render.surface import rays_of
from latte3d_core.train.eikonal import field_eikonal
from latte3d_core.train.guidance import Guidance, Rendered, distillation_loss
from latte3d_core.train.image_loss import render_each
from latte3d_core.train.pairs import PairSource, check_alpha, conditions_of
from latte3d_core.train.state import load_weights
from latte3d_core.train.trainer import Trainer, run_info

#: Sharpness of the density (1 / beta of VolSDF) of fields that are trained already, per core unit. What is just outside
#: of a surface hides a little too, so the outline that is seen lies outside of it, by some 0.04 at a sharpness of 100
#: and 0.01 at 300. Masks then teach bodies thinner by as much, and what is thin itself vanishes.
SHARPNESS = 300.0


@dataclass(frozen=True)
class Stage1Settings:
    """How stage 1 trains.

    Attributes:
        steps, batch: length of the run and prompts per step, each seen in four views.
        learning_rate, warmup, weight_decay, ema, save_every, accumulate: as in stage 0.
        alpha: of every sample; None: drawn from U(0, 1).
        mask_weight: multiplies the mask loss, to put it on one scale with distillation. The log has both gradients'
            norms by the opacity picture (``distil_norm``, ``mask_norm``): with the right weight they are alike.
        eikonal_weight: of the term that keeps distances distances (``eikonal.py``); the paper has none.
        anneal_from, anneal_to: shares of the run between which the share of samples that see the dummy sphere rises
            from 0 to ``dummy_end``.
        proposal, ray_steps: points along a ray, of the first look and of the picture (``render_rays``).
        sharpness: of the density; from random weights a softer one, such as stage 0 has, reaches further.
    """

    steps: int = 2000
    batch: int = 2
    learning_rate: float = 2e-4
    warmup: int = 20
    weight_decay: float = 0.0
    ema: float = 0.99
    alpha: float | None = None
    mask_weight: float = 1.0
    eikonal_weight: float = 0.05
    anneal_from: float = 0.2
    anneal_to: float = 0.8
    dummy_end: float = 0.9
    proposal: int = 32
    ray_steps: int = 24
    sharpness: float = SHARPNESS
    save_every: int = 100
    accumulate: int = 1
    seed: int = 0

    def dummy_share(self, progress: float) -> float:
        """Share of dummy clouds when ``progress`` of the run is done."""
        span = max(self.anneal_to - self.anneal_from, 1e-9)
        return self.dummy_end * min(1.0, max(0.0, (progress - self.anneal_from) / span))


@dataclass(frozen=True)
class Stage1Batch:
    """Conditions and prompts of B samples, the cameras (B, 4, 4) and masks (B, 4, S, S) of their paired shapes, the
    finished share of the run, and two generators for each sample: one on the CPU for the prior, and ``along``, on the
    network's device, for the places along the rays."""

    given: Conditions
    prompts: list[str]
    cameras: Tensor
    masks: Tensor
    progress: float
    generators: list[torch.Generator]
    along: list[torch.Generator]


class Stage1Trainer(Trainer[Stage1Batch, LatteNet]):
    """A stage-1 run in a folder: ``state.safetensors`` and ``log.jsonl``.

    Arguments:
        prepared, sets: paired shapes and their views, one each in the same order.
        guidance: the prior; its settings are the caller's to keep over a resume.
        init: a model file of stage 0 to start from; None: random weights, for the comparison.
        lines: a prompt set, whose lines name the shapes they are paired with; None: the shapes' captions.

    Raises:
        SettingError: the two lists do not match, or alpha is out of range. PromptError: see ``PairSource``.
        CheckpointError: the state in the folder or the model file cannot be taken up.
    """

    settings: Stage1Settings

    def __init__(
        self,
        prepared: Sequence[Prepared],
        sets: Sequence[PreparedSets],
        guidance: Guidance,
        folder: str | Path,
        config: ModelConfig,
        settings: Stage1Settings,
        init: str | Path | None,
        device: torch.device | str = "cpu",
        lines: Iterable[PromptLine] | None = None,
    ) -> None:
        if [p.asset.id for p in prepared] != [s.asset.id for s in sets]:
            raise SettingError("The views are not those of the paired shapes; make them with prepare_view_sets.")
        check_alpha(settings.alpha)
        self.config, self.guidance = config, guidance
        self.prepared = list(prepared)
        self.sets = [s.load() for s in sets]
        torch.manual_seed(settings.seed)
        self.net = LatteNet(config)
        info = run_info(config, settings, (s.cache for s in sets))
        if init is not None:
            info["init"], _ = load_weights(Path(init), self.net)
        self.net.to(device)
        self.captions = CaptionCache(TextEncoder(config.text))
        self.pairs = PairSource(self.prepared, config.point.points, settings.seed, lines)
        super().__init__(self.net, folder, settings, info, device, trained=lambda name: not name.startswith("sketch."))

    def batch(self) -> Stage1Batch:
        """The coming step's samples; everything random from (seed, position)."""
        s, progress = self.settings, self.step / max(1, self.settings.steps - 1)
        pairs = [self.pairs.draw(p, s.dummy_share(progress), s.alpha) for p in self.positions()]
        cameras, masks, generators, along = [], [], [], []
        for pair in pairs:
            sets = self.sets[pair.asset]
            one = int(pair.rng.integers(len(sets.cameras)))
            cameras.append(sets.cameras[one])
            masks.append(sets.cover[one].astype(np.float32) / 255)
            seeds = pair.rng.integers(2**62, size=2)
            generators.append(torch.Generator().manual_seed(int(seeds[0])))
            along.append(torch.Generator(self.device).manual_seed(int(seeds[1])))
        prompts = [p.prompt for p in pairs]
        given = conditions_of(pairs, self.captions)
        to = lambda arrays: torch.from_numpy(np.stack(arrays)).to(self.device)  # noqa: E731
        return Stage1Batch(given.to(self.device), prompts, to(cameras), to(masks), progress, generators, along)

    def losses(self, batch: Stage1Batch) -> dict[str, Tensor]:
        s, alpha = self.settings, batch.given.alpha
        planes = self.net(batch.given)
        with torch.autocast(self.device.type, enabled=False):
            size = batch.masks.shape[-1]
            seen = render_views(
                self.net, planes, batch.cameras, size, s.ray_steps, batch.along, s.proposal, s.sharpness
            )
            advice = self.guidance(seen, batch.prompts, batch.progress, batch.generators)
            # Each sample's gradient is scaled by its own alpha, so it is scaled where it is made.
            weight = (1 - alpha).reshape(-1, 1, 1, 1, 1)
            distil = distillation_loss(seen, type(advice)(advice.gradient * weight, advice.log)) / len(alpha)
            error = (seen.opacity - batch.masks).square().flatten(1).mean(1)
            loss = distil + s.mask_weight * (alpha * error).mean()
            with torch.set_grad_enabled(s.eikonal_weight > 0):
                eikonal = field_eikonal(self.net, planes, batch.along)
            loss = loss + s.eikonal_weight * eikonal
            by_opacity = 2 * advice.gradient[:, :, 3].flatten(1)
            of_mask = s.mask_weight * 2 * (seen.opacity - batch.masks).detach().flatten(1) / batch.masks[0].numel()
        return {
            "loss": loss,
            "mask": error.mean(),
            "eikonal": eikonal,
            "distil_norm": by_opacity.norm(dim=1).mean(),
            "mask_norm": of_mask.norm(dim=1).mean(),
            **{name: torch.tensor(value) for name, value in advice.log.items()},
        }


def render_views(
    net: LatteNet,
    planes: Planes,
    cameras: Tensor,
    size: int,
    steps: int,
    generators: Sequence[torch.Generator] | None = None,
    proposal: int = 0,
    sharpness: float = SHARPNESS,
) -> Rendered:
    """Volume-render B objects from cameras (B, V, 4), pictures ``size`` pixels wide, over mid-grey; the rest as in
    ``render_each``."""
    device = planes.geometry.device
    rays = rays_of(cameras.flatten(0, 1), size).to(device)
    origins, directions = rays.reshape(len(cameras), -1, 6).split(3, -1)
    grey = torch.full((len(cameras), 1, 3), GREY, device=device)
    found = render_each(net, planes, origins, directions, steps, sharpness, grey, generators, proposal)
    grid = (*cameras.shape[:2], size, size)
    rgb = found.rgb.reshape(*grid, 3).permute(0, 1, 4, 2, 3)
    return Rendered(rgb, found.opacity.reshape(grid), found.depth.reshape(grid), cameras)
