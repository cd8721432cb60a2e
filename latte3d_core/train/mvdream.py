"""MVDream (Shi et al., arXiv 2308.16512) as a prior: Stable Diffusion 2.1 that draws four views of an object at once.

Two things tell it from a plain model: self-attention runs over the tokens of all views together, and each view's camera
is added to the time embedding. Both fit diffusers' own ``UNet2DConditionModel``: an attention processor, and a class
embedding of 16 numbers. So a folder may hold either of two networks.

- ``UNet2DConditionModel`` with ``class_embed_type`` "projection" of 16 numbers.
- ``MultiViewUNetModel``, the network of public conversions of the release (``mvdream-sd2.1-diffusers``). Its class is
  code that lies in the folder, and code from a folder is never run here; its weights keep the names of the release,
  which are known, so they are read into the network above (``converted``).

Untested against the released weights: conversion, cameras and loss follow the released code (bytedance/MVDream and its
threestudio extension), and are tested with networks of random weights.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from latte3d_core.errors import CheckpointError, SettingError
from latte3d_core.prior.views import VIEWS
from latte3d_core.train.diffusers_guidance import (
    LatentGuidance,
    check_model_folder,
    check_widths,
    device_and_type,
    load_diffusers,
    load_network,
    load_shared,
    read_config,
    unreadable,
)
from latte3d_core.train.guidance import DistillationSettings, Rendered

#: Numbers that tell a camera: a 4 × 4 matrix.
CAMERA = 16


def camera_matrices(cameras: Tensor) -> Tensor:
    """What MVDream is told of cameras (..., 4) of azimuth, elevation, distance, fov: (..., 16).

    The rows of the camera-to-world matrix, with the position brought to distance 1. MVDream's world has Z up and the
    front at +X, and azimuth turns towards +Y; the camera's axes are right, up and back.
    """
    azimuth, elevation = torch.deg2rad(cameras[..., 0]), torch.deg2rad(cameras[..., 1])
    zero, one = torch.zeros_like(azimuth), torch.ones_like(azimuth)
    right = torch.stack([-azimuth.sin(), azimuth.cos(), zero, zero], -1)
    up = torch.stack([-elevation.sin() * azimuth.cos(), -elevation.sin() * azimuth.sin(), elevation.cos(), zero], -1)
    back = torch.stack([elevation.cos() * azimuth.cos(), elevation.cos() * azimuth.sin(), elevation.sin(), zero], -1)
    position = torch.cat([back[..., :3], one[..., None]], -1)
    return torch.stack([right, up, back, position], -1).flatten(-2)


class AcrossViews:
    """A processor for self-attention: tokens of the ``views`` consecutive pictures of an object attend to each other.

    Arguments:
        inner: the processor that does the rest.
    """

    def __init__(self, inner: Any, views: int) -> None:
        self.inner, self.views = inner, views

    def __call__(self, attention: Any, tokens: Tensor, *rest: Any, **options: Any) -> Tensor:
        """Tokens (B·V, L, C) to the same."""
        joined = tokens.reshape(len(tokens) // self.views, -1, tokens.shape[-1])
        return self.inner(attention, joined, *rest, **options).reshape(tokens.shape)


def attend_across_views(unet: Any, views: int) -> None:
    """Let a network's self-attention run over ``views`` pictures; what reads the prompt stays view by view."""
    unet.set_attn_processor(
        {
            name: AcrossViews(inner, views) if name.endswith("attn1.processor") else inner
            for name, inner in unet.attn_processors.items()
        }
    )


class MultiViewDenoiser:
    """A network with ``CAMERA`` numbers as its class labels, which draws ``views`` pictures together."""

    def __init__(self, unet: Any, views: int = VIEWS) -> None:
        attend_across_views(unet, views)
        self.unet, self.views, self.side = unet, views, int(unet.config.sample_size)

    def told(self, prompt: str, cameras: Tensor) -> list[str]:
        if len(cameras) != self.views:
            raise SettingError(f"This prior draws {self.views} views together; render as many, not {len(cameras)}.")
        return [prompt] * len(cameras)

    def __call__(self, noisy: Tensor, steps: Tensor, states: Tensor, seen: Rendered) -> Tensor:
        kind = self.unet.dtype
        labels = camera_matrices(seen.cameras.flatten(0, 1)).to(noisy.device, kind)
        return self.unet(noisy.to(kind), steps, states.to(kind), class_labels=labels, return_dict=False)[0]


def load_mvdream(
    folder: str | Path,
    settings: DistillationSettings,
    device: torch.device | str = "cpu",
    *,
    negative: str = "",
    half: bool = False,
) -> LatentGuidance:
    """MVDream from a folder in the diffusers layout.

    The release was distilled with form "clean", scale 50, rescale 0.5 and a long negative prompt.

    Arguments:
        negative: what pictures are led away from, for example "ugly, blurry, low quality".
        half: network and text encoder in half precision, on CUDA.

    Raises:
        CheckpointError: the folder or a part of it is missing, damaged or of another kind.
        DependencyError: diffusers is not installed.
        SettingError: half precision elsewhere than on CUDA.
    """
    folder = Path(folder)
    device, dtype = device_and_type(device, half)
    load_diffusers()
    check_model_folder(folder)
    unet = _load_unet(folder / "unet", dtype)
    vae, states, schedule = load_shared(folder, device, dtype)
    check_widths(folder, unet, vae, states)
    return LatentGuidance(MultiViewDenoiser(unet.to(device)), vae, states, schedule, settings, negative)


def _load_unet(folder: Path, dtype: torch.dtype) -> Any:
    network = load_diffusers().UNet2DConditionModel
    config = read_config(folder, "UNet2DConditionModel", "MultiViewUNetModel")
    if config["_class_name"] == "UNet2DConditionModel":
        if config.get("class_embed_type") != "projection" or (
            config.get("projection_class_embeddings_input_dim") != CAMERA
        ):
            raise CheckpointError(
                f"{folder} holds a network that is told no cameras, such as plain Stable Diffusion's; name a folder "
                "with MVDream."
            )
        return load_network(network, folder, dtype, low_cpu_mem_usage=False)
    if config.get("camera_dim") != CAMERA or config.get("ip_dim"):
        raise CheckpointError(
            f"{folder} is not MVDream's network of {CAMERA} camera numbers without picture prompts; name a folder "
            "with MVDream itself."
        )
    try:
        unet = network(**unet_config(config))
        weights = load_file(folder / "diffusion_pytorch_model.safetensors")
        named = converted(weights, config["num_res_blocks"])
        unet.load_state_dict({name: value.to(dtype) for name, value in named.items()}, assign=True)
    except (OSError, KeyError, RuntimeError, TypeError, ValueError, SafetensorError) as error:
        raise CheckpointError(unreadable(folder)) from error
    return unet.eval().requires_grad_(False)


def unet_config(original: dict[str, Any]) -> dict[str, Any]:
    """The settings of a ``UNet2DConditionModel`` that is the network which the release's settings describe."""
    widths = [original["model_channels"] * factor for factor in original["channel_mult"]]
    attends = [2**level in original["attention_resolutions"] for level in range(len(widths))]
    return {
        "sample_size": original["image_size"],
        "in_channels": original["in_channels"],
        "out_channels": original["out_channels"],
        "block_out_channels": widths,
        "layers_per_block": original["num_res_blocks"],
        "down_block_types": ["CrossAttnDownBlock2D" if a else "DownBlock2D" for a in attends],
        "up_block_types": ["CrossAttnUpBlock2D" if a else "UpBlock2D" for a in reversed(attends)],
        "transformer_layers_per_block": original.get("transformer_depth", 1),
        "cross_attention_dim": original["context_dim"],
        # diffusers calls it so, and means the number of heads.
        "attention_head_dim": [width // original["num_head_channels"] for width in widths],
        "use_linear_projection": True,
        "class_embed_type": "projection",
        "projection_class_embeddings_input_dim": original["camera_dim"],
    }


#: Names of the release -> names of diffusers: outside the blocks, and inside a residual block.
_OUTSIDE = {
    "time_embed.0": "time_embedding.linear_1",
    "time_embed.2": "time_embedding.linear_2",
    "camera_embed.0": "class_embedding.linear_1",
    "camera_embed.2": "class_embedding.linear_2",
    "input_blocks.0.0": "conv_in",
    "out.0": "conv_norm_out",
    "out.2": "conv_out",
}
_RESIDUAL = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}


def converted(weights: dict[str, Tensor], layers: int) -> dict[str, Tensor]:
    """The release's weights of the network under the names that diffusers gives them.

    Input blocks count ``layers`` residual blocks and one step down per level, output blocks ``layers`` + 1 residual
    blocks, the last of which is followed by the step up. Names inside attention blocks are the same on both sides.

    Raises:
        KeyError: a name that MVDream's network does not have.
    """
    return {_renamed(name, layers): value for name, value in weights.items()}


def _renamed(name: str, layers: int) -> str:
    path, _, leaf = name.rpartition(".")
    if path in _OUTSIDE:
        return f"{_OUTSIDE[path]}.{leaf}"
    middle = re.fullmatch(r"middle_block\.([012])\.(.+)", path)
    if middle:
        place = ("resnets.0", "attentions.0", "resnets.1")[int(middle[1])]
        return f"mid_block.{place}.{_inside(place, middle[2])}.{leaf}"
    block = re.fullmatch(r"(input|output)_blocks\.(\d+)\.([012])\.(.+)", path)
    if block is None:
        raise KeyError(name)
    way, part = ("down", int(block[2]) - 1) if block[1] == "input" else ("up", int(block[2]))
    level, layer = divmod(part, layers + 1)
    if block[4] in ("op", "conv"):
        return f"{way}_blocks.{level}.{way}samplers.0.conv.{leaf}"
    place = f"{'resnets' if block[3] == '0' else 'attentions'}.{layer}"
    return f"{way}_blocks.{level}.{place}.{_inside(place, block[4])}.{leaf}"


def _inside(place: str, path: str) -> str:
    return _RESIDUAL[path] if place.startswith("resnets") else path
