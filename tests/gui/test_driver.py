"""The driver, as far as it can be tried without a screen."""

from __future__ import annotations

import io
import re
import struct
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent / "driver"))  # its files are a program, not a package

import debian
import drive
import picture
import place


def xwd(image: Image.Image, padding: int = 8) -> bytes:
    """A picture as Xvfb keeps it: a header, a name, a palette of two colours, rows of blue, green, red and a gap."""
    line = 4 * image.width + padding
    header = [0] * 25
    header[0], header[4], header[5], header[12], header[19] = 100 + 4, image.width, image.height, line, 2
    data = struct.pack(">25I", *header) + b"abc\0" + bytes(2 * 12)
    for y in range(image.height):
        for x in range(image.width):
            red, green, blue = image.getpixel((x, y))
            data += bytes((blue, green, red, 7))
        data += bytes(padding)
    return data


def test_a_screen_becomes_a_png() -> None:
    image = Image.new("RGB", (5, 3))
    image.putdata([(20 * i, 255 - i, i) for i in range(15)])
    found = Image.open(io.BytesIO(picture.png_of_xwd(xwd(image))))
    found.load()
    assert found.mode == "RGB" and found.size == (5, 3)
    assert found.tobytes() == image.tobytes()


class Sidebar:
    """Stands for a session: widgets from a height to the next, and what they copy."""

    def __init__(self, widgets: dict[int, str]) -> None:
        self.widgets, self.clipboard, self.pointer = widgets, "", (0, 0)

    def ask(self, code: str) -> str:
        if "sidebar()" in code:
            return "[100, 50, 220, 400]"
        said, self.clipboard = self.clipboard, ""
        return said

    def xdo(self, *words: str) -> None:
        assert words[:2] == ("mousemove", "--sync") and "ctrl+c" in words
        self.pointer = int(words[2]), int(words[3])
        above = [height for height in self.widgets if height <= self.pointer[1]]
        self.clipboard = self.widgets[max(above)] if above else ""


def test_a_widget_is_found_from_the_top_down() -> None:
    sidebar: Any = Sidebar(
        {80: "a ball", 130: "bpy.ops.latte3d.generate()", 200: "", 300: "bpy.ops.latte3d.generate(2)"}
    )
    x, y = drive.find(sidebar, "latte3d.generate")
    assert x == 200, "in the middle, beside the tabs"
    assert 130 <= y < 150
    with pytest.raises(place.DriveError, match="“nothing”"):
        drive.find(sidebar, "nothing")


@pytest.fixture
def capable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A system that could make a Debian; returns the folder for it."""
    keys = tmp_path / "keys"
    keys.touch()
    monkeypatch.setattr(debian, "_KEYS", keys)
    monkeypatch.setattr(debian.os, "getuid", lambda: 0)
    monkeypatch.setattr(debian.shutil, "which", lambda name: f"/bin/{name}")

    class Done:
        returncode = 0
        stdout = "http://mirror/debian-security/\nhttp://mirror/debian/\n"

    monkeypatch.setattr(debian.subprocess, "run", lambda *arguments, **options: Done())
    return tmp_path / "cache" / "trixie"


def test_the_mirror_is_the_one_that_apt_uses(capable: Path) -> None:
    assert debian.check(capable) == "http://mirror/debian/"
    assert not capable.exists(), "looking makes nothing"


def test_why_there_can_be_no_debian(capable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(words: str) -> None:
        with pytest.raises(debian.DebianError, match=re.escape(words)):
            debian.check(capable)

    with monkeypatch.context() as less:
        less.setattr(debian.os, "getuid", lambda: 1000)
        refused("it takes root rights")
    with monkeypatch.context() as less:
        less.setattr(debian.shutil, "which", lambda name: None if name == "debootstrap" else name)
        refused("debootstrap is missing")
    with monkeypatch.context() as less:
        less.setattr(debian, "SPACE", 1e18)
        refused("free disk space")
    capable.mkdir(parents=True)
    (capable / "letters.txt").touch()
    refused("holds something else")
    (capable / debian.UNFINISHED).touch()
    debian.check(capable)


def test_what_the_system_lacks_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(place, "FOLDER", tmp_path / "folder")
    monkeypatch.setattr(place, "ROOT", tmp_path / "root")
    monkeypatch.setattr(place.shutil, "which", lambda name: None)
    monkeypatch.setenv("BLENDER", "/opt/blender/blender")
    with pytest.raises(place.DriveError, match="install xvfb openbox xdotool"):
        place.choose()
    monkeypatch.setattr(place.shutil, "which", lambda name: None if "blender" in name else name)
    with pytest.raises(place.DriveError, match="/opt/blender/blender, which cannot be run"):
        place.choose()
    monkeypatch.delenv("BLENDER")

    def none(*arguments: Any) -> None:
        raise debian.DebianError("no luck.")

    monkeypatch.setattr(debian, "make", none)
    with pytest.raises(place.DriveError, match=r"lacks blender 4.2 or newer, .*: no luck\."):
        place.choose()
