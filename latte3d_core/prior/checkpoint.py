"""The prior's file: safetensors with a JSON header under the key ``latte3d-prior``.

metadata["latte3d-prior"] = {"format": 1, "config": {...}, "step": ..., "samples": ..., "licences": {...}}
every tensor: weights in half precision
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from latte3d_core.checkpoint import resolve
from latte3d_core.config import from_json, to_json
from latte3d_core.errors import CheckpointError, SettingError
from latte3d_core.files import write_atomically
from latte3d_core.prior.model import PriorConfig, PriorNet

FORMAT = 1
_KEY = "latte3d-prior"


def save_prior(path: str | Path, net: PriorNet, info: Mapping[str, Any]) -> None:
    """Write a prior's weights in half precision. ``info``: JSON values for the header."""
    from safetensors.torch import save

    tensors = {k: v.detach().half().cpu().contiguous() for k, v in net.state_dict().items()}
    header = {**info, "format": FORMAT, "config": to_json(net.config)}
    write_atomically(Path(path), save(tensors, {_KEY: json.dumps(header, ensure_ascii=False)}))


def load_prior(path_or_name: str | Path, device: torch.device | str = "cpu") -> PriorNet:
    """Read a prior by path, or one that ships by name; weights come back as float32, for inference.

    Raises:
        CheckpointError: missing, damaged, of another kind, or of another format.
    """
    from safetensors import SafetensorError, safe_open

    path = resolve(path_or_name)
    try:
        with safe_open(str(path), "pt") as stored:
            header = json.loads((stored.metadata() or {})[_KEY])
            tensors = {key: stored.get_tensor(key).float() for key in stored.keys()}  # noqa: SIM118 - not a dict
    except KeyError as error:
        message = f"{path.name} is not a guidance model; choose a file made by latte3d train-prior."
        raise CheckpointError(message) from error
    except (OSError, SafetensorError, ValueError) as error:
        raise CheckpointError(f"The guidance model {path} cannot be read ({error}).") from error
    number = header.get("format")
    if number != FORMAT:
        raise CheckpointError(f"The guidance model {path.name} has format {number}, this version reads {FORMAT}.")
    try:
        net = PriorNet(from_json(PriorConfig, header["config"]))
        net.load_state_dict(tensors)
    except (KeyError, RuntimeError, SettingError) as error:
        raise CheckpointError(f"The guidance model {path.name} does not fit this version of the program.") from error
    return net.eval().requires_grad_(False).to(device)
