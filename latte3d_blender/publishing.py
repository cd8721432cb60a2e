"""What is published: the zips of the extension, the runtime packs and a repository; and the checks before that.

The standard library alone, and what Blender brings as a plain script: its tool for extensions, which lies in every
``bpy`` package. That tool overlooks some mistakes (a licence without "SPDX:", a misspelt system or tag, a system whose
wheels are missing), so ``faults`` looks for those.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from .packing import build_core_wheel, build_extension, read_version, write_zip
from .runtime_pack import FOLDER, PackedWheel, RuntimePack
from .wheel_lock import (
    CARRIED,
    LOCK,
    PIP_PLATFORMS,
    PYTHONS,
    WHEELS,
    IncompleteError,
    LockedWheel,
    Target,
    check_folder,
    fits_platform,
    fits_python,
    package_name,
    pins,
    read_lock,
    select,
    told_licence,
)

#: Bytes that a zip may have. What is larger has taken in something by mistake.
BUDGETS = {"lean": 60_000_000, "full": 600_000_000}

#: From Blender's manual.
TAGS = frozenset({
    "3D View", "Add Curve", "Add Mesh", "Animation", "Bake", "Camera", "Compositing", "Development", "Game Engine",
    "Geometry Nodes", "Grease Pencil", "Import-Export", "Lighting", "Material", "Mesh", "Modeling", "Node", "Object",
    "Paint", "Physics", "Pipeline", "Render", "Rigging", "Scene", "Sculpt", "Sequencer", "System", "Text Editor",
    "Tracking", "User Interface", "UV",
})  # fmt: skip

#: Licences, as SPDX names them, whose works may be part of one under GPL-3.0-or-later.
COMPATIBLE = frozenset({
    "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "GPL-3.0-or-later", "HPND", "ISC", "LGPL-2.1-or-later",
    "LLVM-exception", "MIT", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Zlib",
})  # fmt: skip

#: The part of a licence that is no SPDX identifier on the list above but has been looked at: see docs/licences.md.
EXAMINED = frozenset({"CNRI-Python"})


class PublishError(Exception):
    """Something cannot be published as it is; the message is one sentence."""


# --- licences ---


@dataclass(frozen=True)
class Licence:
    """A row of the table in docs/licences.md.

    Attributes:
        told: what the wheel says itself, so that a new release with another licence is noticed.
        spdx: what it is.
        kept_out: systems whose zips it must not be in, since its wheel there has parts that are not free.
    """

    package: str
    told: str
    spdx: str
    kept_out: frozenset[str]


def read_licences(path: Path) -> dict[str, Licence]:
    """The table of docs/licences.md: package, what its wheel says, SPDX, kept out of the zips for, remarks."""
    rows = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 5 and re.fullmatch(r"`[a-z0-9-]+`", cells[0]):
            systems = (
                frozenset(PIP_PLATFORMS) if cells[3] == "all" else frozenset(re.findall(r"[a-z]+-[a-z0-9]+", cells[3]))
            )
            package = cells[0].strip("`")
            rows[package] = Licence(package, cells[1], cells[2], systems)
    return rows


def licence_faults(wheels: Iterable[Path], licences: Mapping[str, Licence]) -> list[str]:
    """What is wrong with the licences of wheels, whoever distributes them: unknown, changed or incompatible ones."""
    faults = []
    for wheel in wheels:
        row = licences.get(package_name(wheel.name))
        if row is None:
            faults.append(f"{wheel.name} {_incompatible(row)}")
            continue
        told = told_licence(wheel)
        if told != row.told:
            faults.append(f"{wheel.name} says “{told}” of its licence, the table says “{row.told}”")
        foreign = _incompatible(row)
        if foreign:
            faults.append(f"{wheel.name} {foreign}")
    return faults


def _incompatible(row: Licence | None) -> str:
    """Why a package must not be handed to artists as part of this one; "" if nothing is wrong, or it is kept out of all
    zips for its licence."""
    if row is None:
        return "is not in the table of docs/licences.md"
    foreign = set(re.findall(r"[\w.+-]+", row.spdx)) - {"AND", "OR", "WITH"} - COMPATIBLE - EXAMINED
    if not foreign or row.kept_out >= frozenset(PIP_PLATFORMS):
        return ""
    return f"is under {', '.join(sorted(foreign))}, which does not go with GPL-3.0-or-later"


def kept_out(wheels: Iterable[LockedWheel], target: Target, licences: Mapping[str, Licence]) -> list[str]:
    """The packages that must not be in a published zip for that target."""
    packages = {wheel.package for wheel in wheels}
    return sorted(
        package for package in packages if package in licences and target.platform in licences[package].kept_out
    )


# --- the zips ---


@dataclass(frozen=True)
class Workshop:
    """What everything is made of: the lock, the table of licences and the wheels that have been fetched."""

    root: Path

    @property
    def wheels(self) -> Path:
        return self.root / WHEELS

    def lock(self) -> tuple[LockedWheel, ...]:
        return read_lock(self.root / LOCK)

    def licences(self) -> dict[str, Licence]:
        return read_licences(self.root / "docs" / "licences.md")

    def select(self, target: Target) -> tuple[LockedWheel, ...]:
        """
        Raises:
            LockError: the lock is not complete for the target.
        """
        return select(self.lock(), pins(self.root, target), target)

    def pack(self, target: Target) -> RuntimePack:
        """The list of a runtime; the wheels themselves need not be here.

        Raises:
            LockError: the lock is not complete for the target.
            PublishError: the licence of a package is not known.
        """
        licences = self.licences()
        wheels = self.select(target)
        unknown = sorted({wheel.package for wheel in wheels} - set(licences))
        if unknown:
            raise PublishError(
                f"{', '.join(unknown)} is missing in the table of docs/licences.md; look up its licence."
            )
        packed = tuple(PackedWheel(w.file, w.sha256, w.size, w.unpacked, licences[w.package].spdx) for w in wheels)
        return RuntimePack(target.platform, target.python, target.accelerator, packed)


def build_lean(shop: Workshop, out_dir: Path, targets: Sequence[Target]) -> Path:
    """The zip without the runtime: extension, core and model, for every system; it knows the runtimes' checksums.

    Arguments:
        targets: those that the lock has no torch for are left out.
    """
    packs = []
    shop.lock()  # a lock that cannot be read is no incomplete one
    for target in targets:
        with contextlib.suppress(IncompleteError):
            packs.append(shop.pack(target))
    if not packs:
        raise PublishError(
            "the lock has all wheels of no target, so a lean zip could install nothing; call build.py lock."
        )
    return build_extension(
        shop.root,
        out_dir,
        [build_core_wheel(shop.root, shop.wheels)],
        edition="lean",
        fields={"platforms": sorted({pack.platform for pack in packs})},
        extra={f"{FOLDER}/{pack.name}.json": pack.to_json().encode() for pack in packs},
    )


def build_full(shop: Workshop, out_dir: Path, target: Target, own_use: bool = False) -> Path:
    """The zip with everything, for one kind of computer; works with no network at all.

    Arguments:
        own_use: put in what must not be passed on as part of this extension as well. For the machines of the one who
            makes the zip, not for publishing; its name says so.

    Raises:
        LockError: wheels are missing or altered.
        PublishError: a licence forbids it.
    """
    wheels = _fit_wheels(shop, target)
    barred = kept_out(shop.select(target), target, shop.licences())
    if barred and not own_use:
        raise PublishError(
            f"a full zip for {target.platform} would hold parts that are not free ({', '.join(barred)}; see "
            "docs/licences.md); publish the lean zip, or make one for your own machines with --own-use."
        )
    first, end = PYTHONS[target.python]
    return build_extension(
        shop.root,
        out_dir,
        [build_core_wheel(shop.root, shop.wheels), *wheels],
        edition=f"{'own-use' if barred else 'full'}-{target.name}",
        fields={
            "platforms": [target.platform],
            "blender_version_min": first,
            **({"blender_version_max": end} if end else {}),
        },
    )


def _fit_wheels(shop: Workshop, target: Target) -> list[Path]:
    """The wheels of a target as files, unmodified and under licences that are known and fit.

    Raises:
        LockError: wheels are missing or altered.
        PublishError: a licence is unknown, has changed or does not fit.
    """
    wheels = check_folder(shop.select(target), shop.wheels)
    wrong = licence_faults(wheels, shop.licences())
    if wrong:
        raise PublishError(f"{wrong[0]}; mend the table or the lock.")
    return wheels


def build_pack(shop: Workshop, out_dir: Path, target: Target, own_use: bool = False) -> Path:
    """A runtime pack as one zip of wheels, to be installed by a lean zip's Doctor without a network.

    Arguments:
        own_use: also with packages that nobody may pass on, as NVIDIA's; its name says so.

    Raises:
        LockError: wheels are missing or altered.
        PublishError: a licence forbids it.
    """
    pack, files, licences = shop.pack(target), _fit_wheels(shop, target), shop.licences()
    # Beside the extension, not in it: what must stay out of its zips on one system only may be passed on by itself.
    barred = sorted(w.package for w in shop.select(target) if licences[w.package].kept_out >= frozenset(PIP_PLATFORMS))
    if barred and not own_use:
        raise PublishError(
            f"a runtime pack for {target.name} would hold packages that must not be passed on ({barred[0]} and others; "
            "see docs/licences.md); make one for your own machines with --own-use."
        )
    name = f"latte3d-runtime-{'own-use-' if barred else ''}{pack.name}-{pack.digest[:12]}.zip"
    return write_zip(out_dir / name, [(f"{pack.name}.json", pack.to_json().encode()), *((f.name, f) for f in files)])


# --- checks ---


def faults(root: Path, archive: Path, own_use: bool = False) -> list[str]:
    """What Blender's tool does not see, in a zip made by ``build_lean`` or ``build_full``; empty if all is well."""
    try:
        with zipfile.ZipFile(archive) as opened:
            broken = opened.testzip()
            if broken is not None:
                return [f"{broken} in the zip is damaged"]
            names = opened.namelist()
            manifest = tomllib.loads(opened.read("blender_manifest.toml").decode())
            packs = [
                RuntimePack.from_json(opened.read(name).decode())
                for name in names
                if re.fullmatch(rf"{FOLDER}/.*\.json", name)
            ]
    except (OSError, zipfile.BadZipFile, EOFError, KeyError, tomllib.TOMLDecodeError) as error:
        return [f"it is not a whole zip of an extension ({error})"]
    wheels = [PurePosixPath(name).name for name in names if name.endswith(".whl")]
    return [
        *_manifest_faults(root, manifest),
        *_wheel_faults(root, manifest, wheels, packs),
        *_licence_faults(root, manifest, wheels, packs, own_use),
        *_size_faults(archive, "lean" if packs else "full"),
    ]


def _manifest_faults(root: Path, manifest: Mapping[str, Any]) -> list[str]:
    found = [
        f"the licence “{entry}” does not begin with SPDX:" for entry in manifest["license"] if entry[:5] != "SPDX:"
    ]
    found += [f"there is no system “{name}”" for name in manifest.get("platforms", ()) if name not in PIP_PLATFORMS]
    found += [f"there is no tag “{tag}”" for tag in manifest.get("tags", ()) if tag not in TAGS]
    if manifest["version"] != read_version(root):
        found.append(f"the version {manifest['version']} is not that of the core")
    return found


def _wheel_faults(
    root: Path, manifest: Mapping[str, Any], wheels: Sequence[str], packs: Sequence[RuntimePack]
) -> list[str]:
    listed = {PurePosixPath(entry).name for entry in manifest.get("wheels", ())}
    found = [f"{name} is in the zip but not in the manifest" for name in sorted(set(wheels) - listed)]
    found += [f"{name} is in the manifest but not in the zip" for name in sorted(listed - set(wheels))]
    firsts = {first: python for python, (first, _) in PYTHONS.items()}
    carried = CARRIED[firsts.get(manifest["blender_version_min"], min(CARRIED))]
    found += [f"{name} is a package that Blender brings" for name in sorted(wheels) if package_name(name) in carried]
    if "latte3d-core" not in map(package_name, wheels):
        found.append("the core is missing")
    for platform in manifest.get("platforms", ()):
        if platform not in PIP_PLATFORMS:
            continue
        if packs:
            if platform not in {pack.platform for pack in packs}:
                found.append(f"there is no runtime for {platform}")
            continue
        python = firsts[manifest["blender_version_min"]]
        fitting = {package_name(name) for name in wheels if fits_platform(name, platform) and fits_python(name, python)}
        missing = sorted(set(pins(root, Target(platform, python, "cpu"))) - fitting)
        found += [f"{package} for {platform} and Python {python} is missing" for package in missing]
    return found


def _licence_faults(
    root: Path, manifest: Mapping[str, Any], wheels: Sequence[str], packs: Sequence[RuntimePack], own_use: bool
) -> list[str]:
    licences = read_licences(root / "docs" / "licences.md")
    listed = {package_name(wheel.file) for pack in packs for wheel in pack.wheels}
    found = [f"{package} {fault}" for package in sorted(listed) if (fault := _incompatible(licences.get(package)))]
    for package in sorted(set(map(package_name, wheels)) - {"latte3d-core"}):
        row = licences.get(package)
        fault = _incompatible(row)
        if row is None or fault:
            found.append(f"{package} {fault}")
        elif not own_use and row.kept_out & set(manifest.get("platforms", ())):
            found.append(f"{package} has parts that are not free and must stay out of the zip")
    return found


def _size_faults(archive: Path, kind: str) -> list[str]:
    size = archive.stat().st_size
    return [f"{size / 1e6:.0f} MB are more than a {kind} zip may have"] if size > BUDGETS[kind] else []


def find_tools(root: Path) -> dict[str, Path]:
    """Blender line -> its tool for extensions, in the environments that build.py has made."""
    tools: dict[str, Path] = {}
    for pattern in (".venv*/lib/python*/site-packages", ".venv*/Lib/site-packages"):
        for path in sorted(root.glob(f"{pattern}/bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py")):
            tools.setdefault(path.parents[4].name, path)
    return tools


def validate(tool: Path, archive: Path) -> str:
    """What Blender's own tool finds fault with; empty if nothing.

    A warning counts as well.
    """
    done = _run_tool(tool, "validate", str(archive))
    said = (done.stdout + done.stderr).strip()
    return said if done.returncode or "warning" in said.lower() else ""


def _run_tool(tool: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Isolated: the tool needs nothing but the standard library.
    command = [sys.executable, "-S", "-I", str(tool), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")


# --- the repository ---


def build_repository(
    tool: Path, archives: Sequence[Path], out_dir: Path, wheels: Sequence[Path] = (), own_use: bool = False
) -> list[Path]:
    """A repository for each edition, as folders of files that any web server, or none, can serve; returns the indexes.

    ``out_dir``/lean and ``out_dir``/full each hold zips, index.json and index.html, from which Blender takes what fits
    it. They are two, since both are one extension and Blender would see it twice. ``out_dir``/runtime holds the wheels
    for the lean one's Doctor.

    Arguments:
        tool: Blender's tool for extensions, of any line.
        archives: zips made by ``build_lean`` and ``build_full``.
        own_use: list zips that must not be published among the full ones as well.

    Raises:
        PublishError: the tool refuses, there is nothing to list, or a folder holds something else than a repository.
    """
    names = {"lean": ("-lean",), "full": ("-full-", "-own-use-") if own_use else ("-full-",)}
    by_edition = {
        edition: [archive for archive in archives if any(part in archive.name for part in parts)]
        for edition, parts in names.items()
    }
    if not any(by_edition.values()):
        raise PublishError(
            "there are only zips for your own machines, which a public repository must not list; say --own-use for a "
            "repository of your own."
        )
    for edition in names:
        folder = out_dir / edition
        if folder.exists() and any(folder.iterdir()) and not (folder / "index.json").is_file():
            raise PublishError(f"{folder} holds other things than a repository; choose another place with --out.")
    indexes = []
    for edition, chosen in by_edition.items():
        folder = out_dir / edition
        if folder.exists():
            shutil.rmtree(folder)
        if not chosen:
            continue
        folder.mkdir(parents=True)
        for archive in chosen:
            shutil.copyfile(archive, folder / archive.name)
        done = _run_tool(tool, "server-generate", "--repo-dir", str(folder), "--html")
        said = done.stdout + done.stderr
        index = folder / "index.json"
        if done.returncode or not index.is_file():
            raise PublishError(f"Blender's tool makes no repository ({said.strip()[-300:]}).")
        if len(json.loads(index.read_text(encoding="utf-8"))["data"]) != len(chosen):
            raise PublishError(f"Blender's tool leaves zips out of the repository ({said.strip()[-300:]}).")
        indexes.append(index)
    if wheels:
        (out_dir / FOLDER).mkdir(parents=True, exist_ok=True)
        for wheel in wheels:
            shutil.copyfile(wheel, out_dir / FOLDER / wheel.name)
    return indexes
