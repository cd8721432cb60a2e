"""Reading files of JSON lines that nobody checked, and what ``latte3d generate --prompts`` makes of them."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latte3d_core.batch import Failure, Item, read_prompts
from latte3d_core.cli import main
from latte3d_core.errors import PromptError
from latte3d_core.jsonl import MAX_LINE, read_objects

LONG = b'{"id": "long", "prompt": "' + b"x" * 10_000_000 + b'"}'


def test_lines_are_counted_and_empty_ones_skipped(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n\n  \t\n{"b": 2}\n\n{"c": 3}')
    assert list(read_objects(file)) == [(1, {"a": 1}), (4, {"b": 2}), (6, {"c": 3})]


@pytest.mark.parametrize(
    "line",
    [
        b"{broken", b"\xff\xfe", b"[" * 200_000, b'{"a": "\\ud800"}', b'{"a": ' + b"1" * 5000 + b"}", b"[1]", b"3",
        b'"a"', b"null", b'{"a": 1}\x00',
    ],
)  # fmt: skip
def test_a_bad_line_is_a_sentence_and_the_rest_is_read(line: bytes, tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_bytes(b'{"a": 1}\n' + line + b'\n{"b": 2}\n')
    first, bad, last = read_objects(file)
    assert (first, last) == ((1, {"a": 1}), (3, {"b": 2}))
    assert bad[0] == 2 and isinstance(bad[1], str) and bad[1].startswith("Not a ") and bad[1].endswith(".")


@given(lines=st.lists(st.binary(max_size=30).filter(lambda b: b"\n" not in b), max_size=6))
def test_no_bytes_do_harm(lines: list[bytes], tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_bytes(b"\n".join(lines))
    numbers = [number for number, row in read_objects(file) if isinstance(row, (dict, str))]
    first = lines[0].removeprefix(b"\xef\xbb\xbf") if lines else b""
    assert numbers == [n for n, line in enumerate([first, *lines[1:]], 1) if line.strip()]


@pytest.mark.parametrize("end", [b"\n", b""])
def test_the_longest_line(end: bytes, tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    frame = len(json.dumps({"a": ""}))
    for length, kind in ((MAX_LINE, dict), (MAX_LINE + 1, str)):
        file.write_bytes(json.dumps({"a": "x" * (length - frame)}).encode() + end)
        ((_, row),) = read_objects(file)
        assert isinstance(row, kind)


def test_a_long_line_is_not_held(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_bytes(b"\n".join([LONG, b'{"a": 1}', LONG]))
    tracemalloc.start()
    try:
        rows = list(read_objects(file))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [number for number, _ in rows] == [1, 2, 3]
    assert rows[1][1] == {"a": 1} and "megabyte" in rows[0][1] and "megabyte" in rows[2][1]
    assert peak < 4 * MAX_LINE


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_is_none(name: str, tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="cannot be read"):
        list(read_objects(tmp_path / name))


def test_prompts_to_generate_from(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    rows = [b'{"id": "a", "prompt": "a car", "seed": 2}', b"", LONG, b"\xff", b'{"id": "a", "prompt": "again"}',
            b'{"id": "b", "prompt": "a cat", "alpha": 0.5, "split": "seen"}']  # fmt: skip
    file.write_bytes(b"\n".join(rows))
    found = list(read_prompts(file))
    assert [x for x in found if isinstance(x, Item)] == [Item("a", "a car", 2), Item("b", "a cat", None, 0.5)]
    assert [x.where for x in found if isinstance(x, Failure)] == [f"x.jsonl line {n}" for n in (3, 4, 5)]


def test_a_file_of_bad_lines_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.jsonl"
    file.write_bytes(b"\n\n" + LONG + b"\n\n\xff\xfe\n")
    assert main(["generate", "--prompts", str(file), "--out", str(tmp_path / "out")]) == 1
    out, err = capsys.readouterr()
    assert "0 made, 0 already there, 2 failed" in out
    assert "line 3: The line is longer than a megabyte." in err and "line 5: Not a line of UTF-8 JSON." in err
    assert "Traceback" not in err
