"""Complete model configurations, one function each. A variant is a new function, not a flag."""

from __future__ import annotations

from latte3d_core.config import HeadConfig, ModelConfig, PointConfig, SketchConfig, TextConfig, UNetConfig
from latte3d_core.errors import SettingError


def tiny() -> ModelConfig:
    """For tests: seconds to train a few steps, nothing to look at."""
    return ModelConfig(
        name="tiny",
        point=PointConfig(
            points=512, hidden=16, channels=8, plane_resolution=16, detail_resolution=16, volume_resolution=8,
            volume_channels=(8, 16), volume_outputs=4,
        ),
        sketch=SketchConfig(side=8, hidden=32, basis=16, channels=4),
        unet=UNetConfig(patch=2, channels=(16, 32), blocks=1, heads=2, condition=32),
        head=HeadConfig(channels=8, upsample=2, hidden=16, layers=1, waves=2),
    )  # fmt: skip


def mini() -> ModelConfig:
    """For studies of the method: minutes on two cores, objects half as sharp as those of ``small``."""
    return ModelConfig(
        name="mini",
        point=PointConfig(
            points=4096, hidden=16, channels=8, plane_resolution=32, detail_resolution=32, volume_resolution=16,
            volume_channels=(12, 24, 48), volume_outputs=4,
        ),
        sketch=SketchConfig(side=16, hidden=256, basis=128, channels=6),
        unet=UNetConfig(patch=2, channels=(32, 64), blocks=1, heads=2, condition=64),
        head=HeadConfig(channels=12, upsample=2, hidden=32, layers=2, waves=3),
    )  # fmt: skip


def small() -> ModelConfig:
    """The default that ships: one forward pass takes about a tenth of a second on two CPU cores."""
    return ModelConfig(name="small")


def paper() -> ModelConfig:
    """The paper's scale, for GPUs. The paper's own sizes are not public; these follow comparable open systems
    (ScaleDreamer, TriplaneTurbo): 128-cell planes of 32 channels and a four-level U-Net of width 128 to 512."""
    return ModelConfig(
        name="paper",
        text=TextConfig(tokens=77),
        point=PointConfig(
            points=32768, hidden=64, channels=32, plane_resolution=128, detail_resolution=128, volume_resolution=32,
            volume_channels=(64, 128, 256), volume_outputs=16,
        ),
        sketch=SketchConfig(side=64, hidden=2048, basis=1024, channels=16),
        unet=UNetConfig(patch=1, channels=(128, 256, 512, 512), blocks=2, heads=8, condition=512),
        head=HeadConfig(channels=32, upsample=1, hidden=64, layers=2),
    )  # fmt: skip


PRESETS = {"tiny": tiny, "mini": mini, "small": small, "paper": paper}


def preset(name: str) -> ModelConfig:
    """The preset of that name.

    Raises:
        SettingError: there is none; the known ones are named.
    """
    if name not in PRESETS:
        raise SettingError(f"There is no preset {name!r}; choose one of {', '.join(PRESETS)}.")
    return PRESETS[name]()
