"""Where Blender and its virtual screen run: on this system, or in a Debian of their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import debian

SUITE = os.environ.get("LATTE3D_GUI_SUITE", "trixie")
ROOT = Path(os.environ.get("LATTE3D_GUI_ROOT") or debian.cache_folder() / SUITE).absolute()
PACKAGES = os.environ.get("LATTE3D_GUI_PACKAGES", "")

#: For the user profile, messages, logs and what runs at the moment; seen under the same path in the Debian. Each
#: checkout has its own, so that two can be tested at once.
FOLDER = Path(tempfile.gettempdir()) / f"latte3d-gui-{SUITE}-{zlib.crc32(str(Path.cwd()).encode()):08x}"

#: The oldest Blender that knows extensions.
OLDEST = (4, 2)

#: What a virtual screen takes, and the Debian packages that bring it.
TOOLS = {"Xvfb": "xvfb", "openbox": "openbox", "xdotool": "xdotool"}


class DriveError(Exception):
    """Ends the command; the message is the one sentence on standard error."""


@dataclass(frozen=True)
class Place:
    """Where Blender and its screen run.

    Attributes:
        blender: what to call.
        root: the folder of the Debian that holds it; None for this system.
    """

    blender: str
    root: Path | None = None

    def command(self, *words: str, screen: str = "") -> list[str]:
        """The command line that runs ``words`` there.

        Arguments:
            screen: as DISPLAY names it.
        """
        variables = {
            "DISPLAY": screen,
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "GALLIUM_DRIVER": "llvmpipe",
            "BLENDER_USER_RESOURCES": str(FOLDER / "profile"),
            "LATTE3D_GUI_BOX": str(FOLDER / "box"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LC_ALL": "C.UTF-8",
        }
        named = ["env", *(f"{name}={value}" for name, value in variables.items()), *words]
        if self.root is None:
            return named
        return debian.inside(self.root, named, Path.cwd(), FOLDER, *([Path(PACKAGES)] if PACKAGES else []))

    def version(self) -> tuple[int, ...]:
        """Of its Blender, as (4, 3); empty if it does not say."""
        done = subprocess.run(self.command(self.blender, "--version"), capture_output=True, text=True, check=False)
        found = re.search(r"Blender (\d+)\.(\d+)", done.stdout)
        return (int(found[1]), int(found[2])) if found else ()


def choose() -> Place:
    """The Blender that the environment names, else that of the Debian if it is there, else the one on the PATH; if
    there is none of them, the Debian is made.

    Raises:
        DriveError: this system has no Blender that can be driven, and no Debian can be made.
    """
    make_folders()
    named = os.environ.get("BLENDER")
    missing = [package for tool, package in TOOLS.items() if not shutil.which(tool)]
    if named:
        if missing:
            raise DriveError(f"A virtual screen cannot be had here: install {' '.join(missing)}.")
        if not shutil.which(named):
            raise DriveError(f"BLENDER is {named}, which cannot be run: name the program itself.")
        return Place(named)
    if debian.ready(ROOT):
        return Place("blender", ROOT)
    found = shutil.which("blender")
    if found and not missing and Place(found).version() >= OLDEST:
        return Place(found)
    try:
        debian.make(ROOT, SUITE)
    except debian.DebianError as error:
        lacks = " ".join(missing) if missing else "blender 4.2 or newer"
        raise DriveError(f"This system lacks {lacks}, and a Debian with it cannot be made: {error}") from error
    return Place("blender", ROOT)


def make_folders() -> None:
    """Those in ``FOLDER``; what is there stays."""
    for name in ("profile/scripts", "box", "screen"):
        (FOLDER / name).mkdir(parents=True, exist_ok=True)
    # The place where Blender looks for modules of the user's.
    link = FOLDER / "profile" / "scripts" / "modules"
    link.unlink(missing_ok=True)
    if PACKAGES:
        link.symlink_to(Path(PACKAGES).absolute())
