"""Training data of the sketch (``model/sketch.py``): every caption, its paraphrases, and the coarse solid it means."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from latte3d_core.data.colours import NAMED_COLOURS, recoloured_caption
from latte3d_core.data.materials import painted
from latte3d_core.data.wording import paraphrase
from latte3d_core.model.sketch import Sketch
from latte3d_core.model.text import TextEncoder


class SketchSource:
    """Sentence embeddings of all captions and of as many paraphrases, and the solids that they mean.

    Arguments:
        solids: (A, side³) uint8, as ``SampleSource.solids``, one a row of ``captions``.
    """

    def __init__(self, captions: Sequence[Sequence[str]], solids: np.ndarray, encoder: TextEncoder, seed: int) -> None:
        self.seed, self.solids = seed, torch.from_numpy(solids)
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

    def batch(self, step: int, size: int, device: torch.device | str) -> tuple[Tensor, Tensor]:
        """``size`` captions of step ``step`` of the run: sentences (size, width) and solids (size, side³) in [0, 1]."""
        chosen = np.random.default_rng([self.seed, 6, step]).integers(len(self.owners), size=size)
        sentences = self.sentences[chosen].float()
        return sentences.to(device), self.solids[self.owners[chosen]].to(device).float() / 255


def _repainted(caption: str, rng: np.random.Generator) -> str:
    """Half of the time the same thing in another colour or material: neither changes the solid."""
    chance = rng.random()
    if chance < 0.25:
        return recoloured_caption(caption, str(rng.choice(list(NAMED_COLOURS))))
    return painted(caption, rng).caption if chance < 0.5 else caption


def sketch_loss(sketch: Sketch, sentences: Tensor, solids: Tensor) -> Tensor:
    """Mean cross-entropy of the cells."""
    return F.binary_cross_entropy_with_logits(sketch(sentences).flatten(1).float(), solids)
