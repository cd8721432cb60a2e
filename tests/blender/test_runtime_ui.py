"""The buttons of the runtime, in Blender: what they refuse, what they do, and what the panels say meanwhile."""

from __future__ import annotations

import importlib
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from runtime_stand_ins import CONTENT, PACK, Server, make_pack, server, wheels
from support import MODULE, Extension

from latte3d_blender.runtime_pack import News
from latte3d_blender.runtime_work import Installation

bpy = pytest.importorskip("bpy", reason="bpy (Blender as a module) is not installed")

from test_extension import Recorder, drawn, texts  # noqa: E402 - needs bpy

__all__ = ["server", "wheels"]  # fixtures

NEWS = News("download", "a.whl", 5_000_000, 20_000_000)


@pytest.fixture
def lean(extension: Extension) -> Iterator[Any]:
    """The module ``runtime_ui`` of an extension that knows a runtime of two small packages."""
    ui = extension.runtime_ui
    folder = Path(ui.__file__).parent / "runtime"
    folder.mkdir()
    (folder / f"{PACK.name}.json").write_text(PACK.to_json(), encoding="utf-8")
    home = Path(bpy.utils.extension_path_user(MODULE))
    shutil.rmtree(home / "runtime", ignore_errors=True)
    ui.look()
    yield ui
    if ui.installation() is not None:
        ui.installation().cancel()
        ui.installation().wait(10.0)
    ui._installation, ui.outcome = None, ui.Outcome()
    ui.runtime_pack.deactivate(home, sys.path)
    for name in ("latte_alpha", "latte_beta"):
        sys.modules.pop(name, None)
    shutil.rmtree(folder)
    shutil.rmtree(home / "runtime", ignore_errors=True)
    ui.look()


@pytest.fixture
def online() -> Iterator[None]:
    """Blender's online access is on."""
    system = bpy.context.preferences.system
    before = system.use_online_access
    system.use_online_access = True
    if not bpy.app.online_access:
        pytest.skip("this Blender was started with its online access off")
    yield
    system.use_online_access = before


def said(ui: Any) -> str:
    return texts(drawn(ui.LATTE3D_PT_runtime))


# --- the thread ---


def endless(begun: threading.Event) -> Callable[[Any], Path]:
    """Work that only a cancel ends."""

    def work(listener: Any) -> Path:
        while True:
            listener(NEWS)
            begun.set()
            time.sleep(0.005)

    return work


def test_an_installation_is_cancelled_at_its_next_news(tmp_path: Path) -> None:
    begun = threading.Event()
    installation = Installation(endless(begun))
    assert begun.wait(10.0)
    assert installation.running and installation.news == NEWS
    installation.cancel()
    assert installation.wait(10.0)
    assert (installation.site, installation.error, installation.cancelled) == (None, "", True)


def test_an_unforeseen_fault_is_one_sentence_with_a_report() -> None:
    def work(listener: Any) -> Path:
        raise ZeroDivisionError("on\npurpose")

    installation = Installation(work)
    assert installation.wait(10.0)
    assert "ZeroDivisionError: on purpose" in installation.error and "\n" not in installation.error
    assert "Traceback" in installation.report


# --- without a runtime ---


def test_an_extension_that_brings_everything_shows_nothing_of_runtimes(extension: Extension) -> None:
    ui = extension.runtime_ui
    assert ui.found.packs == () and ui.verdict() is None
    assert not ui.LATTE3D_PT_runtime.poll(bpy.context)
    assert not [item for item in drawn(extension.doctor_ui.LATTE3D_PT_setup) if "runtime" in item[1].lower()]
    with pytest.raises(RuntimeError, match="needs no runtime"):
        bpy.ops.latte3d.install_runtime(filepath="/nowhere")


def test_a_lean_one_says_what_is_missing_and_what_it_would_take(lean: Any, extension: Extension) -> None:
    assert lean.LATTE3D_PT_runtime.poll(bpy.context)
    shown = drawn(lean.LATTE3D_PT_runtime)
    assert {("operator", "latte3d.install_runtime"), ("operator", "latte3d.download_runtime")} <= set(shown)
    assert ("operator", "latte3d.remove_runtime") not in shown
    for words in ("install the runtime", PACK.name, "2 packages", "MIT", PACK.digest[:16]):
        assert words in texts(shown)
    patient = extension.doctor_ui.patient(bpy.context)
    assert patient.lacks_runtime
    (finding,) = extension.doctor.check_runtime(patient)
    assert ("operator", "latte3d.install_runtime") in drawn_fix(extension, finding.fix)


def test_the_preferences_have_the_address_and_the_buttons(lean: Any, extension: Extension) -> None:
    shown: list[tuple[str, str]] = []
    stub = SimpleNamespace(layout=Recorder(shown), bl_rna=bpy.context.preferences.addons[MODULE].preferences.bl_rna)
    extension.preferences.LATTE3D_AP_preferences.draw(stub, bpy.context)
    assert ("prop", "runtime_address") in shown
    assert ("operator", "latte3d.install_runtime") in shown


def drawn_fix(extension: Extension, fix: str) -> list[tuple[str, str]]:
    shown: list[tuple[str, str]] = []
    extension.doctor_ui.draw_fix(Recorder(shown), fix)
    return shown


def test_python_3_14_is_a_sentence_and_no_crash(
    lean: Any, extension: Extension, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "press Generate" not in texts(drawn(extension.panels.LATTE3D_PT_main)), "the runtime is missing"
    fitting = lean.runtime_pack.fitting
    monkeypatch.setattr(lean.runtime_pack, "fitting", lambda packs: fitting(packs, python=(3, 14)))
    lean.look()
    assert "not supported, because it runs Python 3.14" in said(lean)
    assert lean.verdict()[0] == "FAULT"
    said_by_main = texts(drawn(extension.panels.LATTE3D_PT_main))
    assert "press Generate" not in said_by_main, "it would not make anything"
    assert [kind for kind, _ in drawn(lean.LATTE3D_PT_runtime) if kind == "operator"] == [], "none would do anything"
    with pytest.raises(RuntimeError, match=r"not supported, because it runs Python 3\.14"):
        bpy.ops.latte3d.install_runtime(filepath="/nowhere")
    # Enabling it there goes the same way.
    bpy.ops.preferences.addon_disable(module=MODULE)
    assert bpy.ops.preferences.addon_enable(module=MODULE) == {"FINISHED"}
    assert lean.found.refusal


def test_a_damaged_list_is_a_sentence_and_no_crash(lean: Any) -> None:
    (Path(lean.__file__).parent / "runtime" / f"{PACK.name}.json").write_text("{")
    lean.look()
    assert "install the LATTE3D extension again" in said(lean)


# --- from a folder ---


def test_installed_from_a_folder_it_can_be_used_at_once(lean: Any, wheels: Path, extension: Extension) -> None:
    assert bpy.ops.latte3d.install_runtime(filepath=f"{wheels}/") == {"FINISHED"}
    assert "press Generate" in lean.outcome.text
    latte_beta = importlib.import_module("latte_beta")

    assert latte_beta.VERSION == "2.0"
    assert Path(latte_beta.__file__).is_relative_to(lean.found.site)
    assert sys.path[-1] == str(lean.found.site)
    assert "press Generate" in said(lean) and lean.LATTE3D_PT_runtime.poll(bpy.context)
    extension.run("a ball")
    assert not lean.LATTE3D_PT_runtime.poll(bpy.context), "its panel has done its work"
    assert lean.verdict()[0] == "OK"


@pytest.mark.parametrize("chosen", ["wheel", "zip"])
def test_a_wheel_or_a_zip_can_be_chosen_in_the_file_browser(
    lean: Any, wheels: Path, tmp_path: Path, chosen: str
) -> None:
    path = wheels / next(iter(CONTENT))
    if chosen == "zip":
        path = Path(shutil.make_archive(str(tmp_path / "Päckchen für Blender"), "zip", wheels))
    assert bpy.ops.latte3d.install_runtime(filepath=str(path), runtime=PACK.name) == {"FINISHED"}
    assert lean.found.current


def test_it_is_used_after_a_restart_and_no_longer_when_disabled(lean: Any, wheels: Path) -> None:
    bpy.ops.latte3d.install_runtime(filepath=str(wheels))
    site = str(lean.found.site)
    bpy.ops.preferences.addon_disable(module=MODULE)
    assert site not in sys.path
    bpy.ops.preferences.addon_enable(module=MODULE)
    assert sys.path[-1] == site
    assert lean.found.current


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "No folder was given"),
        ({"filepath": "/nowhere/at all.zip"}, "choose a folder or a zip"),
        ({"filepath": "/", "runtime": "amiga"}, "There is no runtime amiga: choose one of"),
        ({"filepath": "/"}, "lacks latte_alpha"),
    ],
)
def test_what_cannot_be_installed_is_one_sentence(lean: Any, arguments: dict[str, str], told: str) -> None:
    with pytest.raises(RuntimeError, match=told):
        bpy.ops.latte3d.install_runtime(**arguments)
    assert lean.found.missing


def test_a_failure_stays_in_the_panel_with_a_report(lean: Any, wheels: Path, extension: Extension) -> None:
    path = wheels / "latte_beta-2.0-py3-none-any.whl"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(RuntimeError, match="checksum differs"):
        bpy.ops.latte3d.install_runtime(filepath=str(wheels))
    shown = drawn(lean.LATTE3D_PT_runtime)
    assert "checksum differs" in texts(shown)
    assert ("operator", "latte3d.copy_setup") in shown
    assert bpy.ops.latte3d.copy_setup() == {"FINISHED"}
    report = extension.doctor_ui.report_text()
    assert "checksum differs" in report and "Traceback" in report and PACK.wheels[1].sha256 in report
    assert ("operator", "latte3d.install_runtime") in shown, "it can be tried again"


def test_a_user_folder_that_cannot_be_made_is_one_sentence(
    lean: Any, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not into a temporary folder, which would be gone after the session. (Root may write anywhere; nobody can make a
    folder below a file.)"""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(bpy.utils, "extension_path_user", lambda *_, **__: str(tmp_path / "file" / "latte3d"))
    lean.look()
    with pytest.raises(RuntimeError, match="cannot be written"):
        bpy.ops.latte3d.install_runtime(filepath=str(wheels))
    assert "make it writable" in said(lean)


def test_an_installation_waits_until_old_files_are_gone(
    lean: Any, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else they would take what is new along."""
    order: list[str] = []

    def slow(home: Path) -> None:
        time.sleep(0.1)
        order.append("tidied")

    install = lean.runtime_pack.install_from
    monkeypatch.setattr(lean.runtime_pack, "tidy", slow)
    monkeypatch.setattr(
        lean.runtime_pack, "install_from", lambda *a, **b: order.append("installed") or install(*a, **b)
    )
    bpy.ops.latte3d.install_runtime(filepath=str(wheels))
    lean.runtime_pack.remove(lean.found.home, loaded=True)
    bpy.ops.preferences.addon_disable(module=MODULE)
    bpy.ops.preferences.addon_enable(module=MODULE)
    bpy.ops.latte3d.install_runtime(filepath=str(wheels))
    assert order == ["installed", "tidied", "installed"]
    assert lean.found.current


# --- loaded modules ---


def test_a_runtime_in_use_is_neither_overwritten_nor_deleted(lean: Any, wheels: Path) -> None:
    """On Windows its files are locked; elsewhere what is imported later would be missing."""
    bpy.ops.latte3d.install_runtime(filepath=str(wheels))
    site = lean.found.site
    latte_alpha = importlib.import_module("latte_alpha")

    with pytest.raises(RuntimeError, match="in use: restart Blender"):
        bpy.ops.latte3d.install_runtime(filepath=str(wheels), again=True)
    assert bpy.ops.latte3d.remove_runtime() == {"FINISHED"}
    assert "when Blender is restarted" in lean.outcome.text
    assert Path(latte_alpha.__file__).is_file()
    assert str(site) not in sys.path and lean.found.site is None
    # The next start.
    sys.modules.pop("latte_alpha")
    lean.runtime_pack.tidy(lean.found.home)
    assert not site.exists()


def test_an_update_while_the_old_one_is_in_use_asks_for_a_restart(lean: Any, wheels: Path) -> None:
    bpy.ops.latte3d.install_runtime(filepath=str(wheels))
    old = lean.found.site
    latte_alpha = importlib.import_module("latte_alpha")

    newer = make_pack({"latte_alpha-1.0-py3-none-any.whl": CONTENT["latte_alpha-1.0-py3-none-any.whl"]})
    (Path(lean.__file__).parent / "runtime" / f"{PACK.name}.json").write_text(newer.to_json(), encoding="utf-8")
    lean.look()
    assert lean.verdict() == ("NOTE", lean.verdict()[1]) and "another version" in lean.verdict()[1]
    assert bpy.ops.latte3d.install_runtime(filepath=str(wheels)) == {"FINISHED"}
    assert "restart Blender" in lean.outcome.text and lean.outcome.restart
    assert "restart Blender" in lean.verdict()[1]
    assert lean.found.site != old
    assert str(old) in sys.path and Path(latte_alpha.__file__).is_file(), "nothing changes under the running modules"


def test_reinstalled_it_is_whole_again(lean: Any, wheels: Path) -> None:
    bpy.ops.latte3d.install_runtime(filepath=str(wheels))
    (lean.found.site / "latte_beta" / "data.bin").unlink()
    assert bpy.ops.latte3d.install_runtime(filepath=str(wheels), again=True) == {"FINISHED"}
    assert (lean.found.site / "latte_beta" / "data.bin").is_file()


def test_removed_it_is_gone(lean: Any, wheels: Path) -> None:
    with pytest.raises(RuntimeError, match="No runtime is installed"):
        bpy.ops.latte3d.remove_runtime()
    bpy.ops.latte3d.install_runtime(filepath=str(wheels))
    assert bpy.ops.latte3d.remove_runtime() == {"FINISHED"}
    assert not (lean.found.home / "runtime").exists()
    assert lean.found.missing and "removed" in lean.outcome.text


def test_what_is_left_of_a_download_or_of_older_ones_can_be_removed(lean: Any, wheels: Path) -> None:
    """Also where no runtime is in use."""
    home = lean.found.home / "runtime"
    (home / "downloads").mkdir(parents=True)
    (home / "downloads" / "latte_beta-2.0-py3-none-any.whl.part").write_bytes(bytes(2_000_000))
    (home / f"{PACK.name}-0123456789ab" / "latte_alpha").mkdir(parents=True)
    (home / f"{PACK.name}-0123456789ab" / "latte_alpha" / "data.bin").write_bytes(bytes(500_000))
    assert ("operator", "latte3d.remove_runtime") not in drawn(lean.LATTE3D_PT_runtime)
    lean.look()
    assert ("operator", "latte3d.remove_runtime") in drawn(lean.LATTE3D_PT_runtime)
    assert lean.found.missing and not lean.found.site
    asked: list[str] = []
    manager = SimpleNamespace(invoke_confirm=lambda *_, message, **__: asked.append(message) or {"RUNNING_MODAL"})
    context = SimpleNamespace(window_manager=manager)
    lean.LATTE3D_OT_remove_runtime.invoke(SimpleNamespace(), context, None)
    assert asked == ["2.5 MB become free."]
    assert bpy.ops.latte3d.remove_runtime() == {"FINISHED"}
    assert "2.5 MB are free again" in lean.outcome.text
    assert not home.exists()
    assert ("operator", "latte3d.remove_runtime") not in drawn(lean.LATTE3D_PT_runtime)


def test_what_goes_at_the_next_start_is_not_offered_again(lean: Any, wheels: Path) -> None:
    bpy.ops.latte3d.install_runtime(filepath=str(wheels))
    importlib.import_module("latte_alpha")
    bpy.ops.latte3d.remove_runtime()
    with pytest.raises(RuntimeError, match="No runtime is installed"):
        bpy.ops.latte3d.remove_runtime()


# --- download ---


def test_without_online_access_the_button_says_why(lean: Any) -> None:
    if bpy.app.online_access:
        bpy.context.preferences.system.use_online_access = False
    with pytest.raises(RuntimeError, match="online access is off"):
        bpy.ops.latte3d.download_runtime(address="http://127.0.0.1:1/", consent=True)


def test_nothing_is_downloaded_without_consent_or_address(
    lean: Any, online: None, server: Server, extension: Extension
) -> None:
    with pytest.raises(RuntimeError, match="No address was given"):
        bpy.ops.latte3d.download_runtime(consent=True)
    with pytest.raises(RuntimeError, match="no web address"):
        bpy.ops.latte3d.download_runtime(address="file:///etc", consent=True)
    with pytest.raises(RuntimeError, match="agreed to its size and licences"):
        bpy.ops.latte3d.download_runtime(address=server.address)
    assert server.requests == []
    assert extension.preferences.runtime_address(bpy.context) == server.address, "nobody types it twice"
    extension.preferences.choose_runtime_address(bpy.context, "")


def test_the_dialogs_say_what_to_choose(lean: Any, extension: Extension) -> None:
    """Also which runtime, where several fit this Blender."""

    def shown(operator: Any) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        module, name = operator.bl_idname.split(".")
        known = getattr(getattr(bpy.ops, module), name).get_rna_type()
        operator.draw(SimpleNamespace(layout=Recorder(found), bl_rna=known, runtime=""), bpy.context)
        return found

    files, download = shown(lean.LATTE3D_OT_install_runtime), shown(lean.LATTE3D_OT_download_runtime)
    assert "open the folder" in texts(files)
    assert [name for kind, name in files + download if kind == "prop"] == ["address", "consent"]
    large = replace(PACK, accelerator="cuda", wheels=tuple(replace(wheel, licence="L" * 200) for wheel in PACK.wheels))
    lean.found = replace(lean.found, packs=(PACK, large), current=True)
    files, download = shown(lean.LATTE3D_OT_install_runtime), shown(lean.LATTE3D_OT_download_runtime)
    assert [name for kind, name in files + download if kind == "prop"] == [
        "runtime", "again", "runtime", "address", "consent",
    ]  # fmt: skip


def test_the_text_of_a_dialog_fits_into_it(lean: Any) -> None:
    """However wide the region below it is."""
    licences = [f"Licence-of-Somebody-{number}" for number in range(20)]
    pack = replace(PACK, wheels=tuple(replace(PACK.wheels[0], licence=licence) for licence in licences))
    wide = SimpleNamespace(preferences=bpy.context.preferences, region=SimpleNamespace(width=2000))
    shown: list[tuple[str, str]] = []
    lean.draw_pack(Recorder(shown), wide, pack, lean.DIALOG)
    assert max(len(line) for _, line in shown) < lean.DIALOG / 6
    said = texts(shown).replace(" ", "")  # lines also end behind hyphens
    assert all(licence.replace(" ", "") in said for licence in licences)


def test_a_download_that_broke_off_is_gone_on_with(
    lean: Any, online: None, server: Server, extension: Extension
) -> None:
    server.break_after = [10**6, 600_000, 0, 0]
    with pytest.raises(RuntimeError, match="it goes on from there"):
        bpy.ops.latte3d.download_runtime(address=server.address, consent=True)
    assert "MB of it are there already" in said(lean)
    server.requests.clear()
    # The address is remembered.
    assert extension.preferences.runtime_address(bpy.context) == server.address
    assert bpy.ops.latte3d.download_runtime(consent=True) == {"FINISHED"}
    assert server.requests == [("latte_beta-2.0-py3-none-any.whl", "bytes=600000-")]
    assert lean.found.current
    extension.preferences.choose_runtime_address(bpy.context, "")


# --- while it runs, in a window ---


def test_while_it_runs_the_panel_shows_progress_and_cancels(lean: Any, wheels: Path) -> None:
    begun, go = threading.Event(), threading.Event()

    def work(listener: Any) -> Path:
        listener(NEWS)
        begun.set()
        assert go.wait(10.0)
        listener(NEWS)
        raise AssertionError("it was cancelled")

    with pytest.raises(RuntimeError, match="No runtime is being installed"):
        bpy.ops.latte3d.cancel_runtime()
    lean._installation = lean.Installation(work)
    assert begun.wait(10.0)
    shown = drawn(lean.LATTE3D_PT_runtime)
    assert "Downloading 5 of 20 MB" in texts(shown)
    assert ("operator", "latte3d.cancel_runtime") in shown
    for operator in (bpy.ops.latte3d.install_runtime, bpy.ops.latte3d.remove_runtime):
        with pytest.raises(RuntimeError, match="is being installed: wait, or cancel it"):
            operator()
    assert lean.follow() == 0.2
    assert bpy.ops.latte3d.cancel_runtime() == {"FINISHED"}
    assert "Stopping" in said(lean)
    go.set()
    while lean.follow() is not None:
        time.sleep(0.01)
    assert "Stopped" in said(lean)
    assert lean.found.missing
    assert bpy.ops.latte3d.install_runtime(filepath=str(wheels)) == {"FINISHED"}


def test_disabling_the_extension_stops_it(lean: Any) -> None:
    begun = threading.Event()
    installation = lean._installation = lean.Installation(endless(begun))
    assert begun.wait(10.0)
    bpy.ops.preferences.addon_disable(module=MODULE)
    assert not installation.running
    bpy.ops.preferences.addon_enable(module=MODULE)
    assert lean.installation() is None


@pytest.mark.parametrize(
    ("remote", "module", "address"),
    [
        ("https://studio.example/blender/lean/index.json", "user_default", "https://studio.example/blender/runtime"),
        ("https://studio.example/lean/index.json?token=1", "user_default", "https://studio.example/runtime"),
        ("https://studio.example/lean/index.json", "another", ""),
        ("https://studio.example/index.json", "user_default", ""),
        ("file:///S:/lean/index.json", "user_default", ""),
        ("", "user_default", ""),
    ],
)
def test_the_address_is_known_where_a_repository_has_the_runtime_beside_it(
    extension: Extension, monkeypatch: pytest.MonkeyPatch, remote: str, module: str, address: str
) -> None:
    repo = SimpleNamespace(remote_url=remote, use_remote_url=bool(remote), module=module)
    known = SimpleNamespace(extensions=SimpleNamespace(repos=[repo]), addons=bpy.context.preferences.addons)
    context = SimpleNamespace(preferences=known)
    assert extension.preferences.runtime_address(context) == address
    extension.preferences.choose_runtime_address(context, "https://elsewhere.example")
    assert extension.preferences.runtime_address(context) == "https://elsewhere.example"
    extension.preferences.choose_runtime_address(context, "")
