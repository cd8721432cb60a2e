"""Surface rendering against brute force, closed forms and finite differences; both rasterisers where both run."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from latte3d_core.errors import DependencyError
from latte3d_core.prior.sample import orbit
from latte3d_core.render.surface import (
    EmbreeRasteriser,
    NvdiffrastRasteriser,
    clip_space,
    rasteriser,
    rays_of,
    render_surface,
)


def _ball(radius: float = 0.7, detail: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    import trimesh

    mesh = trimesh.creation.icosphere(detail, radius)
    return torch.tensor(mesh.vertices, dtype=torch.float32), torch.tensor(mesh.faces, dtype=torch.int64)


def _scraps(count: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    """Triangles at random, some behind others."""
    rng = np.random.default_rng(3)
    corners = rng.uniform(-0.7, 0.7, (count, 1, 3)) + rng.normal(0, 0.25, (count, 3, 3))
    return torch.tensor(corners.reshape(-1, 3), dtype=torch.float32), torch.arange(3 * count).reshape(-1, 3)


def _brute_force(vertices: torch.Tensor, faces: torch.Tensor, rays: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Nearest hit of every ray (N, 6) by the determinant formulas: face (N,), barycentric (N, 3)."""
    a, b, c = vertices[faces].double().unbind(1)
    origin, direction = (part[:, None].double() for part in rays.split(3, -1))
    normal = torch.linalg.cross(b - a, c - a)
    below = (direction * normal).sum(-1)
    t = ((a - origin) * normal).sum(-1) / below
    place = origin + t[..., None] * direction
    area = normal.square().sum(-1)
    one = (torch.linalg.cross((c - b)[None], place - b) * normal).sum(-1) / area
    two = (torch.linalg.cross((a - c)[None], place - c) * normal).sum(-1) / area
    weights = torch.stack([one, two, 1 - one - two], -1)
    t = torch.where((weights >= 0).all(-1) & (t > 0), t, math.inf)
    nearest = t.argmin(1)
    hit = t.min(1).values < math.inf
    rows = torch.arange(len(rays))
    return torch.where(hit, nearest, -1).numpy(), (weights[rows, nearest] * hit[:, None]).numpy()


def test_embree_finds_what_brute_force_finds() -> None:
    vertices, faces = _scraps()
    cameras = orbit(elevation=20.0)
    found = EmbreeRasteriser()(vertices, faces, cameras, 24)
    face, barycentric = _brute_force(vertices, faces, rays_of(cameras, 24).reshape(-1, 6))
    same = found.face.numpy().ravel() == face
    assert same.mean() > 0.998  # a ray through an edge may go either way
    assert (face >= 0).mean() > 0.2
    np.testing.assert_allclose(found.barycentric.reshape(-1, 3).numpy()[same], barycentric[same], atol=2e-4)


def test_clip_space_is_what_the_rays_see() -> None:
    size, cameras = 16, torch.tensor([[30.0, 15.0, 4.2, 32.0], [200.0, -40.0, 3.0, 50.0]])
    rays = rays_of(cameras, size)
    generator = torch.Generator().manual_seed(0)
    for view in range(2):
        along = 2 + 2 * torch.rand(size, size, 1, generator=generator)
        places = (rays[view, ..., :3] + along * rays[view, ..., 3:]).reshape(-1, 3)
        x, y, z, w = clip_space(places, cameras)[view].unbind(-1)
        steps = (torch.arange(size) + 0.5) / size * 2 - 1
        torch.testing.assert_close((x / w).reshape(size, size), steps.expand(size, size), atol=1e-4, rtol=0)
        torch.testing.assert_close((y / w).reshape(size, size), -steps[:, None].expand(size, size), atol=1e-4, rtol=0)
        assert (z.abs() < w).all()
    near, far = clip_space(torch.tensor([[0.0, 0.0, 3.0], [0.0, 0.0, -3.0]]), torch.tensor([[0.0, 0.0, 4.2, 32.0]]))[0]
    assert near[2] / near[3] < far[2] / far[3]


def test_a_ball_has_the_outline_depth_and_colour_of_one() -> None:
    vertices, faces = _ball()
    cameras, size = orbit(), 65
    views = render_surface(EmbreeRasteriser(), vertices, faces, cameras, size, lambda p: 0.5 + p / 2, 0.5)
    # Seen from 4.2 the outline of a ball of radius 0.7 is a circle of tan(asin(0.7 / 4.2)) on the picture plane.
    radius = math.tan(math.asin(0.7 / 4.2)) / math.tan(math.radians(16)) * size / 2
    assert views.opacity.sum((1, 2)).numpy() == pytest.approx([math.pi * radius**2] * 4, rel=0.01)
    assert views.depth[:, 32, 32].numpy() == pytest.approx([3.5] * 4, abs=5e-3)
    back = -rays_of(cameras, 1)[:, 0, 0, 3:]
    torch.testing.assert_close(views.rgb[:, :, 32, 32], 0.5 + 0.7 * back / 2, atol=5e-3, rtol=0)
    assert (views.rgb[:, :, 0, 0] == 0.5).all() and (views.depth[:, 0, 0] == 0).all()


def test_gradients_are_those_of_finite_differences() -> None:
    vertices, faces = _ball(detail=1)
    vertices = vertices.double().requires_grad_()
    tint = torch.rand(3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).requires_grad_()
    wanted = torch.rand(4, 3, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    frozen = EmbreeRasteriser()(vertices.detach().float(), faces, orbit(), 12)

    def loss(tint: torch.Tensor, vertices: torch.Tensor) -> torch.Tensor:
        views = render_surface(lambda *_: frozen, vertices, faces, orbit(), 6, lambda p: torch.sigmoid(p @ tint), 0.5)
        return (views.rgb * wanted).sum() + (views.depth * wanted[:, 0]).sum()

    # The same pixels see the same faces at the same weights: what rasterisers hold fixed.
    assert torch.autograd.gradcheck(loss, (tint, vertices), atol=1e-5)


def test_nothing_is_a_grey_picture() -> None:
    nobody = torch.zeros(0, 3), torch.zeros(0, 3, dtype=torch.int64)
    views = render_surface(EmbreeRasteriser(), *nobody, orbit(), 8, lambda p: p, 0.5)
    assert (views.rgb == 0.5).all() and (views.opacity == 0).all() and (views.depth == 0).all()


def test_a_rasteriser_that_cannot_run_says_so() -> None:
    with pytest.raises(DependencyError, match="auto, embree or nvdiffrast"):
        rasteriser("opengl")
    assert rasteriser("auto", "cpu").name == "embree"
    if not torch.cuda.is_available():
        with pytest.raises(DependencyError, match="nvdiffrast"):
            rasteriser("nvdiffrast")


@pytest.mark.gpu
def test_both_rasterisers_draw_the_same_pictures() -> None:
    pytest.importorskip("nvdiffrast.torch")
    for vertices, faces in (_ball(), _scraps()):
        one = EmbreeRasteriser()(vertices, faces, orbit(), 64)
        two = NvdiffrastRasteriser()(vertices.cuda(), faces.cuda(), orbit().cuda(), 64)
        same = one.face == two.face.cpu()
        assert same.float().mean() > 0.99
        torch.testing.assert_close(one.barycentric[same], two.barycentric.cpu()[same], atol=2e-3, rtol=0)
