"""Progress: fractions, plans, warnings, cancel."""

from __future__ import annotations

import pytest

from latte3d_core.errors import Cancelled
from latte3d_core.progress import REFINE, STAGES, Progress, refining


def walked(progress: Progress, stages: list[str], heard: list[tuple[str, float]]) -> list[tuple[str, float]]:
    for name in stages:
        with progress.stage(name):
            progress.check(0.5)
    return heard


def test_stages_share_the_whole_between_them() -> None:
    heard: list[tuple[str, float]] = []
    walked(Progress(lambda name, fraction: heard.append((name, fraction))), list(STAGES), heard)
    fractions = [fraction for _, fraction in heard]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, pytest.approx(1.0))


def test_a_plan_gives_a_refinement_the_share_of_its_time() -> None:
    plan = refining(36.0)
    assert [name for name in plan if name != REFINE] == list(STAGES)
    assert list(plan).index(REFINE) == list(plan).index("network") + 1
    heard: list[tuple[str, float]] = []
    progress = Progress(lambda name, fraction: heard.append((name, fraction)))
    progress.plan(plan)
    walked(progress, list(plan), heard)
    begin, middle, end = (fraction for name, fraction in heard if name == REFINE)
    assert end - begin == pytest.approx(36.0 / sum(plan.values())) and end - begin > 0.85
    assert middle == pytest.approx((begin + end) / 2)
    assert heard[-1][1] == pytest.approx(1.0)
    assert REFINE in progress.seconds


def test_cancel_ends_the_work_at_its_next_step() -> None:
    progress = Progress()
    with pytest.raises(Cancelled, match="during refine"):  # noqa: PT012 - where it is raised is what matters
        progress.plan(refining(10.0))
        with progress.stage(REFINE):
            progress.check(0.1)
            progress.cancel()
            progress.check()
