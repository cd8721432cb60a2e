"""Settings of the model as frozen dataclasses, and their JSON form (stored in every checkpoint)."""

from __future__ import annotations

import dataclasses
import difflib
import typing
from dataclasses import dataclass, field
from typing import Any

from latte3d_core.errors import SettingError


@dataclass(frozen=True)
class TextConfig:
    """The frozen text encoder.

    Attributes:
        name: a sentence-transformers model, found on disk by ``model.text``.
        width: channels of its token states.
        tokens: prompts are cut to this many tokens.
    """

    name: str = "all-MiniLM-L6-v2"
    width: int = 384
    tokens: int = 24


@dataclass(frozen=True)
class PointConfig:
    """The point encoder.

    Attributes:
        points: points fed per object.
        hidden: width of the per-point network.
        channels: learned channels scattered to each plane cell.
        plane_resolution: side of the scattered planes.
        detail_resolution: side of the fine volume of point statistics.
        volume_resolution: side at which the volume network works; divides ``detail_resolution``.
        volume_channels: its width at each level; each level halves the side of the one before.
        volume_outputs: channels of the fine volume that it puts out.
    """

    points: int = 16384
    hidden: int = 32
    channels: int = 16
    plane_resolution: int = 64
    detail_resolution: int = 64
    volume_resolution: int = 32
    volume_channels: tuple[int, ...] = (24, 48, 96)
    volume_outputs: int = 8


@dataclass(frozen=True)
class SketchConfig:
    """The rough solid from the sentence alone.

    Attributes:
        side: cells along an edge of its grid; block: cells along an edge of the blocks that it is cut into.
        hidden: width of the perceptron; basis: number of learned solids that it mixes.
        channels: numbers to each block of a learned solid.
    """

    side: int = 32
    block: int = 4
    hidden: int = 1024
    basis: int = 512
    channels: int = 10


@dataclass(frozen=True)
class UNetConfig:
    """One triplane U-Net.

    Attributes:
        patch: space-to-depth factor between the scattered planes and the first level.
        channels: width of each level; each level halves the side of the one before.
        blocks: residual blocks per level on the way down; the way up has one per level.
        heads: attention heads, for text and for the joint attention of the planes at the lowest level.
        condition: width of the vector (sentence, alpha) that shifts and scales every block.
    """

    patch: int = 2
    channels: tuple[int, ...] = (48, 96, 192)
    blocks: int = 1
    heads: int = 4
    condition: int = 128


@dataclass(frozen=True)
class HeadConfig:
    """Planes that leave a U-Net and the MLP that reads them.

    Attributes:
        channels: channels of each plane.
        upsample: pixel-shuffle factor from the first U-Net level to the planes.
        hidden, layers: width and number of hidden layers of the MLP.
        waves: octaves of sine and cosine of the point that the colour head reads, for patterns finer than the planes.
    """

    channels: int = 24
    upsample: int = 2
    hidden: int = 64
    layers: int = 2
    waves: int = 4


@dataclass(frozen=True)
class ModelConfig:
    """Everything that fixes the shape of the network.

    Attributes:
        share_encoders: G and T use one point encoder and one way down (paper, figure 4: pretraining and stage 1).
        texture_detail: width of the perceptron that gives T planes twice as fine (stage 2); 0: there are none.
    """

    name: str = "custom"
    text: TextConfig = field(default_factory=TextConfig)
    point: PointConfig = field(default_factory=PointConfig)
    sketch: SketchConfig = field(default_factory=SketchConfig)
    unet: UNetConfig = field(default_factory=UNetConfig)
    head: HeadConfig = field(default_factory=HeadConfig)
    share_encoders: bool = True
    texture_detail: int = 0


def to_json(config: Any) -> dict[str, Any]:
    """A dataclass as plain JSON values."""
    return dataclasses.asdict(config)


def from_json(cls: type[Any], data: Any, where: str = "") -> Any:
    """The inverse of ``to_json``.

    Raises:
        SettingError: an unknown key (the nearest known one is named) or a value of the wrong type.
    """
    if not isinstance(data, dict):
        raise SettingError(f"The setting {where or cls.__name__} must be a group of settings, not {data!r}.")
    kinds = typing.get_type_hints(cls)
    values: dict[str, Any] = {}
    for key, value in data.items():
        name = f"{where}.{key}" if where else key
        if key not in kinds:
            near = difflib.get_close_matches(key, kinds, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise SettingError(f"Unknown setting {name!r}{hint}")
        values[key] = _value(kinds[key], value, name)
    return cls(**values)


def _value(kind: Any, value: Any, name: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return from_json(typing.cast(type, kind), value, name)
    if typing.get_origin(kind) is tuple:
        inner = typing.get_args(kind)[0]
        if not isinstance(value, (list, tuple)):
            raise SettingError(f"The setting {name!r} must be a list, not {value!r}.")
        return tuple(_value(inner, v, name) for v in value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise SettingError(f"The setting {name!r} must be of type {kind.__name__}, not {value!r}.")
    return value
