"""What to populate a scene with: lists of prompts as people keep them, read into wishes. No bpy here.

A list is plain text (one prompt a line, "3 x red chair" for three), CSV, JSON or JSON Lines. The first line that cannot
be read ends the reading with one sentence that names it, so that nothing is left out in silence.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .translations import tr
from .wording import shortened

#: Most objects that one run may have.
MAX_OBJECTS = 10_000

#: Most letters of a prompt; the core takes no more.
MAX_PROMPT = 2000

#: Largest list that is read, in bytes.
MAX_BYTES = 32_000_000

SEED_MAX = 2**31 - 1

#: File endings and the formats they stand for; anything else is plain text.
FORMATS = {".csv": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl"}

_COUNTED = re.compile(r"(\d+)\s*[x×*]\s+(.+)", re.DOTALL)


class PopulateError(Exception):
    """A run cannot be planned. The message is one sentence for the artist."""


@dataclass(frozen=True)
class Place:
    """Where an object stands: metres, a unit quaternion (w, x, y, z), and scale, in Blender's frame."""

    location: tuple[float, float, float] = (0.0, 0.0, 0.0)
    rotation: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Wish:
    """One line of a list.

    Attributes:
        prompt: what to make.
        count: how many of it, at least 1.
        seed: 0 to 2**31 - 1, or None to take the run's.
        place: where the list wants it, or None.
    """

    prompt: str
    count: int = 1
    seed: int | None = None
    place: Place | None = None


def upright(x: float, y: float, z: float, yaw: float = 0.0, scale: float = 1.0) -> Place:
    """A place at (x, y, z), turned about the vertical axis by ``yaw`` radians, of one scale."""
    return Place((x, y, z), (math.cos(yaw / 2), 0.0, 0.0, math.sin(yaw / 2)), (scale, scale, scale))


def read_file(path: Path) -> tuple[Wish, ...]:
    """The wishes of a list on disk; its ending tells the format (see ``FORMATS``).

    Raises:
        PopulateError: it cannot be opened, is too large, or a line of it cannot be read.
    """
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        reason = error.strerror or type(error).__name__
        message = tr("The list “{name}” cannot be opened ({reason}): choose another file.")
        raise PopulateError(message.format(name=path.name, reason=reason)) from error
    if size > MAX_BYTES:
        message = tr("The list “{name}” has {size:,} bytes: split it into parts below {most:,}.")
        raise PopulateError(message.format(name=path.name, size=size, most=MAX_BYTES))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = tr("{where} is not UTF-8 text: save the list as UTF-8.")
        raise PopulateError(message.format(where=_line(line, path.name))) from error
    return read_text(text, path.name)


def read_text(text: str, name: str) -> tuple[Wish, ...]:
    """The wishes of a list called ``name``, whose ending tells the format.

    Raises:
        PopulateError: a line cannot be read, or there is no prompt at all.
    """
    form = FORMATS.get(Path(name).suffix.lower(), "txt")
    rows = {"txt": _plain_rows, "csv": _csv_rows, "json": _json_rows, "jsonl": _jsonl_rows}[form](text, name)
    wishes = tuple(_wish(row, where) for where, row in rows)
    if not wishes:
        message = tr("The list “{name}” holds no prompt: write one a line, such as “red chair”.")
        raise PopulateError(message.format(name=name))
    check_total(sum(wish.count for wish in wishes))
    return wishes


def check_total(count: int) -> None:
    """Raises PopulateError if a run of ``count`` objects would be too large."""
    if count > MAX_OBJECTS:
        message = tr("That makes {count:,} objects: ask for at most {most:,} at a time.")
        raise PopulateError(message.format(count=count, most=MAX_OBJECTS))


def from_names(named: Iterable[tuple[str, Place]]) -> tuple[Wish, ...]:
    """Wishes from empties: each one's name, less Blender's ".001", is the prompt; its place goes with it.

    Raises:
        PopulateError: there are none, or a name leaves no prompt.
    """
    where = tr("The empty “{name}”")
    wishes = tuple(_wish({"prompt": prompt_of(name)}, where.format(name=name), place) for name, place in named)
    if not wishes:
        message = tr("No empty is selected: add empties, name each after what shall stand there, select them.")
        raise PopulateError(message)
    check_total(len(wishes))
    return wishes


def prompt_of(name: str) -> str:
    """The prompt in an object's name: "red_chair.001" is a red chair."""
    return " ".join(re.sub(r"\.\d{3,}$", "", name).replace("_", " ").split())


def _line(number: int, name: str) -> str:
    """How a complaint about a line of a list begins."""
    return tr("Line {number} of “{name}”").format(number=number, name=name)


def _plain_rows(text: str, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        counted = _COUNTED.fullmatch(line)
        count, prompt = counted.groups() if counted else ("", line)
        yield _line(number, name), {"prompt": prompt, "count": count}


def _csv_rows(text: str, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header: list[str] = []
    while True:
        number = reader.line_num + 1  # a quoted cell may go over several lines; the row is called by its first
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            message = tr("{where} is not CSV ({reason}): correct or remove it.")
            raise PopulateError(message.format(where=_line(number, name), reason=error)) from error
        if not any(cell.strip() for cell in cells):
            continue
        if not header:
            header = [cell.strip().lower() for cell in cells]
            if "prompt" not in header:
                message = tr(
                    "{where} names no column “prompt”: let the first line name the columns, as in "
                    "prompt,count,seed,x,y,z,yaw,scale."
                )
                raise PopulateError(message.format(where=_line(number, name)))
            continue
        if len(cells) > len(header):
            message = tr(
                "{where} has {count} columns where the first line has {first}: put a text with commas between quotes."
            )
            raise PopulateError(message.format(where=_line(number, name), count=len(cells), first=len(header)))
        yield _line(number, name), dict(zip(header, cells, strict=False))


def _json_rows(text: str, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    data = _load(text, name, 1)
    if isinstance(data, dict):
        data = data.get("prompts")
    if not isinstance(data, list):
        message = tr("{where} begins no list: write prompts as [“red chair”, …] in JSON.")
        raise PopulateError(message.format(where=_line(1, name)))
    for number, entry in enumerate(data, 1):
        where = tr("Entry {number} of “{name}”").format(number=number, name=name)
        yield where, _row(entry, where)


def _jsonl_rows(text: str, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            where = _line(number, name)
            yield where, _row(_load(line, name, number), where)


def _load(text: str, name: str, first_line: int) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        message = tr("{where} is not JSON ({reason}): correct or remove it.")
        where = _line(first_line + error.lineno - 1, name)
        raise PopulateError(message.format(where=where, reason=error.msg)) from error
    except (RecursionError, ValueError) as error:  # nested without end; a number of thousands of digits
        message = tr("{where} is not a list of prompts: correct it.")
        raise PopulateError(message.format(where=_line(first_line, name))) from error


def _row(entry: Any, where: str) -> Mapping[str, Any]:
    if isinstance(entry, str):
        return {"prompt": entry}
    if isinstance(entry, dict):
        return {str(key).strip().lower(): value for key, value in entry.items()}
    message = tr("{where} is neither a text nor an object with a “prompt”: correct or remove it.")
    raise PopulateError(message.format(where=where))


def _wish(row: Mapping[str, Any], where: str, place: Place | None = None) -> Wish:
    """Check one row; ``where`` begins every complaint."""
    prompt = row.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise PopulateError(tr("{where} has no prompt: say what to make, or remove it.").format(where=where))
    prompt = " ".join(prompt.split())
    if len(prompt) > MAX_PROMPT:
        message = tr("{where} has {count:,} characters: a prompt may have at most {most:,}.")
        raise PopulateError(message.format(where=where, count=len(prompt), most=MAX_PROMPT))
    count = _number(row, "count", where, whole=True, low=1, high=MAX_OBJECTS)
    seed = _number(row, "seed", where, whole=True, low=0, high=SEED_MAX)
    x, y, z, yaw = (_number(row, name, where) for name in ("x", "y", "z", "yaw"))
    scale = _number(row, "scale", where, low=1e-6, high=1e6)
    if (x is None) != (y is None):
        raise PopulateError(tr("{where} gives only one of x and y: give both or neither.").format(where=where))
    if x is not None and y is not None:
        if count is not None and count > 1:
            message = tr("{where} puts {count} objects in one place: write a line for each.")
            raise PopulateError(message.format(where=where, count=int(count)))
        place = upright(x, y, z or 0.0, math.radians(yaw or 0.0), 1.0 if scale is None else scale)
    return Wish(prompt, 1 if count is None else int(count), None if seed is None else int(seed), place)


def _number(
    row: Mapping[str, Any], name: str, where: str, *, whole: bool = False, low: float = -1e9, high: float = 1e9
) -> float | None:
    """A number of a row in [low, high]; None if it is missing or empty."""
    value = row.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not low <= number <= high or (whole and number != int(number)):
        shown = shortened(str(value), 40)
        message = tr("{where} has the {column} “{value}”: give a number between {low:,.12g} and {high:,.12g}.")
        if whole:
            message = tr("{where} has the {column} “{value}”: give a whole number between {low:,} and {high:,}.")
        raise PopulateError(message.format(where=where, column=name, value=shown, low=low, high=high))
    return number
