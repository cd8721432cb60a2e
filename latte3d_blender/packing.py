"""Makes the extension's zip and the core's wheel, with the standard library alone.

The zip holds this package's modules at its top, the manifest, and wheels. ``latte3d_core`` goes in as a wheel: it is a
package of its own with absolute imports, and Blender's rules allow no top-level module inside an extension's folder.
In a development environment, where the core is importable already, the zip is made without wheels. The same sources
make the same bytes: nothing is compressed, since compressors differ, and all files bear one date.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .atomic import replacing

#: Modules that serve development and tests and stay out of the zip.
DEVELOPMENT_MODULES = frozenset({"headless.py", "packing.py", "publishing.py", "render.py", "wheel_lock.py"})

#: What the core's wheel is made of: code, models, and the authors of what those learned from. Nothing else that lies
#: about goes in.
CORE_FILES = frozenset({".py", ".safetensors", ".md"})

_DATE = (2026, 1, 1, 0, 0, 0)


def build_extension(
    root: Path,
    out_dir: Path,
    wheels: Sequence[Path] = (),
    *,
    edition: str = "",
    fields: Mapping[str, Any] | None = None,
    extra: Mapping[str, bytes] | None = None,
) -> Path:
    """Write ``out_dir``/latte3d-VERSION[-EDITION].zip and return its path.

    Arguments:
        root: the folder that holds blender_manifest.toml and latte3d_blender.
        out_dir: made if need be.
        wheels: wheel files to put in; they are listed in the zip's manifest.
        edition: goes into the file's name.
        fields: further keys of the manifest, strings or lists of strings, in place of those that it has.
        extra: further files, by their names in the zip.
    """
    version = read_version(root)
    text = (root / "blender_manifest.toml").read_text(encoding="utf-8")
    added: dict[str, Any] = {"version": version, **(fields or {})}
    if wheels:
        added["wheels"] = [f"./wheels/{name}" for name in sorted(wheel.name for wheel in wheels)]
    files: dict[str, Path | bytes] = {"blender_manifest.toml": fill_manifest(text, added).encode()}
    for path in sorted((root / "latte3d_blender").glob("*.py")):
        if path.name not in DEVELOPMENT_MODULES:
            files[path.name] = path
    if (root / "LICENSE").is_file():
        files["LICENSE"] = root / "LICENSE"
    files.update(sorted((extra or {}).items()))
    for wheel in sorted(wheels, key=lambda path: path.name):
        files[f"wheels/{wheel.name}"] = wheel
    name = f"latte3d-{version}-{edition}.zip" if edition else f"latte3d-{version}.zip"
    return write_zip(out_dir / name, files.items())


def read_version(root: Path) -> str:
    """The version of everything, which stands in latte3d_core/_version.py and nowhere else."""
    source = (root / "latte3d_core" / "_version.py").read_text(encoding="utf-8")
    version = re.search(r'^__version__ = "([^"]+)"', source, re.MULTILINE)
    if version is None:
        raise ValueError("latte3d_core/_version.py has no version line")
    return version[1]


def fill_manifest(text: str, fields: Mapping[str, Any]) -> str:
    """A manifest with these keys, strings or lists of strings, before its first table; lines that set them go."""
    lines = []
    for key, value in fields.items():
        text = re.sub(rf"^{key} = (\[[^\]]*\]|.*)\n", "", text, flags=re.MULTILINE)
        if isinstance(value, str):
            lines.append(f"{key} = {json.dumps(value)}\n")
        else:
            lines.append(f"{key} = [\n{''.join(f'  {json.dumps(item)},{chr(10)}' for item in value)}]\n")
    return re.sub(r"^\[", lambda _: "".join(lines) + "\n[", text, count=1, flags=re.MULTILINE)


def build_core_wheel(root: Path, out_dir: Path) -> Path:
    """Write ``latte3d_core`` as a pure Python wheel (PEP 427) into ``out_dir`` and return its path."""
    package = root / "latte3d_core"
    version = read_version(root)
    files: dict[str, Path | bytes] = {
        path.relative_to(root).as_posix(): path
        for path in sorted(package.rglob("*"))
        if path.is_file() and path.suffix in CORE_FILES
    }
    info = f"latte3d_core-{version}.dist-info"
    files[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: latte3d_core\nVersion: {version}\n"
        "Summary: Text to a textured 3D object in one forward pass\n"
        "License: GPL-3.0-or-later\nRequires-Python: >=3.11\n"
    ).encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: latte3d\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = "".join(f"{name},sha256={_digest(item)},{_size(item)}\n" for name, item in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    return write_zip(out_dir / f"latte3d_core-{version}-py3-none-any.whl", files.items())


def _digest(item: Path | bytes) -> str:
    digest = hashlib.sha256(item if isinstance(item, bytes) else item.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _size(item: Path | bytes) -> int:
    return len(item) if isinstance(item, bytes) else item.stat().st_size


def write_zip(path: Path, files: Iterable[tuple[str, Path | bytes]]) -> Path:
    """Write an archive of the files, and return its path."""
    with replacing(path, flush=True) as stream, zipfile.ZipFile(stream, "w") as archive:
        for inner, item in files:
            entry = zipfile.ZipInfo(inner, _DATE)
            entry.create_system = 3  # Unix, also where it is made on Windows
            entry.external_attr = 0o644 << 16
            if isinstance(item, bytes):
                archive.writestr(entry, item)
                continue
            entry.file_size = item.stat().st_size
            with item.open("rb") as source, archive.open(entry, "w") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
    return path
