"""From a prompt to .blend, .glb and a turntable picture, through the real extension, in Blender without a window.

    python latte3d_blender/headless.py run --prompt "a red sports car" --out out

Starts Blender as a module (``bpy``), installs the extension into a throw-away profile, and presses Generate. The
user's own Blender settings are neither read nor changed. Not part of the extension.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import os
import re
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MODULE = "bl_ext.user_default.latte3d"


class HeadlessError(Exception):
    """Ends the run; the message is the one sentence that the user reads."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    # Umlauts and quotation marks must not break a terminal that knows only ASCII.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    options = _parse(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="latte3d-profile-") as profile:
            run(options, Path(profile))
    except HeadlessError as error:
        print(f"latte3d: {str(error).rstrip('.')}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("latte3d: stopped.", file=sys.stderr)
        return 130
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="headless.py", description="Generate an object in Blender without a window.")
    run_parser = parser.add_subparsers(dest="command", required=True).add_parser("run", help="one prompt to files")
    run_parser.add_argument("--prompt", required=True)
    run_parser.add_argument("--out", required=True, type=Path, help="folder for the .blend, .glb and .png")
    run_parser.add_argument("--seed", type=int)
    run_parser.add_argument("--alpha", type=float, help="shape strength, 0 to 1")
    run_parser.add_argument("--faces", type=int, help="face budget")
    run_parser.add_argument("--texture-size", type=int, help="in pixels")
    run_parser.add_argument("--unwrap", choices=("fast", "careful"))
    run_parser.add_argument("--model", help="a model file instead of the default one")
    run_parser.add_argument("--device", choices=("auto", "cpu", "cuda"))
    run_parser.add_argument("--backend", choices=("thread", "process"), help="where the generator runs")
    run_parser.add_argument("--picture-size", type=int, default=512, help="side of each of the four views, in pixels")
    return parser.parse_args(arguments)


def slug(prompt: str) -> str:
    """A file name for a prompt: a-z, 0-9 and underscores, at most 60 letters; a hash where nothing of that is left."""
    plain = unicodedata.normalize("NFKD", prompt).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:60].strip("_")
    return name or "object_" + hashlib.sha256(prompt.encode("utf-8", "replace")).hexdigest()[:8]


def run(options: argparse.Namespace, profile: Path) -> None:
    """Do the whole job; the three files appear together at the end, or not at all.

    Raises:
        HeadlessError: with the sentence for the user.
    """
    begin = time.perf_counter()
    check(options)
    with output_folder(options.out) as folder:
        # bpy first: it carries a newer TBB than open3d does, and the first one loaded serves both.
        os.environ["BLENDER_USER_RESOURCES"] = str(profile)
        try:
            import bpy
        except ImportError as error:
            raise HeadlessError(f"Blender's Python module (bpy) cannot be loaded: {error}.") from error
        started = time.perf_counter()
        bpy.ops.wm.read_factory_settings(use_empty=True)
        install(bpy, profile)
        try:
            job = generate(bpy, options)
            generated = time.perf_counter()
            name = slug(options.prompt)
            obj = bpy.data.objects[job.names[0]]
            faces, vertices = len(obj.data.polygons), len(obj.data.vertices)
            try:
                write(bpy, obj, folder, name, options.picture_size)
            except (OSError, RuntimeError) as error:
                raise HeadlessError(f"The result cannot be written to {options.out}: {_reason(error)}.") from error
        finally:
            # Blender 4.2 crashes at exit where classes are still registered.
            with quiet():
                bpy.ops.preferences.addon_disable(module=MODULE)
        written = time.perf_counter()
        files = publish(folder, options.out)
    for path in files:
        print(path)
    size = "×".join(f"{side:.2f}" for side in obj.dimensions)
    print(f"{vertices:,} vertices, {faces:,} faces, {size} m")
    for warning in job.warnings:
        print(f"note: {warning}")
    times = {"start Blender": started - begin, **job.timings, "save and render": written - generated}
    print(", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in times.items()))
    print(f"total {time.perf_counter() - begin:.1f} s")


def check(options: argparse.Namespace) -> None:
    """Refuse what would not even reach the generator, which checks the rest."""
    for name in ("seed", "faces", "texture_size"):
        value = getattr(options, name)
        if value is not None and abs(value) >= 2**31:
            raise HeadlessError(f"The {name.replace('_', ' ')} {value} is too large: choose one below {2**31:,}.")
    if not 16 <= options.picture_size <= 4096:
        raise HeadlessError(f"The picture size must lie between 16 and 4,096 pixels, not {options.picture_size:,}.")


@contextlib.contextmanager
def output_folder(out: Path) -> Iterator[Path]:
    """A temporary folder inside ``out``; both are gone again if nothing came of it."""
    made = [path for path in (out, *out.parents) if not path.exists()]
    try:
        out.mkdir(parents=True, exist_ok=True)
        temporary = tempfile.TemporaryDirectory(prefix=".latte3d-", dir=out)
    except OSError as error:
        _remove_empty(made)
        raise HeadlessError(
            f"The folder {out} cannot be written to ({_reason(error)}): choose another one with --out."
        ) from error
    try:
        with temporary as folder:
            yield Path(folder)
    finally:
        _remove_empty(made)


def _remove_empty(folders: Sequence[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()


def install(bpy: Any, profile: Path) -> None:
    """Zip the extension, install the zip as a user would, and enable it."""
    from latte3d_blender.packing import build_extension

    archive = build_extension(ROOT, profile / "zip")
    try:
        with quiet():
            bpy.ops.extensions.package_install_files(repo="user_default", filepath=str(archive), enable_on_install=True)
    except RuntimeError as error:
        raise HeadlessError(f"The extension cannot be installed: {_reason(error)}.") from error
    if MODULE not in bpy.context.preferences.addons:
        raise HeadlessError("The extension was installed but cannot be enabled in this Blender.")


def generate(bpy: Any, options: argparse.Namespace) -> Any:
    """Press Generate, and return the job. Settings that were not given keep the scene's defaults."""
    preferences = bpy.context.preferences.addons[MODULE].preferences
    if options.model:
        preferences.model = str(Path(options.model).resolve())
    if options.device:
        preferences.device = options.device
    if options.backend:
        preferences.backend = options.backend.upper()
    names = ("prompt", "seed", "alpha", "faces", "texture_size", "unwrap")
    given = {name: value for name in names if (value := getattr(options, name)) is not None}
    jobs = importlib.import_module(f"{MODULE}.session").jobs()
    try:
        with quiet():
            bpy.ops.latte3d.generate(**given)
    except RuntimeError as error:
        if jobs.last is not None and jobs.last.fault:  # a mistake of ours, not of the user's: show where it happened
            print(jobs.last.report, file=sys.stderr)
        raise HeadlessError(_reason(error)) from error
    return jobs.last


def write(bpy: Any, obj: Any, folder: Path, name: str, picture_size: int) -> None:
    """NAME.blend, NAME.glb and NAME.png into ``folder``.

    The .glb comes from Blender's own exporter, not from the core: so it shows that what stands in the .blend, material
    and all, leaves Blender whole.
    """
    from latte3d_blender.render import render_strip

    blend, glb, png = (folder / f"{name}.{suffix}" for suffix in ("blend", "glb", "png"))
    with quiet():
        bpy.ops.wm.save_as_mainfile(filepath=str(blend), compress=True)
        bpy.ops.export_scene.gltf(filepath=str(glb), export_format="GLB", export_extras=True, export_animations=False)
        render_strip(obj, png, picture_size)
    for path in (blend, glb, png):
        if not path.is_file() or path.stat().st_size == 0:
            raise OSError(f"{path.name} was not written")


def publish(folder: Path, out: Path) -> list[Path]:
    """Move the finished files to ``out``; each replaces its older namesake in one step."""
    moved = []
    for path in sorted(folder.iterdir()):
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
        os.replace(path, out / path.name)
        moved.append(out / path.name)
    return moved


def _reason(error: Exception) -> str:
    """What an error says, as part of a sentence: without Blender's prefix, full stop and further lines."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    lines = text.strip().splitlines() or [type(error).__name__]
    # An exporter that fails hands over its whole traceback; the fault is in the line "SomeError: ...".
    named = [line for line in lines if re.match(r"\w+(Error|Exception): ", line)] if "Traceback" in text else []
    line = named[-1].partition(": ")[2] if named else lines[0]
    return re.sub(r"^(Error: |\[Errno \d+\] )", "", line).rstrip(". ")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Send what Blender's C side and its exporters print to nowhere; errors come as exceptions."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, handle in zip((1, 2), kept, strict=True):
            os.dup2(handle, number)
            os.close(handle)
        os.close(nowhere)


if __name__ == "__main__":
    # Started by path: this file's folder would make "jobs" or "timer" importable as top-level names; the project's
    # root is what belongs here.
    sys.path[0] = str(ROOT)
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # torch's and Blender's libraries tear each other down in an order that nobody promises; all files are closed.
    os._exit(status)
