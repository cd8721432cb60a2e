"""Study 2: does amortisation pay? Optimisation of unseen prompts from the network's answer and from a plain ball.

The prior here is one that cannot be wrong: it knows every view of the asset that the caption was written for, so that
the study measures the start and not the prior. What is optimised, and how, is ``train/refine.py`` with shapes moving.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from latte3d_core.data.gltf import ColouredTriangles, load_glb
from latte3d_core.data.prepare import Prepared
from latte3d_core.model.latte import LatteNet
from latte3d_core.model.points import dummy_cloud
from latte3d_core.model.text import CaptionCache, TextEncoder
from latte3d_core.prior.train import own_pictures
from latte3d_core.prior.views import render_sets
from latte3d_core.studies.lab import answer
from latte3d_core.train.guidance import Rendered, TargetGuidance
from latte3d_core.train.refine import Measure, RefineSettings, refine


def known_asset(asset: ColouredTriangles) -> TargetGuidance:
    """A prior that knows one asset from everywhere: its target is the asset's own view from the cameras asked for."""

    def views_of(seen: Rendered) -> torch.Tensor:
        sets = render_sets(asset, seen.cameras.cpu().numpy(), seen.rgb.shape[-1])
        pictures = [own_pictures(sets, index) for index in range(len(sets.cameras))]
        return torch.from_numpy(np.stack(pictures)).to(seen.rgb.device)

    return TargetGuidance(views_of)


@dataclass(frozen=True)
class Race:
    """One prompt, from both starts. Errors are mean squares over the colours and covers of fixed views, in [-1, 1].

    Attributes:
        amortised_start, amortised_end, ball_start, ball_end: errors at the start, and the least that was measured.
        ball_level_step, ball_level_seconds: when the run from the ball came down to the error of the amortised start;
            -1 if it never did.
        amortised_level_step, amortised_level_seconds: when the run from the amortised start came down to the least
            error of the ball's.
    """

    amortised_start: float
    amortised_end: float
    ball_start: float
    ball_end: float
    ball_level_step: int
    ball_level_seconds: float
    amortised_level_step: int
    amortised_level_seconds: float


def study_amortisation(
    net: LatteNet, held_out: Sequence[Prepared], settings: RefineSettings
) -> Iterator[tuple[str, Race]]:
    """One row for each asset's first caption. The amortised answer is that to the words alone; the ball is the same
    network's answer to the dummy sphere, fully believed, and to words that mean nothing."""
    captions = CaptionCache(TextEncoder(net.config.text))
    for item in held_out:
        prompt, guidance = item.asset.captions[0], known_asset(load_glb(item.asset.path))
        ball = answer(net, captions, "a plain grey ball", 1.0, dummy_cloud(net.config.point.points))
        one = refine(net, answer(net, captions, prompt, 0.0, None), prompt, guidance, settings)
        two = refine(net, ball, prompt, guidance, settings)
        level, there = _reached(two.history, one.history[0].error), _reached(one.history, two.best.error)
        yield prompt, Race(
            one.history[0].error, one.best.error, two.history[0].error, two.best.error, level.step, level.seconds,
            there.step, there.seconds,
        )  # fmt: skip


def _reached(history: tuple[Measure, ...], error: float) -> Measure:
    return next((m for m in history if m.error <= error), Measure(-1, -1.0, error))
