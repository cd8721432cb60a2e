"""Textures: right colours in the right places, no gaps, normals that mend the decimated surface."""

from __future__ import annotations

import fields
import numpy as np
import pytest

from latte3d_core.errors import Cancelled
from latte3d_core.mesh import geometry
from latte3d_core.mesh.bake import bake, corner_tangents
from latte3d_core.mesh.isosurface import extract
from latte3d_core.mesh.raster_uv import rasterise
from latte3d_core.mesh.simplify import simplify
from latte3d_core.mesh.types import Mesh
from latte3d_core.mesh.unwrap import unwrap
from latte3d_core.progress import Progress

SIZE = 256


def by_place(points: np.ndarray) -> np.ndarray:
    return (points + 1.0) / 2.0


@pytest.fixture(scope="module")
def ball() -> tuple[Mesh, np.ndarray, np.ndarray]:
    """A coarse sphere, its UVs and its distances."""
    grid = fields.sphere(48, 0.7).astype(np.float32)
    mesh = simplify(extract(grid), 400)
    return mesh, unwrap(mesh, "fast", SIZE), grid


def places(mesh: Mesh, uvs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Texel, point on the mesh and face, for every covered texel."""
    face, weight, texel = rasterise(uvs, SIZE)
    return texel, np.einsum("nk,nkd->nd", weight, mesh.vertices[mesh.faces[face]]), face


def test_colours_without_a_grid_are_those_of_the_mesh(ball: tuple[Mesh, np.ndarray, np.ndarray]) -> None:
    mesh, uvs, _ = ball
    image, normal_map = bake(mesh, uvs, SIZE, by_place)
    assert normal_map is None
    assert image.shape == (SIZE, SIZE, 3)
    assert image.dtype == np.uint8
    texel, points, _ = places(mesh, uvs)
    np.testing.assert_allclose(image.reshape(-1, 3)[texel] / 255.0, by_place(points), atol=0.003)


def test_texels_are_pulled_onto_the_true_surface(ball: tuple[Mesh, np.ndarray, np.ndarray]) -> None:
    mesh, uvs, grid = ball
    seen = []

    def remember(points: np.ndarray) -> np.ndarray:
        seen.append(points.copy())
        return by_place(points)

    bake(mesh, uvs, SIZE, remember, grid)
    radius = np.linalg.norm(np.concatenate(seen), axis=1)
    before = np.linalg.norm(places(mesh, uvs)[1], axis=1)
    assert np.abs(before - 0.7).max() > 0.005
    assert np.abs(radius - 0.7).max() < 0.001
    assert all(points.dtype == np.float32 and points.flags.c_contiguous for points in seen)


def test_a_misleading_grid_moves_texels_only_a_little(ball: tuple[Mesh, np.ndarray, np.ndarray]) -> None:
    mesh, uvs, _ = ball
    moved = []

    def remember(points: np.ndarray) -> np.ndarray:
        moved.append(points.copy())
        return points

    bake(mesh, uvs, SIZE, remember, np.random.default_rng(0).normal(size=(48, 48, 48)).astype(np.float32))
    away = np.linalg.norm(np.concatenate(moved) - places(mesh, uvs)[1], axis=1)
    assert away.max() <= 0.0301


def decoded(image: np.ndarray, mesh: Mesh, uvs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """World normals that a viewer would compute, and the points."""
    texel, points, face = places(mesh, uvs)
    weight = rasterise(uvs, SIZE)[1]
    normals = geometry.vertex_normals(mesh)
    tangents, sign = corner_tangents(mesh, uvs, normals)
    normal = np.einsum("nk,nkd->nd", weight, normals[mesh.faces[face]])
    tangent = np.einsum("nk,nkd->nd", weight, tangents[face])
    local = image.reshape(-1, 3)[texel] / 127.5 - 1.0
    bitangent = np.cross(normal, tangent) * sign[face][:, None]
    return geometry.unit(local[:, :1] * tangent + local[:, 1:2] * bitangent + local[:, 2:] * normal), points


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_normal_map_gives_the_true_normals_back(ball: tuple[Mesh, np.ndarray, np.ndarray], mirrored: bool) -> None:
    mesh, uvs, grid = ball
    if mirrored:
        uvs = np.ascontiguousarray(uvs * np.float32([-1.0, 1.0]) + np.float32([1.0, 0.0]))
    _, normal_map = bake(mesh, uvs, SIZE, by_place, grid)
    assert normal_map is not None
    found, points = decoded(normal_map, mesh, uvs)
    true = geometry.unit(points)
    error = np.degrees(np.arccos(np.clip((found * true).sum(axis=1), -1.0, 1.0)))
    assert np.quantile(error, 0.99) < 1.5
    smooth_alone, _ = decoded(np.full((SIZE, SIZE, 3), [127.5, 127.5, 255.0]), mesh, uvs)
    without = np.degrees(np.arccos(np.clip((smooth_alone * true).sum(axis=1), -1.0, 1.0)))
    assert error.mean() < 0.4 * without.mean()


def test_the_normal_map_points_along_u_and_v() -> None:
    """On a tilted true surface under a flat face: +X is to the right in the image, +Y is up."""
    mesh = Mesh(
        np.float32([[-0.5, -0.5, 0], [0.5, -0.5, 0], [0.5, 0.5, 0], [-0.5, 0.5, 0]]), np.int32([[0, 1, 2], [0, 2, 3]])
    )
    corners = mesh.vertices[mesh.faces][:, :, :2] * 0.8 + 0.5
    x, y, z = fields.axes(32)
    for slope, wanted in ((z - 0.3 * x, (-1, 0)), (z + 0.3 * x, (1, 0)), (z - 0.3 * y, (0, -1)), (z + 0.3 * y, (0, 1))):
        _, normal_map = bake(mesh, corners.astype(np.float32), 32, by_place, slope)
        assert normal_map is not None
        red, green, blue = normal_map[16, 16] / 127.5 - 1.0
        np.testing.assert_allclose([red, green], np.array(wanted) * 0.3 / np.hypot(1.0, 0.3), atol=0.01)
        assert blue > 0.9


def test_islands_are_widened_and_the_rest_is_plain(ball: tuple[Mesh, np.ndarray, np.ndarray]) -> None:
    mesh, uvs, grid = ball
    texel = places(mesh, uvs)[0]
    covered = np.zeros(SIZE * SIZE, dtype=bool)
    covered[texel] = True
    away = np.full((SIZE, SIZE), 99)
    rows, columns = np.divmod(np.flatnonzero(covered), SIZE)
    for dy in range(-6, 7):
        for dx in range(-6, 7):
            y, x = rows + dy, columns + dx
            ok = (y >= 0) & (y < SIZE) & (x >= 0) & (x < SIZE)
            np.minimum.at(away, (y[ok], x[ok]), int(np.ceil(np.hypot(dx, dy))))
    image, normal_map = bake(mesh, uvs, SIZE, by_place, grid, dilate_px=4)
    assert normal_map is not None
    inside = image.reshape(-1, 3)[texel]
    plain = np.rint(inside.mean(axis=0))
    far = away > 5
    assert far.any()
    np.testing.assert_allclose(image[far] - plain, 0, atol=1)
    assert (normal_map[far] == [128, 128, 255]).all()
    # Nearby texels repeat a colour of the island next to them.
    for y, x in np.argwhere((away > 0) & (away <= 3))[::7]:
        around = image[max(0, y - 5) : y + 6, max(0, x - 5) : x + 6][
            covered.reshape(SIZE, SIZE)[max(0, y - 5) : y + 6, max(0, x - 5) : x + 6]
        ]
        assert (around == image[y, x]).all(axis=1).any()
    unwidened, _ = bake(mesh, uvs, SIZE, by_place, grid, dilate_px=0)
    np.testing.assert_allclose(unwidened.reshape(-1, 3)[~covered] - plain, 0, atol=1)


def test_widening_stops_at_the_border() -> None:
    """A triangle along the left edge must not leak to the right edge of the row above."""
    uvs = np.float32([[[0.0, 0.3], [0.05, 0.5], [0.0, 0.7]]])
    mesh = Mesh(np.float32([[0, 0, 0], [1, 0, 0], [0, 1, 0]]), np.int32([[0, 1, 2]]))
    image, _ = bake(mesh, uvs, 64, lambda p: (p + 1) / 2, dilate_px=6)
    assert len(np.unique(image[:, -20:].reshape(-1, 3), axis=0)) == 1
    assert len(np.unique(image[:, :8].reshape(-1, 3), axis=0)) > 1


def test_rubbish_from_the_colour_function(ball: tuple[Mesh, np.ndarray, np.ndarray]) -> None:
    mesh, uvs, _ = ball
    texel = places(mesh, uvs)[0]
    for value, wanted in ((np.nan, 128), (-3.0, 0), (7.0, 255), (np.inf, 255)):
        image, _ = bake(mesh, uvs, SIZE, lambda p, v=value: np.full_like(p, v))
        assert np.abs(image.reshape(-1, 3)[texel].astype(int) - wanted).max() <= 1


def test_progress_and_cancelling(ball: tuple[Mesh, np.ndarray, np.ndarray]) -> None:
    mesh, uvs, _ = ball
    heard: list[float] = []
    progress = Progress(lambda _, fraction: heard.append(fraction))
    with progress.stage("bake"):
        bake(mesh, np.ascontiguousarray(uvs), 1024, by_place, progress=progress)
    assert len(heard) > 3
    assert heard == sorted(heard)
    progress.cancel()
    with pytest.raises(Cancelled):
        bake(mesh, uvs, SIZE, by_place, progress=progress)


def test_no_normal_map_if_none_is_wanted(ball: tuple[Mesh, np.ndarray, np.ndarray]) -> None:
    mesh, uvs, grid = ball
    assert bake(mesh, uvs, 64, by_place, grid, normal_map=False)[1] is None


def test_a_coarse_field_is_asked_at_every_other_texel(ball: tuple[Mesh, np.ndarray, np.ndarray]) -> None:
    mesh, uvs, grid = ball
    asked: list[int] = []

    def waves(points: np.ndarray) -> np.ndarray:
        asked.append(len(points))
        return 0.5 + 0.4 * np.sin(points * 20)

    all_colours, all_normals = bake(mesh, uvs, 1024, waves, grid)
    every, asked[:] = sum(asked), []
    few_colours, few_normals = bake(mesh, uvs, 1024, waves, grid, detail=0.3)
    assert sum(asked) < 0.45 * every
    for whole, sparse in ((all_colours, few_colours), (all_normals, few_normals)):
        assert whole is not None
        assert sparse is not None
        difference = np.abs(whole.astype(int) - sparse)
        assert difference.max() <= 24
        assert difference.mean() < 0.5


def test_a_fine_field_is_asked_everywhere(ball: tuple[Mesh, np.ndarray, np.ndarray]) -> None:
    mesh, uvs, grid = ball
    whole, fine = (bake(mesh, uvs, SIZE, by_place, grid, detail=d)[0] for d in (0.0, 0.001))
    np.testing.assert_array_equal(whole, fine)
