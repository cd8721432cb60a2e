"""Files of JSON objects, one a line, read without trusting them: no line is held that is longer than a megabyte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from latte3d_core.errors import PromptError

#: Bytes of the longest line that is read, without its end.
MAX_LINE = 1_000_000


def read_objects(path: str | Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """The lines of a UTF-8 file, streamed: the line number, counted from 1, and the object; or, where the line holds
    none, the sentence that says why. Empty lines are counted and skipped. A byte order mark is no error.

    Raises:
        PromptError: the file cannot be read.
    """
    try:
        with Path(path).open("rb") as stream:
            number = 0
            while line := stream.readline(MAX_LINE + 1):
                number += 1
                if len(line) > MAX_LINE and not line.endswith(b"\n"):
                    while line and not line.endswith(b"\n"):
                        line = stream.readline(MAX_LINE)
                    yield number, "The line is longer than a megabyte."
                    continue
                if number == 1:
                    line = line.removeprefix(b"\xef\xbb\xbf")
                if line.strip():
                    yield number, _parse(line)
    except OSError as error:
        raise PromptError(f"The prompts file {path} cannot be read: {error.strerror}.") from error


def _parse(line: bytes) -> dict[str, Any] | str:
    try:
        row = json.loads(line.decode("utf-8"))
        json.dumps(row, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except (ValueError, RecursionError):  # not only of JSON and of UTF-8: a number may have too many digits
        return "Not a line of UTF-8 JSON."
    return row if isinstance(row, dict) else 'Not a JSON object such as {"id": "car", "prompt": "a red car"}.'
