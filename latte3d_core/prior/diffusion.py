"""Diffusion in a few functions: the noise schedule, and the three ways to name what a network says of a noisy picture.

Variance preserving, cosine schedule (Nichol and Dhariwal, arXiv 2102.09672), velocity prediction (Salimans and Ho,
arXiv 2202.00512). Time t runs from 0 (clean) to 1 (noise): x_t = a(t) x + s(t) e with a² + s² = 1, and the network
predicts v = a e - s x.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

#: Times are kept this far from 0 and 1, where one of the two signals is gone.
EDGE = 0.002


def signal_and_noise(time: Tensor) -> tuple[Tensor, Tensor]:
    """a(t) and s(t) of times (...) in [0, 1]."""
    angle = time.clamp(EDGE, 1 - EDGE) * (math.pi / 2)
    return angle.cos(), angle.sin()


def add_noise(clean: Tensor, noise: Tensor, time: Tensor) -> Tensor:
    """x_t of clean pictures (B, ...) at times (B,)."""
    signal, strength = (part.reshape(-1, *[1] * (clean.dim() - 1)) for part in signal_and_noise(time))
    return signal * clean + strength * noise


def velocity(clean: Tensor, noise: Tensor, time: Tensor) -> Tensor:
    """What the network is to predict."""
    signal, strength = (part.reshape(-1, *[1] * (clean.dim() - 1)) for part in signal_and_noise(time))
    return signal * noise - strength * clean


def clean_and_noise(noisy: Tensor, predicted: Tensor, time: Tensor) -> tuple[Tensor, Tensor]:
    """The clean picture and the noise that a predicted velocity means."""
    signal, strength = (part.reshape(-1, *[1] * (noisy.dim() - 1)) for part in signal_and_noise(time))
    return signal * noisy - strength * predicted, strength * noisy + signal * predicted


def ddim(predict: Callable[[Tensor, Tensor], Tensor], start: Tensor, steps: int) -> Tensor:
    """Deterministic sampling (Song et al., arXiv 2010.02502).

    Arguments:
        predict: noisy pictures (B, ...) and times (B,) to velocities.
        start: noise (B, ...).
    """
    noisy = start
    times = torch.linspace(1, 0, steps + 1, device=start.device)
    for here, there in pairwise(times):
        now = here.expand(len(start))
        clean, noise = clean_and_noise(noisy, predict(noisy, now), now)
        noisy = add_noise(clean.clamp(-1, 1), noise, there.expand(len(start)))
    return noisy
