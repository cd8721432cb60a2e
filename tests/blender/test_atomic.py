"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from latte3d_blender import atomic


@pytest.mark.parametrize("flush", [False, True])
def test_a_file_is_replaced_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flush: bool) -> None:
    flushed: list[int] = []
    monkeypatch.setattr(os, "fsync", flushed.append)
    path = tmp_path / "new folder" / "file.txt"
    atomic.write(path, b"old", flush=flush)
    with atomic.replacing(path, flush=flush) as stream:
        stream.write(b"ne")
        assert path.read_bytes() == b"old"
        stream.write(b"w")
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]
    assert len(flushed) == (2 if flush else 0)


def test_what_fails_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    def stopped() -> None:
        with atomic.replacing(path, flush=True) as stream:
            stream.write(b"half")
            raise KeyboardInterrupt

    path = tmp_path / "file.txt"
    atomic.write(path, b"old", flush=False)
    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        atomic.write(tmp_path / "file" / "x.txt", b"", flush=False)
