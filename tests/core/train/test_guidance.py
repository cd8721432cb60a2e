"""Distillation: gradients against closed forms, and against what a prior that is known exactly would say."""

from __future__ import annotations

import pytest
import torch

from latte3d_core.prior.diffusion import signal_and_noise, velocity
from latte3d_core.prior.model import PriorConditions, PriorConfig, PriorNet
from latte3d_core.train.guidance import (
    DistillationSettings,
    PriorGuidance,
    Rendered,
    TargetGuidance,
    distillation_loss,
    pulled_back,
)

SIDE = 8


class OnePicture(PriorNet):
    """A prior of one picture: its velocity leads exactly there. With a prompt there, without one to grey."""

    def __init__(self, picture: torch.Tensor) -> None:
        super().__init__(PriorConfig(size=SIDE, channels=(8, 8), heads=1, condition=8))
        self.picture = picture

    def forward(self, noisy: torch.Tensor, time: torch.Tensor, given: PriorConditions) -> torch.Tensor:
        signal, strength = (s.reshape(-1, 1, 1, 1, 1) for s in signal_and_noise(time))
        prompted = (given.mask.sum(1) > 1).float().reshape(-1, 1, 1, 1, 1)
        clean = self.picture * prompted
        return velocity(clean, (noisy - signal * clean) / strength, time)


def _encode(captions: list[str]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    count = len(captions)
    return torch.zeros(count, 6, 384), torch.ones(count, 6, dtype=torch.bool), torch.zeros(count, 384)


def _generators(count: int = 2) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(n) for n in range(count)]


def _seen(size: int = SIDE, batch: int = 2) -> Rendered:
    torch.manual_seed(1)
    rgb, opacity = torch.rand(batch, 4, 3, size, size), torch.rand(batch, 4, size, size)
    return Rendered(
        rgb.requires_grad_(), opacity.requires_grad_(), torch.full_like(opacity, 4.0).detach(), torch.rand(batch, 4, 4)
    )


def test_the_loss_has_the_advice_as_its_gradient() -> None:
    seen = _seen()
    target = torch.rand(2, 4, 4, SIDE, SIDE) * 2 - 1
    advice = TargetGuidance(target)(seen, ["a", "b"], 0.0, _generators())
    distillation_loss(seen, advice).backward()
    own = _seen()
    # Half the mean square over each object's elements, summed over objects.
    (0.5 * (own.pictures() - target).square().flatten(1).mean(1)).sum().backward()
    torch.testing.assert_close(seen.rgb.grad, own.rgb.grad)
    torch.testing.assert_close(seen.opacity.grad, own.opacity.grad)


@pytest.mark.parametrize("form", ["clean", "noise"])
def test_a_prior_of_one_picture_leads_there(form: str) -> None:
    picture = torch.rand(1, 4, 4, SIDE, SIDE) * 2 - 1
    settings = DistillationSettings(form=form, scale=1.0, rescale=0.0)
    guidance = PriorGuidance(OnePicture(picture), _encode, settings)  # type: ignore[arg-type]
    seen = _seen()
    advice = guidance(seen, ["a", "b"], 0.5, _generators())
    difference = (seen.pictures() - picture).detach()
    if form == "clean":
        expected = difference / difference[0].numel()
    else:  # predicted noise - noise = signal / strength · (x - picture)
        time = settings.times(0.5, _generators())
        signal, strength = (s.reshape(-1, 1, 1, 1, 1) for s in signal_and_noise(time))
        expected = signal * strength * difference / difference[0].numel()
    torch.testing.assert_close(advice.gradient, expected, atol=1e-6, rtol=1e-3)
    assert not advice.gradient.requires_grad


def test_guidance_overshoots_and_is_pulled_back() -> None:
    picture = torch.rand(1, 4, 4, SIDE, SIDE) * 2 - 1
    seen, ends = _seen(), []
    for rescale in (0.0, 1.0):
        settings = DistillationSettings(scale=3.0, rescale=rescale)
        guidance = PriorGuidance(OnePicture(picture), _encode, settings)  # type: ignore[arg-type]
        advice = guidance(seen, ["a", "b"], 0.2, _generators())
        ends.append(seen.pictures().detach() - advice.gradient * advice.gradient[0].numel())
    torch.testing.assert_close(ends[0], (3 * picture).expand_as(ends[0]), atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(ends[1], picture.expand_as(ends[1]), atol=1e-3, rtol=1e-3)
    x = torch.randn(2, 3, 5)
    torch.testing.assert_close(pulled_back(4 * x, x, 0.5), 2.5 * x)


def test_larger_renders_share_the_gradient_of_the_mean() -> None:
    picture = torch.rand(1, 4, 4, SIDE, SIDE) * 2 - 1
    guidance = PriorGuidance(OnePicture(picture), _encode, DistillationSettings(scale=1.0, rescale=0.0))  # type: ignore[arg-type]
    seen = _seen(2 * SIDE)
    distillation_loss(seen, guidance(seen, ["a", "b"], 0.0, _generators())).backward()
    own = _seen(2 * SIDE)
    small = torch.nn.functional.avg_pool2d(own.pictures().flatten(0, 1), 2).unflatten(0, (2, 4))
    (0.5 * (small - picture).square().flatten(1).mean(1)).sum().backward()
    torch.testing.assert_close(seen.rgb.grad, own.rgb.grad, atol=1e-6, rtol=1e-3)


def test_with_depth_the_cover_is_left_alone() -> None:
    picture = torch.rand(1, 4, 4, SIDE, SIDE) * 2 - 1
    guidance = PriorGuidance(OnePicture(picture), _encode, DistillationSettings(), depth=True)  # type: ignore[arg-type]
    advice = guidance(_seen(), ["a", "b"], 0.0, _generators())
    assert (advice.gradient[:, :, 3] == 0).all() and (advice.gradient[:, :, :3] != 0).any()


def test_times_go_from_noise_to_detail() -> None:
    s = DistillationSettings()
    for progress, (low, high) in ((0.0, s.first), (s.anneal, s.last), (1.0, s.last)):
        times = s.times(progress, _generators(500))
        assert low <= times.min() < low + 0.02 and high - 0.02 < times.max() <= high


@pytest.mark.parametrize("form", ["clean", "noise"])
def test_an_object_s_advice_does_not_depend_on_its_neighbours(form: str) -> None:
    prior, settings = OnePicture(torch.rand(1, 4, 4, SIDE, SIDE)), DistillationSettings(form=form)
    guidance = PriorGuidance(prior, _encode, settings)  # type: ignore[arg-type]
    seen = _seen(batch=3)
    whole = guidance(seen, ["a", "b", "c"], 0.5, _generators(3)).gradient
    last = Rendered(*(value[2:] for value in vars(seen).values()))
    alone = guidance(last, ["c"], 0.5, _generators(3)[2:]).gradient
    torch.testing.assert_close(alone, whole[2:], atol=1e-7, rtol=1e-4)


def test_the_energy_is_that_of_the_guided_density() -> None:
    """Of a prior that knows one picture with a prompt and grey without: errors in closed form, and a picture that is
    what the prompt says has less than a grey one."""
    picture = torch.rand(4, 4, SIDE, SIDE, generator=torch.Generator().manual_seed(3)) * 2 - 1
    found = {}
    for scale in (1.0, 7.5):
        guidance = PriorGuidance(OnePicture(picture), _encode, DistillationSettings(scale=scale))
        for name, shown in (("right", picture), ("grey", torch.zeros_like(picture))):
            seen = Rendered(shown[None, :, :3] / 2 + 0.5, shown[None, :, 3] / 2 + 0.5, torch.zeros(1, 4, SIDE, SIDE),
                            torch.rand(1, 4, 4))  # fmt: skip
            log = guidance(seen, ["a thing"], 0.5, [torch.Generator().manual_seed(0)]).log
            found[name, scale] = log["energy"]
            signal, strength = signal_and_noise(torch.tensor(log["time"]))
            # Predicted noise errs by signal / strength times the error of the clean picture.
            factor = (signal / strength).square()
            own, without = (factor * (shown - x).square().mean() for x in (picture, torch.zeros(())))
            expected = own if scale == 1 else without + scale * (own - without)
            assert log["energy"] == pytest.approx(float(expected), rel=1e-3, abs=1e-5)
    assert found["right", 7.5] < found["grey", 7.5]
