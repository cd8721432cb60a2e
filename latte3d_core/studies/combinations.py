"""Study 4: materials on shapes, seen and held-out combinations (paper, section 4.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from latte3d_core.data.materials import MATERIALS, painted
from latte3d_core.model.latte import LatteNet
from latte3d_core.model.text import CaptionCache, TextEncoder
from latte3d_core.render.surface import EmbreeRasteriser
from latte3d_core.studies.lab import Lab, answer, cloud_of
from latte3d_core.train.stylize import StylizeSettings, StylizeTrainer, combination_held_out

#: Pairs of each kind that are measured.
_PAIRS = 96


@dataclass(frozen=True)
class Combinations:
    """Mean absolute colour error on the surface against the procedural material, of seen combinations, of held-out
    combinations of the same assets, and of assets that were never trained on."""

    seen: float
    held_out: float
    unseen_assets: float


def study_combinations(lab: Lab, steps: int, batch: int) -> Iterator[tuple[str, Combinations]]:
    """Before stylization training, and after it with the teacher alone, which needs no pictures."""
    start = lab.stage1("stage1-none", lab.pretrained(), steps=1, learning_rate=0.0)
    yield "before", errors(lab, start)
    settings = StylizeSettings(steps=steps, batch=batch, learning_rate=1e-3)
    run = StylizeTrainer(lab.training, None, EmbreeRasteriser(), lab.folder / "stylize", start, "stage0", settings)
    for _ in run.run():
        pass
    yield "after", errors(lab, run.averaged())


def errors(lab: Lab, net: LatteNet) -> Combinations:
    """Errors of a network on fixed pairs."""
    captions, found = CaptionCache(TextEncoder(net.config.text)), []
    for kind in range(3):
        assets = lab.held_out if kind == 2 else lab.training
        rng, total, count = np.random.default_rng(kind), 0.0, 0
        while count < _PAIRS:
            item, name = assets[int(rng.integers(len(assets)))], list(MATERIALS)[int(rng.integers(len(MATERIALS)))]
            if kind < 2 and combination_held_out(item.asset.id, name) != bool(kind):
                continue
            look, shape = painted(item.asset.captions[0], rng, name), item.load()
            planes = answer(net, captions, look.caption, 1.0, cloud_of(item, net.config.point.points))
            places = shape.points[:2048].astype(np.float32)
            normals, old = shape.point_normals[:2048] / np.float32(127), shape.point_colors[:2048] / np.float32(255)
            wanted = np.clip(look.pattern(places, normals, old), 0, 1)
            with torch.no_grad():
                painted_colors = net.color(planes, torch.from_numpy(places)[None])[0].numpy()
            total, count = total + float(np.abs(painted_colors - wanted).mean()), count + 1
        found.append(total / count)
    return Combinations(*found)
