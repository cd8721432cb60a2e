"""The setup check: what it says of sound and of broken installations, and that nothing can break it."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, Extension

from latte3d_blender import doctor
from latte3d_blender.doctor import FAULT, NOTE, OK, Examination, Finding, Patient

PYTHON = (sys.executable, "-I")


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    return Patient(path=(), user_folder=str(tmp_path / "user"), model_folder=str(tmp_path / "models"))


def package(folder: Path, name: str, content: str = "") -> Path:
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(content)
    return folder


def findings(check: Any, patient: Patient) -> list[Finding]:
    return list(check(patient))


# --- single checks ---


def test_python_is_new_enough(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [finding.state for finding in findings(doctor.check_python, patient)] == [OK]
    monkeypatch.setattr(doctor.sys, "version_info", (3, 9, 0))
    (finding,) = findings(doctor.check_python, patient)
    assert finding.state == FAULT and "4.2" in finding.text


def test_folders_are_tried_by_writing(patient: Patient, tmp_path: Path) -> None:
    assert [finding.state for finding in findings(doctor.check_user_folder, patient)] == [OK]
    assert not (tmp_path / "user").exists(), "looking makes nothing"
    (tmp_path / "file").write_text("in the way")
    bad = replace(patient, model_folder=str(tmp_path / "file" / "models"))
    states = {finding.check: (finding.state, finding.fix) for finding in findings(doctor.check_user_folder, bad)}
    assert states == {"User folder": (OK, ""), "Model folder": (FAULT, "open_folder")}


def test_a_read_only_folder_is_a_fault(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root nothing is read-only, so the system's answer is put in by hand."""

    def refuse(**_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refuse)
    first = findings(doctor.check_user_folder, patient)[0]
    assert first.state == FAULT and "Permission denied" in first.text and "make the folder writable" in first.text


@pytest.mark.parametrize(("free", "state"), [(10**6, NOTE), (10**11, OK)])
def test_little_disk_space_is_said(patient: Patient, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: type("Usage", (), {"free": free}))
    assert [finding.state for finding in findings(doctor.check_disk, patient)] == [state]


@pytest.mark.parametrize(("free", "state", "fix"), [(10**9, NOTE, "free_memory"), (10**10, OK, "")])
def test_little_memory_is_said(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, free: int, state: str, fix: str
) -> None:
    monkeypatch.setattr(doctor, "memory", lambda: (2 * 10**10, free))
    assert [(finding.state, finding.fix) for finding in findings(doctor.check_memory, patient)] == [(state, fix)]


def test_memory_is_told_here() -> None:
    total, free = doctor.memory()
    assert 0 < free <= total


def test_copies_of_packages_are_found_wherever_they_are(patient: Patient, tmp_path: Path) -> None:
    ours, theirs = package(tmp_path / "ours", "torch"), package(tmp_path / "theirs", "torch")
    addon = package(tmp_path / "addons" / "other" / "lib" / "site", "numpy")
    one = replace(patient, path=(str(ours),))
    assert [finding.state for finding in findings(doctor.check_clashes, one)] == [OK]
    two = replace(patient, path=(str(theirs), str(ours), str(theirs)))
    (finding,) = findings(doctor.check_clashes, two)
    assert finding.state == NOTE and f"torch in {theirs} is used, not torch in {ours}" in finding.text
    loaded = replace(one, loaded={"torch": str(theirs / "torch" / "__init__.py")})
    (finding,) = findings(doctor.check_clashes, loaded)
    assert finding.state == FAULT and f"from {theirs / 'torch'}" in finding.text
    hidden = replace(one, addon_folders=(str(tmp_path / "addons"),))
    (finding,) = findings(doctor.check_clashes, hidden)
    assert finding.state == NOTE and str(addon) in finding.text
    # The shared folder of the extensions lies among the add-ons, and is on the path, too.
    known = replace(hidden, path=(str(ours), str(addon)))
    assert [finding.state for finding in findings(doctor.check_clashes, known)] == [OK]


def extension_with(folder: Path, name: str, *wheels: str, version: str = "1.0") -> Path:
    """An installed extension of Blender's, with wheels in its manifest."""
    home = folder / "user_default" / name
    home.mkdir(parents=True)
    listed = ", ".join(f'"./wheels/{wheel}"' for wheel in wheels)
    (home / "blender_manifest.toml").write_text(f'id = "{name}"\nname = "The {name}"\nwheels = [{listed}]\n')
    return home


@pytest.mark.parametrize(("brought", "version", "own"), [("torch", "2.5.1", "2.13.0"), ("numpy", "2.3.5", "1.26.4")])
def test_the_extension_that_brought_another_version_is_named(
    patient: Patient, tmp_path: Path, brought: str, version: str, own: str
) -> None:
    """All extensions share one folder of packages, which does not tell whose they are."""
    shared, later, extensions = tmp_path / ".local", tmp_path / "later", tmp_path / "extensions"
    for folder, number in ((shared, version), (later, own)):
        package(folder, brought)
        (folder / f"{brought}-{number}.dist-info").mkdir()
    extension_with(extensions, "latte3d", f"{brought}-{own}-cp311-cp311-win_amd64.whl")
    extension_with(extensions, "innocent", "other-1.0-py3-none-any.whl")
    home = extension_with(extensions, "paint", f"{brought}-{version}-cp311-cp311-win_amd64.whl")
    (extensions / "user_default" / "damaged").mkdir()
    (extensions / "user_default" / "damaged" / "blender_manifest.toml").write_text("wheels = [")
    two = replace(patient, path=(str(shared), str(later)), addon_folders=(str(extensions),))
    (finding,) = findings(doctor.check_clashes, two)
    assert finding.state == NOTE
    assert f"{brought} {version} in {shared} is used, not {brought} {own} in {later}" in finding.text
    assert f"the extension “The paint” in {home} brings {brought}" in finding.text
    assert "disable the extension “The paint”, then restart Blender" in finding.text
    # The same version twice is no matter.
    (shared / f"{brought}-{version}.dist-info").rename(shared / f"{brought}-{own}.dist-info")
    assert [finding.state for finding in findings(doctor.check_clashes, two)] == [OK]


@pytest.mark.parametrize(
    ("package_name", "info"), [("PIL", "Pillow-11.0"), ("fast_simplification", "fast.simplification-11.0"),
                               ("torch", "torch-11.0")],
)  # fmt: skip
def test_a_version_is_found_however_the_distribution_is_spelt(tmp_path: Path, package_name: str, info: str) -> None:
    assert doctor.version_in(tmp_path, package_name) == ""
    (tmp_path / "other-1.0.dist-info").mkdir()
    (tmp_path / f"{info}.dist-info").mkdir()
    assert doctor.version_in(tmp_path, package_name) == "11.0"


def test_the_runtime_is_told_of_and_a_package_that_it_lacks(patient: Patient) -> None:
    assert findings(doctor.check_runtime, patient) == []
    sick = replace(patient, path=(), runtime=(FAULT, "It is not installed: install the runtime."))
    (finding,) = findings(doctor.check_runtime, sick)
    assert (finding.state, finding.fix) == (FAULT, "runtime")
    (finding,) = findings(doctor.check_runtime, replace(sick, runtime=(OK, "There.")))
    assert (finding.state, finding.fix) == (OK, "")
    missing = ModuleNotFoundError("no torch", name="torch")
    arrived = Patient(**json.loads(json.dumps(asdict(sick))))
    assert "comes with the runtime" in doctor._cannot_import("torch", missing, arrived)


def test_who_is_to_blame_for_a_package_that_does_not_load_is_named(patient: Patient, tmp_path: Path) -> None:
    error = ImportError("cannot import name 'uint16' from 'torch'")
    assert "reinstall the LATTE3D extension" in doctor._cannot_import("transformers", error, patient)
    old = tmp_path / "user_default" / "fluid"
    old.mkdir(parents=True)
    (old / "blender_manifest.toml").write_text(
        'id = "fluid"\nname = "Fluid"\nwheels = ["./wheels/torch-2.5.1-py3-none-any.whl"]\n'
    )
    sick = replace(patient, addon_folders=(str(tmp_path),))
    assert doctor._cannot_import("transformers", error, sick).endswith(
        "disable the extension “Fluid” and restart Blender."
    )
    error = ImportError("/lib/libc.so.6: version `GLIBC_2.35' not found")
    assert "this Linux is too old" in doctor._cannot_import("open3d", error, patient)


def test_open3d_is_missed_like_any_other_package(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "open3d", None)
    monkeypatch.setattr("latte3d_core._open3d._load_blenders_tbb", lambda: None)
    sick = replace(patient, runtime=(FAULT, "It is not installed: install the runtime."))
    monkeypatch.setattr(doctor, "PACKAGES", {"open3d": ""})
    found = {finding.check: finding.text for finding in findings(doctor.check_packages, sick)}
    assert found["Package open3d"].startswith("The Python package “open3d” is not here: it comes with the runtime")


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("2.15.0+cpu", (2, 15, 0)), ("1.26.4", (1, 26, 4)), ("2.0rc1", (2, 1)), ("", ()), ("dev", ()), ("3", (3,))],
)
def test_versions_are_numbers(version: str, numbers: tuple[int, ...]) -> None:
    if version == "2.0rc1":
        assert doctor._numbers(version)[0] == 2
    else:
        assert doctor._numbers(version) == numbers


def test_a_package_that_is_too_old_is_said(patient: Patient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package(tmp_path, "quite_old", '__version__ = "1.9.1"')
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(doctor, "PACKAGES", {"quite_old": "1.10"})
    found = findings(doctor.check_packages, patient)
    assert found[0].state == NOTE and f"1.9.1 in {tmp_path} is older than the 1.10" in found[0].text
    extension_with(tmp_path / "extensions", "paint", "quite_old-1.9.1-py3-none-any.whl")
    found = findings(doctor.check_packages, replace(patient, addon_folders=(str(tmp_path / "extensions"),)))
    assert "disable the extension “The paint” and restart Blender" in found[0].text


# --- the whole, in its own process ---


def examine(patient: Patient, **more: Any) -> list[Finding]:
    examination = Examination(patient, PYTHON, **more)
    examination.wait()
    return examination.findings


def by_name(found: list[Finding]) -> dict[str, Finding]:
    return {finding.check: finding for finding in found}


def test_here_everything_is_well(patient: Patient) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    before = set(sys.modules)
    begin = time.perf_counter()
    examination = Examination(replace(patient, path=tuple(sys.path), device="cpu"), PYTHON)
    examination.look()
    assert examination.running
    assert time.perf_counter() - begin < 5.0, "it does not wait"
    examination.wait()
    found = by_name(examination.findings)
    assert [finding for finding in found.values() if finding.state == FAULT] == []
    assert {"Python", "User folder", "Disk", "Package torch", "Packages", "Device", "Model", "Prompts"} <= set(found)
    assert "took" in found["Package torch"].text and "checksum" in found["Model"].text
    assert set(sys.modules) - before <= {"encodings.idna", "stringprep"}, "nothing was imported here"


def test_nothing_is_lost_however_often_one_looks(patient: Patient, tmp_path: Path) -> None:
    (tmp_path / "many.py").write_text(
        "import json, sys\n"
        "for n in range(20_000):\n"
        "    finding = {'check': str(n), 'state': 'OK', 'text': 'x' * (n % 50), 'fix': ''}\n"
        "    print(json.dumps({'finding': finding}), flush=n % 7 == 0)\n"
    )
    examination = Examination(patient, (*PYTHON, str(tmp_path / "many.py")))
    while examination.look():
        pass
    assert [int(finding.check) for finding in examination.findings] == list(range(20_000))


def test_without_torch_and_core_it_says_what_is_missing(patient: Patient) -> None:
    stdlib = [entry for entry in sys.path if entry and "site-packages" not in entry and Path(entry) != ROOT]
    stdlib = [entry for entry in stdlib if not (Path(entry) / "latte3d_core").exists()]
    found = by_name(examine(replace(patient, path=tuple(stdlib))))
    assert found["Python"].state == OK
    for name in ("Package torch", "Package numpy", "Device", "Model", "Prompts"):
        assert found[name].state == FAULT
        assert "is not installed in this Blender: install" in found[name].text
        assert found[name].text.endswith(".")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("raise OSError('[WinError 1114] A DLL failed')", "cannot be loaded"),
        ("import a_package_that_nobody_has", "No module named"),
        ("raise SystemError", "cannot be loaded"),
    ],
)
def test_a_broken_package_is_one_sentence(patient: Patient, tmp_path: Path, content: str, words: str) -> None:
    package(tmp_path / "site", "torch", content)
    found = by_name(examine(replace(patient, path=(str(tmp_path / "site"), *sys.path))))
    assert found["Package torch"].state == FAULT
    assert words in found["Package torch"].text
    assert "\n" not in found["Package torch"].text
    assert found["Prompts"].state == FAULT, "the others were looked at all the same"


def test_a_package_that_kills_python_is_to_blame(patient: Patient, tmp_path: Path) -> None:
    package(
        tmp_path / "site",
        "numpy",
        "import os, sys; print('Illegal instruction', file=sys.stderr, flush=True); os._exit(4)",
    )
    found = examine(replace(patient, path=(str(tmp_path / "site"), *sys.path)))
    assert found[-1].check == "Packages" and found[-1].state == FAULT
    assert "exit status 4" in found[-1].text and "Illegal instruction" in found[-1].text


def test_a_check_without_end_is_given_up(patient: Patient, tmp_path: Path) -> None:
    package(tmp_path / "site", "numpy", "import time; time.sleep(60)")
    found = examine(replace(patient, path=(str(tmp_path / "site"), *sys.path)), patience=2.0)
    assert found[-1].state == FAULT and "did not end within 2 seconds" in found[-1].text


def test_what_packages_print_does_not_get_between(patient: Patient, tmp_path: Path) -> None:
    package(tmp_path / "site", "numpy", "print('hello', flush=True); import os; os.write(1, b'{\"begin\"')")
    stdlib = [entry for entry in sys.path if entry and "site-packages" not in entry]
    found = by_name(examine(replace(patient, path=(str(tmp_path / "site"), *stdlib))))
    assert "numpy" in found["Packages"].text
    assert "Prompts" in found


def test_models_that_are_damaged_or_gone(patient: Patient, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    from latte3d_core.checkpoint import resolve

    data = bytearray(resolve("small").read_bytes())
    data[-1000] ^= 255
    (tmp_path / "altered.safetensors").write_bytes(data)
    for name, words in (("altered", "altered"), ("gone", "no model file")):
        model = str(tmp_path / f"{name}.safetensors")
        (finding,) = findings(doctor.check_model, replace(patient, model=model))
        assert (finding.state, finding.fix) == (FAULT, "included_model")
        assert words in finding.text


@pytest.mark.parametrize(("step", "remedy"), [(1, "update"), (-1, "newer model file")])
def test_a_model_of_another_format_is_one_sentence(patient: Patient, tmp_path: Path, step: int, remedy: str) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    from latte3d_core.checkpoint import FORMAT

    path = model_of_format(tmp_path / "other.safetensors", FORMAT + step)
    (finding,) = findings(doctor.check_model, replace(patient, model=str(path)))
    assert (finding.state, finding.fix) == (FAULT, "included_model")
    assert f"format {FORMAT + step}" in finding.text and remedy in finding.text
    assert finding.text.count(".") == finding.text.count(".safetensors") + 1, "one sentence"


def model_of_format(path: Path, number: int) -> Path:
    """A model file of another version: the included one with another number in its header."""
    from latte3d_core.checkpoint import FORMAT, resolve

    data = resolve("small").read_bytes()
    old, new = (f'\\"format\\": {value}'.encode() for value in (FORMAT, number))
    assert data.count(old) == 1 and len(old) == len(new)
    path.write_bytes(data.replace(old, new))
    return path


def test_a_device_that_is_not_there(patient: Patient) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    if torch.backends.mps.is_available():
        pytest.skip("this machine has that device")
    (finding,) = findings(doctor.check_device, replace(patient, device="mps"))
    assert (finding.state, finding.fix) == (FAULT, "any_device")


def test_stop_ends_the_process(patient: Patient, tmp_path: Path) -> None:
    package(tmp_path / "site", "numpy", "import time; time.sleep(60)")
    examination = Examination(replace(patient, path=(str(tmp_path / "site"), *sys.path)), PYTHON)
    examination.stop()
    assert not examination.running and not examination.look()
    assert examination._process.poll() is not None


def test_one_check_that_fails_does_not_stop_the_others(patient: Patient) -> None:
    def bad(_: Patient) -> Iterator[Finding]:
        yield Finding("A", OK, "Fine.")
        raise ZeroDivisionError("on\npurpose")

    said: list[Any] = []
    doctor.examine(patient, said.append, {"First": bad, "Second": doctor.check_python})
    assert [news.get("begin") for news in said] == ["First", None, None, "Second", None]
    assert "ZeroDivisionError: on purpose" in said[2]["finding"]["text"]
    assert json.loads(json.dumps(said)) == said


def test_the_report_holds_everything(patient: Patient) -> None:
    text = doctor.report([Finding("A", FAULT, "Bad: mend it."), Finding("B", OK, "Fine.")], ["Blender 9"])
    assert "Blender 9" in text and "[FAULT] A: Bad: mend it." in text and "[OK] B: Fine." in text


def test_it_runs_on_the_standard_library_alone() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'latte3d_blender')!r}); import doctor; print(sorted(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-I", "-S", "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "'numpy'" not in run.stdout and "'torch'" not in run.stdout


def test_a_patient_travels_as_json(patient: Patient) -> None:
    sent = json.dumps(asdict(patient))
    assert json.dumps(asdict(Patient(**json.loads(sent)))) == sent


# --- in Blender ---

bpy = pytest.importorskip("bpy", reason="bpy (Blender as a module) is not installed")

from test_extension import drawn, texts  # noqa: E402 - needs bpy


@pytest.fixture
def quick(extension: Extension, monkeypatch: pytest.MonkeyPatch) -> Extension:
    """The extension with a check that knows the standard library only, which takes less than a second."""
    ui = extension.doctor_ui
    real = ui.patient
    stdlib = tuple(entry for entry in sys.path if entry and "site-packages" not in entry)
    monkeypatch.setattr(ui, "patient", lambda context: ui.doctor.Patient(**{**asdict(real(context)), "path": stdlib}))
    monkeypatch.setattr(ui, "_examination", None)
    return extension


def test_the_operator_waits_without_a_window_and_warns(quick: Extension) -> None:
    with pytest.raises(RuntimeError, match="Nothing has been checked"):
        bpy.ops.latte3d.copy_setup()
    assert bpy.ops.latte3d.check_setup() == {"FINISHED"}
    text = quick.doctor_ui.report_text()
    assert bpy.app.version_string in text and "[FAULT] Package torch" in text
    assert bpy.ops.latte3d.copy_setup() == {"FINISHED"}


def test_the_panel_shows_findings_and_what_mends_them(quick: Extension) -> None:
    panel = quick.doctor_ui.LATTE3D_PT_setup
    said = drawn(panel)
    assert ("operator", "latte3d.check_setup") in said
    bpy.ops.latte3d.check_setup()
    text = texts(drawn(panel))
    assert text.index("torch") < text.index("GB are free"), "faults come first"
    found = quick.doctor_ui.examination().findings
    fixes = {
        "included_model": "latte3d.choose_model", "any_device": "latte3d.choose_device",
        "free_memory": "latte3d.free_memory", "open_folder": "latte3d.open_folder",
    }  # fmt: skip
    for fix, operator in fixes.items():
        found[:] = [quick.doctor_ui.doctor.Finding("A", FAULT, "Bad.", fix)]
        assert ("operator", operator) in drawn(panel)


def test_while_it_runs_the_panel_says_so(quick: Extension) -> None:
    ui = quick.doctor_ui
    ui._examination = ui.doctor.Examination(ui.patient(bpy.context), PYTHON)
    assert "Checking:" in texts(drawn(ui.LATTE3D_PT_setup))
    with pytest.raises(RuntimeError, match="runs already"):
        bpy.ops.latte3d.check_setup()
    while ui.follow() is not None:
        time.sleep(0.02)
    assert "Checking:" not in texts(drawn(ui.LATTE3D_PT_setup))
    assert "torch" in texts(drawn(ui.LATTE3D_PT_setup))


def test_blender_is_described(extension: Extension) -> None:
    patient = extension.doctor_ui.patient(bpy.context)
    assert patient.model == "small" and patient.device == "auto"
    assert Path(patient.loaded["numpy"]).is_file()
    assert json.loads(json.dumps(asdict(patient)))


@pytest.mark.parametrize("step", [1, -1])
def test_the_artist_reads_why_a_model_of_another_format_cannot_be_used(
    extension: Extension, tmp_path: Path, step: int
) -> None:
    """Taken in by the button, and chosen by its path: the panel shows one sentence, and nothing of the file stays."""
    pytest.importorskip("torch", reason="torch is not installed")
    from latte3d_core.checkpoint import FORMAT

    remedy = "update" if step > 0 else "newer model file"
    path = model_of_format(tmp_path / "other.safetensors", FORMAT + step)
    with pytest.raises(RuntimeError, match=f"format {FORMAT + step}.*{remedy}"):
        bpy.ops.latte3d.import_model(filepath=str(path))
    assert f"format {FORMAT + step}" in texts(drawn(extension.panels.LATTE3D_PT_main))
    assert list(extension.preferences.model_folder(bpy.context).glob("other*")) == []
    extension.session.open_session(extension.worker.ThreadBackend())
    bpy.ops.latte3d.choose_model(filepath=str(path))
    try:
        with pytest.raises(RuntimeError, match=f"format {FORMAT + step}.*{remedy}"):
            bpy.ops.latte3d.generate(prompt="a red sports car")
        assert remedy in texts(drawn(extension.panels.LATTE3D_PT_main))
        assert len(bpy.data.objects) == 0
    finally:
        bpy.ops.latte3d.choose_model(filepath="")


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("kind", ["ThreadBackend", "ProcessBackend"])
def test_freeing_memory_frees_memory(extension: Extension, kind: str) -> None:
    """With the real model: what the model took is given back, and in a process all of it."""
    pytest.importorskip("torch", reason="torch is not installed")

    def resident(pid: int | str = "self") -> float:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * 4096 / 1e6

    module = extension.worker if kind == "ThreadBackend" else extension.process
    jobs = extension.session.open_session(getattr(module, kind)())
    bpy.ops.latte3d.generate(prompt="a red sports car", faces=800, texture_size=256)
    child = jobs._backend._child._process if kind == "ProcessBackend" else None
    before = resident() if child is None else resident(child.pid)
    assert bpy.ops.latte3d.free_memory() == {"FINISHED"}
    if child is not None:
        assert child.poll() is not None
        print(f"the process held {before:.0f} MB")
        assert before > 300
    else:
        print(f"{before:.0f} MB before, {resident():.0f} MB after")
        assert before - resident() > 150
    bpy.ops.latte3d.generate(prompt="a red sports car", faces=800, texture_size=256)
    assert len(bpy.data.objects) == 2
