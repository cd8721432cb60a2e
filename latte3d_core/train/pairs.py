"""Prompts with the shapes they are tied to: what stages 1 and 2 draw their samples from (paper, section 4.1).

Without a prompt set the prompts are the library's captions. With one, each of its lines names the assets that it may be
shown as.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from latte3d_core.data.prepare import Prepared
from latte3d_core.data.prompt_sets import PromptLine
from latte3d_core.data.samples import AssetOrder, draw_caption
from latte3d_core.errors import PromptError, SettingError
from latte3d_core.model.latte import Conditions
from latte3d_core.model.points import dummy_cloud
from latte3d_core.model.text import CaptionCache


@dataclass(frozen=True)
class Pair:
    """One sample: a prompt, the index of its shape, the points (N, 3) float32 that the network is shown, alpha, and the
    generator that drew all of these, for what else the sample needs."""

    prompt: str
    asset: int
    points: np.ndarray
    alpha: float
    rng: np.random.Generator


def check_alpha(alpha: float | None) -> None:
    """Raises SettingError unless alpha lies in [0, 1] or is to be drawn (None)."""
    if alpha is not None and not 0 <= alpha <= 1:
        raise SettingError(f"alpha must lie between 0 and 1, not {alpha}.")


class PairSource:
    """Samples without state, from (seed, position).

    Arguments:
        prepared: the shapes, all kept in memory.
        points: points per sample.
        lines: a prompt set, or None for the captions. Lines of unseen combinations are left out, and so are those
            that name no asset of ``prepared``.

    Raises:
        PromptError: no line is left.
    """

    def __init__(
        self, prepared: Sequence[Prepared], points: int, seed: int, lines: Iterable[PromptLine] | None = None
    ) -> None:
        self.captions = [p.asset.captions for p in prepared]
        self.surfaces = [p.load().points for p in prepared]
        self.seed, self.count = seed, points
        self._dummy = dummy_cloud(points).numpy()
        self._lines: list[tuple[str, tuple[int, ...]]] = []
        if lines is not None:
            index = {p.asset.id: n for n, p in enumerate(prepared)}
            for line in lines:
                known = tuple(index[a] for a in line.assets if a in index)
                if known and line.split == "seen":
                    self._lines.append((line.prompt, known))
            if not self._lines:
                raise PromptError(
                    "No line of the prompt set can be trained on: none is of the split seen and names an asset of "
                    "these folders; make it with latte3d prompts from the same folders."
                )
        self._order = AssetOrder(len(self._lines) or len(prepared), seed)

    def draw(self, position: int, dummy_share: float, alpha: float | None) -> Pair:
        """The sample at ``position`` of a run.

        Arguments:
            dummy_share: share of samples that see the dummy sphere in place of the shape's points.
            alpha: of the sample; None: drawn from U(0, 1).
        """
        rng = np.random.default_rng([self.seed, 10, position])
        index = self._order.at(position)
        if self._lines:
            prompt, choices = self._lines[index]
            index = choices[int(rng.integers(len(choices)))]
        else:
            prompt = draw_caption(self.captions[index], rng)
        drawn = float(rng.random())
        surface = self.surfaces[index]
        chosen = rng.choice(len(surface), self.count, replace=len(surface) < self.count)
        dummy = rng.random() < dummy_share
        points = self._dummy if dummy else surface[chosen].astype(np.float32)
        return Pair(prompt, index, points, drawn if alpha is None else alpha, rng)


def conditions_of(pairs: Sequence[Pair], captions: CaptionCache) -> Conditions:
    """What the networks are told of samples: no colours, which stages 1 and 2 leave to the words."""
    tokens, mask, sentence = captions([p.prompt for p in pairs])
    cloud = torch.from_numpy(np.stack([p.points for p in pairs]))
    alpha = torch.tensor([p.alpha for p in pairs])
    return Conditions(tokens, mask, sentence, cloud, torch.zeros_like(cloud), torch.zeros(len(pairs)), alpha)
