#!/usr/bin/env python3
"""Drives Blender in a window on a virtual screen, for the tests in the folder above; its README lists the commands.

Before them, ``drive.py setup`` sees to it that all is there and makes an empty user profile. Blender, Xvfb, openbox and
xdotool of this system are taken, or those of a Debian of their own (``debian.py``). Environment variables:

    BLENDER                  the Blender to drive; else that of the Debian, else the one on the PATH
    LATTE3D_GUI_SUITE        which Debian: trixie (Blender 4.3, the default) or sid (the newest one)
    LATTE3D_GUI_ROOT         where it lies; by default latte3d-gui/SUITE in the user's cache folder
    LATTE3D_GUI_PACKAGES     a folder made by pip --target with Python packages that Blender is to find
    LATTE3D_GUI_SIZE         of screen and window; the tests need the default, 1600x1000
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import picture
import session
from place import FOLDER, OLDEST, DriveError, choose, make_folders
from session import Session


def setup() -> None:
    """Make ready what the other commands need, and say what that is."""
    place = choose()
    session.stop()
    shutil.rmtree(FOLDER)
    make_folders()
    version = place.version()
    if version < OLDEST:
        raise DriveError(f"{place.blender} is no Blender from 4.2 on: name another one in BLENDER.")
    print(f"Blender {'.'.join(map(str, version))} {f'in {place.root}' if place.root else 'of this system'}")


def blender(arguments: Sequence[str]) -> None:
    """Run Blender without a window to its end."""
    place = choose()
    command = place.command(place.blender, "-noaudio", "--offline-mode", *arguments)
    sys.exit(subprocess.run(command, check=False).returncode)


def click(to: Session, x: int, y: int, button: str = "1") -> None:
    to.xdo("mousemove", "--sync", str(x), str(y), "sleep", "0.15", "click", button, "sleep", "0.1")


def find(on: Session, text: str) -> tuple[int, int]:
    """The place of the sidebar's first widget that copies ``text``.

    Raises:
        DriveError: there is none.
    """
    left, top, width, height = json.loads(on.ask("print(sidebar())"))
    x = left + (width - 20) // 2  # the tabs are on the right
    on.ask("bpy.context.window_manager.clipboard = ''")
    for y in range(top + 12, top + height, 10):
        on.xdo("mousemove", "--sync", str(x), str(y), "sleep", "0.12", "key", "ctrl+c", "sleep", "0.08")
        copied = on.ask("print(bpy.context.window_manager.clipboard); bpy.context.window_manager.clipboard = ''")
        if text in copied:
            return x, y + 4
    raise DriveError(f"No widget in the sidebar copies “{text}”.")


def fill(on: Session, old: str, new: str) -> None:
    """Type ``new`` into the field that says ``old``."""
    x, y = find(on, old)
    on.xdo("mousemove", "--sync", str(x), str(y), "sleep", "0.2", "click", "--repeat", "2", "--delay", "60", "1")
    time.sleep(0.4)
    on.xdo("key", "ctrl+a", "sleep", "0.1", "type", "--delay", "25", "--", new)
    on.xdo("key", "Return", "sleep", "0.3")


def main(words: Sequence[str]) -> None:
    match list(words):
        case ["setup"]:
            setup()
        case ["blender", *arguments]:
            blender(arguments)
        case ["start", *arguments]:
            session.start(choose(), arguments)
        case ["stop"]:
            session.stop()
        case ["py", "-"]:
            print(session.current().ask(sys.stdin.read()), end="")
        case ["shot", file]:
            session.current()  # else it would be an old picture
            Path(file).write_bytes(picture.png_of_xwd((FOLDER / "screen" / "Xvfb_screen0").read_bytes()))
        case ["click", x, y, *button] if len(button) < 2:
            click(session.current(), int(x), int(y), *button)
        case ["hold", x, y]:
            session.current().xdo("mousemove", "--sync", x, y, "sleep", "0.15", "mousedown", "1", "sleep", "0.1")
        case ["move", x, y]:
            session.current().xdo("mousemove", "--sync", x, y, "sleep", "0.05")
        case ["release"]:
            session.current().xdo("mouseup", "1", "sleep", "0.1")
        case ["key", *keys] if keys:
            session.current().xdo("key", *keys)
        case ["type", text]:
            session.current().xdo("type", "--delay", "25", "--", text)
        case ["find", text]:
            print(*find(session.current(), text))
        case ["press", text]:
            found = find(session.current(), text)
            click(session.current(), *found)
            print(*found)
        case ["fill", old, new]:
            fill(session.current(), old, new)
        case _:
            raise DriveError(
                "Say setup, blender, start, stop, py -, shot, click, hold, move, release, key, type, find, press, fill."
            )


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (DriveError, OSError, subprocess.TimeoutExpired) as error:
        sys.exit(str(error))
