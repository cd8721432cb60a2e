"""Makes the extension's zip and the core's wheel, with the standard library alone.

The zip holds this package's modules at its top, the manifest, and wheels. ``latte3d_core`` goes in as a wheel: it is a
package of its own with absolute imports, and Blender's rules allow no top-level module inside an extension's folder.
In a development environment, where the core is importable already, the zip is made without wheels.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

#: Modules that serve development and tests and stay out of the zip.
DEVELOPMENT_MODULES = frozenset({"headless.py", "packing.py", "render.py"})

#: All files in a zip bear this date, so that the same sources make the same bytes.
_DATE = (2026, 1, 1, 0, 0, 0)


def build_extension(root: Path, out_dir: Path, wheels: Sequence[Path] = ()) -> Path:
    """Write ``out_dir``/latte3d-VERSION.zip and return its path.

    Arguments:
        root: the folder that holds blender_manifest.toml and latte3d_blender.
        out_dir: made if need be.
        wheels: wheel files to put in; they are listed in the zip's manifest.
    """
    manifest = (root / "blender_manifest.toml").read_text(encoding="utf-8")
    names = sorted(wheel.name for wheel in wheels)
    if names:
        listed = "".join(f"  {json.dumps('./wheels/' + name)},\n" for name in names)
        # The line has to come before the first table.
        manifest = re.sub(r"^\[", f"wheels = [\n{listed}]\n\n[", manifest, count=1, flags=re.MULTILINE)
    files: dict[str, Path | bytes] = {"blender_manifest.toml": manifest.encode()}
    for path in sorted((root / "latte3d_blender").glob("*.py")):
        if path.name not in DEVELOPMENT_MODULES:
            files[path.name] = path
    if (root / "LICENSE").is_file():
        files["LICENSE"] = root / "LICENSE"
    for wheel in sorted(wheels, key=lambda path: path.name):
        files[f"wheels/{wheel.name}"] = wheel
    version = re.search(r'^version = "([^"]+)"', manifest, re.MULTILINE)
    if version is None:
        raise ValueError("blender_manifest.toml has no version line")
    return _write_zip(out_dir / f"latte3d-{version[1]}.zip", files.items())


def build_core_wheel(root: Path, out_dir: Path) -> Path:
    """Write ``latte3d_core`` as a pure Python wheel (PEP 427) into ``out_dir`` and return its path."""
    package = root / "latte3d_core"
    source = (package / "_version.py").read_text(encoding="utf-8")
    version = re.search(r'^__version__ = "([^"]+)"', source, re.MULTILINE)
    if version is None:
        raise ValueError("latte3d_core/_version.py has no version line")
    files: dict[str, Path | bytes] = {
        path.relative_to(root).as_posix(): path
        for path in sorted(package.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    info = f"latte3d_core-{version[1]}.dist-info"
    files[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: latte3d_core\nVersion: {version[1]}\n"
        "Summary: Text to a textured 3D object in one forward pass\n"
        "License: GPL-3.0-or-later\nRequires-Python: >=3.11\n"
    ).encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: latte3d\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = "".join(f"{name},sha256={_digest(item)},{_size(item)}\n" for name, item in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    return _write_zip(out_dir / f"latte3d_core-{version[1]}-py3-none-any.whl", files.items())


def _digest(item: Path | bytes) -> str:
    digest = hashlib.sha256(item if isinstance(item, bytes) else item.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _size(item: Path | bytes) -> int:
    return len(item) if isinstance(item, bytes) else item.stat().st_size


def _write_zip(path: Path, files: Iterable[tuple[str, Path | bytes]]) -> Path:
    """Write the files under a temporary name, then put the archive in its place in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            with zipfile.ZipFile(stream, "w") as archive:
                for inner, item in files:
                    entry = zipfile.ZipInfo(inner, _DATE)
                    # Wheels and model files are compressed already.
                    packed = inner.endswith((".whl", ".safetensors", ".png"))
                    entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
                    entry.external_attr = 0o644 << 16
                    archive.writestr(entry, item if isinstance(item, bytes) else item.read_bytes())
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path
