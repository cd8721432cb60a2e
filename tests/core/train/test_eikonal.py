"""The eikonal term: closed forms, what it leaves alone, and what it does to a fog."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from latte3d_core.train.eikonal import BAND, eikonal_loss, places


def _points() -> Tensor:
    return places(4096, torch.Generator().manual_seed(0), torch.device("cpu")).double()


def _ball(points: Tensor) -> Tensor:
    return points.norm(dim=-1) - 0.6


@pytest.mark.parametrize(("stretch", "expected"), [(1.0, 0.0), (0.5, 0.25), (0.0, 1.0), (2.0, 1.0), (3.0, 4.0)])
def test_closed_forms(stretch: float, expected: float) -> None:
    assert eikonal_loss(lambda p: stretch * _ball(p), _points()).item() == pytest.approx(expected, rel=2e-3, abs=1e-3)


def test_far_from_the_surface_a_field_may_be_flat() -> None:
    assert eikonal_loss(lambda p: torch.full_like(p[..., 0], 1.01 * BAND), _points()) == 0
    clamped = eikonal_loss(lambda p: _ball(p).clamp(-0.1, 0.1), _points())
    assert clamped < 0.05


def test_places_fill_the_box_and_come_from_their_generator() -> None:
    device = torch.device("cpu")
    first, second = (places(2000, torch.Generator().manual_seed(3), device) for _ in range(2))
    assert torch.equal(first, second) and first.shape == (1, 2000, 3)
    assert first.abs().max() <= 1 and (first.amax(1) > 0.99).all() and (first.amin(1) < -0.99).all()


def test_it_lifts_a_fog_off_a_ball() -> None:
    """A field that is right up to the surface and a fog beyond it: descent by the term alone steepens the fog."""
    points = _points()
    fog = torch.full((), 0.05, dtype=torch.float64, requires_grad=True)

    def field(at: Tensor) -> Tensor:
        distance = _ball(at)
        return torch.where(distance > 0, fog * distance, distance)

    optimiser = torch.optim.Adam([fog], lr=0.1)
    before = eikonal_loss(field, points).item()
    for _ in range(60):
        optimiser.zero_grad()
        eikonal_loss(field, points).backward()
        optimiser.step()
    assert before > 0.5 and abs(fog.item() - 1) < 0.05


def test_gradient_against_differences() -> None:
    weights = torch.tensor([0.7, -0.3, 0.4, 0.1], dtype=torch.float64, requires_grad=True)
    points = _points()[:, :64]
    value = lambda w: eikonal_loss(lambda p: (p @ w[:3] + w[3]) * 0.2, points)  # noqa: E731
    assert torch.autograd.gradcheck(value, (weights,), atol=1e-6)
