"""Runs in the Blender that the driver has started: opens the sidebar, says when all is drawn, and runs code that comes
in as files, on the main thread and outside of operators."""

import contextlib
import io
import json
import os
import traceback
from pathlib import Path

import bpy

BOX = Path(os.environ["LATTE3D_GUI_BOX"])

#: Seconds between two looks for code.
INTERVAL = 0.02


def view() -> tuple:
    """(window, area) of the first 3D view."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                return window, area
    raise RuntimeError("there is no 3D view on the screen")


def region(kind: str) -> bpy.types.Region:
    return next(region for region in view()[1].regions if region.type == kind)


def sidebar() -> list:
    """Left, top, width and height on the screen, in pixels, y downwards."""
    part = region("UI")
    return [part.x, view()[0].height - part.y - part.height, part.width, part.height]


def write(name: str, text: str) -> None:
    """Under another name at first, so that nobody reads half a file."""
    part = BOX / f"{name}.part"
    part.write_text(text, encoding="utf-8")
    part.rename(BOX / name)


def run(code: str) -> dict:
    printed = io.StringIO()
    try:
        window, area = view()
        override = bpy.context.temp_override(window=window, area=area, region=region("WINDOW"))
        with contextlib.redirect_stdout(printed), override:
            exec(compile(code, "the driver", "exec"), {"__name__": "latte3d_gui", "bpy": bpy, "sidebar": sidebar})
    except BaseException:
        return {"well": False, "text": printed.getvalue() + traceback.format_exc()}
    return {"well": True, "text": printed.getvalue()}


def serve() -> float:
    for path in sorted(BOX.glob("*.py")):
        code = path.read_text(encoding="utf-8")
        path.unlink()
        write(f"{path.stem}.json", json.dumps(run(code)))
    return INTERVAL


def begin() -> None:
    """Ready is who has been drawn once with the sidebar open."""
    view()[1].spaces.active.show_region_ui = True

    def drawn() -> None:
        bpy.types.SpaceView3D.draw_handler_remove(handle, "WINDOW")
        bpy.app.timers.register(lambda: write("ready", bpy.app.version_string), first_interval=0.5, persistent=True)

    handle = bpy.types.SpaceView3D.draw_handler_add(drawn, (), "WINDOW", "POST_PIXEL")
    view()[1].tag_redraw()


preferences = bpy.context.preferences
preferences.view.show_splash = False
preferences.view.show_tooltips = False  # they would cover what is under the pointer
preferences.use_preferences_save = False
bpy.app.timers.register(begin, first_interval=0.2, persistent=True)
bpy.app.timers.register(serve, first_interval=0.2, persistent=True)
