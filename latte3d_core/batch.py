"""Many prompts, one model: ``latte3d generate --prompts FILE.jsonl --out DIR``.

Each line is ``{"id": ..., "prompt": ..., "seed": ..., "alpha": ...}`` (the last two optional) and becomes
``DIR/<id>.glb``. A finished file is never made again, so an interrupted run goes on where it stopped; failures are
collected, not fatal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from latte3d_core.errors import Latte3DError, OutputError, PromptError
from latte3d_core.mesh.types import TexturedMesh

_ID = re.compile(r"[A-Za-z0-9._\- ]{1,120}")
#: A longer line is not a prompt.
_MAX_LINE = 1_000_000


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
    try:
        with Path(path).open("rb") as stream:
            number = 0
            while line := stream.readline(_MAX_LINE + 1):
                number += 1
                where = f"{Path(path).name} line {number}"
                if len(line) > _MAX_LINE:
                    while line and not line.endswith(b"\n"):
                        line = stream.readline(_MAX_LINE)
                    yield Failure(where, "The line is longer than a megabyte.")
                    continue
                if not line.strip():
                    continue
                try:
                    item = _parse(line)
                    if item.id in seen:
                        raise ValueError(f"The id {item.id!r} stands there twice.")
                    seen.add(item.id)
                    yield item
                except ValueError as error:
                    yield Failure(where, str(error))
    except OSError as error:
        raise PromptError(f"The prompts file {path} cannot be read: {error.strerror}.") from error


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


def _parse(line: bytes) -> Item:
    try:
        row = json.loads(line.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise ValueError("Not a line of UTF-8 JSON.") from None
    if not isinstance(row, dict):
        raise ValueError('Not a JSON object such as {"id": "car", "prompt": "a red car"}.')
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
