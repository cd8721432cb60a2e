"""The prompts that were used, newest first, in a file of the user's: one JSON object per line. No bpy here.

The pictures lie beside it, one PNG file each. Two Blenders may have the file open: each reads it anew before it writes,
and puts a whole new file in its place, so that there is always a file that can be read.
It is not flushed to the disk: a power cut may cost the last entries, never Blender's time.
"""

from __future__ import annotations

import contextlib
import json
import logging
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

    def take_in(self, data: bytes) -> tuple[int, int]:
        """Add the prompts of such a file to those that are there, by their age.

        Returns:
            how many came in, and how many lines were not used: known already, too old for the list, or not readable.

        Raises:
            ValueError: it is no such file.
        """
        whole = json.loads(data)
        entries = whole.get("entries") if isinstance(whole, dict) and whole.get("latte3d_history") == 1 else None
        if not isinstance(entries, list):
            raise ValueError("no entries")
        self.load()
        known = {entry.how for entry in self.entries}
        coming: dict[Provenance, Entry] = {}
        for fields in entries:
            entry = _parse(json.dumps(fields).encode())
            if entry is not None and entry.how not in known:
                coming.setdefault(entry.how, replace(entry, id=uuid.uuid4().hex))
        together = sorted([*self.entries, *coming.values()], key=lambda entry: -entry.made)
        kept = together[:LIMIT]
        self._keep(kept, dropped=together[LIMIT:])
        came = sum(entry in kept for entry in coming.values())
        return came, len(entries) - came

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
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    # The id becomes a file name.
    if how is None or not isinstance(name, str) or not isinstance(entry_id, str):
        return None
    if not (entry_id.isascii() and entry_id.isalnum()):
        return None
    return Entry(entry_id[:64], name, made, replace(how, again=True))


#: Fields of ``Provenance`` whose property has another name.
_NAMES = {"digest": "model_sha256"}
