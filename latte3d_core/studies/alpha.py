"""Study 3: one network for every alpha against one network for each (paper, figure D.22), at equal steps in all."""

from __future__ import annotations

from collections.abc import Iterator

from latte3d_core.studies.lab import Lab, Scores, measured

ALPHAS = (0.1, 0.5, 0.9)


def study_alpha(lab: Lab) -> Iterator[tuple[str, Scores]]:
    """One row for each network and alpha, shown the assets' own points."""
    start = lab.pretrained()
    amortised = lab.stage1("alpha-all", start, steps=lab.steps * len(ALPHAS), dummy_end=0.0)
    for alpha in ALPHAS:
        yield f"one for all, alpha {alpha}", measured(lab, amortised, alpha, True)
    for alpha in ALPHAS:
        own = lab.stage1(f"alpha-{alpha}", start, alpha=alpha, dummy_end=0.0)
        yield f"its own, alpha {alpha}", measured(lab, own, alpha, True)
