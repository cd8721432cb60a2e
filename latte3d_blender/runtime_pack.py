"""The runtime pack: the packages that generation needs (torch first of all), installed beside the extension. No bpy.

A lean zip of the extension holds no torch. It holds a list for each runtime that there is, ``runtime/NAME.json``, with
the name, the size, the licence and the SHA-256 of every wheel, so wherever the wheels come from, only those files get
in. They come from a folder, from one zip of them, or, if the artist agrees and Blender's online access is on, from the
folder of a web server. In the user's folder of the extension they lie like this:

    runtime/active.json                which runtime is in use
    runtime/NAME-DIGEST/               the unpacked packages, the last entry of ``sys.path``
    runtime/downloads/                 wheels that were fetched, and beginnings of such (``.part``)

A runtime is unpacked beside its final place and moved there in one step, and a new one never overwrites an old one:
while its native modules are loaded, Windows could not replace them. What is not in use any more goes at the next start.

Only the standard library is used, so that it works in a Blender that has nothing else yet.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import json
import os
import platform as system
import re
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

#: What is written into the lists; a newer one is refused.
FORMAT = 1

#: The folder of the lists in the extension's zip, and of the runtimes in the user's folder.
FOLDER = "runtime"

#: Bytes that are handled between two reports, and the seconds after which a silent server counts as gone.
PIECE, TIMEOUT = 1 << 20, 30.0

#: How often a download that breaks off is tried before the artist is asked, and the seconds between two tries.
TRIES, PAUSE = 3, 1.0

#: Unpacked packages take about this much of their wheels' size. Only for the estimate before the download.
GROWTH = 3.5

#: Seconds after which a half unpacked runtime counts as abandoned.
UNFINISHED = 86400.0

_PYTHONS = "Python 3.11 (Blender 4.2 to 5.0) and 3.13 (5.1 and later)"


# Not one of the core's errors: the core comes with another package, and this module mends what is missing.
class RuntimePackError(Exception):
    """The runtime cannot be had or installed. The message is one sentence for the artist."""


@dataclass(frozen=True)
class PackedWheel:
    """One wheel of a runtime: file name, SHA-256 in hex, size in bytes, SPDX licence."""

    file: str
    sha256: str
    size: int
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
    def disk_size(self) -> int:
        """Bytes that an installation takes at its height, estimated: the wheels and what is in them."""
        return int(self.size * (1.0 + GROWTH))

    @property
    def licences(self) -> tuple[str, ...]:
        """What the artist agrees to, each licence once."""
        return tuple(sorted({wheel.licence for wheel in self.wheels}))

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
    """How far an installation is: ``done`` of ``total`` bytes of the stage "download", "check" or "unpack"."""

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
    return tuple(found)


# --- getting the wheels ---


def install_from(pack: RuntimePack, source: Path, user_folder: Path, listener: Listener = _silent) -> Path:
    """Install a runtime from a folder with its wheels, or from a zip of them; returns the folder of the packages.

    Wheels of other runtimes may lie beside them.

    Raises:
        RuntimePackError: a wheel is missing, damaged or another one; nothing can be written; the disk is full.
    """
    done = installed(pack, user_folder)
    if done is not None:
        return _use(pack, done, user_folder)
    if source.is_dir():
        missing = [wheel.file for wheel in pack.wheels if not (source / wheel.file).is_file()]
        if missing:
            raise RuntimePackError(_missing(missing, source))
        return _install(pack, source, user_folder, listener)
    with _scratch(user_folder) as folder:
        _take_out(pack, source, folder)
        return _install(pack, folder, user_folder, listener)


def _missing(files: Sequence[str], source: Path) -> str:
    rest = f" and {len(files) - 1} more" if len(files) > 1 else ""
    # Of a zip that was cut off, the end may look like another zip: that of the last wheel.
    return f"{source} lacks {files[0]}{rest}: choose the whole runtime pack that is made for this Blender and system."


def _take_out(pack: RuntimePack, source: Path, folder: Path) -> None:
    """The wheels of a zip, as files in ``folder``."""
    try:
        with zipfile.ZipFile(source) as archive, _writing(folder):
            inside = {PurePosixPath(name).name: name for name in archive.namelist()}
            missing = [wheel.file for wheel in pack.wheels if wheel.file not in inside]
            if missing:
                raise RuntimePackError(_missing(missing, source))
            check_space(folder, pack.disk_size)
            for wheel in pack.wheels:
                with archive.open(inside[wheel.file]) as stream, (folder / wheel.file).open("wb") as sink:
                    shutil.copyfileobj(stream, sink, PIECE)
    except (zipfile.BadZipFile, EOFError) as error:
        raise RuntimePackError(
            f"{source} is not a whole zip file, perhaps its download broke off: get it again."
        ) from error
    except OSError as error:
        raise RuntimePackError(
            f"{source} cannot be read ({error.strerror}): choose a folder or a zip file with the runtime pack."
        ) from error


def download(
    pack: RuntimePack,
    address: str,
    user_folder: Path,
    *,
    consent: bool,
    online: bool,
    listener: Listener = _silent,
) -> Path:
    """Fetch a runtime's wheels from ``address``, the web folder that holds them, and install it; returns its folder.

    What was fetched before is kept and gone on with.

    Arguments:
        consent: that the artist has seen size and licences and agreed.
        online: ``bpy.app.online_access``.

    Raises:
        RuntimePackError: no consent, no online access, no connection, not the right file, no space.
    """
    if not online:
        raise RuntimePackError(
            "Blender's online access is off: switch it on in Preferences > System, or install the runtime from a "
            "folder."
        )
    if not consent:
        raise RuntimePackError("The runtime is downloaded only after you have agreed to its size and licences.")
    if urllib.parse.urlsplit(address).scheme not in ("http", "https"):
        raise RuntimePackError(f"“{address}” is no web address: it has to begin with https://.")
    done = installed(pack, user_folder)
    if done is not None:
        return _use(pack, done, user_folder)
    folder = user_folder / FOLDER / "downloads"
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    have = sum(_size(folder / wheel.file) or _size(folder / f"{wheel.file}.part") for wheel in pack.wheels)
    check_space(folder, pack.disk_size - have)
    before = 0
    for wheel in pack.wheels:
        _fetch_with_patience(wheel, f"{address.rstrip('/')}/{wheel.file}", folder, before, pack.size, listener)
        before += wheel.size
    site = _install(pack, folder, user_folder, listener)
    for wheel in pack.wheels:
        with contextlib.suppress(OSError):
            (folder / wheel.file).unlink()
    return site


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _fetch_with_patience(
    wheel: PackedWheel, url: str, folder: Path, before: int, total: int, listener: Listener
) -> None:
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
        listener(News("check", wheel.file, done, pack.size))
        if _hash_of(wheels / wheel.file) != wheel.sha256:
            raise RuntimePackError(
                f"{wheel.file} is damaged or another file than it should be (its checksum differs): get it again."
            )
        done += wheel.size
    total = sum(_unpacked_size(wheels / wheel.file) for wheel in pack.wheels)
    home = user_folder / FOLDER
    check_space(user_folder, total)
    with _scratch(user_folder) as scratch:
        done = 0
        for wheel in pack.wheels:
            for size in _unpack(wheels / wheel.file, scratch):
                done += size
                listener(News("unpack", wheel.file, done, total))
        target = home / _folder_name(pack)
        with _writing(target):
            if target.exists():  # what is left of a runtime that could not be removed whole
                os.replace(target, home / f"{target.name}.old-{os.getpid()}")
            os.replace(scratch, target)
    return _use(pack, target, user_folder)


def _unpacked_size(wheel: Path) -> int:
    with _reading(wheel), zipfile.ZipFile(wheel) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _unpack(wheel: Path, site: Path) -> Iterator[int]:
    """Put the packages of a wheel into ``site``, telling each file's size. Programs and other data stay out."""
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
                    shutil.copyfileobj(source, sink, PIECE)
            yield entry.file_size


def _long(path: Path) -> Path:
    """The same path, on Windows in the form that may be longer than 260 characters. Not run on Windows yet."""
    if sys.platform == "win32":
        whole = os.path.abspath(path)  # noqa: PTH100 - the long form needs it without links resolved
        return Path(whole if whole.startswith("\\\\") else f"\\\\?\\{whole}")
    return path


def _folder_name(pack: RuntimePack) -> str:
    return f"{pack.name}-{pack.digest[:12]}"


def installed(pack: RuntimePack, user_folder: Path) -> Path | None:
    """The folder of this very runtime, if it is installed whole."""
    folder = user_folder / FOLDER / _folder_name(pack)
    return folder if folder.is_dir() else None


def _use(pack: RuntimePack, site: Path, user_folder: Path) -> Path:
    """Note which runtime is in use."""
    home = user_folder / FOLDER
    temporary = home / f".active.{os.getpid()}.tmp"
    with _writing(home):
        temporary.write_text(json.dumps({"folder": site.name, "python": pack.python}), encoding="utf-8")
        os.replace(temporary, home / "active.json")
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
    """Make the packages of the runtime in use importable, and remove what older ones left behind.

    Called when the extension is enabled and after an installation. The runtime comes last on ``path``, so Blender's own
    packages and those of other extensions stay what they are for everybody; see ``shadows``.

    Arguments:
        path: ``sys.path``; changed in place.
    """
    site = active(user_folder)
    _tidy(user_folder / FOLDER, keep=site)
    if site is not None and str(site) not in path:
        path.append(str(site))
    return site


def deactivate(user_folder: Path, path: list[str]) -> None:
    """Undo ``activate``; modules that are imported already stay so until Blender is restarted."""
    home = str(user_folder / FOLDER)
    path[:] = [entry for entry in path if os.path.dirname(entry) != home]  # noqa: PTH120 - entries are strings


def remove(user_folder: Path) -> bool:
    """Remove every runtime; False if something could not be, since it is loaded (then it goes at the next start)."""
    home = user_folder / FOLDER
    with contextlib.suppress(OSError):
        (home / "active.json").unlink()
    shutil.rmtree(_long(home), ignore_errors=True)
    return not home.exists()


def _tidy(home: Path, keep: Path | None) -> None:
    """Remove runtimes that are not in use; those that cannot be removed now are tried again next time."""
    for folder in home.glob(".unfinished-*"):
        # Of a Blender that ended in the middle. Another one may be at work on a younger one.
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > UNFINISHED:
                shutil.rmtree(_long(folder), ignore_errors=True)
    if keep is None:
        return  # perhaps one for another Blender that shares the folder
    python = re.search(r"-cp\d+-", keep.name)
    for folder in home.glob("*-cp*-*"):
        if folder != keep and python and python[0] in folder.name:
            shutil.rmtree(_long(folder), ignore_errors=True)


@dataclass(frozen=True)
class Shadow:
    """A package that something else brings in another version and that comes before the runtime's."""

    package: str
    version: str
    wanted: str
    folder: Path

    @property
    def sentence(self) -> str:
        return (
            f"Another extension brings {self.package} {self.version}, which comes before LATTE3D's {self.wanted}: if "
            f"generation fails, disable the extension that put it into {self.folder}, then restart Blender."
        )


def shadows(site: Path, path: Iterable[str]) -> list[Shadow]:
    """The packages of a runtime that are hidden by other versions earlier on ``path``, such as an older torch."""
    own = _versions(site)
    found: dict[str, Shadow] = {}
    for entry in path:
        folder = Path(entry or ".")
        if folder == site:
            break
        for package, version in _versions(folder).items():
            if package in own and version != own[package]:
                found.setdefault(package, Shadow(package, version, own[package], folder))
    return list(found.values())


def _versions(folder: Path) -> dict[str, str]:
    """Package -> version, by the names of the ``.dist-info`` folders."""
    versions = {}
    with contextlib.suppress(OSError):
        for info in folder.glob("*.dist-info"):
            name, _, version = info.name.removesuffix(".dist-info").partition("-")
            versions[re.sub(r"[-_.]+", "-", name).lower()] = version
    return versions


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


def _hash_of(path: Path) -> str:
    with _reading(path), path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
        "disk_mb": round(pack.size * GROWTH / 1e6),
        "files": len(pack.wheels),
        "licences": pack.licences,
    }
