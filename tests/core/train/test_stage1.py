"""Stage 1: each half of its loss does what it says, alpha weighs them, and a resumed run is the uninterrupted one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from guidances import Purple

from latte3d_core.data.prepare import Prepared
from latte3d_core.errors import SettingError
from latte3d_core.model.latte import LatteNet
from latte3d_core.presets import tiny
from latte3d_core.prior.views import PreparedSets, SetSettings, prepare_view_sets
from latte3d_core.train.eikonal import field_eikonal
from latte3d_core.train.guidance import TargetGuidance
from latte3d_core.train.stage1 import Stage1Settings, Stage1Trainer, render_views
from latte3d_core.train.trainer import read_log

SETTINGS = Stage1Settings(steps=6, batch=2, warmup=2, ray_steps=24, save_every=100)
SIZE = 12


@pytest.fixture(scope="module")
def sets(prepared: list[Prepared], tmp_path_factory: pytest.TempPathFactory) -> list[PreparedSets]:
    return prepare_view_sets(prepared, tmp_path_factory.mktemp("sets"), SetSettings(size=SIZE), workers=1)


def _run(
    prepared: list[Prepared], sets: list[PreparedSets], folder: Path, tiny_file: Path | None, **changes: object
) -> Stage1Trainer:
    settings = dataclasses.replace(SETTINGS, **changes)
    return Stage1Trainer(prepared, sets, Purple(), folder, tiny(), settings, tiny_file)


def test_views_of_a_trained_field_look_like_its_asset(tiny_run, sets: list[PreparedSets]) -> None:
    batch, _ = tiny_run.batch()
    net: LatteNet = tiny_run.averaged()
    with torch.no_grad():
        planes = net(batch.given)
        cameras = torch.from_numpy(np.stack([s.load().cameras[0] for s in sets]))
        seen = render_views(net, planes, cameras, SIZE, 48)
    assert seen.rgb.shape == (6, 4, 3, SIZE, SIZE) and seen.opacity.shape == (6, 4, SIZE, SIZE)
    assert seen.opacity.min() >= 0 and seen.opacity.max() <= 1 + 1e-5
    outside = seen.opacity < 1e-4
    assert outside.any() and (seen.rgb.permute(0, 1, 3, 4, 2)[outside] - 0.5).abs().max() < 1e-3
    solid = seen.opacity > 0.95
    assert solid.any() and (seen.depth[solid] - 4.2).abs().max() < 1.8


def test_at_alpha_one_masks_alone_shape_it(
    prepared: list[Prepared], sets: list[PreparedSets], tiny_file: Path, tmp_path: Path
) -> None:
    settings = {"alpha": 1.0, "dummy_end": 0.0, "mask_weight": 4.0, "sharpness": 100.0}
    run = _run(prepared, sets, tmp_path, None, steps=120, learning_rate=3e-3, **settings)
    masks = [r["mask"] for r in run.run()]
    assert np.mean(masks[-10:]) < 0.6 * np.mean(masks[:10])


def test_at_alpha_zero_the_prior_alone_paints_it(
    prepared: list[Prepared], sets: list[PreparedSets], tiny_file: Path, tmp_path: Path
) -> None:
    run = _run(prepared, sets, tmp_path, tiny_file, alpha=0.0, steps=60, learning_rate=3e-3, dummy_end=0.0)
    distances = [r["distance"] for r in run.run()]
    assert np.mean(distances[-10:]) < 0.3 * np.mean(distances[:5])


@pytest.mark.parametrize("alpha", [0.0, 0.25, 1.0])
def test_alpha_weighs_the_two_gradients(
    prepared: list[Prepared], sets: list[PreparedSets], tiny_file: Path, tmp_path: Path, alpha: float
) -> None:
    run = _run(prepared, sets, tmp_path, tiny_file, alpha=alpha, mask_weight=2.0, eikonal_weight=0.5)
    batch = run.batch()
    torch.manual_seed(0)
    run.losses(batch)["loss"].backward()
    found = [p.grad.clone() if p.grad is not None else None for p in run.parameters]

    # The same from the definition, each half on its own.
    run.net.zero_grad()
    planes = run.net(batch.given)
    along = [torch.Generator().manual_seed(g.initial_seed()) for g in batch.along]
    seen = render_views(run.net, planes, batch.cameras, SIZE, SETTINGS.ray_steps, along, SETTINGS.proposal)
    pictures = seen.pictures()
    advice = Purple()(seen, batch.prompts, 0.0, batch.generators)
    target = (pictures - advice.gradient * advice.gradient[0].numel()).detach()
    distil = 0.5 * (pictures - target).square().mean()
    mask = (seen.opacity - batch.masks).square().mean()
    eikonal = field_eikonal(run.net, planes, along)
    ((1 - alpha) * distil + alpha * 2.0 * mask + 0.5 * eikonal).backward()
    for one, parameter in zip(found, run.parameters, strict=True):
        if parameter.grad is not None:
            torch.testing.assert_close(one, parameter.grad, atol=1e-6, rtol=1e-3)


def test_the_eikonal_term_makes_distances_of_a_field(
    prepared: list[Prepared], sets: list[PreparedSets], tiny_file: Path, tmp_path: Path
) -> None:
    last = []
    for weight in (0.0, 1.0):
        run = _run(
            prepared, sets, tmp_path / str(weight), tiny_file, steps=30, learning_rate=3e-3, eikonal_weight=weight
        )
        last.append(np.mean([r["eikonal"] for r in list(run.run())[-5:]]))
    assert last[1] < 0.8 * last[0]


def test_points_give_way_to_the_dummy(prepared: list[Prepared], sets: list[PreparedSets], tmp_path: Path) -> None:
    s = SETTINGS
    assert s.dummy_share(0.0) == s.dummy_share(s.anneal_from) == 0
    assert s.dummy_share(s.anneal_to) == s.dummy_share(1.0) == s.dummy_end
    assert s.dummy_share(0.5) == pytest.approx(s.dummy_end / 2)
    run = _run(prepared, sets, tmp_path, None, steps=200, dummy_end=1.0)
    for step, share in ((0, 0), (199, 1)):
        run.step = step
        radius = run.batch().given.points.norm(dim=-1)
        assert ((radius - 0.5).abs() < 1e-4).float().mean() == share
    alphas = torch.cat([run.batch().given.alpha for run.step in range(30)])
    assert alphas.min() < 0.2 and alphas.max() > 0.8


def test_a_resumed_run_gives_the_same_numbers(
    prepared: list[Prepared], sets: list[PreparedSets], tiny_file: Path, tmp_path: Path
) -> None:
    whole = _run(prepared, sets, tmp_path / "whole", tiny_file)
    list(whole.run())
    first = _run(prepared, sets, tmp_path / "parts", tiny_file)
    list(first.run(until=3))
    first.train_step()  # lost work: done after the last save
    second = _run(prepared, sets, tmp_path / "parts", tiny_file)
    assert second.step == 3
    list(second.run())
    drop = lambda records: [{k: v for k, v in r.items() if k != "samples_per_s"} for r in records]  # noqa: E731
    assert drop(read_log(whole.log_file)) == drop(read_log(second.log_file))
    for key, value in whole.net.state_dict().items():
        assert torch.equal(value, second.net.state_dict()[key]), key


def test_what_does_not_fit_is_refused(prepared: list[Prepared], sets: list[PreparedSets], tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="prepare_view_sets"):
        Stage1Trainer(prepared, sets[1:], TargetGuidance(torch.zeros(1)), tmp_path, tiny(), SETTINGS, None)
    with pytest.raises(SettingError, match="alpha"):
        _run(prepared, sets, tmp_path, None, alpha=1.5)
