"""The networks: shapes, invariants, and fast paths against slow ones."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from latte3d_core.field.grid import blurred, dense_sdf, sdf_grid
from latte3d_core.field.triplane import sample_planes, sample_volume
from latte3d_core.model.blocks import PLANE_AXES, PLANE_NORMALS, JointAttention, PlaneMixing, TextAttention
from latte3d_core.model.latte import Conditions, LatteNet, given_color
from latte3d_core.model.points import DUMMY_RADIUS, PointEncoder, dummy_cloud, scatter_mean
from latte3d_core.model.sketch import Sketch, from_blocks, sketch_targets, to_blocks
from latte3d_core.model.triplane_unet import project
from latte3d_core.model.volume import VolumeBlock, depth_to_space_3d, seen_from_outside, space_to_depth_3d
from latte3d_core.presets import PRESETS, tiny


def conditions(config, batch: int = 2, seed: int = 0) -> Conditions:
    """Random conditions that fit a configuration."""
    g = torch.Generator().manual_seed(seed)
    rand = lambda *shape: torch.rand(*shape, generator=g)  # noqa: E731
    mask = torch.ones(batch, config.text.tokens, dtype=torch.bool)
    mask[:, 5:] = False
    return Conditions(
        tokens=rand(batch, config.text.tokens, config.text.width) - 0.5, mask=mask,
        sentence=torch.nn.functional.normalize(rand(batch, config.text.width) - 0.5, dim=1),
        points=rand(batch, config.point.points, 3) * 1.6 - 0.8, colors=rand(batch, config.point.points, 3),
        has_color=torch.ones(batch), alpha=rand(batch),
    )  # fmt: skip


def awake(net: LatteNet) -> LatteNet:
    """The network with its zero-initialised layers stirred, as after some training."""
    g = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=g))
    return net.eval()


@pytest.fixture(scope="module")
def net() -> LatteNet:
    torch.manual_seed(0)
    return awake(LatteNet(tiny()))


def test_the_planes_cover_each_pair_of_axes_once() -> None:
    assert {frozenset(axes) for axes in PLANE_AXES} == {frozenset(p) for p in ((0, 1), (0, 2), (1, 2))}
    assert all(set(axes) | {normal} == {0, 1, 2} for axes, normal in zip(PLANE_AXES, PLANE_NORMALS, strict=True))


def test_shapes(net: LatteNet) -> None:
    config = net.config
    planes = net(conditions(config))
    side = config.point.plane_resolution // config.unet.patch * config.head.upsample
    assert planes.geometry.shape == planes.texture.shape == (2, 3, config.head.channels, side, side)
    points = torch.rand(2, 7, 3) * 2 - 1
    assert net.sdf(planes, points).shape == (2, 7)
    color = net.color(planes, points)
    assert color.shape == (2, 7, 3) and color.min() >= 0 and color.max() <= 1


def test_an_object_does_not_depend_on_its_neighbours_in_the_batch(net: LatteNet) -> None:
    given = conditions(net.config)
    both = net(given)
    for row in range(2):
        alone = net(Conditions(**{k: v[row : row + 1] for k, v in vars(given).items()}))
        torch.testing.assert_close(alone.geometry[0], both.geometry[row], atol=1e-4, rtol=1e-3)
        torch.testing.assert_close(alone.texture[0], both.texture[row], atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("name", ["tokens", "sentence", "points", "colors", "has_color", "alpha"])
def test_every_condition_reaches_both_networks(net: LatteNet, name: str) -> None:
    given = conditions(net.config)
    changed = dataclasses.replace(given, **{name: getattr(given, name) * 0.5})
    before, after = net(given), net(changed)
    assert not torch.allclose(before.geometry, after.geometry, atol=1e-5)
    assert not torch.allclose(before.texture, after.texture, atol=1e-5)


def test_masked_tokens_are_not_read(net: LatteNet) -> None:
    given = conditions(net.config)
    tokens = given.tokens.clone()
    tokens[:, 5:] = 7.0
    torch.testing.assert_close(net(given).geometry, net(dataclasses.replace(given, tokens=tokens)).geometry)


def test_colours_that_are_withheld_are_not_read(net: LatteNet) -> None:
    given = dataclasses.replace(conditions(net.config), has_color=torch.zeros(2))
    torch.testing.assert_close(
        net(given).texture, net(dataclasses.replace(given, colors=torch.zeros_like(given.colors))).texture
    )


def test_the_order_of_the_points_does_not_matter(net: LatteNet) -> None:
    given = conditions(net.config)
    order = torch.randperm(given.points.shape[1], generator=torch.Generator().manual_seed(2))
    shuffled = dataclasses.replace(given, points=given.points[:, order], colors=given.colors[:, order])
    torch.testing.assert_close(net(given).geometry, net(shuffled).geometry, atol=1e-4, rtol=1e-3)


def test_separate_encoders_have_twice_the_way_down() -> None:
    shared, separate = (LatteNet(dataclasses.replace(tiny(), share_encoders=s)) for s in (True, False))
    count = lambda module: sum(p.numel() for p in module.parameters())  # noqa: E731
    parts = (shared.encoder, shared.points, shared.volume)
    assert count(separate) == count(shared) + sum(count(part) for part in parts)
    assert separate(conditions(tiny())).texture.shape == shared(conditions(tiny())).texture.shape


def test_gradients_reach_every_parameter() -> None:
    torch.manual_seed(0)
    net = awake(LatteNet(tiny()))
    planes = net(conditions(net.config))
    points = torch.rand(2, 50, 3) * 2 - 1
    (net.sdf(planes, points).square().mean() + net.color(planes, points).mean()).backward()
    missing = [n for n, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    # The sketch has a loss of its own, and no other gradient.
    assert missing and all(n.startswith("sketch.") for n in missing)
    net.zero_grad()
    planes = net(conditions(net.config))
    (net.sdf(planes, points).square().mean() + net.color(planes, points).mean() + planes.sketch.mean()).backward()
    assert not [n for n, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]


def test_the_gradient_by_a_point_is_that_of_finite_differences(net: LatteNet) -> None:
    net64 = LatteNet(tiny()).double()
    net64.load_state_dict(net.state_dict())
    given = conditions(net.config, 1)
    planes = net(given)
    planes = dataclasses.replace(
        planes, geometry=planes.geometry.double(), geometry_volumes=[v.double() for v in planes.geometry_volumes]
    )
    points = (torch.rand(1, 6, 3, dtype=torch.float64) * 1.4 - 0.7).requires_grad_()
    assert torch.autograd.gradcheck(lambda p: net64.sdf(planes, p), points, eps=1e-7, atol=1e-5)


@given(st.integers(0, 1000), st.integers(1, 60), st.integers(1, 9))
def test_scatter_mean_is_a_mean(seed: int, count: int, cells: int) -> None:
    g = torch.Generator().manual_seed(seed)
    rows, cell = torch.rand(2, count, 3, generator=g), torch.randint(0, cells, (2, count), generator=g)
    found = scatter_mean(rows, cell, cells)
    for b in range(2):
        for c in range(cells):
            mine = rows[b, cell[b] == c]
            torch.testing.assert_close(found[b, :, c], mine.mean(0) if len(mine) else torch.zeros(3))


def test_the_point_encoder_puts_a_point_where_it_is() -> None:
    config = tiny().point
    encoder = PointEncoder(config)
    point = torch.tensor([0.4, -0.6, 0.8]).expand(1, 4, 3)
    color = torch.tensor([0.2, 0.9, 0.4]).expand(1, 4, 3)
    planes, detail, colors = encoder(point, color, torch.ones(1))
    side = config.plane_resolution
    for plane, (u, v) in enumerate(PLANE_AXES):
        occupied = planes[0, plane, config.channels].nonzero()
        assert occupied.tolist() == [[int((point[0, 0, v] + 1) * side / 2), int((point[0, 0, u] + 1) * side / 2)]]
        depth = planes[0, plane, config.channels + 1 :][:, occupied[0, 0], occupied[0, 1]]
        torch.testing.assert_close(depth, point[0, 0, PLANE_NORMALS[plane]].expand(2))
    x, y, z = (int((c + 1) * config.detail_resolution / 2) for c in point[0, 0])
    assert detail[0, 0].nonzero().tolist() == [[z, y, x]]
    # And the heads read it back there, trilinearly, from the cell's centre.
    centre = (torch.tensor([x, y, z]) + 0.5) / config.detail_resolution * 2 - 1
    assert torch.isclose(sample_volume(detail, centre.reshape(1, 1, 3))[0, 0, 0], torch.tensor(1.0))
    given, near = given_color(colors, centre.reshape(1, 1, 3))
    torch.testing.assert_close(given[0, 0], color[0, 0], atol=2e-3, rtol=0)
    assert near[0, 0, 0] > 0.9
    assert given_color(colors, -centre.reshape(1, 1, 3))[1] == 0


def test_plane_samples_are_bilinear() -> None:
    axis = (torch.arange(8) + 0.5) / 8 * 2 - 1
    v, u = torch.meshgrid(axis, axis, indexing="ij")
    planes = torch.stack([torch.stack([2 * u - v, u + 3 * v])] * 3)[None]
    points = torch.rand(1, 20, 3) * 1.6 - 0.8
    sampled = sample_planes(planes, points)[0].T.reshape(20, 3, 2)
    for plane, (a, b) in enumerate(PLANE_AXES):
        torch.testing.assert_close(sampled[:, plane, 0], 2 * points[0, :, a] - points[0, :, b], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(sampled[:, plane, 1], points[0, :, a] + 3 * points[0, :, b], atol=1e-5, rtol=1e-5)


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), st.integers(0, 100))
def test_depth_to_space_undoes_space_to_depth(channels: int, factor: int, side: int, seed: int) -> None:
    volume = torch.rand(2, channels, *(factor * side,) * 3, generator=torch.Generator().manual_seed(seed))
    deep = space_to_depth_3d(volume, factor)
    assert deep.shape == (2, channels * factor**3, side, side, side)
    assert torch.equal(depth_to_space_3d(deep, factor), volume)
    # A coarse cell holds its own fine cells.
    assert torch.equal(
        deep[0, :, 0, 0, 0].sort().values, volume[0, :, :factor, :factor, :factor].reshape(-1).sort().values
    )


def test_what_stands_behind_a_wall_is_not_seen() -> None:
    occupied = torch.zeros(1, 1, 5, 5, 5)
    occupied[0, 0, 2, :, :] = 1  # a wall across z
    seen = seen_from_outside(occupied)
    assert seen.shape == (1, 7, 5, 5, 5)
    assert seen[0, :, 2].sum() == 0
    assert (seen[0, 0, :2] == 1).all() and (seen[0, 0, 3:] == 0).all()  # from low z
    assert (seen[0, 1, :2] == 0).all() and (seen[0, 1, 3:] == 1).all()  # from high z
    closed = torch.zeros(1, 1, 7, 7, 7)
    closed[0, 0, 1:6, 1:6, 1:6] = 1
    closed[0, 0, 2:5, 2:5, 2:5] = 0
    assert torch.equal(seen_from_outside(closed)[0, 6, 1:6, 1:6, 1:6], torch.zeros(5, 5, 5))
    assert seen_from_outside(closed)[0, 6].sum() == 7**3 - 5**3


def test_a_volume_is_projected_on_to_its_planes() -> None:
    volume = torch.rand(1, 2, 4, 5, 6)  # z, y, x
    volume = torch.nn.functional.pad(volume, (0, 0, 0, 1, 0, 2))  # a cube again
    planes = project(volume)
    for plane, (u, v) in enumerate(PLANE_AXES):
        by_axis = volume.mean(4 - PLANE_NORMALS[plane])
        for row in range(6):
            for column in range(6):
                place = {u: column, v: row}
                rest = [place[axis] for axis in (2, 1, 0) if axis in place]
                torch.testing.assert_close(planes[0, plane, :, row, column], by_axis[0, :, rest[0], rest[1]])


def test_the_sketch_follows_the_words_and_its_targets_the_axes() -> None:
    config = tiny()
    sketch = Sketch(config)
    sentences = torch.nn.functional.normalize(torch.randn(3, config.text.width), dim=1)
    logits = sketch(sentences)
    assert logits.shape == (3, 1, *(config.sketch.side,) * 3)
    assert (logits[0] - logits[1]).abs().max() > 1e-3
    solid = torch.zeros(16, 16, 16)  # x, y, z
    solid[12:, :8, :4] = 1
    blocks = torch.tensor([5, 0, 3])
    torch.testing.assert_close(sketch.cells_of(sentences, blocks), sketch.cells_of(sentences)[:, blocks])
    torch.testing.assert_close(to_blocks(logits[:, 0], config.sketch.block), sketch.cells_of(sentences))
    target = sketch_targets(solid, 8)  # z, y, x
    assert target.nonzero().amin(0).tolist() == [0, 0, 6] and target.nonzero().amax(0).tolist() == [1, 3, 7]
    assert target.mean() == solid.mean()


def test_blocks_are_cubes_of_neighbouring_cells() -> None:
    grid = torch.arange(2 * 8**3).reshape(2, 8, 8, 8)
    blocks = to_blocks(grid, 4)
    assert torch.equal(from_blocks(blocks, 8, 4), grid)
    assert torch.equal(blocks[1, 6].reshape(4, 4, 4), grid[1, 4:, 4:, :4])


@pytest.mark.parametrize("block", [TextAttention(8, 12, 2), PlaneMixing(8), JointAttention(8, 2)])
def test_fresh_mixing_layers_change_nothing(block: torch.nn.Module) -> None:
    x = torch.randn(6, 8, 4, 4)
    extra = (torch.randn(2, 5, 12), torch.ones(2, 5, dtype=torch.bool)) if isinstance(block, TextAttention) else ()
    torch.testing.assert_close(block(x, *extra), x)


def test_a_fresh_volume_block_changes_nothing() -> None:
    x = torch.randn(2, 6, 4, 4, 4)
    torch.testing.assert_close(VolumeBlock(6, 5)(x, torch.randn(2, 5)), x)


def test_plane_mixing_carries_a_row_to_the_plane_that_shares_its_axis() -> None:
    mixing = PlaneMixing(1)
    with torch.no_grad():
        for layer in (mixing.along_u, mixing.along_v):
            layer.weight.fill_(1.0)
    planes = torch.zeros(1, 3, 1, 4, 4)
    planes[0, 0, 0, :, 2] = 1.0  # plane xy, column x = 2
    out = mixing(planes.flatten(0, 1)).reshape(1, 3, 1, 4, 4)
    torch.testing.assert_close(out[0, 1, 0], planes[0, 0, 0])  # plane xz: the same x column lights up
    assert torch.all(out[0, 2] == 0.25)  # plane zy only sees that each y row has a quarter of it


def test_the_dummy_is_a_sphere_spread_evenly() -> None:
    cloud = dummy_cloud(4000)
    torch.testing.assert_close(cloud.norm(dim=1), torch.full((4000,), DUMMY_RADIUS))
    assert cloud.mean(0).abs().max() < 1e-3
    nearest = torch.cdist(cloud, cloud).topk(2, largest=False).values[:, 1]
    assert nearest.max() < 2.5 * nearest.min()


def test_the_separable_grid_equals_the_dense_one(net: LatteNet) -> None:
    with torch.inference_mode():
        planes = net(conditions(net.config, 1))
        dense, fast = dense_sdf(net, planes, 33), sdf_grid(net, planes, 33)
    torch.testing.assert_close(fast, dense, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_coarse_to_fine_equals_the_dense_grid_at_the_surface(seed: int) -> None:
    torch.manual_seed(seed)
    net = awake(LatteNet(tiny()))
    with torch.inference_mode():
        planes = net(conditions(net.config, 1, seed))
        # An untrained field need not cross zero: shift the head so that it does.
        net.sdf_head.last.bias.sub_(dense_sdf(net, planes, 17).median())
        dense, fast = dense_sdf(net, planes, 65).numpy(), sdf_grid(net, planes, 65).numpy()
    assert ((fast < 0) == (dense < 0)).mean() > 0.999
    crossing = np.zeros_like(dense, dtype=bool)
    for axis in range(3):
        a, b = (np.take(dense, range(s, 65 + s - 1), axis) for s in (0, 1))
        where = np.nonzero((a < 0) != (b < 0))
        crossing[where] = True
    close = np.isclose(fast, dense, atol=2e-5, rtol=1e-3)
    assert close[crossing].mean() > 0.999


def test_blurring_keeps_planes_and_takes_ripple_out() -> None:
    axis = torch.linspace(-1, 1, 17)
    x, y, z = torch.meshgrid(axis, axis, axis, indexing="ij")
    inner = (slice(2, -2),) * 3
    plane = 0.3 * x - y + 2 * z
    torch.testing.assert_close(blurred(plane, 2)[inner], plane[inner])
    ripple = torch.ones(17, 17, 17)
    ripple[::2] = -1.0
    assert blurred(ripple, 1)[inner].abs().max() == 0
    torch.testing.assert_close(blurred(torch.full((5, 5, 5), 2.0), 3), torch.full((5, 5, 5), 2.0))


def test_a_grid_that_does_not_nest_is_refused(net: LatteNet) -> None:
    with pytest.raises(ValueError, match="33, 65"):
        sdf_grid(net, net(conditions(net.config, 1)), 64)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_built_and_described(name: str) -> None:
    from latte3d_core.describe import describe

    text = describe(PRESETS[name]())
    assert f"preset {name}" in text and "GFLOP" in text
