#!/usr/bin/env python3
"""The one tool of this repository: sets everything up in a private ``.venv``, then does the job that was asked for.

    python3 build.py run "a red sports car"     a textured object as .blend, .glb and a picture, in the folder out
    python3 build.py test                       the test suite; further arguments go to pytest
    python3 build.py wheels                     fetches the wheels of requirements/wheels.lock into the folder wheels
    python3 build.py package                    the zips of the extension, checked, in the folder dist
    python3 build.py repository                 an extension repository of those zips, as a folder of files
    python3 build.py lock                       makes the lock anew after the pins were changed

Only the standard library is used here. Python 3.11 brings Blender 4.5 LTS as a module, Python 3.13 brings 5.2 LTS. The
packages are pinned in the folder requirements. Nothing outside this folder is changed, and nothing needs root rights;
libraries of the system that are missing are named together with the command that installs them.
"""

# Old versions of Python must get as far as the sentence that refuses them, so the syntax down to ``_refuse_python``,
# and annotations that are evaluated before it, stay plain.
import argparse
import contextlib
import ctypes
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent
#: Raised when a change here makes older environments unfit although the pins stayed the same.
FORMAT = 1
#: Blender line -> the Python that its module is built for. The exact release is in requirements/blender-LINE.txt.
LINES = {"4.2": (3, 11), "4.5": (3, 11), "5.0": (3, 11), "5.1": (3, 13), "5.2": (3, 13)}
#: Python -> the line that it gets unless another one is asked for.
DEFAULT_LINES = {(3, 11): "4.5", (3, 13): "5.2"}
#: Free disk space in GB that a set-up needs, and what the CUDA build of torch takes on top of it.
DISK_GB, DISK_LINE_GB, DISK_CUDA_GB = 4.0, 1.5, 5.0

#: Library that Blender or Open3D is linked against -> Debian package. ``.ci/run`` installs exactly these packages.
SYSTEM_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libICE.so.6": "libice6",
    "libSM.so.6": "libsm6",
    "libX11.so.6": "libx11-6",
    "libXext.so.6": "libxext6",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libXrender.so.1": "libxrender1",
    "libXt.so.6": "libxt6",
    "libXxf86vm.so.1": "libxxf86vm1",
    "libgomp.so.1": "libgomp1",
    "libidn2.so.0": "libidn2-0",
    "libudev.so.1": "libudev1",
    "libusb-1.0.so.0": "libusb-1.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
#: What makes libEGL draw without a screen and without a graphics card.
SOFTWARE_EGL = "a driver for libEGL"
SYSTEM_PACKAGES = {**SYSTEM_LIBRARIES, SOFTWARE_EGL: "libegl-mesa0 libgl1-mesa-dri"}


class BuildError(Exception):
    """Ends the call with exit status 1; the message is the one sentence that the user reads."""


def refusal(version: "Sequence[Any]") -> str:
    """Why this version of Python cannot be used; empty if it can."""
    if tuple(version[:2]) in DEFAULT_LINES:
        return ""
    return (
        f"build.py: Python {version[0]}.{version[1]} does not fit, because Blender comes as a module for Python 3.11 "
        "and 3.13 only; call build.py with python3.11 or python3.13."
    )


def _refuse_python() -> None:
    reason = refusal(sys.version_info)
    if reason:
        sys.exit(reason)


if __name__ == "__main__":
    _refuse_python()


class Environment(NamedTuple):
    """One private virtual environment.

    Attributes:
        folder: where it is.
        line: the Blender line that it holds.
        interpreter: the Python that makes it.
        base: an environment of the same Python whose packages this one sees behind its own, or None. An extra Blender
            line holds nothing but its own ``bpy``.
    """

    folder: Path
    line: str
    interpreter: str
    base: "Environment | None" = None

    @property
    def version(self) -> tuple[int, int]:
        return LINES[self.line]

    @property
    def scripts(self) -> Path:
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        return self.scripts / ("python.exe" if os.name == "nt" else "python")

    @property
    def packages(self) -> Path:
        if os.name == "nt":
            return self.folder / "Lib" / "site-packages"
        return self.folder / "lib" / "python{}.{}".format(*self.version) / "site-packages"

    @property
    def stamp(self) -> Path:
        """Written last: what the finished environment holds."""
        return self.folder / "latte3d-setup.json"

    @property
    def unfinished(self) -> Path:
        """There while a set-up is under way, so that a broken-off one is noticed."""
        return self.folder / "latte3d-setup-unfinished"

    @property
    def log(self) -> Path:
        return self.folder / "latte3d-setup.log"


# ---------------------------------------------------------------------------------------------- which environment


def choose_environment(line: "str | None" = None, python: "str | None" = None) -> Environment:
    """The environment for a Blender line; without a line, the one for the running Python.

    The running Python's own line is in ``.venv``, all others are in ``.venv-LINE``. If ``.venv`` already belongs to the
    other Python it stays as it is.

    Raises:
        BuildError: the line is unknown, or there is no Python that fits it.
    """
    own = DEFAULT_LINES[sys.version_info[:2]]
    line = line or own
    if line not in LINES:
        raise BuildError(f"there is no Blender line {line} here; take one of {', '.join(LINES)}.")
    version = LINES[line]
    main = ROOT / ".venv"
    held = venv_version(main)
    interpreter = find_python(version, python)
    if line == DEFAULT_LINES[version]:
        use_main = held == version if held else line == own
        return Environment(main if use_main else ROOT / f".venv-{line}", line, interpreter)
    base_line = DEFAULT_LINES[version]
    base_here = held == version if held else base_line == own
    base = Environment(main if base_here else ROOT / f".venv-{base_line}", base_line, interpreter)
    return Environment(ROOT / f".venv-{line}", line, interpreter, base)


def venv_version(folder: Path) -> "tuple[int, int] | None":
    """The Python version of a virtual environment, read from its ``pyvenv.cfg``; None if there is none."""
    try:
        text = (folder / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"^version(?:_info)?\s*=\s*(\d+)\.(\d+)", text, re.MULTILINE)
    return (int(found[1]), int(found[2])) if found else None


def find_python(version: tuple[int, int], given: "str | None" = None) -> str:
    """A Python of that version: the given one, the running one, or one found on this machine.

    Raises:
        BuildError: there is none, or the given one is of another version.
    """
    name = "{}.{}".format(*version)
    if given:
        if _version_of([given]) != version:
            raise BuildError(f"{given} is not a Python {name}, which this Blender line needs; name another one.")
        return given
    if sys.version_info[:2] == version:
        return sys.executable
    candidates = [f"python{name}"]
    for folder in (os.environ.get("PYENV_ROOT"), Path.home() / ".pyenv"):
        if folder:
            candidates += sorted(map(str, Path(folder).glob(f"versions/{name}.*/bin/python{name}")), reverse=True)
    for candidate in candidates:
        if _version_of([candidate]) == version:
            return candidate
    # The launcher of Windows knows every installed Python.
    if os.name == "nt" and _version_of(["py", f"-{name}"]) == version:
        return _answer(["py", f"-{name}", "-c", "import sys; print(sys.executable)"])
    raise BuildError(f"this Blender line needs Python {name}, which is not found; install it or name it with --python.")


def _version_of(command: list[str]) -> "tuple[int, ...]":
    answer = _answer([*command, "-c", "import sys; print(*sys.version_info[:2])"])
    return tuple(int(number) for number in answer.split()) if re.fullmatch(r"\d+ \d+", answer) else ()


def _answer(command: list[str]) -> str:
    """What a program prints, without blanks around it; empty if it cannot be run or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


# ------------------------------------------------------------------------------------------------------- set-up


def requirement_files(environment: Environment) -> list[Path]:
    """The files with the pins that decide what the environment holds."""
    folder = ROOT / "requirements"
    line = [folder / f"blender-{environment.line}.txt"]
    if environment.base:
        return line
    return [folder / f"{name}.txt" for name in ("base", "test", "torch", "torch-cuda")] + line


def fingerprint(environment: Environment) -> dict[str, Any]:
    """What a finished environment's stamp must say, less the build of torch in it."""
    pins = hashlib.sha256()
    for path in requirement_files(environment):
        pins.update(path.read_bytes())
    mark = {
        "format": FORMAT,
        "python": "{}.{}".format(*environment.version),
        "line": environment.line,
        "pins": pins.hexdigest(),
        "root": str(ROOT),
    }
    if environment.base:
        mark["base"] = fingerprint(environment.base)["pins"]
    return mark


def read_stamp(environment: Environment) -> dict[str, Any]:
    """The stamp of a finished environment; empty if there is none or it cannot be read."""
    try:
        stamp = json.loads(environment.stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def is_ready(environment: Environment, torch: str) -> bool:
    """True if the environment is finished and holds what is pinned now.

    Arguments:
        torch: ``"needed"``; ``"wanted"`` (go on without it where it cannot be had); ``"left out"``.
    """
    stamp = read_stamp(environment)
    held = stamp.pop("torch", None)
    enough = {
        "needed": ("cpu", "cuda"),
        "wanted": ("cpu", "cuda", "not to be had"),
        "left out": ("cpu", "cuda", "not to be had", "left out"),
    }[torch]
    return (
        (environment.base is not None or held in enough)
        and stamp == fingerprint(environment)
        and not environment.unfinished.exists()
        and environment.python.exists()
    )


def set_up(environment: Environment, torch: str) -> None:
    """Make the environment, or finish it, or see that there is nothing to do (then pip is not even started).

    Arguments:
        torch: as in ``is_ready``.

    Raises:
        BuildError: it cannot be done; what was fetched so far stays in pip's cache.
    """
    if environment.base:
        set_up(environment.base, torch)
    if is_ready(environment, torch):
        return
    with only_one_set_up():
        if is_ready(environment, torch):
            return
        begin = time.monotonic()
        _say(f"Setting up {environment.folder.name} with Blender {environment.line}; this is done once.")
        try:
            _make_room(environment)
            state = _install(environment, torch)
        except OSError as error:
            raise BuildError(f"{environment.folder} cannot be set up ({error}); mend that and call again.") from error
        environment.stamp.write_text(json.dumps({**fingerprint(environment), "torch": state}), encoding="utf-8")
        _say(f"Set up in {time.monotonic() - begin:.0f} s.")


def _make_room(environment: Environment) -> None:
    """Leave an environment in place that can be installed into; a broken or foreign one is made anew."""
    folder = environment.folder
    known = (folder / "pyvenv.cfg").exists() or environment.unfinished.exists()
    if folder.exists() and any(folder.iterdir()) and not known:
        raise BuildError(f"{folder} is not a virtual environment; move it away and call again.")
    fits = venv_version(folder) == environment.version and environment.python.exists()
    fresh = environment.unfinished.exists() or not fits
    need = DISK_LINE_GB if environment.base else DISK_GB
    if fresh:
        if folder.exists():
            _say(f"{folder.name} is unfinished or unfit; making it anew.")
            shutil.rmtree(folder)
        check_disk(need)
        folder.mkdir()
    environment.stamp.unlink(missing_ok=True)
    environment.unfinished.touch()
    if fresh:
        _run_logged(environment, [environment.interpreter, "-m", "venv", str(folder)], "the virtual environment")


def check_disk(gigabytes: float) -> None:
    """Raises BuildError unless that much space is free beside this file."""
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < gigabytes:
        raise BuildError(f"the set-up needs {gigabytes:.1f} GB of free disk space, here are {free:.1f} GB; make room.")


def _install(environment: Environment, torch: str) -> str:
    """Fetch the packages, link this folder in, see that it works; returns the state of torch for the stamp."""
    for link in environment.packages.glob("latte3d*.pth"):
        # pip must not see the base environment's packages, or it would try to replace them.
        link.unlink()
    state = ""
    if environment.base is None:
        _say("  packages (250 MB)")
        _pip(environment, "base", "test")
        state = _install_torch(environment, torch)
    _say(f"  Blender {environment.line} as a module (400 MB)")
    _pip(environment, f"blender-{environment.line}")
    link_project(environment)
    # All packages are there. If the system lacks something, the next call begins here and fetches nothing again.
    environment.unfinished.unlink()
    _say("  does everything start?")
    missing = missing_libraries(environment)
    if missing:
        raise BuildError(library_sentence(missing))
    _check_imports(environment, state in ("cpu", "cuda"))
    return state


def _install_torch(environment: Environment, torch: str) -> str:
    if torch == "left out":
        return "left out"
    _say("  torch (200 to 500 MB)")
    try:
        _pip(environment, "torch")
        if not needs_cuda(environment.packages):
            return "cpu"
        _say("  torch's CUDA libraries (2 GB; --without-torch tests without them)")
        check_disk(DISK_CUDA_GB)
        _pip(environment, "torch-cuda")
        return "cuda"
    except BuildError as error:
        if torch == "needed":
            raise BuildError(f"generating needs torch, but {error}") from error
        _say(f"  torch cannot be had, so whatever generates is left out: {error}")
        # A torch without its libraries is worse than none: importing it fails in the middle.
        _run_logged(environment, [*_pip_command(environment), "uninstall", "--yes", "torch"], "the removal of torch")
        return "not to be had"


def needs_cuda(packages: Path) -> bool:
    """True if the torch in this folder is the build that is linked against CUDA's libraries."""
    for metadata in packages.glob("torch-*.dist-info/METADATA"):
        header = metadata.read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
        return sys.platform.startswith("linux") and "\nRequires-Dist: nvidia-" in header
    return False


def link_project(environment: Environment) -> None:
    """Make this folder importable in the environment and put the command ``latte3d`` beside its Python.

    No package is built for it, so it needs no network and edits to the code count at once.
    """
    paths = [str(ROOT)]
    if environment.base:
        # A plain path comes after the environment's own packages, so that its own bpy wins.
        paths.insert(0, str(environment.base.packages))
    (environment.packages / "latte3d.pth").write_text("\n".join(paths) + "\n", encoding="utf-8")
    start = "import sys; sys.argv[0] = 'latte3d'; from latte3d_core.cli import main; sys.exit(main())"
    if os.name == "nt":
        script = environment.scripts / "latte3d.cmd"
        script.write_text(f'@"%~dp0python.exe" -c "{start}" %*\n', encoding="utf-8")
        return
    script = environment.scripts / "latte3d"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(str(environment.python))} -c "{start}" "$@"\n', encoding="utf-8")
    script.chmod(0o755)


def _check_imports(environment: Environment, torch: bool) -> None:
    code = "import bpy; from latte3d_core._open3d import load_open3d; load_open3d(); import numpy, PIL, trimesh, xatlas"
    if torch:
        code += "; import torch; from transformers import AutoModel, AutoTokenizer"
    _run_logged(environment, [str(environment.python), "-c", code], "the first start of the packages")


def _pip_command(environment: Environment) -> list[str]:
    return [str(environment.python), "-m", "pip", "--disable-pip-version-check", "--no-input"]


def _pip(environment: Environment, *names: str) -> None:
    """Install requirements/NAME.txt; each line is exact and complete, so pip need not look at dependencies."""
    command = [*_pip_command(environment), "install", "--no-deps", "--no-compile", "--progress-bar", "off"]
    for name in names:
        command += ["-r", str(ROOT / "requirements" / f"{name}.txt")]
    _run_logged(environment, command, "the download")


def _run_logged(environment: Environment, command: list[str], what: str) -> None:
    """Run a program with its output going to the log of the set-up.

    Raises:
        BuildError: it failed; the sentence holds the reason found in its output.
    """
    with environment.log.open("ab+") as log:
        start = log.seek(0, os.SEEK_END)
        status = wait_for(command, stdout=log, stderr=subprocess.STDOUT, env=clean_variables(environment))
        log.seek(start)
        output = log.read().decode("utf-8", "replace")
    if status:
        raise BuildError(failure_sentence(what, output, environment.log))


def failure_sentence(what: str, output: str, log: Path) -> str:
    """One sentence for a failed step of the set-up, made from what the program printed."""
    if re.search(
        r"name resolution|NewConnectionError|Failed to establish|Network is unreachable|Max retries exceeded"
        r"|ConnectTimeout|ReadTimeout|Connection aborted|ConnectionResetError|ProxyError",
        output,
    ):
        return "the packages could not be fetched because the network cannot be reached; connect it and call again."
    if "No space left on device" in output:
        return "the disk is full; make room and call again."
    if "ensurepip is not" in output:
        return "this Python has no venv module; install it (Debian and its kin: apt-get install python3-venv)."
    library = re.search(r"(\S+\.so[\w.]*): cannot open shared object file", output)
    if library:
        return library_sentence([library[1]])
    lines = [line.strip() for line in output.splitlines() if line.strip() and not line.startswith("WARNING")]
    told = [line for line in lines if re.match(r"ERROR|[\w.]*(Error|Exception)\b", line)] or lines
    return f"{what} failed ({told[-1].rstrip('.') if told else 'without a word'}); the whole output is in {log}."


@contextlib.contextmanager
def only_one_set_up() -> Iterator[None]:
    """Let one process at a time set up; others wait. The lock is on this very file and ends with its process."""
    with Path(__file__).open("rb") as handle:
        told = False
        while not _try_lock(handle):
            if not told:
                _say("Another call is setting up this folder; waiting for it.")
            told = True
            time.sleep(0.5)
        yield


def _try_lock(handle: Any) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            # A byte far behind the end: Windows lets nobody read a locked byte, and this file must stay readable.
            handle.seek(1 << 30)
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


# --------------------------------------------------------------------------------------- libraries of the system


def missing_libraries(environment: Environment) -> list[str]:
    """Names of the shared libraries that Blender and Open3D miss on this system; Linux only, else empty."""
    if not sys.platform.startswith("linux"):
        return []
    missing: set[str] = set()
    for path in (environment.packages, environment.base.packages if environment.base else environment.packages):
        for pattern in ("bpy/__init__*.so", "open3d/pybind*.so"):
            for module in path.glob(pattern):
                missing.update(not_found(_answer(["ldd", str(module)])))
    # Loaded by Blender only when it draws, so ldd does not list it.
    try:
        ctypes.CDLL("libEGL.so.1")
    except OSError:
        missing.add("libEGL.so.1")
    folders = ("/usr/share/glvnd/egl_vendor.d", "/etc/glvnd/egl_vendor.d", "/usr/lib/glvnd/egl_vendor.d")
    if not any(list(Path(folder).glob("*.json")) for folder in folders):
        missing.add(SOFTWARE_EGL)
    return sorted(missing)


def not_found(listing: str) -> list[str]:
    """The libraries that ldd's output calls "not found"."""
    return re.findall(r"^\s*(\S+) => not found", listing, re.MULTILINE)


def library_sentence(missing: Iterable[str], debian: "bool | None" = None, root: "bool | None" = None) -> str:
    """One sentence that names missing libraries and the command that installs them.

    Arguments:
        missing: names such as ``libusb-1.0.so.0``.
        debian: whether the command is one for Debian and its kin; None looks for apt-get.
        root: whether the user may install without sudo; None looks.
    """
    names = sorted(set(missing))
    debian = shutil.which("apt-get") is not None if debian is None else debian
    root = (hasattr(os, "geteuid") and os.geteuid() == 0) if root is None else root
    packages = " ".join(dict.fromkeys(SYSTEM_PACKAGES[name] for name in names if name in SYSTEM_PACKAGES))
    what = f"Blender and Open3D need libraries that this system lacks ({', '.join(names)})"
    if debian and packages:
        return f"{what}; install them with: {'' if root else 'sudo '}apt-get install {packages}"
    return f"{what}; install them with your system's package manager and call again."


# ---------------------------------------------------------------------------------------------------- running


def clean_variables(environment: Environment) -> dict[str, str]:
    """The variables for programs in the environment: nothing of the user's Python, pip and Blender settings."""
    unwanted = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIREMENT")
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return {
        **kept,
        "PYTHONNOUSERSITE": "1",
        "PIP_USER": "0",
        "BLENDER_USER_RESOURCES": str(environment.folder / "blender_user"),
        # The text encoder's files are in a package; nothing is to be looked up anywhere.
        "HF_HUB_OFFLINE": "1",
    }


def wait_for(command: Sequence[str], **options: Any) -> int:
    """Run a program to its end and return its exit status; at Ctrl-C it gets ten seconds to tidy up."""
    process = subprocess.Popen(command, **options)
    try:
        status = process.wait()
    except KeyboardInterrupt:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise
    # Ended by a signal: the shell's way of saying so.
    return status if status >= 0 else 128 - status


def run(options: argparse.Namespace) -> int:
    """``build.py run``: one prompt through the extension in Blender."""
    environment = choose_environment()
    set_up(environment, "needed")
    command = [str(environment.python), str(ROOT / "latte3d_blender" / "headless.py"), "run"]
    # With "=", so that a prompt may begin with a dash.
    command += [f"--prompt={options.prompt}", f"--out={options.out.absolute()}"]
    for name in ("seed", "alpha", "faces", "texture_size"):
        value = getattr(options, name)
        if value is not None:
            command.append(f"--{name.replace('_', '-')}={value}")
    return wait_for(command, env=clean_variables(environment))


def test(options: argparse.Namespace) -> int:
    """``build.py test``: the test suite, or for another Blender line the tests that need Blender."""
    environment = choose_environment(options.blender, options.python)
    set_up(environment, "left out" if options.without_torch else "wanted")
    arguments = list(options.pytest)
    named = any(Path(ROOT, argument.split("::")[0]).exists() for argument in arguments if not argument.startswith("-"))
    if options.blender and not named:
        arguments.append("tests/blender")
    command = [str(environment.python), "-m", "pytest", *arguments]
    return wait_for(command, cwd=ROOT, env=clean_variables(environment))


# -------------------------------------------------------------------------------------------------- publishing


@contextlib.contextmanager
def _told_by_publishing() -> Iterator[None]:
    """The errors of the modules that pack and publish, as those of this file."""
    from latte3d_blender.publishing import PublishError
    from latte3d_blender.wheel_lock import LockError

    try:
        yield
    except (LockError, PublishError) as error:
        raise BuildError(str(error)) from error


def fetch(target: Any, requirements: Iterable[str], folder: Path) -> None:
    """Let pip download wheels for another system and Python into ``folder``, nothing but the named ones.

    Arguments:
        target: a ``wheel_lock.Target``.
        requirements: as lines of a requirements file.

    Raises:
        BuildError: something is not to be had.
    """
    from latte3d_blender.wheel_lock import PIP_PLATFORMS

    tag = "cp" + target.python.replace(".", "")
    command = [_python_with_pip(), "-m", "pip", "--disable-pip-version-check", "--no-input", "download", "--no-deps"]
    command += ["--only-binary=:all:", "--progress-bar=off", f"--dest={folder}", f"--python-version={target.python}"]
    command += ["--implementation=cp", f"--abi={tag}", "--abi=abi3", "--abi=none"]
    command += [f"--platform={name}" for name in PIP_PLATFORMS[target.platform]]
    log = ROOT / "dist" / "wheels.log"
    log.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        listing = Path(scratch) / "requirements.txt"
        listing.write_text("".join(f"{line}\n" for line in requirements), encoding="utf-8")
        done = subprocess.run([*command, "-r", str(listing)], capture_output=True, check=False)
    output = (done.stdout + done.stderr).decode("utf-8", "replace")
    log.write_text(output, encoding="utf-8")
    if done.returncode:
        raise BuildError(failure_sentence("the download", output, log))


def _python_with_pip() -> str:
    own = Environment(ROOT / ".venv", DEFAULT_LINES[sys.version_info[:2]], sys.executable).python
    for python in (str(own), sys.executable):
        if _answer([python, "-m", "pip", "--version"]):
            return python
    raise BuildError("there is no pip here; call build.py test first, which sets up an environment that has it.")


def _targets(options: argparse.Namespace) -> "tuple[Any, ...]":
    """The targets that the command line asks for; those with CUDA, which take gigabytes, only by name."""
    from latte3d_blender.wheel_lock import choose_targets

    return choose_targets(options.platform, options.python, options.accelerator or ("cpu", "mps"))


def _selected(shop: Any, options: argparse.Namespace) -> "Iterator[tuple[Any, tuple[Any, ...]]]":
    """Each target that the command line asks for, with its wheels; one that the lock is not complete for is told of."""
    from latte3d_blender.wheel_lock import IncompleteError

    for target in _targets(options):
        try:
            chosen = shop.select(target)
        except IncompleteError as error:
            _say(f"{target.name} is left out: {error}")
            continue
        yield target, chosen


def wheels(options: argparse.Namespace) -> int:
    """``build.py wheels``: the wheels of the lock, compared with their checksums; those that are here stay."""
    from latte3d_blender.publishing import Workshop
    from latte3d_blender.wheel_lock import is_complete

    shop = Workshop(ROOT)
    done = 0
    failed: list[str] = []
    with _told_by_publishing():
        for target, chosen in _selected(shop, options):
            missing = [wheel for wheel in chosen if not is_complete(wheel, shop.wheels)]
            if missing:
                size = sum(wheel.size for wheel in missing)
                _say(f"{target.name}: {len(missing)} of {len(chosen)} wheels, {size / 1e6:.0f} MB")
                for wheel in missing:
                    (shop.wheels / wheel.file).unlink(missing_ok=True)
                try:
                    fetch(target, [f"{w.package}==={w.version} --hash=sha256:{w.sha256}" for w in missing], shop.wheels)
                except BuildError as error:
                    _say(f"{target.name} is not complete: {error}")
                    failed.append(target.name)
                    continue
                wrong = [wheel.file for wheel in missing if not is_complete(wheel, shop.wheels)]
                if wrong:
                    raise BuildError(f"pip fetched other files than {', '.join(wrong)}; look into dist/wheels.log.")
            _say(f"{target.name}: {len(chosen)} wheels, {sum(wheel.size for wheel in chosen) / 1e6:.0f} MB, all there")
            done += 1
    if failed:
        raise BuildError(
            f"not all wheels are here for {', '.join(failed)}. PyTorch for the processor on Linux (+cpu in its "
            "version) is on PyTorch's own index, which pip looks into if PIP_EXTRA_INDEX_URL has its address."
        )
    return 0 if done else 1


def lock(options: argparse.Namespace) -> int:
    """``build.py lock``: let pip find the pinned packages for every target, and write down what it finds.

    A target for which something is not to be had here keeps its lines of the lock, as far as they fit the pins.
    """
    from latte3d_blender.wheel_lock import (
        LOCK,
        TARGETS,
        WHEELS,
        LockedWheel,
        format_lock,
        merge,
        read_lock,
        requests,
    )

    folder, path = ROOT / WHEELS, ROOT / LOCK
    folder.mkdir(exist_ok=True)
    found: dict[Any, list[LockedWheel]] = {}
    with _told_by_publishing():
        old = read_lock(path) if path.exists() else ()
        for target in TARGETS:
            _say(target.name)
            with tempfile.TemporaryDirectory(dir=folder, prefix=".") as scratch:
                try:
                    fetch(target, requests(ROOT, target), Path(scratch))
                except BuildError as error:
                    _say(f"  stays as it is: {error}")
                    continue
                files = sorted(Path(scratch).glob("*.whl"))
                found[target] = [LockedWheel.of(file) for file in files]
                for file in files:
                    os.replace(file, folder / file.name)
        path.write_text(format_lock(merge(ROOT, found, old)), encoding="utf-8")
    return 0


def package(options: argparse.Namespace) -> int:
    """``build.py package``: the lean zip, a full zip for each target, and runtime packs if asked for; all checked."""
    from latte3d_blender import publishing
    from latte3d_blender.wheel_lock import TARGETS

    shop = publishing.Workshop(ROOT)
    made: list[Path] = []
    skipped: list[str] = []
    with _told_by_publishing():
        targets = _targets(options)
        if options.edition in ("lean", "all"):
            made.append(publishing.build_lean(shop, options.out, TARGETS))
        for target in targets:
            # CUDA's libraries are not free, so they are in no zip of the extension.
            if options.edition in ("full", "all") and target.accelerator != "cuda":
                _try_to_make(
                    lambda target=target: publishing.build_full(shop, options.out, target, options.own_use),
                    f"full {target.name}",
                    made,
                    skipped,
                )
        found = [f"{archive.name}: {fault}" for archive in made for fault in _look_at(archive, options.own_use)]
        if options.edition == "pack":
            for target in targets:
                _try_to_make(
                    lambda target=target: publishing.build_pack(shop, options.out, target, options.own_use),
                    f"pack {target.name}",
                    made,
                    skipped,
                )
    for archive in made:
        _say(f"{archive} ({archive.stat().st_size / 1e6:.1f} MB)")
    for line in skipped:
        _say(line)
    for fault in found:
        _say(f"fault: {fault}")
    if found:
        raise BuildError("the zips are not fit to be published; the faults stand above.")
    return 0 if made else 1


def _try_to_make(make: "Callable[[], Path]", name: str, made: "list[Path]", skipped: "list[str]") -> None:
    try:
        with _told_by_publishing():
            made.append(make())
    except BuildError as error:
        skipped.append(f"not made: {name}, because {error}")


def _look_at(archive: Path, own_use: bool) -> "list[str]":
    """Everything that is wrong with a zip: what Blender's tools say, and what they overlook."""
    from latte3d_blender import publishing

    tools = publishing.find_tools(ROOT)
    if not tools:
        _say("Blender's own check is left out, because no environment with Blender is here; call build.py test first.")
    else:
        _say(f"{archive.name} is shown to the tools of Blender {', '.join(tools)}.")
    told = [(line, publishing.validate(tool, archive)) for line, tool in tools.items()]
    found = [f"Blender {line} says: {words}" for line, words in told if words]
    return found + publishing.faults(ROOT, archive, own_use)


def repository(options: argparse.Namespace) -> int:
    """``build.py repository``: an extension repository of the zips that ``package`` made."""
    from latte3d_blender import publishing
    from latte3d_blender.packing import read_version

    tools = publishing.find_tools(ROOT)
    if not tools:
        raise BuildError("Blender's tool for extensions is not here; call build.py test first, which fetches Blender.")
    archives = sorted(options.zips.glob(f"latte3d-{read_version(ROOT)}-*.zip"))
    if not archives:
        raise BuildError(f"there are no zips in {options.zips}; call build.py package first.")
    with _told_by_publishing():
        shop = publishing.Workshop(ROOT)
        files = {}
        if options.runtime:
            for _, chosen in _selected(shop, options):
                files.update({path.name: path for path in publishing.check_folder(chosen, shop.wheels)})
        made = publishing.build_repository(
            list(tools.values())[-1], archives, options.out, list(files.values()), options.own_use
        )
    for index in made:
        _say(index.absolute().as_uri())
    return 0 if made else 1


def parse(arguments: "Sequence[str] | None" = None) -> argparse.Namespace:
    """Read the command line. The function to call is in ``action``, what pytest gets is in ``pytest``."""
    parser = argparse.ArgumentParser(
        prog="build.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    runner = commands.add_parser(
        "run", allow_abbrev=False, help="make an object from a prompt", description="Make an object from a prompt."
    )
    runner.add_argument("prompt", metavar="PROMPT", help='what to make, for example "a red sports car"')
    runner.add_argument("--out", type=Path, default=ROOT / "out", metavar="DIR", help="for the files (default: out)")
    runner.add_argument("--seed", type=int, metavar="N", help="0 is the plain answer, other numbers vary the shape")
    runner.add_argument("--alpha", type=float, metavar="A", help="how strongly the seed's shape is followed, 0 to 1")
    runner.add_argument("--faces", type=int, metavar="N", help="face budget (default: 5000)")
    runner.add_argument("--texture-size", type=int, metavar="N", help="texture width and height (default: 1024)")
    runner.set_defaults(action=run)
    tester = commands.add_parser(
        "test",
        allow_abbrev=False,
        help="run the test suite",
        usage="build.py test [--blender LINE] [--python PATH] [--without-torch] [pytest arguments ...]",
        description="Run the test suite. All other arguments go to pytest.",
    )
    tester.add_argument("--blender", choices=LINES, metavar="LINE", help=f"another Blender to test: {', '.join(LINES)}")
    tester.add_argument("--python", metavar="PATH", help="the Python that makes the environment of that Blender")
    tester.add_argument("--without-torch", action="store_true", help="leave torch and every test that needs it out")
    tester.set_defaults(action=test)
    fetcher = commands.add_parser(
        "wheels",
        allow_abbrev=False,
        help="fetch the wheels that go into the zips",
        description="Fetch the wheels of requirements/wheels.lock into the folder wheels and check them.",
    )
    _add_targets(fetcher)
    fetcher.set_defaults(action=wheels)
    locker = commands.add_parser(
        "lock",
        allow_abbrev=False,
        help="write requirements/wheels.lock anew",
        description="Find the pinned packages for every system and write down their checksums.",
    )
    locker.set_defaults(action=lock)
    packer = commands.add_parser(
        "package",
        allow_abbrev=False,
        help="make the zips of the extension",
        description="Make the zips of the extension and check them.",
    )
    _add_targets(packer)
    packer.add_argument(
        "--edition",
        choices=("all", "lean", "full", "pack"),
        default="all",
        help="lean: without packages, for every system; full: with them; all: both (default); pack: packages alone",
    )
    packer.add_argument(
        "--own-use", action="store_true", help="zips also where their packages must not be passed on like that"
    )
    packer.add_argument("--out", type=Path, default=ROOT / "dist", metavar="DIR", help="for the zips (default: dist)")
    packer.set_defaults(action=package)
    server = commands.add_parser(
        "repository",
        allow_abbrev=False,
        help="make an extension repository",
        description="Make an extension repository of the zips, as a folder of files that needs no server.",
    )
    _add_targets(server)
    server.add_argument("--zips", type=Path, default=ROOT / "dist", metavar="DIR", help="with the zips (default: dist)")
    server.add_argument("--runtime", action="store_true", help="put the wheels in as well, for lean zips")
    server.add_argument("--own-use", action="store_true", help="list the zips for one's own machines as well")
    server.add_argument(
        "--out", type=Path, default=ROOT / "dist" / "repository", metavar="DIR", help="default: dist/repository"
    )
    server.set_defaults(action=repository)
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "test":
        commands.choices[options.command].error(f"unrecognized arguments: {' '.join(rest)}")
    options.pytest = rest
    return options


def _add_targets(parser: argparse.ArgumentParser) -> None:
    """Options that choose systems, Pythons and accelerators; each may be given several times."""
    for name, choices in {
        "platform": ("windows-x64", "macos-arm64", "linux-x64"),
        "python": ("3.11", "3.13"),
        "accelerator": ("cpu", "cuda", "mps"),
    }.items():
        parser.add_argument(
            f"--{name}", action="append", choices=choices, default=[], help=f"{', '.join(choices)}; may be repeated"
        )


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Do what the command line asks for; returns the exit status."""
    options = parse(arguments)
    try:
        return options.action(options)
    except BuildError as error:
        _say(f"build.py: {error}")
        return 1
    except KeyboardInterrupt:
        _say("build.py: stopped.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
