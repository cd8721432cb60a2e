"""What each size of the network buys: short runs of variants of one preset, measured on assets kept for testing.

Every variant sees the same samples in the same order, so that small differences mean something. The runs are much too
short to say how good a variant becomes; they say which one learns most from the same number of samples, beside what a
forward pass of it costs.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from latte3d_core.config import ModelConfig
from latte3d_core.data.prepare import Prepared
from latte3d_core.data.samples import SampleSettings, SampleSource
from latte3d_core.model.latte import LatteNet
from latte3d_core.model.text import CaptionCache
from latte3d_core.train.pretrain import Batch, Pretrainer, PretrainSettings, collate, field_losses

log = logging.getLogger(__name__)

#: Samples that a variant is measured on, and forward passes that are timed.
_MEASURED, _TIMED = 64, 7


def _unet(channels: tuple[int, ...]) -> Callable[[ModelConfig], ModelConfig]:
    return lambda c: dataclasses.replace(c, unet=dataclasses.replace(c.unet, channels=channels))


def _point(**changes: object) -> Callable[[ModelConfig], ModelConfig]:
    return lambda c: dataclasses.replace(c, point=dataclasses.replace(c.point, **changes))  # type: ignore[arg-type]


def _head(**changes: int) -> Callable[[ModelConfig], ModelConfig]:
    return lambda c: dataclasses.replace(c, head=dataclasses.replace(c.head, **changes))


def _tokens(count: int) -> Callable[[ModelConfig], ModelConfig]:
    return lambda c: dataclasses.replace(c, text=dataclasses.replace(c.text, tokens=count))


#: Changes of the preset ``small``, one at a time.
VARIANTS: dict[str, Callable[[ModelConfig], ModelConfig]] = {
    "as it is": lambda c: c,
    "U-Net 32/64/128": _unet((32, 64, 128)),
    "U-Net 64/128/256": _unet((64, 128, 256)),
    "volumes 16/32/64": _point(volume_channels=(16, 32, 64)),
    "volumes 32/64/128": _point(volume_channels=(32, 64, 128)),
    "planes of 32 cells": _head(upsample=1),
    "planes of 128 cells": _head(upsample=4),
    "planes of 12 channels": _head(channels=12),
    "heads of 128": _head(hidden=128),
    "8 text tokens": _tokens(8),
    "8,192 points": _point(points=8192),
}


@dataclasses.dataclass(frozen=True)
class Row:
    """One variant: its parameters, one warm forward pass on this machine in milliseconds (best of several), and its
    mean losses on held-out assets; ``iou`` is that of the signs at the query points, most of which lie near the
    surface."""

    variant: str
    parameters: int
    forward_ms: float
    sdf: float
    iou: float
    color: float


def ablate(
    training: Sequence[Prepared],
    held_out: Sequence[Prepared],
    base: ModelConfig,
    settings: PretrainSettings,
    folder: Path,
    variants: dict[str, Callable[[ModelConfig], ModelConfig]] = VARIANTS,
) -> Iterator[Row]:
    """Train each variant in a folder of its own, or go on there, and measure it."""
    for number, (name, change) in enumerate(variants.items()):
        config = change(base)
        run = Pretrainer(training, folder / f"{number:02d}", config, settings)
        for record in run.run():
            if record["step"] % 50 == 0:
                log.info("%s, step %d: loss %.4f", name, record["step"], record["loss"])
        yield measured(name, run, held_out)


def measured(name: str, run: Pretrainer, held_out: Sequence[Prepared]) -> Row:
    """The averaged weights of a finished run on samples of held-out assets: their own points at alpha 1, half of them
    without colours."""
    settings = SampleSettings(
        dummy_start=0, dummy_end=0, full_alpha=1, other=0, proportion=0, turn=0, reword=0, material=0
    )
    config, net = run.config, run.averaged()
    nobody = np.zeros((len(held_out), 1), dtype=np.int64)
    source = SampleSource(held_out, nobody, config.point.points, settings, 0, config.sketch.side)
    captions, rows = CaptionCache(run.encoder), []
    with torch.inference_mode():
        for position in range(min(_MEASURED, 4 * len(held_out))):
            batch = collate([source.draw(position, 0.0)], captions, "cpu")
            planes = net(batch.given)
            losses = field_losses(net, planes, batch, run.settings)
            inside, truth = net.sdf(planes, batch.queries) < 0, batch.sdf < 0
            overlap = (inside & truth).sum() / (inside | truth).sum().clamp(min=1)
            rows.append([float(losses["sdf"]), float(overlap), float(losses["color"])])
        times = [_seconds(net, batch) for _ in range(_TIMED)]
    sdf, iou, color = np.mean(rows, axis=0)
    count = sum(p.numel() for n, p in net.named_parameters() if not n.startswith("sketch."))
    return Row(name, count, 1000 * min(times), float(sdf), float(iou), float(color))


def _seconds(net: LatteNet, batch: Batch) -> float:
    begin = time.perf_counter()
    net(batch.given)
    return time.perf_counter() - begin


def as_table(rows: Sequence[Row]) -> str:
    """Markdown."""
    lines = [
        "| variant | parameters | forward, ms | distance | IoU | colour |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {r.variant} | {r.parameters / 1e6:.1f} M | {r.forward_ms:.0f} | {r.sdf:.4f} | {r.iou:.3f} | {r.color:.3f} |"
        for r in rows
    ]
    return "\n".join(lines)
