"""Blender in its window, from start to stop, and questions to it. A file tells the next command what runs."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from place import FOLDER, DriveError, Place

#: Of the screen and of Blender's window, as X writes it. The tests look for things where they are at this size.
SIZE = os.environ.get("LATTE3D_GUI_SIZE") or "1600x1000"

#: Seconds after which Blender, or an answer of it, counts as lost. Its first start compiles shaders by software.
START, ANSWER = 180.0, 300.0

_STATE = FOLDER / "state.json"
_BOX = FOLDER / "box"


@dataclass(frozen=True)
class Session:
    """What ``start`` has started.

    Attributes:
        place: where.
        screen: as DISPLAY names it.
        groups: process groups in the order of their start; Blender's is the last.
    """

    place: Place
    screen: str
    groups: tuple[int, ...]

    @property
    def alive(self) -> bool:
        return _alive(self.groups[-1])

    def ask(self, code: str) -> str:
        """Run code in Blender and return what it prints.

        Raises:
            DriveError: it raised, or Blender has ended.
        """
        name = uuid.uuid4().hex
        part = _BOX / f"{name}.part"
        part.write_text(code, encoding="utf-8")
        part.rename(_BOX / f"{name}.py")  # so that nobody reads half a file
        answer = json.loads(self._wait_for(_BOX / f"{name}.json", ANSWER))
        (_BOX / f"{name}.json").unlink()
        if not answer["well"]:
            raise DriveError(answer["text"].rstrip())
        return str(answer["text"])

    def xdo(self, *words: str) -> None:
        """Call xdotool.

        Raises:
            DriveError: it fails.
        """
        command = self.place.command("xdotool", *words, screen=self.screen)
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            raise DriveError(f"xdotool {words[0]} fails: {done.stderr.strip() or 'without a word'}")

    def wait_until_drawn(self) -> None:
        """The first time, and with the focus: keys go to the window that has it, and to no other."""
        self._wait_for(_BOX / "ready", START)
        self.xdo("search", "--sync", "--onlyvisible", "--class", "blender", "windowfocus", "--sync")

    def _wait_for(self, path: Path, seconds: float) -> str:
        """The text of a file that Blender writes, as soon as it is there."""
        deadline = time.monotonic() + seconds
        while not path.exists():
            if not self.alive:
                raise DriveError(f"Blender has ended: {_last_words('blender')}")
            if time.monotonic() > deadline:
                raise DriveError(f"Blender has not answered for {seconds:.0f} s.")
            time.sleep(0.01)
        return path.read_text(encoding="utf-8")


def current() -> Session:
    """The one that runs.

    Raises:
        DriveError: none does.
    """
    session = _read()
    if session is None or not session.alive:
        raise DriveError("Blender does not run: start it first.")
    return session


def start(place: Place, arguments: Sequence[str]) -> None:
    """Open Blender in a window that covers a screen of its own.

    Raises:
        DriveError: one runs already, or it does not come up.
    """
    running = _read()
    if running is not None and running.alive:
        raise DriveError("Blender runs already: stop it first.")
    for path in _BOX.iterdir():
        path.unlink()
    groups: list[int] = []
    try:
        screen = _open_screen(place, groups)
        groups.append(_spawn(place.command("openbox", "--sm-disable", screen=screen), "openbox").pid)
        options = ["-noaudio", "--gpu-backend", "opengl", "--window-fullscreen"]
        options += ["-p", "0", "0", *SIZE.split("x"), "--python", str(Path(__file__).with_name("inside.py"))]
        blender = place.command(place.blender, *options, *arguments, screen=screen)
        groups.append(_spawn(blender, "blender").pid)
        session = Session(place, screen, tuple(groups))
        _write(session)
        session.wait_until_drawn()
    except BaseException:
        _end(groups)
        _STATE.unlink(missing_ok=True)
        raise


def stop() -> None:
    """End what runs; Blender, which may have something to ask, is not asked."""
    session = _read()
    if session is not None:
        _end(session.groups)
    _STATE.unlink(missing_ok=True)


def _open_screen(place: Place, groups: list[int]) -> str:
    """Start Xvfb on the first number that is free; returns that, as DISPLAY. Its picture is a file."""
    words = ["Xvfb", "-displayfd", "1", "-screen", "0", f"{SIZE}x24", "-dpi", "96", "-nolisten", "tcp"]
    words += ["-nocursor", "-fbdir", str(FOLDER / "screen")]  # no pointer in the pictures
    process = _spawn(place.command(*words), "Xvfb", subprocess.PIPE)
    groups.append(process.pid)
    assert process.stdout is not None
    number = process.stdout.readline().decode().strip()
    if not number.isdigit():
        raise DriveError(f"Xvfb does not start: {_last_words('Xvfb')}")
    return f":{number}"


def _spawn(command: Sequence[str], name: str, output: int | None = None) -> subprocess.Popen[bytes]:
    """Start a program that outlives this one, in a process group of its own; what it says goes to a log."""
    with (FOLDER / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output or log, stderr=log, start_new_session=True
        )


def _last_words(name: str) -> str:
    lines = (FOLDER / f"{name}.log").read_text(encoding="utf-8", errors="replace").splitlines()
    return " ".join(lines[-5:]) or "it left no words."


def _end(groups: Sequence[int]) -> None:
    for group in reversed(groups):
        deadline = time.monotonic() + 5.0
        # The screen gets the time to tidy up.
        kind = signal.SIGKILL if group == groups[-1] else signal.SIGTERM
        while _alive(group):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, kind if time.monotonic() < deadline else signal.SIGKILL)
            time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"  # dead, but nobody has asked yet how it ended


def _read() -> Session | None:
    try:
        state = json.loads(_STATE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    root = Path(state["root"]) if state["root"] else None
    return Session(Place(state["blender"], root), state["screen"], tuple(state["groups"]))


def _write(session: Session) -> None:
    place = session.place
    state = {
        "blender": place.blender,
        "root": str(place.root or ""),
        "screen": session.screen,
        "groups": session.groups,
    }
    _STATE.write_text(json.dumps(state), encoding="utf-8")
