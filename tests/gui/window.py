"""A real Blender with its window, for the tests: the driver's commands as methods, and questions to what runs inside.

The driver is a script from outside (see README.md in this folder). Everything that an artist does, the tests do with
its mouse and keys; Python inside Blender is for looking, for setting the stage, and for what has no widget.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
MODULE = "bl_ext.user_default.latte3d"
TAB = "LATTE3D"

#: Environment variables: the script that drives Blender's window, and the folder in which screenshots are kept.
DRIVER, SHOTS = "LATTE3D_GUI_DRIVER", "LATTE3D_GUI_SHOTS"
NO_DRIVER = f"{DRIVER} names no script that drives a Blender with a window (see tests/gui/README.md)"

#: An expression for Blender: those of the core's packages that its Python lacks.
MISSING = "[name for name in ('torch', 'transformers', 'open3d') if not importlib.util.find_spec(name)]"

#: Seconds after which the tests give up waiting. Drawing by software on a busy machine is slow, and no failure.
DEADLINE = 180.0

#: A mouse button that Blender binds to nothing in the sidebar: clicking with it only brings the pointer there.
IDLE_BUTTON = "8"

#: What every piece of code inside Blender finds at hand.
_PRELUDE = f"""
import importlib, importlib.util, json, os, sys, types
import bpy
# Outlives files, unlike bpy.app.driver_namespace.
notes = sys.modules.setdefault("latte3d_gui_notes", types.ModuleType("latte3d_gui_notes")).__dict__
def module(name):
    return importlib.import_module({MODULE!r} + "." + name)
def jobs():
    return module("session").jobs()
def later(action):
    # Outside the present call: opening a file must not happen in the middle of it.
    bpy.app.timers.register(lambda: action() and None, first_interval=0.05)
def view():
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                return window, area
def region(kind):
    return next(region for region in view()[1].regions if region.type == kind)
def box(kind=None):
    # Left, top, width, height on the screen, y downwards, of a region or of the editor; the window covers the screen.
    part = region(kind) if kind else view()[1]
    return [part.x, view()[0].height - part.y - part.height, part.width, part.height]
"""


#: What a picture shows; see ``Window.picture``.
Part = str | tuple[int, int, int, int]

#: Expressions for Blender: its file browser, and where that window is on the screen, y downwards; None before it opens.
_FILES = "bpy.context.window_manager.windows[-1].screen.areas[0].spaces.active"
_BROWSER = f"""next((
    [window.x, view()[0].height - window.y - window.height, window.width, window.height]
    for window in bpy.context.window_manager.windows
    if window.screen.areas[0].type == "FILE_BROWSER" and {_FILES}.params
), None)"""


@dataclass(frozen=True)
class Dialog:
    """A dialog that is open.

    Attributes:
        frame: left, top, right and bottom on the screen.
        accept: the middle of the button that accepts.
    """

    frame: tuple[int, int, int, int]
    accept: tuple[int, int]

    @property
    def cancel(self) -> tuple[int, int]:
        """The middle of the other button, to the left."""
        return self.frame[0] + self.frame[2] - self.accept[0], self.accept[1]

    def above(self, rows: int) -> tuple[int, int]:
        """The beginning of the widget so many rows above the buttons, at its right half where it has a name."""
        return self.accept[0], self.accept[1] - 5 - 25 * rows


class DriverError(AssertionError):
    """A command of the driver failed: Blender is gone, a widget was not found, or the code inside raised."""


class Window:
    """One Blender at a time, driven from outside.

    Attributes:
        scratch: a folder that Blender sees under the same path.
        shots: where screenshots are kept; None throws them away.
    """

    def __init__(self, driver: Path, scratch: Path, shots: Path | None = None) -> None:
        self._driver = driver
        self.scratch = scratch
        self.shots = shots

    # --- the driver's commands ---

    def command(self, *words: str, text: str | None = None) -> str:
        """Run a command of the driver and return what it printed."""
        done = subprocess.run(
            [str(self._driver), *words], input=text, capture_output=True, text=True, timeout=600, check=False, cwd=ROOT
        )
        if done.returncode:
            raise DriverError(f"{' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self, *arguments: str) -> None:
        """Open Blender with a new file and the sidebar, and wait until it is drawn."""
        self.command("start", *arguments)

    def stop(self) -> None:
        """End Blender, whatever it does."""
        self.command("stop")

    def background(self, *arguments: str) -> str:
        """Run a Blender without a window to its end."""
        return self.command("blender", *arguments)

    def python(self) -> str:
        """Of the Python that Blender runs, as "3.13"."""
        said = self.background("--background", "--python-expr", "import sys; print('Python', *sys.version_info[:2])")
        return next(line for line in said.splitlines() if line.startswith("Python "))[7:].replace(" ", ".")

    def install(self, archive: Path) -> None:
        """Install the extension as a user does from the command line, and enable it.

        What is there goes first: Blender would keep a core of the same version.
        """
        with suppress(DriverError):  # of the first time
            self.background("--command", "extension", "remove", "latte3d")
        self.background("--command", "extension", "install-file", "-r", "user_default", "-e", str(archive))

    # --- inside ---

    def run(self, code: str) -> str:
        """Run Python code on Blender's main thread; returns what it prints."""
        return self.command("py", "-", text=_PRELUDE + textwrap.dedent(code))

    def ask(self, expression: str) -> Any:
        """The value of an expression inside Blender, by way of JSON; what JSON lacks comes as its ``repr``."""
        return json.loads(self.run(f"print(json.dumps({expression}, default=repr))").splitlines()[-1])

    def wait_for(self, expression: str, seconds: float = DEADLINE) -> Any:
        """Ask until the value counts as true, and return it."""
        end = time.monotonic() + seconds
        while not (value := self.ask(expression)):
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds:.0f} s: {expression}\n{self.run(_STATE)}")
            time.sleep(0.1)
        return value

    def use_stand_in(self, backend: str = "ThreadBackend") -> None:
        """A new session whose generator is the one of tests/blender/fake_core.py."""
        self.run(f"""
            sys.path[:0] = [path for path in {[str(ROOT / "tests" / "blender")]!r} if path not in sys.path]
            import fake_core
            where = module({"process" if backend == "ProcessBackend" else "worker"!r})
            module("session").open_session(where.{backend}(fake_core.load))
        """)

    def use_looks(self) -> None:
        """As ``use_stand_in``, with the stand-ins of tests/blender/fake_window.py for previews, blends and styles."""
        self.use_stand_in()
        self.run("""
            import fake_window
            fake_window.install(module("stylize"))
            module("session").open_session(module("worker").ThreadBackend(fake_window.load))
        """)

    def new_file(self, *panels: str) -> None:
        """An empty factory file with the sidebar open on the extension's tab; Blender's preferences stay.

        Arguments:
            panels: the subpanels that are open, without the prefix of their names; all others are closed. None for
                those that are open for a new user.
        """
        self.run(f"""
            for panel in bpy.types.Panel.__subclasses__():
                if getattr(panel, "bl_parent_id", "") == "LATTE3D_PT_main" and panel.is_registered:
                    # A new file's panels take their first state from the class.
                    known = notes.setdefault("options", {{}})
                    options = known.setdefault(panel.bl_idname, set(getattr(panel, "bl_options", ())))
                    if {list(panels)!r} and "HIDE_HEADER" not in options:
                        is_open = panel.bl_idname.removeprefix("LATTE3D_PT_") in {list(panels)!r}
                        options = options - {{"DEFAULT_CLOSED"}} if is_open else options | {{"DEFAULT_CLOSED"}}
                    bpy.utils.unregister_class(panel)
                    panel.bl_options = options
                    bpy.utils.register_class(panel)
            later(lambda: bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True))
        """)
        self.wait_for("view() is not None and not bpy.data.objects")
        self.open_tab()

    def open_tab(self) -> None:
        """Bring the tab to the front by Python, for tests that are about something else."""
        self.wait_for("[setattr(view()[1].spaces.active, 'show_region_ui', True), region('UI').width > 50][1]")
        # The property takes a tab only once the sidebar has been drawn.
        self.run(f"""
            def choose():
                try:
                    region("UI").active_panel_category = {TAB!r}
                except Exception:
                    pass
                region("UI").tag_redraw()
                return None if region("UI").active_panel_category == {TAB!r} else 0.1
            bpy.app.timers.register(choose, first_interval=0.1)
        """)
        self.wait_for(f"region('UI').active_panel_category == {TAB!r}")
        self.run("region('UI').tag_redraw()")

    # --- mouse and keys ---

    def click(self, x: float, y: float, button: str = "1") -> None:
        self.command("click", str(round(x)), str(round(y)), button)

    def key(self, *keys: str) -> None:
        self.command("key", *keys)

    def type(self, text: str) -> None:
        self.command("type", text)

    @contextmanager
    def held(self, x: float, y: float) -> Iterator[None]:
        """The left mouse button is down from there on."""
        self.command("hold", str(round(x)), str(round(y)))
        try:
            yield
        finally:
            self.command("release")

    def move(self, x: float, y: float) -> None:
        self.command("move", str(round(x)), str(round(y)))

    def point_at_view(self) -> None:
        """Bring the pointer over the view, where keys go to the 3D editor."""
        left, top, width, height = self.ask("box('WINDOW')")
        # Clear of the toolbar on the left and the sidebar on the right, which lie over the view.
        self.click(left + width * 0.4, top + height * 0.7, IDLE_BUTTON)

    def view_key(self, *keys: str) -> None:
        """Press keys with the pointer over the view."""
        self.point_at_view()
        self.key(*keys)

    def press(self, text: str, column: float = 0.5, below: int | None = None, upwards: bool = False) -> tuple[int, int]:
        """Click the sidebar's first widget that copies ``text`` when Ctrl+C is pressed over it: an operator's button
        its Python command, a field its value. Returns the place.

        Arguments:
            column: where across the sidebar to look, in [0, 1]; the driver itself only knows the middle.
            below: the height on the screen from which to look downwards.
            upwards: look from the end of the last panel up.
        """
        x, y = self.find(text, column, below, upwards)
        self.click(x, y)
        return x, y

    def find(self, text: str, column: float = 0.5, below: int | None = None, upwards: bool = False) -> tuple[int, int]:
        """Where ``press`` would click."""
        if column == 0.5 and below is None and not upwards:
            x, y = self.command("find", text).split()[-2:]
            return int(x), int(y)
        left, top, width, height = self.ask("box('UI')")
        x = round(left + (width - 20) * column)
        if upwards:
            rows = range(top + self.picture("sidebar").height - 16, top, -9)
        else:
            rows = range(top + 12 if below is None else below, top + height, 9)
        for y in rows:
            if text in self.copied(x, y):
                return x, y
        raise DriverError(f"no widget with “{text}” in column {column} of the sidebar")

    def copied(self, x: float, y: float) -> str:
        """What Ctrl+C copies with the pointer there."""
        self.click(x, y, IDLE_BUTTON)
        self.key("ctrl+c")
        return self.run("""
            print(bpy.context.window_manager.clipboard)
            bpy.context.window_manager.clipboard = ""
        """)

    def fill(self, old: str, new: str) -> None:
        """Type ``new`` into the field that now says ``old``."""
        self.command("fill", old, new)

    def fill_at(self, x: float, y: float, new: str) -> None:
        """Type ``new`` into the field at that place, over what it says."""
        self.click(x, y)
        self.key("ctrl+a")
        self.command("type", new)
        self.key("Return")

    def choose_folder(self, folder: Path, picture: str = "", file: str = "") -> None:
        """In the window of Blender's file browser, which is opening: type the folder and press the button that accepts.

        Arguments:
            picture: keep one of the browser under this name before.
            file: choose this one of the folder, instead of the folder itself.
        """
        left, top, width, height = self.wait_for(_BROWSER)
        self.settle()
        self.fill_at(left + 0.53 * width, top + 21, str(folder))
        self.wait_for(f"os.path.samefile(os.fsdecode({_FILES}.params.directory), {str(folder)!r})")
        if file:
            self.fill_at(left + 0.4 * width, top + height - 21, file)
            self.wait_for(f"{_FILES}.params.filename == {file!r}")
        if picture:
            self.shot(picture, (left, top, left + width, top + height))
        self.click(left + width - 70, top + height - 21)
        self.wait_for(f"not ({_BROWSER})")

    def open_dialog(self, button: str, **where: Any) -> Dialog:
        """Press a button of the sidebar that opens a dialog, and wait until that is on the screen.

        Arguments:
            where: as for ``find``.
        """
        x, y = self.find(button, **where)
        before = self.picture("view")
        self.click(x, y)
        left, top, *_ = self.ask("box()")
        end = time.monotonic() + DEADLINE
        while True:
            after = self.picture("view")
            frame = dialog_frame(before, after)
            if frame is not None:
                break
            assert time.monotonic() < end, f"no dialog opens for {button}"
        buttons = _default_button(after.crop(frame))
        x0, y0, x1, y1 = frame
        frame = (left + x0, top + y0, left + x1, top + y1)
        return Dialog(frame, (frame[0] + buttons[0], frame[1] + buttons[1]))

    @contextmanager
    def german(self) -> Iterator[None]:
        """As long as this lasts, Blender speaks German; a Blender that has none skips the test."""
        self.run("""
            view = bpy.context.preferences.view
            notes["language"] = view.language
            for code in ("de_DE", "de"):  # as the version names it
                try:
                    view.language = code
                    break
                except TypeError:
                    continue
            view.use_translate_interface = view.use_translate_tooltips = view.use_translate_reports = True
        """)
        if self.ask("bpy.context.preferences.view.language == notes['language']"):
            pytest.skip("this Blender has no German: let the driver make its Debian anew")
        try:
            yield
        finally:
            self.run("bpy.context.preferences.view.language = notes['language']")

    def hear(self, *modules: str) -> None:
        """From now on note the paragraphs that these modules of the extension draw, for ``said``."""
        self.run(f"""
            def hearing(draw):
                def heard(layout, context, text, *more):
                    notes["said"].append(module("translations").retold(text))
                    draw(layout, context, text, *more)
                return heard
            notes["said"] = []
            for name in {modules!r}:
                if name not in notes.setdefault("heard", []):
                    notes["heard"].append(name)
                    module(name).wrapped = hearing(module(name).wrapped)
        """)

    def said(self) -> str:
        """The paragraphs that are drawn now, one a line."""
        self.run("notes['said'] = []")
        self.settle()
        return "\n".join(self.ask("notes['said']"))

    def reports(self) -> list[str]:
        """What Blender has reported in this session, as its Info editor shows it."""
        said = self.run("""
            window = view()[0]
            area = next(area for area in window.screen.areas if area.type not in ("VIEW_3D", "INFO"))
            kind, area.type = area.type, "INFO"
            with bpy.context.temp_override(window=window, area=area, region=area.regions[-1]):
                bpy.ops.info.select_all(action="SELECT")
                bpy.ops.info.report_copy()
            area.type = kind
            print(bpy.context.window_manager.clipboard)
            bpy.context.window_manager.clipboard = ""
        """)
        return said.splitlines()

    # --- pictures ---

    def picture(self, part: Part = "window") -> Image.Image:
        """What is on the screen.

        Arguments:
            part: "window" for all of it, "view" for the 3D editor, "sidebar" for the sidebar down to the end of its
                last panel, or left, top, right and bottom on the screen.
        """
        self.settle()
        path = self.scratch / "shot.png"
        self.command("shot", str(path))
        image = Image.open(io.BytesIO(path.read_bytes())).convert("RGB")
        if not isinstance(part, str):
            return image.crop(part)
        if part != "window":
            left, top, width, height = self.ask("box('UI')" if part == "sidebar" else "box()")
            image = image.crop((left, top, left + width, top + height))
        if part == "sidebar":
            image = image.crop((0, 0, image.width, _used_height(image)))
        return image

    def shot(self, name: str, part: Part = "window") -> None:
        """Keep a picture as gui_``name``.png, where pictures are kept."""
        if self.shots is not None:
            self.shots.mkdir(parents=True, exist_ok=True)
            self.picture(part).quantize(128).save(self.shots / f"gui_{name}.png", optimize=True)

    def settle(self) -> None:
        """Wait until what has changed is drawn."""
        self.run("""
            notes["drawn"] = False
            def drawn():
                notes["drawn"] = True
            space = bpy.types.SpaceView3D
            handle = space.draw_handler_add(drawn, (), "WINDOW", "POST_PIXEL")
            notes["handle"] = handle
            for part in view()[1].regions:
                part.tag_redraw()
        """)
        self.wait_for("notes['drawn']")
        self.run("""
            bpy.types.SpaceView3D.draw_handler_remove(notes["handle"], "WINDOW")
        """)
        time.sleep(0.5)  # drawn is not yet on the screen


#: Printed beside a wait that came to nothing.
_STATE = """
for job in jobs().jobs if jobs() else ():
    print(job.id, job.state.value, job.stage, round(job.fraction, 2), job.task.title, job.message, job.report)
"""


def _used_height(image: Image.Image) -> int:
    """Height of the picture less the even ground at its bottom, and a small margin."""
    ground = image.getpixel((image.width // 2, image.height - 3))
    strip = image.crop((8, 0, image.width - 30, image.height))
    rows = [strip.crop((0, y, strip.width, y + 1)).getcolors(2) for y in range(strip.height)]
    used = [y for y, colors in enumerate(rows) if colors is None or any(color != ground for _, color in colors)]
    return min(image.height, max(used, default=0) + 12)


def dialog_frame(before: Image.Image, after: Image.Image) -> tuple[int, int, int, int] | None:
    """What a dialog covers: the rectangle in which most has changed. None if there is none as large as a dialog."""
    changed = np.abs(np.asarray(after, np.int16) - np.asarray(before, np.int16)).max(axis=2) > 25
    columns = np.flatnonzero(changed.sum(axis=0) > 60)  # more than the height of a button
    if not columns.size:
        return None
    left, right = int(columns[0]), int(columns[-1]) + 1
    rows = np.flatnonzero(changed[:, left:right].mean(axis=1) > 0.6)
    return (left, int(rows[0]), right, int(rows[-1]) + 1) if rows.size else None


def _default_button(dialog: Image.Image) -> tuple[int, int]:
    """The middle of the button that Return would press: Blender's theme makes it blue."""
    red, _, blue = np.moveaxis(np.asarray(dialog, np.int16), 2, 0)
    rows, columns = np.nonzero(blue > red + 60)
    lowest = rows > rows.max() - 15  # a checked box is blue, too
    return int(np.median(columns[lowest])), int(np.median(rows[lowest]))


@contextmanager
def installed(driver: str, shots: str | None = None) -> Iterator[Window]:
    """The extension with the core in it, installed from its zip, and a folder that goes when all is over.

    Arguments:
        driver, shots: paths, as in the environment.
    """
    # Inside the checkout, which the driver shows to Blender under the same path.
    (ROOT / "dist").mkdir(exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="gui-", dir=ROOT / "dist"))
    try:
        window = Window(Path(driver).resolve(), scratch, Path(shots).resolve() if shots else None)
        install_with_core(window)
        yield window
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def install_with_core(window: Window) -> None:
    """Put in the extension with the core and nothing else, in place of one that is there."""
    from latte3d_blender.packing import build_core_wheel, build_extension

    window.install(build_extension(ROOT, window.scratch, [build_core_wheel(ROOT, window.scratch)]))


@contextmanager
def opened(window: Window, *arguments: str) -> Iterator[Window]:
    """Blender from ``start`` to ``stop``."""
    window.start(*arguments)
    try:
        yield window
    finally:
        window.stop()
