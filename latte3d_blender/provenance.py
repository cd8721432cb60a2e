"""What an object or a style says about how it was made: the custom properties "latte3d_NAME" of the object, and of the
style's material. No bpy here.

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
#: The longest prompt that is read, and the longest name. The core takes 2,000 characters; a blend joins two prompts.
_LONGEST_PROMPT, _LONGEST_NAME = 5_000, 256


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
class ReshapeRecord:
    """What an object was made after.

    Attributes:
        original: name of the artist's object, never empty.
        keep_colours: whether its colours were shown to the generator. source: the look that had them; see
            ``variants.find``.
    """

    original: str
    keep_colours: bool = False
    source: str = ""


@dataclass(frozen=True)
class StyleRecord:
    """How a style was made, as far as it says so.

    Attributes:
        prompt: never empty. seed: 0 to ``SEED_MAX``.
        keep_colours: whether colours were shown to the generator. source: the look that had them; see
            ``variants.find``.
        texture_size: side of the texture in pixels. uv: "auto", "keep" or "new", see ``stylize.StylizeTask``.
        layer: name of the UV layer that was there already, "" for one that was made, None where nothing is said.
        model, digest, version: see ``Provenance``.
        again: whether what is said here is all it takes to make the style again.
    """

    prompt: str
    seed: int = 0
    keep_colours: bool = False
    source: str = ""
    texture_size: int = 1024
    uv: str = "auto"
    layer: str | None = None
    model: str = ""
    digest: str = ""
    version: str = ""
    again: bool = True


@dataclass(frozen=True)
class Provenance:
    """How an object was made, as far as it says so.

    Attributes:
        prompt: never empty. seed: 0 to ``SEED_MAX``. alpha: shape strength in [0, 1]. Those of a blend hold for both of
            its ends.
        faces, texture_size, unwrap: the budgets, those of a new scene where nothing is said.
        model: the model's name. digest: SHA-256 of the model, or "". version: of LATTE3D, or "".
        blend, refined, reshaped: what was done besides, or None.
        again: whether what is said here, with the original of one that was reshaped, is all it takes to make the object
            again. A preview and the like need more.
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
    reshaped: ReshapeRecord | None = None
    again: bool = True

    @property
    def plain(self) -> bool:
        """Whether one prompt is all it takes to make the object, and to refine it where it was refined."""
        return self.again and self.blend is None and self.reshaped is None


#: Properties that only objects have which cannot be made again from what they say, unless they name an original.
_MORE = ("shape", "preview")


def read(properties: Mapping[str, Any]) -> Provenance | None:
    """What ``properties`` (an object's custom properties) say; None where it was not made by LATTE3D."""
    prompt = _prompt(properties)
    if not prompt:
        return None

    said = _said(properties)
    unwrap = _text(said, "unwrap")
    blend, refined, reshaped = _blend(said), _refined(said), _reshaped(said)
    # Both ends of a blend have the same seed and strength.
    asked = said if blend is None else _record(said, "start")
    unread = (blend is None and ("blend" in said or "steps" in said)) or (refined is None and "refined" in said)
    more = any(name in said for name in _MORE if name != "shape" or reshaped is None)
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
        reshaped=reshaped,
        # Nothing makes an object in two of these ways.
        again=not unread and not more and [blend, refined, reshaped].count(None) >= 2,
    )


def read_style(properties: Mapping[str, Any]) -> StyleRecord | None:
    """What ``properties`` (the custom properties of a style's material) say; None where it was not made by LATTE3D."""
    prompt = _prompt(properties)
    if not prompt:
        return None
    said = _said(properties)
    uv, layer = _text(said, "uv"), said.get("layer")
    return StyleRecord(
        prompt=prompt,
        seed=int(_number(said, "seed", 0, 0, SEED_MAX)),
        keep_colours=_truth(said, "keep_colours"),
        source=_text(said, "from"),
        texture_size=int(_number(said, "texture_size", 1024, 64, 8192)),
        uv=uv if uv in ("auto", "keep", "new") else "auto",
        layer=_text(said, "layer") if isinstance(layer, str) else None,
        model=_text(said, "model"),
        digest=_text(said, "model_sha256"),
        version=_text(said, "version"),
        again="restyle" in said,
    )


def _said(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {key.removeprefix(PREFIX): value for key, value in properties.items() if key.startswith(PREFIX)}


def _prompt(properties: Mapping[str, Any]) -> str:
    """The prompt, or "" where there is none, or one that nobody can have typed: it is drawn in full."""
    prompt = properties.get(f"{PREFIX}prompt")
    if not isinstance(prompt, str) or len(prompt) > _LONGEST_PROMPT or not prompt.strip():
        return ""
    return prompt


def _number(said: Mapping[str, Any], name: str, default: float, low: float, high: float) -> float:
    value = said.get(name)
    if not isinstance(value, int | float) or (isinstance(value, float) and not math.isfinite(value)):
        return default
    return min(max(value, low), high)


def _text(said: Mapping[str, Any], name: str, longest: int = _LONGEST_NAME) -> str:
    value = said.get(name)
    return value if isinstance(value, str) and len(value) <= longest else ""


def _truth(said: Mapping[str, Any], name: str) -> bool:
    # Older Blenders give a number for a truth value.
    value = said.get(name)
    return isinstance(value, int) and value != 0


def _record(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A property that holds a JSON object; empty where it does not."""
    text = _text(said, name, _LONGEST)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _blend(said: Mapping[str, Any]) -> BlendRecord | None:
    start, end = (_text(_record(said, name), "prompt", _LONGEST_PROMPT) for name in ("start", "end"))
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


def _reshaped(said: Mapping[str, Any]) -> ReshapeRecord | None:
    original = _text(said, "original")
    if not original or "reshape" not in said:
        return None
    return ReshapeRecord(original, _truth(said, "keep_colours"), _text(said, "from"))
