"""Stage 2: G stays what it was, T starts from what it was, and a prior that sees surfaces paints them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from guidances import Purple

from latte3d_core import Latte3D
from latte3d_core.checkpoint import load_checkpoint
from latte3d_core.data.prepare import Prepared
from latte3d_core.errors import SettingError
from latte3d_core.model.latte import LatteNet
from latte3d_core.render.surface import EmbreeRasteriser
from latte3d_core.train.export import export, templates_of
from latte3d_core.train.stage2 import Stage2Settings, Stage2Trainer, of_texture, stage2_net, surface_of
from latte3d_core.train.trainer import read_log

SETTINGS = Stage2Settings(steps=4, batch=2, warmup=1, detail=16, grid_side=33, size=16, save_every=100)


@pytest.fixture(scope="module")
def before(tiny_file: Path) -> LatteNet:
    return load_checkpoint(tiny_file).net


def _run(prepared: list[Prepared], folder: Path, net: LatteNet, **changes: object) -> Stage2Trainer:
    settings = dataclasses.replace(SETTINGS, **changes)
    return Stage2Trainer(prepared, Purple(), EmbreeRasteriser(), folder, net, "origin", settings)


@pytest.mark.parametrize("own_encoder", [False, True])
def test_the_first_step_is_stage_1(prepared: list[Prepared], tmp_path: Path, before: LatteNet, own_encoder) -> None:
    run = _run(prepared, tmp_path, before, own_encoder=own_encoder)
    given = run.batch().given
    places = torch.rand(2, 500, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        one, two = before(given), run.net(given)
        assert two.texture_detail is not None and two.texture_detail.shape[-1] == 2 * two.texture.shape[-1]
        without = dataclasses.replace(two, texture_detail=None)
        assert torch.equal(run.net.color(without, places), run.net.color(two, places))
        # Other memory, so the last bit of a sum may differ.
        torch.testing.assert_close(run.net.color(two, places), before.color(one, places), atol=1e-6, rtol=0)
        torch.testing.assert_close(run.net.sdf(two, places), before.sdf(one, places), atol=1e-6, rtol=0)


@pytest.mark.parametrize("own_encoder", [False, True])
def test_geometry_stays_to_the_last_bit(
    prepared: list[Prepared], tmp_path: Path, before: LatteNet, own_encoder
) -> None:
    run = _run(prepared, tmp_path, before, own_encoder=own_encoder, learning_rate=1e-2)
    given = run.batch().given
    places = torch.rand(2, 500, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1
    start = {k: v.clone() for k, v in run.net.state_dict().items()}
    with torch.no_grad():
        distances, colors = before.sdf(before(given), places), before.color(before(given), places)
    list(run.run())
    for net in (run.net.eval(), run.averaged()):
        changed = {k for k, v in net.state_dict().items() if not torch.equal(v, start[k])}
        assert changed and all(of_texture(k) for k in changed)
        assert any(k.startswith("texture_encoder.") for k in changed) == own_encoder
        with torch.no_grad():
            assert torch.equal(net.sdf(net(given), places), distances)
            assert not torch.equal(net.color(net(given), places), colors)
    assert not torch.equal(start["texture_detail.leave.weight"], run.net.state_dict()["texture_detail.leave.weight"])


def test_the_prior_paints_surfaces(prepared: list[Prepared], tmp_path: Path, before: LatteNet) -> None:
    run = _run(prepared, tmp_path, before, steps=60, learning_rate=5e-3)
    distances = [r["distance"] for r in run.run()]
    assert sum(distances[-10:]) < 0.3 * sum(distances[:10])


def test_a_resumed_run_gives_the_same_numbers(prepared: list[Prepared], tmp_path: Path, before: LatteNet) -> None:
    whole = _run(prepared, tmp_path / "whole", before)
    list(whole.run())
    list(_run(prepared, tmp_path / "parts", before).run(until=2))
    second = _run(prepared, tmp_path / "parts", before)
    assert second.step == 2
    list(second.run())
    drop = lambda records: [{k: v for k, v in r.items() if k != "samples_per_s"} for r in records]  # noqa: E731
    assert drop(read_log(whole.log_file)) == drop(read_log(second.log_file))
    for key, value in whole.net.state_dict().items():
        assert torch.equal(value, second.net.state_dict()[key]), key


def test_a_sample_without_a_surface_teaches_nothing(prepared: list[Prepared], tmp_path: Path, before: LatteNet) -> None:
    run = _run(prepared, tmp_path, before)
    with torch.no_grad():
        run.net.sdf_head.last.bias.fill_(5.0)
        planes = run.net(run.batch().given)
        vertices, faces = surface_of(run.net, planes.one(0), 33)
    assert len(vertices) == len(faces) == 0
    record = run.train_step()
    assert record is not None and record["grad"] == 0


def test_its_model_file_generates(prepared: list[Prepared], tmp_path: Path, before: LatteNet) -> None:
    run = _run(prepared, tmp_path, before)
    list(run.run())
    export(run, templates_of(run), tmp_path / "model.safetensors")
    mesh = Latte3D.from_pretrained(tmp_path / "model.safetensors", "cpu").generate("a box", texture_size=64, faces=500)
    assert len(mesh.faces) > 0


def test_a_grown_network_without_detail_is_the_network(before: LatteNet) -> None:
    grown = stage2_net(before, 0, False)
    assert grown.config == before.config and grown.texture_detail is None


def test_what_does_not_fit_is_refused(prepared: list[Prepared], tmp_path: Path, before: LatteNet) -> None:
    with pytest.raises(SettingError, match="alpha"):
        _run(prepared, tmp_path, before, alpha=-0.1)
    with pytest.raises(SettingError, match="33, 65 or 129"):
        _run(prepared, tmp_path, before, grid_side=64)
