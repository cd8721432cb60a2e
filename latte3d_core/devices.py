"""Choosing where the network runs."""

from __future__ import annotations

import torch

from latte3d_core.errors import SettingError


def choose_device(name: str = "auto") -> torch.device:
    """ "auto" (CUDA, then Apple's MPS, then the CPU), or a torch device name.

    Raises:
        SettingError: unknown, or not there on this machine.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise SettingError(f"Unknown device {name!r}; use auto, cpu, cuda or mps.") from error
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(device.type, False):
        raise SettingError(f"This machine has no device {name!r}; use auto or cpu.")
    return device
