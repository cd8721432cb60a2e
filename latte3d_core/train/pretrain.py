"""Stage 0: learn to reconstruct the asset library from points and captions.

Supervision is in the field: signed distance and colour at points in space. That is cheap enough for a CPU and, unlike
renders, sees the inside of a bowl. The paper's rendered colour and opacity can be added (``image_weight``;
``image_loss.py``).
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from latte3d_core.config import ModelConfig, to_json
from latte3d_core.data.prepare import Prepared
from latte3d_core.data.samples import Sample, SampleSettings, SampleSource
from latte3d_core.data.views import PreparedViews
from latte3d_core.errors import Latte3DError, OutputError, SettingError
from latte3d_core.files import write_atomically
from latte3d_core.model.latte import Conditions, LatteNet, Planes
from latte3d_core.model.text import TextEncoder
from latte3d_core.train.image_loss import draw_ray_batch, image_loss
from latte3d_core.train.sketch import SketchSource, sketch_loss
from latte3d_core.train.state import load_state, save_state

log = logging.getLogger(__name__)

#: Distances beyond this count as this, core units: the surface is what matters.
SDF_CLAMP = 0.1
#: Steepness of the logit that turns a distance into inside or outside.
SIGN_SHARPNESS = 60.0
#: A run stops after this many steps in a row without a finite loss.
MAX_BAD_STEPS = 20


@dataclass(frozen=True)
class PretrainSettings:
    """How stage 0 trains.

    Attributes:
        steps, batch: length of the run and samples per step.
        learning_rate: peak; linear warm-up over ``warmup`` steps, then cosine to 1 % of it.
        ema: decay of the averaged weights, which are the ones that ship.
        sdf_weight, sign_weight, color_weight, image_weight, sketch_weight: of the losses; image_weight 0 leaves
            rendering out.
        sketch_batch: captions per step that the sketch learns from.
        save_every: steps between two states on disk; picture_every: between two contact sheets (0: none).
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
    sketch_weight: float = 1.0
    sketch_batch: int = 128
    save_every: int = 250
    picture_every: int = 1000
    seed: int = 0
    samples: SampleSettings = field(default_factory=SampleSettings)


class CaptionCache:
    """Encoded captions in half precision, so that each is encoded once; oldest out beyond ``limit``."""

    def __init__(self, encoder: TextEncoder, limit: int = 20000) -> None:
        self.encoder, self.limit = encoder, limit
        self._store: dict[str, tuple[Tensor, Tensor, Tensor]] = {}

    def __call__(self, captions: Sequence[str]) -> tuple[Tensor, Tensor, Tensor]:
        """tokens (B, L, width), mask (B, L), sentence (B, width), float32."""
        for caption in dict.fromkeys(captions):
            if caption not in self._store:
                # One at a time: in a batch the last bits depend on the neighbours, and a resumed run has others.
                tokens, mask, sentence = self.encoder.encode([caption])
                self._store[caption] = (tokens[0].half(), mask[0], sentence[0].half())
        rows = [self._store[c] for c in captions]
        while len(self._store) > self.limit:
            del self._store[next(iter(self._store))]
        tokens, mask, sentence = (torch.stack(column) for column in zip(*rows, strict=True))
        return tokens.float(), mask, sentence.float()


@dataclass(frozen=True)
class Batch:
    """Conditions, and what the fields should say at ``queries`` (B, Q, 3): ``sdf`` (B, Q), ``colors`` (B, Q, 3)."""

    given: Conditions
    queries: Tensor
    sdf: Tensor
    colors: Tensor


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
    return Batch(given.to(device), queries, sdf, colors)


def field_losses(net: LatteNet, planes: Planes, batch: Batch, settings: PretrainSettings) -> dict[str, Tensor]:
    """The three field losses of ``net(batch.given)`` and their weighted sum (key ``loss``), as scalars."""
    with torch.autocast(batch.queries.device.type, enabled=False):
        sdf = net.sdf(planes, batch.queries)
        color = net.color(planes, batch.queries)
    distance = (sdf.clamp(-SDF_CLAMP, SDF_CLAMP) - batch.sdf.clamp(-SDF_CLAMP, SDF_CLAMP)).abs().mean()
    sign = F.binary_cross_entropy_with_logits(-SIGN_SHARPNESS * sdf, (batch.sdf < 0).float())
    near = (batch.sdf.abs() < 0.06).float()
    color_error = ((color - batch.colors).abs().mean(-1) * near).sum() / near.sum().clamp(min=1)
    loss = settings.sdf_weight * distance + settings.sign_weight * sign + settings.color_weight * color_error
    return {"loss": loss, "sdf": distance, "sign": sign, "color": color_error}


def learning_rate(step: int, settings: PretrainSettings) -> float:
    """Linear warm-up, then half a cosine from the peak to 1 % of it."""
    if step < settings.warmup:
        return settings.learning_rate * (step + 1) / settings.warmup
    share = (step - settings.warmup) / max(1, settings.steps - settings.warmup)
    return settings.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, share))))


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


class Pretrainer:
    """A stage-0 run in a folder: ``state.safetensors``, ``log.jsonl`` and whatever ``listeners`` add.

    Arguments:
        folder: made if missing; a state found there is taken up again.
        device: where the network trains. bf16 autocast is used where the processor computes in it natively.
        views: rendered views of ``prepared``, one each in the same order (``prepare_views``); read only with an
            ``image_weight`` above 0.

    Raises:
        SettingError: an ``image_weight`` that is negative, or above 0 without the views.
        CheckpointError: the state in the folder cannot be taken up.
    """

    def __init__(
        self,
        prepared: Sequence[Prepared],
        folder: str | Path,
        config: ModelConfig,
        settings: PretrainSettings,
        device: torch.device | str = "cpu",
        views: Sequence[PreparedViews] | None = None,
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
        self.folder, self.settings, self.config = Path(folder), settings, config
        self.device = torch.device(device)
        self.prepared = list(prepared)
        self.views = list(views) if views and settings.image_weight > 0 else []
        torch.manual_seed(settings.seed)
        self.net = LatteNet(config).to(self.device)
        self.encoder = TextEncoder(config.text)
        self.captions = CaptionCache(self.encoder)
        self.source = SampleSource(
            self.prepared,
            neighbours_of(self.prepared, self.encoder),
            config.point.points,
            settings.samples,
            settings.seed,
            config.sketch.side,
        )
        self.sketches = SketchSource(self.source.captions, self.source.solids, self.encoder, settings.seed)
        self.optimizer = torch.optim.AdamW(
            self.net.parameters(), lr=settings.learning_rate, betas=(0.9, 0.99), weight_decay=settings.weight_decay,
            fused=True,
        )  # fmt: skip
        self.ema = {k: v.detach().clone() for k, v in self.net.state_dict().items()}
        self.autocast = has_native_bf16(self.device)
        self.step = 0
        self.state_file = self.folder / "state.safetensors"
        data = _digest(p.cache.name for p in self.prepared)
        # A longer run may take up a shorter one; everything else must be as it was.
        fixed = {k: v for k, v in to_json(settings).items() if k not in ("steps", "save_every", "picture_every")}
        self.info: dict[str, Any] = {"config": to_json(config), "settings": fixed, "data": data}
        if self.views:
            self.info["views"] = _digest(v.cache.name for v in self.views)
        if self.state_file.exists():
            self.step = load_state(self.state_file, self.net, self.ema, self.optimizer, self.info)
            self._trim_log()
            log.info("resumed at step %d", self.step)

    def run(self, until: int | None = None) -> Iterator[dict[str, float]]:
        """Train up to step ``until`` (default: the end), yielding one record of losses per step; saves on the way."""
        stop = min(until or self.settings.steps, self.settings.steps)
        bad = 0
        while self.step < stop:
            begin = time.perf_counter()
            record = self.train_step()
            if record is None:
                bad += 1
                log.warning("step %d: the loss is not finite; skipped (%d in a row)", self.step, bad)
                if bad >= MAX_BAD_STEPS:
                    raise Latte3DError(
                        f"{bad} steps in a row without a finite loss; the last good state is {self.state_file}; "
                        "lower the learning rate."
                    )
            else:
                bad = 0
                record["samples_per_s"] = self.settings.batch / (time.perf_counter() - begin)
                self._log(record)
                yield record
            if self.step % self.settings.save_every == 0 or self.step == stop:
                self.save()

    def train_step(self) -> dict[str, float] | None:
        """One optimiser step; None if the loss or a gradient is not finite (the weights stay as they were)."""
        s = self.settings
        positions = range(self.step * s.batch, (self.step + 1) * s.batch)
        samples = [self.source.draw(p, self.step / max(1, s.steps - 1)) for p in positions]
        batch = collate(samples, self.captions, self.device)
        rate = learning_rate(self.step, s)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.net.train()
        context = torch.autocast(self.device.type, torch.bfloat16) if self.autocast else nullcontext()
        with context:
            planes = self.net(batch.given)
            losses = field_losses(self.net, planes, batch, s)
            sketch = sketch_loss(self.net.sketch, *self.sketches.batch(self.step, s.sketch_batch, self.device))
            losses = {**losses, "loss": losses["loss"] + s.sketch_weight * sketch, "sketch": sketch}
            if self.views:
                rays = draw_ray_batch(self.views, samples, s.seed, positions, self.device)
                image = image_loss(self.net, planes, rays)
                losses = {**losses, "loss": losses["loss"] + s.image_weight * image, "image": image}
        self.optimizer.zero_grad(set_to_none=True)
        losses["loss"].backward()
        norm = torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.step += 1
        if not torch.isfinite(norm):
            return None
        self.optimizer.step()
        # A young average follows faster, else it would still hold the random start after hundreds of steps.
        decay = min(s.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.ema.values()), list(self.net.state_dict().values()), 1 - decay)
        return {"step": self.step, "lr": rate, "grad": float(norm), **{k: float(v.detach()) for k, v in losses.items()}}

    def save(self) -> None:
        """Write the state; a crash at any moment leaves the old one or the new one."""
        save_state(self.state_file, self.step, self.net, self.ema, self.optimizer, self.info)

    def averaged(self) -> LatteNet:
        """A copy of the network with the averaged weights, in evaluation mode, on the CPU."""
        net = LatteNet(self.config)
        net.load_state_dict({k: v.cpu() for k, v in self.ema.items()})
        return net.eval()

    @property
    def log_file(self) -> Path:
        return self.folder / "log.jsonl"

    def _log(self, record: dict[str, float]) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self.log_file.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps({k: float(f"{v:.6g}") for k, v in record.items()}) + "\n")
        except OSError as error:
            raise OutputError(f"The log {self.log_file} cannot be written: {error.strerror}.") from error

    def _trim_log(self) -> None:
        """Drop the lines of steps that will be run again, and the one that a crash left unfinished."""
        kept = [json.dumps(r) for r in read_log(self.log_file) if r["step"] <= self.step]
        write_atomically(self.log_file, "".join(line + "\n" for line in kept).encode())


def read_log(path: Path) -> list[dict[str, float]]:
    """The records of a run's log; none if there is no log. A last line that is not whole is left out."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1]]


def _digest(names: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def has_native_bf16(device: torch.device) -> bool:
    """Whether the processor multiplies in bfloat16; emulated, it is several times slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu":
        return False
    capability = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(capability.get("avx512_bf16") or capability.get("amx_bf16"))
