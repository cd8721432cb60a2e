"""Refinement: nearer to what the prior wants, never worse than the start, and over when it is told to be."""

from __future__ import annotations

import copy
import dataclasses

import pytest
import torch
from guidances import Purple

from latte3d_core import Latte3D
from latte3d_core.model.latte import Planes
from latte3d_core.progress import Progress
from latte3d_core.train.guidance import Advice, Rendered
from latte3d_core.train.refine import Refined, RefineSettings, refine

SETTINGS = RefineSettings(
    seconds=600, steps=30, check_every=5, probes=2, size=16, ray_steps=24, grid_side=33, learning_rate=0.05
)


class Wish(Purple):
    """A prior that wants one colour on the object and, if asked, nothing but grey around: no object at all."""

    def __init__(self, shrink: bool = False, bad_after: int | None = None) -> None:
        self.shrink, self.bad_after, self.calls = shrink, bad_after, 0

    def __call__(
        self, seen: Rendered, prompts: list[str], progress: float, generators: list[torch.Generator]
    ) -> Advice:
        direction = self.direction(seen)
        if self.shrink:
            direction[:, :, 3] = seen.pictures().detach()[:, :, 3] + 1
        self.calls += 1
        sign = -1.0 if self.bad_after is not None and self.calls > self.bad_after else 1.0
        distance = float(direction.square().mean())
        return Advice(sign * direction / direction[0].numel(), {"distance": distance, "energy": distance})


@pytest.fixture(scope="module")
def start(tiny_model: Latte3D) -> Planes:
    return tiny_model.fields("a blue ball").planes


def _refine(model: Latte3D, start: Planes, wish: Wish, progress: Progress | None = None, **changes: object) -> Refined:
    return refine(model.net, start, "a blue ball", wish, dataclasses.replace(SETTINGS, **changes), progress)


@pytest.mark.parametrize("geometry", [False, True])
def test_it_comes_nearer_to_what_the_prior_wants(tiny_model: Latte3D, start: Planes, geometry: bool) -> None:
    kept = {k: v.clone() for k, v in vars(start).items() if isinstance(v, torch.Tensor)}
    weights = {k: v.clone() for k, v in tiny_model.net.state_dict().items()}
    done = _refine(tiny_model, start, Wish(shrink=geometry), geometry=geometry, steps=100)
    assert done.best.error < 0.5 * done.history[0].error
    assert done.best in done.history and done.best.error == min(m.error for m in done.history)
    for name, value in kept.items():
        assert torch.equal(getattr(start, name), value), name
    for name, value in weights.items():
        assert torch.equal(tiny_model.net.state_dict()[name], value), name
    places = torch.rand(1, 400, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        same = torch.equal(tiny_model.net.sdf(start, places), tiny_model.net.sdf(done.planes, places))
    assert same == (not geometry)
    assert not done.planes.texture.requires_grad


def test_colours_that_the_network_keeps_can_be_refined_too(tiny_model: Latte3D, start: Planes) -> None:
    net = copy.deepcopy(tiny_model.net)
    with torch.no_grad():
        net.color_head.last.weight[3], net.color_head.last.bias[3] = 0, 30  # whatever the planes say, it keeps
    assert start.has_color == 1
    done = refine(net, start, "a blue ball", Wish(), dataclasses.replace(SETTINGS, steps=60))
    assert done.best.error < 0.7 * done.history[0].error
    for before, after in zip(start.given_colors, done.planes.given_colors, strict=True):
        assert torch.equal(before[:, 0].float(), after[:, 0]) and not torch.equal(before.float(), after)


def test_the_best_state_comes_back_although_later_ones_are_worse(tiny_model: Latte3D, start: Planes) -> None:
    wish = Wish(bad_after=14)
    done = _refine(tiny_model, start, wish, steps=40, patience=4)
    assert done.history[-1].error > done.best.error and done.best.step < done.history[-1].step
    assert done.history[-1].step < 40  # it gave up
    again = _refine(tiny_model, done.planes, Wish(), steps=0)
    assert again.history[0].error == pytest.approx(done.best.error, rel=1e-3)


def test_it_ends_when_time_is_up_or_it_is_cancelled(tiny_model: Latte3D, start: Planes) -> None:
    assert _refine(tiny_model, start, Wish(), seconds=0.0).history[-1].step == 0
    progress = Progress()
    progress.cancel()
    done = _refine(tiny_model, start, Wish(), progress)
    assert len(done.history) == 1 and done.best.step == 0
    assert torch.equal(done.planes.texture, start.texture.float())


def test_the_same_seed_gives_the_same_result(tiny_model: Latte3D, start: Planes) -> None:
    one, two = (_refine(tiny_model, start, Wish(), steps=6, seed=5) for _ in range(2))
    assert torch.equal(one.planes.texture, two.planes.texture)
