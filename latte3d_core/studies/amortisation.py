"""Study 2: does amortisation pay? Refinement of unseen prompts from the network's answer and from a plain ball."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from latte3d_core.data.prepare import Prepared
from latte3d_core.model.latte import LatteNet
from latte3d_core.model.points import dummy_cloud
from latte3d_core.model.text import CaptionCache, TextEncoder
from latte3d_core.studies.lab import answer
from latte3d_core.train.guidance import Guidance
from latte3d_core.train.refine import Measure, RefineSettings, refine


@dataclass(frozen=True)
class Race:
    """One prompt, from both starts. Errors are the prior's (``Measure``).

    Attributes:
        amortised_start, amortised_best, scratch_start, scratch_best: errors.
        level_step, level_seconds: when the run from the ball came down to the error of the amortised start; -1 if it
            never did.
        best_step, best_seconds: the same for the run from the amortised start and the best error of the ball's.
    """

    amortised_start: float
    amortised_best: float
    scratch_start: float
    scratch_best: float
    level_step: int
    level_seconds: float
    best_step: int
    best_seconds: float


def study_amortisation(
    net: LatteNet, held_out: list[Prepared], guidance: Guidance, settings: RefineSettings
) -> Iterator[tuple[str, Race]]:
    """One row for each asset's first caption. The amortised answer is that to the words alone; the ball is the same
    network's answer to the dummy sphere, fully believed, and to words that mean nothing."""
    captions = CaptionCache(TextEncoder(net.config.text))
    for item in held_out:
        prompt = item.asset.captions[0]
        ball = answer(net, captions, "a plain grey ball", 1.0, dummy_cloud(net.config.point.points))
        one = refine(net, answer(net, captions, prompt, 0.0, None), prompt, guidance, settings)
        two = refine(net, ball, prompt, guidance, settings)
        level = _reached(two.history, one.history[0].error)
        best = _reached(one.history, two.best.error)
        yield prompt, Race(
            one.history[0].error, one.best.error, two.history[0].error, two.best.error, level.step, level.seconds,
            best.step, best.seconds,
        )  # fmt: skip


def _reached(history: tuple[Measure, ...], error: float) -> Measure:
    return next((m for m in history if m.error <= error), Measure(-1, -1.0, error))
