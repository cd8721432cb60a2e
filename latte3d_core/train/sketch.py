"""Training of the sketch (``model/sketch.py``): every caption, its paraphrases, and the coarse solid it means.

It comes before the U-Nets, on its own schedule: a step of it costs a hundredth of one of theirs, and they learn from
the first step what a good sketch is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from latte3d_core.data.colours import NAMED_COLOURS, recoloured_caption
from latte3d_core.data.materials import painted
from latte3d_core.data.wording import paraphrase
from latte3d_core.model.sketch import Sketch, to_blocks
from latte3d_core.model.text import TextEncoder
from latte3d_core.train.trainer import Trainer


@dataclass(frozen=True)
class SketchSettings:
    """How the sketch trains.

    Attributes:
        steps, batch: length and captions per step; 10,000 steps take five minutes on two cores.
        learning_rate: peak, as in stage 0.
        share: of the blocks that a step's loss looks at, drawn anew each step.
        ema: decay of averaged weights; the schedule ends near zero, so none are kept.
        accumulate: as in stage 0.
    """

    steps: int = 10000
    batch: int = 256
    learning_rate: float = 4e-3
    warmup: int = 100
    weight_decay: float = 0.003
    share: float = 0.25
    ema: float = 0.0
    save_every: int = 2000
    accumulate: int = 1


class SketchSource:
    """Sentence embeddings of all captions and of as many paraphrases, and the solids that they mean.

    Arguments:
        solids: (A, side³) uint8, as ``SampleSource.solids``, one a row of ``captions``.
    """

    def __init__(self, captions: Sequence[Sequence[str]], solids: np.ndarray, encoder: TextEncoder, seed: int) -> None:
        self.seed = seed
        side = round(solids.shape[1] ** (1 / 3))
        self.solids = torch.from_numpy(solids).reshape(-1, side, side, side)
        texts: list[str] = []
        owners: list[int] = []
        rng = np.random.default_rng([seed, 5])
        for index, own in enumerate(captions):
            for caption in own:
                texts += [caption, paraphrase(_repainted(caption, rng), rng)]
                owners += [index, index]
        # Sorted by length, so that a batch is not padded to its longest line.
        order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
        parts = [encoder.encode([texts[n] for n in order[k : k + 64]])[2] for k in range(0, len(order), 64)]
        self.sentences = torch.cat(parts).cpu().half()
        self.owners = np.array(owners)[order]

    def batch(self, step: int, size: int, places: slice = slice(None)) -> tuple[Tensor, Tensor]:
        """Captions of step ``step`` of the run, those at ``places`` of the batch of ``size``: sentences (B, width) and
        solids (B, side, side, side) in [0, 1]."""
        chosen = np.random.default_rng([self.seed, 6, step]).integers(len(self.owners), size=size)[places]
        return self.sentences[chosen].float(), self.solids[self.owners[chosen]].float() / 255


class SketchTrainer(Trainer[tuple[Tensor, Tensor, Tensor], Sketch]):
    """A run over ``source`` that changes ``sketch`` in place: ``sketch.safetensors`` and ``sketch.jsonl`` in the folder
    of the run that it belongs to."""

    settings: SketchSettings

    def __init__(
        self,
        sketch: Sketch,
        source: SketchSource,
        folder: str | Path,
        settings: SketchSettings,
        info: dict[str, Any],
        device: torch.device | str = "cpu",
    ) -> None:
        self.source = source
        super().__init__(sketch, folder, settings, info, device, "sketch")

    def batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """Sentences (B, width), the chosen blocks (M,), and how much of their cells is inside: (B, M, block³)."""
        first, own = self.step * self.settings.batch, self.positions()
        places = slice(own.start - first, own.stop - first)
        sentences, solids = self.source.batch(self.step, self.settings.batch, places)
        rng = np.random.default_rng([self.source.seed, 7, self.step])
        count = max(1, round(self.settings.share * self.net.blocks))
        chosen = torch.from_numpy(rng.permutation(self.net.blocks)[:count])
        targets = to_blocks(solids, self.net.block)[:, chosen]
        return sentences.to(self.device), chosen.to(self.device), targets.to(self.device)

    def losses(self, batch: tuple[Tensor, Tensor, Tensor]) -> dict[str, Tensor]:
        """The mean cross-entropy of the cells that the step looks at."""
        sentences, chosen, targets = batch
        logits = self.net.cells_of(sentences, chosen)
        return {"loss": F.binary_cross_entropy_with_logits(logits.float(), targets)}


def _repainted(caption: str, rng: np.random.Generator) -> str:
    """Half of the time the same thing in another colour or material: neither changes the solid."""
    chance = rng.random()
    if chance < 0.25:
        return recoloured_caption(caption, str(rng.choice(list(NAMED_COLOURS))))
    return painted(caption, rng).caption if chance < 0.5 else caption
