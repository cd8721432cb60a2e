"""Reading asset folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from latte3d_core.data.manifest import HOLD_OUT_MODULUS, Asset, read_manifest
from latte3d_core.errors import AssetError


def _write(folder: Path, *lines: bytes) -> None:
    (folder / "manifest.jsonl").write_bytes(b"\n".join(lines))


def _row(**changes: object) -> bytes:
    return json.dumps({"id": "a", "file": "a.glb", "captions": ["a thing"], **changes}).encode()


def test_good_lines_are_read_in_order(asset_folder: Path) -> None:
    assets, problems = read_manifest(asset_folder)
    assert [a.id for a in assets] == ["box", "ball", "cone", "ring", "bowl", "pole"]
    assert assets[0].captions == ("a red box", "a crate") and assets[0].licence == "CC0-1.0" and not problems


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (b"{broken", "JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b"[1]", "object"),
        (_row(id=3), "'id'"),
        (_row(captions=[]), "'captions'"),
        (_row(captions=["ok", 3]), "'captions'"),
        (_row(file="missing.glb"), "missing.glb"),
        (_row(file="../outside.glb"), "outside"),
        (_row(file="x" * 300 + ".glb"), "missing"),
        (_row(id="\ud800"), "UTF-8"),
        (b"[" * 100_000, "JSON"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_is_used(tmp_path: Path, line: bytes, word: str) -> None:
    (tmp_path / "a.glb").write_bytes(b"x")
    _write(tmp_path, b"", line, _row(id="good"))
    assets, problems = read_manifest(tmp_path)
    assert [a.id for a in assets] == ["good"]
    assert len(problems) == 1 and "line 2" in problems[0] and word in problems[0]


def test_a_repeated_id_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a.glb").write_bytes(b"x")
    _write(tmp_path, _row(), _row())
    assets, problems = read_manifest(tmp_path)
    assert len(assets) == 1 and "twice" in problems[0]


def test_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match=r"manifest\.jsonl"):
        read_manifest(tmp_path / "nowhere")


def test_the_hold_out_rule_is_fixed_and_takes_about_a_twentieth() -> None:
    def held(name: str) -> bool:
        return Asset(name, Path(name), ("x",)).held_out

    share = sum(held(f"asset-{n}") for n in range(20000)) / 20000
    assert abs(share - 1 / HOLD_OUT_MODULUS) < 0.01
    # The rule is part of every published number: these must never change sides.
    assert [n for n in range(60) if held(f"asset-{n}")] == [13, 24, 27, 30, 45, 50]
