"""What an object says about how it was made: the custom properties "latte3d_NAME". No bpy here.

They may come from anybody's file, so nothing in them is taken on trust.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PREFIX = "latte3d_"

#: The largest seed; the core's rule.
SEED_MAX = 2**31 - 1


@dataclass(frozen=True)
class Provenance:
    """How an object was made, as far as it says so.

    Attributes:
        prompt: never empty. seed: 0 to ``SEED_MAX``. alpha: shape strength in [0, 1].
        faces, texture_size, unwrap: the budgets, those of a new scene where nothing is said.
        model: the model's name. digest: SHA-256 of the model, or "". version: of LATTE3D, or "".
        again: whether prompt, seed and strength are all it takes to make the object again. A blend, a new shape for an
            artist's own mesh and the like need more.
    """

    prompt: str
    seed: int = 0
    alpha: float = 1.0
    faces: int = 5000
    texture_size: int = 1024
    unwrap: str = "fast"
    model: str = ""
    digest: str = ""
    version: str = ""
    again: bool = True


#: Properties that only objects have which need more than prompt, seed and strength.
_MORE = ("shape", "blend", "steps", "preview", "refined")


def read(properties: Mapping[str, Any]) -> Provenance | None:
    """What ``properties`` (an object's custom properties) say; None where it was not made by LATTE3D."""
    prompt = properties.get(f"{PREFIX}prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        return None

    def number(name: str, default: float, low: float, high: float) -> float:
        value = properties.get(PREFIX + name)
        if not isinstance(value, int | float) or not math.isfinite(value):
            return default
        return min(max(value, low), high)

    def text(name: str) -> str:
        value = properties.get(PREFIX + name)
        return value if isinstance(value, str) else ""

    unwrap = text("unwrap")
    return Provenance(
        prompt=prompt,
        seed=int(number("seed", 0, 0, SEED_MAX)),
        alpha=float(number("alpha", 1.0, 0.0, 1.0)),
        faces=int(number("faces", 5000, 100, 200_000)),
        texture_size=int(number("texture_size", 1024, 64, 8192)),
        unwrap=unwrap if unwrap in ("fast", "careful") else "fast",
        model=text("model"),
        digest=text("model_sha256"),
        version=text("version"),
        again=not any(PREFIX + name in properties for name in _MORE),
    )
