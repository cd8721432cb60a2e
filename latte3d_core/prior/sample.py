"""Four views of a prompt, drawn by the prior alone: how one sees what it knows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from latte3d_core.model.text import CaptionCache
from latte3d_core.prior.diffusion import ddim
from latte3d_core.prior.model import GIVEN, PICTURE, PriorConditions, PriorNet
from latte3d_core.prior.train import conditions
from latte3d_core.prior.views import VIEWS
from latte3d_core.render.preview import contact_sheet


def guided(net: PriorNet, noisy: Tensor, time: Tensor, given: PriorConditions, scale: float) -> tuple[Tensor, Tensor]:
    """Velocities under classifier-free guidance, without a prompt plus ``scale`` times what the prompt changes, and
    those of the prompt alone; at scale 1 they are the same (Ho and Salimans, arXiv 2207.12598)."""
    if scale == 1:
        own = net(noisy, time, given)
        return own, own
    bare = given.without_prompt()
    both = PriorConditions(**{k: torch.cat([getattr(bare, k), v]) for k, v in vars(given).items()})
    without, prompted = net(noisy.repeat(2, 1, 1, 1, 1), time.repeat(2), both).chunk(2)
    return without + scale * (prompted - without), prompted


def orbit(elevation: float = 15.0, first: float = 30.0, distance: float = 4.2, fov: float = 32.0) -> Tensor:
    """Four cameras a quarter turn apart: (4, 4) azimuth, elevation, distance, fov."""
    return torch.tensor([[first + 90 * k, elevation, distance, fov] for k in range(VIEWS)])


@torch.inference_mode()
def draw_views(
    net: PriorNet,
    encode: CaptionCache,
    prompts: Sequence[str],
    seed: int = 0,
    steps: int = 25,
    scale: float = 3.0,
    given: Tensor | None = None,
) -> np.ndarray:
    """Pictures (B, 4, S, S, 4) uint8 RGBA of the prompts.

    Arguments:
        given: (B, 4, 5, S, S), see ``given_pictures``; default nothing.
    """
    size, device = net.config.size, next(net.parameters()).device
    shape = (len(prompts), VIEWS, PICTURE, size, size)
    start = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(device)
    if given is None:
        given = torch.zeros(len(prompts), VIEWS, GIVEN, size, size)
    told = conditions(prompts, orbit().expand(len(prompts), -1, -1), given, encode, device)
    pictures = ddim(lambda noisy, time: guided(net, noisy, time, told, scale)[0], start, steps)
    channels_last = (pictures.cpu().permute(0, 1, 3, 4, 2) / 2 + 0.5).clamp(0, 1)
    color, cover = channels_last[..., :3], channels_last[..., 3:]
    # Undo the blend with grey, where there is enough to tell the colour by.
    color = ((color - 0.5 * (1 - cover)) / cover.clamp(min=0.2)).clamp(0, 1)
    return (torch.cat([color, cover], -1) * 255).round().to(torch.uint8).numpy()


def views_sheet(net: PriorNet, encode: CaptionCache, prompts: Sequence[str], enlarge: int = 4) -> np.ndarray:
    """The four views of each prompt side by side, two prompts a row: (H, W, 3) uint8."""
    pictures = draw_views(net, encode, prompts).repeat(enlarge, 2).repeat(enlarge, 3)
    labels = [prompt if view == 0 else "" for prompt in prompts for view in range(VIEWS)]
    return contact_sheet(list(pictures.reshape(-1, *pictures.shape[2:])), labels, 2 * VIEWS)
