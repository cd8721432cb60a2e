"""The runtime pack: the packages that generation needs (torch first of all), installed beside the extension. No bpy.

A lean zip of the extension holds no torch. It holds a list for each runtime that there is, ``runtime/NAME.json``, with
the name, the size, the licence and the SHA-256 of every wheel, so wherever the wheels come from, only those files get
in. They come from a folder, from one zip of them, or, if the artist agrees and Blender's online access is on, from the
folder of a web server. In the user's folder of the extension they lie like this:

    runtime/active.json                which runtime is in use
    runtime/NAME-DIGEST/               the unpacked packages, the last entry of ``sys.path``
    runtime/downloads/                 wheels that were fetched, and beginnings of such (``.part``)
    runtime/remove                     there if all of it is to go at the next start

A runtime is unpacked beside its final place and moved there in one step, and a new one never overwrites an old one:
while its native modules are loaded, Windows could not replace them, and Linux would take away what is imported later.
What is not in use any more goes at the next start.

Only the standard library is used, so that it works in a Blender that has nothing else yet.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import platform as system
import re
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from . import atomic

#: The note that everything goes at the next start.
REMOVE = "remove"

#: What is written into the lists; a newer one is refused.
FORMAT = 2

#: The folder of the lists in the extension's zip, and of the runtimes in the user's folder.
FOLDER = "runtime"

#: Bytes that are handled between two reports, and the seconds after which a silent server counts as gone.
PIECE, TIMEOUT = 1 << 20, 30.0

#: How often a download that breaks off is tried before the artist is asked, and the seconds between two tries.
TRIES, PAUSE = 3, 1.0

#: Longest path in characters that Windows takes unless it was told to take longer ones.
WINDOWS_PATH = 259

#: Seconds after which a half unpacked runtime counts as abandoned.
UNFINISHED = 86400.0

#: Why nothing can be downloaded, and what to do.
OFFLINE = "Blender's online access is off: switch it on in Preferences > System, or install the runtime from a folder."

_PYTHONS = "Python 3.11 (Blender 4.2 to 5.0) and 3.13 (5.1 and later)"


# Not one of the core's errors: the core comes with another package, and this module mends what is missing.
class RuntimePackError(Exception):
    """The runtime cannot be had or installed. The message is one sentence for the artist."""


@dataclass(frozen=True)
class PackedWheel:
    """One wheel of a runtime: file name, SHA-256 in hex, bytes, bytes of the files inside, SPDX licence."""

    file: str
    sha256: str
    size: int
    unpacked: int
    licence: str


@dataclass(frozen=True)
class RuntimePack:
    """All wheels that generation needs on one kind of computer.

    Attributes:
        platform: Blender's name for it, as "windows-x64".
        python: as "3.11".
        accelerator: "cpu", "cuda" or "mps".
        wheels: in the order of their names.
    """

    platform: str
    python: str
    accelerator: str
    wheels: tuple[PackedWheel, ...]

    @property
    def name(self) -> str:
        return f"{self.platform}-cp{self.python.replace('.', '')}-{self.accelerator}"

    @property
    def size(self) -> int:
        """Bytes to fetch."""
        return sum(wheel.size for wheel in self.wheels)

    @property
    def unpacked(self) -> int:
        """Bytes on the disk."""
        return sum(wheel.unpacked for wheel in self.wheels)

    @property
    def disk_size(self) -> int:
        """Bytes that an installation takes at its height: the wheels and what is in them."""
        return self.size + self.unpacked

    @property
    def licences(self) -> tuple[str, ...]:
        """What the artist agrees to: all licences that are named, each once."""
        return tuple(
            sorted({name for wheel in self.wheels for name in re.split(r" AND | OR |[()]+", wheel.licence) if name})
        )

    @property
    def digest(self) -> str:
        """Changes with every file of the pack."""
        lines = "".join(f"{wheel.sha256} {wheel.file}\n" for wheel in self.wheels)
        return hashlib.sha256(lines.encode()).hexdigest()

    def to_json(self) -> str:
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False) + "\n"

    @staticmethod
    def from_json(text: str) -> RuntimePack:
        """
        Raises:
            RuntimePackError: the text is no list of a runtime, or one of a newer extension.
        """
        try:
            data = json.loads(text)
            if data["format"] > FORMAT:
                raise RuntimePackError(
                    "This runtime pack is of a newer kind than this extension knows: update the LATTE3D extension."
                )
            wheels = tuple(PackedWheel(**wheel) for wheel in data["wheels"])
            pack = RuntimePack(data["platform"], data["python"], data["accelerator"], wheels)
            sound = all(_is_wheel_name(wheel.file) and re.fullmatch(r"[0-9a-f]{64}", wheel.sha256) for wheel in wheels)
            if not wheels or not sound or not re.fullmatch(r"[\w.-]+", pack.name):
                raise ValueError("unfit names")
        except (ValueError, KeyError, TypeError) as error:
            raise RuntimePackError(
                "The list of the runtime pack is damaged: install the LATTE3D extension again."
            ) from error
        return pack


def _is_wheel_name(name: str) -> bool:
    """A plain file name, so that nothing is written or fetched elsewhere."""
    return re.fullmatch(r"[\w.+-]+\.whl", name) is not None and not name.startswith(".")


@dataclass(frozen=True)
class News:
    """How far an installation is: ``done`` of ``total`` bytes of the stage "download", "copy", "check" or "unpack"."""

    stage: str
    file: str
    done: int
    total: int


#: Is told every ``PIECE``. An exception that it raises stops the work and leaves nothing half done; what was fetched
#: stays for the next time.
Listener = Callable[[News], None]


def _silent(news: News) -> None:
    pass


# --- which one ---


def read_packs(folder: Path) -> tuple[RuntimePack, ...]:
    """The runtimes that the extension in ``folder`` knows; none in a full zip, which brings its packages along.

    Raises:
        RuntimePackError: a list is damaged.
    """
    files = sorted((folder / FOLDER).glob("*.json"))
    return tuple(RuntimePack.from_json(path.read_text(encoding="utf-8")) for path in files)


def this_platform() -> str:
    """Blender's name for this computer, as "linux-x64"."""
    name = {"win32": "windows", "darwin": "macos"}.get(sys.platform, sys.platform)
    machine = system.machine().lower()
    return f"{name}-{ {'x86_64': 'x64', 'amd64': 'x64', 'aarch64': 'arm64'}.get(machine, machine) }"


def fitting(
    packs: Sequence[RuntimePack], platform: str | None = None, python: tuple[int, int] | None = None
) -> tuple[RuntimePack, ...]:
    """The packs for this computer and its Python, the smallest download first.

    Raises:
        RuntimePackError: there is none; says why, and what to do.
    """
    platform = platform or this_platform()
    major, minor = python or sys.version_info[:2]
    version = f"{major}.{minor}"
    here = [pack for pack in packs if pack.platform == platform]
    if not here:
        known = ", ".join(sorted({pack.platform for pack in packs})) or "no system"
        raise RuntimePackError(
            f"LATTE3D is not supported on {platform}, because its packages are made for {known} only: use one of those."
        )
    found = sorted((pack for pack in here if pack.python == version), key=lambda pack: pack.size)
    if not found and version in {pack.python for pack in packs}:
        raise RuntimePackError(
            f"There is no runtime for Python {version} on {platform}: use a Blender with Python "
            f"{' or '.join(sorted({pack.python for pack in here}))}."
        )
    if not found:
        raise RuntimePackError(
            f"This Blender is not supported, because it runs Python {version} and LATTE3D's packages are made for "
            f"{_PYTHONS}: install the official Blender from its own web site instead of the system's."
        )
    needed, have = needed_system(found[0]), system_version()
    if have < needed:
        kind = "macOS" if platform.startswith("macos") else "glibc"
        least, given = (f"{major}.{minor}" for major, minor in (needed, have))
        raise RuntimePackError(
            f"LATTE3D's packages need {kind} {least} or newer, and this system has {given}: update the system, or use "
            "another computer."
        )
    return tuple(found)


def needed_system(pack: RuntimePack) -> tuple[int, int]:
    """The oldest system that a pack's wheels are made for, by their names: the version of glibc on Linux, that of macOS
    on a Mac; (0, 0) where they name none."""
    floors = []
    for wheel in pack.wheels:
        named = re.findall(r"(?:manylinux|macosx)_(\d+)_(\d+)_", wheel.file.rsplit("-", 1)[1])
        floors += [min((int(major), int(minor)) for major, minor in named)] if named else []
    return max(floors, default=(0, 0))


def system_version() -> tuple[int, int]:
    """As in ``needed_system``, of this computer; very high where it cannot be told, so that nobody is shut out."""
    version = {"linux": system.libc_ver()[1], "darwin": system.mac_ver()[0]}.get(sys.platform, "")
    numbers = re.match(r"(\d+)\.(\d+)", version)
    return (int(numbers[1]), int(numbers[2])) if numbers else (sys.maxsize, 0)


def choose(packs: Sequence[RuntimePack], source: Path) -> RuntimePack:
    """The pack whose wheels are all in a folder or a zip; if none is whole there, the first, whose installation then
    says what is missing.

    Arguments:
        packs: one at least, in the order of preference.
    """
    try:
        if source.is_dir():
            names = {path.name for path in source.iterdir()}
        else:
            with zipfile.ZipFile(source) as archive:
                names = {PurePosixPath(name).name for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile):
        names = set()
    return next((pack for pack in packs if names >= {wheel.file for wheel in pack.wheels}), packs[0])


# --- getting the wheels ---


def install_from(
    pack: RuntimePack, source: Path, user_folder: Path, listener: Listener = _silent, *, again: bool = False
) -> Path:
    """Install a runtime from a folder with its wheels, or from a zip of them; returns the folder of the packages.

    Wheels of other runtimes may lie beside them.

    Arguments:
        again: unpack it also if it is there already, in place of the old files.

    Raises:
        RuntimePackError: a wheel is missing, damaged or another one; nothing can be written; the disk is full.
    """
    done = None if again else installed(pack, user_folder)
    if done is not None:
        return _use(pack, done, user_folder)
    if source.is_dir():
        missing = [wheel.file for wheel in pack.wheels if not (source / wheel.file).is_file()]
        if missing:
            raise RuntimePackError(_missing(missing, source))
        return _install(pack, source, user_folder, listener)
    with _scratch(user_folder) as folder:
        _take_out(pack, source, folder, listener)
        return _install(pack, folder, user_folder, listener)


def _missing(files: Sequence[str], source: Path) -> str:
    rest = f" and {len(files) - 1} more" if len(files) > 1 else ""
    # Of a zip that was cut off, the end may look like another zip: that of the last wheel.
    return f"{source} lacks {files[0]}{rest}: choose the whole runtime pack that is made for this Blender and system."


def _take_out(pack: RuntimePack, source: Path, folder: Path, listener: Listener) -> None:
    """The wheels of a zip, as files in ``folder``."""
    done = 0
    try:
        with zipfile.ZipFile(source) as archive, _writing(folder):
            inside = {PurePosixPath(name).name: name for name in archive.namelist()}
            missing = [wheel.file for wheel in pack.wheels if wheel.file not in inside]
            if missing:
                raise RuntimePackError(_missing(missing, source))
            check_space(folder, pack.disk_size)
            for wheel in pack.wheels:
                with archive.open(inside[wheel.file]) as stream, (folder / wheel.file).open("wb") as sink:
                    while piece := stream.read(PIECE):
                        sink.write(piece)
                        done += len(piece)
                        listener(News("copy", wheel.file, done, pack.size))
    except (zipfile.BadZipFile, EOFError) as error:
        raise RuntimePackError(
            f"{source} is not a whole zip file, perhaps its download broke off: get it again."
        ) from error
    except OSError as error:
        raise RuntimePackError(
            f"{source} cannot be read ({error.strerror}): choose a folder or a zip file with the runtime pack."
        ) from error


def check_download(address: str, *, consent: bool, online: bool) -> None:
    """
    Arguments:
        consent: that the artist has seen size and licences and agreed.
        online: ``bpy.app.online_access``.

    Raises:
        RuntimePackError: a download must not begin; says why.
    """
    if not online:
        raise RuntimePackError(OFFLINE)
    if not consent:
        raise RuntimePackError("The runtime is downloaded only after you have agreed to its size and licences.")
    if not re.match(r"https?://[^/]", address):
        raise RuntimePackError(f"“{address}” is no web address: it has to begin with https://.")


def download(
    pack: RuntimePack,
    address: str,
    user_folder: Path,
    *,
    consent: bool,
    online: bool,
    listener: Listener = _silent,
    again: bool = False,
) -> Path:
    """Fetch a runtime's wheels from ``address``, the web folder that holds them, and install it; returns its folder.

    What was fetched before is kept and gone on with.

    Arguments:
        consent, online: as in ``check_download``.
        again: as in ``install_from``.

    Raises:
        RuntimePackError: no consent, no online access, no connection, not the right file, no space.
    """
    check_download(address, consent=consent, online=online)
    done = None if again else installed(pack, user_folder)
    if done is not None:
        return _use(pack, done, user_folder)
    folder = user_folder / FOLDER / "downloads"
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    check_space(folder, pack.disk_size - fetched(pack, user_folder))
    before = 0
    for wheel in pack.wheels:
        _fetch_with_patience(wheel, f"{address.rstrip('/')}/{wheel.file}", folder, before, pack.size, listener)
        before += wheel.size
    site = _install(pack, folder, user_folder, listener)
    for wheel in pack.wheels:
        with contextlib.suppress(OSError):
            (folder / wheel.file).unlink()
    return site


def fetched(pack: RuntimePack, user_folder: Path) -> int:
    """Bytes of a download that was begun and can be gone on with."""
    folder = user_folder / FOLDER / "downloads"
    return sum(_size(folder / wheel.file) or _size(folder / f"{wheel.file}.part") for wheel in pack.wheels)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _fetch_with_patience(
    wheel: PackedWheel, url: str, folder: Path, before: int, total: int, listener: Listener
) -> None:
    # Here, since importing them takes longer than anything else when the extension is enabled.
    import http.client
    import urllib.error

    target, part = folder / wheel.file, folder / f"{wheel.file}.part"
    if target.is_file() and _hash_of(target) == wheel.sha256:
        return
    for attempt in range(1, TRIES + 1):
        try:
            _fetch(wheel, url, part, lambda done: listener(News("download", wheel.file, before + done, total)))
            break
        except urllib.error.HTTPError as error:
            raise RuntimePackError(
                f"The server does not give {wheel.file} ({error.code} {error.reason}): check the address, or install "
                "the runtime from a folder."
            ) from error
        except (OSError, http.client.HTTPException) as error:
            if attempt == TRIES:
                raise RuntimePackError(
                    f"The download broke off at {(before + _size(part)) / 1e6:.0f} of {total / 1e6:.0f} MB: check the "
                    "connection and start it again, it goes on from there."
                ) from error
            listener(News("download", wheel.file, before + _size(part), total))  # perhaps it was cancelled meanwhile
            time.sleep(PAUSE)
    if _hash_of(part) != wheel.sha256:
        with contextlib.suppress(OSError):
            part.unlink()
        raise RuntimePackError(
            f"{wheel.file} from the server is not the file that it should be (its checksum differs), so it was thrown "
            "away: try again, or install the runtime from a folder."
        )
    with _writing(folder):
        os.replace(part, target)


def _fetch(wheel: PackedWheel, url: str, part: Path, tell: Callable[[int], None]) -> None:
    """Go on with a file where it stopped. The server may also begin anew. Never takes more than the wheel's size."""
    import http.client
    import urllib.request

    have = _size(part)
    if have >= wheel.size:
        return  # whole, or damaged, which the checksum tells
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        have = have if answer.status == http.HTTPStatus.PARTIAL_CONTENT else 0
        with _writing(part):
            # Without a buffer: what has come is in the file when the connection breaks.
            sink = part.open("r+b" if have else "wb", buffering=0)
        with sink:
            sink.seek(have)
            while have < wheel.size:
                # Not "read": it would wait for the whole piece, and lose what came of it when the connection breaks.
                piece = answer.read1(min(PIECE, wheel.size - have))
                if not piece:
                    raise http.client.IncompleteRead(b"", wheel.size - have)
                with _writing(part):
                    sink.write(piece)
                have += len(piece)
                tell(have)


# --- installing ---


def _install(pack: RuntimePack, wheels: Path, user_folder: Path, listener: Listener) -> Path:
    """Check all wheels, then unpack them beside the final place, then move that there and use it."""
    done = 0
    for wheel in pack.wheels:
        begin = done

        def tell(share: int, file: str = wheel.file, begin: int = begin) -> None:
            listener(News("check", file, begin + share, pack.size))

        if _hash_of(wheels / wheel.file, tell) != wheel.sha256:
            raise RuntimePackError(
                f"{wheel.file} is damaged or another file than it should be (its checksum differs): get it again."
            )
        done += wheel.size
    total = pack.unpacked
    home = user_folder / FOLDER
    check_space(user_folder, total)
    if not long_paths():
        _check_length(pack, wheels, home)
    with _scratch(user_folder) as scratch:
        done = 0
        for wheel in pack.wheels:
            for size in _unpack(wheels / wheel.file, scratch):
                done += size
                listener(News("unpack", wheel.file, done, total))
        target = home / _folder_name(pack)
        with _writing(target):
            if target.exists():  # what is left of a runtime that could not be removed whole, or is made anew
                os.replace(target, home / f"{target.name}.old-{os.getpid()}-{time.time_ns()}")
            scratch.chmod(0o755)  # others may share it
            os.replace(scratch, target)
    return _use(pack, target, user_folder)


def unpacked_size(wheel: Path) -> int:
    """Bytes of the files in a wheel.

    Raises:
        RuntimePackError: it is no whole wheel.
    """
    with _reading(wheel), zipfile.ZipFile(wheel) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _unpack(wheel: Path, site: Path) -> Iterator[int]:
    """Put the packages of a wheel into ``site``, telling the bytes as they come. Programs and other data stay out."""
    with _reading(wheel), zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            inner = PurePosixPath(entry.filename)
            if inner.is_absolute() or ".." in inner.parts or re.search(r"[\\:]", entry.filename):
                raise RuntimePackError(f"{wheel.name} holds a file with an unfit name: get the runtime pack again.")
            parts = inner.parts
            if parts and parts[0].endswith(".data"):
                parts = parts[2:] if len(parts) > 2 and parts[1] in ("purelib", "platlib") else ()
            if not parts or entry.is_dir():
                continue
            target = _long(site.joinpath(*parts))
            with _writing(site):
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, target.open("wb") as sink:
                    while piece := source.read(PIECE):
                        sink.write(piece)
                        yield len(piece)


def _long(path: Path) -> Path:
    """The same path, on Windows in the form that may be longer than 260 characters. Not run on Windows yet."""
    if sys.platform == "win32":
        whole = os.path.abspath(path)  # noqa: PTH100 - the long form needs it without links resolved
        return Path(whole if whole.startswith("\\\\") else f"\\\\?\\{whole}")
    return path


def long_paths() -> bool:
    """Whether programs of this system can use paths of more than ``WINDOWS_PATH`` characters. The branch for Windows
    has not been run there yet."""
    if sys.platform != "win32":
        return True
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Control\FileSystem") as key:
            return bool(winreg.QueryValueEx(key, "LongPathsEnabled")[0])
    except OSError:
        return False


def _check_length(pack: RuntimePack, wheels: Path, home: Path) -> None:
    """Files beyond the limit could be written, but not be imported. Others, such as licences, may be longer."""
    longest = 0
    for wheel in pack.wheels:
        with _reading(wheels / wheel.file), zipfile.ZipFile(wheels / wheel.file) as archive:
            names = [name for name in archive.namelist() if name.endswith((".py", ".pyd", ".dll"))]
        longest = max([longest, *map(len, names)])
    length = len(str(home / _folder_name(pack))) + 1 + longest
    if length > WINDOWS_PATH:
        raise RuntimePackError(
            f"Paths in {home} would have {length} characters, and Windows takes {WINDOWS_PATH}: switch long paths on "
            "in Windows, or set BLENDER_USER_EXTENSIONS to a folder with a shorter path."
        )


def _folder_name(pack: RuntimePack) -> str:
    return f"{pack.name}-{pack.digest[:12]}"


def installed(pack: RuntimePack, user_folder: Path) -> Path | None:
    """The folder of this very runtime, if it is installed whole."""
    folder = user_folder / FOLDER / _folder_name(pack)
    return folder if folder.is_dir() else None


def _use(pack: RuntimePack, site: Path, user_folder: Path) -> Path:
    """Note which runtime is in use."""
    home = user_folder / FOLDER
    if active(user_folder) == site and not (home / REMOVE).exists():
        return site  # in a folder that many share, perhaps nothing can be written
    note = json.dumps({"folder": site.name, "python": pack.python})
    with _writing(home):
        atomic.write(home / "active.json", note.encode(), flush=False)
        (home / REMOVE).unlink(missing_ok=True)
    return site


# --- using it ---


def active(user_folder: Path, python: tuple[int, int] | None = None) -> Path | None:
    """The folder of the runtime in use; None if there is none, or it is one for another Python."""
    major, minor = python or sys.version_info[:2]
    try:
        note = json.loads((user_folder / FOLDER / "active.json").read_text(encoding="utf-8"))
        folder = user_folder / FOLDER / Path(note["folder"]).name
        fits = note["python"] == f"{major}.{minor}"
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return folder if fits and folder.is_dir() else None


def activate(user_folder: Path, path: list[str]) -> Path | None:
    """Make the packages of the runtime in use importable; returns their folder, None if there is none.

    Called when the extension is enabled and after an installation, if nothing of an older runtime is loaded (see
    ``loaded_from``). The runtime comes last on ``path``, so Blender's own packages and those of other extensions stay
    what they are for everybody; the setup check says so where that is a matter.

    Arguments:
        path: ``sys.path``; changed in place.
    """
    deactivate(user_folder, path)
    site = active(user_folder)
    if site is not None:
        path.append(str(site))
    return site


def deactivate(user_folder: Path, path: list[str]) -> None:
    """Undo ``activate``; modules that are imported already stay so until Blender is restarted."""
    home = str(user_folder / FOLDER)
    path[:] = [entry for entry in path if os.path.dirname(entry) != home]  # noqa: PTH120 - entries are strings


def loaded_from(user_folder: Path, files: Iterable[str]) -> bool:
    """Whether a runtime is in use, so that its files must stay until Blender is restarted.

    Arguments:
        files: of the modules that are loaded.
    """
    home = str(user_folder / FOLDER) + os.sep
    return any(file.startswith(home) for file in files)


def remove(user_folder: Path, loaded: bool = False) -> bool:
    """Remove every runtime. Where the folder is a link, to a runtime that many share, only the link goes.

    Arguments:
        loaded: that it is in use (``loaded_from``): then it goes at the next start, when ``tidy`` is called.

    Returns:
        Whether it is gone; False also if something of it could not be removed now, which is tried again then.

    Raises:
        RuntimePackError: nothing can be written there.
    """
    home = user_folder / FOLDER
    with _writing(home):
        if home.is_symlink():
            home.unlink()
            return True
        if not home.exists():
            return True
        (home / REMOVE).touch()
        (home / "active.json").unlink(missing_ok=True)
    return not loaded and _clear(home)


def kept(user_folder: Path) -> bool:
    """Whether there is anything to ``remove``: a runtime, an older one, a download that broke off; not what goes at the
    next start anyway."""
    home = user_folder / FOLDER
    try:
        return home.is_symlink() or (not (home / REMOVE).exists() and any(home.iterdir()))
    except OSError:
        return False


def disk_use(user_folder: Path) -> int:
    """Bytes that ``remove`` frees. Looks at thousands of files."""
    home = user_folder / FOLDER
    if home.is_symlink():
        return 0
    # As text: whole paths may be longer than Windows takes in the short form.
    folders = os.walk(_long(home))
    return sum(_size(Path(folder) / file) for folder, _, files in folders for file in files)


def _clear(home: Path) -> bool:
    """Remove the folder, the note last, so that what is left goes another time."""
    for entry in home.iterdir():
        if entry.name != REMOVE:
            _discard(entry)
    if not any(entry.name != REMOVE for entry in home.iterdir()):
        _discard(home)
    return not home.exists()


def _discard(entry: Path) -> None:
    if entry.is_dir():
        shutil.rmtree(_long(entry), ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            entry.unlink()


def left_over(user_folder: Path) -> list[Path]:
    """What ``tidy`` would remove: runtimes that are not in use, and what Blenders that ended in the middle left."""
    home = user_folder / FOLDER
    if (home / REMOVE).exists():
        return [home]
    found = []
    for folder in home.glob(".unfinished-*"):
        # Another Blender may be at work on a young one.
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > UNFINISHED:
                found.append(folder)
    keep = active(user_folder)
    python = re.search(r"-cp\d+-", keep.name) if keep is not None else None
    # Those for other Pythons stay: perhaps another Blender shares the folder.
    return found + [
        folder for folder in home.glob("*-cp*-*") if folder != keep and python is not None and python[0] in folder.name
    ]


def tidy(user_folder: Path) -> None:
    """Remove what older runtimes left behind, which may take seconds; what cannot be removed now, next time.

    To be called before anything of a runtime is loaded.
    """
    home = user_folder / FOLDER
    for folder in left_over(user_folder):
        if folder == home:
            with contextlib.suppress(OSError):
                _clear(home)
        else:
            _discard(folder)


# --- files ---


def check_space(folder: Path, need: int) -> None:
    """
    Raises:
        RuntimePackError: fewer than ``need`` bytes are free where ``folder`` lies or will lie.
    """
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < need:
        raise RuntimePackError(
            f"The runtime needs {need / 1e9:.1f} GB of free disk space in {folder}, where {free / 1e9:.1f} GB are "
            "free: make room and try again."
        )


def _hash_of(path: Path, tell: Callable[[int], None] = lambda done: None) -> str:
    """SHA-256 in hex; ``tell`` hears how many bytes have been read."""
    digest, done = hashlib.sha256(), 0
    with _reading(path), path.open("rb") as stream:
        while piece := stream.read(PIECE):
            digest.update(piece)
            done += len(piece)
            tell(done)
    return digest.hexdigest()


@contextlib.contextmanager
def _scratch(user_folder: Path) -> Iterator[Path]:
    """A new folder beside the runtimes, removed at the end unless it was moved away."""
    home = user_folder / FOLDER
    with _writing(home):
        home.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=home))
    try:
        yield folder
    finally:
        shutil.rmtree(_long(folder), ignore_errors=True)


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except zipfile.BadZipFile as error:
        raise RuntimePackError(f"{path.name} is not a whole wheel: get it again.") from error
    except OSError as error:
        raise RuntimePackError(f"{path} cannot be read ({error.strerror}): get it again.") from error


@contextlib.contextmanager
def _writing(place: Path) -> Iterator[None]:
    """Turn the failures of writing into sentences."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
            raise RuntimePackError(
                f"The disk with {place} is full, so the runtime is not installed: make room and try again."
            ) from error
        raise RuntimePackError(
            f"{place} cannot be written ({error.strerror}): make it writable for yourself and try again."
        ) from error


def describe(pack: RuntimePack) -> dict[str, Any]:
    """What the artist should see before agreeing: name, download in MB, disk space in MB, files, licences."""
    return {
        "name": pack.name,
        "download_mb": round(pack.size / 1e6),
        "disk_mb": round(pack.unpacked / 1e6),
        "files": len(pack.wheels),
        "licences": pack.licences,
    }
