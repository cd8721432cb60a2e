"""Stage 1 (paper, section 3.2): both networks, volume rendering, distillation from a prior that sees four views, and
masks that tie each prompt to its paired shape.

    loss = (1 - alpha) · distillation + alpha · mask_weight · mean((opacity - mask)²)

Alpha is drawn for every sample and is a condition of the networks: one model answers for all of its values (paper,
equation 3 and "amortised alpha"). The points of the paired shape give way to the dummy sphere over the run (point-cloud
annealing); the masks stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from latte3d_core.config import ModelConfig
from latte3d_core.data.prepare import Prepared
from latte3d_core.data.samples import AssetOrder, draw_caption
from latte3d_core.errors import SettingError
from latte3d_core.model.latte import Conditions, LatteNet, Planes
from latte3d_core.model.points import dummy_cloud
from latte3d_core.model.text import CaptionCache, TextEncoder
from latte3d_core.prior.views import PreparedSets
from latte3d_core.render.preview import Camera
from latte3d_core.render.volume import box_span, render_rays
from latte3d_core.train.guidance import Guidance, Rendered, distillation_loss
from latte3d_core.train.image_loss import SHARPNESS, STEPS
from latte3d_core.train.state import load_weights
from latte3d_core.train.trainer import Trainer, run_info

#: Over what pictures are rendered: what the prior was trained on.
_GREY = 0.5


@dataclass(frozen=True)
class Stage1Settings:
    """How stage 1 trains.

    Attributes:
        steps, batch: length of the run and prompts per step, each seen in four views.
        learning_rate, warmup, weight_decay, ema, save_every: as in stage 0.
        alpha: of every sample; None: drawn from U(0, 1).
        mask_weight: multiplies the mask loss, to put it on one scale with distillation. The log has both gradients'
            norms by the opacity picture (``distil_norm``, ``mask_norm``): with the right weight they are alike.
        anneal_from, anneal_to: shares of the run between which the share of samples that see the dummy sphere rises
            from 0 to ``dummy_end``.
        ray_steps: points along a ray.
    """

    steps: int = 2000
    batch: int = 2
    learning_rate: float = 2e-4
    warmup: int = 20
    weight_decay: float = 0.0
    ema: float = 0.99
    alpha: float | None = None
    mask_weight: float = 1.0
    anneal_from: float = 0.2
    anneal_to: float = 0.8
    dummy_end: float = 0.9
    ray_steps: int = STEPS
    save_every: int = 100
    seed: int = 0

    def dummy_share(self, progress: float) -> float:
        """Share of dummy clouds when ``progress`` of the run is done."""
        span = max(self.anneal_to - self.anneal_from, 1e-9)
        return self.dummy_end * min(1.0, max(0.0, (progress - self.anneal_from) / span))


@dataclass(frozen=True)
class Stage1Batch:
    """Conditions and prompts of B samples, the cameras (B, 4, 4) and masks (B, 4, S, S) of their paired shapes, a
    generator for noise, and the finished share of the run."""

    given: Conditions
    prompts: list[str]
    cameras: Tensor
    masks: Tensor
    generator: torch.Generator
    progress: float


class Stage1Trainer(Trainer[Stage1Batch, LatteNet]):
    """A stage-1 run in a folder: ``state.safetensors`` and ``log.jsonl``.

    Arguments:
        prepared, sets: paired shapes and their views, one each in the same order; their captions are the prompts.
        guidance: the prior; its settings are the caller's to keep over a resume.
        init: a model file of stage 0 to start from; None: random weights, for the comparison.

    Raises:
        SettingError: the two lists do not match, or alpha is out of range.
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
    ) -> None:
        if [p.asset.id for p in prepared] != [s.asset.id for s in sets]:
            raise SettingError("The views are not those of the paired shapes; make them with prepare_view_sets.")
        if settings.alpha is not None and not 0 <= settings.alpha <= 1:
            raise SettingError(f"alpha must lie between 0 and 1, not {settings.alpha}.")
        self.config, self.guidance = config, guidance
        self.prepared = list(prepared)
        self.shapes = [p.load() for p in prepared]
        self.sets = [s.load() for s in sets]
        torch.manual_seed(settings.seed)
        self.net = LatteNet(config)
        info = run_info(config, settings, (s.cache for s in sets))
        if init is not None:
            info["init"], _ = load_weights(Path(init), self.net)
        self.net.to(device)
        self.captions = CaptionCache(TextEncoder(config.text))
        self._order = AssetOrder(len(self.shapes), settings.seed)
        self._dummy = dummy_cloud(config.point.points).numpy()
        super().__init__(self.net, folder, settings, info, device, trained=lambda name: not name.startswith("sketch."))

    def batch(self) -> Stage1Batch:
        """The coming step's samples; everything random from (seed, position)."""
        s, progress = self.settings, self.step / max(1, self.settings.steps - 1)
        count = self.config.point.points
        prompts, points, alphas, cameras, masks = [], [], [], [], []
        for position in range(self.step * s.batch, (self.step + 1) * s.batch):
            rng = np.random.default_rng([s.seed, 10, position])
            index = self._order.at(position)
            prompts.append(draw_caption(self.prepared[index].asset.captions, rng))
            alphas.append(float(rng.random()) if s.alpha is None else s.alpha)
            surface = self.shapes[index].points
            chosen = rng.choice(len(surface), count, replace=len(surface) < count)
            dummy = rng.random() < s.dummy_share(progress)
            points.append(self._dummy if dummy else surface[chosen].astype(np.float32))
            sets = self.sets[index]
            one = int(rng.integers(len(sets.cameras)))
            cameras.append(sets.cameras[one])
            masks.append(sets.cover[one].astype(np.float32) / 255)
        tokens, mask, sentence = self.captions(prompts)
        cloud = torch.from_numpy(np.stack(points))
        given = Conditions(
            tokens, mask, sentence, cloud, torch.zeros_like(cloud), torch.zeros(s.batch), torch.tensor(alphas)
        )
        generator = torch.Generator().manual_seed(int(np.random.default_rng([s.seed, 11, self.step]).integers(2**62)))
        to = lambda arrays: torch.from_numpy(np.stack(arrays)).to(self.device)  # noqa: E731
        return Stage1Batch(given.to(self.device), prompts, to(cameras), to(masks), generator, progress)

    def losses(self, batch: Stage1Batch) -> dict[str, Tensor]:
        s, alpha = self.settings, batch.given.alpha
        planes = self.net(batch.given)
        with torch.autocast(self.device.type, enabled=False):
            along = torch.Generator(self.device).manual_seed(batch.generator.initial_seed())
            seen = render_views(self.net, planes, batch.cameras, batch.masks.shape[-1], s.ray_steps, along)
            advice = self.guidance(seen, batch.prompts, batch.progress, batch.generator)
            # Each sample's gradient is scaled by its own alpha, so it is scaled where it is made.
            weight = (1 - alpha).reshape(-1, 1, 1, 1, 1)
            distil = distillation_loss(seen, type(advice)(advice.gradient * weight, advice.log)) / s.batch
            error = (seen.opacity - batch.masks).square().flatten(1).mean(1)
            loss = distil + s.mask_weight * (alpha * error).mean()
            by_opacity = 2 * advice.gradient[:, :, 3].flatten(1)
            of_mask = s.mask_weight * 2 * (seen.opacity - batch.masks).detach().flatten(1) / batch.masks[0].numel()
        return {
            "loss": loss,
            "mask": error.mean(),
            "distil_norm": by_opacity.norm(dim=1).mean(),
            "mask_norm": of_mask.norm(dim=1).mean(),
            **{name: torch.tensor(value) for name, value in advice.log.items()},
        }


def render_views(
    net: LatteNet, planes: Planes, cameras: Tensor, size: int, steps: int, generator: torch.Generator | None = None
) -> Rendered:
    """Volume-render B objects from cameras (B, V, 4), pictures ``size`` pixels wide, over mid-grey; ``steps`` and
    ``generator`` as in ``render_rays``."""
    device = planes.geometry.device
    rays = torch.from_numpy(
        np.stack([[Camera(*map(float, c)).rays(size) for c in group] for group in cameras.cpu().numpy()])
    ).to(device)
    views = rays.shape[1]
    origins, directions = rays.reshape(len(rays), -1, 6).split(3, -1)
    found = render_rays(
        lambda points: net.sdf(planes, points),
        lambda points: net.color(planes, points),
        origins,
        directions,
        *box_span(origins, directions),
        steps,
        SHARPNESS,
        torch.full((1, 1, 3), _GREY, device=device),
        generator,
    )
    grid = (len(rays), views, size, size)
    rgb = found.rgb.reshape(*grid, 3).permute(0, 1, 4, 2, 3)
    return Rendered(rgb, found.opacity.reshape(grid), found.depth.reshape(grid), cameras)
