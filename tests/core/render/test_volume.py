"""Volume rendering against closed forms and finite differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from latte3d_core.render.preview import Camera
from latte3d_core.render.volume import RayColors, box_span, density, render_rays

BLACK = torch.zeros(3, dtype=torch.float64)


def _ball(radius: float | Tensor = 0.5):
    return lambda points: points.norm(dim=-1) - radius


def _plain(colour: tuple[float, float, float]):
    return lambda points: torch.tensor(colour, dtype=points.dtype).expand(points.shape)


def _rays(size: int = 24) -> tuple[Tensor, Tensor]:
    """Origins and directions (2, size², 3) of two cameras, float64."""
    rays = np.stack([Camera(a, e).rays(size).reshape(-1, 6) for a, e in ((0, 0), (130, 40))])
    both = torch.from_numpy(rays).double()
    directions = both[..., 3:] / both[..., 3:].norm(dim=-1, keepdim=True)
    return both[..., :3], directions


def _render(sdf_fn, color_fn, samples: int, sharpness: float, background=BLACK, generator=None) -> RayColors:
    origins, directions = _rays()
    span = box_span(origins, directions)
    return render_rays(sdf_fn, color_fn, origins, directions, *span, samples, sharpness, background, generator)


@given(st.floats(-3, 3), st.floats(1, 500))
def test_density_is_the_laplace_distribution(distance: float, sharpness: float) -> None:
    scale = torch.tensor(1 / sharpness, dtype=torch.float64)
    below = torch.distributions.Laplace(torch.zeros_like(scale), scale).cdf(torch.tensor(-distance).double())
    mine = density(torch.tensor(distance).double(), sharpness)
    assert float(mine) == pytest.approx(sharpness * float(below), rel=1e-6, abs=1e-12)


def test_density_far_away_is_finite_and_has_a_finite_gradient() -> None:
    sdf = torch.tensor([-1e4, -1.0, 0.0, 1.0, 1e4], requires_grad=True)
    values = density(sdf, 300.0)
    values.sum().backward()
    assert values.tolist() == pytest.approx([300, 300, 150, 0, 0])
    assert torch.isfinite(sdf.grad).all() and sdf.grad[2] < 0


def test_box_span_of_rays_that_can_be_said_by_heart() -> None:
    origins = torch.tensor([[0, 0, 4], [0, 0, 0], [0, 0, 4], [0, 3, 4], [2, 2, 2], [0.5, 0, 4]], dtype=torch.float64)
    directions = torch.tensor(
        [[0, 0, -1], [1, 0, 0], [0, 0, 1], [0, 0, -1], [-1, -1, -1], [0, 0, -1]], dtype=torch.float64
    )
    directions = directions / directions.norm(dim=-1, keepdim=True)
    near, far = box_span(origins, directions)
    root = math.sqrt(3)
    np.testing.assert_allclose(near, [3, 0, 0, 0, root, 3], atol=1e-9)
    np.testing.assert_allclose(far, [5, 1, 0, 0, 3 * root, 5], atol=1e-9)


@given(st.integers(0, 10**6))
def test_box_span_holds_what_is_inside(seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    origins = torch.randn(40, 3, generator=rng, dtype=torch.float64) * 2
    directions = torch.nn.functional.normalize(torch.randn(40, 3, generator=rng, dtype=torch.float64), dim=-1)
    near, far = box_span(origins, directions)
    t = torch.linspace(0, 12, 1500, dtype=torch.float64)
    inside = ((origins[:, None] + t[:, None] * directions[:, None]).abs() < 1).all(-1)
    within = (t > near[:, None] - 1e-9) & (t < far[:, None] + 1e-9)
    assert (~inside | within).all()  # nothing inside lies beyond the span
    middle = origins + ((near + far) / 2)[:, None] * directions
    assert (middle.abs() <= 1).all(-1)[far > near].all()


@pytest.mark.parametrize("jitter", [False, True])
def test_a_slab_of_constant_density(jitter: bool) -> None:
    """Deep inside the density is the sharpness itself: opacity 1 - exp(-density · length), whatever the steps."""
    generator = torch.Generator().manual_seed(0) if jitter else None
    seen = _render(lambda p: torch.full_like(p[..., 0], -100.0), _plain((0.2, 0.4, 0.6)), 7, 0.8, generator=generator)
    near, far = box_span(*_rays())
    expected = 1 - torch.exp(-0.8 * (far - near))
    assert (expected == 0).any() and (expected > 0.7).any()
    torch.testing.assert_close(seen.opacity, expected)
    torch.testing.assert_close(seen.rgb, expected[..., None] * torch.tensor([0.2, 0.4, 0.6], dtype=torch.float64))


def test_the_depth_of_a_slab() -> None:
    """The mean of an exponential distribution that is cut off at the slab's end."""
    seen = _render(lambda p: torch.full_like(p[..., 0], -100.0), _plain((1, 1, 1)), 2000, 1.5)
    near, far = box_span(*_rays())
    length = far - near
    expected = near + 1 / 1.5 - length * torch.exp(-1.5 * length) / (1 - torch.exp(-1.5 * length))
    hit = length > 0.1
    torch.testing.assert_close(seen.depth[hit], expected[hit], atol=1e-5, rtol=0)
    assert (seen.depth[length == 0] == 0).all()


def test_a_ball_is_seen_where_it_is() -> None:
    background = torch.tensor([0.1, 0.9, 0.3], dtype=torch.float64)
    seen = _render(_ball(), lambda p: p * 0.5 + 0.5, 2000, 2000.0, background)
    origins, directions = _rays()
    along = -(origins * directions).sum(-1)
    squared = (origins + along[..., None] * directions).square().sum(-1)
    hit, missed = squared < 0.49**2, squared > 0.52**2
    assert hit.any() and missed.any()
    assert (seen.opacity[hit] > 0.999).all() and (seen.opacity[missed] < 1e-3).all()
    first = along - (0.25 - squared).clamp(min=0).sqrt()
    torch.testing.assert_close(seen.depth[hit], first[hit], atol=0.01, rtol=0)
    surface = origins + first[..., None] * directions
    torch.testing.assert_close(seen.rgb[hit], (surface * 0.5 + 0.5)[hit], atol=0.01, rtol=0)
    torch.testing.assert_close(seen.rgb[missed], background.expand_as(seen.rgb)[missed], atol=1e-3, rtol=0)


def test_the_nearer_of_two_walls_hides_the_other() -> None:
    origins, directions = torch.tensor([[[0.0, 0, 4]]]).double(), torch.tensor([[[0.0, 0, -1]]]).double()
    walls = lambda p: torch.minimum((p[..., 2] - 0.5).abs(), (p[..., 2] + 0.5).abs()) - 0.1  # noqa: E731
    red_in_front = lambda p: torch.stack([p[..., 2] > 0, p[..., 2] < 0, p[..., 0] > 9], -1).double()  # noqa: E731
    seen = render_rays(walls, red_in_front, origins, directions, *box_span(origins, directions), 400, 300.0, BLACK)
    np.testing.assert_allclose(seen.rgb[0, 0], [1, 0, 0], atol=1e-6)
    assert float(seen.depth) == pytest.approx(3.4, abs=0.02)


def test_jitter_is_the_generators_and_unbiased() -> None:
    def render(generator: torch.Generator | None) -> Tensor:
        return _render(_ball(), _plain((1, 1, 1)), 24, 10.0, generator=generator).opacity

    one, same, other = (render(torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)
    assert torch.equal(render(None), render(None))
    fine = _render(_ball(), _plain((1, 1, 1)), 2000, 10.0).opacity
    generator = torch.Generator().manual_seed(0)
    mean = torch.stack([render(generator) for _ in range(60)]).mean(0)
    torch.testing.assert_close(mean, fine, atol=0.01, rtol=0)


@pytest.mark.parametrize("jitter", [False, True])
def test_gradients_equal_finite_differences(jitter: bool) -> None:
    """Of everything that is rendered, by everything that the field depends on."""
    rng = torch.Generator().manual_seed(3)
    origins, directions = (part[:, ::37] for part in _rays(12))
    span = box_span(origins, directions)

    def render(centre: Tensor, radius: Tensor, colour: Tensor, background: Tensor) -> tuple[Tensor, ...]:
        generator = torch.Generator().manual_seed(0) if jitter else None
        seen = render_rays(
            lambda p: (p - centre).norm(dim=-1) - radius,
            lambda p: torch.sigmoid(p + colour),
            *(origins, directions, *span, 16, 12.0, background, generator),
        )
        return seen.rgb, seen.opacity, seen.depth * seen.opacity

    inputs = [torch.randn(n, generator=rng, dtype=torch.float64) * 0.2 for n in (3, 1, 3, 3)]
    inputs[1] = inputs[1].abs() + 0.5
    assert torch.autograd.gradcheck(render, [i.requires_grad_() for i in inputs])


def test_rays_that_miss_leave_the_field_without_a_gradient_that_is_not_a_number() -> None:
    origins = torch.tensor([[[0.0, 3, 4], [3.0, 0, 0]]])
    directions = torch.tensor([[[0.0, 0, -1], [0.0, 1, 0]]])
    radius = torch.tensor(0.5, requires_grad=True)
    span = box_span(origins, directions)
    seen = render_rays(_ball(radius), _plain((1, 1, 1)), origins, directions, *span, 8, 100.0, torch.ones(3))
    assert (seen.opacity == 0).all() and (seen.rgb == 1).all() and (seen.depth == 0).all()
    (seen.rgb.sum() + seen.depth.sum()).backward()
    assert radius.grad == 0
