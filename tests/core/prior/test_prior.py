"""The multi-view prior: its pictures, its diffusion, its training and its file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from latte3d_core.data.gltf import HALF_EXTENT, load_glb
from latte3d_core.data.prepare import Prepared
from latte3d_core.errors import CheckpointError
from latte3d_core.prior.checkpoint import load_prior, save_prior
from latte3d_core.prior.diffusion import add_noise, clean_and_noise, ddim, signal_and_noise, velocity
from latte3d_core.prior.model import GIVEN, PICTURE, PriorConfig, given_pictures
from latte3d_core.prior.sample import draw_views, guided, orbit, views_sheet
from latte3d_core.prior.train import PriorSettings, PriorSource, PriorTrainer, conditions
from latte3d_core.prior.views import VIEWS, PreparedSets, SetSettings, make_view_sets, prepare_view_sets
from latte3d_core.train.trainer import read_log

TINY = PriorConfig(size=16, channels=(16, 32), heads=2, condition=32)
SETTINGS = PriorSettings(steps=6, batch=4, warmup=2, save_every=100)


@pytest.fixture(scope="module")
def sets(prepared: list[Prepared], tmp_path_factory: pytest.TempPathFactory) -> list[PreparedSets]:
    return prepare_view_sets(prepared, tmp_path_factory.mktemp("sets"), SetSettings(size=16), workers=1)


def test_noise_is_added_and_taken_away() -> None:
    clean, noise = torch.randn(2, 5, 3, 4), torch.randn(2, 5, 3, 4)
    times = torch.linspace(0, 1, 5)
    signal, strength = signal_and_noise(times)
    torch.testing.assert_close(signal**2 + strength**2, torch.ones(5))
    assert (signal.diff() < 0).all() and signal[0] > 0.999 and signal[-1] < 0.01
    times = times[:2]
    noisy = add_noise(clean, noise, times)
    found = clean_and_noise(noisy, velocity(clean, noise, times), times)
    torch.testing.assert_close(found[0], clean)
    torch.testing.assert_close(found[1], noise)


def test_sampling_with_a_perfect_predictor_gives_the_picture() -> None:
    picture = torch.rand(3, 4, 4, 8, 8) * 2 - 1

    def perfect(noisy: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
        signal, strength = (s.reshape(-1, 1, 1, 1, 1) for s in signal_and_noise(time))
        return velocity(picture, (noisy - signal * picture) / strength, time)

    found = ddim(perfect, torch.randn(picture.shape), 12)
    assert (found - picture).abs().max() < 0.02  # what noise the last time leaves


def test_the_views_of_a_ball(asset_folder: Path) -> None:
    settings = SetSettings(sets=2, size=48)
    found = make_view_sets(load_glb(asset_folder / "ball.glb"), settings, 0)
    azimuth = found.cameras[:, :, 0]
    np.testing.assert_allclose(np.diff(azimuth, axis=1) % 360, 90, atol=1e-3)
    assert np.ptp(found.cameras[:, :, 1], axis=1).max() == 0
    for chosen in range(2):
        whole = found.cover[chosen] == 255
        # Depth is a mean over a pixel: exact to what the surface curves within it.
        np.testing.assert_allclose(np.linalg.norm(found.places(chosen)[whole], axis=1), HALF_EXTENT, atol=0.02)
        outward = found.places(chosen)[whole] / HALF_EXTENT
        assert (np.einsum("nk,nk->n", found.normals[chosen][whole] / 127, outward) > 0.97).all()
    edge = np.tan(np.arcsin(HALF_EXTENT / settings.distance)) / np.tan(np.radians(settings.fov / 2))
    assert (found.cover / 255).mean() == pytest.approx(np.pi / 4 * edge**2, abs=0.01)
    assert np.ptp(found.colors[found.cover == 255], axis=0).max() <= 2


def test_samples_depend_on_their_position_alone_and_stay_in_range(sets: list[PreparedSets]) -> None:
    lively = PriorSettings(material=0.4, recolour=0.4, given=0.5, no_prompt=0.3)
    first, second = PriorSource(sets, lively), PriorSource(sets, lively)
    bare = shown = 0
    for position in (5, 3, *range(40)):
        a, b = first.draw(position), second.draw(position)
        assert a.caption == b.caption
        for name in ("pictures", "cameras", "given"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
        assert a.pictures.shape == (VIEWS, PICTURE, 16, 16) and np.abs(a.pictures).max() <= 1
        assert a.given.shape == (VIEWS, GIVEN, 16, 16) and np.abs(a.given).max() <= 1
        empty = a.pictures[:, 3] == -1
        assert np.abs(a.pictures[:, :3].transpose(0, 2, 3, 1)[empty]).max() < 1e-6  # mid-grey
        bare += not a.caption
        shown += a.given[:, -1].all()
    assert 4 < bare < 24 and 10 < shown < 32


def test_what_is_given_is_near_and_bright() -> None:
    depth = (
        torch.tensor([4.2 - 3**0.5, 4.2, 4.2 + 3**0.5, 0.0]).reshape(1, 1, 2, 2).expand(1, 4, 2, 2).repeat(1, 1, 4, 4)
    )
    cover = (depth > 0).float()
    given = given_pictures(depth, cover, torch.full((1, 4, 3, 8, 8), 0.5), 4.2)
    torch.testing.assert_close(given[0, 0, 0, :2, :2], torch.tensor([[1.0, 0.0], [-1.0, -1.0]]), atol=1e-5, rtol=0)
    assert given[:, :, 1:4].abs().max() < 1e-6 and (given[:, :, 4] == 1).all()


def test_the_network_sees_cameras_words_and_the_other_views(sets: list[PreparedSets], tmp_path: Path) -> None:
    run = PriorTrainer(sets, tmp_path, TINY, SETTINGS)
    clean, noise, times, given = run.batch()
    net = run.net
    assert (net(clean, times, given) == 0).all()  # the last layer starts at zero
    torch.nn.init.normal_(net.leave.weight, std=0.1)
    for module in net.modules():
        for name in ("film", "out"):
            if hasattr(module, name):
                torch.nn.init.normal_(getattr(module, name).weight, std=0.3)
        if hasattr(module, "conv2"):
            torch.nn.init.normal_(module.conv2.weight, std=0.1)
    with torch.no_grad():
        before = net(clean, times, given)
        other_view = clean.clone()
        other_view[:, 2] = noise[:, 2]
        assert (net(other_view, times, given)[:, 0] - before[:, 0]).abs().max() > 1e-5
        bare = given.without_prompt()
        assert (net(clean, times, bare) - before).abs().max() > 1e-4
        moved = type(given)(**{**vars(given), "cameras": given.cameras + 40})
        assert (net(clean, times, moved) - before).abs().max() > 1e-4
        torch.testing.assert_close(guided(net, clean, times, given, 1.0)[0], before)
        without = net(clean, times, bare)
        pushed, own = guided(net, clean, times, given, 2.5)
        torch.testing.assert_close(pushed, without + 2.5 * (before - without))
        torch.testing.assert_close(own, before)


def test_a_resumed_run_gives_the_same_numbers(sets: list[PreparedSets], tmp_path: Path) -> None:
    whole = PriorTrainer(sets, tmp_path / "whole", TINY, SETTINGS)
    list(whole.run())
    first = PriorTrainer(sets, tmp_path / "parts", TINY, SETTINGS)
    list(first.run(until=3))
    first.train_step()  # lost work: done after the last save
    second = PriorTrainer(sets, tmp_path / "parts", TINY, SETTINGS)
    assert second.step == 3
    list(second.run())
    losses = [[r["loss"] for r in read_log(run.log_file)] for run in (whole, second)]
    assert losses[0] == losses[1]
    for key, value in whole.net.state_dict().items():
        assert torch.equal(value, second.net.state_dict()[key]), key
        assert torch.equal(whole.ema[key], second.ema[key]), key


def test_it_learns_and_its_file_draws_the_same(sets: list[PreparedSets], tmp_path: Path) -> None:
    settings = PriorSettings(steps=120, batch=8, warmup=10, learning_rate=3e-3, ema=0.9, save_every=1000)
    run = PriorTrainer(sets, tmp_path, TINY, settings)
    losses = [r["loss"] for r in run.run()]
    assert np.mean(losses[-10:]) < 0.75 * np.mean(losses[:5])
    net, file = run.averaged().half().float(), tmp_path / "prior.safetensors"
    save_prior(file, run.averaged(), {"step": run.step})
    prompts = ["a red ball", "a box"]
    drawn = draw_views(net, run.captions, prompts, steps=5)
    assert drawn.shape == (2, VIEWS, 16, 16, 4) and drawn.dtype == np.uint8
    np.testing.assert_array_equal(drawn, draw_views(load_prior(file), run.captions, prompts, steps=5))
    assert (drawn != draw_views(net, run.captions, prompts, seed=1, steps=5)).any()
    assert views_sheet(net, run.captions, prompts).shape[2] == 3


def test_other_files_are_refused(tiny_file: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="is not a guidance model"):
        load_prior(tiny_file)
    (tmp_path / "junk").write_bytes(b"junk")
    for name, message in (("junk", "cannot be read"), ("missing", "There is no model file")):
        with pytest.raises(CheckpointError, match=message):
            load_prior(tmp_path / name)


def test_an_empty_caption_is_no_prompt(sets: list[PreparedSets], tmp_path: Path) -> None:
    run = PriorTrainer(sets, tmp_path, TINY, SETTINGS)
    given = torch.zeros(2, VIEWS, GIVEN, 16, 16)
    told = conditions(["", "a ball"], orbit().expand(2, -1, -1), given, run.captions, "cpu")
    bare = told.without_prompt()
    for name in ("tokens", "mask", "sentence"):
        assert torch.equal(getattr(told, name)[0], getattr(bare, name)[0])
        assert not torch.equal(getattr(told, name)[1], getattr(bare, name)[1])


def test_the_command(asset_folder: Path, tmp_path: Path) -> None:
    from latte3d_core.cli import main

    out = tmp_path / "run"
    arguments = ["train-prior", str(asset_folder), "--out", str(out), "--steps", "2", "--batch", "2", "--workers", "1",
                 "--picture-every", "2", "--device", "cpu"]  # fmt: skip
    assert main(arguments) == 0
    assert len((out / "log.jsonl").read_text().splitlines()) == 2
    assert (out / "sheet_000002.png").exists()
    assert load_prior(out / "prior.safetensors").config == PriorConfig()
    assert json.loads((out / "log.jsonl").read_text().splitlines()[0])["step"] == 1
