"""Training of the prior: noise on four pictures of an asset, and what the noise was.

Samples are drawn without state from (seed, position), repainted as in stage 0 (other colours, procedural materials, the
caption saying so), so that the prior knows colours and materials on shapes that the library does not have in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from latte3d_core.data.colours import labels_of, palette_of
from latte3d_core.data.samples import AssetOrder, draw_caption, draw_repaint
from latte3d_core.data.wording import paraphrase
from latte3d_core.model.text import CaptionCache, TextEncoder
from latte3d_core.prior.diffusion import EDGE, add_noise, velocity
from latte3d_core.prior.model import GIVEN, PriorConditions, PriorConfig, PriorNet, given_pictures
from latte3d_core.prior.views import VIEWS, PreparedSets, ViewSets
from latte3d_core.train.trainer import Trainer, run_info


@dataclass(frozen=True)
class PriorSettings:
    """How the prior trains.

    Attributes:
        steps, batch: length of the run and sets of four views per step.
        learning_rate: peak, as in stage 0; ema: decay of the averaged weights, which are the ones that ship.
        accumulate: as in stage 0.
        material, recolour, second_colour, reword: as in ``SampleSettings``.
        given: share of samples that are shown depth, and half of them the coarse colours too.
        no_prompt: share of samples whose prompt is withheld, for classifier-free guidance.
    """

    steps: int = 20000
    batch: int = 16
    learning_rate: float = 6e-4
    warmup: int = 200
    weight_decay: float = 0.01
    ema: float = 0.999
    material: float = 0.2
    recolour: float = 0.3
    second_colour: float = 0.2
    reword: float = 0.5
    given: float = 0.4
    no_prompt: float = 0.1
    save_every: int = 250
    accumulate: int = 1
    seed: int = 0


@dataclass(frozen=True)
class PriorSample:
    """Four pictures of one object.

    Attributes:
        caption: empty where the prompt is withheld.
        pictures: (4, 4, S, S) float32 in [-1, 1], axes view, channel, row, column.
        cameras: (4, 4); given: (4, 5, S, S), zero where nothing is given.
    """

    caption: str
    pictures: np.ndarray
    cameras: np.ndarray
    given: np.ndarray


class PriorSource:
    """All sets in memory (0.1 MB an asset)."""

    def __init__(self, prepared: Sequence[PreparedSets], settings: PriorSettings) -> None:
        self.settings = settings
        self.captions = [p.asset.captions for p in prepared]
        self.sets = [p.load() for p in prepared]
        self._order = AssetOrder(len(self.sets), settings.seed)

    def draw(self, position: int) -> PriorSample:
        """The sample at ``position`` of the run."""
        s, rng = self.settings, np.random.default_rng([self.settings.seed, 8, position])
        index = self._order.at(position)
        sets = self.sets[index]
        chosen = int(rng.integers(len(sets.cameras)))
        caption, repaint = draw_repaint(
            draw_caption(self.captions[index], rng), s.material, s.recolour, s.second_colour, rng
        )
        if rng.random() < s.reword:
            caption = paraphrase(caption, rng)
        covered = sets.cover[chosen] > 0
        colors = sets.colors[chosen][covered] / np.float32(255)
        if repaint.names and len(colors):
            palette = palette_of(colors)
            labels = labels_of(colors, palette)
            colors = np.clip(colors + repaint.shift(palette, labels)[labels], 0, 1)
        if repaint.pattern is not None:
            normals = sets.normals[chosen][covered].astype(np.float32) / 127
            colors = np.clip(repaint.pattern(sets.places(chosen)[covered], normals, colors), 0, 1)
        pictures = pictures_of(sets, chosen, covered, colors)
        given = np.zeros((VIEWS, GIVEN, *pictures.shape[2:]), dtype=np.float32)
        if rng.random() < s.given:
            shown = pictures[:, :3] / 2 + 0.5 if rng.random() < 0.5 else np.full_like(pictures[:, :3], 0.5)
            given = given_pictures(
                torch.from_numpy(sets.depth[chosen].astype(np.float32))[None],
                torch.from_numpy(pictures[:, 3] / 2 + 0.5)[None],
                torch.from_numpy(shown)[None],
                float(sets.cameras[chosen, 0, 2]),
            )[0].numpy()
        if rng.random() < s.no_prompt:
            caption = ""
        return PriorSample(caption, pictures, sets.cameras[chosen], given)


def pictures_of(sets: ViewSets, chosen: int, covered: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """(4, 4, S, S) in [-1, 1]: colours over mid-grey, and cover."""
    cover = sets.cover[chosen].astype(np.float32) / 255
    picture = np.full((*cover.shape, 3), 0.5, dtype=np.float32)
    picture[covered] = colors
    picture = picture * cover[..., None] + 0.5 * (1 - cover[..., None])
    stacked = np.concatenate([picture, cover[..., None]], -1).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(stacked * 2 - 1, dtype=np.float32)


def own_pictures(sets: ViewSets, chosen: int) -> np.ndarray:
    """``pictures_of`` a set in the asset's own colours."""
    covered = sets.cover[chosen] > 0
    return pictures_of(sets, chosen, covered, sets.colors[chosen][covered] / np.float32(255))


def conditions(
    captions: Sequence[str], cameras: Tensor, given: Tensor, encode: CaptionCache, device: torch.device | str
) -> PriorConditions:
    """What the network is told; an empty caption is no prompt."""
    tokens, mask, sentence = encode([c or "a thing" for c in captions])
    prompted = torch.tensor([[bool(c)] for c in captions])
    bare = torch.zeros_like(mask)
    bare[:, 0] = True
    return PriorConditions(
        tokens * prompted[..., None], torch.where(prompted, mask, bare), sentence * prompted, cameras, given
    ).to(device)


#: Clean pictures, noise, times, conditions.
PriorBatch = tuple[Tensor, Tensor, Tensor, PriorConditions]


class PriorTrainer(Trainer[PriorBatch, PriorNet]):
    """A run in a folder: ``state.safetensors`` and ``log.jsonl``.

    Raises:
        CheckpointError: the state in the folder cannot be taken up.
    """

    settings: PriorSettings

    def __init__(
        self,
        prepared: Sequence[PreparedSets],
        folder: str | Path,
        config: PriorConfig,
        settings: PriorSettings,
        device: torch.device | str = "cpu",
    ) -> None:
        self.config = config
        self.prepared = list(prepared)
        torch.manual_seed(settings.seed)
        self.net = PriorNet(config).to(device)
        self.encoder = TextEncoder(config.text)
        self.captions = CaptionCache(self.encoder)
        self.source = PriorSource(prepared, settings)
        super().__init__(self.net, folder, settings, run_info(config, settings, (p.cache for p in prepared)), device)

    def batch(self) -> PriorBatch:
        """Clean pictures, noise, times and conditions of the coming step."""
        s, positions = self.settings, self.positions()
        samples = [self.source.draw(p) for p in positions]
        stack = lambda name: torch.from_numpy(np.stack([getattr(x, name) for x in samples]))  # noqa: E731
        clean = stack("pictures")
        seeds = [int(np.random.default_rng([s.seed, 9, p]).integers(2**62)) for p in positions]
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        noise = torch.stack([torch.randn(clean.shape[1:], generator=g) for g in generators])
        # One time in each stratum of the whole batch: uniform ones are more uneven than they need to be.
        strata = torch.tensor([p % s.batch for p in positions])
        times = (strata + torch.cat([torch.rand(1, generator=g) for g in generators])) / s.batch
        given = conditions([x.caption for x in samples], stack("cameras"), stack("given"), self.captions, self.device)
        return clean.to(self.device), noise.to(self.device), times.clamp(EDGE, 1 - EDGE).to(self.device), given

    def losses(self, batch: PriorBatch) -> dict[str, Tensor]:
        """Mean squared error of the velocity."""
        clean, noise, times, given = batch
        predicted = self.net(add_noise(clean, noise, times), times, given)
        return {"loss": F.mse_loss(predicted.float(), velocity(clean, noise, times))}
