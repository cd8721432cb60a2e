"""The buttons that install and remove the runtime of a lean zip, with a runtime of two tiny packages."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from window import ROOT, Dialog, Window, dialog_frame, install_with_core, opened

sys.path.append(str(ROOT / "tests" / "blender"))  # for the stand-ins

from runtime_stand_ins import Server, make_pack, serving, wheel_bytes

from latte3d_blender.packing import build_core_wheel, build_extension
from latte3d_blender.runtime_pack import RuntimePack

pytestmark = pytest.mark.gui

#: The second one is large enough for a bar that tells something.
ALPHA, BETA = "latte_alpha-1.0-py3-none-any.whl", "latte_beta-2.0-py3-none-any.whl"
FILES = {
    ALPHA: wheel_bytes("latte_alpha", "1.0"),
    BETA: wheel_bytes("latte_beta", "2.0", {"latte_beta/data.bin": bytes(range(256)) * 160_000}),
}

#: Those of another runtime that fits as well, a little larger.
OTHER = "latte_gamma-3.0-py3-none-any.whl"
OTHER_FILES = {
    ALPHA: FILES[ALPHA],
    OTHER: wheel_bytes("latte_gamma", "3.0", {"latte_gamma/data.bin": bytes(range(256)) * 170_000}),
}

#: Bytes of the second file after which the slow server hardly goes on.
HALF = 20_000_000

#: The licences that the packages of the real runtime have.
LICENCES = ("Apache-2.0 AND Apache-2.0 WITH LLVM-exception AND BSD-2-Clause AND BSL-1.0", "BSD-3-Clause AND MIT")

#: Expressions for Blender.
RUNS = "module('runtime_ui').installation() is not None"
ENDED = "module('runtime_ui').installation() is None and module('runtime_ui').outcome.text"
MISSING = "module('runtime_ui').found.missing"
DOWNLOADED = "module('runtime_ui').installation() and module('runtime_ui').installation().news.done"
_DOWNLOADS = "(module('runtime_ui').found.home / 'runtime' / 'downloads')"
PARTS = f"[path.stat().st_size for path in {_DOWNLOADS}.glob('*.part')]"

#: Lets the next installation stand still in the middle of unpacking until the note "go" is set.
_HOLD = """
import threading
work = module("runtime_work").Installation
real, notes["go"] = work._listen, threading.Event()
def held(self, news):
    real(self, news)
    if news.stage == "unpack" and 2 * news.done > news.total:
        work._listen = real
        notes["go"].wait()
work._listen = held
"""


def licensed(pack: RuntimePack) -> RuntimePack:
    wheels = tuple(replace(wheel, licence=licence) for wheel, licence in zip(pack.wheels, LICENCES, strict=True))
    return replace(pack, wheels=wheels)


@pytest.fixture(scope="module")
def lean(installed: Window) -> Iterator[Window]:
    """A Blender with the lean zip; afterwards there is again what was there."""
    pack = licensed(make_pack(FILES, python=installed.python()))
    extra = {f"runtime/{pack.name}.json": pack.to_json().encode()}
    core = build_core_wheel(ROOT, installed.scratch)
    installed.install(build_extension(ROOT, installed.scratch, [core], edition="lean", extra=extra))
    with opened(installed):
        installed.run("""
            bpy.context.preferences.system.use_region_overlap = False
            os.environ["no_proxy"] = "127.0.0.1"  # a proxy of the system's would not find the server of the tests
        """)
        installed.hear("runtime_ui")
        yield installed
    install_with_core(installed)


@pytest.fixture
def window(lean: Window) -> Iterator[Window]:
    """No runtime, and a file with its panel and that of the setup."""
    lean.run("""
        bpy.context.preferences.system.use_online_access = True
        module("runtime_ui").outcome = module("runtime_ui").Outcome()
        module("preferences").choose_runtime_address(bpy.context, "")
    """)
    lean.new_file("runtime")
    yield lean
    lean.run("""
        ui = module("runtime_ui")
        if ui.installation() is not None:
            ui.installation().cancel()
            if "go" in notes:
                notes["go"].set()
    """)
    lean.wait_for("module('runtime_ui').installation() is None")
    lean.run("bpy.ops.latte3d.remove_runtime.poll() and bpy.ops.latte3d.remove_runtime()")


@pytest.fixture
def wheels(lean: Window) -> Path:
    folder = lean.scratch / "wheels für Blender"
    folder.mkdir(exist_ok=True)
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(FILES | OTHER_FILES) as served:
        yield served


@pytest.fixture
def other(window: Window) -> Iterator[str]:
    """The name of the other runtime, which the extension knows as well as long as this lasts."""
    pack = licensed(make_pack(OTHER_FILES, accelerator="cuda", python=window.python()))
    listed = f"(module('runtime_ui').Path(module('runtime_ui').__file__).parent / 'runtime' / {pack.name + '.json'!r})"
    window.run(f"{listed}.write_text({pack.to_json()!r}); module('runtime_ui').look()")
    yield pack.name
    window.run(f"{listed}.unlink(); module('runtime_ui').look()")


def download(window: Window, address: str, consent: bool = True) -> None:
    """Fill in the dialog of the download and accept it."""
    dialog = window.open_dialog("latte3d.download_runtime")
    enter(window, dialog, address, consent)
    window.click(*dialog.accept)


def enter(window: Window, dialog: Dialog, address: str, consent: bool) -> None:
    window.fill_at(*dialog.above(2), address)
    assert address in window.copied(*dialog.above(2))
    if consent:
        window.click(dialog.frame[0] + 15, dialog.above(1)[1])


def parts(window: Window) -> list[int]:
    """Sizes of what a download has left behind."""
    sizes: list[int] = window.ask(PARTS)
    return sizes


def test_the_panel_says_what_is_missing(window: Window) -> None:
    told = window.said()
    for words in (
        "install the runtime",
        "2 packages, 41 MB to get",
        "Licences: Apache-2.0, ",
        "BSD-3-Clause",
        "Checksum",
    ):
        assert words in told
    assert "online access" not in told
    window.shot("runtime", "sidebar")


def test_in_german(window: Window) -> None:
    with window.german():
        assert "die Laufzeit installieren" in window.said()
        window.shot("german_runtime", "sidebar")
        dialog = window.open_dialog("latte3d.download_runtime")
        window.shot("german_download", dialog.frame)
        window.click(*dialog.cancel)


def test_from_a_folder(window: Window, wheels: Path) -> None:
    window.run(_HOLD)
    window.press("latte3d.install_runtime")
    window.choose_folder(wheels, "runtime_folder")
    window.wait_for(f"{RUNS} and module('runtime_ui').installation().news.stage == 'unpack'")
    window.shot("runtime_unpacking", "sidebar")
    window.run("notes['go'].set()")
    window.wait_for(ENDED)
    assert "The runtime is installed: press Generate." in window.said()
    assert not window.ask(MISSING)
    assert window.ask("importlib.util.find_spec('latte_beta').origin").startswith(
        window.ask("str(module('runtime_ui').found.site)")
    )
    window.shot("runtime_installed", "sidebar")


def test_reinstall_from_a_zip(window: Window, wheels: Path) -> None:
    window.run(f"bpy.ops.latte3d.install_runtime(filepath={str(wheels)!r})")
    window.wait_for(ENDED)
    lost = "(module('runtime_ui').found.site / 'latte_beta' / 'data.bin')"
    window.run(f"{lost}.unlink()")
    pack = window.scratch / "runtime pack.zip"
    with zipfile.ZipFile(pack, "w") as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
    window.press("latte3d.install_runtime")
    window.choose_folder(window.scratch, "runtime_zip", pack.name)
    window.wait_for(f"{ENDED} and {lost}.is_file()")
    assert "The runtime is installed: press Generate." in window.said()


def test_the_folder_decides_among_several_runtimes(window: Window, other: str) -> None:
    folder = window.scratch / "for cuda"
    folder.mkdir(exist_ok=True)
    for name, data in OTHER_FILES.items():
        (folder / name).write_bytes(data)
    window.press("latte3d.install_runtime")
    window.choose_folder(folder, "runtime_choice")
    window.wait_for(ENDED)
    assert window.ask("module('runtime_ui').found.site.name").startswith(other)


def test_one_of_several_runtimes_is_chosen_in_the_dialog(window: Window, other: str, server: Server) -> None:
    dialog = window.open_dialog("latte3d.download_runtime")
    enter(window, dialog, server.address, consent=True)
    window.run("notes['said'] = []")
    window.fill_at(*dialog.above(3), other)
    # Not ``said``: of the dialog nothing can be asked to be drawn anew.
    window.wait_for(f"any(text.startswith('{other}: 2 packages, 44 MB to get') for text in notes['said'])")
    window.shot("runtime_chosen", dialog.frame)
    window.click(*dialog.accept)
    window.wait_for(ENDED)
    assert window.ask("module('runtime_ui').found.site.name").startswith(other)
    assert {name for name, _ in server.requests} == OTHER_FILES.keys()


def test_a_wrong_folder_is_one_sentence(window: Window) -> None:
    folder = window.scratch / "holiday pictures"
    folder.mkdir(exist_ok=True)
    window.press("latte3d.install_runtime")
    window.choose_folder(folder)
    window.wait_for(ENDED)
    assert f"{folder} lacks {ALPHA} and 1 more: choose the whole runtime pack" in window.said()
    assert window.ask(MISSING)
    window.shot("runtime_wrong_folder", "sidebar")


def test_without_online_access_the_panel_says_what_to_do(window: Window, server: Server) -> None:
    window.run("bpy.context.preferences.system.use_online_access = False")
    assert "online access is off: switch it on in Preferences > System, or install the runtime" in window.said()
    window.shot("runtime_offline", "sidebar")
    # The button is there and does nothing.
    before = window.picture("view")
    window.press("latte3d.download_runtime")
    assert not window.ask(RUNS) and server.requests == []
    assert dialog_frame(before, window.picture("view")) is None


def test_nothing_is_fetched_without_consent(window: Window, server: Server) -> None:
    download(window, server.address, consent=False)
    window.wait_for(f"module('preferences').runtime_address(bpy.context) == {server.address!r}")
    window.shot("runtime_no_consent", "view")
    assert any("only after you have agreed to its size and licences" in line for line in window.reports())
    assert server.requests == [] and not window.ask(RUNS)
    # Nor when the dialog is cancelled, with consent or without.
    dialog = window.open_dialog("latte3d.download_runtime")
    window.click(dialog.frame[0] + 15, dialog.above(1)[1])
    window.shot("runtime_dialog", dialog.frame)
    window.click(*dialog.cancel)
    assert server.requests == [] and not window.ask(RUNS)


def test_a_download_is_cancelled_and_goes_on(window: Window, server: Server) -> None:
    server.slow_from = HALF
    download(window, server.address)
    window.wait_for(f"({DOWNLOADED} or 0) >= {HALF}")
    window.shot("runtime_download", "sidebar")
    window.press("latte3d.cancel_runtime")
    window.wait_for(ENDED)
    assert server.requests == [(ALPHA, None), (BETA, None)]
    told = window.said()
    assert "Stopped; what was fetched is kept for the next time." in told and "20 MB of it are there already" in told
    (kept,) = parts(window)
    assert HALF <= kept < HALF + 1_000_000
    window.shot("runtime_cancelled", "sidebar")
    server.slow_from = None
    server.requests.clear()
    download(window, server.address)
    window.wait_for(ENDED)
    assert server.requests == [(BETA, f"bytes={kept}-")]
    assert "The runtime is installed" in window.said() and parts(window) == []


def test_a_wrong_checksum_is_one_sentence(window: Window, server: Server) -> None:
    server.content[BETA] = FILES[BETA][:-1] + b"x"
    download(window, server.address)
    window.wait_for(ENDED)
    assert f"{BETA} from the server is not the file that it should be (its checksum differs)" in window.said()
    assert window.ask(MISSING) and parts(window) == []
    window.shot("runtime_wrong_file", "sidebar")


def test_remove_asks_first(window: Window, wheels: Path) -> None:
    window.run(f"bpy.ops.latte3d.install_runtime(filepath={str(wheels)!r})")
    window.wait_for(ENDED)
    dialog = window.open_dialog("latte3d.remove_runtime")
    window.shot("runtime_remove", dialog.frame)
    window.click(*dialog.cancel)
    assert not window.ask(MISSING)
    dialog = window.open_dialog("latte3d.remove_runtime")
    window.click(*dialog.accept)
    window.wait_for(MISSING)
    assert "The runtime is removed: 41.0 MB are free again." in window.said()
    assert not window.ask("(module('runtime_ui').found.home / 'runtime').exists()")
    window.shot("runtime_removed", "sidebar")


def test_half_a_download_can_be_removed(window: Window, server: Server) -> None:
    server.break_after = [10**9, HALF, 0, 0]
    download(window, server.address)
    window.wait_for(ENDED)
    assert "The download broke off at 20 of 41 MB" in window.said()
    window.shot("runtime_broken_off", "sidebar")
    dialog = window.open_dialog("latte3d.remove_runtime")
    window.click(*dialog.accept)
    window.wait_for("not module('runtime_ui').found.kept")
    assert "20.0 MB are free again" in window.said()
    assert not window.ask("(module('runtime_ui').found.home / 'runtime').exists()")
