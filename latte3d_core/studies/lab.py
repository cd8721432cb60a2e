"""What all studies share: assets, a prior, short runs of each stage, and how their results are measured.

Everything that is compared is trained for the same number of steps on the same samples in the same order, from the same
seeds. Runs lie in folders of their own and are taken up again, so that a study that was stopped goes on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from latte3d_core.config import ModelConfig
from latte3d_core.data.gltf import load_glb
from latte3d_core.data.prepare import Prepared
from latte3d_core.data.samples import SampleSettings
from latte3d_core.eval.looks import Looks, look, look_at_asset
from latte3d_core.eval.scorer import Scorer, ScorerFeatures
from latte3d_core.eval.views import score_views
from latte3d_core.files import write_atomically
from latte3d_core.model.latte import Conditions, LatteNet, Planes
from latte3d_core.model.points import dummy_cloud
from latte3d_core.model.text import CaptionCache, TextEncoder
from latte3d_core.prior.model import PriorNet
from latte3d_core.prior.sample import orbit
from latte3d_core.prior.views import PreparedSets
from latte3d_core.train.guidance import DistillationSettings, Guidance, PriorGuidance
from latte3d_core.train.pretrain import Pretrainer, PretrainSettings
from latte3d_core.train.sketch import SketchSettings
from latte3d_core.train.stage1 import Stage1Settings, Stage1Trainer, render_views
from latte3d_core.train.stage2 import surface_of

#: Stage 0 of a study: no materials, so that they are new to what comes after.
_SAMPLES = SampleSettings(material=0.0)
#: Steps of the sketch's own run, captions each.
_SKETCH = SketchSettings(steps=1500, batch=64)
#: Side of the grid on which a result's surface is found.
_GRID_SIDE = 65


@dataclass(frozen=True)
class Lab:
    """The bench.

    Attributes:
        training, sets: assets to train on, and their views; held_out: assets to measure on.
        prior: what is distilled; scorer: names categories.
        config: of the networks; pretrain_steps, steps: length of a stage-0 run and of any other; batch: prompts a step.
        mask_weight: of stage 1.
    """

    folder: Path
    training: Sequence[Prepared]
    sets: Sequence[PreparedSets]
    held_out: Sequence[Prepared]
    prior: PriorNet
    scorer: Scorer
    config: ModelConfig
    pretrain_steps: int = 600
    steps: int = 150
    batch: int = 2
    mask_weight: float = 1.0

    @cached_property
    def references(self) -> np.ndarray:
        """Pictures (N·V, S, S, 4) uint8 RGBA of the held-out assets, V of each."""
        return np.concatenate([look_at_asset(load_glb(item.asset.path)).pictures() for item in self.held_out])

    @cached_property
    def _encode(self) -> CaptionCache:
        return CaptionCache(TextEncoder(self.prior.config.text))

    def guidance(self, depth: bool = False) -> PriorGuidance:
        return PriorGuidance(self.prior, self._encode, DistillationSettings(), depth)

    def pretrained(self, config: ModelConfig | None = None, name: str = "stage0") -> Path:
        """A finished stage-0 run's state, from which the next stage starts."""
        settings = PretrainSettings(steps=self.pretrain_steps, samples=_SAMPLES, sketch=_SKETCH, save_every=100)
        run = Pretrainer(self.training, self.folder / name, config or self.config, settings)
        for _ in run.run():
            pass
        return run.state_file

    def stage1(
        self,
        name: str,
        init: Path | None,
        config: ModelConfig | None = None,
        steps: int | None = None,
        guidance: Guidance | None = None,
        **changes: Any,
    ) -> LatteNet:
        """The averaged network of a finished stage-1 run, under the lab's prior unless ``guidance`` is another."""
        settings = Stage1Settings(
            **{"steps": steps or self.steps, "batch": self.batch, "mask_weight": self.mask_weight, **changes}
        )
        run = Stage1Trainer(
            self.training, self.sets, guidance or self.guidance(), self.folder / name, config or self.config, settings,
            init,
        )  # fmt: skip
        for _ in run.run():
            pass
        return run.averaged()


@dataclass(frozen=True)
class Scores:
    """How a network answers to captions of held-out assets.

    Attributes:
        mask_iou: mean overlap of its masks with the asset's, four views each.
        render_kid, mask_kid: distances of its pictures, and of its masks, to the assets' (features of the scorer).
        category: share of objects whose category is among the scorer's first five.
        prior: the prior's energy on its pictures, at noise, times and views that are the same for all; less is better.
    """

    mask_iou: float
    render_kid: float
    mask_kid: float
    category: float
    prior: float


def measured(lab: Lab, net: LatteNet, alpha: float, points: bool) -> Scores:
    """Scores of a network at one alpha, shown the assets' own points or the dummy sphere."""
    captions, guidance = CaptionCache(TextEncoder(net.config.text)), lab.guidance()
    pictures, right, errors = [], [], []
    for number, item in enumerate(lab.held_out):
        caption = item.asset.captions[0]
        cloud = cloud_of(item, net.config.point.points) if points else None
        planes = answer(net, captions, caption, alpha, cloud)
        seen = look_at(net, planes)
        pictures.append(seen.pictures())
        if item.asset.category in lab.scorer.names:
            right.append(item.asset.category in lab.scorer.ranking(seen)[:5])
        with torch.no_grad():
            rendered = render_views(net, planes, orbit(first=90.0 * number / len(lab.held_out))[None], 32, 48)
            time = (number % 4 + 0.5) / 4
            advice = guidance(rendered, [caption], time, [torch.Generator().manual_seed(number)])
        errors.append(advice.log["energy"])
    found = score_views(np.concatenate(pictures), lab.references, ScorerFeatures(lab.scorer), paired=True)
    assert found.mask_iou is not None
    return Scores(
        found.mask_iou, found.render_kid, found.mask_kid, float(np.mean(right)) if right else float("nan"),
        float(np.mean(errors)),
    )  # fmt: skip


def cloud_of(item: Prepared, count: int) -> torch.Tensor:
    """``count`` surface points (count, 3) of an asset, always the same ones."""
    surface = item.load().points
    chosen = np.random.default_rng(0).choice(len(surface), count, replace=len(surface) < count)
    return torch.from_numpy(surface[chosen].astype(np.float32))


@torch.no_grad()
def answer(net: LatteNet, captions: CaptionCache, prompt: str, alpha: float, cloud: torch.Tensor | None) -> Planes:
    """One forward pass without colours; without points (N, 3) the dummy sphere is shown."""
    shown = dummy_cloud(net.config.point.points)[None] if cloud is None else cloud[None]
    tokens, mask, sentence = captions([prompt])
    zeros = torch.zeros_like(shown)
    return net(Conditions(tokens, mask, sentence, shown, zeros, torch.zeros(1), torch.tensor([alpha])))


def look_at(net: LatteNet, planes: Planes) -> Looks:
    """The surface of one object, in the colours of its field, as the scorers see it."""
    vertices, faces = surface_of(net, planes, _GRID_SIDE)
    if not len(faces):
        return Looks.of_nothing()

    def paint(hits: object, places: np.ndarray, normals: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return net.color(planes, torch.from_numpy(places.astype(np.float32))[None])[0].numpy()

    return look(vertices.numpy(), faces.numpy(), paint)


def as_table(rows: dict[str, Any]) -> str:
    """Rows of one dataclass as Markdown; numbers to three places."""
    first = asdict(next(iter(rows.values())))
    lines = ["| | " + " | ".join(name.replace("_", " ") for name in first) + " |", "| --- |" + " --- |" * len(first)]
    for name, row in rows.items():
        cells = (f"{v:.3f}" if isinstance(v, float) else str(v) for v in asdict(row).values())
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def keep(lab: Lab, study: str, rows: dict[str, Any]) -> None:
    """Write a study's rows as JSON into its folder."""
    data = {name: asdict(row) for name, row in rows.items()}
    write_atomically(lab.folder / f"{study}.json", json.dumps(data, indent=1).encode())
