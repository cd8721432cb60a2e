"""The image loss of stage 0: a perfect field costs next to nothing, a run with it learns and resumes, one without it
is untouched by it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from latte3d_core.data.prepare import Prepared
from latte3d_core.data.samples import Sample, SampleSettings
from latte3d_core.data.views import PreparedViews, ViewSettings, prepare_views
from latte3d_core.errors import CheckpointError, SettingError
from latte3d_core.presets import tiny
from latte3d_core.train import image_loss as module
from latte3d_core.train.image_loss import draw_ray_batch, image_loss
from latte3d_core.train.pretrain import Pretrainer, PretrainSettings
from latte3d_core.train.sketch import SketchSettings

PLAIN = PretrainSettings(
    steps=6, batch=3, warmup=2, save_every=100, samples=SampleSettings(near=64, band=32, uniform=32),
    sketch=SketchSettings(steps=20, batch=16, warmup=2),
)  # fmt: skip
WITH_IMAGES = dataclasses.replace(PLAIN, image_weight=1.0)


@pytest.fixture(scope="module")
def views(prepared: list[Prepared], tmp_path_factory: pytest.TempPathFactory) -> list[PreparedViews]:
    return prepare_views(prepared, tmp_path_factory.mktemp("views"), ViewSettings(views=4, size=32), workers=1)


@pytest.fixture(autouse=True)
def _few_rays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RAYS", 64)
    monkeypatch.setattr(module, "STEPS", 24)


def _lines(run: Pretrainer) -> list[dict[str, float]]:
    """The log without its timings."""
    records = [json.loads(line) for line in run.log_file.read_text().splitlines()]
    return [{k: v for k, v in r.items() if k != "samples_per_s"} for r in records]


class _NoPlanes:
    """What a network without planes makes of its conditions."""

    def one(self, index: int) -> _NoPlanes:
        return self


class _ExactBall(nn.Module):
    """A network that answers with a ball, in one colour."""

    def __init__(self, radius: float, colour: Tensor) -> None:
        super().__init__()
        self.radius, self.colour = nn.Parameter(torch.tensor(radius)), nn.Parameter(colour)

    def sdf(self, planes: object, points: Tensor) -> Tensor:
        return points.norm(dim=-1) - self.radius

    def color(self, planes: object, points: Tensor) -> Tensor:
        return self.colour.expand_as(points)


def test_the_true_field_is_the_cheapest(prepared: list[Prepared], views: list[PreparedViews]) -> None:
    index = next(i for i, p in enumerate(prepared) if p.asset.id == "ball")
    target = prepared[index].load()
    colour = torch.from_numpy(target.point_colors[0] / np.float32(255))
    any_, frame = np.zeros(0), np.eye(3, dtype=np.float32)
    palette = target.palette.astype(np.float32) / 255
    sample = Sample("", any_, any_, 0, 0, any_, any_, any_, index, frame, palette, np.zeros_like(palette), False)
    smaller = dataclasses.replace(sample, frame=frame * np.float32(0.6))

    def cost(radius: float, colour: Tensor, drawn: Sample = sample) -> float:
        rays = draw_ray_batch(views, [drawn] * 4, 0, range(4), torch.device("cpu"))
        return float(image_loss(_ExactBall(radius, colour), _NoPlanes(), rays).detach())  # type: ignore[arg-type]

    right = cost(0.9, colour)
    assert right < 0.02
    assert cost(0.8, colour) > 2 * right and cost(1.0, colour) > 2 * right
    assert cost(0.9, 1 - colour) > right + 0.02
    assert cost(0.54, colour, smaller) < 0.02 < cost(0.9, colour, smaller)


def test_it_pulls_the_way_it_should(prepared: list[Prepared], views: list[PreparedViews]) -> None:
    """Gradient descent on radius and colour finds the ball again."""
    index = next(i for i, p in enumerate(prepared) if p.asset.id == "ball")
    target = prepared[index].load()
    any_, frame = np.zeros(0), np.eye(3, dtype=np.float32)
    palette = target.palette.astype(np.float32) / 255
    sample = Sample("", any_, any_, 0, 0, any_, any_, any_, index, frame, palette, np.zeros_like(palette), False)
    net = _ExactBall(0.7, torch.full((3,), 0.5))
    optimizer = torch.optim.Adam(net.parameters(), 0.02)
    for step in range(60):
        rays = draw_ray_batch(views, [sample], 0, range(step, step + 1), torch.device("cpu"))
        optimizer.zero_grad()
        image_loss(net, _NoPlanes(), rays).backward()  # type: ignore[arg-type]
        optimizer.step()
    assert abs(float(net.radius.detach()) - 0.9) < 0.05
    np.testing.assert_allclose(net.colour.detach(), target.point_colors[0] / 255, atol=0.05)


def test_rays_depend_on_their_position_alone(
    prepared: list[Prepared], views: list[PreparedViews], tmp_path: Path
) -> None:
    run = Pretrainer(prepared, tmp_path, tiny(), WITH_IMAGES, views=views)
    samples = [run.source.draw(p, 0.0) for p in range(4)]
    both = draw_ray_batch(views, samples, 0, range(4), torch.device("cpu"))
    later = draw_ray_batch(views, samples[2:], 0, range(2, 4), torch.device("cpu"))
    for name in ("origins", "directions", "colors", "opacity", "background"):
        assert torch.equal(getattr(both, name)[2:], getattr(later, name))
    other = draw_ray_batch(views, samples, 1, range(4), torch.device("cpu"))
    assert not torch.equal(both.origins, other.origins)
    assert both.background.unique().numel() == 12
    for one, two in zip(both.generators[2:], later.generators, strict=True):
        assert torch.equal(torch.rand(5, generator=one), torch.rand(5, generator=two))
    assert len({g.initial_seed() for g in both.generators}) == 4


def test_a_run_with_images_learns(prepared: list[Prepared], views: list[PreparedViews], tmp_path: Path) -> None:
    """From the images alone: the field losses weigh nothing here."""
    # Pictures do not show materials; turned and stretched shapes take this preset longer than a test should.
    samples = dataclasses.replace(
        WITH_IMAGES.samples, material=0, proportion=0, turn=0, other=0, dummy_start=0.1, dummy_end=0.1
    )
    settings = dataclasses.replace(
        WITH_IMAGES, steps=100, batch=6, warmup=5, learning_rate=2e-3, sdf_weight=0.0, sign_weight=0.0,
        color_weight=0.0, samples=samples,
    )  # fmt: skip
    records = list(Pretrainer(prepared, tmp_path, tiny(), settings, views=views).run())
    image = [r["image"] for r in records]
    assert all(r["loss"] == pytest.approx(r["image"]) for r in records)
    assert np.mean(image[-10:]) < 0.7 * np.mean(image[:5])
    sdf = [r["sdf"] for r in records]
    assert np.mean(sdf[-10:]) < np.mean(sdf[:5])


def test_a_resumed_run_gives_the_same_numbers(
    prepared: list[Prepared], views: list[PreparedViews], tmp_path: Path
) -> None:
    whole = Pretrainer(prepared, tmp_path / "whole", tiny(), WITH_IMAGES, views=views)
    list(whole.run())
    first = Pretrainer(prepared, tmp_path / "parts", tiny(), WITH_IMAGES, views=views)
    list(first.run(until=4))
    first.train_step()  # lost work: done after the last save
    second = Pretrainer(prepared, tmp_path / "parts", tiny(), WITH_IMAGES, views=views)
    assert second.step == 4
    list(second.run())
    assert _lines(whole) == _lines(second) and "image" in _lines(whole)[0]
    for key, value in whole.net.state_dict().items():
        assert torch.equal(value, second.net.state_dict()[key]), key
        assert torch.equal(whole.ema[key], second.ema[key]), key


def test_a_run_is_not_resumed_with_other_views(
    prepared: list[Prepared], views: list[PreparedViews], tmp_path: Path
) -> None:
    list(Pretrainer(prepared, tmp_path / "run", tiny(), WITH_IMAGES, views=views).run(until=1))
    other = prepare_views(prepared, tmp_path / "cache", ViewSettings(views=2, size=24), workers=1)
    with pytest.raises(CheckpointError, match="other settings or data"):
        Pretrainer(prepared, tmp_path / "run", tiny(), WITH_IMAGES, views=other)


def test_without_weight_nothing_changes(prepared: list[Prepared], views: list[PreparedViews], tmp_path: Path) -> None:
    """Views at hand or not: the same numbers and the same state. And the samples are those of a run with images."""
    bare = Pretrainer(prepared, tmp_path / "bare", tiny(), PLAIN)
    idle = Pretrainer(prepared, tmp_path / "idle", tiny(), PLAIN, views=views)
    assert bare.info == idle.info and sorted(bare.info) == ["config", "data", "settings"]
    list(bare.run())
    list(idle.run())
    assert _lines(bare) == _lines(idle) and "image" not in _lines(bare)[0]
    for key, value in bare.net.state_dict().items():
        assert torch.equal(value, idle.net.state_dict()[key]), key
    imaged = Pretrainer(prepared, tmp_path / "imaged", tiny(), WITH_IMAGES, views=views)
    first = next(iter(imaged.run()))
    for name in ("sdf", "sign", "color"):  # before the first step both networks are the same
        assert float(f"{first[name]:.6g}") == _lines(bare)[0][name]
    assert first["loss"] == pytest.approx(
        sum(w * first[n] for w, n in ((10, "sdf"), (0.1, "sign"), (2, "color"), (1, "image"))),
        rel=1e-5,
    )


def test_missing_or_foreign_views_are_refused(
    prepared: list[Prepared], views: list[PreparedViews], tmp_path: Path
) -> None:
    for given in (None, [], views[1:], views[::-1]):
        with pytest.raises(SettingError, match="prepare_views"):
            Pretrainer(prepared, tmp_path, tiny(), WITH_IMAGES, views=given)
    with pytest.raises(SettingError, match="negative"):
        Pretrainer(prepared, tmp_path, tiny(), dataclasses.replace(PLAIN, image_weight=-1.0), views=views)
    assert not any(tmp_path.iterdir())


def test_the_command_trains_with_images(asset_folder: Path, tmp_path: Path) -> None:
    from latte3d_core.cli import main

    out = tmp_path / "run"
    arguments = ["pretrain", str(asset_folder), "--out", str(out), "--preset", "tiny", "--steps", "2", "--batch", "2",
                 "--image-weight", "0.5", "--sketch-steps", "5", "--picture-every", "0", "--workers", "1",
                 "--device", "cpu", "--include-held-out"]  # fmt: skip
    assert main(arguments) == 0
    records = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert len(records) == 2 and all(r["image"] > 0 for r in records)
    assert len(list((out / "cache").glob("*-views.npz"))) == 6
