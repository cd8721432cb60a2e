"""The zip of the extension and the wheel of the core, checked with the tools that will read them."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from support import ROOT

from latte3d_blender.packing import DEVELOPMENT_MODULES, build_core_wheel, build_extension, fill_manifest
from latte3d_blender.publishing import TAGS, find_tools, validate


def read_manifest(archive: Path) -> dict[str, object]:
    with zipfile.ZipFile(archive) as opened:
        return tomllib.loads(opened.read("blender_manifest.toml").decode())


def test_the_zip_holds_the_extension_and_nothing_else(tmp_path: Path) -> None:
    archive = build_extension(ROOT, tmp_path)
    names = set(zipfile.ZipFile(archive).namelist())
    modules = {path.name for path in (ROOT / "latte3d_blender").glob("*.py")} - DEVELOPMENT_MODULES
    assert names - {"LICENSE"} == modules | {"blender_manifest.toml"}
    assert archive.stat().st_size < 2_000_000
    assert "wheels" not in read_manifest(archive)


def test_no_module_of_the_zip_needs_one_that_stays_out(tmp_path: Path) -> None:
    """Inside Blender there is no package "latte3d_blender", and the development modules are not there."""
    archive = zipfile.ZipFile(build_extension(ROOT, tmp_path))
    for name in archive.namelist():
        if name.endswith(".py"):
            text = archive.read(name).decode()
            assert not re.search(r"^\s*(from|import) latte3d_blender", text, re.MULTILINE), name
            # The separate processes set their own path; Blender's stays as it is.
            assert "sys.path[" not in text or name in ("child.py", "doctor.py")
            assert not re.search(r"sys\.path\.\w", text), name  # a runtime pack is handed the list by its caller
            for stem in (Path(module).stem for module in DEVELOPMENT_MODULES):
                assert not re.search(rf"^\s*from \.( import .*\b{stem}\b|{stem} import)", text, re.MULTILINE), name


def test_the_manifest_says_what_blender_wants() -> None:
    source = (ROOT / "blender_manifest.toml").read_text(encoding="utf-8")
    from latte3d_core import __version__

    assert "version" not in tomllib.loads(source), "it stands in latte3d_core/_version.py alone"
    manifest = tomllib.loads(fill_manifest(source, {"version": __version__}))
    assert manifest["blender_version_min"] == "4.2.0"
    assert manifest["license"] == ["SPDX:GPL-3.0-or-later"]
    assert set(manifest["tags"]) <= TAGS
    assert set(manifest["permissions"]) == {"files", "network", "clipboard"}
    for text in (manifest["tagline"], *manifest["permissions"].values()):
        assert len(text) <= 64
        assert text[-1].isalnum()
    assert "Blender" not in manifest["name"]


@pytest.mark.parametrize("wheels", [False, True])
def test_blenders_own_tool_finds_no_fault(tmp_path: Path, wheels: bool) -> None:
    tools = find_tools(ROOT)
    if not tools:
        pytest.skip("no environment with bpy (Blender as a module), which carries the tool")
    archive = build_extension(ROOT, tmp_path, [build_core_wheel(ROOT, tmp_path)] if wheels else [])
    for line, tool in tools.items():
        assert validate(tool, archive) == "", line


@pytest.mark.parametrize("value", ["new", ["one", "two"], 'a "quoted" \\ one', []])
@pytest.mark.parametrize("before", ['key = "old"\n', "key = [\n  'a',\n]\n", ""])
def test_keys_of_a_manifest_are_set_before_its_tables(before: str, value: str | list[str]) -> None:
    text = f'first = "1"\n{before}last = ["2"]\n\n[table]\nkey = "other"\n'
    filled = tomllib.loads(fill_manifest(text, {"key": value}))
    assert (filled["key"], filled["first"], filled["last"]) == (value, "1", ["2"])


def test_wheels_are_listed_and_packed(tmp_path: Path) -> None:
    wheel = tmp_path / "other-1.0-py3-none-any.whl"
    wheel.write_bytes(b"content")
    archive = build_extension(ROOT, tmp_path / "out", [wheel])
    manifest = read_manifest(archive)
    assert manifest["wheels"] == ["./wheels/other-1.0-py3-none-any.whl"]
    assert manifest["permissions"], "the tables must stay tables"
    assert zipfile.ZipFile(archive).read("wheels/other-1.0-py3-none-any.whl") == b"content"


def test_same_sources_same_bytes(tmp_path: Path) -> None:
    first, second = (build_extension(ROOT, tmp_path / name).read_bytes() for name in "ab")
    assert first == second


def test_the_wheel_is_a_wheel(tmp_path: Path) -> None:
    wheel = build_core_wheel(ROOT, tmp_path)
    opened = zipfile.ZipFile(wheel)
    names = opened.namelist()
    assert "latte3d_core/__init__.py" in names
    assert "latte3d_core/mesh/types.py" in names
    assert not [name for name in names if "__pycache__" in name]
    (record,) = [name for name in names if name.endswith("RECORD")]
    rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(opened.read(record).decode()))}
    assert set(rows) == set(names)
    for name, (digest, size) in rows.items():
        if name != record:
            data = opened.read(name)
            assert int(size) == len(data)
            assert digest == "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def test_nothing_that_lies_about_gets_into_the_wheel(tmp_path: Path) -> None:
    core = tmp_path / "latte3d_core"
    (core / "weights").mkdir(parents=True)
    for name in ("_version.py", "weights/small.safetensors", "weights/small.ATTRIBUTION.md"):
        shutil.copy(ROOT / "latte3d_core" / name, core / name)
    clean = build_core_wheel(tmp_path, tmp_path / "a").read_bytes()
    for name in ("notes.txt", "._version.py.swp", "weights/checkpoint.pt", ".DS_Store"):
        (core / name).write_text("mine")
    assert build_core_wheel(tmp_path, tmp_path / "b").read_bytes() == clean


def test_the_wheel_works_where_it_is_unpacked(tmp_path: Path) -> None:
    zipfile.ZipFile(build_core_wheel(ROOT, tmp_path)).extractall(tmp_path / "site")
    code = "import sys; sys.path.insert(0, sys.argv[1]); import latte3d_core; print(latte3d_core.__file__)"
    run = subprocess.run(
        [sys.executable, "-I", "-c", code, str(tmp_path / "site")], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    assert str(tmp_path / "site") in run.stdout


def test_a_failed_build_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        build_extension(ROOT, tmp_path / "out", [tmp_path / "missing-1.0-py3-none-any.whl"])
    assert list((tmp_path / "out").iterdir()) == []
