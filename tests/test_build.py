"""build.py: everything short of really installing, which each first call of ``build.py test`` proves anew."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import build

ROOT = Path(__file__).resolve().parent.parent
OWN = build.DEFAULT_LINES[sys.version_info[:2]]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout: build.py thinks that it lives in a temporary folder, with the real pins."""
    (tmp_path / "requirements").mkdir()
    for path in (ROOT / "requirements").iterdir():
        (tmp_path / "requirements" / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(build, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def steps(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The set-up with every program replaced by a note in this list; making a venv leaves its bare bones."""
    done: list[str] = []

    def fake(environment: build.Environment, command: list[str], what: str) -> None:
        if "venv" in command:
            done.append("venv")
            make_venv(environment.folder, environment.version)
        elif "install" in command:
            done.append("pip " + " ".join(Path(word).stem for word in command if word.endswith(".txt")))
        else:
            done.append(what)

    monkeypatch.setattr(build, "_run_logged", fake)
    monkeypatch.setattr(build, "missing_libraries", lambda environment: [])
    monkeypatch.setattr(build, "check_disk", lambda gigabytes: None)
    return done


def make_venv(folder: Path, version: tuple[int, int]) -> None:
    name = "{}.{}".format(*version)
    packages = folder / "lib" / f"python{name}" / "site-packages"
    packages.mkdir(parents=True, exist_ok=True)
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / "python").touch()
    (folder / "pyvenv.cfg").write_text(f"home = somewhere\nversion = {name}.4\n")


def environment(root: Path, line: str = OWN) -> build.Environment:
    return build.Environment(root / ".venv", line, sys.executable)


# ------------------------------------------------------------------------------------------------- the command line


def test_run_takes_prompt_and_options() -> None:
    options = build.parse(["run", "a red car", "--out", "here", "--seed", "3", "--alpha", "0.5", "--faces", "900"])
    assert (options.action, options.prompt, options.out) == (build.run, "a red car", Path("here"))
    assert (options.seed, options.alpha, options.faces, options.texture_size) == (3, 0.5, 900, None)


def test_run_has_a_folder_for_its_results() -> None:
    assert build.parse(["run", "x"]).out == build.ROOT / "out"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["run"],
        ["run", "x", "--seed", "many"],
        ["run", "x", "--colour", "red"],
        ["run", "a", "red", "car"],
        ["bake"],
    ],
)
def test_wrong_command_lines_are_refused_with_status_2(arguments: list[str], capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as end:
        build.parse(arguments)
    assert end.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_test_hands_everything_else_to_pytest_in_order() -> None:
    options = build.parse(["test", "-x", "tests/test_build.py", "-k", "lock", "--blender", "4.2", "--durations=3"])
    assert options.pytest == ["-x", "tests/test_build.py", "-k", "lock", "--durations=3"]
    assert (options.action, options.blender, options.without_torch) == (build.test, "4.2", False)


def test_unknown_blender_line_is_refused(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        build.parse(["test", "--blender", "3.6"])
    assert "4.5" in capsys.readouterr().err


# -------------------------------------------------------------------------------------------------------- versions


@pytest.mark.parametrize("version", [(2, 7), (3, 6), (3, 10), (3, 12), (3, 14), (4, 0)])
def test_other_pythons_are_refused_in_one_sentence(version: tuple[int, int]) -> None:
    told = build.refusal((*version, 0, "final", 0))
    assert "{}.{}".format(*version) in told
    assert "3.11" in told
    assert "3.13" in told
    assert one_sentence(told)


@pytest.mark.parametrize("version", [(3, 11), (3, 13)])
def test_the_pythons_of_blender_are_taken(version: tuple[int, int]) -> None:
    assert build.refusal((*version, 9)) == ""


def test_old_syntax_down_to_the_refusal() -> None:
    """Python 3.6 must be able to compile the whole file and to evaluate the annotations above the refusal."""
    source = (ROOT / "build.py").read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 6))
    refusing = next(node for node in tree.body if isinstance(node, ast.If) and "_refuse_python" in ast.dump(node))
    for node in tree.body[: tree.body.index(refusing)]:
        for function in (part for part in ast.walk(node) if isinstance(part, ast.FunctionDef)):
            for annotation in [argument.annotation for argument in function.args.args] + [function.returns]:
                assert annotation is None or isinstance(annotation, (ast.Constant, ast.Name)), function.name
    assert not any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)


def test_only_the_standard_library_is_imported() -> None:
    tree = ast.parse((ROOT / "build.py").read_text(encoding="utf-8"))
    # What publishes lies beside the extension, where the Doctor's half of it is, and keeps to the same rule.
    assert imported_names(tree) - {"latte3d_blender"} <= set(sys.stdlib_module_names)
    for name in ("packing", "publishing", "runtime_pack", "wheel_lock"):
        module = ast.parse((ROOT / "latte3d_blender" / f"{name}.py").read_text(encoding="utf-8"))
        assert imported_names(module) <= set(sys.stdlib_module_names), name


# ------------------------------------------------------------------------------------------------------------ pins


def pins(name: str) -> list[str]:
    lines = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_every_line_is_pinned_exactly(path: Path) -> None:
    lines = pins(path.stem)
    assert lines
    for line in lines:
        assert re.fullmatch(
            r"[a-z0-9]+(-[a-z0-9]+)*==[0-9][0-9a-z.]*( ; (python_version|sys_platform) [!=]= \"[\w.]+\")?", line
        ), line


def test_no_package_is_pinned_twice_for_the_same_case() -> None:
    cases = [re.sub(r"==[^ ]+", "", line) for name in ("base", "test", "torch", "torch-cuda") for line in pins(name)]
    assert len(cases) == len(set(cases))


def test_each_blender_line_has_one_pin_of_its_own_release() -> None:
    for line in build.LINES:
        (pin,) = pins(f"blender-{line}")
        assert pin.startswith(f"bpy=={line}.")


def test_numpy_fits_the_blender_of_each_python() -> None:
    numpy = dict(reversed(line.split(" ; ")) for line in pins("base") if line.startswith("numpy=="))
    assert re.match(r"numpy==1\.26\.", numpy['python_version == "3.11"'])
    assert re.match(r"numpy==2\.[2-9]\.", numpy['python_version == "3.13"'])


def imported_names(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def test_everything_that_is_imported_is_pinned() -> None:
    """A package that merely happens to be installed on a developer's machine is found here."""
    of_blender = {"bpy", "bmesh", "bpy_extras", "mathutils", "gpu", "blf", "addon_utils", "bl_ext", "aud", "freestyle"}
    own = {"latte3d_core", "latte3d_blender", "tests", "build"}
    # Optional: used where it is installed, never required.
    optional = {"nvdiffrast"}
    renamed = {"PIL": "pillow", "yaml": "pyyaml"}
    known = {line.partition("==")[0] for name in ("base", "test", "torch") for line in pins(name)}
    files = [*ROOT.glob("*.py"), *(path for part in ("latte3d_*", "tests") for path in ROOT.glob(f"{part}/**/*.py"))]
    assert len(files) > 10
    # Tests put each other's folders on the path.
    helpers = {path.stem for path in ROOT.glob("tests/**/*.py")}
    missing = {}
    for path in files:
        beside = {other.stem for other in path.parent.glob("*.py")}
        if path.is_relative_to(ROOT / "tests"):
            beside |= helpers
        for name in imported_names(ast.parse(path.read_text(encoding="utf-8"))) - beside - own - of_blender - optional:
            package = renamed.get(name, name).replace("_", "-").lower()
            if name not in sys.stdlib_module_names and package not in known:
                missing.setdefault(name, str(path.relative_to(ROOT)))
    assert not missing


# --------------------------------------------------------------------------------------------- which environment


def test_the_running_python_gets_the_plain_folder(root: Path) -> None:
    chosen = build.choose_environment()
    assert chosen == build.Environment(root / ".venv", OWN, sys.executable)


def test_another_pythons_folder_is_left_alone(root: Path) -> None:
    other = next(version for version in build.DEFAULT_LINES if version != sys.version_info[:2])
    make_venv(root / ".venv", other)
    assert build.choose_environment().folder == root / f".venv-{OWN}"


def test_extra_lines_see_the_packages_of_the_plain_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "find_python", lambda version, given=None: "python-{}.{}".format(*version))
    chosen = build.choose_environment("5.0")
    assert (chosen.folder, chosen.interpreter) == (root / ".venv-5.0", "python-3.11")
    assert chosen.base is not None
    folder = root / (".venv" if OWN == "4.5" else ".venv-4.5")
    assert (chosen.base.folder, chosen.base.line, chosen.base.base) == (folder, "4.5", None)


def test_a_line_for_the_other_python_gets_a_folder_of_its_own(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "find_python", lambda version, given=None: "python-{}.{}".format(*version))
    line = next(line for line in build.DEFAULT_LINES.values() if line != OWN)
    chosen = build.choose_environment(line)
    assert (chosen.folder, chosen.base) == (root / f".venv-{line}", None)


def test_python_that_is_not_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    with pytest.raises(build.BuildError, match=r"needs Python 3\.99") as told:
        build.find_python((3, 99))
    assert one_sentence(str(told.value))


def test_python_is_found_among_pyenvs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, answer in (("3.99.2", "3 99"), ("3.99.1", "3 98")):
        python = tmp_path / "versions" / name / "bin" / "python3.99"
        python.parent.mkdir(parents=True)
        python.write_text(f"#!/bin/sh\necho {answer}\n")
        python.chmod(0o755)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert build.find_python((3, 99)) == str(tmp_path / "versions" / "3.99.2" / "bin" / "python3.99")


def test_a_given_python_of_another_version_is_refused() -> None:
    with pytest.raises(build.BuildError, match=r"not a Python 3\.99"):
        build.find_python((3, 99), sys.executable)
    assert build.find_python(sys.version_info[:2], sys.executable) == sys.executable


# ---------------------------------------------------------------------------------------------------------- set-up


def test_a_first_set_up_does_every_step_once_and_a_second_none(root: Path, steps: list[str]) -> None:
    place = environment(root)
    build.set_up(place, "needed")
    assert steps == ["venv", "pip base test", "pip torch", f"pip blender-{OWN}", "the first start of the packages"]
    assert json.loads(place.stamp.read_text())["torch"] == "cpu"
    assert not place.unfinished.exists()
    steps.clear()
    build.set_up(place, "needed")
    assert steps == []


def test_changed_pins_are_installed_into_the_same_folder(root: Path, steps: list[str]) -> None:
    place = environment(root)
    build.set_up(place, "needed")
    kept = place.folder / "kept"
    kept.touch()
    with (root / "requirements" / "test.txt").open("a") as file:
        file.write("another==1.0\n")
    steps.clear()
    build.set_up(place, "needed")
    assert "venv" not in steps
    assert "pip base test" in steps
    assert kept.exists()


@pytest.mark.parametrize("broken_off_at", ["venv", "pip base test", "pip torch", f"pip blender-{OWN}"])
def test_a_set_up_that_was_broken_off_starts_anew(
    root: Path, steps: list[str], monkeypatch: pytest.MonkeyPatch, broken_off_at: str
) -> None:
    place = environment(root)
    working = build._run_logged

    def interrupted(where: build.Environment, command: list[str], what: str) -> None:
        working(where, command, what)
        (place.folder / "half").touch()
        if steps[-1] == broken_off_at:
            raise KeyboardInterrupt

    monkeypatch.setattr(build, "_run_logged", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build.set_up(place, "needed")
    assert not build.is_ready(place, "left out")
    monkeypatch.setattr(build, "_run_logged", working)
    steps.clear()
    build.set_up(place, "needed")
    assert steps[0] == "venv"
    assert not (place.folder / "half").exists()
    assert build.is_ready(place, "needed")


def test_a_folder_whose_python_is_gone_is_made_anew(root: Path, steps: list[str]) -> None:
    place = environment(root)
    build.set_up(place, "needed")
    place.python.unlink()
    steps.clear()
    build.set_up(place, "needed")
    assert steps[0] == "venv"


def test_a_foreign_folder_is_not_touched(root: Path, steps: list[str]) -> None:
    (root / ".venv").mkdir()
    (root / ".venv" / "thesis.txt").write_text("ten years of work")
    with pytest.raises(build.BuildError, match="not a virtual environment") as told:
        build.set_up(environment(root), "needed")
    assert one_sentence(str(told.value))
    assert [path.name for path in (root / ".venv").iterdir()] == ["thesis.txt"]
    assert steps == []


@pytest.mark.parametrize("stamp", ["", "not json", "[1]", '{"format": 0}'])
def test_a_stamp_that_says_nothing_is_no_stamp(root: Path, steps: list[str], stamp: str) -> None:
    place = environment(root)
    build.set_up(place, "needed")
    place.stamp.write_text(stamp)
    assert not build.is_ready(place, "left out")


@given(
    held=st.sampled_from(["cpu", "cuda", "not to be had", "left out"]),
    wish=st.sampled_from(["needed", "wanted", "left out"]),
)
def test_which_torch_is_enough(tmp_path_factory: pytest.TempPathFactory, held: str, wish: str) -> None:
    folder = tmp_path_factory.mktemp("checkout")
    place = build.Environment(folder / ".venv", OWN, sys.executable)
    make_venv(place.folder, place.version)
    place.stamp.write_text(json.dumps({**build.fingerprint(place), "torch": held}))
    rank = {"left out": 0, "not to be had": 1, "cpu": 2, "cuda": 2}
    assert build.is_ready(place, wish) == (rank[held] >= {"left out": 0, "wanted": 1, "needed": 2}[wish])


def write_torch(packages: Path, requirement: str) -> None:
    folder = packages / "torch-2.13.0.dist-info"
    folder.mkdir(parents=True, exist_ok=True)
    text = f"Name: torch\nRequires-Dist: filelock\n{requirement}\nSummary: x\n\nRequires-Dist: nvidia-in-prose\n"
    (folder / "METADATA").write_text(text)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have one build")
def test_cuda_libraries_are_fetched_for_the_build_that_asks_for_them(
    root: Path, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = environment(root)
    working = build._run_logged

    def with_torch(where: build.Environment, command: list[str], what: str) -> None:
        working(where, command, what)
        if steps[-1] == "pip torch":
            write_torch(place.packages, 'Requires-Dist: nvidia-nccl-cu13==2.29.7; platform_system == "Linux"')

    monkeypatch.setattr(build, "_run_logged", with_torch)
    build.set_up(place, "wanted")
    assert steps[2:4] == ["pip torch", "pip torch-cuda"]
    assert json.loads(place.stamp.read_text())["torch"] == "cuda"


def test_the_plain_build_is_known_by_its_metadata(tmp_path: Path) -> None:
    assert not build.needs_cuda(tmp_path)
    write_torch(tmp_path, "Requires-Dist: jinja2")
    assert not build.needs_cuda(tmp_path)


def test_without_torch_the_tests_go_on_and_generating_is_refused(
    root: Path, steps: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    place = environment(root)
    working = build._run_logged

    def no_torch(where: build.Environment, command: list[str], what: str) -> None:
        working(where, command, what)
        if steps[-1] == "pip torch":
            raise build.BuildError("no wheel fits.")

    monkeypatch.setattr(build, "_run_logged", no_torch)
    build.set_up(place, "wanted")
    assert build.is_ready(place, "wanted")
    assert "no wheel fits" in capsys.readouterr().err
    assert "the removal of torch" in steps
    with pytest.raises(build.BuildError, match="needs torch") as told:
        build.set_up(place, "needed")
    assert one_sentence(str(told.value))


def test_torch_is_left_out_when_asked(root: Path, steps: list[str]) -> None:
    build.set_up(environment(root), "left out")
    assert "pip torch" not in steps
    assert not build.is_ready(environment(root), "wanted")


def test_an_extra_line_installs_nothing_but_its_blender(root: Path, steps: list[str]) -> None:
    base = build.Environment(root / ".venv", "4.5", sys.executable)
    extra = build.Environment(root / ".venv-4.2", "4.2", sys.executable, base)
    build.set_up(base, "needed")
    steps.clear()
    build.set_up(extra, "needed")
    assert steps == ["venv", "pip blender-4.2", "the first start of the packages"]
    assert (extra.packages / "latte3d.pth").read_text().splitlines() == [str(base.packages), str(root)]
    steps.clear()
    build.set_up(extra, "needed")
    assert steps == []


def test_missing_libraries_end_the_set_up_and_are_looked_for_again(
    root: Path, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "missing_libraries", lambda environment: ["libusb-1.0.so.0"])
    with pytest.raises(build.BuildError, match="libusb"):
        build.set_up(environment(root), "needed")
    monkeypatch.setattr(build, "missing_libraries", lambda environment: [])
    steps.clear()
    build.set_up(environment(root), "needed")
    assert "venv" not in steps
    assert build.is_ready(environment(root), "needed")


def test_too_small_a_disk_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build.shutil, "disk_usage", lambda path: SimpleNamespace(free=1.25e9))
    with pytest.raises(build.BuildError, match=r"4\.0 GB.*1\.2 GB") as told:
        build.check_disk(4.0)
    assert one_sentence(str(told.value))
    build.check_disk(1.0)


def test_an_operating_system_error_is_one_sentence(
    root: Path, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(environment: build.Environment, command: list[str], what: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(build, "_run_logged", refuse)
    with pytest.raises(build.BuildError, match="Permission denied") as told:
        build.set_up(environment(root), "needed")
    assert one_sentence(str(told.value))


# ------------------------------------------------------------------------------------- what a failed step is called


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (
            "WARNING: Retrying: NewConnectionError('Failed to establish a new connection')\nERROR: No matching x",
            "network",
        ),
        ("[Errno -3] Temporary failure in name resolution", "network"),
        ("ERROR: Could not install: [Errno 28] No space left on device: 'x'", "disk is full"),
        ("The virtual environment was not created because ensurepip is not available.", "venv module"),
        (
            "WARNING: a\nERROR: No matching distribution found for bpy==4.5.15\n",
            "No matching distribution found for bpy",
        ),
        ("ImportError: libSM.so.6: cannot open shared object file: No such file", "libsm6"),
        ("Traceback (most recent call last):\n  x\nModuleNotFoundError: No module named 'y'\n", "No module named 'y'"),
        ("", "without a word"),
    ],
)
def test_failures_become_one_sentence(output: str, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(build.shutil, "which", lambda name: name)
    told = build.failure_sentence("the download", output, tmp_path / "log")
    assert words in told
    assert "Traceback" not in told
    assert "\n" not in told


def test_a_failing_program_leaves_its_output_in_the_log(root: Path) -> None:
    place = environment(root)
    place.folder.mkdir()
    build._run_logged(place, [sys.executable, "-c", "print('all well, ERROR: not mine')"], "the first step")
    with pytest.raises(build.BuildError, match="ERROR: nothing fits"):
        build._run_logged(place, [sys.executable, "-c", "import sys; sys.exit('ERROR: nothing fits')"], "the download")
    assert "all well" in place.log.read_text()


# ---------------------------------------------------------------------------------------------- system libraries

LDD = """\
\tlinux-vdso.so.1 (0x00007ffd)
\tlibusb-1.0.so.0 => not found
\tlibX11.so.6 => /lib/x86_64-linux-gnu/libX11.so.6 (0x00007f)
\tlibSM.so.6 => not found
\t/lib64/ld-linux-x86-64.so.2 (0x00007f)
"""


def test_missing_libraries_are_read_from_ldd() -> None:
    assert build.not_found(LDD) == ["libusb-1.0.so.0", "libSM.so.6"]
    assert build.not_found("\tstatically linked\n") == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ldd is of Linux")
def test_every_module_of_blender_and_open3d_is_looked_at(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = build.Environment(root / ".venv", OWN, sys.executable)
    place = build.Environment(root / ".venv-x", OWN, sys.executable, base)
    for module in (place.packages / "bpy" / "__init__.so", base.packages / "open3d" / "pybind.x.so"):
        module.parent.mkdir(parents=True)
        module.touch()
    told = {"__init__.so": "\tlibXi.so.6 => not found\n", "pybind.x.so": LDD}
    monkeypatch.setattr(build, "_answer", lambda command: told[Path(command[1]).name])
    assert {"libXi.so.6", "libusb-1.0.so.0", "libSM.so.6"} <= set(build.missing_libraries(place))


def test_the_sentence_names_libraries_and_the_command() -> None:
    missing = ["libusb-1.0.so.0", build.SOFTWARE_EGL, "libusb-1.0.so.0"]
    told = build.library_sentence(missing, debian=True, root=False)
    assert told.endswith("sudo apt-get install libegl-mesa0 libgl1-mesa-dri libusb-1.0-0")
    assert "libusb-1.0.so.0" in told
    assert "sudo" not in build.library_sentence(missing, debian=True, root=True)


def test_the_sentence_elsewhere_has_no_command_of_debian() -> None:
    told = build.library_sentence(["libusb-1.0.so.0"], debian=False)
    assert "apt-get" not in told
    assert one_sentence(told)
    assert "apt-get" not in build.library_sentence(["libunheard.so.9"], debian=True)


def test_ci_installs_the_libraries_that_are_looked_for() -> None:
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    listed = re.search(r"packages=\(\n(.*?)\n\)", text, re.DOTALL)
    assert listed is not None
    assert set(listed[1].split()) == set(" ".join(build.SYSTEM_PACKAGES.values()).split())


# ------------------------------------------------------------------------------------------------------- running


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, root: Path) -> list[Any]:
    """Programs that would be started once the set-up, which is taken as done, is over."""
    started: list[Any] = []
    monkeypatch.setattr(build, "set_up", lambda environment, torch: started.append(torch))
    monkeypatch.setattr(build, "wait_for", lambda command, **options: started.append((command, options)) or 7)
    return started


def test_run_hands_the_prompt_to_blender_and_its_status_back(calls: list[Any], root: Path) -> None:
    assert build.main(["run", "a red car", "--out", "x", "--alpha", "0.25", "--texture-size", "512"]) == 7
    wish, (command, options) = calls
    assert wish == "needed"
    assert command[:3] == [str(root / ".venv/bin/python"), str(root / "latte3d_blender/headless.py"), "run"]
    assert command[3:] == ["--prompt=a red car", f"--out={Path.cwd() / 'x'}", "--alpha=0.25", "--texture-size=512"]
    assert options["env"]["BLENDER_USER_RESOURCES"].startswith(str(root / ".venv"))


def test_a_prompt_may_begin_with_a_dash(calls: list[Any]) -> None:
    build.main(["run", "--", "-5 degrees, a frozen lake"])
    assert "--prompt=-5 degrees, a frozen lake" in calls[1][0]


def test_test_runs_the_whole_suite(calls: list[Any], root: Path) -> None:
    assert build.main(["test", "-x"]) == 7
    wish, (command, options) = calls
    assert (wish, command[1:], options["cwd"]) == ("wanted", ["-m", "pytest", "-x"], root)
    build.main(["test", "--without-torch"])
    assert calls[2] == "left out"


def test_another_blender_runs_what_needs_blender_unless_tests_are_named(
    calls: list[Any], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "find_python", lambda version, given=None: "python")
    (root / "tests").mkdir()
    build.main(["test", "--blender", "5.0", "-x"])
    build.main(["test", "--blender", "5.0", "tests"])
    build.main(["test", "--blender", "5.0", "tests::test_one", "-k", "x"])
    assert [call[0][3:] for call in calls[1::2]] == [
        ["-x", "tests/blender"],
        ["tests"],
        ["tests::test_one", "-k", "x"],
    ]


def test_the_users_python_settings_stay_outside(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("PIP_TARGET", "elsewhere")
    monkeypatch.setenv("PIP_CERT", "kept")
    variables = build.clean_variables(environment(root))
    assert "elsewhere" not in variables.values()
    assert (variables["PIP_CERT"], variables["PYTHONNOUSERSITE"]) == ("kept", "1")


def test_errors_are_one_line_and_status_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    def fail(environment: build.Environment, torch: str) -> None:
        raise build.BuildError("it did not work; try again.")

    monkeypatch.setattr(build, "set_up", fail)
    assert build.main(["run", "x"]) == 1
    assert capsys.readouterr().err == "build.py: it did not work; try again.\n"


def test_the_status_of_a_program_is_handed_on() -> None:
    assert build.wait_for([sys.executable, "-c", "raise SystemExit(3)"]) == 3


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_a_killed_program_has_the_status_of_the_shell() -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert build.wait_for([sys.executable, "-c", code]) == 128 + signal.SIGKILL


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_ctrl_c_ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    """The running program gets the signal too and may tidy up."""
    sign, tidy = tmp_path / "started", tmp_path / "tidy"
    inner = (
        "import pathlib, time\n"
        f"try:\n    pathlib.Path({str(sign)!r}).touch(); time.sleep(60)\n"
        f"except KeyboardInterrupt:\n    time.sleep(0.5); pathlib.Path({str(tidy)!r}).touch()\n"
    )
    outer = (
        f"import sys, build; build.set_up = lambda *a: None; wait = build.wait_for\n"
        f"build.wait_for = lambda *a, **k: wait([sys.executable, '-c', {inner!r}])\n"
        "sys.exit(build.main(['run', 'x']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", outer], cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not sign.exists() and process.poll() is None:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told, tidy.exists()) == (130, "build.py: stopped.\n", True)


@pytest.mark.skipif(os.name == "nt", reason="the lock of Unix")
def test_a_second_set_up_waits_for_the_first(capsys: pytest.CaptureFixture) -> None:
    code = "import sys, build\nwith build.only_one_set_up():\n    print('locked', flush=True); sys.stdin.readline()\n"
    holder = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == "locked\n"
    with (ROOT / "build.py").open("rb") as handle:
        assert not build._try_lock(handle)
    # The lock goes with its process, however that ends.
    holder.kill()
    holder.communicate()
    with build.only_one_set_up(), (ROOT / "build.py").open("rb") as handle:
        assert not build._try_lock(handle)


# --------------------------------------------------------------------------------------------------- the project


@pytest.mark.skipif(os.name == "nt", reason="the shell script of Unix")
def test_the_command_starts_the_core_from_any_folder(tmp_path: Path) -> None:
    """Also from a checkout whose path has blanks and quotation marks in it."""
    place = build.Environment(tmp_path / "it's a 'test'" / ".venv", OWN, sys.executable)
    make_venv(place.folder, place.version)
    place.python.unlink()
    place.python.symlink_to(sys.executable)
    build.link_project(place)
    package = tmp_path / "fake" / "latte3d_core"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "cli.py").write_text("import sys\ndef main():\n    print(sys.argv)\n    return 5\n")
    done = subprocess.run(
        [place.scripts / "latte3d", "generate", 'a "red" car'],
        env={**os.environ, "PYTHONPATH": str(package.parent)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (5, "['latte3d', 'generate', 'a \"red\" car']\n")


def test_the_version_is_written_once() -> None:
    from latte3d_core._version import __version__

    assert 'attr = "latte3d_core._version.__version__"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for name in ("blender_manifest.toml", "pyproject.toml", "README.md", "build.py"):
        assert __version__ not in (ROOT / name).read_text(encoding="utf-8"), name


# ---------------------------------------------------------------------------------------------------- publishing


WHEEL = "latte_alpha-1.0-py3-none-any.whl"
#: The smallest whole zip: an empty one, with a comment.
CONTENT = b"PK\x05\x06" + bytes(16) + b"\x16\x00" + b"the content of a wheel"


@pytest.fixture
def pip(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """A checkout that pins torch and one package, and a pip that brings them; what it was asked for is noted.

    It has no torch for Linux on Python 3.13 with the processor.
    """
    asked: list[tuple[str, list[str]]] = []
    for path in (root / "requirements").glob("*.txt"):
        path.write_text({"base": "latte-alpha==1.0\nnumpy==1.26.4\n", "torch": "torch==2.0\n"}.get(path.stem, ""))

    def fake(target: Any, requirements: Any, folder: Path) -> None:
        asked.append((target.name, list(requirements)))
        if target.name == "linux-x64-cp313-cpu":
            raise build.BuildError("it is not to be had.")
        folder.mkdir(exist_ok=True)
        local = "+cpu" if target.name == "linux-x64-cp311-cpu" else ""
        tag = "cp" + target.python.replace(".", "")
        ends = {"windows-x64": "win_amd64", "macos-arm64": "macosx_11_0_arm64", "linux-x64": "manylinux_2_28_x86_64"}
        torch = f"torch-2.0{local}-{tag}-{tag}-{ends[target.platform]}.whl"
        for name in (WHEEL, torch):
            if any(line.startswith(name.split("-")[0].replace("_", "-")) for line in asked[-1][1]):
                (folder / name).write_bytes(CONTENT)

    monkeypatch.setattr(build, "fetch", fake)
    return asked


def test_the_lock_is_made_of_what_pip_finds(root: Path, pip: list[tuple[str, list[str]]], capsys: Any) -> None:
    assert build.main(["lock"]) == 0
    lines = (root / "requirements" / "wheels.lock").read_text(encoding="utf-8").splitlines()[2:]
    kinds = {line.split()[4]: line.split()[0] for line in lines}
    assert kinds == {
        WHEEL: "all",
        "torch-2.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl": "cpu",
        "torch-2.0-cp311-cp311-macosx_11_0_arm64.whl": "mps",
        "torch-2.0-cp311-cp311-manylinux_2_28_x86_64.whl": "cuda",
        "torch-2.0-cp311-cp311-win_amd64.whl": "cpu",
        "torch-2.0-cp313-cp313-macosx_11_0_arm64.whl": "mps",
        "torch-2.0-cp313-cp313-manylinux_2_28_x86_64.whl": "cuda",
        "torch-2.0-cp313-cp313-win_amd64.whl": "cpu",
    }
    assert {path.name for path in (root / "wheels").iterdir()} == set(kinds)
    assert "linux-x64-cp313-cpu\n  stays as it is: it is not to be had." in capsys.readouterr().err
    assert not [line for _, requirements in pip for line in requirements if line.startswith("numpy")]


def test_wheels_are_fetched_once_by_their_checksums(root: Path, pip: list[tuple[str, list[str]]]) -> None:
    build.main(["lock"])
    for path in (root / "wheels").iterdir():
        path.unlink()
    pip.clear()
    arguments = ["wheels", "--platform", "linux-x64", "--python", "3.11", "--accelerator", "cpu"]
    assert build.main(arguments) == 0
    digest = hashlib.sha256(CONTENT).hexdigest()
    assert pip == [
        (
            "linux-x64-cp311-cpu",
            [f"latte-alpha===1.0 --hash=sha256:{digest}", f"torch===2.0+cpu --hash=sha256:{digest}"],
        )
    ]
    pip.clear()
    assert build.main(arguments) == 0
    assert pip == []
    # One that was altered is fetched again, the other one not.
    (root / "wheels" / WHEEL).write_bytes(CONTENT[::-1])
    assert build.main(arguments) == 0
    assert [len(requirements) for _, requirements in pip] == [1]
    assert (root / "wheels" / WHEEL).read_bytes() == CONTENT


def test_wheels_that_are_not_those_of_the_lock_are_refused(
    root: Path, pip: list[tuple[str, list[str]]], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    build.main(["lock"])
    for path in (root / "wheels").iterdir():
        path.unlink()
    monkeypatch.setattr(sys.modules[__name__], "CONTENT", b"something else")
    assert build.main(["wheels", "--platform", "windows-x64", "--python", "3.13"]) == 1
    assert "pip fetched other files than" in capsys.readouterr().err


def test_a_target_without_torch_is_left_out_with_a_word(root: Path, pip: list[Any], capsys: Any) -> None:
    build.main(["lock"])
    assert build.main(["wheels", "--platform", "linux-x64", "--python", "3.13"]) == 1
    assert "linux-x64-cp313-cpu is left out: the lock has no wheel of torch" in capsys.readouterr().err


def test_what_cannot_be_had_for_one_system_keeps_no_other_from_its_wheels(
    root: Path, pip: list[tuple[str, list[str]]], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    build.main(["lock"])
    for path in (root / "wheels").iterdir():
        path.unlink()
    fake = build.fetch

    def fails_for_windows(target: Any, requirements: Any, folder: Path) -> None:
        if target.platform == "windows-x64":
            raise build.BuildError("it is not to be had.")
        fake(target, requirements, folder)

    monkeypatch.setattr(build, "fetch", fails_for_windows)
    assert build.main(["wheels", "--python", "3.11"]) == 1
    said = capsys.readouterr().err
    assert "not all wheels are here for windows-x64-cp311-cpu." in said
    assert "macos-arm64-cp311-mps: 2 wheels" in said and "linux-x64-cp311-cpu: 2 wheels" in said


def test_cuda_is_fetched_only_by_name(root: Path, pip: list[tuple[str, list[str]]]) -> None:
    build.main(["lock"])
    pip.clear()
    for path in (root / "wheels").iterdir():
        path.unlink()
    build.main(["wheels"])
    assert {name.rpartition("-")[2] for name, _ in pip} == {"cpu", "mps"}


def test_pip_is_asked_for_another_system(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from latte3d_blender.wheel_lock import Target

    calls: list[list[str]] = []

    def run(command: list[str], **_: Any) -> SimpleNamespace:
        calls.append([*command, Path(command[-1]).read_text()])
        return SimpleNamespace(returncode=0, stdout=b"", stderr=b"")

    monkeypatch.setattr(build, "_python_with_pip", lambda: "python")
    monkeypatch.setattr(subprocess, "run", run)
    build.fetch(Target("windows-x64", "3.13", "cpu"), ["torch==2.0"], root / "wheels")
    (call,) = calls
    assert call[-1] == "torch==2.0\n"
    for option in ("--no-deps", "--only-binary=:all:", "--python-version=3.13", "--abi=cp313", "--platform=win_amd64"):
        assert option in call
    assert not [option for option in call if "index" in option or "://" in option]


def test_a_download_that_fails_is_one_sentence(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from latte3d_blender.wheel_lock import Target

    told = SimpleNamespace(returncode=1, stdout=b"", stderr=b"ERROR: Could not find a version of x\n")
    monkeypatch.setattr(build, "_python_with_pip", lambda: "python")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: told)
    with pytest.raises(build.BuildError, match="Could not find a version") as error:
        build.fetch(Target("linux-x64", "3.11", "cpu"), ["x==1"], root / "wheels")
    assert (root / "dist" / "wheels.log").read_text() == told.stderr.decode()
    assert one_sentence(str(error.value))


def test_packing_needs_a_lock_and_a_repository_needs_zips(root: Path, capsys: Any) -> None:
    (root / "requirements" / "wheels.lock").write_text("nonsense\n")
    assert build.main(["package"]) == 1
    assert "line 1 of" in capsys.readouterr().err
    assert build.main(["repository"]) == 1
    assert "call build.py test first" in capsys.readouterr().err


def test_a_faulty_zip_ends_packing_with_status_1(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from latte3d_blender import publishing

    archive = tmp_path_factory.mktemp("out") / "x.zip"
    archive.write_bytes(b"no zip")
    monkeypatch.setattr(publishing, "build_lean", lambda *_: archive)
    assert build.main(["package", "--edition", "lean"]) == 1
    told = capsys.readouterr().err
    assert "fault: x.zip: it is not a whole zip" in told
    assert "not fit to be published" in told


def one_sentence(text: str) -> bool:
    """True if the text is a single line with a single full stop, at its end (numbers, names and paths aside)."""
    return "\n" not in text and text.endswith(".") and not re.search(r"[.!?] [A-Z]", text)
