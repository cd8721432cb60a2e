"""Whether everything that generation needs is there and works, in a process of its own. No bpy here.

The checks import torch and load the model. In Blender that would take seconds and memory, and a library that crashes
would take Blender along; so ``Examination`` starts this file as a script, with Blender's Python, and reads what it
says: one JSON object per line, the name of each check before it begins, then what it found. If the process dies, the
check that it had begun is to blame. Only the standard library is imported at the top, so that it runs wherever Python
does.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

OK, NOTE, FAULT = "OK", "NOTE", "FAULT"

#: Seconds after which the examination is given up.
PATIENCE = 180.0

#: Packages that generation needs, with the lowest version that it works with, or "". Two copies of one of the first
#: three in one process are a classic cause of crashes.
PACKAGES = {
    "numpy": "1.26", "torch": "2.13", "safetensors": "0.8", "transformers": "5.23", "open3d": "0.20",
    "fast_simplification": "0.2", "xatlas": "0.0.11", "PIL": "12", "trimesh": "5.2",
}  # fmt: skip
#: The packages among them whose other copies are looked for.
CLASHING = ("numpy", "torch", "safetensors", "tokenizers", "open3d")
#: Distribution names where they differ from the package's.
_DISTRIBUTIONS = {
    "PIL": ("pillow",), "open3d": ("open3d", "open3d-cpu"), "fast_simplification": ("fast-simplification",)
}  # fmt: skip

#: The id of this extension in its manifest.
OURSELVES = "latte3d"

#: Memory that generation takes, and free disk space that it should find, in bytes.
MEMORY, DISK = 2_000_000_000, 500_000_000


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        check: what was looked at, in a word or two. state: ``OK``, ``NOTE`` (works, but) or ``FAULT``.
        text: one sentence; for anything but OK it ends with what to do.
        fix: what would mend it: "included_model", "any_device", "free_memory", "open_folder", "runtime", or "".
    """

    check: str
    state: str
    text: str
    fix: str = ""


@dataclass(frozen=True)
class Patient:
    """What the examination is about, in plain values.

    Attributes:
        path: ``sys.path`` of Blender, which decides what gets imported.
        user_folder: where the extension writes. model_folder: where imported models lie. cache_folder: where the prompt
            history lies.
        model, device, threads: as in ``tasks.Task``.
        loaded: packages that Blender has loaded already, with their files.
        addon_folders: where add-ons and extensions lie, to look for copies of packages in them.
        runtime: (state, sentence) about the runtime of a lean zip; empty where none is needed.
        online: whether Blender may use the network.
    """

    path: tuple[str, ...]
    user_folder: str
    model_folder: str
    cache_folder: str = ""
    model: str = "small"
    device: str = "auto"
    threads: int = 0
    loaded: Mapping[str, str] = field(default_factory=dict)
    addon_folders: tuple[str, ...] = ()
    runtime: tuple[str, ...] = ()
    online: bool = False

    @property
    def lacks_runtime(self) -> bool:
        return FAULT in self.runtime[:1]


# --- the checks ---


def check_python(patient: Patient) -> Iterator[Finding]:
    version, bits = platform.python_version(), 64 if sys.maxsize > 2**32 else 32
    if sys.version_info < (3, 11) or bits < 64:
        yield Finding(
            "Python", FAULT, f"Python {version} ({bits} bit) is too old: use Blender 4.2 or newer, in 64 bit."
        )
    else:
        yield Finding("Python", OK, f"Python {version}, {platform.system()} {platform.machine()}.")


def check_runtime(patient: Patient) -> Iterator[Finding]:
    """Of a lean zip: what was found in Blender."""
    if patient.runtime:
        state, text = patient.runtime
        yield Finding("Runtime", state, text, "" if state == OK else "runtime")


def check_user_folder(patient: Patient) -> Iterator[Finding]:
    for name, folder in {
        "User folder": patient.user_folder,
        "Model folder": patient.model_folder,
        "Cache folder": patient.cache_folder or patient.user_folder,
    }.items():
        if name == "Cache folder" and folder == patient.user_folder:
            continue
        reason = unwritable(Path(folder))
        if reason:
            yield Finding(
                name, FAULT,
                f"Nothing can be written into {folder} ({reason}): make the folder writable for yourself"
                + (
                    ", or choose another model folder." if name == "Model folder"
                    else ", or choose another cache folder." if name == "Cache folder" else "."
                ),
                "open_folder",
            )  # fmt: skip
        elif name == "User folder":
            yield Finding(name, OK, f"{folder} can be written.")


def unwritable(folder: Path) -> str:
    """Why nothing can be written into ``folder``, or into the nearest one above it that exists; "" if it can."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def check_network(patient: Patient) -> Iterator[Finding]:
    now = "Blender may go online" if patient.online else "Blender stays offline"
    yield Finding("Network", OK, f"{now}; LATTE3D needs no network, and nothing but Download Runtime uses one.")


def check_disk(patient: Patient) -> Iterator[Finding]:
    folder = Path(patient.user_folder)
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < DISK:
        yield Finding(
            "Disk", NOTE, f"Only {free / 1e9:.1f} GB are free where {folder} lies: free some space.", "open_folder"
        )
    else:
        yield Finding("Disk", OK, f"{free / 1e9:.0f} GB are free.")


def check_memory(patient: Patient) -> Iterator[Finding]:
    total, free = memory()
    if total == 0:
        yield Finding("Memory", NOTE, "How much memory there is cannot be told on this system: just try.")
    elif free < MEMORY:
        yield Finding(
            "Memory", NOTE,
            f"Only {free / 1e9:.1f} of {total / 1e9:.0f} GB of memory are free: close other programs, or lower the "
            "faces and the texture size.",
            "free_memory",
        )  # fmt: skip
    else:
        yield Finding("Memory", OK, f"{free / 1e9:.1f} of {total / 1e9:.0f} GB of memory are free.")


def memory() -> tuple[int, int]:
    """(total, available) bytes; zeros where it cannot be told. The branches for Windows and macOS have not been run
    there yet."""
    try:
        if sys.platform == "win32":
            return _memory_windows()
        if sys.platform == "darwin":
            total = int(subprocess.check_output(["/usr/sbin/sysctl", "-n", "hw.memsize"], timeout=5))
            pages = subprocess.check_output(["/usr/bin/vm_stat"], text=True, timeout=5)
            counts = dict(line.split(":", 1) for line in pages.splitlines() if ":" in line)
            free = sum(int(counts[f"Pages {kind}"].strip(" .")) for kind in ("free", "inactive", "speculative"))
            return total, free * os.sysconf("SC_PAGE_SIZE")
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        return int(lines["MemTotal"].split()[0]) * 1024, int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError, subprocess.SubprocessError):
        return 0, 0


def _memory_windows() -> tuple[int, int]:
    class Status(ctypes.Structure):  # MEMORYSTATUSEX
        _fields_ = [
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "available", "a", "b", "c", "d", "e")),
        ]

    status = Status(length=ctypes.sizeof(Status))
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined, unused-ignore]
    return int(status.total), int(status.available)


def check_clashes(patient: Patient) -> Iterator[Finding]:
    """Other copies of the packages: earlier on the path, loaded already, or inside another add-on."""
    clean, others = True, other_extensions(patient.addon_folders)
    for package in {**dict.fromkeys(CLASHING), **PACKAGES}:
        copies = copies_on(patient.path, package)
        loaded = patient.loaded.get(package)
        versions = [version_in(copy.parent, package) for copy in copies]
        culprit = brought_by(others, package)
        if loaded and copies and not Path(loaded).is_relative_to(copies[0]):
            clean = False
            yield Finding(
                f"Copies of {package}", FAULT,
                f"Blender has loaded {package} from {Path(loaded).parent}, not from {copies[0]}{culprit.told}: disable "
                f"{culprit.name or 'the add-on that did it'}, then restart Blender.",
            )  # fmt: skip
        elif len(copies) > 1 and (len(set(versions)) > 1 or "" in versions):
            clean = False
            used, hidden = (f"{package} {version}".strip() for version in versions[:2])
            yield Finding(
                f"Copies of {package}", NOTE,
                f"{used} in {copies[0].parent} is used, not {hidden} in {copies[1].parent}{culprit.told}: if "
                f"generation fails, disable {culprit.name or 'the add-on that brings it'}, then restart Blender.",
            )  # fmt: skip
        vendored = copies_in(patient.addon_folders, package, known=copies) if package in CLASHING else ()
        for copy in vendored:
            clean = False
            yield Finding(
                f"Copies of {package}", NOTE,
                f"Another add-on brings a {package} of its own in {copy.parent}: if both are used at once Blender "
                "may crash; choose “Separate Process”, or disable that add-on.",
            )  # fmt: skip
    if clean:
        yield Finding("Copies", OK, "No package is there in two versions.")


@dataclass(frozen=True)
class Culprit:
    """The extension that brings a package, and what a sentence says of that; both empty if none is known."""

    name: str = ""
    told: str = ""


@dataclass(frozen=True)
class OtherExtension:
    """What an extension is called, where it lies, and which distributions it brings as wheels (see ``_plain``)."""

    name: str
    folder: Path
    brings: frozenset[str]


def other_extensions(folders: Sequence[str]) -> list[OtherExtension]:
    """All but this one, by their manifests; what cannot be read counts as none."""
    found = []
    manifests = [path for folder in folders for path in sorted(Path(folder).glob("*/*/blender_manifest.toml"))]
    for path in dict.fromkeys(manifests):
        try:
            manifest = tomllib.loads(path.read_text(encoding="utf-8"))
            wheels = [str(wheel).rpartition("/")[2].partition("-")[0] for wheel in manifest.get("wheels", ())]
        except (OSError, ValueError, TypeError):
            continue
        if manifest.get("id") != OURSELVES:
            name = f"the extension “{manifest.get('name', path.parent.name)}”"
            found.append(OtherExtension(name, path.parent, frozenset(map(_plain, wheels))))
    return found


def brought_by(others: Sequence[OtherExtension], package: str) -> Culprit:
    """The first one with a wheel of ``package``. All extensions share one folder of packages, so that folder does not
    tell whose a package is; the manifests do."""
    names = {_plain(name) for name in _DISTRIBUTIONS.get(package, (package,))}
    for other in others:
        if not names.isdisjoint(other.brings):
            return Culprit(other.name, f" ({other.name} in {other.folder} brings {package})")
    return Culprit()


def _plain(name: str) -> str:
    """The name of a distribution in the one form that all its spellings share."""
    return re.sub(r"[-_.]+", "-", name).lower()


def version_in(folder: Path, package: str) -> str:
    """By the name of the ``.dist-info`` folder; "" if there is none."""
    there = [info.name.removesuffix(".dist-info").partition("-") for info in folder.glob("*.dist-info")]
    versions = {_plain(name): version for name, _, version in there}
    names = map(_plain, _DISTRIBUTIONS.get(package, (package,)))
    return next((versions[name] for name in names if name in versions), "")


def copies_on(path: Sequence[str], package: str) -> list[Path]:
    """The folders of ``package`` on a search path, in its order, each once."""
    found: dict[Path, Path] = {}
    for entry in path:
        folder = Path(entry or ".") / package
        if (folder / "__init__.py").is_file():
            found.setdefault(folder.resolve(), folder)
    return list(found.values())


def copies_in(folders: Sequence[str], package: str, known: Sequence[Path], depth: int = 4) -> list[Path]:
    """Copies of ``package`` up to ``depth`` folders deep in ``folders`` that are not among the known ones."""
    resolved = {folder.resolve() for folder in known}
    found: list[Path] = []

    def look(folder: Path, left: int) -> None:
        with contextlib.suppress(OSError):
            for child in sorted(folder.iterdir()):
                if child.name == package and (child / "__init__.py").is_file():
                    if child.resolve() not in resolved:
                        resolved.add(child.resolve())
                        found.append(child)
                elif left > 1 and child.is_dir() and not child.is_symlink() and child.name != "__pycache__":
                    look(child, left - 1)

    for folder in folders:
        look(Path(folder), depth)
    return found


def check_packages(patient: Patient) -> Iterator[Finding]:
    """Imports each one; says how long torch took."""
    fine = []
    for package, least in PACKAGES.items():
        begin = time.perf_counter()
        try:
            module = _load(package)
        except Exception as error:
            yield Finding(f"Package {package}", FAULT, _cannot_import(package, error, patient))
            continue
        seconds = time.perf_counter() - begin
        version = str(getattr(module, "__version__", "") or _installed_version(package))
        if least and version and _numbers(version) < _numbers(least):
            culprit = brought_by(other_extensions(patient.addon_folders), package)
            remedy = (
                f"disable {culprit.name} and restart Blender" if culprit.name
                else "install the LATTE3D extension that is made for this Blender version and system"
            )  # fmt: skip
            yield Finding(
                f"Package {package}", NOTE,
                f"{package} {version} in {Path(str(module.__file__)).parent.parent} is older than the {least} that "
                f"LATTE3D is made for{culprit.told}: if it does not work below, {remedy}.",
            )  # fmt: skip
        elif package == "torch":
            yield Finding("Package torch", OK, f"torch {version} is there and took {seconds:.1f} s to load.")
        else:
            fine.append(f"{package} {version}".strip())
    yield Finding("Packages", OK if fine else NOTE, f"Found: {', '.join(fine) or 'nothing; see above'}.")


def _load(package: str) -> Any:
    """Import a package as the core does."""
    if package == "open3d":
        from latte3d_core._open3d import load_open3d

        return load_open3d()
    return importlib.import_module(package)


def _cannot_import(package: str, error: Exception, patient: Patient) -> str:
    reason = " ".join(str(error).split())[:300]
    why = error.__cause__ or error  # the core has words of its own for Open3D, which are not for artists
    missing = isinstance(why, ModuleNotFoundError) and why.name == package
    if missing and patient.lacks_runtime:
        return f"The Python package “{package}” is not here: it comes with the runtime, see above."
    if missing:
        return (
            f"The Python package “{package}” is not installed in this Blender: install the LATTE3D extension that is "
            "made for this Blender version and system, then restart Blender."
        )
    if sys.platform == "win32" and ("1114" in reason or "DLL" in reason):
        return (
            f"“{package}” cannot be loaded ({reason}): install the newest Microsoft Visual C++ runtime, or choose "
            "“Separate Process” in the preferences, then restart Blender."
        )
    others = other_extensions(patient.addon_folders)
    culprit = next(
        (found for name in (package, *CLASHING) if (found := brought_by(others, name)).name), Culprit()
    )  # one of them may not fit another's numpy
    if culprit.name:
        return f"“{package}” cannot be loaded ({reason}): disable {culprit.name} and restart Blender."
    if "GLIBC" in reason:
        return f"“{package}” cannot be loaded ({reason}): this Linux is too old for it, use a newer one."
    return f"“{package}” cannot be loaded ({reason}): reinstall the LATTE3D extension and restart Blender."


def _installed_version(package: str) -> str:
    for name in _DISTRIBUTIONS.get(package, (package,)):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(name)
    return ""


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: "2.15.0+cpu" is (2, 15, 0)."""
    numbers = []
    for part in version.split("+")[0].split("."):
        digits = "".join(character for character in part if character.isdigit())
        if not digits or not part[0].isdigit():
            break
        numbers.append(int(digits))
    return tuple(numbers)


def check_device(patient: Patient) -> Iterator[Finding]:
    import torch

    from latte3d_core.devices import choose_device
    from latte3d_core.errors import Latte3DError

    try:
        device = choose_device(patient.device)
    except Latte3DError:
        yield Finding(
            "Device", FAULT, f"This computer has no device “{patient.device}”: choose Automatic.", "any_device"
        )
        return
    text = f"{device.type.upper()}, {patient.threads or torch.get_num_threads()} threads."
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        text = f"{torch.cuda.get_device_name(device)}, {free / 1e9:.1f} of {total / 1e9:.0f} GB free."
    (torch.ones(64, 64, device=device) @ torch.ones(64, 64, device=device)).sum().item()
    yield Finding("Device", OK, text)


def check_model(patient: Patient) -> Iterator[Finding]:
    """Loads it, which compares its checksum with its content."""
    from latte3d_core.checkpoint import load_checkpoint
    from latte3d_core.errors import Latte3DError

    try:
        checkpoint = load_checkpoint(patient.model)
    except Latte3DError as error:
        included = patient.model == "small"
        hint = " Reinstall the LATTE3D extension." if included else ""
        yield Finding("Model", FAULT, f"{error}{hint}", "" if included else "included_model")
        return
    name = checkpoint.info.get("name", checkpoint.path.stem)
    yield Finding("Model", OK, f"“{name}” is sound (checksum {checkpoint.digest[:12]}).")


def check_text(patient: Patient) -> Iterator[Finding]:
    """Whether prompts can be read."""
    from latte3d_core.checkpoint import load_checkpoint
    from latte3d_core.errors import Latte3DError
    from latte3d_core.model.text import TextEncoder

    try:
        config = load_checkpoint(patient.model).net.config.text
    except Latte3DError:
        config = None
    if config is None:
        yield Finding("Prompts", NOTE, "Whether prompts can be read was not tried: mend the model first.")
        return
    try:
        TextEncoder(config, "cpu").encode(["a red sports car"])
    except Latte3DError as error:
        yield Finding("Prompts", FAULT, str(error))
        return
    yield Finding("Prompts", OK, "The text encoder is there and reads prompts.")


Check = Callable[[Patient], Iterator[Finding]]

#: All checks in their order, by the words that the artist sees while one runs.
CHECKS: dict[str, Check] = {
    "Python": check_python,
    "Runtime": check_runtime,
    "Folders": check_user_folder,
    "Network": check_network,
    "Disk": check_disk,
    "Memory": check_memory,
    "Copies": check_clashes,
    "Packages": check_packages,
    "Device": check_device,
    "Model": check_model,
    "Prompts": check_text,
}


def examine(patient: Patient, say: Callable[[Mapping[str, Any]], None], checks: Mapping[str, Check] = CHECKS) -> None:
    """Run all checks, whatever becomes of each: {"begin": name} before one, {"finding": {...}} for what it finds."""
    for name, check in checks.items():
        say({"begin": name})
        try:
            for finding in check(patient):
                say({"finding": asdict(finding)})
        except ImportError as error:
            package = (error.name or "latte3d_core").partition(".")[0]
            say({"finding": asdict(Finding(name, FAULT, _cannot_import(package, error, patient)))})
        except Exception as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            text = f"This check met an unexpected fault ({reason}): send the report to the authors."
            say({"finding": asdict(Finding(name, FAULT, text))})


# --- from the other side ---


class Examination:
    """The checks in a process of their own. ``look`` is cheap and never waits.

    Arguments:
        python: the command that starts Python.
        patience: seconds after which the process is stopped.

    Attributes:
        findings: what has been found so far.
        current: the check that runs now, "" at the end.
    """

    def __init__(self, patient: Patient, python: Sequence[str], patience: float = PATIENCE) -> None:
        self.findings: list[Finding] = []
        self.current = "Python"
        self._begin = time.monotonic()
        self._patience = patience
        # Files, not pipes: nobody has to read them for the process to go on. What is said is opened twice: reading from
        # the file that the process writes into would move the place where it writes next.
        self._folder = tempfile.TemporaryDirectory(prefix="latte3d-", ignore_cleanup_errors=True)
        said = Path(self._folder.name) / "said"
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end
        with said.open("wb") as sink:
            self._process = subprocess.Popen(
                [*python, str(Path(__file__).resolve())],
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=self._complaints,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        self._said = said.open("rb")
        assert self._process.stdin is not None
        with contextlib.suppress(OSError), self._process.stdin as sink:
            sink.write(json.dumps(asdict(patient)).encode())

    @property
    def running(self) -> bool:
        return self.current != ""

    def look(self) -> bool:
        """Take in what has been said since; True while it runs."""
        if not self.running:
            return False
        status = self._process.poll()
        self._take()
        if status is None and time.monotonic() - self._begin > self._patience:
            self.stop(f"The check did not end within {self._patience:.0f} seconds: restart Blender and try again.")
        elif status is not None:
            if status != 0:
                self._complaints.seek(0)
                words = " ".join(self._complaints.read()[-400:].decode("utf-8", "replace").split())
                self._blame(
                    f"Python ended during this check (exit status {status}): reinstall the LATTE3D extension, and "
                    f"disable other add-ons that bring packages of their own. {words}".strip()
                )
            self._end()
        return self.running

    def wait(self) -> None:
        """Until it has ended."""
        while self.look():
            time.sleep(0.05)

    def stop(self, message: str = "") -> None:
        """End it now; with a ``message`` the present check counts as failed."""
        if not self.running:
            return
        self._process.kill()
        self._process.wait()
        if message:
            self._blame(message)
        self._end()

    def _take(self) -> None:
        *lines, rest = self._said.read().split(b"\n")
        self._said.seek(-len(rest), os.SEEK_CUR)  # the last one may not be whole yet
        for line in lines:
            said: Any = None
            with contextlib.suppress(ValueError):
                said = json.loads(line)
            match said:
                case {"begin": str(name)}:
                    self.current = name
                case {"finding": {"check": str(check), "state": str(state), "text": str(text), "fix": str(fix)}}:
                    self.findings.append(Finding(check, state, text, fix))

    def _blame(self, text: str) -> None:
        self.findings.append(Finding(self.current, FAULT, text))

    def _end(self) -> None:
        self.current = ""
        self._said.close()
        self._complaints.close()
        self._folder.cleanup()


def report(findings: Sequence[Finding], head: Sequence[str] = ()) -> str:
    """All findings as text, to be sent to somebody."""
    lines = ["LATTE3D setup check", *head, ""]
    lines += [f"[{finding.state}] {finding.check}: {finding.text}" for finding in findings]
    return "\n".join(lines).strip() + "\n"


def main() -> None:
    """The process: a ``Patient`` as JSON at the standard input, the news at the standard output."""
    # What libraries print must not get between the lines.
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    given = json.load(sys.stdin)
    patient = Patient(**given)
    # The folder of this file, which holds modules of the extension, is not on Blender's path.
    sys.path[:] = [entry for entry in patient.path if entry]

    def say(news: Mapping[str, Any]) -> None:
        sink.write(json.dumps(news).encode() + b"\n")
        sink.flush()

    examine(patient, say)
    sink.flush()
    # Not by the ordinary way: some libraries crash when they are unloaded.
    os._exit(0)


if __name__ == "__main__":
    main()
