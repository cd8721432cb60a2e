"""Stable Diffusion with a depth ControlNet (Zhang et al., arXiv 2302.05543) as stage 2's prior: it keeps the shape that
it is shown and adds to its looks.

It sees one picture at a time and knows nothing of the others, so each view's prompt says from where the object is seen
(Poole et al., arXiv 2209.14988). Untested against released weights: what is shown and told is tested with networks of
random weights.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from latte3d_core.errors import CheckpointError
from latte3d_core.train.diffusers_guidance import (
    LatentGuidance,
    check_model_folder,
    check_widths,
    device_and_type,
    load_diffusers,
    load_network,
    load_shared,
    read_config,
    resized,
)
from latte3d_core.train.guidance import DistillationSettings, Rendered

#: Half the diagonal of the box that objects lie in.
_REACH = math.sqrt(3.0)
#: Degrees from the front, or from the back, up to which a view is called so; elevation above which it is overhead.
_FACING, _OVERHEAD = 45.0, 60.0


def view_words(azimuth: float, elevation: float) -> str:
    """From where an object is seen; degrees of a ``Camera``, azimuth 0 the front."""
    if elevation > _OVERHEAD:
        return "overhead view"
    turned = abs((azimuth + 180) % 360 - 180)
    if turned < _FACING:
        return "front view"
    return "back view" if turned > 180 - _FACING else "side view"


def depth_pictures(seen: Rendered) -> Tensor:
    """What the ControlNet is shown: (B·V, 3, S, S) in [0, 1].

    1 for the nearest that an object in the box can be, 0 for the farthest and where nothing is; pixels that the object
    covers in part are mixed.
    """
    distance = seen.cameras[..., 2, None, None]
    near = ((distance + _REACH - seen.depth) / (2 * _REACH)).clamp(0, 1) * seen.opacity
    return near.flatten(0, 1)[:, None].expand(-1, 3, -1, -1)


class DepthDenoiser:
    """Stable Diffusion's network with a ControlNet that is shown depth.

    Arguments:
        strength: how much of the ControlNet's say is added.
    """

    def __init__(self, unet: Any, controlnet: Any, strength: float = 1.0) -> None:
        self.unet, self.controlnet, self.strength = unet, controlnet, strength
        self.side = int(unet.config.sample_size)
        # The ControlNet shrinks its picture to the size of the latents itself.
        self._shown = self.side * 2 ** (len(controlnet.config.conditioning_embedding_out_channels) - 1)

    def told(self, prompt: str, cameras: Tensor) -> list[str]:
        return [f"{prompt}, {view_words(float(c[0]), float(c[1]))}" for c in cameras]

    def __call__(self, noisy: Tensor, steps: Tensor, states: Tensor, seen: Rendered) -> Tensor:
        kind = self.unet.dtype
        noisy, states = noisy.to(kind), states.to(kind)
        shown = resized(depth_pictures(seen), self._shown).to(noisy)
        down, middle = self.controlnet(noisy, steps, states, shown, self.strength, return_dict=False)
        return self.unet(
            noisy,
            steps,
            states,
            down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
            return_dict=False,
        )[0]


def load_depth_controlnet(
    sd_folder: str | Path,
    controlnet_folder: str | Path,
    settings: DistillationSettings,
    device: torch.device | str = "cpu",
    *,
    negative: str = "",
    half: bool = False,
    strength: float = 1.0,
) -> LatentGuidance:
    """Stable Diffusion and a depth ControlNet for it, from folders in the diffusers layout.

    Arguments:
        negative: what pictures are led away from.
        half: networks and text encoder in half precision, on CUDA.
        strength: of the ControlNet; 1.5 holds the shape more firmly.

    Raises:
        CheckpointError: a folder or a part of it is missing, damaged or of another kind, or the two do not fit.
        DependencyError: diffusers is not installed.
        SettingError: half precision elsewhere than on CUDA.
    """
    sd_folder, controlnet_folder = Path(sd_folder), Path(controlnet_folder)
    device, dtype = device_and_type(device, half)
    diffusers = load_diffusers()
    check_model_folder(sd_folder)
    if not controlnet_folder.is_dir():
        raise CheckpointError(f"There is no folder {controlnet_folder}; name a ControlNet's folder.")
    if (controlnet_folder / "model_index.json").is_file():
        raise CheckpointError(f"{controlnet_folder} holds a whole model; name the folder of a ControlNet alone.")
    read_config(controlnet_folder, "ControlNetModel")
    plain = read_config(sd_folder / "unet", "UNet2DConditionModel")
    if plain.get("class_embed_type") or plain.get("addition_embed_type"):
        raise CheckpointError(
            f"{sd_folder / 'unet'} wants to be told more than time and prompt; name a folder with Stable Diffusion 1 "
            "or 2."
        )
    unet = load_network(diffusers.UNet2DConditionModel, sd_folder / "unet", dtype, low_cpu_mem_usage=False)
    controlnet = load_network(diffusers.ControlNetModel, controlnet_folder, dtype, low_cpu_mem_usage=False)
    _check_pair(unet, controlnet, controlnet_folder)
    vae, states, schedule = load_shared(sd_folder, device, dtype)
    check_widths(sd_folder, unet, vae, states)
    denoiser = DepthDenoiser(unet.to(device), controlnet.to(device), strength)
    return LatentGuidance(denoiser, vae, states, schedule, settings, negative)


def _check_pair(unet: Any, controlnet: Any, folder: Path) -> None:
    for name in ("in_channels", "cross_attention_dim", "block_out_channels", "layers_per_block"):
        own, other = unet.config[name], controlnet.config[name]
        if own != other:
            raise CheckpointError(
                f"The ControlNet in {folder} was made for another model ({name} is {other}, not {own}); take one for "
                "the same version of Stable Diffusion."
            )
    if controlnet.config.conditioning_channels != 3:
        raise CheckpointError(
            f"The ControlNet in {folder} is not shown pictures of three channels; take one for depth."
        )
