"""Runtime packs: choosing, installing, downloading and removing them, with small wheels and a server on this machine.

The module is imported as a plain one: it needs neither Blender nor the core.
"""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime_stand_ins import CONTENT, HERE, PACK, Server, make_pack, server, wheel_bytes, wheels

from latte3d_blender import runtime_pack
from latte3d_blender.runtime_pack import News, RuntimePack, RuntimePackError

__all__ = ["server", "wheels"]  # fixtures


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """The user's folder of the extension, with blanks and letters outside ASCII in its path."""
    return tmp_path / "Bücher & Größen" / "latte3d"


def leftovers(user: Path) -> list[str]:
    """What lies about that neither is a runtime nor belongs to a download."""
    home = user / runtime_pack.FOLDER
    return sorted(path.name for path in home.glob("*") if path.name.startswith(".") or ".old" in path.name)


# --- which one ---


def test_the_list_survives_being_written_and_read() -> None:
    assert RuntimePack.from_json(PACK.to_json()) == PACK


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.pop("wheels"),
        lambda data: data.update(wheels=[]),
        lambda data: data["wheels"][0].update(file="../../evil-1.0-py3-none-any.whl"),
        lambda data: data["wheels"][0].update(file="/evil-1.0-py3-none-any.whl"),
        lambda data: data["wheels"][0].update(sha256="0"),
        lambda data: data.update(platform="../up"),
    ],
)
def test_a_damaged_list_is_refused(damage: Callable[[dict], object]) -> None:
    data = json.loads(PACK.to_json())
    damage(data)
    with pytest.raises(RuntimePackError, match="damaged"):
        RuntimePack.from_json(json.dumps(data))


@given(st.text(max_size=40))
def test_anything_else_is_refused_as_well(text: str) -> None:
    with pytest.raises(RuntimePackError):
        RuntimePack.from_json(text)


def test_a_list_of_a_newer_extension_says_so() -> None:
    with pytest.raises(RuntimePackError, match="update the LATTE3D extension"):
        RuntimePack.from_json(json.dumps({**json.loads(PACK.to_json()), "format": runtime_pack.FORMAT + 1}))


def test_the_digest_knows_every_file() -> None:
    first, second = PACK.wheels
    other = replace(PACK, wheels=(first, replace(second, sha256="0" * 64)))
    assert len({PACK.digest, other.digest, replace(PACK, wheels=(first,)).digest}) == 3


def test_packs_are_read_from_the_extension_and_the_smallest_comes_first(tmp_path: Path) -> None:
    large = replace(PACK, accelerator="cuda", wheels=tuple(replace(w, size=w.size * 10) for w in PACK.wheels))
    folder = tmp_path / runtime_pack.FOLDER
    folder.mkdir()
    for pack in (large, PACK, make_pack(python="3.99")):
        (folder / f"{pack.name}.json").write_text(pack.to_json(), encoding="utf-8")
    packs = runtime_pack.read_packs(tmp_path)
    assert len(packs) == 3
    assert runtime_pack.fitting(packs) == (PACK, large)
    assert runtime_pack.read_packs(tmp_path / "nothing") == ()


def test_python_3_14_is_refused_with_the_reason() -> None:
    with pytest.raises(RuntimePackError, match=r"not supported, because it runs Python 3\.14.*official Blender"):
        runtime_pack.fitting([PACK], python=(3, 14))


@pytest.mark.parametrize(
    ("platform", "names", "floor", "have", "words"),
    [
        (
            "linux-x64",
            ["manylinux_2_17_x86_64.manylinux2014_x86_64", "manylinux_2_35_x86_64"],
            (2, 35),
            (2, 34),
            "glibc",
        ),
        (
            "macos-arm64",
            ["macosx_11_0_arm64", "macosx_14_0_arm64", "macosx_10_13_universal2"],
            (14, 0),
            (13, 6),
            "macOS",
        ),
    ],
)
def test_a_system_that_is_too_old_is_refused_before_anything_is_fetched(
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    names: list[str],
    floor: tuple[int, int],
    have: tuple[int, int],
    words: str,
) -> None:
    wheels = [replace(PACK.wheels[0], file=f"a{at}-1-py3-none-{name}.whl") for at, name in enumerate([*names, "any"])]
    pack = replace(PACK, platform=platform, wheels=tuple(wheels))
    assert runtime_pack.needed_system(pack) == floor
    monkeypatch.setattr(runtime_pack, "system_version", lambda: floor)
    assert runtime_pack.fitting([pack], platform) == (pack,)
    monkeypatch.setattr(runtime_pack, "system_version", lambda: have)
    message = rf"{words} {floor[0]}\.{floor[1]} or newer, and this system has {have[0]}\.{have[1]}"
    with pytest.raises(RuntimePackError, match=message):
        runtime_pack.fitting([pack], platform)


def test_this_system_has_a_version() -> None:
    assert runtime_pack.system_version() >= (2, 17)


def test_another_system_is_refused_with_the_reason() -> None:
    with pytest.raises(RuntimePackError, match="not supported on macos-x64, because"):
        runtime_pack.fitting([PACK], platform="macos-x64")


def test_a_python_that_lacks_a_pack_here_only_is_told_what_there_is() -> None:
    there = replace(make_pack(python="3.77"), platform="windows-x64")
    with pytest.raises(RuntimePackError, match=f"no runtime for Python 3.77 .* Python {HERE}"):
        runtime_pack.fitting([PACK, there], python=(3, 77), platform=PACK.platform)


def test_the_artist_sees_size_and_licences() -> None:
    third = replace(PACK.wheels[0], licence="MIT AND (Apache-2.0 OR BSD-3-Clause) AND Apache-2.0 WITH LLVM-exception")
    told = runtime_pack.describe(replace(PACK, wheels=(*PACK.wheels, third)))
    assert told["licences"] == ("Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-3-Clause", "MIT")
    assert told["files"] == 3
    assert told["disk_mb"] == round(sum(wheel.unpacked for wheel in (*PACK.wheels, third)) / 1e6)


# --- from a folder or a file ---


def test_installing_from_a_folder_makes_the_packages_importable(wheels: Path, user: Path) -> None:
    news: list[News] = []
    site = runtime_pack.install_from(PACK, wheels, user, news.append)
    path: list[str] = ["first"]
    assert runtime_pack.activate(user, path) == site
    assert path == ["first", str(site)]
    code = "import sys; sys.path.append(sys.argv[1]); import latte_alpha, latte_beta; print(latte_beta.VERSION)"
    run = subprocess.run([sys.executable, "-I", "-c", code, str(site)], capture_output=True, text=True, check=False)
    assert run.stdout == "2.0\n", run.stderr
    assert not leftovers(user)
    assert list(dict.fromkeys(item.stage for item in news)) == ["check", "unpack"]
    unpacked = [item for item in news if item.stage == "unpack"]
    assert unpacked[-1].done == unpacked[-1].total
    assert [item.done for item in unpacked] == sorted(item.done for item in unpacked)


def test_installing_from_one_zip_gives_the_same(wheels: Path, user: Path, tmp_path: Path) -> None:
    archive = tmp_path / "pack.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for name in CONTENT:
            opened.write(wheels / name, f"some folder/{name}")
    site = runtime_pack.install_from(PACK, archive, user)
    other = runtime_pack.install_from(PACK, wheels, user.with_name("second"))
    assert {p.relative_to(site): p.read_bytes() for p in site.rglob("*") if p.is_file()} == {
        p.relative_to(other): p.read_bytes() for p in other.rglob("*") if p.is_file()
    }
    assert not leftovers(user)


def test_a_runtime_that_is_there_is_not_unpacked_again(wheels: Path, user: Path) -> None:
    site = runtime_pack.install_from(PACK, wheels, user)
    shutil.rmtree(wheels)
    assert runtime_pack.install_from(PACK, wheels, user) == site


def test_again_makes_it_anew_in_place_of_damaged_files(wheels: Path, user: Path) -> None:
    site = runtime_pack.install_from(PACK, wheels, user)
    (site / "latte_alpha" / "__init__.py").write_text("damaged")
    for _ in range(2):
        assert runtime_pack.install_from(PACK, wheels, user, again=True) == site
        assert (site / "latte_alpha" / "__init__.py").read_text() == "VERSION = '1.0'\n"
    old = set(leftovers(user))
    assert {path.name for path in runtime_pack.left_over(user)} == old
    runtime_pack.tidy(user)
    assert not leftovers(user)
    assert runtime_pack.active(user) == site


def test_the_pack_whose_wheels_are_there_is_chosen(wheels: Path, tmp_path: Path) -> None:
    small = make_pack({"latte_gamma-1.0-py3-none-any.whl": wheel_bytes("latte_gamma", "1.0")}, "cuda")
    assert runtime_pack.choose([small, PACK], wheels) == PACK
    archive = tmp_path / "pack.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for name in CONTENT:
            opened.write(wheels / name, f"inside/{name}")
    assert runtime_pack.choose([small, PACK], archive) == PACK
    assert runtime_pack.choose([small, PACK], tmp_path) == small, "none is there: what it lacks will be said"
    assert runtime_pack.choose([small, PACK], tmp_path / "nothing") == small


def test_a_missing_wheel_is_named(wheels: Path, user: Path) -> None:
    (wheels / "latte_beta-2.0-py3-none-any.whl").unlink()
    with pytest.raises(RuntimePackError, match=r"lacks latte_beta-2\.0"):
        runtime_pack.install_from(PACK, wheels, user)
    assert runtime_pack.active(user) is None


@pytest.mark.parametrize("damage", [lambda data: data[:-10], lambda data: data[:-1] + b"x", lambda data: b""])
def test_a_wheel_with_another_checksum_is_refused(wheels: Path, user: Path, damage: Callable[[bytes], bytes]) -> None:
    path = wheels / "latte_beta-2.0-py3-none-any.whl"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(RuntimePackError, match=r"latte_beta-2\.0.*checksum differs"):
        runtime_pack.install_from(PACK, wheels, user)
    assert runtime_pack.active(user) is None
    assert not leftovers(user)


@given(length=st.integers(0, 400))
def test_a_truncated_zip_is_one_sentence(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    folder = tmp_path_factory.mktemp("cut")
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as opened:
        for name, data in CONTENT.items():
            opened.writestr(name, data)
    (folder / "pack.zip").write_bytes(whole.getvalue()[: length * len(whole.getvalue()) // 401])
    with pytest.raises(RuntimePackError, match="whole"):
        runtime_pack.install_from(PACK, folder / "pack.zip", folder / "user")


def test_a_source_that_is_not_there_is_one_sentence(user: Path, tmp_path: Path) -> None:
    with pytest.raises(RuntimePackError, match="choose a folder or a zip"):
        runtime_pack.install_from(PACK, tmp_path / "nothing.zip", user)


@pytest.mark.parametrize("inner", ["../outside.py", "/outside.py", "a\\..\\..\\outside.py", "c:outside.py"])
def test_no_file_gets_outside(tmp_path: Path, user: Path, inner: str) -> None:
    data = wheel_bytes("latte_alpha", "1.0", {inner: b"evil"})
    (tmp_path / "latte_alpha-1.0-py3-none-any.whl").write_bytes(data)
    pack = make_pack({"latte_alpha-1.0-py3-none-any.whl": data})
    with pytest.raises(RuntimePackError, match="unfit name"):
        runtime_pack.install_from(pack, tmp_path, user)
    assert not list(tmp_path.rglob("outside.py"))
    assert runtime_pack.active(user) is None


def test_packages_in_a_wheels_data_folder_count_and_programs_stay_out(tmp_path: Path, user: Path) -> None:
    inner = "latte_alpha-1.0.data"
    data = wheel_bytes("latte_alpha", "1.0", {
        f"{inner}/purelib/latte_alpha/more.py": b"", f"{inner}/scripts/run": b"", f"{inner}/data/share/x": b"",
    })  # fmt: skip
    (tmp_path / "latte_alpha-1.0-py3-none-any.whl").write_bytes(data)
    site = runtime_pack.install_from(make_pack({"latte_alpha-1.0-py3-none-any.whl": data}), tmp_path, user)
    names = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert names == {"latte_alpha/__init__.py", "latte_alpha/more.py", "latte_alpha-1.0.dist-info/METADATA"}


def test_long_paths_are_no_matter(wheels: Path, tmp_path: Path) -> None:
    user = tmp_path.joinpath(*["a very long name with ä, ö and ü, forty characters and more"] * 5)
    assert len(str(user)) > 300
    site = runtime_pack.install_from(PACK, wheels, user)
    assert (site / "latte_beta" / "data.bin").stat().st_size == 256 * 4000


def test_a_path_that_windows_would_not_import_from_is_refused_before_anything_is_written(
    wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_pack, "long_paths", lambda: False)
    user = tmp_path.joinpath(*["a very long name with ä, ö and ü, forty characters and more"] * 5)
    with pytest.raises(RuntimePackError, match=r"characters, and Windows takes 259: .*BLENDER_USER_EXTENSIONS"):
        runtime_pack.install_from(PACK, wheels, user)
    assert not list(user.rglob("*.py"))
    assert not leftovers(user)
    short = tmp_path / "u"
    if len(str(short)) < 100:
        runtime_pack.install_from(PACK, wheels, short)


# --- bad places ---


@pytest.mark.skipif(os.name == "nt", reason="the access rights of Unix")
def test_a_read_only_user_folder_is_one_sentence(wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    # Not by chmod: root may write anywhere.
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(RuntimePackError, match=r"cannot be written .*Permission denied"):
        runtime_pack.install_from(PACK, wheels, tmp_path / "user")


def test_too_little_space_is_told_before_anything_is_written(
    wheels: Path, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(RuntimePackError, match="make room"):
        runtime_pack.install_from(PACK, wheels, user)
    assert not list(user.rglob("*.py"))


class Full:
    """A file that takes 200 kB and no more."""

    def __init__(self, file: io.FileIO) -> None:
        self.file = file

    def __enter__(self) -> Full:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def seek(self, place: int) -> int:
        return self.file.seek(place)

    def write(self, data: bytes) -> int:
        if self.file.tell() + len(data) > 200_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.file.write(data)


def fill_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file that is written can be larger than 200 kB from now on."""
    real = Path.open

    def opened(path: Path, mode: str = "r", *arguments: object, **options: object) -> object:
        file = real(path, mode, *arguments, **options)
        return Full(file) if mode in ("wb", "r+b") else file

    monkeypatch.setattr(Path, "open", opened)


@pytest.mark.parametrize("archived", [False, True])
def test_a_disk_that_fills_up_in_the_middle_leaves_nothing(
    wheels: Path, user: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, archived: bool
) -> None:
    source = tmp_path / "pack.zip" if archived else wheels
    if archived:
        with zipfile.ZipFile(source, "w") as opened:
            for name in CONTENT:
                opened.write(wheels / name, name)
    fill_disk(monkeypatch)
    with pytest.raises(RuntimePackError, match=r"disk .* is full"):
        runtime_pack.install_from(PACK, source, user)
    assert runtime_pack.active(user) is None
    assert not leftovers(user)
    monkeypatch.undo()
    runtime_pack.install_from(PACK, source, user)


def test_stopping_in_the_middle_leaves_the_old_runtime_in_use(wheels: Path, user: Path) -> None:
    old = runtime_pack.install_from(
        make_pack({"latte_alpha-1.0-py3-none-any.whl": CONTENT["latte_alpha-1.0-py3-none-any.whl"]}), wheels, user
    )

    def stop(news: News) -> None:
        if news.stage == "unpack":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runtime_pack.install_from(PACK, wheels, user, stop)
    assert runtime_pack.active(user) == old
    assert not leftovers(user)


# --- updates and removal ---


def test_an_update_leaves_loaded_files_alone_and_they_go_at_the_next_start(
    wheels: Path, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_pack({"latte_alpha-1.0-py3-none-any.whl": CONTENT["latte_alpha-1.0-py3-none-any.whl"]})
    old = runtime_pack.install_from(first, wheels, user)
    path: list[str] = ["first"]
    runtime_pack.activate(user, path)
    assert runtime_pack.loaded_from(user, ["/elsewhere.py", str(old / "latte_alpha" / "__init__.py")])
    assert not runtime_pack.loaded_from(user, ["/elsewhere.py", f"{user}/runtimes.py"])
    before = {path: path.stat().st_mtime_ns for path in old.rglob("*")}
    new = runtime_pack.install_from(PACK, wheels, user)
    assert old != new
    assert {path: path.stat().st_mtime_ns for path in old.rglob("*")} == before
    assert runtime_pack.activate(user, path) == new
    assert path == ["first", str(new)], "the old one is not found first"
    real = shutil.rmtree
    # As on Windows while the modules are loaded.
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)
    runtime_pack.tidy(user)
    assert old.exists()
    monkeypatch.setattr(shutil, "rmtree", real)
    runtime_pack.tidy(user)
    assert not old.exists()
    assert runtime_pack.active(user) == new


def test_the_runtime_of_another_python_stays_and_is_not_used(wheels: Path, user: Path) -> None:
    other = runtime_pack.install_from(make_pack(python="3.99"), wheels, user)
    path: list[str] = []
    assert runtime_pack.activate(user, path) is None
    assert path == []
    assert runtime_pack.active(user, (3, 99)) == other
    mine = runtime_pack.install_from(PACK, wheels, user)
    assert runtime_pack.activate(user, path) == mine
    assert other.exists()


def test_what_a_dead_blender_left_goes_after_a_day(wheels: Path, user: Path) -> None:
    runtime_pack.install_from(PACK, wheels, user)
    home = user / runtime_pack.FOLDER
    old, young = home / ".unfinished-old", home / ".unfinished-young"
    for folder in (old, young):
        (folder / "inside").mkdir(parents=True)
    os.utime(old, (time.time() - 2 * runtime_pack.UNFINISHED,) * 2)
    runtime_pack.tidy(user)
    assert not old.exists()
    assert young.exists()


def test_removing_leaves_nothing(wheels: Path, user: Path) -> None:
    path: list[str] = ["first"]
    runtime_pack.install_from(PACK, wheels, user)
    runtime_pack.activate(user, path)
    runtime_pack.deactivate(user, path)
    assert path == ["first"]
    assert runtime_pack.remove(user)
    assert list(user.iterdir()) == []
    assert runtime_pack.activate(user, path) is None


def test_a_runtime_in_use_is_switched_off_and_goes_at_the_next_start(wheels: Path, user: Path) -> None:
    site = runtime_pack.install_from(PACK, wheels, user)
    assert not runtime_pack.remove(user, loaded=True)
    assert (site / "latte_alpha" / "__init__.py").is_file()
    assert runtime_pack.active(user) is None
    runtime_pack.tidy(user)
    assert list(user.iterdir()) == []


def test_what_cannot_be_removed_is_tried_again(wheels: Path, user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = runtime_pack.install_from(PACK, wheels, user)
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)  # as on Windows while somebody reads
    assert not runtime_pack.remove(user)
    assert site.exists()
    monkeypatch.undo()
    runtime_pack.tidy(user)
    assert list(user.iterdir()) == []


def test_installing_calls_a_removal_off(wheels: Path, user: Path) -> None:
    runtime_pack.install_from(PACK, wheels, user)
    runtime_pack.remove(user, loaded=True)
    site = runtime_pack.install_from(PACK, wheels, user)
    runtime_pack.tidy(user)
    assert runtime_pack.active(user) == site


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_of_a_shared_runtime_only_the_link_goes(wheels: Path, user: Path) -> None:
    shared = user.with_name("shared")
    site = runtime_pack.install_from(PACK, wheels, shared)
    user.mkdir(parents=True)
    (user / runtime_pack.FOLDER).symlink_to(shared / runtime_pack.FOLDER)
    assert runtime_pack.active(user) == user / runtime_pack.FOLDER / site.name
    assert runtime_pack.remove(user)
    assert runtime_pack.active(user) is None
    assert runtime_pack.active(shared) == site


@pytest.mark.parametrize("text", ["", "{", "[]", '{"folder": "../../etc", "python": "3.11"}', '{"folder": 3}'])
def test_a_damaged_note_counts_as_none(user: Path, text: str) -> None:
    (user / runtime_pack.FOLDER).mkdir(parents=True)
    (user / runtime_pack.FOLDER / "active.json").write_text(text)
    assert runtime_pack.active(user, (3, 11)) is None


# --- download ---


def test_a_download_installs_and_leaves_no_wheels(server: Server, user: Path) -> None:
    news: list[News] = []
    site = runtime_pack.download(PACK, server.address, user, consent=True, online=True, listener=news.append)
    assert (site / "latte_beta" / "data.bin").is_file()
    assert server.requests == [(name, None) for name in sorted(CONTENT)]
    loaded = [item for item in news if item.stage == "download"]
    assert loaded[-1].done == loaded[-1].total == PACK.size
    assert list((user / runtime_pack.FOLDER / "downloads").iterdir()) == []


@pytest.mark.parametrize(
    ("consent", "online", "told"), [(False, True, "agreed"), (True, False, "online access is off")]
)
def test_nothing_is_asked_of_the_network_without_consent_and_access(
    server: Server, user: Path, consent: bool, online: bool, told: str
) -> None:
    with pytest.raises(RuntimePackError, match=told):
        runtime_pack.download(PACK, server.address, user, consent=consent, online=online)
    assert server.requests == []
    assert not user.exists()


@pytest.mark.parametrize("address", ["", "file:///etc/passwd", "ftp://example.invalid/", "C:\\wheels"])
def test_other_addresses_are_refused(user: Path, address: str) -> None:
    with pytest.raises(RuntimePackError, match="no web address"):
        runtime_pack.download(PACK, address, user, consent=True, online=True)


def test_a_connection_that_breaks_is_taken_up_where_it_stopped(server: Server, user: Path) -> None:
    server.break_after = [10**6, 300_000, 200_000]  # the first file passes whole
    runtime_pack.download(PACK, server.address, user, consent=True, online=True)
    beta = "latte_beta-2.0-py3-none-any.whl"
    assert server.requests[1:] == [(beta, None), (beta, "bytes=300000-"), (beta, "bytes=500000-")]


def test_a_server_without_ranges_begins_anew_and_the_file_is_right(server: Server, user: Path) -> None:
    server.ranges = False
    server.break_after = [10**6, 300_000]
    site = runtime_pack.download(PACK, server.address, user, consent=True, online=True)
    assert (site / "latte_beta" / "data.bin").read_bytes() == bytes(range(256)) * 4000


def test_a_download_that_failed_goes_on_at_the_next_call(server: Server, user: Path) -> None:
    server.break_after = [10**6, 100_000, 100_000, 100_000]
    with pytest.raises(RuntimePackError, match="it goes on from there"):
        runtime_pack.download(PACK, server.address, user, consent=True, online=True)
    assert runtime_pack.active(user) is None
    server.requests.clear()
    runtime_pack.download(PACK, server.address, user, consent=True, online=True)
    assert server.requests == [("latte_beta-2.0-py3-none-any.whl", "bytes=300000-")]


def test_a_stopped_download_keeps_what_it_has(server: Server, user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime_pack, "PIECE", 50_000)

    class Stopped(Exception):
        pass

    def stop(news: News) -> None:
        if news.done > 400_000:
            raise Stopped

    with pytest.raises(Stopped):
        runtime_pack.download(PACK, server.address, user, consent=True, online=True, listener=stop)
    part = user / runtime_pack.FOLDER / "downloads" / "latte_beta-2.0-py3-none-any.whl.part"
    assert CONTENT[part.name.removesuffix(".part")].startswith(part.read_bytes())
    assert part.stat().st_size > 300_000


def test_a_stopped_download_does_not_try_again(server: Server, user: Path) -> None:
    """Nothing has come for a while, and the artist has cancelled meanwhile."""
    server.break_after = [0] * 10

    def stop(news: News) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runtime_pack.download(PACK, server.address, user, consent=True, online=True, listener=stop)
    assert len(server.requests) == 1


def test_a_wrong_file_is_thrown_away(server: Server, user: Path) -> None:
    name = "latte_beta-2.0-py3-none-any.whl"
    server.content[name] = b"x" * len(CONTENT[name])
    with pytest.raises(RuntimePackError, match=r"checksum differs.*thrown away"):
        runtime_pack.download(PACK, server.address, user, consent=True, online=True)
    downloads = user / runtime_pack.FOLDER / "downloads"
    assert [path.name for path in downloads.iterdir()] == ["latte_alpha-1.0-py3-none-any.whl"]
    server.content = dict(CONTENT)
    runtime_pack.download(PACK, server.address, user, consent=True, online=True)


def test_a_server_that_sends_too_much_is_cut_off(server: Server, user: Path) -> None:
    name = "latte_beta-2.0-py3-none-any.whl"
    server.content[name] = CONTENT[name] + b"x" * 10_000_000
    runtime_pack.download(PACK, server.address, user, consent=True, online=True)


def test_a_file_that_the_server_lacks_is_named(server: Server, user: Path) -> None:
    del server.content["latte_alpha-1.0-py3-none-any.whl"]
    with pytest.raises(RuntimePackError, match=r"latte_alpha-1\.0.* \(404 "):
        runtime_pack.download(PACK, server.address, user, consent=True, online=True)


def test_no_server_is_one_sentence(server: Server, user: Path) -> None:
    address = server.address
    server.shutdown()
    server.server_close()
    with pytest.raises(RuntimePackError, match="check the connection"):
        runtime_pack.download(PACK, address, user, consent=True, online=True)


def test_a_full_disk_in_a_download_is_one_sentence_and_it_goes_on_later(
    server: Server, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_disk(monkeypatch)
    with pytest.raises(RuntimePackError, match=r"disk .* is full"):
        runtime_pack.download(PACK, server.address, user, consent=True, online=True)
    monkeypatch.undo()
    monkeypatch.setattr(runtime_pack, "PAUSE", 0.0)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    runtime_pack.download(PACK, server.address, user, consent=True, online=True)
