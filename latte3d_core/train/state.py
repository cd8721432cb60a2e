"""The state of a run on disk: safetensors with a JSON header, written atomically. Nothing is ever pickled."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from latte3d_core.errors import CheckpointError
from latte3d_core.files import write_atomically


def save_state(
    path: Path, step: int, net: nn.Module, ema: dict[str, Tensor], optimizer: torch.optim.AdamW, info: Any
) -> None:
    """Everything that the next step depends on."""
    from safetensors.torch import save

    tensors = {f"net.{k}": v.detach().cpu() for k, v in net.state_dict().items()}
    tensors |= {f"ema.{k}": v.detach().cpu() for k, v in ema.items()}
    for name, parameter in net.named_parameters():
        for key, value in optimizer.state.get(parameter, {}).items():
            tensors[f"optimizer.{name}.{key}"] = torch.as_tensor(value).detach().cpu().contiguous()
    tensors = {k: v.contiguous() for k, v in tensors.items()}
    write_atomically(path, save(tensors, {"step": str(step), "info": json.dumps(info, sort_keys=True)}))


def load_state(path: Path, net: nn.Module, ema: dict[str, Tensor], optimizer: torch.optim.AdamW, info: Any) -> int:
    """Put the saved state in place; returns the number of finished steps.

    Raises:
        CheckpointError: unreadable, or saved by a run with other settings.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), "pt") as stored:
            header = stored.metadata() or {}
            tensors = {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118 - not a dict
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"The training state {path} cannot be read ({error}); delete it to start anew."
        ) from error
    if header.get("info") != json.dumps(info, sort_keys=True):
        raise CheckpointError(
            f"{path} was saved with other settings or data; name another output folder, or delete it to start anew."
        )
    net.load_state_dict({k[4:]: v for k, v in tensors.items() if k.startswith("net.")})
    for key in ema:
        ema[key].copy_(tensors[f"ema.{key}"])
    for name, parameter in net.named_parameters():
        prefix = f"optimizer.{name}."
        entry = {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}
        if entry:
            optimizer.state[parameter] = {k: v if k == "step" else v.to(parameter.device) for k, v in entry.items()}
    return int(header["step"])


def load_weights(path: Path, net: nn.Module) -> tuple[str, int]:
    """Start ``net`` from a model file: every tensor that has the same name and shape there is copied, whatever the
    file's format and settings.

    Returns:
        The file's SHA-256, and how many tensors were found.

    Raises:
        CheckpointError: unreadable, or not one tensor fits.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        data = path.read_bytes()
        stored = load(data)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"The model file {path} cannot be read ({error}).") from error
    own = net.state_dict()
    fitting = {
        name: stored[f"net.{name}"].float()
        for name, value in own.items()
        if f"net.{name}" in stored and stored[f"net.{name}"].shape == value.shape
    }
    if not fitting:
        raise CheckpointError(f"Nothing in {path} fits this network; choose a model file of the same preset.")
    net.load_state_dict(fitting, strict=False)
    return hashlib.sha256(data).hexdigest(), len(fitting)
