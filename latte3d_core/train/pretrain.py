"""Stage 0: learn to reconstruct the asset library from points and captions.

Supervision is in the field: signed distance and colour at points in space. That is cheap enough for a CPU and, unlike
renders, sees the inside of a bowl. The paper's rendered colour and opacity can be added (``image_weight``;
``image_loss.py``).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from latte3d_core.config import ModelConfig
from latte3d_core.data.prepare import Prepared
from latte3d_core.data.samples import Sample, SampleSettings, SampleSource
from latte3d_core.data.views import PreparedViews
from latte3d_core.errors import SettingError
from latte3d_core.model.latte import Conditions, LatteNet, Planes
from latte3d_core.model.text import CaptionCache, TextEncoder
from latte3d_core.train.image_loss import RayBatch, draw_ray_batch, image_loss
from latte3d_core.train.sketch import SketchSettings, SketchSource, SketchTrainer
from latte3d_core.train.state import load_weights
from latte3d_core.train.trainer import Trainer, agreed, digest_of, run_info

log = logging.getLogger(__name__)

#: Steepness of the logit that turns a distance into inside or outside.
SIGN_SHARPNESS = 60.0


@dataclass(frozen=True)
class PretrainSettings:
    """How stage 0 trains.

    Attributes:
        steps, batch: length of the run and samples per step.
        learning_rate: peak; linear warm-up over ``warmup`` steps, then cosine to 1 % of it.
        ema: decay of the averaged weights, which are the ones that ship.
        sdf_weight, sign_weight, color_weight, image_weight: of the losses; image_weight 0 leaves rendering out.
        save_every: steps between two states on disk; picture_every: between two contact sheets (0: none).
        accumulate: micro-steps that a process takes its share of a batch in.
    """

    steps: int = 20000
    batch: int = 8
    learning_rate: float = 1e-3
    warmup: int = 50
    weight_decay: float = 0.01
    ema: float = 0.995
    sdf_weight: float = 10.0
    sign_weight: float = 0.1
    color_weight: float = 2.0
    image_weight: float = 0.0
    save_every: int = 250
    picture_every: int = 1000
    accumulate: int = 1
    seed: int = 0
    samples: SampleSettings = field(default_factory=SampleSettings)
    sketch: SketchSettings = field(default_factory=SketchSettings)


@dataclass(frozen=True)
class Batch:
    """Conditions, and what the fields should say at ``queries`` (B, Q, 3): ``sdf`` (B, Q), of which only what lies
    within ``reach`` (B, 1) matters, and ``colors`` (B, Q, 3)."""

    given: Conditions
    queries: Tensor
    sdf: Tensor
    colors: Tensor
    reach: Tensor


def collate(samples: Sequence[Sample], captions: CaptionCache, device: torch.device | str) -> Batch:
    """Samples as tensors on ``device``."""
    tokens, mask, sentence = captions([s.caption for s in samples])
    stack = lambda name: torch.from_numpy(np.stack([getattr(s, name) for s in samples]))  # noqa: E731
    number = lambda name: torch.tensor([getattr(s, name) for s in samples], dtype=torch.float32)  # noqa: E731
    given = Conditions(
        tokens=tokens, mask=mask, sentence=sentence, points=stack("points"), colors=stack("colors"),
        has_color=number("has_color"), alpha=number("alpha"),
    )  # fmt: skip
    queries, sdf, colors = (stack(name).to(device) for name in ("queries", "sdf", "query_colors"))
    return Batch(given.to(device), queries, sdf, colors, number("reach")[:, None].to(device))


def field_losses(net: LatteNet, planes: Planes, batch: Batch, settings: PretrainSettings) -> dict[str, Tensor]:
    """The three field losses of ``net(batch.given)`` and their weighted sum (key ``loss``), as scalars."""
    with torch.autocast(batch.queries.device.type, enabled=False):
        sdf = net.sdf(planes, batch.queries)
        color = net.color(planes, batch.queries)
    distance = (sdf.clamp(-batch.reach, batch.reach) - batch.sdf.clamp(-batch.reach, batch.reach)).abs().mean()
    sign = F.binary_cross_entropy_with_logits(-SIGN_SHARPNESS * sdf, (batch.sdf < 0).float())
    near = (batch.sdf.abs() < 0.06).float()
    # A mean for each sample, then their mean: so a batch may be divided and its gradients still average exactly.
    color_error = (((color - batch.colors).abs().mean(-1) * near).sum(1) / near.sum(1).clamp(min=1)).mean()
    loss = settings.sdf_weight * distance + settings.sign_weight * sign + settings.color_weight * color_error
    return {"loss": loss, "sdf": distance, "sign": sign, "color": color_error}


def neighbours_of(prepared: Sequence[Prepared], encoder: TextEncoder, count: int = 8) -> np.ndarray:
    """(A, count) indices of the assets whose first caption is most like each asset's, itself left out."""
    sentences = []
    for start in range(0, len(prepared), 64):
        sentences.append(encoder.encode([p.asset.captions[0] for p in prepared[start : start + 64]])[2])
    table = torch.cat(sentences)
    count = min(count, len(prepared) - 1)
    if count < 1:
        return np.zeros((len(prepared), 1), dtype=np.int64)
    rows = []
    for start in range(0, len(table), 256):
        scores = table[start : start + 256] @ table.T
        here = torch.arange(start, start + len(scores))
        scores[torch.arange(len(scores)), here] = -2
        rows.append(scores.topk(count, 1).indices)
    return torch.cat(rows).numpy()


class Pretrainer(Trainer[tuple[Batch, RayBatch | None], LatteNet]):
    """A stage-0 run in a folder: ``state.safetensors``, ``log.jsonl``, and the same of its sketch.

    Arguments:
        folder: made if missing; a state found there is taken up again.
        device: where the network trains. bf16 autocast is used where the processor computes in it natively.
        views: rendered views of ``prepared``, one each in the same order (``prepare_views``); read only with an
            ``image_weight`` above 0.
        init: a model file whose weights a fresh run starts from, where their names and shapes are the same.

    Raises:
        SettingError: an ``image_weight`` that is negative, or above 0 without the views.
        CheckpointError: the state in the folder cannot be taken up, or ``init`` has nothing to give.
    """

    settings: PretrainSettings

    def __init__(
        self,
        prepared: Sequence[Prepared],
        folder: str | Path,
        config: ModelConfig,
        settings: PretrainSettings,
        device: torch.device | str = "cpu",
        views: Sequence[PreparedViews] | None = None,
        init: str | Path | None = None,
    ) -> None:
        if settings.seed < 0:
            raise SettingError("seed must not be negative.")
        if settings.image_weight < 0:
            raise SettingError("image_weight must not be negative.")
        if settings.image_weight > 0 and [v.asset.id for v in views or ()] != [p.asset.id for p in prepared]:
            raise SettingError(
                "image_weight is above 0, but the views are missing or not those of the training assets; "
                "make them with prepare_views, or set image_weight to 0."
            )
        self.config = config
        self.prepared = list(prepared)
        self.views = list(views) if views and settings.image_weight > 0 else []
        torch.manual_seed(settings.seed)
        self.net = LatteNet(config)
        info = run_info(config, settings, (p.cache for p in prepared))
        if init is not None:
            info["init"], found = load_weights(Path(init), self.net)
            log.info("%d of %d tensors start from %s", found, len(self.net.state_dict()), init)
        if self.views:
            info["views"] = digest_of(v.cache for v in self.views)
        self.net.to(device)
        self.encoder = TextEncoder(config.text)
        self.captions = CaptionCache(self.encoder)
        neighbours = neighbours_of(self.prepared, self.encoder)
        self.source = SampleSource(
            self.prepared, neighbours, config.point.points, settings.samples, settings.seed, config.sketch.side
        )
        self.sketches = SketchSource(self.source.captions, self.source.solids, self.encoder, settings.seed)
        sketch_info = {k: info[k] for k in ("config", "data")} | {"settings": agreed(settings.sketch)}
        self.sketch_trainer = SketchTrainer(
            self.net.sketch, self.sketches, folder, settings.sketch, sketch_info, device
        )
        super().__init__(self.net, folder, settings, info, device, trained=lambda name: not name.startswith("sketch."))

    def run(self, until: int | None = None) -> Iterator[dict[str, float]]:
        """As ``Trainer.run``; a run that has not begun finishes its sketch first."""
        if self.step == 0:
            self._train_sketch()
        yield from super().run(until)

    def _train_sketch(self) -> None:
        """From where it stopped; the averages begin with it."""
        for record in self.sketch_trainer.run():
            if record["step"] % 500 == 0:
                log.info("sketch, step %d: loss %.4f", record["step"], record["loss"])
        for name, value in self.net.sketch.state_dict().items():
            self.ema[f"sketch.{name}"].copy_(value)

    def batch(self) -> tuple[Batch, RayBatch | None]:
        s = self.settings
        positions = self.positions()
        samples = [self.source.draw(p, self.step / max(1, s.steps - 1)) for p in positions]
        rays = draw_ray_batch(self.views, samples, s.seed, positions, self.device) if self.views else None
        return collate(samples, self.captions, self.device), rays

    def losses(self, batch: tuple[Batch, RayBatch | None]) -> dict[str, Tensor]:
        fields, rays = batch
        planes = self.net(fields.given)
        losses = field_losses(self.net, planes, fields, self.settings)
        if rays is not None:
            image = image_loss(self.net, planes, rays)
            losses = {**losses, "loss": losses["loss"] + self.settings.image_weight * image, "image": image}
        return losses
