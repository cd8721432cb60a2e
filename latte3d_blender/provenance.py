"""What an object says about how it was made: the custom properties "latte3d_NAME". No bpy here.

They may come from anybody's file, so nothing in them is taken on trust.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PREFIX = "latte3d_"

#: The largest seed; the core's rule.
SEED_MAX = 2**31 - 1


#: The longest record of one end of a blend or of a refinement that is read, in characters.
_LONGEST = 20_000


@dataclass(frozen=True)
class BlendRecord:
    """How an object between two prompts was made.

    Attributes:
        start, end: the prompts, never empty.
        factor: how far it is from the first to the second, in [0, 1]. steps: of one that goes the whole way by shape
            keys, 2 to 64; 0 for one that stays where it is.
    """

    start: str
    end: str
    factor: float = 0.0
    steps: int = 0


@dataclass(frozen=True)
class RefineRecord:
    """How an object was refined.

    Attributes:
        budget: in seconds, above 0 and at most an hour. reshape: whether the shape moved, too.
        prior: "prior" for the one that comes with the core, else the name of the artist's own prior file, no path.
    """

    budget: float
    reshape: bool = False
    prior: str = "prior"


@dataclass(frozen=True)
class Provenance:
    """How an object was made, as far as it says so.

    Attributes:
        prompt: never empty. seed: 0 to ``SEED_MAX``. alpha: shape strength in [0, 1]. Those of a blend hold for both of
            its ends.
        faces, texture_size, unwrap: the budgets, those of a new scene where nothing is said.
        model: the model's name. digest: SHA-256 of the model, or "". version: of LATTE3D, or "".
        blend, refined: what was done besides, or None.
        again: whether what is said here is all it takes to make the object again. A new shape for an artist's own mesh
            and the like need more.
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
    blend: BlendRecord | None = None
    refined: RefineRecord | None = None
    again: bool = True


#: Properties that only objects have which cannot be made again from what they say.
_MORE = ("shape", "preview")


def read(properties: Mapping[str, Any]) -> Provenance | None:
    """What ``properties`` (an object's custom properties) say; None where it was not made by LATTE3D."""
    prompt = properties.get(f"{PREFIX}prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        return None

    said = {key.removeprefix(PREFIX): value for key, value in properties.items() if key.startswith(PREFIX)}
    unwrap = _text(said, "unwrap")
    blend, refined = _blend(said), _refined(said)
    # Both ends of a blend have the same seed and strength.
    asked = said if blend is None else _record(said, "start")
    unread = (blend is None and ("blend" in said or "steps" in said)) or (refined is None and "refined" in said)
    return Provenance(
        prompt=prompt,
        seed=int(_number(asked, "seed", 0, 0, SEED_MAX)),
        alpha=float(_number(asked, "alpha", 1.0, 0.0, 1.0)),
        faces=int(_number(said, "faces", 5000, 100, 200_000)),
        texture_size=int(_number(said, "texture_size", 1024, 64, 8192)),
        unwrap=unwrap if unwrap in ("fast", "careful") else "fast",
        model=_text(said, "model"),
        digest=_text(said, "model_sha256"),
        version=_text(said, "version"),
        blend=blend,
        refined=refined,
        # Nothing makes a blend and refines it.
        again=not unread and (blend is None or refined is None) and not any(name in said for name in _MORE),
    )


def _number(said: Mapping[str, Any], name: str, default: float, low: float, high: float) -> float:
    value = said.get(name)
    if not isinstance(value, int | float) or (isinstance(value, float) and not math.isfinite(value)):
        return default
    return min(max(value, low), high)


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _record(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A property that holds a JSON object; empty where it does not."""
    text = _text(said, name)
    try:
        found = json.loads(text) if len(text) <= _LONGEST else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _blend(said: Mapping[str, Any]) -> BlendRecord | None:
    start, end = (_text(_record(said, name), "prompt") for name in ("start", "end"))
    if not start.strip() or not end.strip() or not ("blend" in said or "steps" in said):
        return None
    steps = int(_number(said, "steps", 2, 2, 64)) if "steps" in said else 0
    return BlendRecord(start, end, float(_number(said, "blend", 0.0, 0.0, 1.0)), steps)


def _refined(said: Mapping[str, Any]) -> RefineRecord | None:
    record = _record(said, "refined")
    budget = _number(record, "budget", 0.0, 0.0, 3600.0)
    if budget <= 0.0:
        return None
    return RefineRecord(budget, record.get("reshape") is True, _text(record, "prior") or "prior")
