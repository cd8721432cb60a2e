"""The model file: one safetensors file with a JSON header, and nothing that could be executed.

    metadata["latte3d"] = {"format": 3, "name": ..., "config": {...}, "sha256": ..., "step": ..., "samples": ...,
                           "categories": [...], "words": [...], "licences": {...}, "attribution": ...}
    "net.*"       weights in half precision
    "template.*"  the arrays of ``model.templates.Templates``

``sha256`` covers every tensor's name, type, shape and bytes, in name order.
"""

from __future__ import annotations

import hashlib
import json
import logging
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from latte3d_core.config import ModelConfig, from_json, to_json
from latte3d_core.errors import CheckpointError, SettingError
from latte3d_core.files import write_atomically
from latte3d_core.model.latte import LatteNet
from latte3d_core.model.templates import Templates

log = logging.getLogger(__name__)

FORMAT = 3
#: Larger headers are foreign or damaged; the safetensors library has the same limit.
_MAX_HEADER = 100_000_000
#: Where the models that ship lie.
WEIGHTS = Path(__file__).parent / "weights"


@dataclass(frozen=True)
class Checkpoint:
    """A loaded model file. ``digest`` is its checked SHA-256; ``info`` the rest of its header."""

    net: LatteNet
    templates: Templates
    digest: str
    path: Path
    info: Mapping[str, Any] = field(default_factory=dict)


def resolve(path_or_name: str | Path) -> Path:
    """A model file by path, or by the name of one that ships ("small").

    Raises:
        CheckpointError: there is none; the names that ship are listed.
    """
    path = Path(path_or_name)
    if path.is_file():
        return path
    shipped = WEIGHTS / f"{path_or_name}.safetensors"
    if shipped.parent == WEIGHTS and shipped.is_file():
        return shipped
    names = ", ".join(sorted(p.stem for p in WEIGHTS.glob("*.safetensors"))) or "none"
    raise CheckpointError(
        f"There is no model file {str(path_or_name)!r}; give a path or one of the names that ship: {names}."
    )


def save_checkpoint(path: str | Path, net: LatteNet, templates: Templates, info: Mapping[str, Any]) -> str:
    """Write a model file in half precision; returns its digest.

    Arguments:
        info: JSON values for the header (name, step, licences, attribution, ...).
    """
    from safetensors.torch import save

    tensors = {f"net.{k}": v.detach().half().cpu().contiguous() for k, v in net.state_dict().items()}
    tensors |= {f"template.{k}": torch.from_numpy(np.ascontiguousarray(v)) for k, v in templates.arrays().items()}
    digest = _digest(tensors)
    header = {
        **info, "format": FORMAT, "config": to_json(net.config), "sha256": digest, "categories":
        list(templates.categories),
    }  # fmt: skip
    write_atomically(Path(path), save(tensors, {"latte3d": json.dumps(header, ensure_ascii=False)}))
    return digest


def read_header(path: str | Path) -> dict[str, Any]:
    """The header of a model file, without reading its weights.

    Raises:
        CheckpointError: missing, truncated, foreign or of a newer format; the message says which, and what to do.
    """
    path = Path(path)
    try:
        with path.open("rb") as stream:
            start = stream.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            raw = stream.read(length) if 0 < length <= _MAX_HEADER else b""
    except OSError as error:
        raise CheckpointError(f"The model file {path} cannot be read: {error.strerror}.") from error
    try:
        if not raw.startswith(b"{"):
            raise ValueError
        if len(raw) < length:
            raise CheckpointError(f"The model file {path.name} is truncated; copy or download it again.")
        entries = json.loads(raw)
        header = json.loads(entries["__metadata__"]["latte3d"])
        number = header["format"]
        end = max((e["data_offsets"][1] for n, e in entries.items() if n != "__metadata__"), default=0)
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path.name} is not a LATTE3D model file; choose one made by latte3d pretrain."
        ) from error
    if number != FORMAT:
        raise CheckpointError(
            f"The model file {path.name} has format {number}, this version reads format {FORMAT}; "
            + ("update the program." if isinstance(number, int) and number > FORMAT else "get a newer model file.")
        )
    if path.stat().st_size < 8 + length + end:
        raise CheckpointError(f"The model file {path.name} is truncated; copy or download it again.")
    return header


def load_checkpoint(path_or_name: str | Path, device: torch.device | str = "cpu") -> Checkpoint:
    """Read, check and build a model; weights come back as float32.

    Raises:
        CheckpointError: see ``read_header``; also altered content or settings this version does not know.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = resolve(path_or_name)
    header = read_header(path)
    try:
        tensors = load_file(str(path))
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"The model file {path.name} is damaged ({error}); copy or download it again.") from error
    if _digest(tensors) != header.get("sha256"):
        raise CheckpointError(
            f"The model file {path.name} was altered (its checksum is wrong); copy or download it again."
        )
    try:
        config: ModelConfig = from_json(ModelConfig, header["config"])
        net = LatteNet(config)
        net.load_state_dict({k[4:]: v.float() for k, v in tensors.items() if k.startswith("net.")})
        arrays = {k[9:]: v.numpy() for k, v in tensors.items() if k.startswith("template.")}
        templates = Templates.from_arrays(arrays, header["categories"])
    except (KeyError, RuntimeError, SettingError) as error:
        log.debug("%s: %s", path, error)
        raise CheckpointError(
            f"The model file {path.name} does not fit this version of the program; use a model file made for it."
        ) from error
    info = {k: v for k, v in header.items() if k not in ("categories", "config")}
    return Checkpoint(net.eval().requires_grad_(False).to(device), templates, header["sha256"], path, info)


def _digest(tensors: Mapping[str, Tensor]) -> str:
    total = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        total.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        total.update(tensor.numpy().tobytes())
    return total.hexdigest()
