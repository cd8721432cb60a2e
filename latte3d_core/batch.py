"""Many prompts, one model: ``latte3d generate --prompts FILE.jsonl --out DIR``.

Each line is ``{"id": ..., "prompt": ..., "seed": ..., "alpha": ...}`` (the last two optional) and becomes
``DIR/<id>.glb``. A finished file is never made again, so an interrupted run goes on where it stopped; failures are
collected, not fatal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latte3d_core.errors import Latte3DError, OutputError
from latte3d_core.jsonl import read_objects
from latte3d_core.mesh.types import TexturedMesh

_ID = re.compile(r"[A-Za-z0-9._\- ]{1,120}")


@dataclass(frozen=True)
class Item:
    """One line of a prompts file."""

    id: str
    prompt: str
    seed: int | None = None
    alpha: float | None = None


@dataclass(frozen=True)
class Failure:
    """A line or an item that made nothing, and the sentence that says why."""

    where: str
    why: str


def read_prompts(path: str | Path) -> Iterator[Item | Failure]:
    """The items of a prompts file, streamed; unusable lines come as failures with their line number. Empty lines are
    skipped.

    Raises:
        PromptError: the file cannot be read.
    """
    seen: set[str] = set()
    for number, row in read_objects(path):
        where = f"{Path(path).name} line {number}"
        try:
            item = _item(row)
            if item.id in seen:
                raise ValueError(f"The id {item.id!r} stands there twice.")
        except ValueError as error:
            yield Failure(where, str(error))
            continue
        seen.add(item.id)
        yield item


def generate_all(
    items: Sequence[Item], out: str | Path, make: Callable[[Item], TexturedMesh], tick: Callable[[Item, str], None]
) -> list[Failure]:
    """Make ``out/<id>.glb`` for every item that is not there yet.

    Arguments:
        make: turns an item into a mesh; its ``Latte3DError`` fails the item, nothing else.
        tick: called after each item with "made", "there" or "failed".

    Raises:
        OutputError: the folder cannot be made, or the disk refuses to take more.
    """
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The output folder {out} cannot be made: {error.strerror}.") from error
    failures = []
    for item in items:
        path = out / f"{item.id}.glb"
        if path.exists():
            tick(item, "there")
            continue
        try:
            mesh = make(item)
        except Latte3DError as error:
            failures.append(Failure(item.id, str(error)))
            tick(item, "failed")
            continue
        mesh.save(path)
        tick(item, "made")
    return failures


def _item(row: dict[str, Any] | str) -> Item:
    if isinstance(row, str):
        raise ValueError(row)
    identity = str(row.get("id", ""))
    if not _ID.fullmatch(identity) or identity.strip(" .") != identity:
        raise ValueError(f"The id {identity[:40]!r} cannot name a file; use letters, digits, '-', '_' and '.'.")
    if not isinstance(row.get("prompt"), str):
        raise ValueError("'prompt' is missing or not a text.")
    seed, alpha = row.get("seed"), row.get("alpha")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise ValueError("'seed' is not a whole number.")
    if alpha is not None and (isinstance(alpha, bool) or not isinstance(alpha, (int, float))):
        raise ValueError("'alpha' is not a number.")
    return Item(identity, row["prompt"], seed, alpha)
