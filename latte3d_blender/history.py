"""The prompts that were used, newest first, in a file of the user's: one JSON object per line. No bpy here.

The pictures lie beside it, one PNG file each. Two Blenders may have the file open: each reads it anew before it writes,
and puts a whole new file in its place, so that there is always a file that can be read.
It is not flushed to the disk: a power cut may cost the last entries, never Blender's time.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from . import atomic
from .provenance import PREFIX, Provenance, read
from .translations import tr
from .wording import quantity

log = logging.getLogger(__name__)

#: How many prompts are remembered.
LIMIT = 200
#: What of a line is used, in characters; a prompt has 2,000 at most.
MAX_LINE = 100_000
#: How many prompts a file that comes in may have: it is read while Blender waits.
MAX_ENTRIES = 10_000
#: What of an object's name is kept, in characters.
_LONGEST_NAME = 256


@dataclass(frozen=True)
class Entry:
    """One prompt that was used.

    Attributes:
        id: names the entry and its picture; letters and digits.
        name: of the object. made: seconds since 1970. how: prompt and settings.
    """

    id: str
    name: str
    made: float
    how: Provenance


@dataclass(frozen=True)
class TakenIn:
    """What became of the prompts of a file.

    Attributes:
        came: how many are new. known: how many were there already. left_out: how many are not readable, or too old for
            the list.
    """

    came: int
    known: int
    left_out: int


class History:
    """The remembered prompts, newest first, with their file.

    Attributes:
        entries: newest first. Changed by the methods only.
        notice: one sentence about what went wrong with the file, or "".
    """

    def __init__(self, file: Path, pictures: Path, clock: Callable[[], float] = time.time) -> None:
        self.file = file
        self.pictures = pictures
        self.entries: tuple[Entry, ...] = ()
        self.notice = ""
        self._clock = clock
        self._stamp: tuple[int, int] | None = None
        self.load()

    def load(self) -> None:
        """Read the file, if it has changed since it was last read or written.

        Broken lines are left out; the broken file is kept under another name, and ``notice`` says so.
        """
        stamp = self._look()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        if stamp is None:
            self.entries = ()
            return
        try:
            lines = self.file.read_bytes().splitlines()
        except OSError as error:
            text = tr("The prompt history cannot be read: {reason}; check the rights of {path}.")
            self.notice = text.format(reason=error.strerror, path=self.file)
            return
        read_lines = [_parse(line) for line in lines if line.strip()]
        self.entries = tuple(entry for entry in read_lines if entry is not None)[:LIMIT]
        if None in read_lines:
            self._set_aside(read_lines.count(None))

    def add(self, name: str, how: Provenance, picture: bytes | None = None) -> Entry:
        """Put a prompt at the front; the same prompt with the same settings moves there.

        Arguments:
            picture: a PNG file.
        """
        self.load()
        same = next((entry for entry in self.entries if entry.how == how), None)
        entry = Entry(same.id if same is not None else uuid.uuid4().hex, name, self._clock(), how)
        others = [other for other in self.entries if other is not same]
        if picture is not None:
            self._attempt(lambda: atomic.write(self.picture(entry), picture, flush=False))
        self._keep([entry, *others[: LIMIT - 1]], dropped=others[LIMIT - 1 :])
        return entry

    def remove(self, entry_id: str) -> bool:
        """Forget one prompt and its picture. False if it is not there."""
        self.load()
        gone = [entry for entry in self.entries if entry.id == entry_id]
        self._keep([entry for entry in self.entries if entry.id != entry_id], dropped=gone)
        return bool(gone)

    def clear(self) -> None:
        """Forget everything, pictures too."""
        self.load()
        self._keep([], dropped=self.entries)
        for leftover in self.pictures.glob("*.png"):
            self._attempt(leftover.unlink)
        self.notice = ""

    def exported(self) -> bytes:
        """All prompts as one JSON file, without pictures: {"latte3d_history": 1, "entries": [...]}."""
        self.load()
        whole = {"latte3d_history": 1, "entries": [asdict(entry) for entry in self.entries]}
        return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")

    def take_in(self, data: bytes) -> TakenIn:
        """Add the prompts of such a file to those that are there, by their age.

        Raises:
            ValueError: it is no such file, or has too many entries. RecursionError: it is nested too deeply.
        """
        whole = json.loads(data)
        entries = whole.get("entries") if isinstance(whole, dict) and whole.get("latte3d_history") == 1 else None
        if not isinstance(entries, list) or len(entries) > MAX_ENTRIES:
            raise ValueError("no entries, or too many")
        self.load()
        now = self._clock()
        hows = {entry.how for entry in self.entries}
        coming: list[Entry] = []
        known = 0
        for fields in entries:
            entry = _parse(json.dumps(fields).encode())
            if entry is None:
                continue
            if entry.how in hows:
                known += 1
                continue
            hows.add(entry.how)
            # A date that is yet to come would stay in front of all that is made from now on.
            coming.append(replace(entry, id=uuid.uuid4().hex, made=min(entry.made, now)))
        together = sorted([*self.entries, *coming], key=lambda entry: -entry.made)
        self._keep(together[:LIMIT], dropped=together[LIMIT:])
        came = len({entry.id for entry in coming} & {entry.id for entry in self.entries})
        return TakenIn(came, known, len(entries) - came - known)

    def get(self, entry_id: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.id == entry_id), None)

    def picture(self, entry: Entry) -> Path:
        """Where the picture of an entry lies, if it has one."""
        return self.pictures / f"{entry.id}.png"

    def search(self, words: str) -> list[Entry]:
        """The entries whose prompt or name has all ``words``, newest first."""
        wanted = words.casefold().split()
        return [
            entry
            for entry in self.entries
            if all(word in f"{entry.how.prompt} {entry.name}".casefold() for word in wanted)
        ]

    def _keep(self, entries: Sequence[Entry], dropped: Sequence[Entry]) -> None:
        self.entries = tuple(entries)
        text = "".join(json.dumps(asdict(entry), ensure_ascii=False) + "\n" for entry in entries)
        # A lone surrogate in a prompt must not cost the whole history.
        self._attempt(lambda: atomic.write(self.file, text.encode("utf-8", "replace"), flush=False))
        self._stamp = self._look()
        for entry in dropped:
            self._attempt(lambda entry=entry: self.picture(entry).unlink(missing_ok=True))  # type: ignore[misc]

    def _attempt(self, action: Callable[[], None]) -> None:
        """The history is a convenience: that it cannot be written stops nothing, and is said."""
        try:
            action()
        except OSError as error:
            log.debug("history", exc_info=True)
            text = tr("The prompt history cannot be written: {reason}; free space or check the rights of {path}.")
            self.notice = text.format(reason=error.strerror, path=self.file.parent)

    def _set_aside(self, count: int) -> None:
        aside = self.file.with_name(f"{self.file.stem}-broken-{time.strftime('%Y%m%d-%H%M%S')}{self.file.suffix}")
        with contextlib.suppress(OSError):
            os.replace(self.file, aside)
        self._keep(self.entries, dropped=())
        text = tr("{lines} of the prompt history could not be read; the old file is kept as {name}.")
        self.notice = text.format(lines=quantity(count, "line"), name=aside.name)

    def _look(self) -> tuple[int, int] | None:
        try:
            found = self.file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size


def entry_of(properties: Mapping[str, Any]) -> Provenance | None:
    """What is remembered of an object with these custom properties; nothing where it takes more than one prompt."""
    how = read(properties)
    return how if how is not None and how.plain and how.refined is None else None


def _parse(line: bytes) -> Entry | None:
    try:
        if len(line) > MAX_LINE:
            return None
        fields = json.loads(line)
        told = {name: value for name, value in fields["how"].items() if value is not None}
        how = read({PREFIX + _NAMES.get(name, name): value for name, value in told.items()})
        entry_id, name, made = fields["id"], fields["name"], float(fields["made"])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    if how is None or not isinstance(name, str) or not isinstance(entry_id, str):
        return None
    # The id becomes a file name.
    if not (entry_id.isascii() and entry_id.isalnum()):
        return None
    # Only what takes one prompt is remembered, see ``entry_of``.
    if any(record is not None for record in (how.blend, how.refined, how.reshaped)):
        return None
    if not math.isfinite(made) or not _can_be_shown(name, how.prompt, how.model, how.digest, how.version):
        return None
    return Entry(entry_id[:64], name[:_LONGEST_NAME], made, replace(how, again=True))


def _can_be_shown(*texts: str) -> bool:
    """False for half of a surrogate pair, which JSON may have: Blender refuses to draw it, and the panel with it."""
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return False
    return True


#: Fields of ``Provenance`` whose property has another name.
_NAMES = {"digest": "model_sha256"}
