"""Score distillation: what a picture prior would change in rendered views, as a gradient.

A guidance is any callable that follows ``Guidance``; the training stages know nothing else of it. Here are the one
that asks the project's own multi-view prior, and an analytic one whose answer is known, for tests.

Scale. Distillation is usually coded as a sum over picture elements, the mask loss as a mean; their blend by alpha
(paper, equation 3) then means nothing. Here both are means over the elements of a view set: a gradient of distillation
is the gradient of ``0.5 · mean((x - target)²)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from latte3d_core.model.text import CaptionCache, TextEncoder
from latte3d_core.prior.checkpoint import load_prior
from latte3d_core.prior.diffusion import add_noise, clean_and_noise, signal_and_noise
from latte3d_core.prior.model import GIVEN, PriorNet, given_pictures
from latte3d_core.prior.sample import guided
from latte3d_core.prior.train import conditions


@dataclass(frozen=True)
class Rendered:
    """V views of each of B objects.

    Attributes:
        rgb: (B, V, 3, S, S) in [0, 1], over mid-grey; opacity: (B, V, S, S) in [0, 1].
        depth: (B, V, S, S) distance along the ray, core units; 0 where nothing is.
        cameras: (B, V, 4): azimuth, elevation, distance, fov of a ``Camera``.
    """

    rgb: Tensor
    opacity: Tensor
    depth: Tensor
    cameras: Tensor

    def pictures(self) -> Tensor:
        """As the prior sees them: (B, V, 4, S, S) in [-1, 1]."""
        return torch.cat([self.rgb, self.opacity[:, :, None]], 2) * 2 - 1


@dataclass(frozen=True)
class Advice:
    """What to change.

    Attributes:
        gradient: of the loss by ``Rendered.pictures()``, same shape; no gradient flows through it.
        log: numbers for the log; of them "energy" says how far the pictures are from what is asked for, and can be
            compared at equal noise and times.
    """

    gradient: Tensor
    log: dict[str, float]


class Guidance(Protocol):
    """A prior over pictures.

    Arguments:
        seen: what was rendered. prompts: (B,). progress: finished share of the run, in [0, 1], for annealing.
        generators: (B,) on the CPU, one for the noise and the time of each object, so that they do not depend on which
            other objects are in the batch.
    """

    def __call__(
        self, seen: Rendered, prompts: Sequence[str], progress: float, generators: Sequence[torch.Generator]
    ) -> Advice: ...


def energy(noise: Tensor, without: Tensor, own: Tensor, scale: float) -> float:
    """Up to a constant and a factor, minus the logarithm of the density that classifier-free guidance stands for:
    p(picture) · p(prompt | picture)^scale.

    Each factor's part is an error of predicted noise: that without the prompt, and ``scale`` times by how much the
    prompt makes it smaller. The error with the prompt alone would be least for an empty picture, which is easy to
    predict whatever the words.

    Arguments:
        noise, without, own: of one shape; what was added, and the predictions without and with the prompt.
    """
    plain, prompted = (float((x - noise).square().mean()) for x in (without, own))
    return plain + scale * (prompted - plain)


def distillation_loss(seen: Rendered, advice: Advice) -> Tensor:
    """A scalar whose gradient by the rendered views is the advice; its value means nothing."""
    return (seen.pictures() * advice.gradient).sum()


#: Ways to read a prior's answer.
FORMS = ("clean", "noise")


@dataclass(frozen=True)
class DistillationSettings:
    """How the noise is chosen and the answer read.

    Attributes:
        form: "noise", the classic w(t) (predicted noise - noise) with w = s(t)², or "clean", the difference to the
            predicted clean picture, as MVDream's released code has it.
        scale: of classifier-free guidance.
        rescale: with "clean": how far the spread of the guided picture is pulled back to that of the unguided one
            (0 to 1); large scales otherwise burn the colours.
        first, last: (least, greatest) time at the start and the end of the annealing, which takes ``anneal`` of the
            run; noise-like changes come first, details last.
    """

    form: str = "clean"
    scale: float = 7.5
    rescale: float = 0.5
    first: tuple[float, float] = (0.8, 0.98)
    last: tuple[float, float] = (0.05, 0.5)
    anneal: float = 0.8

    def times(self, progress: float, generators: Sequence[torch.Generator]) -> Tensor:
        """One time for all views of an object: (B,)."""
        share = min(1.0, progress / max(self.anneal, 1e-6))
        low, high = (a + (b - a) * share for a, b in zip(self.first, self.last, strict=True))
        return low + (high - low) * torch.cat([torch.rand(1, generator=g) for g in generators])


#: For what is good already: no noise that would drown its shape, so the advice is on details (Magic3D's second stage,
#: Lin et al. 2022, arXiv 2211.10440, has these bounds).
REFINING = DistillationSettings(first=(0.02, 0.5), last=(0.02, 0.5))


class PriorGuidance:
    """Distillation from the project's own prior.

    Arguments:
        depth: show it the depth and the coarse colours of what was rendered (stage 2), so that it keeps the shape and
            adds to its looks; then only colours are changed.
    """

    def __init__(
        self, net: PriorNet, encode: CaptionCache, settings: DistillationSettings, depth: bool = False
    ) -> None:
        self.net, self.encode, self.settings, self.depth = net, encode, settings, depth

    @classmethod
    def from_file(
        cls,
        path_or_name: str | Path,
        device: torch.device | str = "cpu",
        settings: DistillationSettings | None = None,
        depth: bool = False,
    ) -> PriorGuidance:
        """With the prior in a file, or one that ships by name ("prior"), and a text encoder for it.

        Raises:
            CheckpointError: there is none, or it cannot be read. DependencyError: the text encoder is not installed.
        """
        net = load_prior(path_or_name, device)
        encode = CaptionCache(TextEncoder(net.config.text))
        return cls(net, encode, settings or DistillationSettings(), depth)

    @torch.no_grad()
    def __call__(
        self, seen: Rendered, prompts: Sequence[str], progress: float, generators: Sequence[torch.Generator]
    ) -> Advice:
        s, side = self.settings, self.net.config.size
        pictures = seen.pictures()
        small = _resized(pictures, side)
        device = small.device
        if self.depth:
            depth = _resized(seen.depth[:, :, None], side)[:, :, 0]
            distance = float(seen.cameras[0, 0, 2])
            given = given_pictures(depth, small[:, :, 3] / 2 + 0.5, small[:, :, :3] / 2 + 0.5, distance)
        else:
            given = torch.zeros(*small.shape[:2], GIVEN, side, side, device=device)
        told = conditions(prompts, seen.cameras, given, self.encode, device)
        time = s.times(progress, generators).to(device)
        noise = torch.stack([torch.randn(small.shape[1:], generator=g) for g in generators]).to(device)
        noisy = add_noise(small, noise, time)
        velocity, unguided = guided(self.net, noisy, time, told, s.scale)
        clean, predicted = clean_and_noise(noisy, velocity, time)
        if s.form == "noise":
            _, strength = signal_and_noise(time)
            direction = strength.square().reshape(-1, 1, 1, 1, 1) * (predicted - noise)
        else:
            if s.rescale > 0:
                clean = pulled_back(clean, clean_and_noise(noisy, unguided, time)[0], s.rescale)
            direction = small - clean
        if self.depth:
            direction[:, :, 3] = 0
        gradient = direction / direction[0].numel()
        own = clean_and_noise(noisy, unguided, time)[1]
        # What guidance added to the prompt's own prediction is scale - 1 times what the prompt changes.
        without = own if s.scale == 1 else own - (predicted - own) / (s.scale - 1)
        log = {
            "time": float(time.mean()),
            "distance": float((small - clean).square().mean()),
            "energy": energy(noise, without, own, s.scale),
        }
        # Mean pooling's adjoint: each fine pixel has its share of the coarse one's gradient.
        factor = pictures.shape[-1] // side
        gradient = gradient.repeat_interleave(factor, -1).repeat_interleave(factor, -2) / factor**2
        return Advice(gradient, log)


def pulled_back(guided_clean: Tensor, own: Tensor, share: float) -> Tensor:
    """Guided pictures (B, ...) with their spread, over all views of an object, pulled towards that of the unguided
    ones (Lin et al., arXiv 2305.08891)."""
    flat, reference = guided_clean.flatten(1), own.flatten(1)
    factor = reference.std(1) / flat.std(1).clamp(min=1e-6)
    shape = (-1, *[1] * (guided_clean.dim() - 1))
    return guided_clean * (share * factor + 1 - share).reshape(shape)


def _resized(pictures: Tensor, side: int) -> Tensor:
    """(B, V, C, S, S) averaged down to ``side``, which divides S."""
    flat = pictures.flatten(0, 1)
    return torch.nn.functional.avg_pool2d(flat, flat.shape[-1] // side).unflatten(0, pictures.shape[:2])


class TargetGuidance:
    """Analytic: a prior that knows exactly what the pictures should be.

    Arguments:
        target: (B, V, 4, S, S) in [-1, 1], or a function that finds such for what was rendered.
    """

    def __init__(self, target: Tensor | Callable[[Rendered], Tensor]) -> None:
        self.target = target

    @torch.no_grad()
    def __call__(
        self, seen: Rendered, prompts: Sequence[str], progress: float, generators: Sequence[torch.Generator]
    ) -> Advice:
        target = self.target if isinstance(self.target, Tensor) else self.target(seen)
        direction = seen.pictures() - target
        distance = float(direction.square().mean())
        return Advice(direction / direction[0].numel(), {"distance": distance, "energy": distance})
