"""Volume rendering against closed forms and finite differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from latte3d_core.errors import SettingError
from latte3d_core.render.preview import Camera
from latte3d_core.render.volume import RayColors, box_span, density, quantile_steps, render_rays, sdf_gradient

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


def _render(sdf_fn, color_fn, samples: int, sharpness: float, background=BLACK, generator=None, **more) -> RayColors:
    origins, directions = _rays()
    span = box_span(origins, directions)
    return render_rays(sdf_fn, color_fn, origins, directions, *span, samples, sharpness, background, generator, **more)


def _ray(height: float) -> tuple[Tensor, ...]:
    """Origin, direction, near and far of one ray along -z that passes the centre at a height, float64."""
    rays = torch.tensor([[[0.0, height, 3]]]).double(), torch.tensor([[[0.0, 0, -1]]]).double()
    return (*rays, *box_span(*rays))


def _ball_over_board(points: Tensor) -> Tensor:
    """A ball that floats over a board, so that some rays pass by the edge of one and meet the other."""
    ball = (points - torch.tensor([0.1, 0.3, 0.2], dtype=points.dtype)).norm(dim=-1) - 0.3
    sides = (points + torch.tensor([0, 0.3, 0], dtype=points.dtype)).abs() - torch.tensor([0.7, 0.08, 0.5]).to(points)
    return torch.minimum(ball, sides.clamp(min=0).norm(dim=-1) + sides.amax(-1).clamp(max=0))


class _Counted:
    """A function of points that notes how many it was asked for in each call, and whether for gradients."""

    def __init__(self, fn) -> None:
        self.fn = fn
        self.calls: list[tuple[int, bool]] = []

    def __call__(self, points: Tensor) -> Tensor:
        self.calls.append((points.shape[0] * points.shape[1], torch.is_grad_enabled()))
        return self.fn(points)


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
@pytest.mark.parametrize("proposal", [0, 5])
def test_a_slab_of_constant_density(jitter: bool, proposal: int) -> None:
    """Deep inside the density is the sharpness itself: opacity 1 - exp(-density · length), whatever the steps."""
    generator = torch.Generator().manual_seed(0) if jitter else None
    deep = lambda p: torch.full_like(p[..., 0], -100.0)  # noqa: E731
    seen = _render(deep, _plain((0.2, 0.4, 0.6)), 7, 0.8, generator=generator, proposal=proposal)
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


@given(st.floats(0.2, 0.8), st.floats(1, 12), st.sampled_from([0, 64]))
def test_the_opacity_of_a_ball_in_closed_form(radius: float, sharpness: float, proposal: int) -> None:
    """Through the centre the distance is |t| - radius, and the density has an integral that can be written down."""
    origin, direction, near, far = _ray(0)
    rays = (origin, direction, near, far, 400, sharpness, BLACK)
    seen = render_rays(_ball(radius), _plain((1, 1, 1)), *rays, proposal=proposal)
    inside = sharpness * radius - (1 - math.exp(-sharpness * radius)) / 2
    outside = (1 - math.exp(-sharpness * (1 - radius))) / 2
    assert float(seen.opacity) == pytest.approx(1 - math.exp(-2 * (inside + outside)), abs=1e-4)


@pytest.mark.parametrize("proposal", [0, 64])
def test_a_ray_that_passes_a_ball_sees_less_the_sharper_it_is(proposal: int) -> None:
    """The density is largest where the ray is nearest, which bounds the opacity."""
    for sharpness in (10.0, 50.0, 250.0):
        rays = (*_ray(0.7), 200, sharpness, torch.ones(3))
        seen = render_rays(_ball(), _plain((0, 0, 0)), *rays, proposal=proposal)
        bound = -math.expm1(-2 * sharpness / 2 * math.exp(-sharpness * 0.2))
        assert 0 < float(seen.opacity) < bound
    assert float(seen.opacity) < 1e-18 and torch.equal(seen.rgb, torch.ones(1, 1, 3).double())


@given(st.floats(0.05, 0.5), st.floats(2, 20), st.floats(-0.6, 0.6), st.sampled_from([0, 64]))
def test_the_opacity_of_a_board_seen_askew(half: float, sharpness: float, slope: float, proposal: int) -> None:
    """Optical thickness of a board, soft sides included, over the cosine of the angle."""
    origin = torch.tensor([[[0.0, 0, 1]]]).double()
    direction = torch.nn.functional.normalize(torch.tensor([[[slope, 0, -1]]]).double(), dim=-1)
    cosine = -float(direction[0, 0, 2])
    span = torch.zeros(1, 1).double(), torch.full((1, 1), 2 / cosine).double()
    rays = (origin, direction, *span, 400, sharpness, BLACK)
    seen = render_rays(lambda p: p[..., 2].abs() - half, _plain((1, 1, 1)), *rays, proposal=proposal)
    within = 2 * (sharpness * half - (1 - math.exp(-sharpness * half)) / 2)
    beside = 1 - math.exp(-sharpness * (1 - half))
    assert float(seen.opacity) == pytest.approx(1 - math.exp(-(within + beside) / cosine), abs=2e-4)


def test_the_depth_nears_the_first_surface_as_the_inverse_of_the_sharpness() -> None:
    for height in (0.0, 0.2):
        first = 3 - math.sqrt(0.25 - height**2)
        errors = []
        for sharpness in (50.0, 200.0, 800.0):
            rays = (*_ray(height), 64, sharpness, BLACK)
            depth = float(render_rays(_ball(), _plain((1, 1, 1)), *rays, proposal=1000).depth)
            errors.append(abs(depth - first) * sharpness)
        assert max(errors) < 1.5 and errors[2] == pytest.approx(errors[1], rel=0.05)


def test_a_ray_equals_a_loop_over_its_steps() -> None:
    """Step by step with products, as the equations are printed; with the steps that the generator gives."""
    seen = _render(_ball_over_board, torch.sigmoid, 20, 40.0, generator=torch.Generator().manual_seed(7))
    origins, directions = _rays()
    near, far = box_span(origins, directions)
    places = torch.rand(2, 576, 20, dtype=torch.float64, generator=torch.Generator().manual_seed(7))
    for b, r in ((0, 300), (0, 37), (1, 290), (1, 0)):
        length = float(far[b, r] - near[b, r]) / 20
        light, opacity, rgb = 1.0, 0.0, np.zeros(3)
        for i in range(20):
            at = float(near[b, r]) + (i + float(places[b, r, i])) * length
            point = (origins[b, r] + at * directions[b, r])[None, None]
            hidden = 1 - math.exp(-length * float(density(_ball_over_board(point), 40.0)))
            rgb += light * hidden * torch.sigmoid(point)[0, 0].numpy()
            opacity += light * hidden
            light *= 1 - hidden
        assert float(seen.opacity[b, r]) == pytest.approx(opacity, abs=1e-12)
        np.testing.assert_allclose(seen.rgb[b, r], rgb, atol=1e-12)


@given(st.integers(0, 10**6), st.floats(0.001, 0.3))
def test_the_gradient_of_a_quadratic_is_exact(seed: int, step: float) -> None:
    rng = torch.Generator().manual_seed(seed)
    matrix = torch.randn(3, 3, generator=rng, dtype=torch.float64)
    points = torch.randn(2, 5, 3, generator=rng, dtype=torch.float64)
    found = sdf_gradient(lambda p: ((p @ matrix) * p).sum(-1), points, step)
    torch.testing.assert_close(found, points @ (matrix + matrix.T), atol=1e-9, rtol=1e-9)


def test_normals_of_a_ball_point_outwards_from_its_surface() -> None:
    seen = _render(_ball(), _plain((1, 1, 1)), 64, 500.0, proposal=256, normal_step=0.01)
    origins, directions = _rays()
    along = -(origins * directions).sum(-1)
    squared = (origins + along[..., None] * directions).square().sum(-1)
    hit, missed = squared < 0.45**2, seen.opacity < 1e-9
    surface = origins + (along - (0.25 - squared).clamp(min=0).sqrt())[..., None] * directions
    torch.testing.assert_close(seen.normals[hit], surface[hit] / 0.5, atol=0.01, rtol=0)
    assert missed.any() and (seen.normals[missed].norm(dim=-1) < 1e-3).all()
    assert (seen.normals.norm(dim=-1) < 1.001).all()
    assert _render(_ball(), _plain((1, 1, 1)), 8, 100.0).normals is None


def _weights(kind: str, seed: int, dtype: torch.dtype) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    weights = torch.rand(3, 4, 17, generator=rng, dtype=dtype)
    return {
        "any": weights / weights.sum(-1, keepdim=True),
        "none": weights * 0,
        "one": torch.nn.functional.one_hot((weights[..., 0] * 17).long(), 17).to(dtype),
        "tiny": weights * torch.finfo(dtype).tiny,
    }[kind]


@given(
    st.sampled_from(["any", "none", "one", "tiny"]),
    st.integers(0, 10**6),
    st.integers(1, 70),
    st.sampled_from([torch.float32, torch.float64]),
)
def test_quantiles_are_those_of_numpy(kind: str, seed: int, samples: int, dtype: torch.dtype) -> None:
    weights = _weights(kind, seed, dtype)
    edges = quantile_steps(weights, samples)
    assert edges.shape == (3, 4, samples + 1) and (edges.diff(dim=-1) >= 0).all()
    assert (edges[..., 0] == 0).all() and (edges[..., -1] == 1).all()
    for ray, found in zip(weights.flatten(0, 1).double().numpy(), edges.flatten(0, 1), strict=True):
        wide = np.concatenate([[0], ray, [0]])
        roots = np.cbrt([(max(wide[i : i + 2]) + max(wide[i + 1 : i + 3])) / 2 for i in range(17)])
        share = (roots / roots.sum() if roots.sum() else roots) + 0.1 / 17
        below = np.concatenate([[0], np.cumsum(share / share.sum())])
        expected = np.interp(np.linspace(0, 1, samples + 1), below, np.linspace(0, 1, 18))
        np.testing.assert_allclose(found, expected, atol=1e-4 if dtype == torch.float32 else 1e-9)


def test_steps_of_a_ray_that_sees_nothing_are_equal() -> None:
    edges = quantile_steps(torch.zeros(5, dtype=torch.float64), 8)
    torch.testing.assert_close(edges, torch.linspace(0, 1, 9, dtype=torch.float64))


@pytest.mark.parametrize("sharpness", [100.0, 300.0])
@pytest.mark.parametrize("jitter", [False, True])
def test_a_first_look_is_worth_its_cost(sharpness: float, jitter: bool) -> None:
    """As many distances, and a third of the colours, for a smaller error."""
    dense = _render(_ball_over_board, torch.sigmoid, 3000, sharpness)

    def errors(samples: int, proposal: int) -> Tensor:
        generator = torch.Generator().manual_seed(0) if jitter else None
        seen = _render(_ball_over_board, torch.sigmoid, samples, sharpness, generator=generator, proposal=proposal)
        return torch.stack([(seen.rgb - dense.rgb).abs().mean(), (seen.depth - dense.depth).abs().mean()])

    assert (errors(32, 64) < 0.7 * errors(96, 0)).all()


def test_a_first_look_asks_for_distances_alone_and_without_gradients() -> None:
    sdf_fn, color_fn = _Counted(_ball()), _Counted(_plain((1, 1, 1)))
    _render(sdf_fn, color_fn, 5, 30.0, proposal=11)
    assert sdf_fn.calls == [(2 * 576 * 11, False), (2 * 576 * 5, True)]
    assert color_fn.calls == [(2 * 576 * 5, True)]


def test_with_a_generator_both_looks_are_read_at_random_places_of_their_steps() -> None:
    """A field that is empty has equal steps in both, so that each place is known but for the draw."""

    def places(generator: torch.Generator | None) -> list[Tensor]:
        read = []

        def empty(points: Tensor) -> Tensor:
            read.append(points)
            return torch.full_like(points[..., 0], 1e4)

        origin, direction, near, far = _ray(0)
        render_rays(empty, torch.sigmoid, *(origin, direction, near, far, 40, 50.0, BLACK, generator), proposal=60)
        return [(3 - points[0, :, 2] - near[0, 0]) / (far - near)[0, 0] * points.shape[1] for points in read]

    for middles in places(None):
        torch.testing.assert_close(middles, torch.arange(len(middles)) + 0.5, check_dtype=False)
    for drawn in places(torch.Generator().manual_seed(0)):
        within = drawn - torch.arange(len(drawn))
        assert (within > -1e-9).all() and (within < 1 + 1e-9).all() and within.std() > 0.2


def test_gradients_after_a_first_look_are_those_of_many_equal_steps() -> None:
    def gradient(samples: int, proposal: int) -> Tensor:
        radius = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
        seen = _render(_ball(radius), torch.sigmoid, samples, 60.0, proposal=proposal)
        (found,) = torch.autograd.grad((seen.rgb.sum() + seen.depth[seen.opacity > 0.1].sum()) / 100, radius)
        return found

    torch.testing.assert_close(gradient(32, 64), gradient(2000, 0), rtol=5e-3, atol=0)


@pytest.mark.parametrize("chunk", [None, 4])
def test_gradients_with_known_steps_equal_finite_differences(chunk: int | None) -> None:
    """With normals, and with steps from a first look at a field that stays: only what follows it has gradients."""
    origins, directions = (part[:, 15::29] for part in _rays(12))
    span = box_span(origins, directions)

    def render(centre: Tensor, radius: Tensor, colour: Tensor) -> tuple[Tensor, ...]:
        def sdf_fn(points: Tensor) -> Tensor:
            ball = (points - centre).norm(dim=-1) - radius
            return ball if torch.is_grad_enabled() else _ball()(points)

        seen = render_rays(
            sdf_fn,
            lambda p: torch.sigmoid(p + colour),
            *(origins, directions, *span, 8, 12.0, BLACK, torch.Generator().manual_seed(0)),
            proposal=12,
            normal_step=0.01,
            chunk=chunk,
        )
        return seen.rgb, seen.opacity, seen.depth * seen.opacity, seen.normals * seen.opacity[..., None]

    rng = torch.Generator().manual_seed(3)
    inputs = [torch.randn(n, generator=rng, dtype=torch.float64) * 0.2 for n in (3, 1, 3)]
    inputs[1] = inputs[1].abs() + 0.5
    assert torch.autograd.gradcheck(render, [i.requires_grad_() for i in inputs])


@pytest.mark.parametrize("chunk", [1, 100, 576, 10**6])
def test_chunks_change_neither_pictures_nor_gradients(chunk: int) -> None:
    def render(chunk: int | None) -> tuple[list[Tensor], Tensor, list[tuple[int, bool]]]:
        radius = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
        sdf_fn = _Counted(_ball(radius))
        generator = torch.Generator().manual_seed(5)
        more = {"proposal": 8, "normal_step": 0.02, "chunk": chunk}
        seen = _render(sdf_fn, torch.sigmoid, 6, 30.0, torch.full((2, 1, 3), 0.3).double(), generator, **more)
        found = [seen.rgb, seen.opacity, seen.depth, seen.normals]
        (gradient,) = torch.autograd.grad(sum((f**2).sum() for f in found), radius)
        return found, gradient, sdf_fn.calls

    whole, whole_gradient, _ = render(None)
    parts, gradient, calls = render(chunk)
    assert all(torch.equal(one, other) for one, other in zip(whole, parts, strict=True))
    torch.testing.assert_close(gradient, whole_gradient, rtol=1e-10, atol=0)
    assert max(points for points, _ in calls) == 2 * min(chunk, 576) * 6 * 6


def test_chunks_do_not_keep_what_the_field_computed() -> None:
    """Numbers held for the backward pass: with chunks the steps alone, without all layers of the field."""
    layers = torch.nn.Sequential(torch.nn.Linear(3, 64), torch.nn.Tanh(), torch.nn.Linear(64, 1)).double()

    def kept(chunk: int | None) -> int:
        held = {}

        def note(value: Tensor) -> Tensor:
            held[value.untyped_storage().data_ptr()] = value
            return value

        with torch.autograd.graph.saved_tensors_hooks(note, lambda value: value):
            seen = _render(lambda p: layers(p)[..., 0], torch.sigmoid, 8, 10.0, chunk=chunk)
        assert seen.opacity.requires_grad
        return sum(value.untyped_storage().nbytes() for value in held.values())

    assert kept(64) < kept(None) / 20


@pytest.mark.parametrize("more", [{}, {"proposal": 9}, {"proposal": 9, "chunk": 2, "normal_step": 0.01}])
def test_rays_at_the_edge_of_sense(more: dict) -> None:
    """Missing, starting inside, grazing, ending at once: finite pictures and gradients in single precision."""
    origins = torch.tensor([[[0.0, 3, 4], [0, 0, 0.1], [0, 0.5, 4], [1, 1, 4], [0, 0, 4]]])
    directions = torch.tensor([[[0.0, 0, -1], [0, 0, 1], [0, 0, -1], [0, 0, -1], [0, 0, -1]]])
    near, far = box_span(origins, directions)
    far[0, 4] = near[0, 4]
    radius = torch.tensor(0.5, requires_grad=True)
    rays = (origins, directions, near, far, 16, 300.0, torch.ones(3), torch.Generator().manual_seed(0))
    seen = render_rays(_ball(radius), _plain((0, 0, 0)), *rays, **more)
    assert seen.opacity[0, [0, 4]].tolist() == [0, 0] and seen.opacity[0, 1] > 0.999
    assert (seen.depth[0, [0, 4]] == 0).all() and (seen.rgb[0, [0, 4]] == 1).all()
    loss = seen.rgb.sum() + seen.depth.sum() + (0 if seen.normals is None else seen.normals.sum())
    loss.backward()
    assert torch.isfinite(loss) and torch.isfinite(radius.grad)


def test_no_rays_see_nothing() -> None:
    none = torch.zeros(2, 0, 3), torch.zeros(2, 0, 3), torch.zeros(2, 0), torch.zeros(2, 0)
    seen = render_rays(_ball(), _plain((1, 1, 1)), *none, 4, 10.0, torch.ones(3), proposal=4, normal_step=0.1)
    assert seen.rgb.shape == seen.normals.shape == (2, 0, 3) and seen.depth.shape == (2, 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"samples": 0}, "samples must be at least 1"),
        ({"proposal": -1}, "proposal must be at least 0"),
        ({"chunk": 0}, "chunk must be at least 1"),
        ({"sharpness": 0.0}, "sharpness must be positive"),
        ({"sharpness": math.nan}, "sharpness must be positive"),
        ({"normal_step": -0.1}, "normal_step must be positive"),
    ],
)
def test_numbers_out_of_range_are_refused(change: dict, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        _render(_ball(), _plain((1, 1, 1)), **{"samples": 4, "sharpness": 10.0, **change})
